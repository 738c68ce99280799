//! All inputs of one call, one after another.
//!
//! [`plan`] says which they are and where their tables go, [`finished`] which of them are done
//! already, [`one`] has each its turn, [`summary`] keeps account.

mod finished;
mod one;
mod plan;
mod record;
mod summary;

use std::collections::BTreeMap;
use std::io::IsTerminal;

use faceau_shared::protocol::Setup;
use faceau_shared::timing;

use crate::awake::Awake;
use crate::cli::Cli;
use crate::cores::sensible_workers;
use crate::events::{self, EventReceiver, EventSender};
use crate::output::{Columns, TableDesign, UnknownColumns};
use crate::pipeline::{OpenFace3Options, PipelineOptions, UnsuitableOptions};
use crate::placement::Wish;
use crate::pool::{Pool, WorkerCommand};
use crate::progress::{Ending, Progress};
use crate::setup::{self, Models};
use crate::signals;
use crate::trace::{Trace, TraceError};
use one::Verdict;
use plan::{Plan, PlanError};
use summary::{Summary, SummaryError};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With an exit code of the table in `--help`.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Every input was done.
const ALL_DONE: i32 = 0;
/// At least one input failed.
const SOME_FAILED: i32 = 1;
/// The command line makes no sense.
const USAGE: i32 = 2;
/// Nothing could be done.
const NOT_USABLE: i32 = 3;

/// Does everything the command line asks for.
pub fn run(cli: &Cli) -> Exit {
    let plan = Plan::of(cli);
    let workers = cli.workers.map_or_else(sensible_workers, usize::from);
    let style = cli.progress_style(std::io::stderr().is_terminal());
    let inputs = plan.as_ref().map_or(0, |plan| plan.tasks.len());
    let mut progress = Progress::new(style, cli.verbosity(), inputs, workers);

    let begun = plan.and_then(|plan| {
        let summary = Summary::begin(&plan, cli, &mut progress)?;
        let (batch, events) = Batch::begin(cli, workers, summary, &mut progress)?;
        Ok((plan, batch, events))
    });
    match begun {
        Ok((plan, batch, events)) => batch.run(&plan, &mut progress, &events),
        Err(error) => {
            progress.error(&error.to_string());
            let code = if is_usage_error(&error) {
                USAGE
            } else {
                NOT_USABLE
            };
            progress.ended(&Ending::nothing(code));
            Exit::Code(code)
        }
    }
}

/// What is said of a run whose times mean nothing.
const SIMULATION: &str = "SIMULATION: every inference takes as long as on an accelerator that does \
                          not exist; how long this run takes says nothing about this machine";

/// Whether the command line has to be another, and not the machine.
fn is_usage_error(error: &anyhow::Error) -> bool {
    error.is::<UnknownColumns>()
        || error.is::<UnsuitableOptions>()
        || error.is::<PlanError>()
        || error.is::<SummaryError>()
        || error.is::<TraceError>()
}

struct Batch<'a> {
    cli: &'a Cli,
    models: Models,
    options: PipelineOptions,
    columns: Columns,
    table: TableDesign,
    pool: Pool,
    sender: EventSender,
    workers: usize,
    summary: Summary,
    awake: Option<Awake>,
    trace: Trace,
    /// Where networks are to run, until that has been settled.
    wishes: Option<Vec<Wish>>,
    /// What the user was warned of then.
    placement_warnings: Vec<String>,
}

impl<'a> Batch<'a> {
    fn begin(
        cli: &'a Cli,
        workers: usize,
        summary: Summary,
        progress: &mut Progress,
    ) -> anyhow::Result<(Self, EventReceiver)> {
        let mut trace = Trace::begin(cli.trace.as_deref())?;
        let program = setup::worker_program(cli.worker_program.as_deref())?;
        let checking = timing::now();
        let models = setup::models(
            cli.models.as_deref(),
            cli.pipeline.candidates(),
            |set| {
                PipelineOptions::of(cli, set).map_or_else(|_| Vec::new(), |o| o.unneeded_models())
            },
            cli.allow_unknown_models,
            cli.precision.into(),
        )?;
        trace.did("check the models", checking);
        progress.info(&format!("pipeline: {}", models.pinned.set.set));
        if let Some(caution) = models.caution() {
            progress.warn_all(caution);
        }
        if cli.simulated_inference > 0 {
            progress.warn_all(SIMULATION);
        }
        if !models.pinned.unknown.is_empty() {
            let unknown = &models.pinned.unknown;
            let named = unknown.iter().take(3).map(String::as_str);
            progress.warn_all(&format!(
                "{} model files are not the known ones (the run record names them): {}{}",
                unknown.len(),
                named.collect::<Vec<_>>().join(", "),
                if unknown.len() > 3 { ", …" } else { "" }
            ));
        }
        let options = PipelineOptions::of(cli, models.pinned.set.set)?;
        let columns = Columns::select(&cli.columns, models.known_columns())?;
        let columns = if cli.plain_tables() {
            columns.plain()
        } else {
            columns
        };
        let (sender, events) = events::channel();
        signals::watch(&sender)?;
        let command = WorkerCommand {
            program,
            setup: Setup {
                places: BTreeMap::new(),
                models: models.pinned.set.clone(),
                redetect_every: options.redetect_every,
                openface3: options.openface3.as_ref().map(OpenFace3Options::setup),
                camera: cli.camera.options().setup(),
                dump_inputs: cli.dump_inputs.clone(),
                want_fhog: cli.hog,
                want_aligned: cli.aligned,
                want_spans: trace.is_on(),
                simulated_inference_ms: cli.simulated_inference,
            },
            start_deadline: cli.start_timeout,
        };
        let wishes = cli.providers.wishes(&command.setup.networks())?;
        let batch = Self {
            wishes: Some(wishes),
            placement_warnings: Vec::new(),
            cli,
            table: models.table_design(columns, &options),
            models,
            options,
            columns,
            pool: Pool::new(command, sender.clone()),
            sender,
            workers,
            summary,
            awake: None,
            trace,
        };
        Ok((batch, events))
    }

    fn run(mut self, plan: &Plan, progress: &mut Progress, events: &EventReceiver) -> Exit {
        plan.say_what_is_left_out(progress, self.cli.verbosity());
        let mut exit = None;
        for (number, task) in plan.tasks.iter().enumerate() {
            progress.next_input();
            let (end, verdict) = self.run_task(number, task, progress, events);
            progress.input_ended(&task.path, &end);
            self.summary.input_ended(number, &end, progress);
            match verdict {
                Verdict::GoOn => {}
                Verdict::Fatal => exit = Some(Exit::Code(NOT_USABLE)),
                Verdict::Stopped(signal) => exit = Some(Exit::Signal(signal)),
            }
            if exit.is_some() {
                break;
            }
        }
        if let Some(error) = self.trace.flush() {
            progress.warn_all(&error.to_string());
        }
        let failed = self.summary.counts().failed;
        let exit = exit.unwrap_or(Exit::Code(if failed == 0 { ALL_DONE } else { SOME_FAILED }));
        let code = match exit {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        };
        let mut ending = self.summary.end(code, progress);
        if exit == Exit::Code(NOT_USABLE) {
            // Why was the last thing said, and concerns all.
            ending.table = None;
        }
        progress.ended(&ending);
        self.pool.dismiss(events);
        exit
    }
}
