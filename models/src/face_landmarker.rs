//! The networks of Google's Face Landmarker, which are part of the program: their licence, unlike that
//! of the other model files, allows it.
//!
//! `models/face-landmarker/README.md` tells where they come from and how the files here were made of
//! that; `NOTICE` and the licence lie beside them. Their digests are fixed in a test.

use crate::embedded::{Embedded, embedded, resolved};
use crate::{ModelSet, ResolvedSet, Sha256, id};

static FILES: [Embedded; 4] = embedded![
    "../face-landmarker/";
    id::LANDMARKER_DETECTOR => "face_detector.onnx",
    id::LANDMARKER_MESH => "face_landmarks_detector.onnx",
    id::LANDMARKER_BLENDSHAPES => "face_blendshapes.onnx",
    id::LANDMARKER_GEOMETRY => "face_geometry.csv",
];

/// Who made them and what was changed.
pub const NOTICE: &str = include_str!("../face-landmarker/NOTICE");
/// The text of their licence.
pub const LICENCE: &str = include_str!("../face-landmarker/LICENSE-APACHE-2.0.txt");

/// The list of digests, which the converter checks its results against.
const SUMS: &str = include_str!("../face-landmarker/SHA256SUMS");

/// The digest that the list has for a file of this name.
pub(crate) fn listed(name: &str) -> Option<Sha256> {
    let mut lines = SUMS.lines().filter_map(|line| line.split_once("  "));
    let (digest, _) = lines.find(|(_, listed)| *listed == name)?;
    digest.parse().ok()
}

/// The files of the set.
pub(crate) fn files() -> impl Iterator<Item = &'static Embedded> {
    FILES.iter()
}

impl ResolvedSet {
    /// Face Landmarker's networks and its canonical face. No folder is looked into, and none can take
    /// their place.
    #[must_use]
    pub fn face_landmarker() -> Self {
        resolved(ModelSet::FaceLandmarker, files())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_that_the_list_of_digests_names() {
        assert_eq!(SUMS.lines().count(), FILES.len() + 2);
        let mut here: Vec<(&str, &[u8])> = FILES
            .iter()
            .map(|file| (file.relative, file.bytes))
            .collect();
        here.push(("NOTICE", NOTICE.as_bytes()));
        here.push(("LICENSE-APACHE-2.0.txt", LICENCE.as_bytes()));
        for (name, bytes) in here {
            assert_eq!(listed(name), Some(Sha256::of(bytes)), "{name}");
        }
        assert_eq!(listed("other"), None);
    }

    #[test]
    fn the_licence_and_the_changes_are_told() {
        assert!(LICENCE.contains("Apache License") && LICENCE.contains("Version 2.0"));
        for word in [
            "Google LLC",
            "Apache License",
            "Changed by the faceau project",
        ] {
            assert!(NOTICE.contains(word), "{word}");
        }
    }
}
