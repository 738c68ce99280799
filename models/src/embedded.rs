//! Model files that are part of the program: which they are is said by the modules of the sets.
//!
//! The manifest does not list them: there is nothing to find, to download or to replace.

use crate::{Content, Location, ModelSet, ResolvedFile, ResolvedSet, demo, face_landmarker};

/// A file of the program.
pub(crate) struct Embedded {
    pub id: &'static str,
    /// Path below the set's folder, with `/`.
    pub relative: &'static str,
    pub bytes: &'static [u8],
}

/// Files of a folder (a literal, seen from `src`): ids and paths.
macro_rules! embedded {
    ($folder:literal; $($id:expr => $relative:expr),* $(,)?) => {
        [$($crate::embedded::Embedded {
            id: $id,
            relative: $relative,
            bytes: include_bytes!(concat!($folder, $relative)),
        }),*]
    };
}
pub(crate) use embedded;

/// A set of such files.
pub(crate) fn resolved(
    set: ModelSet,
    files: impl Iterator<Item = &'static Embedded>,
) -> ResolvedSet {
    let files = files.map(|file| ResolvedFile {
        id: file.id.to_owned(),
        relative: file.relative.to_owned(),
        location: Location::Embedded,
        content: Content::of(file.bytes),
        converted: Vec::new(),
        variant: None,
    });
    ResolvedSet {
        set,
        files: files.collect(),
    }
}

/// The file at a path below its set's folder, if it holds `content`.
pub(crate) fn bytes(relative: &str, content: Content) -> Option<&'static [u8]> {
    demo::files()
        .chain(face_landmarker::files())
        .filter(|file| file.relative == relative)
        .map(|file| file.bytes)
        .find(|bytes| Content::of(bytes) == content)
}

impl ResolvedSet {
    /// A set that is part of the program; `None` for those that are installed.
    #[must_use]
    pub fn embedded(set: ModelSet) -> Option<Self> {
        match set {
            ModelSet::Demo => Some(Self::demo()),
            ModelSet::FaceLandmarker => Some(Self::face_landmarker()),
            _ => None,
        }
    }
}

/// Whether a file that is part of the program is the one whose digest is listed beside it. Of the demo
/// models, which this project trains anew now and then, there is no list.
#[must_use]
pub fn is_listed(set: ModelSet, file: &ResolvedFile) -> bool {
    match set {
        ModelSet::FaceLandmarker => {
            face_landmarker::listed(&file.relative) == Some(file.content.sha256)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_sets_are_whole_and_no_two_files_share_a_path() {
        let mut paths = std::collections::BTreeSet::new();
        for set in ModelSet::EMBEDDED {
            let resolved = ResolvedSet::embedded(set).unwrap();
            assert_eq!(resolved.set, set);
            assert!(!resolved.files.is_empty());
            for file in resolved.files {
                assert!(paths.insert(file.relative.clone()), "{}", file.relative);
                assert_eq!(Content::of(&file.read().unwrap()), file.content);
            }
        }
        assert!(
            ModelSet::ALL
                .into_iter()
                .all(|set| ResolvedSet::embedded(set).is_none())
        );
    }
}
