//! Files that were looked into, and which must stay what they were.
//!
//! A [`ResolvedSet`] is what processes pass to each other: where each file lies and what it holds.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Content, Converted, ModelSet, ModelsError, Variant};

/// Where a model file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Location {
    /// In this file: absolute. Serializing fails if the path is not Unicode.
    File(PathBuf),
    /// In the program itself: one of the demo models.
    Embedded,
}

/// A model file on this machine, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedFile {
    /// Its id in the manifest; see [`crate::id`].
    pub id: String,
    /// Its path relative to its origin's folder, with `/`.
    pub relative: String,
    /// Where it lies.
    pub location: Location,
    /// What it held when it was looked into, and must hold when it is read.
    pub content: Content,
    /// What was made of it when it was installed; pipelines that can use it do.
    pub converted: Vec<Converted>,
    /// The network in another precision, where that is to be used in its stead.
    pub variant: Option<Variant>,
}

impl ResolvedFile {
    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.location {
            Location::File(path) => path.display().to_string(),
            Location::Embedded => format!("{} (part of the program)", self.relative),
        }
    }
}

/// All files of a set, looked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedSet {
    /// The set.
    pub set: ModelSet,
    /// Its files, in the manifest's order.
    pub files: Vec<ResolvedFile>,
}

impl ResolvedSet {
    /// The file with this id.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<&ResolvedFile> {
        self.files.iter().find(|file| file.id == id)
    }

    /// The file that `index`, a file of this set, calls `name`: OpenFace's index files name others
    /// relative to their own folder, some with `\` between folders.
    #[must_use]
    pub fn named_by(&self, index: &ResolvedFile, name: &str) -> Option<&ResolvedFile> {
        let name = name.replace('\\', "/");
        let relative = match index.relative.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{name}"),
            None => name,
        };
        self.files.iter().find(|file| file.relative == relative)
    }

    /// Reads the file with this id.
    ///
    /// # Errors
    /// [`ModelsError::NotInSet`], and as [`ResolvedFile::read`].
    pub fn read(&self, id: &str) -> Result<Vec<u8>, ModelsError> {
        self.read_found(id, self.file(id))
    }

    /// Reads the file that `index`, a file of this set, calls `name`.
    ///
    /// # Errors
    /// As [`ResolvedSet::read`].
    pub fn read_named_by(&self, index: &ResolvedFile, name: &str) -> Result<Vec<u8>, ModelsError> {
        self.read_found(name, self.named_by(index, name))
    }

    /// Reads the file at a path relative to its origin's folder.
    ///
    /// # Errors
    /// As [`ResolvedSet::read`].
    pub fn read_at(&self, relative: &str) -> Result<Vec<u8>, ModelsError> {
        let found = self.files.iter().find(|file| file.relative == relative);
        self.read_found(relative, found)
    }

    fn read_found(&self, name: &str, found: Option<&ResolvedFile>) -> Result<Vec<u8>, ModelsError> {
        let file = found.ok_or_else(|| ModelsError::NotInSet {
            set: self.set,
            file: name.to_owned(),
        })?;
        file.read()
    }
}
