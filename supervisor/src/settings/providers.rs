//! Where networks are to run, as far as the user says, and what that means for each network.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use faceau_inference::place::UnknownPlace;
use faceau_inference::{ComputeUnits, Place, Provider, ProviderChoice};

use super::UnsuitableOptions;
use crate::placement::Wish;

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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::Program;

    fn args(args: &[&str]) -> Result<ProviderSettings, clap::Error> {
        let program = Program::try_parse_from([&["x", "a.mp4"], args].concat())?;
        Ok(program.analysis.providers.settings())
    }

    fn wishes(words: &[&str]) -> Result<Vec<String>, UnsuitableOptions> {
        let wishes = args(words).unwrap().wishes(&["retinaface", "pfld"])?;
        let text = |wish: Wish| {
            let places: Vec<String> = wish.places.iter().map(Place::to_string).collect();
            let named = if wish.named { "!" } else { "" };
            format!("{}{named} {}", wish.network, places.join(" "))
        };
        Ok(wishes.into_iter().map(text).collect())
    }

    #[test]
    fn a_single_network_can_go_elsewhere() {
        for (words, expected) in [
            (&["--provider", "cpu"][..], ["retinaface! cpu", "pfld! cpu"]),
            (
                &["--provider", "cpu", "--provider-for", "retinaface=coreml"],
                ["retinaface! coreml", "pfld! cpu"],
            ),
            (
                &[
                    "--provider=coreml",
                    "--coreml-units=gpu",
                    "--provider-for=pfld=cpu",
                ],
                ["retinaface! coreml/gpu", "pfld! cpu"],
            ),
            (
                &[
                    "--provider=coreml",
                    "--coreml-units=gpu",
                    "--provider-for=pfld=coreml/ane,retinaface=openvino",
                ],
                ["retinaface! openvino", "pfld! coreml/ane"],
            ),
            (
                &[
                    "--provider=cpu",
                    "--provider-for=pfld=cuda",
                    "--provider-for=pfld=openvino",
                ],
                ["retinaface! cpu", "pfld! openvino"],
            ),
        ] {
            assert_eq!(wishes(words).unwrap(), expected, "{words:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn auto_is_the_processor_here() {
        let expected = ["retinaface cpu", "pfld! openvino"];
        assert_eq!(wishes(&["--provider-for=pfld=openvino"]).unwrap(), expected);
        let words = ["--provider=openvino", "--provider-for=retinaface=auto"];
        assert_eq!(wishes(&words).unwrap(), expected);
        assert!(wishes(&["--coreml-units=gpu"]).is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let error = wishes(&["--provider-for=nose=cpu"]).unwrap_err();
        assert!(error.to_string().contains("retinaface, pfld"), "{error}");
        let none = args(&["--provider-for=pfld=cpu"]).unwrap().wishes(&[]);
        assert!(none.unwrap_err().to_string().contains("no network"));
        assert!(wishes(&["--provider=openvino", "--coreml-units=gpu"]).is_err());
        for nonsense in ["pfld", "pfld=gpu", "pfld=cpu/gpu", "pfld=coreml/npu"] {
            assert!(nonsense.parse::<Exception>().is_err(), "{nonsense}");
        }
    }
}
