//! Reading model files, and only the right ones.
//!
//! A file is read once and its digest taken from the very bytes that are handed out, so nothing can
//! change in between. What the bytes mean is for others to say.

use std::fs;
use std::path::Path;

use crate::embedded;
use crate::resolved::{Location, ResolvedFile, ResolvedSet};
use crate::{AlteredFile, Content, Converted, FoundFile, FoundSet, ModelSet, ModelsError};

/// What to do with a file whose content neither the manifest lists nor the user trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownModels {
    /// Refuse it: results would not be what anybody expects.
    Refuse,
    /// Use it (`--allow-unknown-models`): the user trains or tries models of their own.
    Allow,
}

/// A set whose files were read and found acceptable; see [`pin`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedSet {
    /// The set, expecting of every file exactly what it was found to be.
    pub set: ResolvedSet,
    /// Ids of the files that the manifest does not list: those that the user trusts, and others
    /// where those are allowed.
    pub unknown: Vec<String>,
}

/// Checks every file of a set and notes what was found, so that whoever gets the pinned set, another
/// process or a later run, reads the same bytes or nothing.
///
/// # Errors
/// For the first file that fails: [`ModelsError::Unreadable`]; with [`UnknownModels::Refuse`] also
/// [`ModelsError::Altered`] and [`ModelsError::Untrusted`].
pub fn pin(found: &FoundSet, unknown: UnknownModels) -> Result<PinnedSet, ModelsError> {
    let mut pinned = PinnedSet {
        set: ResolvedSet {
            set: found.set,
            files: Vec::with_capacity(found.files.len()),
        },
        unknown: Vec::new(),
    };
    for file in &found.files {
        let content = Content::of_file(&file.path).map_err(|e| unreadable(&file.path, e))?;
        if file.listed != Some(content) {
            if !file.trusted.contains(&content) && unknown == UnknownModels::Refuse {
                return Err(refusal(file, content));
            }
            pinned.unknown.push(file.id.clone());
        }
        pinned.set.files.push(ResolvedFile {
            id: file.id.clone(),
            relative: file.relative.clone(),
            location: Location::File(file.path.clone()),
            content,
            converted: match file.conversion {
                Some(conversion) => found.cache.find(&file.id, conversion, content),
                None => Vec::new(),
            },
            variant: None,
        });
    }
    Ok(pinned)
}

fn refusal(file: &FoundFile, found: Content) -> ModelsError {
    match file.listed {
        Some(expected) => altered(&file.id, &file.path, expected, found),
        None => ModelsError::Untrusted {
            path: file.path.clone(),
            found,
        },
    }
}

impl ResolvedFile {
    /// Reads the file, if it still is what it was.
    ///
    /// # Errors
    /// [`ModelsError::Unreadable`] and [`ModelsError::Altered`]; [`ModelsError::NotInSet`] when it is
    /// part of another build of the program.
    pub fn read(&self) -> Result<Vec<u8>, ModelsError> {
        match &self.location {
            Location::File(path) => read_exactly(&self.id, path, self.content),
            Location::Embedded => embedded::bytes(&self.relative, self.content)
                .map(<[u8]>::to_owned)
                .ok_or_else(|| ModelsError::NotInSet {
                    set: ModelSet::Demo,
                    file: self.relative.clone(),
                }),
        }
    }

    /// What was made of it, in this variant, if it is there.
    #[must_use]
    pub fn converted(&self, variant: &str) -> Option<&Converted> {
        self.converted.iter().find(|one| one.variant == variant)
    }
}

impl Converted {
    /// Reads the file, if it still is what it was.
    ///
    /// # Errors
    /// [`ModelsError::Unreadable`] and [`ModelsError::Altered`].
    pub fn read(&self) -> Result<Vec<u8>, ModelsError> {
        read_exactly(&self.variant, &self.path, self.content)
    }
}

/// Reads a file that must hold `expected`; `id` is for the message.
pub(crate) fn read_exactly(
    id: &str,
    path: &Path,
    expected: Content,
) -> Result<Vec<u8>, ModelsError> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, error))?;
    let found = Content::of(&bytes);
    if found == expected {
        Ok(bytes)
    } else {
        Err(altered(id, path, expected, found))
    }
}

fn altered(id: &str, path: &Path, expected: Content, found: Content) -> ModelsError {
    ModelsError::Altered(Box::new(AlteredFile {
        id: id.to_owned(),
        path: path.to_owned(),
        expected,
        found,
    }))
}

