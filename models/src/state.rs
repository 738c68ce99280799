//! Whether a file of the manifest is on this machine, and whether it is the right one.
//!
//! For reports and for deciding what to fetch. Nothing is loaded on the strength of this: whoever
//! uses a file pins and reads it (see [`pin`](crate::pin)).

use std::path::PathBuf;

use crate::manifest::ModelFile;
use crate::{Content, ModelsError, Store};

/// What the store holds under the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// The file that the manifest lists.
    Installed {
        /// Where it lies.
        path: PathBuf,
    },
    /// A file that the manifest does not list but that the user trusts.
    Trusted {
        /// Where it lies.
        path: PathBuf,
        /// What it holds.
        found: Content,
    },
    /// Something else than the manifest lists.
    Altered {
        /// Where it lies.
        path: PathBuf,
        /// What it holds.
        found: Content,
    },
    /// Something, and the manifest does not say what it should be.
    Unknown {
        /// Where it lies.
        path: PathBuf,
        /// What it holds.
        found: Content,
    },
    /// Something that cannot be read.
    Unreadable {
        /// Where it lies.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Nothing.
    Missing,
}

impl FileState {
    /// Whether pipelines use the file without being told to.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Installed { .. } | Self::Trusted { .. })
    }

    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Installed { path }
            | Self::Trusted { path, .. }
            | Self::Altered { path, .. }
            | Self::Unknown { path, .. }
            | Self::Unreadable { path, .. } => Some(path),
            Self::Missing => None,
        }
    }
}

impl Store {
    /// Looks for a file as the pipelines do, and reads all of it.
    ///
    /// # Errors
    /// [`ModelsError::TrustList`].
    pub fn state(&self, file: &ModelFile) -> Result<FileState, ModelsError> {
        let Some(path) = self.find(file) else {
            return Ok(FileState::Missing);
        };
        let found = match Content::of_file(&path) {
            Ok(found) => found,
            Err(error) => {
                let reason = error.to_string();
                return Ok(FileState::Unreadable { path, reason });
            }
        };
        if file.content == Some(found) {
            return Ok(FileState::Installed { path });
        }
        Ok(if self.trusted()?.of(&file.id).contains(&found) {
            FileState::Trusted { path, found }
        } else if file.content.is_some() {
            FileState::Altered { path, found }
        } else {
            FileState::Unknown { path, found }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::{Manifest, id};

    fn put(folder: &Path, id: &str) -> PathBuf {
        let path = folder.join(&Manifest::embedded().file(id).unwrap().path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"abc").unwrap();
        path
    }

    #[test]
    fn absent_altered_unknown_and_trusted_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::locate(Some(dir.path()));
        let found = Content::of(b"abc");
        let state = |id| store.state(Manifest::embedded().file(id).unwrap()).unwrap();

        assert_eq!(state(id::AU_TRIANGLES), FileState::Missing);
        let path = put(dir.path(), id::AU_TRIANGLES);
        assert_eq!(state(id::AU_TRIANGLES), FileState::Altered { path, found });
        let path = put(dir.path(), id::OPENFACE3_MTL);
        let unknown = FileState::Unknown {
            path: path.clone(),
            found,
        };
        assert_eq!(state(id::OPENFACE3_MTL), unknown);
        let mtl = Manifest::embedded().file(id::OPENFACE3_MTL).unwrap();
        store.trust(mtl, found).unwrap();
        assert_eq!(state(id::OPENFACE3_MTL), FileState::Trusted { path, found });
        assert!(!state(id::AU_TRIANGLES).is_good() && state(id::OPENFACE3_MTL).is_good());
    }
}
