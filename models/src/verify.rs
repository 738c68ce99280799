//! Reading model files, and only the right ones.
//!
//! A file is read once and its digest taken from the very bytes that are handed out, so nothing can
//! change in between. What the bytes mean is for others to say.

use std::fs;

use crate::{AlteredFile, ModelsError, ResolvedFile, ResolvedSet, Sha256};

/// What to do with a file whose content the manifest does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownModels {
    /// Refuse it: results would not be what anybody expects.
    Refuse,
    /// Use it (`--allow-unknown-models`): the user trains or tries models of their own.
    Allow,
}

/// The content of a model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedFile {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Digest of `bytes`.
    pub sha256: Sha256,
    /// Whether that is the digest that was expected; `false` only with [`UnknownModels::Allow`].
    pub known: bool,
}

/// Reads a file and compares size and digest with what is expected.
///
/// Text files are compared byte by byte like all others: one whose line ends were converted on the
/// way (Git's `autocrlf`) is refused, although it would parse.
///
/// # Errors
/// [`ModelsError::Unreadable`], and [`ModelsError::Altered`] with [`UnknownModels::Refuse`].
pub fn read_verified(
    file: &ResolvedFile,
    unknown: UnknownModels,
) -> Result<VerifiedFile, ModelsError> {
    let bytes = fs::read(&file.path).map_err(|source| ModelsError::Unreadable {
        path: file.path.clone(),
        source,
    })?;
    let (size, sha256) = (bytes.len() as u64, Sha256::of(&bytes));
    let known = size == file.size && sha256 == file.sha256;
    if !known && unknown == UnknownModels::Refuse {
        return Err(ModelsError::Altered(Box::new(AlteredFile {
            id: file.id.clone(),
            path: file.path.clone(),
            expected: file.sha256,
            expected_size: file.size,
            found: sha256,
            found_size: size,
        })));
    }
    Ok(VerifiedFile {
        bytes,
        sha256,
        known,
    })
}

impl ResolvedSet {
    /// Reads the file with this id.
    ///
    /// # Errors
    /// [`ModelsError::NotInSet`], and as [`read_verified`].
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
        Ok(read_verified(file, UnknownModels::Refuse)?.bytes)
    }
}

/// A set whose files were read and found acceptable; see [`pin`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedSet {
    /// The set, expecting of every file exactly what it was found to be.
    pub set: ResolvedSet,
    /// Ids of the files that the manifest does not know; empty unless those are allowed.
    pub unknown: Vec<String>,
}

/// Checks every file of a set and notes what was found, so that whoever gets the pinned set, another
/// process or a later run, reads the same bytes or nothing: with [`read_verified`] and
/// [`UnknownModels::Refuse`], also where unknown models are allowed.
///
/// # Errors
/// As [`read_verified`], for the first file that fails.
pub fn pin(set: &ResolvedSet, unknown: UnknownModels) -> Result<PinnedSet, ModelsError> {
    let mut pinned = PinnedSet {
        set: set.clone(),
        unknown: Vec::new(),
    };
    for file in &mut pinned.set.files {
        let found = read_verified(file, unknown)?;
        if !found.known {
            pinned.unknown.push(file.id.clone());
        }
        file.size = found.bytes.len() as u64;
        file.sha256 = found.sha256;
    }
    Ok(pinned)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Manifest, ModelSet, Store};

    fn file_with(folder: &Path, content: &[u8]) -> ResolvedFile {
        let path = folder.join("model.dat");
        fs::write(&path, content).unwrap();
        ResolvedFile {
            id: "model".into(),
            relative: "model.dat".into(),
            path,
            size: 3,
            sha256: Sha256::of(b"abc"),
        }
    }

    #[test]
    fn the_right_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        for unknown in [UnknownModels::Refuse, UnknownModels::Allow] {
            let read = read_verified(&file_with(dir.path(), b"abc"), unknown).unwrap();
            assert_eq!(
                (read.bytes.as_slice(), read.sha256, read.known),
                (&b"abc"[..], Sha256::of(b"abc"), true)
            );
        }
    }

    #[test]
    fn an_altered_file_is_refused_or_marked() {
        let dir = tempfile::tempdir().unwrap();
        for content in [&b"abd"[..], b"ab", b"abc\r\n", b""] {
            let file = file_with(dir.path(), content);
            let found = Sha256::of(content);
            let message = read_verified(&file, UnknownModels::Refuse)
                .unwrap_err()
                .to_string();
            for part in [
                file.path.to_str().unwrap(),
                &file.sha256.to_string(),
                &found.to_string(),
                "--allow-unknown-models",
            ] {
                assert!(message.contains(part), "{part} not in: {message}");
            }
            assert!(!message.contains('\n'));

            let read = read_verified(&file, UnknownModels::Allow).unwrap();
            assert_eq!(
                (read.bytes.as_slice(), read.sha256, read.known),
                (content, found, false)
            );
        }
    }

    #[test]
    fn a_file_that_vanished_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = file_with(dir.path(), b"abc");
        fs::remove_file(&file.path).unwrap();
        let error = read_verified(&file, UnknownModels::Allow).unwrap_err();
        assert!(matches!(&error, ModelsError::Unreadable { path, .. } if *path == file.path));
    }

    #[test]
    fn a_pinned_set_expects_what_was_found() {
        let dir = tempfile::tempdir().unwrap();
        let set = ResolvedSet {
            set: ModelSet::Pfld,
            files: vec![file_with(dir.path(), b"mine")],
        };
        assert!(pin(&set, UnknownModels::Refuse).is_err());
        let pinned = pin(&set, UnknownModels::Allow).unwrap();
        assert_eq!(pinned.unknown, ["model"]);
        let [file] = &pinned.set.files[..] else {
            panic!("{pinned:?}");
        };
        let read = read_verified(file, UnknownModels::Refuse).unwrap();
        assert_eq!((read.bytes.as_slice(), read.known), (&b"mine"[..], true));

        fs::write(&file.path, b"yours").unwrap();
        assert!(read_verified(file, UnknownModels::Refuse).is_err());
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
