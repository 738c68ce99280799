//! What a folder holds: videos, each an input, or images, which are one; and what is passed over.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::kind::{ANIMATION_ENDINGS, IMAGE_ENDINGS, VIDEO_ENDINGS};
use super::{Found, Harvest, Input, PassedOver, Reason, has_ending, missing, sort_naturally};
use crate::InputError;
use crate::is_aligned_face;
use crate::ours;

/// What browsers and other programs append to the name of a file that they have not all of yet.
/// Some put an empty file under the final name beside it.
const DOWNLOAD_ENDINGS: &[&str] = &["part", "crdownload", "download", "partial", "!qB"];

/// Finds the inputs in a folder that was named.
pub(super) fn find(folder: &Path, recursive: bool) -> Harvest {
    let mut search = Search {
        root: folder,
        recursive,
        seen: BTreeSet::new(),
        harvest: Harvest::default(),
        sub_folders: false,
    };
    search.look_into(folder, Path::new(""));
    if search.harvest.found.is_empty() {
        let path = folder.into();
        let error = if search.sub_folders && !recursive {
            InputError::OnlySubFolders { path }
        } else {
            InputError::EmptyFolder { path }
        };
        search.harvest.found.push(Found::failed(folder, error));
    }
    search.harvest
}

struct Search<'a> {
    root: &'a Path,
    recursive: bool,
    /// Folders looked into, by device and number, so that links cannot lead in circles.
    seen: BTreeSet<(u64, u64)>,
    harvest: Harvest,
    sub_folders: bool,
}

impl Search<'_> {
    /// Takes the inputs of `folder`, which lies at `below` under the root.
    fn look_into(&mut self, folder: &Path, below: &Path) {
        let mut contents = match Contents::of(folder) {
            Ok(contents) => contents,
            Err(error) => return self.harvest.found.push(Found::failed(folder, error)),
        };
        if !self.seen.insert(contents.identity) {
            return self.pass_over([folder], Reason::SameFolder);
        }
        self.sub_folders |= !contents.folders.is_empty();
        let Sorted {
            videos,
            images,
            others,
        } = contents.sorted();
        for name in &contents.odd {
            self.pass_over([name.0.as_path()], name.1);
        }
        let of_ours = !images.is_empty() && images.iter().all(|name| is_ours(name.path()));
        if !videos.is_empty() {
            self.take_videos(&videos, below);
            if !of_ours {
                self.pass_over(images.iter().map(Name::path), Reason::ImageBesideVideos);
            }
        } else if !images.is_empty() && !of_ours {
            self.take_images(folder, below, &images, &others, &contents.odd);
        }
        self.pass_over(others.iter().map(Name::path), Reason::Ending);
        if self.recursive {
            for folder in contents.folders {
                let name = folder.file_name().unwrap_or_default();
                self.look_into(&folder, &below.join(name));
            }
        } else {
            let unseen = contents.folders.iter().map(PathBuf::as_path);
            self.pass_over(unseen, Reason::SubFolder);
        }
    }

    fn take_videos(&mut self, videos: &[Name], below: &Path) {
        for name in videos {
            self.harvest.found.push(match name {
                Name::There(video) => Found {
                    path: video.clone(),
                    root: self.root.into(),
                    below: below.into(),
                    input: Ok(Input::Video(video.clone())),
                },
                Name::Broken(link, kind) => Found::failed(link, broken(link, *kind)),
            });
        }
    }

    fn take_images(
        &mut self,
        folder: &Path,
        below: &Path,
        images: &[Name],
        others: &[Name],
        odd: &[(PathBuf, Reason)],
    ) {
        let lost = images.iter().find_map(|name| match name {
            Name::There(_) => None,
            Name::Broken(link, kind) => Some((link, *kind)),
        });
        if let Some((link, kind)) = lost {
            // The sequence has a hole that can be filled: what could be made of it now is not it.
            let error = broken(link, kind);
            return self.harvest.found.push(Found::failed(folder, error));
        }
        let images: Vec<PathBuf> = images.iter().map(|name| name.path().to_owned()).collect();
        let others = others.iter().map(Name::path);
        let passed_over: Vec<&Path> = others.chain(odd.iter().map(|(path, _)| &**path)).collect();
        let input = Input::ImageFolder {
            folder: folder.into(),
            remarks: foreign_among(&images, &passed_over).into_iter().collect(),
            images,
        };
        // Its table lies where the folder lies, not in it.
        self.harvest.found.push(match below.parent() {
            Some(above) => Found {
                path: folder.into(),
                root: self.root.into(),
                below: above.into(),
                input: Ok(input),
            },
            None => Found::direct(folder.into(), input),
        });
    }

    fn pass_over<'p>(&mut self, paths: impl IntoIterator<Item = &'p Path>, reason: Reason) {
        let all = paths.into_iter().map(|path| PassedOver {
            named: self.root.into(),
            path: path.into(),
            reason,
        });
        self.harvest.passed_over.extend(all);
    }
}

