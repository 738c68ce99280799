//! What is tried next when a network cannot be had where it was wished for. No processes and no
//! clock: what was found comes in, and what follows from it goes out.
//!
//! A provider that the user named is used or it is an error; only within Core ML, easier parts of
//! the chip are tried first, because compiling for the Neural Engine is known to hang. Under `auto`
//! the processor is the last rung.

use std::collections::BTreeMap;

use faceau_inference::Place;
use faceau_shared::protocol::{Station, Trial, Verdict};

use super::{PlacementError, Wish, graph_record};

/// All networks on their ladders.
#[derive(Debug)]
pub struct Fallback {
    climbs: Vec<Climb>,
    /// Trials that did not come to an end or were not begun because of such a one, and why.
    unfinished: Vec<(Station, String)>,
}

/// One network on its ladder.
#[derive(Debug)]
struct Climb {
    wish: Wish,
    rungs: Vec<Place>,
    at: usize,
    /// What was found on the rung that it stays on.
    trial: Option<Trial>,
    /// Why it could not stay on the first one.
    first_reason: Option<String>,
}

impl Climb {
    fn place(&self) -> Place {
        self.rungs.get(self.at).copied().unwrap_or(Place::CPU)
    }

    fn is_settled(&self) -> bool {
        self.trial.is_some() || self.place() == Place::CPU
    }

    fn station(&self) -> Station {
        Station {
            network: self.wish.network.clone(),
            place: self.place().to_string(),
        }
    }

    /// Steps down to the first rung that `suits`, and says so.
    fn step(
        &mut self,
        reason: &str,
        suits: impl Fn(Place) -> bool,
    ) -> Result<String, PlacementError> {
        let station = self.station();
        self.first_reason.get_or_insert_with(|| reason.to_owned());
        let left = self.rungs.iter().enumerate().skip(self.at + 1);
        let next = left
            .map(|(i, &place)| (i, place))
            .find(|(_, place)| suits(*place));
        let Some((at, place)) = next else {
            return Err(PlacementError::Refused {
                network: self.wish.network.clone(),
                // The first rung is what was asked for.
                reason: self.first_reason.take().unwrap_or_default(),
            });
        };
        self.at = at;
        Ok(if place == Place::CPU {
            format!(
                "the network `{}` runs on the cpu and not on {}: {reason}",
                station.network, station.place
            )
        } else {
            format!("{station} cannot be used, {place} is tried instead: {reason}")
        })
    }
}

impl Fallback {
    /// Everybody on the first rung.
    pub fn new(wishes: Vec<Wish>) -> Self {
        let climb = |wish: Wish| Climb {
            rungs: wish
                .places
                .iter()
                .flat_map(|place| place.ladder())
                .collect(),
            wish,
            at: 0,
            trial: None,
            first_reason: None,
        };
        Self {
            climbs: wishes.into_iter().map(climb).collect(),
            unfinished: Vec::new(),
        }
    }

    /// What has to be tried.
    pub fn open_questions(&self) -> Vec<Station> {
        let open = self.climbs.iter().filter(|climb| !climb.is_settled());
        open.map(Climb::station).collect()
    }

    /// Trials that did not come to an end or were not begun because of such a one, and why: to be
    /// remembered, so that they do not cost the same time again.
    pub fn unfinished(&self) -> &[(Station, String)] {
        &self.unfinished
    }

    /// A trial came to its end. Returns what the user has to be told.
    ///
    /// # Errors
    /// When the network cannot be had where the user wants it.
    pub fn tried(&mut self, trial: Trial) -> Result<Vec<String>, PlacementError> {
        let mut said = Vec::new();
        let climbs = self.climbs.iter_mut();
        let same = |climb: &&mut Climb| !climb.is_settled() && climb.station() == trial.station;
        let Some(climb) = { climbs }.find(same) else {
            return Ok(said);
        };
        match &trial.verdict {
            Verdict::Usable => {
                said.extend(advice(&trial));
                climb.trial = Some(trial);
            }
            Verdict::Refused(reason) => said.push(climb.step(reason, |_| true)?),
            // Other parts of the chip are no help if the provider is not there.
            Verdict::Unavailable(reason) => {
                let provider = climb.place().provider;
                said.push(climb.step(reason, |place| place.provider != provider)?);
            }
        }
        Ok(said)
    }

