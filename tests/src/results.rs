//! What lies in an output folder after a run, or several, byte by byte.

use std::fs;
use std::path::{Path, PathBuf};

use crate::events::{Event, Resumed};
use crate::program::Bench;

/// Files by name, with their bytes.
pub type Files = Vec<(PathBuf, Vec<u8>)>;

/// All files below a folder.
///
/// # Panics
/// When it cannot be read.
pub fn contents(folder: &Path) -> Files {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// The outputs that must not depend on what happened on the way, by their names in the folder.
///
/// # Panics
/// When it cannot be read.
pub fn results(folder: &Path) -> Files {
    let mut found = contents(folder);
    found.retain(|(path, _)| !path.to_string_lossy().ends_with(".run.json"));
    for (path, _) in &mut found {
        *path = path.strip_prefix(folder).unwrap().to_owned();
    }
    found
}

/// Removes outputs.
///
/// # Panics
/// When there is nothing of a name.
pub fn remove(bench: &Bench, outputs: &[impl AsRef<Path>]) {
    for name in outputs {
        let path = bench.out().join(name);
        fs::remove_file(&path)
            .or_else(|_| fs::remove_dir_all(&path))
            .unwrap();
    }
}

/// These outputs and nothing else is there, no process either.
///
/// # Panics
/// When something else is.
#[track_caller]
pub fn expect_nothing_else(bench: &Bench, expected: &[&str]) {
    assert_eq!(bench.outputs(), expected);
    #[cfg(target_os = "linux")]
    {
        crate::processes::expect_marked(&bench.mark(), 0);
        assert_eq!(crate::processes::shared_memory_left(), [""; 0]);
    }
}

/// Frames that a run knew from an earlier one.
#[must_use]
pub fn known(events: &[Event]) -> usize {
    let resumed = events.iter().find_map(|event| match event {
        Event::Resumed(Resumed { frames, .. }) => Some(*frames),
        _ => None,
    });
    resumed.unwrap_or(0)
}
