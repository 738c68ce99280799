//! Whether a file of the manifest is on this machine, and whether it is the right one.
//!
//! For reports and for deciding what to fetch. Nothing is loaded on the strength of this: whoever
//! uses a file reads it with [`read_verified`](crate::read_verified).

use std::fs::File;
use std::path::PathBuf;

use crate::manifest::ModelFile;
use crate::{ModelsError, Sha256, Store};

/// What the store holds under the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// The file that the manifest lists.
    Installed {
        /// Where it lies.
        path: PathBuf,
    },
    /// Something else.
    Altered {
        /// Where it lies.
        path: PathBuf,
        /// Its digest.
        found: Sha256,
        /// Its size in bytes.
        found_size: u64,
    },
    /// Nothing.
    Missing,
}

impl Store {
    /// Looks for a file as the pipelines do, and reads all of it.
    ///
    /// # Errors
    /// [`ModelsError::Unreadable`].
    pub fn state(&self, file: &ModelFile) -> Result<FileState, ModelsError> {
        let Some(path) = self.find(file) else {
            return Ok(FileState::Missing);
        };
        let read = File::open(&path).and_then(|mut content| Sha256::of_all(&mut content));
        match read {
            Ok((sha256, size)) if sha256 == file.sha256 && size == file.size => {
                Ok(FileState::Installed { path })
            }
            Ok((found, found_size)) => Ok(FileState::Altered {
                path,
                found,
                found_size,
            }),
            Err(source) => Err(ModelsError::Unreadable { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Manifest, id};

    #[test]
    fn absent_and_altered_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::locate(Some(dir.path()));
        let file = Manifest::embedded().file(id::AU_TRIANGLES).unwrap();
        assert_eq!(store.state(file).unwrap(), FileState::Missing);
        let path = dir.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"abc").unwrap();
        let altered = FileState::Altered {
            path,
            found: Sha256::of(b"abc"),
            found_size: 3,
        };
        assert_eq!(store.state(file).unwrap(), altered);
    }
}
