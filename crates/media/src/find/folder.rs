//! What a folder holds.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Found, Input, has_ending, sort_naturally};
use crate::InputError;
use crate::is_aligned_face;

/// Endings of files that are taken for videos when a folder is given. A file named directly is
/// tried whatever its ending.
pub(super) const VIDEO_ENDINGS: &[&str] = &[
    "3gp", "asf", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf",
    "ogv", "ts", "webm", "wmv",
];

/// Endings of files that are taken for images of a sequence.
const IMAGE_ENDINGS: &[&str] = &["bmp", "jpeg", "jpg", "png"];

/// What browsers and other programs append to the name of a file that they have not all of yet.
/// Some put an empty file under the final name beside it.
const DOWNLOAD_ENDINGS: &[&str] = &["part", "crdownload", "download", "partial", "!qB"];

/// Finds the inputs in a folder that was named.
pub(super) fn find(folder: &Path, recursive: bool) -> Vec<Found> {
    let mut search = Search {
        root: folder,
        recursive,
        seen: BTreeSet::new(),
        found: Vec::new(),
        sub_folders: false,
    };
    search.look_into(folder, Path::new(""));
    if search.found.is_empty() {
        let path = folder.into();
        let error = if search.sub_folders && !recursive {
            InputError::OnlySubFolders { path }
        } else {
            InputError::EmptyFolder { path }
        };
        search.found.push(Found::failed(folder, error));
    }
    search.found
}

struct Search<'a> {
    root: &'a Path,
    recursive: bool,
    /// Folders looked into, by device and number, so that links cannot lead in circles.
    seen: BTreeSet<(u64, u64)>,
    found: Vec<Found>,
    sub_folders: bool,
}

impl Search<'_> {
    /// Takes the inputs of `folder`, which lies at `below` under the root.
    fn look_into(&mut self, folder: &Path, below: &Path) {
        let contents = match Contents::of(folder) {
            Ok(contents) => contents,
            Err(error) => return self.found.push(Found::failed(folder, error)),
        };
        if !self.seen.insert(contents.identity) {
            return;
        }
        self.sub_folders |= !contents.folders.is_empty();
        let videos = contents.with_ending(VIDEO_ENDINGS);
        let images = contents.with_ending(IMAGE_ENDINGS);
        if !videos.is_empty() {
            for video in videos {
                self.found.push(Found {
                    path: video.clone(),
                    root: self.root.into(),
                    below: below.into(),
                    input: Ok(Input::Video(video)),
                });
            }
        } else if !images.is_empty() && !images.iter().all(|image| is_ours(image)) {
            let input = Input::ImageFolder {
                folder: folder.into(),
                images,
            };
            // Its table lies where the folder lies, not in it.
            self.found.push(match below.parent() {
                Some(above) => Found {
                    path: folder.into(),
                    root: self.root.into(),
                    below: above.into(),
                    input: Ok(input),
                },
                None => Found::direct(folder.into(), input),
            });
        }
        if self.recursive {
            for folder in contents.folders {
                let name = folder.file_name().unwrap_or_default();
                self.look_into(&folder, &below.join(name));
            }
        }
    }
}

/// Whether an image is one of the aligned faces that this program writes.
fn is_ours(image: &Path) -> bool {
    image
        .file_name()
        .and_then(OsStr::to_str)
        .is_some_and(is_aligned_face)
}

/// What is in a folder and not hidden, in natural order.
struct Contents {
    identity: (u64, u64),
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Contents {
    fn of(folder: &Path) -> Result<Self, InputError> {
        let unreadable = |source| InputError::Unreadable {
            path: folder.into(),
            source,
        };
        let metadata = fs::metadata(folder).map_err(unreadable)?;
        let mut contents = Self {
            identity: (metadata.dev(), metadata.ino()),
            files: Vec::new(),
            folders: Vec::new(),
        };
        let mut unfinished = BTreeSet::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if DOWNLOAD_ENDINGS
                .iter()
                .any(|ending| has_exactly(&path, ending))
            {
                unfinished.insert(path.with_extension(""));
            } else if path.is_file() {
                contents.files.push(path);
            } else if path.is_dir() {
                contents.folders.push(path);
            }
        }
        contents.files.retain(|file| !unfinished.contains(file));
        sort_naturally(&mut contents.files);
        sort_naturally(&mut contents.folders);
        Ok(contents)
    }

    fn with_ending(&self, endings: &[&str]) -> Vec<PathBuf> {
        let files = self.files.iter();
        files
            .filter(|file| has_ending(file, endings))
            .cloned()
            .collect()
    }
}

fn has_exactly(path: &Path, ending: &str) -> bool {
    path.extension() == Some(OsStr::new(ending))
}
