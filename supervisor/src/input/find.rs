//! Deciding what a command-line argument is: a video, a folder of videos, a folder of images.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::InputError;

/// Endings of files that are taken for videos when a folder is given. A file named directly is
/// tried whatever its ending.
const VIDEO_ENDINGS: &[&str] = &[
    "3gp", "asf", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf",
    "ogv", "ts", "webm", "wmv",
];

/// Endings of files that are taken for images of a sequence.
const IMAGE_ENDINGS: &[&str] = &["bmp", "jpeg", "jpg", "png"];

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

    /// What outputs are named after: the file's name without its ending, or the folder's name.
    pub fn stem(&self) -> String {
        let name = match self {
            Self::Video(path) => path.file_stem().map(OsStr::to_owned),
            // `folder/..` and the like have a name only once resolved.
            Self::ImageFolder { folder, .. } => folder
                .canonicalize()
                .ok()
                .and_then(|resolved| resolved.file_name().map(OsStr::to_owned)),
        };
        name.map_or_else(
            || "output".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

/// Finds the inputs behind one argument: the file itself, or what a folder holds.
///
/// A folder with videos stands for each of them, in natural order; a folder with images only is
/// one input. Sub-folders and hidden files are not looked at.
///
/// # Errors
/// When there is nothing at `path`, or nothing usable in it.
pub fn expand(path: &Path) -> Result<Vec<Input>, InputError> {
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => InputError::Missing { path: path.into() },
        _ => InputError::Unreadable {
            path: path.into(),
            source,
        },
    })?;
    if !metadata.is_dir() {
        return Ok(vec![Input::Video(path.into())]);
    }
    let files = visible_files(path)?;
    let videos = with_ending(&files, VIDEO_ENDINGS);
    if !videos.is_empty() {
        return Ok(videos.into_iter().map(Input::Video).collect());
    }
    let images = with_ending(&files, IMAGE_ENDINGS);
    if images.is_empty() {
        return Err(InputError::EmptyFolder { path: path.into() });
    }
    Ok(vec![Input::ImageFolder {
        folder: path.into(),
        images,
    }])
}

/// The files of a folder in natural order (`2.jpg` before `10.jpg`).
fn visible_files(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let unreadable = |source| InputError::Unreadable {
        path: folder.into(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort_by(|a, b| {
        let name = |path: &PathBuf| path.to_string_lossy().into_owned();
        natord::compare(&name(a), &name(b)).then_with(|| a.cmp(b))
    });
    Ok(files)
}

fn with_ending(files: &[PathBuf], endings: &[&str]) -> Vec<PathBuf> {
    files
        .iter()
        .filter(|file| {
            file.extension()
                .and_then(OsStr::to_str)
                .is_some_and(|ending| endings.contains(&ending.to_ascii_lowercase().as_str()))
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        folder
    }

    fn names(inputs: &[PathBuf]) -> Vec<&str> {
        inputs
            .iter()
            .map(|p| p.file_name().unwrap().to_str().unwrap())
            .collect()
    }

    #[test]
    fn images_come_in_natural_order() {
        let folder = folder_with(&["10.jpg", "2.JPG", "1.png", "notes.txt", ".hidden.jpg"]);
        let inputs = expand(folder.path()).unwrap();
        let [Input::ImageFolder { images, .. }] = inputs.as_slice() else {
            panic!("{inputs:?}");
        };
        assert_eq!(names(images), ["1.png", "2.JPG", "10.jpg"]);
    }

    #[test]
    fn a_folder_with_videos_stands_for_each_of_them() {
        let folder = folder_with(&["b.mp4", "a.MOV", "cover.jpg"]);
        let inputs = expand(folder.path()).unwrap();
        let paths: Vec<PathBuf> = inputs.iter().map(|i| i.path().to_owned()).collect();
        assert_eq!(names(&paths), ["a.MOV", "b.mp4"]);
    }

    #[test]
    fn nothing_usable_is_said_clearly() {
        let folder = folder_with(&["notes.txt"]);
        let empty = expand(folder.path()).unwrap_err();
        assert!(matches!(empty, InputError::EmptyFolder { .. }));
        let missing = expand(&folder.path().join("no.mp4")).unwrap_err();
        assert!(matches!(missing, InputError::Missing { .. }));
        assert!(missing.to_string().contains("no.mp4"));
    }
}