/// What is said of files that are called like the images of a sequence and are none: they would be
/// frames of it, perhaps.
fn foreign_among(images: &[PathBuf], others: &[&Path]) -> Option<String> {
    let patterns: BTreeSet<String> = images.iter().filter_map(|path| numbered(path)).collect();
    let foreign: Vec<String> = (others.iter())
        .filter(|path| numbered(path).is_some_and(|pattern| patterns.contains(&pattern)))
        .map(|path| path.file_name().unwrap_or_default().display().to_string())
        .collect();
    let (first, last) = (foreign.first()?, foreign.last()?);
    Some(match foreign.len() {
        1 => format!(
            "{first} is called like one of its {} images and is none that can be read; there is no \
             row for it",
            images.len()
        ),
        count => format!(
            "{count} files are called like its {} images and are none that can be read: {first} to \
             {last}; there are no rows for them",
            images.len()
        ),
    })
}

/// A numbered file's name without its numbers and its ending.
fn numbered(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let mut pattern = String::new();
    for c in stem.chars() {
        match c.is_ascii_digit() {
            true if pattern.ends_with('#') => {}
            true => pattern.push('#'),
            false => pattern.push(c),
        }
    }
    pattern.contains('#').then_some(pattern)
}

/// Whether an image is one of the aligned faces that this program writes.
fn is_ours(image: &Path) -> bool {
    image
        .file_name()
        .and_then(OsStr::to_str)
        .is_some_and(is_aligned_face)
}

/// A name that ends like that of a video or an image, or like nothing known.
enum Name {
    /// There is a file.
    There(PathBuf),
    /// The link leads nowhere, or in circles.
    Broken(PathBuf, io::ErrorKind),
}

impl Name {
    fn path(&self) -> &Path {
        match self {
            Self::There(path) | Self::Broken(path, _) => path,
        }
    }
}

fn broken(link: &Path, kind: io::ErrorKind) -> InputError {
    match kind {
        io::ErrorKind::NotFound => missing(link),
        kind => InputError::Unreadable {
            path: link.into(),
            cause: kind.into(),
        },
    }
}

/// What is in a folder and not hidden, in natural order.
struct Contents {
    identity: (u64, u64),
    names: Vec<Name>,
    folders: Vec<PathBuf>,
    /// What cannot be an input whatever it is called.
    odd: Vec<(PathBuf, Reason)>,
}

/// The files of a folder by what their names say.
struct Sorted {
    videos: Vec<Name>,
    images: Vec<Name>,
    others: Vec<Name>,
}

impl Contents {
    fn of(folder: &Path) -> Result<Self, InputError> {
        let unreadable = |cause| InputError::Unreadable {
            path: folder.into(),
            cause,
        };
        let metadata = fs::metadata(folder).map_err(unreadable)?;
        let mut contents = Self {
            identity: (metadata.dev(), metadata.ino()),
            names: Vec::new(),
            folders: Vec::new(),
            odd: Vec::new(),
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                paths.push(entry.path());
            }
        }
        sort_naturally(&mut paths);
        let is_download = |path: &Path| (DOWNLOAD_ENDINGS.iter()).any(|end| has_exactly(path, end));
        let unfinished: BTreeSet<PathBuf> = (paths.iter())
            .filter(|path| is_download(path))
            .map(|path| path.with_extension(""))
            .collect();
        let outputs = ours::Outputs::among(&paths);
        for path in paths {
            if outputs.contains(&path) {
                continue;
            }
            let download = is_download(&path) || unfinished.contains(&path);
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => contents.folders.push(path),
                _ if download => contents.odd.push((path, Reason::Download)),
                Ok(metadata) if metadata.is_file() => contents.names.push(Name::There(path)),
                Ok(_) => contents.odd.push((path, Reason::Special)),
                Err(error) => contents.names.push(Name::Broken(path, error.kind())),
            }
        }
        Ok(contents)
    }

    /// Takes the files out.
    fn sorted(&mut self) -> Sorted {
        let (videos, rest) = split(std::mem::take(&mut self.names), VIDEO_ENDINGS);
        let (animations, rest) = split(rest, ANIMATION_ENDINGS);
        let (images, others) = split(rest, IMAGE_ENDINGS);
        let mut sorted = Sorted {
            videos,
            images,
            others,
        };
        if sorted.videos.is_empty() && !sorted.images.is_empty() {
            sorted.others.extend(animations);
        } else {
            sorted.videos.extend(animations);
            (sorted.videos).sort_by(|a, b| super::natural_order(a.path(), b.path()));
        }
        sorted
    }
}

fn split(names: Vec<Name>, endings: &[&str]) -> (Vec<Name>, Vec<Name>) {
    let ends_so = |name: &Name| has_ending(name.path(), endings);
    names.into_iter().partition(ends_so)
}

fn has_exactly(path: &Path, ending: &str) -> bool {
    path.extension() == Some(OsStr::new(ending))
}
