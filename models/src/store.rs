//! Where model files lie on this machine.
//!
//! A store is a list of folders, searched in order. People keep the files in different ways (an
//! OpenFace installation, the folder that other programs share, everything in one place), so each
//! folder is tried in several layouts. Only names count here; content is checked by `verify`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::converted::Cache;
use crate::manifest::{Conversion, ModelFile};
use crate::trust::TrustList;
use crate::{Content, Manifest, MissingFile, ModelSet, ModelsError};

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
        Self::of(Manifest::embedded(), explicit)
    }

    /// The same for the files of another manifest.
    #[must_use]
    pub fn of(manifest: &'static Manifest, explicit: Option<&Path>) -> Self {
        Self::in_surroundings(
            manifest,
            explicit,
            Surroundings {
                faceau_models: std::env::var_os("FACEAU_MODELS"),
                openface_models_dir: std::env::var_os("OPENFACE_MODELS_DIR"),
                data_dir: dirs::data_dir(),
            },
        )
    }

    fn in_surroundings(
        manifest: &'static Manifest,
        explicit: Option<&Path>,
        around: Surroundings,
    ) -> Self {
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
        Self { manifest, roots }
    }

    /// The list of the files that are looked for.
    #[must_use]
    pub fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    /// The folders, in the order in which they are searched.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|root| root.folder.as_path())
    }

    /// Finds every file of `set`. Looks at names only.
    ///
    /// # Errors
    /// [`ModelsError::Missing`] with all files that were not found, or
    /// [`ModelsError::TrustList`].
    pub fn resolve(&self, set: ModelSet) -> Result<FoundSet, ModelsError> {
        self.resolve_without(set, &[])
    }

    /// Finds the files of `set` but those whose ids are `unneeded`, whether they are there or not.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn resolve_without(
        &self,
        set: ModelSet,
        unneeded: &[&str],
    ) -> Result<FoundSet, ModelsError> {
        let trusted = self.trusted()?;
        let (mut files, mut missing) = (Vec::new(), Vec::new());
        let needed = |file: &&ModelFile| !unneeded.contains(&file.id.as_str());
        for file in self.manifest.files_of(set).filter(needed) {
            match self.find(file) {
                Some(path) => files.push(FoundFile {
                    id: file.id.clone(),
                    relative: file.path.clone(),
                    path,
                    listed: file.content,
                    trusted: trusted.of(&file.id).to_vec(),
                    conversion: file.conversion,
                }),
                None => missing.push(MissingFile {
                    id: file.id.clone(),
                    relative: file.path.clone(),
                    origin: format!("{} ({})", file.origin.title, file.origin.page),
                }),
            }
        }
        if missing.is_empty() {
            return Ok(FoundSet {
                set,
                files,
                cache: self.cache(),
            });
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
        self.roots_for(file)
            .flat_map(|root| {
                let place = |layout: &String| root.folder.join(layout).join(&file.path);
                file.origin.layouts.iter().map(place)
            })
            .find(|candidate| candidate.is_file())
    }

    /// Where a file belongs when it is brought in: OpenFace's files into the folder that programs
    /// share, all others into faceau's own, or everything into the folder that was named.
    ///
    /// # Errors
    /// [`ModelsError::NoHome`] when the user has no data folder and none was named.
    pub fn home(&self, file: &ModelFile) -> Result<Home, ModelsError> {
        let root = self.roots_for(file).last().ok_or(ModelsError::NoHome)?;
        let layout = if root.openface_only {
            ""
        } else {
            file.origin.layouts.first().map_or("", String::as_str)
        };
        Ok(Home {
            path: root.folder.join(layout).join(&file.path),
            root: root.folder.clone(),
        })
    }

    /// The folder for faceau's own files.
    pub(crate) fn own_folder(&self) -> Result<&Path, ModelsError> {
        let own = self.roots.iter().rfind(|root| !root.openface_only);
        Ok(&own.ok_or(ModelsError::NoHome)?.folder)
    }

    /// Where results of conversions are looked for.
    pub(crate) fn cache(&self) -> Cache {
        Cache::in_folders(self.own_folders())
    }

    /// The folders in which faceau's own files are looked for.
    pub(crate) fn own_folders(&self) -> impl Iterator<Item = &Path> {
        let own = self.roots.iter().filter(|root| !root.openface_only);
        own.map(|root| root.folder.as_path())
    }

    /// Notes that the user trusts this content as that of `file`.
    ///
    /// # Errors
    /// [`ModelsError::NoHome`], and [`ModelsError::TrustList`] when the note cannot be written.
    pub fn trust(&self, file: &ModelFile, content: Content) -> Result<(), ModelsError> {
        TrustList::add(&self.home(file)?.root, &file.id, content)
    }

    /// The files that the user trusts, from the lists in all folders.
    pub(crate) fn trusted(&self) -> Result<TrustList, ModelsError> {
        TrustList::read_all(self.folders())
    }

    /// The folders in which this file is looked for.
    fn roots_for(&self, file: &ModelFile) -> impl DoubleEndedIterator<Item = &Root> {
        let openface = file.origin_id == OPENFACE;
        self.roots
            .iter()
            .filter(move |root| !root.openface_only || openface)
    }
}

/// The place of a file that is brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The file's path.
    pub path: PathBuf,
    /// The store's folder that it lies in.
    pub root: PathBuf,
}

/// A file of the manifest, found on this machine by its name; nobody has looked into it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its id in the manifest; see [`crate::id`].
    pub id: String,
    /// Its path relative to its origin's folder, with `/`.
    pub relative: String,
    /// Where it lies: absolute.
    pub path: PathBuf,
    /// What the manifest says it holds, if it does.
    pub listed: Option<Content>,
    /// What else the user trusts under this name.
    pub trusted: Vec<Content>,
    /// What is made of it when it is installed.
    pub conversion: Option<Conversion>,
}

/// All files of a set, found on this machine by their names. [`pin`](crate::pin) looks into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSet {
    /// The set.
    pub set: ModelSet,
    /// Its files, in the manifest's order.
    pub files: Vec<FoundFile>,
    /// Where results of conversions are looked for.
    pub(crate) cache: Cache,
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
