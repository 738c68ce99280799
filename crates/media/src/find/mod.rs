//! Finding the inputs behind what the user names: files, folders, patterns, and lists of these.
//!
//! A name that exists is what it is, whatever characters it has; one that does not and holds `*`,
//! `?` or `[` is a pattern. Each input is found once, however often it is named. Nothing is opened
//! here: whether a file is a video shows later.

mod folder;
mod list;
mod pattern;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::InputError;
pub use list::{ListError, read_list};

/// One job's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A video file.
    Video(PathBuf),
    /// A folder whose images, in natural order of their names, are the frames.
    ImageFolder {
        /// The folder.
        folder: PathBuf,
        /// Its images, in order.
        images: Vec<PathBuf>,
    },
}

impl Input {
    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Video(path) => path,
            Self::ImageFolder { folder, .. } => folder,
        }
    }

    /// Its files: the video, or all images in order.
    pub fn files(&self) -> &[PathBuf] {
        match self {
            Self::Video(path) => std::slice::from_ref(path),
            Self::ImageFolder { images, .. } => images,
        }
    }
}

/// An input, or why there is none where the user said.
#[derive(Debug)]
pub struct Found {
    /// The input's path; that of what was named if there is no input.
    pub path: PathBuf,
    /// The folder from which on outputs mirror where their inputs lie: the folder named, the part
    /// of a pattern before its first wildcard, or the folder that a named file is in.
    pub root: PathBuf,
    /// Where below `root` the input lies; empty if right in it.
    pub below: PathBuf,
    /// The input.
    pub input: Result<Input, InputError>,
}

impl Found {
    fn failed(path: &Path, error: InputError) -> Self {
        Self {
            path: path.into(),
            root: PathBuf::new(),
            below: PathBuf::new(),
            input: Err(error),
        }
    }

    /// The input at `path`, named by itself.
    fn direct(path: PathBuf, input: Input) -> Self {
        Self {
            root: path.parent().unwrap_or(Path::new("")).into(),
            below: PathBuf::new(),
            input: Ok(input),
            path,
        }
    }
}

/// All inputs of a call.
#[derive(Debug, Default)]
pub struct Findings {
    /// Each once, in the order in which they were named.
    pub found: Vec<Found>,
    /// Inputs that more than one argument led to.
    pub repeated: Vec<PathBuf>,
}

/// Finds the inputs behind `names`. A folder with videos stands for each of them, in natural
/// order; a folder with images only is one input. Sub-folders are looked into if `recursive`.
pub fn find(names: &[PathBuf], recursive: bool) -> Findings {
    let mut findings = Findings::default();
    // Who named it first.
    let mut known: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (number, name) in names.iter().enumerate() {
        for found in find_one(name, recursive) {
            let identity = fs::canonicalize(&found.path).unwrap_or_else(|_| found.path.clone());
            match known.get(&identity) {
                None => {
                    known.insert(identity, number);
                    findings.found.push(found);
                }
                Some(&first) if first == number => {}
                Some(_) => findings.repeated.push(found.path),
            }
        }
    }
    findings
}

fn find_one(name: &Path, recursive: bool) -> Vec<Found> {
    let metadata = match fs::metadata(name) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return match pattern::parse(name) {
                Some(pattern) => pattern::find(name, pattern, recursive),
                None => vec![Found::failed(
                    name,
                    InputError::Missing { path: name.into() },
                )],
            };
        }
        Err(source) => {
            let path = name.into();
            return vec![Found::failed(name, InputError::Unreadable { path, source })];
        }
    };
    if metadata.is_dir() {
        folder::find(name, recursive)
    } else {
        vec![Found::direct(name.into(), Input::Video(name.into()))]
    }
}

/// Puts paths into natural order: `2.jpg` before `10.jpg`.
fn sort_naturally(paths: &mut [PathBuf]) {
    paths.sort_by(|a, b| {
        natord::compare(&a.to_string_lossy(), &b.to_string_lossy()).then_with(|| a.cmp(b))
    });
}

fn has_ending(file: &Path, endings: &[&str]) -> bool {
    file.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|ending| endings.contains(&ending.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
