//! Model files that no manifest describes but that the user has vouched for.
//!
//! `models import --trust` notes what it took in `faceau-trusted.toml` in the folder that it brought
//! the files into: for each id the contents that are as good as the listed one. Results still say
//! that they were made with files that the manifest does not list.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Content, ModelsError, files};

/// Name of the list in a store's folder.
const NAME: &str = "faceau-trusted.toml";

/// The contents that are trusted, by the id of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustList {
    #[serde(default)]
    trusted: BTreeMap<String, Vec<Content>>,
}

impl TrustList {
    /// The lists in these folders as one; folders without a list add nothing.
    pub fn read_all<'a>(folders: impl Iterator<Item = &'a Path>) -> Result<Self, ModelsError> {
        let mut all = Self::default();
        for folder in folders {
            for (id, contents) in Self::read(folder)?.trusted {
                all.trusted.entry(id).or_default().extend(contents);
            }
        }
        Ok(all)
    }

    /// What is trusted under this id.
    pub fn of(&self, id: &str) -> &[Content] {
        self.trusted.get(id).map_or(&[], Vec::as_slice)
    }

    /// Adds a content to the list of a folder.
    pub fn add(folder: &Path, id: &str, content: Content) -> Result<(), ModelsError> {
        let mut list = Self::read(folder)?;
        let contents = list.trusted.entry(id.to_owned()).or_default();
        if !contents.contains(&content) {
            contents.push(content);
        }
        let broken = |reason: String| broken(folder, reason);
        let text = toml::to_string_pretty(&list).map_err(|error| broken(error.to_string()))?;
        files::write_whole(&path_in(folder), text.as_bytes()).map_err(|e| broken(e.to_string()))
    }

    fn read(folder: &Path) -> Result<Self, ModelsError> {
        match std::fs::read_to_string(path_in(folder)) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                // The first line says where; the rest draws it.
                let reason = error.message().to_owned();
                broken(folder, reason)
            }),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(Self::default())
            }
            Err(error) => Err(broken(folder, error.to_string())),
        }
    }
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

fn broken(folder: &Path, reason: String) -> ModelsError {
    ModelsError::TrustList {
        path: path_in(folder),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (Content::of(b"one"), Content::of(b"two"));
        for content in [one, two, one] {
            TrustList::add(dir.path(), "pfld", content).unwrap();
        }
        let absent = dir.path().join("absent");
        let list = TrustList::read_all([absent.as_path(), dir.path()].into_iter()).unwrap();
        assert_eq!(list.of("pfld"), [one, two]);
        assert!(list.of("retinaface").is_empty());
    }

    #[test]
    fn a_list_that_makes_no_sense_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NAME), "trusted = 3").unwrap();
        let error = TrustList::read_all([dir.path()].into_iter()).unwrap_err();
        assert!(error.to_string().contains(NAME), "{error}");
    }
}
