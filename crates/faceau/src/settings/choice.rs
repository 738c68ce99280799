//! Settings with a fixed set of values: what each is called, and what it means in a few words.
//!
//! Command lines, records and messages take names from here, so a value has one name everywhere.

use faceau_inference::{ComputeUnits, Provider, ProviderChoice};
use faceau_media::ClockZero;
use faceau_media::video::{Decoder, DecoderWish, Hardware, PixelAspect};
use faceau_models::Precision;

use faceau_engine::plan::Tracking;
use faceau_outputs::ColumnGroup;

/// A setting with a fixed set of values.
pub trait Choice: Copy + PartialEq + Send + Sync + 'static {
    /// All values, in the order in which they are listed.
    const ALL: &'static [Self];

    /// The value's name on command lines and in records.
    fn value_name(self) -> &'static str;

    /// What it means, in a few words without a full stop.
    fn about(self) -> &'static str;

    /// The value of this name.
    fn named(name: &str) -> Option<Self> {
        let all = Self::ALL.iter().copied();
        all.into_iter().find(|choice| choice.value_name() == name)
    }
}

/// What stands between the columns of tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeaderChoice {
    /// A comma and a space, as in OpenFace's tables.
    #[default]
    Openface,
    /// A comma alone.
    Plain,
}

impl Choice for HeaderChoice {
    const ALL: &'static [Self] = &[Self::Openface, Self::Plain];

    fn value_name(self) -> &'static str {
        match self {
            Self::Openface => "openface",
            Self::Plain => "plain",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Openface => {
                "A comma and a space, as in OpenFace's tables, in the header and in rows"
            }
            Self::Plain => {
                "A comma alone, as most readers expect: names and words then begin without a space"
            }
        }
    }
}

impl Choice for Tracking {
    const ALL: &'static [Self] = &[Self::Segmented, Self::Sequential];

    fn value_name(self) -> &'static str {
        match self {
            Self::Segmented => "segmented",
            Self::Sequential => "sequential",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Segmented => "Segments side by side, each with a lead-in",
            Self::Sequential => "The whole video by one worker, from the first frame to the last",
        }
    }
}

impl Choice for DecoderWish {
    const ALL: &'static [Self] = &[
        Self::Auto,
        Self::Only(Decoder::Software),
        Self::Only(Decoder::Hardware(Hardware::VideoToolbox)),
        Self::Only(Decoder::Hardware(Hardware::Vaapi)),
        Self::Only(Decoder::Hardware(Hardware::Nvdec)),
    ];

    fn value_name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Only(Decoder::Software) => "software",
            Self::Only(Decoder::Hardware(Hardware::VideoToolbox)) => "videotoolbox",
            Self::Only(Decoder::Hardware(Hardware::Vaapi)) => "vaapi",
            Self::Only(Decoder::Hardware(Hardware::Nvdec)) => "nvdec",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Auto => "Hardware where it can decode the video, otherwise software",
            Self::Only(Decoder::Software) => {
                "FFmpeg's own decoders: the same pixels on every machine"
            }
            Self::Only(Decoder::Hardware(Hardware::VideoToolbox)) => "Apple's",
            Self::Only(Decoder::Hardware(Hardware::Vaapi)) => "Intel's and AMD's, on Linux",
            Self::Only(Decoder::Hardware(Hardware::Nvdec)) => "NVIDIA's",
        }
    }
}

impl Choice for PixelAspect {
    const ALL: &'static [Self] = &[Self::Shown, Self::Stored];

    fn value_name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Stored => "stored",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Shown => {
                "Pictures as they are shown: scaled to square pixels, coordinates in the shown \
                 picture"
            }
            Self::Stored => {
                "Pictures as they are stored, out of proportion, as OpenFace takes them"
            }
        }
    }
}

impl Choice for ClockZero {
    const ALL: &'static [Self] = &[Self::FirstFrame, Self::File];

    fn value_name(self) -> &'static str {
        match self {
            Self::FirstFrame => "first",
            Self::File => "file",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::FirstFrame => "From the first frame",
            Self::File => "From the file's own zero, as its sound does",
        }
    }
}

