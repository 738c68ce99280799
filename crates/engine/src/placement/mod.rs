//! Where networks run: what is wished for ([`Wish`]), what is tried out before any work
//! depends on it, and what is tried next when that fails ([`fallback`]).
//!
//! It is decided once, by one process, before the first worker starts. All workers then run each
//! network on the same place, so that a table does not depend on which worker had a bad start.

pub mod fallback;

use std::collections::BTreeMap;

use faceau_events::Graph;
use faceau_inference::Place;
use faceau_shared::protocol::{Examination, FormTrial, GraphReport, Setup, Station, Trial};

use crate::pool::{End, PoolError, Probe};
use fallback::Fallback;

/// Where a network is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The network, by the identifier of its model.
    pub network: String,
    /// Whether the user named the place; it is not replaced by another provider then.
    pub named: bool,
    /// The places, the best one first.
    pub places: Vec<Place>,
}

/// A network cannot be had where the user wants it, or nothing can be tried.
#[derive(Debug, thiserror::Error)]
pub enum PlacementError {
    /// The network cannot be used there.
    #[error(
        "{reason}. Name another provider with --provider, or only for this network: \
         --provider-for {network}=cpu"
    )]
    Refused {
        /// The network.
        network: String,
        /// Why, with the names of the network and the provider.
        reason: String,
    },
    /// There is no worker to try anything with.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

/// What the user is to be told while networks are tried out.
#[derive(Debug, PartialEq, Eq)]
pub enum Note {
    /// Always.
    Warning(String),
    /// If the user wants to know more.
    Info(String),
}

/// Where networks run, or the signal that came before that was known.
#[derive(Debug, PartialEq, Eq)]
pub enum Placed {
    /// Networks that do not run on the processor, and their places.
    At(BTreeMap<String, String>),
    /// A signal wants the program to end.
    Stopped(i32),
}

/// Finds out where the networks of `setup` run, as near as possible to `wishes`.
///
/// # Errors
/// When a network cannot be had where the user wants it, or there is no worker program.
pub fn settle(
    wishes: Vec<Wish>,
    setup: &Setup,
    probe: Probe<'_>,
    say: &mut dyn FnMut(Note),
) -> Result<Placed, PlacementError> {
    let mut climb = Climb {
        fallback: Fallback::new(wishes),
        setup,
        probe,
        remembered: 0,
    };
    let placed = climb.climb_down(say);
    climb.remember();
    placed
}

/// The way down the ladder.
struct Climb<'a> {
    fallback: Fallback,
    setup: &'a Setup,
    probe: Probe<'a>,
    /// Of the trials without an end, those that an examination has been told of.
    remembered: usize,
}

impl Climb<'_> {
    fn climb_down(&mut self, say: &mut dyn FnMut(Note)) -> Result<Placed, PlacementError> {
        loop {
            let open = self.fallback.open_questions();
            if open.is_empty() {
                return Ok(Placed::At(self.fallback.places()));
            }
            let mut trials = Vec::new();
            let end = self.examine(open, &mut trials, say)?;
            for trial in trials {
                // Nothing was measured where it could not be opened.
                for form in trial.forms.iter().filter(|form| form.ms > 0.0) {
                    say(Note::Info(describe(&trial.station.to_string(), form)));
                }
                for text in self.fallback.tried(trial)? {
                    say(Note::Warning(text));
                }
            }
            let (station, reason) = match end {
                End::Finished => continue,
                End::Stopped(signal) => return Ok(Placed::Stopped(signal)),
                End::Late(station) => {
                    let seconds = self.probe.deadline.as_secs_f64();
                    let reason = format!("{station} was not ready after {seconds:.0} s");
                    (station, reason)
                }
                End::Died(station, reason) => {
                    let reason = format!("{station} brought the worker down: {reason}");
                    (station, reason)
                }
            };
            for text in self.fallback.cut_short(&station, &reason)? {
                say(Note::Warning(format!(
                    "{text} (this is remembered; faceau-supervisor doctor --providers tries again)"
                )));
            }
        }
    }

    fn examine(
        &mut self,
        open: Vec<Station>,
        trials: &mut Vec<Trial>,
        say: &mut dyn FnMut(Note),
    ) -> Result<End, PoolError> {
        let unfinished = self.fallback.unfinished().to_vec();
        self.remembered = unfinished.len();
        let examination = Examination {
            setup: self.setup.clone(),
            trials: open,
            afresh: false,
            unfinished,
        };
        self.probe.examine(
            examination,
            &mut |station| say(Note::Info(format!("trying out {station}"))),
            &mut |trial| trials.push(trial),
        )
    }

    /// Has it noted what did not come to an end, if that has not been done. What cannot be noted is
    /// found out again.
    fn remember(&mut self) {
        if self.fallback.unfinished().len() > self.remembered {
            let _ = self.examine(Vec::new(), &mut Vec::new(), &mut |_| {});
        }
    }
}

/// What was measured, in a line.
pub fn describe(station: &str, form: &FormTrial) -> String {
    let mut text = station.to_owned();
    if !form.form.is_empty() {
        text += &format!(" for {}", form.form);
    }
    if let Some(graph) = form.graph {
        text += &format!(": {}", graph_record(graph));
    }
    text += &format!(
        "; {:.1} ms for one input, {:.1} on the cpu; results differ by {:.2} of what is tolerated{}",
        form.ms,
        form.cpu_ms,
        form.difference,
        if form.remembered { " (known)" } else { "" }
    );
    text
}

/// How a network is divided, as records say it.
pub fn graph_record(report: GraphReport) -> Graph {
    Graph {
        partitions: report.partitions,
        nodes: report.nodes,
        nodes_on_cpu: report.nodes_on_cpu,
    }
}
