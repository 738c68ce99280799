//! The demo models: trained by this project on its own synthetic face, and part of the program.
//!
//! They let everything run on a machine without any model file. They know only the synthetic face;
//! `models/demo/README.md` tells how they were made. The manifest does not list them: there is
//! nothing to find or to download.

use crate::embedded::{Embedded, embedded, resolved};
use crate::{ModelSet, ResolvedSet, id};

/// The action units' models: intensities (`_r`) and presences (`_c`).
macro_rules! predictors {
    ($($name:literal)*) => {
        embedded!["../demo/"; $(concat!("au/", $name) => concat!("au/", $name, ".dat")),*]
    };
}

static FILES: [Embedded; 6] = embedded![
    "../demo/";
    id::RETINAFACE => "detector.onnx",
    id::PFLD => "landmarks.onnx",
    id::VALIDATOR_68 => "validator.dat",
    id::AU_PDM => "shape.txt",
    id::AU_TRIANGLES => "triangles.txt",
    id::AU_VIDEO_PREDICTORS => "au/predictors.txt",
];

static PREDICTORS: [Embedded; 35] = predictors![
    "AU01_r" "AU02_r" "AU04_r" "AU05_r" "AU06_r" "AU07_r" "AU09_r" "AU10_r" "AU12_r"
    "AU14_r" "AU15_r" "AU17_r" "AU20_r" "AU23_r" "AU25_r" "AU26_r" "AU45_r"
    "AU01_c" "AU02_c" "AU04_c" "AU05_c" "AU06_c" "AU07_c" "AU09_c" "AU10_c" "AU12_c"
    "AU14_c" "AU15_c" "AU17_c" "AU20_c" "AU23_c" "AU25_c" "AU26_c" "AU28_c" "AU45_c"
];

/// The files of the set.
pub(crate) fn files() -> impl Iterator<Item = &'static Embedded> {
    FILES.iter().chain(&PREDICTORS)
}

impl ResolvedSet {
    /// The demo models. No folder is looked into, and none can take their place.
    #[must_use]
    pub fn demo() -> Self {
        resolved(ModelSet::Demo, files())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Content, Manifest};

    #[test]
    fn every_model_that_the_list_names_is_there() {
        let set = ResolvedSet::demo();
        assert_eq!(set.files.len(), 41);
        for file in &set.files {
            assert!(!file.read().unwrap().is_empty(), "{}", file.name());
        }
        let list = set.file(id::AU_VIDEO_PREDICTORS).unwrap();
        let text = String::from_utf8(set.read(&list.id).unwrap()).unwrap();
        for line in text.lines() {
            let (name, _) = line.split_once(' ').unwrap();
            assert!(!set.read_named_by(list, name).unwrap().is_empty(), "{line}");
        }
        assert_eq!(text.lines().count(), 35);
    }

    /// They may come from another training.
    #[test]
    fn a_file_of_another_build_is_refused() {
        let mut file = ResolvedSet::demo().files.swap_remove(0);
        file.content = Content::of(b"other");
        assert!(file.read().is_err());
        let mut file = ResolvedSet::demo().files.swap_remove(0);
        file.relative = "absent.onnx".into();
        let error = file.read().unwrap_err().to_string();
        assert!(error.contains("absent.onnx"), "{error}");
    }

    #[test]
    fn the_set_is_small_and_nothing_to_be_installed() {
        let size: usize = files().map(|file| file.bytes.len()).sum();
        assert!(size < 4_000_000, "{size} bytes");
        assert_eq!(Manifest::embedded().files_of(ModelSet::Demo).count(), 0);
        assert!(!ModelSet::ALL.contains(&ModelSet::Demo));
    }
}