impl Choice for Precision {
    const ALL: &'static [Self] = &[Self::Fp32, Self::Fp16, Self::Int8];

    fn value_name(self) -> &'static str {
        self.name()
    }

    fn about(self) -> &'static str {
        match self {
            Self::Fp32 => "32-bit floats, as the models were published",
            Self::Fp16 => "16-bit floats",
            Self::Int8 => "8-bit integers",
        }
    }
}

impl Choice for ProviderChoice {
    const ALL: &'static [Self] = &[
        Self::Auto,
        Self::Named(Provider::Cpu),
        Self::Named(Provider::CoreMl),
        Self::Named(Provider::Cuda),
        Self::Named(Provider::TensorRt),
        Self::Named(Provider::DirectMl),
        Self::Named(Provider::OpenVino),
        Self::Named(Provider::Xnnpack),
    ];

    fn value_name(self) -> &'static str {
        self.named().map_or("auto", Provider::name)
    }

    fn about(self) -> &'static str {
        match self {
            Self::Auto => "The best one of this platform, else the CPU",
            Self::Named(Provider::Cpu) => "The processor",
            Self::Named(Provider::CoreMl) => "Apple's Core ML (macOS)",
            Self::Named(Provider::Cuda) => "NVIDIA CUDA",
            Self::Named(Provider::TensorRt) => "NVIDIA TensorRT",
            Self::Named(Provider::DirectMl) => "Microsoft DirectML",
            Self::Named(Provider::OpenVino) => "Intel OpenVINO",
            Self::Named(Provider::Xnnpack) => "XNNPACK",
        }
    }
}

impl Choice for ComputeUnits {
    const ALL: &'static [Self] = &[Self::All, Self::NeuralEngine, Self::Gpu, Self::Cpu];

    fn value_name(self) -> &'static str {
        self.name()
    }

    fn about(self) -> &'static str {
        match self {
            Self::All => "All of them, as Core ML sees fit; this is the default",
            Self::NeuralEngine => "The Neural Engine, and the processor for the rest",
            Self::Gpu => "The GPU, and the processor for the rest",
            Self::Cpu => "The processor only",
        }
    }
}

impl Choice for ColumnGroup {
    const ALL: &'static [Self] = &Self::ALL;

    fn value_name(self) -> &'static str {
        self.name()
    }

    fn about(self) -> &'static str {
        match self {
            Self::Gaze => "Where the eyes look",
            Self::Emotion => "Emotion and the probability of each",
            Self::Eyes => "Landmarks of the eyes, in 2-D and 3-D",
            Self::Pose => "Position and rotation of the head",
            Self::Landmarks2d => "Landmarks of the face in pixels",
            Self::Landmarks3d => "Landmarks of the face in millimetres",
            Self::Params => "Parameters of the face's shape",
            Self::Aus => "Intensities and presences of action units",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{CompatChoice, FaceChoice, PipelineChoice};

    fn check<T: Choice + std::fmt::Debug>() {
        for &choice in T::ALL {
            assert_eq!(T::named(choice.value_name()), Some(choice));
            let about = choice.about();
            assert!(!about.is_empty() && !about.ends_with('.'), "{about}");
        }
        assert_eq!(T::named("none of these"), None);
    }

    #[test]
    fn every_value_has_a_name_of_its_own() {
        check::<HeaderChoice>();
        check::<Tracking>();
        check::<DecoderWish>();
        check::<PixelAspect>();
        check::<ClockZero>();
        check::<Precision>();
        check::<ProviderChoice>();
        check::<ComputeUnits>();
        check::<ColumnGroup>();
        check::<PipelineChoice>();
        check::<FaceChoice>();
        check::<CompatChoice>();
        assert_eq!(
            <ProviderChoice as Choice>::ALL.len(),
            Provider::ALL.len() + 1
        );
        assert_eq!(<ComputeUnits as Choice>::ALL.len(), ComputeUnits::ALL.len());
    }
}
