//! What networks compute on: the processor, or an accelerator by way of one of ONNX Runtime's
//! execution providers.
//!
//! Whether a provider is of use depends on the machine and on how the ONNX Runtime at hand was
//! built; this is found out by trying.

use std::fmt;
use std::str::FromStr;

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};

use crate::library::Library;

/// One of ONNX Runtime's execution providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

    /// How the provider is set up, with failure to do so an error; `None` for the processor, which
    /// needs nothing.
    pub(crate) fn registration(self) -> Option<ExecutionProviderDispatch> {
        let registration = match self {
            Self::Cpu => return None,
            // Core ML compiles a network once for one size of input; parts whose size varies from
            // run to run are better left to the processor.
            Self::CoreMl => ep::CoreML::default()
                .with_model_format(ep::coreml::ModelFormat::MLProgram)
                .with_static_input_shapes(true)
                .build(),
            Self::Cuda => ep::CUDA::default().build(),
            Self::TensorRt => ep::TensorRT::default().build(),
            Self::DirectMl => ep::DirectML::default().build(),
            Self::OpenVino => ep::OpenVINO::default().build(),
            Self::Xnnpack => ep::XNNPACK::default().build(),
        };
        Some(registration.error_on_failure())
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
    /// What to try, in order. Under [`Auto`](Self::Auto) the processor comes last and always works.
    pub fn candidates(self) -> &'static [Provider] {
        match self {
            Self::Named(provider) => Provider::ALL
                .iter()
                .position(|&p| p == provider)
                .map_or(&[], |i| &Provider::ALL[i..=i]),
            Self::Auto if cfg!(all(target_os = "macos", target_arch = "aarch64")) => {
                &[Provider::CoreMl, Provider::Cpu]
            }
            Self::Auto => &[Provider::Cpu],
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
    "unknown provider `{0}` (known: auto, {known})",
    known = Provider::ALL.map(Provider::name).join(", ")
)]
pub struct UnknownProvider(String);

impl FromStr for ProviderChoice {
    type Err = UnknownProvider;

    /// Reads a name as [`fmt::Display`] writes it; capital letters make no difference.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        Provider::ALL
            .into_iter()
            .find(|provider| name.eq_ignore_ascii_case(provider.name()))
            .map(Self::Named)
            .ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let choices = Provider::ALL.map(ProviderChoice::Named);
        for choice in [ProviderChoice::Auto].into_iter().chain(choices) {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert_eq!(
            "CoreML".parse(),
            Ok(ProviderChoice::Named(Provider::CoreMl))
        );
        let error = "gpu".parse::<ProviderChoice>().unwrap_err();
        assert!(error.to_string().contains("coreml, cuda"), "{error}");
    }

    #[test]
    fn named_providers_stand_alone_and_auto_ends_with_the_processor() {
        for provider in Provider::ALL {
            assert_eq!(ProviderChoice::Named(provider).candidates(), [provider]);
        }
        assert_eq!(
            ProviderChoice::Auto.candidates().last(),
            Some(&Provider::Cpu)
        );
    }
}
