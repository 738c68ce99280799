//! Taking model files out of any folder, whatever they are called there.
//!
//! Files are known by their content. They are copied (as clones where the disk can do that), never
//! moved or changed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::InstallError;
use super::part::Part;
use crate::manifest::ModelFile;
use crate::{Content, FileState, Store};

/// A file that was brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its id in the manifest.
    pub id: String,
    /// Where it was found.
    pub from: PathBuf,
    /// Whether it is not the listed one and is trusted from now on.
    pub trusted: bool,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct Import {
    /// Files that were brought in.
    pub taken: Vec<Taken>,
    /// Files that were there already.
    pub present: usize,
    /// Files of the folder that are no model files, or none that is known.
    pub unknown: Vec<PathBuf>,
    /// Files that have the name of a model file and not its content; `trust` would take them.
    pub untrusted: Vec<PathBuf>,
}

/// Takes every model file that lies in `folder` or below. With `trust`, also files that have the
/// name of a model file but other content than the manifest lists, or content that it does not
/// list: these are noted as trusted.
///
/// # Errors
/// When the folder or a file in it cannot be read, or the store cannot be written.
pub fn import(store: &Store, folder: &Path, trust: bool) -> Result<Import, InstallError> {
    let mut report = Import::default();
    let sizes: BTreeSet<u64> = contents(store).map(|(_, content)| content.size).collect();
    // What is known first, so that nothing is trusted in its stead.
    let mut others = Vec::new();
    for path in files_below(folder)? {
        let failed = |source| InstallError::local(&path, 0, source);
        let size = fs::metadata(&path).map_err(failed)?.len();
        let found = match sizes.contains(&size) {
            true => Some(Content::of_file(&path).map_err(failed)?),
            false => None,
        };
        // Some files are listed more than once, in different places.
        let wanted: Vec<&ModelFile> = contents(store)
            .filter(|(_, content)| found == Some(*content))
            .map(|(file, _)| file)
            .collect();
        if wanted.is_empty() {
            others.push(path);
            continue;
        }
        for file in wanted {
            take(store, file, &path, false, &mut report)?;
        }
    }
    let mut named = BTreeSet::new();
    for path in others {
        match named_like(store, folder, &path) {
            // What is there already needs no other file of the same name.
            Some(file) if store.state(file)?.is_good() => report.unknown.push(path),
            Some(file) if trust && named.insert(file.id.clone()) => {
                take(store, file, &path, true, &mut report)?;
            }
            Some(_) => report.untrusted.push(path),
            None => report.unknown.push(path),
        }
    }
    Ok(report)
}

fn contents(store: &Store) -> impl Iterator<Item = (&ModelFile, Content)> {
    let files = store.manifest().files().iter();
    files.filter_map(|file| Some((file, file.content?)))
}

/// The one file of the manifest that has the name of `path`. What lies deeper than in `folder` itself
/// must also lie in a folder of the right name: OpenFace has files of one name that are for
/// different things.
fn named_like<'a>(store: &'a Store, folder: &Path, path: &Path) -> Option<&'a ModelFile> {
    let name = path.file_name()?.to_str()?;
    let fits = |file: &&ModelFile| {
        let around = Path::new(&file.path).parent().and_then(Path::file_name);
        file.name() == name
            && (path.parent() == Some(folder)
                || around.is_none()
                || path.parent().and_then(Path::file_name) == around)
    };
    let mut same = store.manifest().files().iter().filter(fits);
    match (same.next(), same.next()) {
        (Some(file), None) => Some(file),
        // Several still; only the whole path can tell.
        (Some(_), Some(_)) => {
            let mut all = store.manifest().files().iter();
            all.find(|file| path.ends_with(&file.path))
        }
        (None, _) => None,
    }
}

/// Brings one file in, unless a good one is there.
fn take(
    store: &Store,
    file: &ModelFile,
    from: &Path,
    trusted: bool,
    report: &mut Import,
) -> Result<(), InstallError> {
    let state = store.state(file)?;
    let home = store.home(file)?.path;
    let failed = |source| InstallError::local(&home, file.content.map_or(0, |c| c.size), source);
    if matches!(state, FileState::Installed { .. }) || (state.is_good() && !trusted) {
        report.present += 1;
        return Ok(());
    }
    let in_place = same_file(from, &home);
    let content = if in_place {
        Content::of_file(from).map_err(failed)?
    } else {
        copy(from, &home, file.content.filter(|_| !trusted)).map_err(failed)?
    };
    if trusted {
        store.trust(file, content)?;
    }
    report.taken.push(Taken {
        id: file.id.clone(),
        from: from.to_owned(),
        trusted,
    });
    Ok(())
}

/// Copies a file to its place, where it must hold `expected`, if that is known.
fn copy(from: &Path, home: &Path, expected: Option<Content>) -> io::Result<Content> {
    let mut part = Part::open(home, || {})?;
    part.restart()?;
    part.make_room(fs::metadata(from)?.len())?;
    let mut source = File::open(from)?;
    part.copy(&mut source)?;
    let content = part.content()?;
    if expected.is_some_and(|expected| expected != content) {
        part.discard()?;
        return Err(io::Error::other(format!(
            "{} changed meanwhile",
            from.display()
        )));
    }
    part.settle()?;
    Ok(content)
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Every file in `folder` and below, sorted. Links to files count as files; links to folders are
/// not followed, so that there is an end.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, InstallError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |source| InstallError::local(&folder, 0, source);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_are_told_apart_by_their_folders() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::locate(Some(dir.path()));
        let id = |path: &str| {
            let found = named_like(&store, Path::new("/of"), &Path::new("/of").join(path));
            found.map(|file| file.id.as_str())
        };
        let spare = "AU_1_static_intensity.dat";
        assert_eq!(id(&format!("svr_disfa/{spare}")), None);
        let right = Some("au/svr_combined/AU_1_static_intensity");
        assert_eq!(id(&format!("deep/svr_combined/{spare}")), right);
        assert_eq!(id(spare), right);
        assert_eq!(id("any/pfld_cunjian.onnx"), Some("pfld"));
        // The same name twice in the manifest.
        let pdm = "In-the-wild_aligned_PDM_68.txt";
        assert_eq!(id(pdm), None);
        assert_eq!(id(&format!("AU_predictors/{pdm}")), Some("au/pdm"));
        assert_eq!(id(&format!("model/pdms/{pdm}")), Some("face/pdm"));
    }
}
