//! The networks that the engine runs: how each is opened, what it is tried out with, and how far
//! its results may be from the processor's.
//!
//! Which pipeline uses which is said elsewhere; where a network runs, too.

use faceau_inference::verify::Tolerance;
use faceau_inference::{ChooseOutputs, NetworkOptions, OnnxNetwork, Place};
use faceau_models::{Content, ModelsError, ResolvedFile, id};
use faceau_vision::openface3::{mtl, star};
use faceau_vision::tracking::pfld::Pfld;
use faceau_vision::tracking::retinaface::RetinaFace;

/// What is known of a network.
pub struct Known {
    /// Identifier of its model.
    pub id: &'static str,
    outputs: &'static [&'static str],
    choose: Option<ChooseOutputs>,
    dimensions: &'static [(&'static str, usize)],
    /// Width and height of the input that it is tried out with, where its file does not fix them.
    size: (usize, usize),
    /// Lowest and highest value of the input.
    pub range: (f32, f32),
    /// How far each output may be from the processor's. Sums in another order differ by about 1e-5
    /// of the largest value, half precision by about 1e-3.
    pub tolerances: &'static [Tolerance],
}

const fn absolute(value: f32) -> Tolerance {
    Tolerance {
        absolute: value,
        relative: 0.0,
    }
}

const KNOWN: [Known; 4] = [
    Known {
        id: id::RETINAFACE,
        outputs: &RetinaFace::<OnnxNetwork>::OUTPUTS,
        choose: None,
        dimensions: &[],
        size: (640, 480),
        range: (-123.0, 151.0),
        // Corrections are in tenths of a prior's size, so 0.05 is half a percent of the face's: less
        // than the box changes from frame to frame. Probabilities decide at 0.5, and faces score
        // above 0.9.
        tolerances: &[absolute(0.05), absolute(0.02), absolute(0.05)],
    },
    Known {
        id: id::PFLD,
        outputs: &[Pfld::<OnnxNetwork>::OUTPUT],
        choose: None,
        dimensions: &[(Pfld::<OnnxNetwork>::BATCH_DIMENSION, 1)],
        size: (112, 112),
        range: (0.0, 1.0),
        // In sides of the crop: a fifth of a pixel of the network's input.
        tolerances: &[absolute(0.002)],
    },
    Known {
        id: id::OPENFACE3_MTL,
        outputs: &[],
        choose: Some(mtl::choose_outputs),
        dimensions: &[],
        size: (224, 224),
        range: (-2.1, 2.6),
        // Scores, angles and presences, none of which is told apart better than to a hundredth.
        tolerances: &[Tolerance {
            absolute: 0.01,
            relative: 0.01,
        }],
    },
    Known {
        id: id::OPENFACE3_STAR,
        outputs: &[],
        choose: Some(star::choose_outputs),
        dimensions: &[],
        size: (256, 256),
        range: (-1.0, 1.0),
        // In halves of the crop's side: a quarter of a pixel of the network's input.
        tolerances: &[absolute(0.002)],
    },
];

/// The network with this identifier.
pub fn known(id: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == id)
}

impl Known {
    /// How it is opened, on the processor.
    pub fn options(&self) -> NetworkOptions<'static> {
        NetworkOptions {
            name: self.id,
            outputs: self.outputs,
            choose: self.choose,
            dimensions: self.dimensions,
            ..NetworkOptions::default()
        }
    }

    /// The forms in which it runs on a place: the files of fixed sizes where these are wanted and
    /// there, else the one for all sizes.
    pub fn forms(&self, file: &ResolvedFile, place: Place) -> Vec<Form> {
        let sized = file.converted.iter().filter_map(|one| {
            let (width, height) = one.variant.split_once('x')?;
            Some(Form {
                name: one.variant.clone(),
                size: (width.parse().ok()?, height.parse().ok()?),
                content: one.content,
                source: Source::Converted(one.variant.clone()),
            })
        });
        let sized: Vec<Form> = sized.collect();
        // Those are of the full precision.
        let wanted = place.wants_fixed_sizes() && file.variant.is_none();
        if wanted && !sized.is_empty() {
            sized
        } else {
            vec![self.for_all_sizes(file)]
        }
    }

    /// The network for all sizes: in the precision that is wanted, else in a form that runs faster,
    /// where the installation made one.
    pub fn for_all_sizes(&self, file: &ResolvedFile) -> Form {
        let (content, source) = match (&file.variant, file.converted("")) {
            (Some(variant), _) => (variant.content, Source::OtherPrecision),
            (None, Some(converted)) => (converted.content, Source::Converted(String::new())),
            (None, None) => (file.content, Source::Original),
        };
        Form {
            name: String::new(),
            size: self.size,
            content,
            source,
        }
    }
}

