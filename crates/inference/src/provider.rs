//! ONNX Runtime's execution providers: the processor, and what can take work off it.
//!
//! Whether a provider is of use depends on the machine and on how the ONNX Runtime at hand was
//! built; this is found out by trying. How a provider is set up is in [`crate::place`].

use std::fmt;
use std::str::FromStr;

use ort::ep::{self, ExecutionProvider};

use crate::library::Library;

/// One of ONNX Runtime's execution providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// The processor; always there.
    Cpu,
    /// Apple's Core ML: Neural Engine, GPU and processor.
    CoreMl,
    /// NVIDIA GPUs.
    Cuda,
    /// NVIDIA GPUs through TensorRT.
    TensorRt,
    /// GPUs on Windows.
    DirectMl,
    /// Intel processors, GPUs and NPUs.
    OpenVino,
    /// A library of kernels for processors.
    Xnnpack,
}

/// What `auto` tries on each platform (operating system, architecture), the best first. The
/// processor comes last everywhere, and alone where nothing is listed.
///
/// Only what needs no choice is listed: every Mac with Apple silicon has Core ML, and the ONNX
/// Runtime that `scripts/setup` fetches there is built with it. Elsewhere an accelerator needs
/// another ONNX Runtime, and whoever installs one names it with `--provider`.
const AUTO: &[(&str, &str, &[Provider])] =
    &[("macos", "aarch64", &[Provider::CoreMl, Provider::Cpu])];

impl Provider {
    /// All providers.
    pub const ALL: [Self; 7] = [
        Self::Cpu,
        Self::CoreMl,
        Self::Cuda,
        Self::TensorRt,
        Self::DirectMl,
        Self::OpenVino,
        Self::Xnnpack,
    ];

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::CoreMl => "coreml",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::DirectMl => "directml",
            Self::OpenVino => "openvino",
            Self::Xnnpack => "xnnpack",
        }
    }

    /// Whether this ONNX Runtime was built with the provider. That it can be used on this machine is
    /// not said by that.
    pub fn is_built_in(self, _library: &Library) -> bool {
        let built_in = match self {
            Self::Cpu => return true,
            Self::CoreMl => ep::CoreML::is_available(),
            Self::Cuda => ep::CUDA::is_available(),
            Self::TensorRt => ep::TensorRT::is_available(),
            Self::DirectMl => ep::DirectML::is_available(),
            Self::OpenVino => ep::OpenVINO::is_available(),
            Self::Xnnpack => ep::XNNPACK::is_available(),
        };
        // The engine cannot fail to list what it has unless there is no memory left.
        built_in.unwrap_or(false)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    /// Reads a name as [`fmt::Display`] writes it; capital letters make no difference.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|provider| name.eq_ignore_ascii_case(provider.name()))
            .ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

/// What the user asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProviderChoice {
    /// Whatever is best on this platform and works; the processor when nothing else does.
    #[default]
    Auto,
    /// This one and no other: when it cannot be used, that is an error.
    Named(Provider),
}

impl ProviderChoice {
    /// What to try on this machine, in order. Under [`Auto`](Self::Auto) the processor comes last
    /// and always works.
    pub fn candidates(self) -> Vec<Provider> {
        self.candidates_on(std::env::consts::OS, std::env::consts::ARCH)
    }

    /// What to try on an operating system and architecture.
    fn candidates_on(self, system: &str, architecture: &str) -> Vec<Provider> {
        let Self::Auto = self else {
            return Vec::from_iter(self.named());
        };
        AUTO.iter()
            .find(|(os, arch, _)| (*os, *arch) == (system, architecture))
            .map_or(vec![Provider::Cpu], |(_, _, providers)| providers.to_vec())
    }

    /// The one that was named, if one was.
    pub fn named(self) -> Option<Provider> {
        match self {
            Self::Auto => None,
            Self::Named(provider) => Some(provider),
        }
    }
}

impl fmt::Display for ProviderChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Named(provider) => provider.fmt(f),
        }
    }
}

/// Nobody is called that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown provider `{0}` (known: {known})",
    known = Provider::ALL.map(Provider::name).join(", ")
)]
pub struct UnknownProvider(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for provider in Provider::ALL {
            assert_eq!(provider.to_string().parse(), Ok(provider));
        }
        assert_eq!("CoreML".parse(), Ok(Provider::CoreMl));
        let error = "gpu".parse::<Provider>().unwrap_err();
        assert!(error.to_string().contains("coreml, cuda"), "{error}");
    }

    #[test]
    fn named_providers_stand_alone_and_auto_ends_with_the_processor() {
        for provider in Provider::ALL {
            assert_eq!(ProviderChoice::Named(provider).candidates(), [provider]);
        }
        let on = |os, arch| ProviderChoice::Auto.candidates_on(os, arch);
        assert_eq!(on("macos", "aarch64"), [Provider::CoreMl, Provider::Cpu]);
        assert_eq!(on("macos", "x86_64"), [Provider::Cpu]);
        assert_eq!(on("linux", "x86_64"), [Provider::Cpu]);
        assert_eq!(on("plan9", "mips"), [Provider::Cpu]);
        assert!(AUTO.iter().all(|row| row.2.last() == Some(&Provider::Cpu)));
    }
}
