//! Where a network runs: a provider and, on Core ML, the parts of the chip. Here is every option
//! that ONNX Runtime is given for it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProviderDispatch};

use crate::coreml::{self, ComputeUnits, UnknownUnits};
use crate::provider::{Provider, UnknownProvider};

/// A provider and, on Core ML, the parts of the chip. The processor by default.
///
/// Written as `cpu`, `openvino`, `coreml`, `coreml/gpu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The provider.
    pub provider: Provider,
    /// What Core ML may use; of no meaning to others.
    pub units: ComputeUnits,
}

impl Place {
    /// The processor.
    pub const CPU: Self = Self {
        provider: Provider::Cpu,
        units: ComputeUnits::All,
    };

    /// On a provider, with all that it has.
    pub fn on(provider: Provider) -> Self {
        Self {
            provider,
            ..Self::CPU
        }
    }

    /// This place, and then the easier ones on the same provider.
    pub fn ladder(self) -> Vec<Self> {
        let easier = |place: &Self| {
            let units = place.units.easier()?;
            (place.provider == Provider::CoreMl).then_some(Self { units, ..*place })
        };
        std::iter::successors(Some(self), easier).collect()
    }

    /// Whether the provider compiles networks and can keep the result in a folder.
    ///
    /// OpenVINO has a folder for that, too, but what was seen of it (2025.4) writes its file anew each
    /// time that a network is opened, under the eyes of other processes. It compiles within a second.
    pub fn keeps_compiled(self) -> bool {
        self.provider == Provider::CoreMl
    }

    /// Whether the provider takes more of a network, or runs it faster, when the sizes of the input
    /// are fixed in the model.
    pub fn wants_fixed_sizes(self) -> bool {
        matches!(
            self.provider,
            Provider::CoreMl | Provider::OpenVino | Provider::TensorRt
        )
    }

    /// The options that the provider is given; `compiled` is the folder where it may keep what it
    /// compiles. Each process has one thread for its networks, on every provider.
    pub fn options(self, compiled: Option<&Path>) -> Vec<(&'static str, String)> {
        let fixed = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter();
            pairs.map(|&(key, value)| (key, value.to_owned())).collect()
        };
        match self.provider {
            Provider::CoreMl => coreml::options(self.units, compiled),
            Provider::OpenVino => fixed(&[
                ("device_type", "CPU"),
                ("precision", "FP32"),
                ("num_of_threads", "1"),
            ]),
            // TF32 cuts the numbers that go into each product down to 10 bits.
            Provider::Cuda => fixed(&[("use_tf32", "0")]),
            Provider::Xnnpack => fixed(&[("intra_op_num_threads", "1")]),
            Provider::Cpu | Provider::TensorRt | Provider::DirectMl => Vec::new(),
        }
    }

    /// How the provider is set up, with failure to do so an error; `None` for the processor, which
    /// needs nothing.
    pub(crate) fn registration(self, compiled: Option<&Path>) -> Option<ExecutionProviderDispatch> {
        fn with<P: ArbitrarilyConfigurableExecutionProvider>(
            provider: P,
            options: Vec<(&'static str, String)>,
        ) -> P {
            options
                .into_iter()
                .fold(provider, |provider, (key, value)| {
                    provider.with_arbitrary_config(key, value)
                })
        }
        let options = self.options(compiled);
        let registration = match self.provider {
            Provider::Cpu => return None,
            Provider::CoreMl => with(ep::CoreML::default(), options).build(),
            Provider::Cuda => with(ep::CUDA::default(), options).build(),
            Provider::TensorRt => with(ep::TensorRT::default(), options).build(),
            Provider::DirectMl => ep::DirectML::default().build(),
            Provider::OpenVino => with(ep::OpenVINO::default(), options).build(),
            Provider::Xnnpack => with(ep::XNNPACK::default(), options).build(),
        };
        Some(registration.error_on_failure())
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::CPU
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.provider, self.units) {
            (Provider::CoreMl, units) if units != ComputeUnits::All => {
                write!(f, "{}/{units}", self.provider)
            }
            _ => self.provider.fmt(f),
        }
    }
}

/// There is no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownPlace {
    /// No such provider.
    #[error(transparent)]
    Provider(#[from] UnknownProvider),
    /// No such compute units.
    #[error(transparent)]
    Units(#[from] UnknownUnits),
    /// Only Core ML has compute units.
    #[error("{0} has no compute units to choose from, only coreml has")]
    NoUnits(Provider),
}

impl FromStr for Place {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, units) = match text.split_once('/') {
            Some((provider, units)) => (provider.parse()?, Some(units.parse()?)),
            None => (text.parse()?, None),
        };
        match units {
            Some(_) if provider != Provider::CoreMl => Err(UnknownPlace::NoUnits(provider)),
            units => Ok(Self {
                provider,
                units: units.unwrap_or_default(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        for provider in Provider::ALL {
            for place in Place::on(provider).ladder() {
                assert_eq!(place.to_string().parse(), Ok(place));
            }
        }
        let ane = Place {
            provider: Provider::CoreMl,
            units: ComputeUnits::NeuralEngine,
        };
        assert_eq!("CoreML/ANE".parse(), Ok(ane));
        assert_eq!(ane.to_string(), "coreml/ane");
        for text in ["cpu/gpu", "coreml/npu", "gpu", ""] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_core_ml_has_a_ladder() {
        let ladder = |place: Place| {
            place
                .ladder()
                .iter()
                .map(Place::to_string)
                .collect::<Vec<_>>()
        };
        let core_ml = Place::on(Provider::CoreMl);
        assert_eq!(ladder(core_ml), ["coreml", "coreml/gpu", "coreml/cpu"]);
        assert_eq!(ladder(Place::on(Provider::OpenVino)), ["openvino"]);
        assert_eq!(ladder(Place::CPU), ["cpu"]);
    }

    #[test]
    fn every_provider_that_has_threads_is_kept_to_one() {
        let folder = Some(Path::new("/c"));
        let options = |provider| Place::on(provider).options(folder);
        assert!(options(Provider::OpenVino).contains(&("num_of_threads", "1".into())));
        assert!(options(Provider::Xnnpack).contains(&("intra_op_num_threads", "1".into())));
        assert_eq!(options(Provider::Cpu), []);
        for provider in Provider::ALL {
            let place = Place::on(provider);
            let uses_folder = place.options(folder) != place.options(None);
            assert_eq!(uses_folder, place.keeps_compiled(), "{provider}");
        }
    }
}
