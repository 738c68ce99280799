//! What was made of files when they were installed, and how to be sure of it.
//!
//! Results of conversions lie in the folder `converted` of a store. A record beside them says of which
//! content they were made, by which version of the conversion, and what each holds; its name holds the
//! first two, so that whatever is out of date is simply not found. A result whose content is not what
//! the record says is not used either. The record is written last.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::manifest::{Conversion, ModelFile};
use crate::{Content, ModelsError, Store, files};

/// The folder in a store.
const FOLDER: &str = "converted";

impl Conversion {
    /// Its version: a new one whenever it would make other files of the same ones.
    #[must_use]
    pub const fn version(self) -> u32 {
        match self {
            Self::MtcnnToOnnx
            | Self::WithoutSubnormals
            | Self::FixedSizes
            | Self::LastLandmarks => 1,
        }
    }
}

/// A file that was made of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// What distinguishes it from the others that were made of the same file; empty where it is the
    /// only one.
    pub variant: String,
    /// Where it lies: absolute.
    pub path: PathBuf,
    /// What it held when it was looked into, and must hold when it is read.
    pub content: Content,
}

/// What is written beside the results.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// The file that they were made of.
    source: Content,
    /// The results, by variant.
    results: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    variant: String,
    name: String,
    content: Content,
}

/// Where results for files of a store are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cache {
    folders: Vec<PathBuf>,
}

impl Cache {
    pub(crate) fn in_folders<'a>(folders: impl Iterator<Item = &'a Path>) -> Self {
        Self {
            folders: folders.map(|folder| folder.join(FOLDER)).collect(),
        }
    }

    /// What was made of the file `id` with this content: all of it, or nothing.
    pub(crate) fn find(&self, id: &str, conversion: Conversion, source: Content) -> Vec<Converted> {
        let stem = stem(id, conversion, source);
        self.folders
            .iter()
            .find_map(|folder| read(folder, &stem, source))
            .unwrap_or_default()
    }
}

/// The results that a folder's record names, if all are what it says.
fn read(folder: &Path, stem: &str, source: Content) -> Option<Vec<Converted>> {
    let text = std::fs::read_to_string(record_path(folder, stem)).ok()?;
    let record: Record = toml::from_str(&text).ok()?;
    if record.source != source {
        return None;
    }
    let whole = |entry: Entry| {
        // Only files of this folder, whatever the record says.
        let path = folder.join(Path::new(&entry.name).file_name()?);
        let found = Content::of_file(&path).ok()?;
        (found == entry.content).then_some(Converted {
            variant: entry.variant,
            path,
            content: entry.content,
        })
    };
    record.results.into_iter().map(whole).collect()
}

/// The common part of the names of a conversion's files.
fn stem(id: &str, conversion: Conversion, source: Content) -> String {
    let digest = source.sha256.to_string();
    format!(
        "{}-v{}-{}",
        id.replace('/', "-"),
        conversion.version(),
        &digest[..16]
    )
}

fn record_path(folder: &Path, stem: &str) -> PathBuf {
    folder.join(format!("{stem}.toml"))
}

impl Store {
    /// What was made of a file with this content, if it is there and right.
    #[must_use]
    pub fn converted(&self, file: &ModelFile, source: Content) -> Vec<Converted> {
        match file.conversion {
            Some(conversion) => self.cache().find(&file.id, conversion, source),
            None => Vec::new(),
        }
    }

    /// Keeps what was made of a file, by variant. Processes that do this at once write the same.
    ///
    /// # Errors
    /// [`ModelsError::NoHome`], and [`ModelsError::Unwritable`] when the system refuses.
    pub fn keep_converted(
        &self,
        file: &ModelFile,
        conversion: Conversion,
        source: Content,
        results: &[(String, Vec<u8>)],
    ) -> Result<(), ModelsError> {
        let folder = self.own_folder()?.join(FOLDER);
        let stem = stem(&file.id, conversion, source);
        let write = |path: PathBuf, bytes: &[u8]| {
            files::write_whole(&path, bytes)
                .map_err(|cause| ModelsError::Unwritable { path, cause })
        };
        let mut record = Record {
            source,
            results: Vec::new(),
        };
        for (variant, bytes) in results {
            let name = if variant.is_empty() {
                format!("{stem}.onnx")
            } else {
                format!("{stem}-{variant}.onnx")
            };
            write(folder.join(&name), bytes)?;
            record.results.push(Entry {
                variant: variant.clone(),
                name,
                content: Content::of(bytes),
            });
        }
        let text =
            toml::to_string(&record).map_err(|error| ModelsError::Manifest(error.to_string()))?;
        write(record_path(&folder, &stem), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Manifest, id};

    #[test]
    fn results_count_only_while_all_of_them_are_what_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::locate(Some(dir.path()));
        let file = Manifest::embedded().file(id::RETINAFACE).unwrap();
        let source = Content::of(b"source");
        assert_eq!(store.converted(file, source), []);

        let results = [
            ("a".to_owned(), b"1".to_vec()),
            ("b".to_owned(), b"2".to_vec()),
        ];
        let keep = || {
            let conversion = Conversion::FixedSizes;
            store
                .keep_converted(file, conversion, source, &results)
                .unwrap();
        };
        keep();
        let found = store.converted(file, source);
        let variants: Vec<&str> = found.iter().map(|one| one.variant.as_str()).collect();
        assert_eq!(variants, ["a", "b"]);
        assert_eq!(fs::read(&found[1].path).unwrap(), b"2");
        assert_eq!(found[1].content, Content::of(b"2"));

        // Of another file, nothing was made yet.
        assert_eq!(store.converted(file, Content::of(b"other")), []);
        fs::write(&found[0].path, "3").unwrap();
        assert_eq!(store.converted(file, source), []);
        keep();
        assert_eq!(store.converted(file, source), found);
        fs::remove_file(&found[1].path).unwrap();
        assert_eq!(store.converted(file, source), []);
    }
}