fn unreadable(path: &Path, cause: std::io::Error) -> ModelsError {
    ModelsError::Unreadable {
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converted::Cache;
    use crate::{Manifest, ModelSet, Store};

    fn found_with(folder: &Path, content: &[u8]) -> FoundSet {
        let path = folder.join("model.dat");
        fs::write(&path, content).unwrap();
        let file = FoundFile {
            id: "model".into(),
            relative: "model.dat".into(),
            path,
            listed: Some(Content::of(b"abc")),
            trusted: vec![Content::of(b"mine")],
            conversion: None,
        };
        FoundSet {
            set: ModelSet::Pfld,
            files: vec![file],
            cache: Cache::default(),
        }
    }

    #[test]
    fn the_right_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        for unknown in [UnknownModels::Refuse, UnknownModels::Allow] {
            let pinned = pin(&found_with(dir.path(), b"abc"), unknown).unwrap();
            assert_eq!(pinned.unknown, [""; 0]);
            assert_eq!(pinned.set.read("model").unwrap(), b"abc");
        }
    }

    #[test]
    fn a_file_that_the_user_trusts_is_read_and_named() {
        let dir = tempfile::tempdir().unwrap();
        let pinned = pin(&found_with(dir.path(), b"mine"), UnknownModels::Refuse).unwrap();
        assert_eq!(pinned.unknown, ["model"]);
        assert_eq!(pinned.set.read("model").unwrap(), b"mine");
    }

    #[test]
    fn an_altered_file_is_refused_or_marked() {
        let dir = tempfile::tempdir().unwrap();
        for content in [&b"abd"[..], b"ab", b"abc\r\n", b""] {
            let found = found_with(dir.path(), content);
            let message = pin(&found, UnknownModels::Refuse).unwrap_err().to_string();
            for part in [
                found.files[0].path.to_str().unwrap(),
                &Content::of(b"abc").to_string(),
                &Content::of(content).to_string(),
                "--allow-unknown-models",
            ] {
                assert!(message.contains(part), "{part} not in: {message}");
            }
            assert!(!message.contains('\n'));

            let pinned = pin(&found, UnknownModels::Allow).unwrap();
            assert_eq!(pinned.unknown, ["model"]);
            assert_eq!(pinned.set.read("model").unwrap(), content);
        }
    }

    #[test]
    fn a_file_that_nobody_has_described_needs_trust() {
        let dir = tempfile::tempdir().unwrap();
        let mut found = found_with(dir.path(), b"new");
        found.files[0].listed = None;
        let message = pin(&found, UnknownModels::Refuse).unwrap_err().to_string();
        assert!(message.contains("import --trust"), "{message}");
        found.files[0].trusted = vec![Content::of(b"new")];
        let pinned = pin(&found, UnknownModels::Refuse).unwrap();
        assert_eq!(pinned.unknown, ["model"]);
    }

    #[test]
    fn a_file_that_vanished_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let found = found_with(dir.path(), b"abc");
        let file = &found.files[0].path;
        fs::remove_file(file).unwrap();
        let error = pin(&found, UnknownModels::Allow).unwrap_err();
        assert!(matches!(&error, ModelsError::Unreadable { path, .. } if path == file));
    }

    #[test]
    fn a_pinned_set_expects_what_was_found() {
        let dir = tempfile::tempdir().unwrap();
        let pinned = pin(&found_with(dir.path(), b"yours"), UnknownModels::Allow).unwrap();
        fs::write(dir.path().join("model.dat"), b"ours").unwrap();
        assert!(pinned.set.read("model").is_err());
    }

    /// The manifest against the real files: everything the PFLD pipeline needs, and whatever else
    /// is there.
    #[test]
    fn the_manifest_describes_the_real_files() {
        if std::env::var_os("FACEAU_MODELS").is_none() {
            eprintln!(
                "skipped: FACEAU_MODELS is not set; it names a folder with the real model files"
            );
            return;
        }
        let store = Store::locate(None);
        let set = store.resolve(ModelSet::Pfld).unwrap();
        assert_eq!(pin(&set, UnknownModels::Refuse).unwrap().unknown, [""; 0]);
        assert_eq!(
            set.files.len(),
            Manifest::embedded().files_of(ModelSet::Pfld).count()
        );
        for other in ModelSet::ALL {
            if let Ok(set) = store.resolve(other) {
                pin(&set, UnknownModels::Refuse).unwrap();
            }
        }
    }
}
