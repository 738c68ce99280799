//! Finding the inputs behind what the user names: files, folders, patterns, and lists of these.
//!
//! A name that exists is what it is, whatever characters it has; one that does not and holds `*`,
//! `?` or `[` is a pattern. Each input is found once, however often it is named, but two names are
//! two inputs, whatever they lead to. What is passed over is told. Only a file that is named itself is
//! looked into, to see whether it is an image: whether it can be read shows later.

mod folder;
mod kind;
mod list;
mod passed_over;
mod pattern;

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::InputError;
pub use list::{ListError, read_list};
pub use passed_over::{PassedOver, Reason};

/// One job's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A video file.
    Video(PathBuf),
    /// An image that stands for itself.
    Still(PathBuf),
    /// A folder whose images, in natural order of their names, are the frames.
    ImageFolder {
        /// The folder.
        folder: PathBuf,
        /// Its images, in order.
        images: Vec<PathBuf>,
        /// What the user should know of the sequence, a line each.
        remarks: Vec<String>,
    },
}

impl Input {
    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Video(path) | Self::Still(path) => path,
            Self::ImageFolder { folder, .. } => folder,
        }
    }

    /// Its files: the video, or all images in order.
    pub fn files(&self) -> &[PathBuf] {
        match self {
            Self::Video(path) | Self::Still(path) => std::slice::from_ref(path),
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
    /// What folders and patterns led to that is no input.
    pub passed_over: Vec<PassedOver>,
}

/// What one argument leads to.
#[derive(Debug, Default)]
struct Harvest {
    found: Vec<Found>,
    passed_over: Vec<PassedOver>,
}

impl From<Found> for Harvest {
    fn from(found: Found) -> Self {
        Self {
            found: vec![found],
            passed_over: Vec::new(),
        }
    }
}

/// Finds the inputs behind `names`. A folder with videos stands for each of them, in natural
/// order; a folder with images only is one input. Sub-folders are looked into if `recursive`.
pub fn find(names: &[PathBuf], recursive: bool) -> Findings {
    let mut findings = Findings::default();
    // Who named it first.
    let mut known: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (number, name) in names.iter().enumerate() {
        let Harvest { found, passed_over } = find_one(name, recursive);
        // A pattern may well match a folder and what is in it.
        let mut spelled: BTreeSet<PathBuf> = BTreeSet::new();
        for found in found {
            match known.entry(identity(&found.path)) {
                Entry::Occupied(first) if *first.get() != number => {
                    findings.repeated.push(found.path);
                }
                entry => {
                    entry.or_insert(number);
                    if spelled.insert(found.path.clone()) {
                        findings.found.push(found);
                    }
                }
            }
        }
        findings.passed_over.extend(passed_over);
    }
    // What another argument names itself is not passed over.
    let named: BTreeSet<PathBuf> = names.iter().map(|name| identity(name)).collect();
    findings.passed_over.retain(|one| {
        let identity = identity(&one.path);
        !named.contains(&identity) && !known.contains_key(&identity)
    });
    findings
}

/// The same for all spellings of a name. A link is not what it leads to: somebody gave it a name of
/// its own, and tools that keep equal files once leave a link for each.
fn identity(path: &Path) -> PathBuf {
    let is_link = path
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_symlink());
    let resolved = match (is_link, path.parent(), path.file_name()) {
        (true, Some(parent), Some(name)) => {
            let parent = if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            };
            fs::canonicalize(parent).map(|parent| parent.join(name))
        }
        _ => fs::canonicalize(path),
    };
    resolved.unwrap_or_else(|_| path.into())
}

fn find_one(name: &Path, recursive: bool) -> Harvest {
    let metadata = match fs::metadata(name) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return match pattern::parse(name) {
                Some(pattern) if !is_link(name) => pattern::find(name, pattern, recursive),
                _ => Found::failed(name, missing(name)).into(),
            };
        }
        Err(cause) => {
            let path = name.into();
            return Found::failed(name, InputError::Unreadable { path, cause }).into();
        }
    };
    if metadata.is_dir() {
        folder::find(name, recursive)
    } else {
        Found::direct(name.into(), kind::named(name)).into()
    }
}

fn is_link(path: &Path) -> bool {
    fs::read_link(path).is_ok()
}

/// Why nothing is at `path`.
fn missing(path: &Path) -> InputError {
    let numbered = |name: &str| {
        name.split('%').skip(1).any(|rest| {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.starts_with('d')
        })
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let path = path.to_owned();
    match fs::read_link(&path) {
        Ok(target) => InputError::DanglingLink { path, target },
        Err(_) if numbered(&name) => InputError::NumberPattern { path },
        Err(_) => InputError::Missing { path },
    }
}

/// Puts paths into natural order: `2.jpg` before `10.jpg`.
fn sort_naturally(paths: &mut [PathBuf]) {
    paths.sort_by(|a, b| natural_order(a, b));
}

fn natural_order(a: &Path, b: &Path) -> Ordering {
    let (a_text, b_text) = (a.to_string_lossy(), b.to_string_lossy());
    alphanumeric_sort::compare_str(a_text, b_text).then_with(|| a.cmp(b))
}

fn has_ending(file: &Path, endings: &[&str]) -> bool {
    file.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|ending| endings.contains(&ending.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
