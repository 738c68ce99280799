//! Where networks are to run, as far as the user says, and what that means for each network.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use faceau_inference::place::UnknownPlace;
use faceau_inference::{ComputeUnits, Place, Provider, ProviderChoice};

use super::UnsuitableOptions;
use faceau_engine::placement::Wish;

/// Where networks run.
#[derive(Debug, Clone, Default)]
pub struct ProviderSettings {
    /// Where all of them run, but for exceptions.
    pub provider: ProviderChoice,
    /// Where single networks run; the last word on each counts.
    pub exceptions: Vec<Exception>,
    /// The parts of the chip that Core ML may use; all of them if nothing is said.
    pub coreml_units: Option<ComputeUnits>,
}

/// Where a single network runs: a value of `--provider-for`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    network: String,
    /// Nothing for `auto`.
    place: Option<Place>,
}

/// A value of `--provider-for` that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoException {
    /// There is no equals sign.
    #[error("expected NETWORK=NAME, as in retinaface=coreml")]
    Form,
    /// There is no such place.
    #[error(transparent)]
    Place(#[from] UnknownPlace),
}

impl FromStr for Exception {
    type Err = NoException;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (network, place) = text.split_once('=').ok_or(NoException::Form)?;
        let place = match place {
            "auto" => None,
            place => Some(place.parse()?),
        };
        Ok(Self {
            network: network.to_owned(),
            place,
        })
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{}={place}", self.network),
            None => write!(f, "{}=auto", self.network),
        }
    }
}

impl ProviderSettings {
    /// What is wished for each of the `networks` of a pipeline, in their order.
    ///
    /// # Errors
    /// When something is said of a network that there is not, or of Core ML where nothing is to run
    /// on it.
    pub fn wishes(&self, networks: &[&str]) -> Result<Vec<Wish>, UnsuitableOptions> {
        for Exception { network, .. } in &self.exceptions {
            if !networks.contains(&network.as_str()) {
                let known = match networks {
                    [] => "runs no network that could run elsewhere than on the cpu".to_owned(),
                    networks => format!("has these networks: {}", networks.join(", ")),
                };
                return Err(UnsuitableOptions::new(format!(
                    "--provider-for {network}: the pipeline {known}"
                )));
            }
        }
        let wishes: Vec<Wish> = networks.iter().map(|network| self.wish(network)).collect();
        let on_core_ml = |place: &Place| place.provider == Provider::CoreMl;
        let all = || wishes.iter().flat_map(|wish| &wish.places);
        if self.coreml_units.is_some() && all().next().is_some() && !all().any(on_core_ml) {
            return Err(UnsuitableOptions::new(
                "--coreml-units: no network is to run on Core ML here; say --provider coreml"
                    .to_owned(),
            ));
        }
        Ok(wishes)
    }

    fn wish(&self, network: &str) -> Wish {
        let units = self.coreml_units;
        let with_units = |provider| Place {
            provider,
            units: match provider {
                Provider::CoreMl => units.unwrap_or_default(),
                _ => ComputeUnits::default(),
            },
        };
        // The last word counts.
        let exception = (self.exceptions.iter().rev())
            .find(|exception| exception.network == network)
            .map(|exception| exception.place);
        let (named, places) = match exception {
            // Units that are named with the network go before those for all.
            Some(Some(place)) if place.units != ComputeUnits::default() => (true, vec![place]),
            Some(Some(place)) => (true, vec![with_units(place.provider)]),
            exception => {
                let choice = match exception {
                    Some(None) => ProviderChoice::Auto,
                    _ => self.provider,
                };
                let places = choice.candidates().into_iter().map(with_units);
                (choice.named().is_some(), places.collect())
            }
        };
        Wish {
            network: network.to_owned(),
            named,
            places,
        }
    }

    /// The exceptions as records say them.
    pub fn exceptions_by_network(&self) -> BTreeMap<String, String> {
        let exceptions = self.exceptions.iter();
        exceptions
            .map(|exception| {
                let place = exception.place.as_ref();
                let place = place.map_or_else(|| "auto".to_owned(), ToString::to_string);
                (exception.network.clone(), place)
            })
            .collect()
    }
}
