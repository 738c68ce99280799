//! Where model files lie on this machine.
//!
//! A store is a list of folders, searched in order. People keep the files in different ways (an
//! OpenFace installation, the folder that other programs share, everything in one place), so each
//! folder is tried in several layouts. Only names count here; content is checked by `verify`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::manifest::ModelFile;
use crate::{Manifest, MissingFile, ModelSet, ModelsError, Sha256};

/// The origin whose files may also lie in the folder that programs using OpenFace's models share.
const OPENFACE: &str = "openface";

/// The folders in which model files are looked for.
#[derive(Debug, Clone)]
pub struct Store {
    manifest: &'static Manifest,
    roots: Vec<Root>,
}

/// One folder of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Root {
    folder: PathBuf,
    /// Whether only OpenFace's files are looked for in it.
    openface_only: bool,
}

/// What decides where a store is, apart from the command line.
#[derive(Default)]
struct Surroundings {
    /// `FACEAU_MODELS`.
    faceau_models: Option<OsString>,
    /// `OPENFACE_MODELS_DIR`.
    openface_models_dir: Option<OsString>,
    /// The user's folder for application data.
    data_dir: Option<PathBuf>,
}

impl Store {
    /// The folders to search, in this order:
    ///
    /// - only `explicit` if it is given (the option `--models DIR`), otherwise
    /// - `FACEAU_MODELS`, if set;
    /// - `faceau/models` in the user's data folder (`~/Library/Application Support` on macOS,
    ///   `$XDG_DATA_HOME` or `~/.local/share` on Linux);
    /// - for OpenFace's files `OPENFACE_MODELS_DIR`, or, if that is not set,
    ///   `OpenFaceModels/2.2.0/originals` in the user's data folder.
    ///
    /// In each folder a file is looked for in its origin's layouts, so an ONNX file as
    /// `onnx/<file>` or `<file>`, an OpenFace file (`lib/local/…`) below
    /// `OpenFaceModels/2.2.0/originals`, `2.2.0/originals`, `originals` or the folder itself.
    #[must_use]
    pub fn locate(explicit: Option<&Path>) -> Self {
        Self::in_surroundings(
            explicit,
            Surroundings {
                faceau_models: std::env::var_os("FACEAU_MODELS"),
                openface_models_dir: std::env::var_os("OPENFACE_MODELS_DIR"),
                data_dir: dirs::data_dir(),
            },
        )
    }

    fn in_surroundings(explicit: Option<&Path>, around: Surroundings) -> Self {
        // An empty variable is how shells say "not set".
        let folder = |value: Option<OsString>| value.filter(|v| !v.is_empty()).map(PathBuf::from);
        let in_data = |below: &str| around.data_dir.as_ref().map(|data| data.join(below));
        let folders = match explicit {
            Some(only) => vec![(Some(only.to_owned()), false)],
            None => vec![
                (folder(around.faceau_models), false),
                (in_data("faceau/models"), false),
                (
                    folder(around.openface_models_dir)
                        .or_else(|| in_data("OpenFaceModels/2.2.0/originals")),
                    true,
                ),
            ],
        };
        let roots = folders
            .into_iter()
            .filter_map(|(folder, openface_only)| {
                let folder = folder?;
                // Absolute, because worker processes get the paths that are found.
                let folder = std::path::absolute(&folder).unwrap_or(folder);
                Some(Root {
                    folder,
                    openface_only,
                })
            })
            .collect();
        Self {
            manifest: Manifest::embedded(),
            roots,
        }
    }

    /// The folders, in the order in which they are searched.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|root| root.folder.as_path())
    }

    /// Finds every file of `set`. Looks at names only.
    ///
    /// # Errors
    /// [`ModelsError::Missing`] with all files that were not found.
    pub fn resolve(&self, set: ModelSet) -> Result<ResolvedSet, ModelsError> {
        let (mut files, mut missing) = (Vec::new(), Vec::new());
        for file in self.manifest.files_of(set) {
            match self.find(file) {
                Some(path) => files.push(ResolvedFile {
                    id: file.id.clone(),
                    relative: file.path.clone(),
                    path,
                    size: file.size,
                    sha256: file.sha256,
                }),
                None => missing.push(MissingFile {
                    id: file.id.clone(),
                    relative: file.path.clone(),
                    origin: format!("{} ({})", file.origin.title, file.origin.page),
                }),
            }
        }
        if missing.is_empty() {
            return Ok(ResolvedSet { set, files });
        }
        Err(ModelsError::Missing {
            set,
            of: files.len() + missing.len(),
            missing,
            looked_in: self.folders().map(Path::to_owned).collect(),
        })
    }

    /// The first place where a file of this name lies.
    pub(crate) fn find(&self, file: &ModelFile) -> Option<PathBuf> {
        self.roots
            .iter()
            .filter(|root| !root.openface_only || file.origin_id == OPENFACE)
            .flat_map(|root| {
                let place = |layout: &String| root.folder.join(layout).join(&file.path);
                file.origin.layouts.iter().map(place)
            })
            .find(|candidate| candidate.is_file())
    }
}

/// A file of the manifest, found on this machine; its content is not checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedFile {
    /// Its id in the manifest; see [`crate::id`].
    pub id: String,
    /// Its path relative to its origin's folder, with `/`.
    pub relative: String,
    /// Where it lies: absolute. Serializing fails if it is not Unicode.
    pub path: PathBuf,
    /// Expected size in bytes.
    pub size: u64,
    /// Expected digest.
    pub sha256: Sha256,
}

/// All files of a set, found on this machine.
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
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
