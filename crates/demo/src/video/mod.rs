//! Videos written with FFmpeg's libraries: pictures with the times that they are shown at.
//!
//! Knows nothing of faces; the integration tests write their videos with it too.

mod rotation;
mod writer;

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;

pub use rotation::set_rotation;
pub use writer::{Codec, Pixels, VideoFormat, VideoWriter};

/// A video cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// FFmpeg refuses.
    #[error("cannot write {}: {cause}", path.display())]
    Ffmpeg {
        /// The video.
        path: PathBuf,
        /// What FFmpeg says.
        cause: ffmpeg::Error,
    },
    /// The file cannot be altered.
    #[error("cannot write {}: {cause}", path.display())]
    File {
        /// The video.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// This FFmpeg has none of the encoders.
    #[error(
        "this FFmpeg can encode neither H.264 nor MPEG-4: install one with libx264 (on Debian and \
         Ubuntu the package libavcodec-extra, on macOS `brew install ffmpeg`)"
    )]
    NoEncoder,
    /// The pictures' sides are odd, and colour is stored for every other pixel.
    #[error("a video's width and height must be even, not {width}x{height}")]
    OddSize {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A rotation can be written into MP4 and MOV files only.
    #[error("{}: only MP4 and MOV files can say how they are rotated", path.display())]
    NoTrackHeader {
        /// The video.
        path: PathBuf,
    },
}

impl VideoError {
    fn ffmpeg(path: &Path) -> impl FnOnce(ffmpeg::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Ffmpeg { path, cause }
    }

    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { path, cause }
    }
}