/// A file in which a network can be opened.
#[derive(Debug, Clone)]
pub struct Form {
    /// The size that it is for, as in `640x480`; empty for all sizes.
    pub name: String,
    /// Width and height of an input.
    pub size: (usize, usize),
    /// What it holds.
    pub content: Content,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Original,
    /// The network in another precision.
    OtherPrecision,
    /// What was made of it when it was installed: the variant.
    Converted(String),
}

impl Form {
    /// Its bytes, if they are what they were when the supervisor looked into them.
    ///
    /// # Errors
    /// When the file cannot be read, or is another one.
    pub fn read(&self, file: &ResolvedFile) -> Result<Vec<u8>, ModelsError> {
        match &self.source {
            Source::Converted(variant) => match file.converted(variant) {
                Some(converted) => converted.read(),
                None => file.read(),
            },
            Source::OtherPrecision => match &file.variant {
                Some(variant) => variant.read(),
                None => file.read(),
            },
            Source::Original => file.read(),
        }
    }

    /// Shape of an input.
    pub fn shape(&self) -> [usize; 4] {
        [1, 3, self.size.1, self.size.0]
    }

    /// SHA-256 in hexadecimal.
    pub fn digest(&self) -> String {
        self.content.sha256.to_string()
    }

    /// What a folder for what providers make of it is called by.
    pub fn label(&self, id: &str) -> String {
        match self.name.as_str() {
            "" => id.to_owned(),
            name => format!("{id}-{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use faceau_inference::Provider;
    use faceau_models::{Converted, Location, Precision, Variant};

    use super::*;

    fn detector(variants: &[&str]) -> ResolvedFile {
        ResolvedFile {
            id: id::RETINAFACE.into(),
            relative: "detector.onnx".into(),
            location: Location::Embedded,
            content: Content::of(b"all"),
            converted: (variants.iter())
                .map(|variant| Converted {
                    variant: (*variant).into(),
                    path: PathBuf::new(),
                    content: Content::of(variant.as_bytes()),
                })
                .collect(),
            variant: None,
        }
    }

    #[test]
    fn fixed_sizes_are_used_where_they_are_wanted_and_there() {
        let known = known(id::RETINAFACE).unwrap();
        let names = |file: &ResolvedFile, place| -> Vec<String> {
            let forms = known.forms(file, place);
            forms.into_iter().map(|form| form.name).collect()
        };
        let (core_ml, sized) = (Place::on(Provider::CoreMl), ["640x360", "480x640"]);
        assert_eq!(names(&detector(&sized), core_ml), sized);
        assert_eq!(names(&detector(&sized), Place::CPU), [""]);
        assert_eq!(names(&detector(&[]), core_ml), [""]);
        let mut whole_numbers = detector(&sized);
        whole_numbers.variant = Some(Variant {
            precision: Precision::Int8,
            path: PathBuf::new(),
            content: Content::of(b"int8"),
        });
        assert_eq!(names(&whole_numbers, core_ml), [""]);
        let form = known.for_all_sizes(&whole_numbers);
        assert_eq!(form.content, Content::of(b"int8"));
        let form = &known.forms(&detector(&sized), core_ml)[0];
        assert_eq!(form.shape(), [1, 3, 360, 640]);
        assert_eq!(form.label(id::RETINAFACE), "retinaface-640x360");
        assert_eq!(form.content, Content::of(b"640x360"));
    }

    #[test]
    fn every_network_has_tolerances_and_a_name_of_its_own() {
        for known in &KNOWN {
            assert!(!known.tolerances.is_empty(), "{}", known.id);
            let same = KNOWN.iter().filter(|other| other.id == known.id);
            assert_eq!(same.count(), 1, "{}", known.id);
        }
    }
}