    /// A trial did not come to its end. Nobody else is to be tried on that place, either. Returns
    /// what the user has to be told.
    ///
    /// # Errors
    /// When a network cannot be had where the user wants it.
    pub fn cut_short(
        &mut self,
        station: &Station,
        reason: &str,
    ) -> Result<Vec<String>, PlacementError> {
        let mut said = Vec::new();
        for climb in self.climbs.iter_mut().filter(|climb| !climb.is_settled()) {
            if climb.station().place == station.place {
                self.unfinished.push((climb.station(), reason.to_owned()));
                said.push(climb.step(reason, |_| true));
            }
        }
        said.into_iter().collect()
    }

    /// Where networks run that do not run on the processor.
    pub fn places(&self) -> BTreeMap<String, String> {
        let elsewhere = self
            .climbs
            .iter()
            .filter(|climb| climb.place() != Place::CPU);
        elsewhere
            .map(|climb| (climb.wish.network.clone(), climb.place().to_string()))
            .collect()
    }

    /// What was found where networks stay.
    pub fn trials(&self) -> impl Iterator<Item = &Trial> {
        self.climbs.iter().filter_map(|climb| climb.trial.as_ref())
    }
}

/// What the user should know of a network that can be used: that it had better not be.
fn advice(trial: &Trial) -> Option<String> {
    let torn = trial.forms.iter().find(|form| {
        let is_torn = form.graph.is_some_and(|graph| graph.is_torn());
        is_torn && form.ms > form.cpu_ms
    })?;
    let (station, graph) = (&trial.station, graph_record(torn.graph?));
    Some(format!(
        "{station} is slower than on the cpu ({:.1} ms instead of {:.1} for one input), because it \
         is torn: {graph}; with --provider-for {}=cpu it runs on the cpu",
        torn.ms, torn.cpu_ms, station.network
    ))
}

#[cfg(test)]
mod tests {
    use faceau_shared::protocol::{FormTrial, GraphReport};

    use super::*;

    fn wish(network: &str, named: bool, places: &[&str]) -> Wish {
        Wish {
            network: network.into(),
            named,
            places: places.iter().map(|place| place.parse().unwrap()).collect(),
        }
    }

    fn station(network: &str, place: &str) -> Station {
        Station {
            network: network.into(),
            place: place.into(),
        }
    }

    fn trial(network: &str, place: &str, verdict: Verdict) -> Trial {
        Trial {
            station: station(network, place),
            verdict,
            forms: Vec::new(),
        }
    }

    fn open(ladder: &Fallback) -> Vec<String> {
        let open = ladder.open_questions();
        open.iter().map(Station::to_string).collect()
    }

    #[test]
    fn the_processor_needs_no_trial() {
        let ladder = Fallback::new(vec![wish("a", true, &["cpu"]), wish("b", false, &["cpu"])]);
        assert!(ladder.open_questions().is_empty() && ladder.places().is_empty());
    }

    #[test]
    fn a_usable_place_is_kept() {
        let wishes = vec![wish("a", true, &["openvino"]), wish("b", true, &["cpu"])];
        let mut ladder = Fallback::new(wishes);
        assert_eq!(open(&ladder), ["a on openvino"]);
        let said = ladder
            .tried(trial("a", "openvino", Verdict::Usable))
            .unwrap();
        assert_eq!(said, [""; 0]);
        assert!(ladder.open_questions().is_empty());
        assert_eq!(ladder.places(), [("a".into(), "openvino".into())].into());
        assert_eq!(ladder.trials().count(), 1);
    }

