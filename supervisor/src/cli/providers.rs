//! The part of the command line that says where networks run.

use clap::Args;
use faceau_inference::{ComputeUnits, ProviderChoice};

use super::choice;
use faceau::settings::{Choice, Exception, ProviderSettings};

/// Where networks run.
#[derive(Debug, Clone, Args)]
pub struct ProviderArgs {
    /// Where neural networks run
    #[arg(long, value_parser = choice::<ProviderChoice>(),
          default_value = ProviderChoice::Auto.value_name(), value_name = "NAME")]
    pub provider: ProviderChoice,

    /// Where a single network runs, as in retinaface=coreml or pfld=cpu; can be given for several
    #[arg(long, value_name = "NETWORK=NAME", value_delimiter = ',')]
    pub provider_for: Vec<Exception>,

    /// Which parts of the chip Core ML may use
    #[arg(long, value_parser = choice::<ComputeUnits>(), value_name = "UNITS")]
    pub coreml_units: Option<ComputeUnits>,
}

impl ProviderArgs {
    /// What they say.
    pub fn settings(&self) -> ProviderSettings {
        ProviderSettings {
            provider: self.provider,
            exceptions: self.provider_for.clone(),
            coreml_units: self.coreml_units,
        }
    }

    /// The same words, for another call of this program.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["--provider".to_owned(), self.provider.to_string()];
        for exception in &self.provider_for {
            words.extend(["--provider-for".to_owned(), exception.to_string()]);
        }
        if let Some(units) = self.coreml_units {
            words.extend(["--coreml-units".to_owned(), units.to_string()]);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use faceau::settings::UnsuitableOptions;
    use faceau_engine::placement::Wish;
    use faceau_inference::Place;

    use super::*;
    use crate::commands::Program;

    fn args(args: &[&str]) -> Result<faceau::settings::ProviderSettings, clap::Error> {
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

    #[test]
    fn the_words_mean_the_same_again() {
        let words = [
            "--provider",
            "coreml",
            "--provider-for",
            "pfld=coreml/gpu",
            "--coreml-units",
            "ane",
        ];
        let program = Program::try_parse_from([&["x", "a.mp4"], &words[..]].concat()).unwrap();
        assert_eq!(program.analysis.providers.words(), words);
        let exceptions = args(&words).unwrap().exceptions_by_network();
        assert_eq!(exceptions["pfld"], "coreml/gpu");
    }
}
