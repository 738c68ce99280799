//! What can be wrong with an input, said so that its owner knows what to do.

use std::io;
use std::path::PathBuf;

use super::video::Hardware;

/// An input cannot be used. Each message names the file and is one line.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the messages say it all; `path` is the file they name
pub enum InputError {
    #[error("{}: no such file or folder", path.display())]
    Missing { path: PathBuf },
    #[error("{}: cannot be read: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("{}: the folder holds no videos and no images", path.display())]
    EmptyFolder { path: PathBuf },
    #[error(
        "{}: the folder holds no videos and no images, only sub-folders; use --recursive to look \
         into these",
        path.display()
    )]
    OnlySubFolders { path: PathBuf },
    #[error("{}: no video and no folder matches this pattern", path.display())]
    NoMatch { path: PathBuf },
    #[error("{}: no such file, and not a pattern either ({reason})", path.display())]
    BadPattern { path: PathBuf, reason: String },
    #[error(
        "{}: the file name is not valid UTF-8, which FFmpeg needs; please rename it",
        path.display()
    )]
    NameNotUtf8 { path: PathBuf },
    #[error("{}: not a video that FFmpeg can read ({reason})", path.display())]
    NotAVideo { path: PathBuf, reason: String },
    #[error("{}: has no video track (sound only?)", path.display())]
    NoVideoTrack { path: PathBuf },
    #[error("{}: has no video track {wanted}; it has {there}", path.display())]
    NoSuchTrack {
        path: PathBuf,
        wanted: usize,
        there: String,
    },
    #[error("{}: FFmpeg cannot decode its video format ({reason})", path.display())]
    NoDecoder { path: PathBuf, reason: String },
    #[error(
        "{}: {hardware} cannot decode it: {reason}; use --decoder software, or --decoder auto to \
         use hardware only where it can",
        path.display()
    )]
    NoHardwareDecoder {
        path: PathBuf,
        hardware: Hardware,
        reason: String,
    },
    #[error("{}: holds not a single frame", path.display())]
    NoFrames { path: PathBuf },
    #[error("{}: its frames have no size", path.display())]
    NoPixels { path: PathBuf },
    #[error(
        "{}: frames of {width} x {height} pixels are too large (at most 100 million pixels, 32768 a \
         side); please scale it down",
        path.display()
    )]
    TooLarge {
        path: PathBuf,
        width: usize,
        height: usize,
    },
    #[error(
        "{}: frames of {width} x {height} pixels need {needed_mb} MB of shared memory for {workers} \
         workers, which is more than half of this machine's {machine_mb} MB; {}",
        path.display(),
        match fitting {
            0 => "please scale it down".to_owned(),
            fitting => format!("use --workers {fitting}"),
        }
    )]
    TooMuchMemory {
        path: PathBuf,
        width: usize,
        height: usize,
        /// Megabytes that all rings together would take.
        needed_mb: u64,
        workers: usize,
        /// Megabytes that the machine has.
        machine_mb: u64,
        /// The number of workers that would do.
        fitting: usize,
    },
    #[error("{}: changed while it was read ({change}); please run it again", path.display())]
    Changed { path: PathBuf, change: String },
    #[error("{}: decoding failed: {reason}", path.display())]
    Decoding { path: PathBuf, reason: String },
    #[error("{}: not an image that can be read: {reason}", path.display())]
    BadImage { path: PathBuf, reason: String },
    #[error(
        "{}: is a link to {}, which is not there; if DataLad or git-annex keeps it, fetch its content \
         first (datalad get)",
        path.display(), target.display()
    )]
    DanglingLink { path: PathBuf, target: PathBuf },
    #[error(
        "{}: is {what} and refers to other files, of which nothing could be made sure; please name \
         these files themselves",
        path.display()
    )]
    RefersToOthers { path: PathBuf, what: &'static str },
    #[error(
        "{}: no such file; for images whose names are numbered, please name their folder",
        path.display()
    )]
    NumberPattern { path: PathBuf },
}

impl InputError {
    /// Whether it is about one image of several, which can be analysed without it.
    pub fn is_of_one_image(&self) -> bool {
        matches!(
            self,
            Self::BadImage { .. } | Self::TooLarge { .. } | Self::NoPixels { .. }
        )
    }
}