    #[test]
    fn a_hang_sends_everybody_down_who_has_not_been_tried() {
        let core_ml = |network| wish(network, false, &["coreml", "cpu"]);
        let mut ladder = Fallback::new(vec![core_ml("a"), core_ml("b"), core_ml("c")]);
        ladder.tried(trial("a", "coreml", Verdict::Usable)).unwrap();
        let mut rungs = Vec::new();
        for place in ["coreml", "coreml/gpu", "coreml/cpu"] {
            let said = ladder.cut_short(&station("b", place), "too late").unwrap();
            assert!(said.len() == 2 && said[0].contains("too late"), "{said:?}");
            rungs.push(open(&ladder));
        }
        assert_eq!(rungs[0], ["b on coreml/gpu", "c on coreml/gpu"]);
        assert_eq!(rungs[1], ["b on coreml/cpu", "c on coreml/cpu"]);
        assert_eq!(rungs[2], [""; 0]);
        // The one that was tried in time stays.
        assert_eq!(ladder.places(), [("a".into(), "coreml".into())].into());
        assert_eq!(ladder.unfinished().len(), 6);
    }

    #[test]
    fn wrong_numbers_are_refused_and_easier_units_may_be_right() {
        let mut ladder = Fallback::new(vec![wish("a", true, &["coreml"])]);
        let wrong = || Verdict::Refused("wrong numbers".into());
        let said = ladder.tried(trial("a", "coreml", wrong())).unwrap();
        assert!(said[0].contains("coreml/gpu is tried instead: wrong numbers"));
        ladder
            .tried(trial("a", "coreml/gpu", Verdict::Usable))
            .unwrap();
        assert_eq!(ladder.places()["a"], "coreml/gpu");
    }

    #[test]
    fn a_named_provider_is_never_replaced_by_the_processor() {
        let mut ladder = Fallback::new(vec![wish("a", true, &["openvino"])]);
        let wrong = Verdict::Refused("wrong numbers".into());
        let error = ladder.tried(trial("a", "openvino", wrong)).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("wrong numbers") && text.contains("a=cpu"),
            "{text}"
        );
    }

    #[test]
    fn a_provider_that_is_not_there_is_not_asked_again() {
        let mut named = Fallback::new(vec![wish("a", true, &["coreml"])]);
        let missing = || Verdict::Unavailable("not built in".into());
        assert!(named.tried(trial("a", "coreml", missing())).is_err());
        let mut auto = Fallback::new(vec![wish("a", false, &["coreml", "cpu"])]);
        let said = auto.tried(trial("a", "coreml", missing())).unwrap();
        assert!(said[0].contains("runs on the cpu and not on coreml: not built in"));
        assert!(auto.open_questions().is_empty() && auto.places().is_empty());
    }

    #[test]
    fn news_of_another_place_changes_nothing() {
        let mut ladder = Fallback::new(vec![wish("a", true, &["openvino"])]);
        ladder.tried(trial("a", "cuda", Verdict::Usable)).unwrap();
        ladder
            .tried(trial("b", "openvino", Verdict::Usable))
            .unwrap();
        assert_eq!(open(&ladder), ["a on openvino"]);
    }

    #[test]
    fn a_torn_network_comes_with_advice_if_it_is_slow() {
        let torn = |ms| Trial {
            forms: vec![FormTrial {
                form: String::new(),
                graph: Some(GraphReport {
                    partitions: 9,
                    nodes: 80,
                    nodes_on_cpu: 20,
                }),
                difference: 0.1,
                difference_value: 0.0,
                open_ms: 1.0,
                ms,
                cpu_ms: 4.0,
                remembered: false,
            }],
            ..trial("a", "coreml", Verdict::Usable)
        };
        let said = |ms| {
            let mut ladder = Fallback::new(vec![wish("a", true, &["coreml"])]);
            ladder.tried(torn(ms)).unwrap()
        };
        assert!(said(8.0)[0].contains("--provider-for a=cpu"));
        assert_eq!(said(3.0), [""; 0]);
    }
}
