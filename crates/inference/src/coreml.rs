//! Core ML: which parts of an Apple chip it may use, the options it is given, and how it is told
//! one model from another.
//!
//! Core ML compiles a network when it is opened, which takes seconds to minutes, and keeps the
//! result in a folder if it is given one. What it keeps there it finds again by a key in the
//! model's metadata; it does not notice that the model behind the key is another one.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Which parts of the chip Core ML may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComputeUnits {
    /// All of them, as Core ML sees fit.
    #[default]
    All,
    /// The Neural Engine, and the processor for the rest.
    NeuralEngine,
    /// The GPU, and the processor for the rest.
    Gpu,
    /// The processor only.
    Cpu,
}

impl ComputeUnits {
    /// All choices.
    pub const ALL: [Self; 4] = [Self::All, Self::NeuralEngine, Self::Gpu, Self::Cpu];

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NeuralEngine => "ane",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }

    /// What to try when a network cannot be had on these: compiling for the Neural Engine is known
    /// to hang now and then, and compiling for the GPU is the next riskiest.
    pub fn easier(self) -> Option<Self> {
        match self {
            Self::All | Self::NeuralEngine => Some(Self::Gpu),
            Self::Gpu => Some(Self::Cpu),
            Self::Cpu => None,
        }
    }

    /// What ONNX Runtime calls it.
    fn option(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::NeuralEngine => "CPUAndNeuralEngine",
            Self::Gpu => "CPUAndGPU",
            Self::Cpu => "CPUOnly",
        }
    }
}

impl fmt::Display for ComputeUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ComputeUnits {
    type Err = UnknownUnits;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|units| name.eq_ignore_ascii_case(units.name()))
            .ok_or_else(|| UnknownUnits(name.to_owned()))
    }
}

/// Core ML has no such units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown compute units `{0}` (known: {known})",
    known = ComputeUnits::ALL.map(ComputeUnits::name).join(", ")
)]
pub struct UnknownUnits(String);

/// The options that ONNX Runtime's Core ML provider is given; `compiled` is the folder for what
/// Core ML makes of the network.
pub(crate) fn options(units: ComputeUnits, compiled: Option<&Path>) -> Vec<(&'static str, String)> {
    let mut options = vec![
        // The older format, NeuralNetwork, knows fewer operations and computes in half precision
        // wherever it likes.
        ("ModelFormat", "MLProgram".to_owned()),
        ("MLComputeUnits", units.option().to_owned()),
        // Core ML compiles a network for one size of input; parts whose size varies from run to run
        // are better left to the processor.
        ("RequireStaticInputShapes", "1".to_owned()),
        ("EnableOnSubgraphs", "0".to_owned()),
        // Half-precision sums change landmarks visibly.
        ("AllowLowPrecisionAccumulationOnGPU", "0".to_owned()),
    ];
    if let Some(folder) = compiled {
        options.push(("ModelCacheDirectory", folder.display().to_string()));
    }
    options
}

/// The entry of a model's metadata by which the provider names what it keeps of it.
const KEY_ENTRY: &str = "COREML_CACHE_KEY";
/// Longer keys, or those of other characters than letters and digits, are replaced by a hash of
/// ONNX Runtime's own. 48 hexadecimal digits of a SHA-256 are as good as all 64.
const KEY_LENGTH: usize = 48;

/// The model with its digest written into its metadata: what Core ML keeps of it is then never
/// taken for another model's, nor another's for it.
///
/// A field that stands at the end of a protobuf message counts as if it stood among its like, so
/// nothing needs to be parsed.
pub(crate) fn with_key(model: &[u8], sha256: &str) -> Vec<u8> {
    /// `metadata_props` of ONNX's ModelProto, and the fields of an entry; all hold bytes.
    const METADATA: u8 = (14 << 3) | 2;
    const KEY: u8 = (1 << 3) | 2;
    const VALUE: u8 = (2 << 3) | 2;
    let value = &sha256[..sha256.len().min(KEY_LENGTH)];
    let mut entry = Vec::new();
    for (field, text) in [(KEY, KEY_ENTRY), (VALUE, value)] {
        // Lengths below 128 are a single byte.
        entry.extend([field, text.len() as u8]);
        entry.extend(text.as_bytes());
    }
    let mut keyed = Vec::with_capacity(model.len() + 2 + entry.len());
    keyed.extend(model);
    keyed.extend([METADATA, entry.len() as u8]);
    keyed.extend(entry);
    keyed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_gives_exactly_these_options() {
        let folder = Path::new("/cache/x");
        for (units, option) in [
            (ComputeUnits::All, "ALL"),
            (ComputeUnits::NeuralEngine, "CPUAndNeuralEngine"),
            (ComputeUnits::Gpu, "CPUAndGPU"),
            (ComputeUnits::Cpu, "CPUOnly"),
        ] {
            let expected = [
                ("ModelFormat", "MLProgram"),
                ("MLComputeUnits", option),
                ("RequireStaticInputShapes", "1"),
                ("EnableOnSubgraphs", "0"),
                ("AllowLowPrecisionAccumulationOnGPU", "0"),
                ("ModelCacheDirectory", "/cache/x"),
            ];
            let expected = expected.map(|(key, value)| (key, value.to_owned()));
            assert_eq!(options(units, Some(folder)), expected);
            assert_eq!(options(units, None), expected[..5]);
        }
    }

    #[test]
    fn names_are_read_as_they_are_written_and_every_ladder_ends_at_the_processor() {
        for units in ComputeUnits::ALL {
            assert_eq!(units.to_string().parse(), Ok(units));
            let last = std::iter::successors(Some(units), |units| units.easier()).last();
            assert_eq!(last, Some(ComputeUnits::Cpu));
        }
        assert!("npu".parse::<ComputeUnits>().is_err());
    }

    #[test]
    fn the_key_is_appended_as_a_metadata_entry() {
        let digest = "0123456789abcdef".repeat(4);
        let keyed = with_key(b"model", &digest);
        let mut expected = b"model".to_vec();
        expected.extend([0x72, 68, 0x0a, 16]);
        expected.extend(b"COREML_CACHE_KEY");
        expected.extend([0x12, 48]);
        expected.extend(&digest.as_bytes()[..48]);
        assert_eq!(keyed, expected);
    }
}
