//! The part of the command line that says where networks run.

use clap::Args;
use faceau_inference::{ComputeUnits, ProviderChoice};

use super::choice;
use crate::settings::{Choice, Exception, ProviderSettings};

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

    use super::*;
    use crate::commands::Program;

    fn args(args: &[&str]) -> Result<ProviderArgs, clap::Error> {
        let program = Program::try_parse_from([&["x", "a.mp4"], args].concat())?;
        Ok(program.analysis.providers)
    }

    #[test]
    fn nonsense_is_refused() {
        for nonsense in ["pfld", "pfld=gpu", "pfld=cpu/gpu", "pfld=coreml/npu"] {
            assert!(args(&["--provider-for", nonsense]).is_err(), "{nonsense}");
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
        assert_eq!(args(&words).unwrap().words(), words);
        let exceptions = args(&words).unwrap().settings().exceptions_by_network();
        assert_eq!(exceptions["pfld"], "coreml/gpu");
    }
}
