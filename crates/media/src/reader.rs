//! Pixels of a run of frames, whatever the input is made of.

use std::path::PathBuf;
use std::sync::Arc;

use faceau_vision::colour::{Orientation, PictureFormat};

use super::video::VideoReader;
use super::{Geometry, InputError, Source, image_folder};

pub use super::video::ReadError;

/// Bytes that a buffer for pixels must have behind the last row: vector code may write over the end
/// of a row.
pub const SPARE_BYTES: usize = 64;

/// A buffer has no room for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a frame of {size} in rows of {stride} bytes needs a buffer of {needed} bytes, and there are \
     {found}"
)]
pub struct BufferTooSmall {
    /// Size of the frame.
    pub size: Geometry,
    /// Bytes from one row to the next; at least three times the width.
    pub stride: usize,
    /// Bytes needed, spare ones included.
    pub needed: usize,
    /// Bytes there are.
    pub found: usize,
}

/// Makes sure that `pixels` holds a frame of `size` and the spare bytes behind it.
pub(super) fn check_buffer(
    size: Geometry,
    stride: impl Fn(usize) -> usize,
    pixels: &[u8],
) -> Result<(), BufferTooSmall> {
    let stride = stride(size.width);
    let needed = stride
        .saturating_mul(size.height)
        .saturating_add(SPARE_BYTES);
    if stride < 3 * size.width || pixels.len() < needed {
        return Err(BufferTooSmall {
            size,
            stride,
            needed: needed.max(3 * size.width * size.height + SPARE_BYTES),
            found: pixels.len(),
        });
    }
    Ok(())
}

/// What was read into a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadPicture {
    /// Size of the frame, upright.
    pub size: Geometry,
    /// The format of the planes that lie there one behind the other as they were decoded, and the
    /// turn that makes them upright; without, there are B, G, R pixels.
    pub planes: Option<(PictureFormat, Orientation)>,
}

/// Reads frames of one source by number. Several readers of one source do not disturb each other.
pub enum Reader {
    /// Of a video.
    Video(Box<VideoReader>),
    /// Of a folder of images.
    Images(Arc<Vec<PathBuf>>),
}

impl Reader {
    /// Opens a reader of its own, decoding with `threads` threads.
    ///
    /// # Errors
    /// When the input cannot be opened any more.
    pub fn open(source: &Source, threads: usize) -> Result<Self, InputError> {
        Ok(match source {
            Source::Video {
                path,
                index,
                decoder,
            } => Self::Video(Box::new(VideoReader::open(
                path,
                Arc::clone(index),
                threads,
                *decoder,
            )?)),
            Source::Images { images, .. } => Self::Images(Arc::clone(images)),
        })
    }

    /// Gets ready to read from `frame` on (counted from 0).
    ///
    /// # Errors
    /// When the file fails.
    pub fn go_to(&mut self, frame: usize) -> Result<(), ReadError> {
        match self {
            Self::Video(reader) => reader.go_to(frame),
            Self::Images(_) => Ok(()),
        }
    }

    /// Reads frame `frame`, at or behind where the reader stands, into `pixels` (B, G, R, rows
    /// `stride(width)` bytes apart, and [`SPARE_BYTES`] more behind the last). Returns the frame's
    /// size.
    ///
    /// # Errors
    /// When the frame cannot be had, or `pixels` is too small for it.
    pub fn read(
        &mut self,
        frame: usize,
        stride: impl Fn(usize) -> usize,
        pixels: &mut [u8],
    ) -> Result<Geometry, ReadError> {
        match self {
            Self::Video(reader) => reader.read(frame, stride, pixels),
            Self::Images(images) => Ok(image_folder::read(&images[frame], stride, pixels)?),
        }
    }

    /// Reads frame `frame` as [`read`](Self::read) does, but leaves it as it was decoded where that
    /// takes no more room: whoever looks at it then converts only what it looks at.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_as_it_is(
        &mut self,
        frame: usize,
        stride: impl Fn(usize) -> usize,
        bytes: &mut [u8],
    ) -> Result<ReadPicture, ReadError> {
        match self {
            Self::Video(reader) => reader.read_as_it_is(frame, stride, bytes),
            Self::Images(_) => Ok(ReadPicture {
                size: self.read(frame, stride, bytes)?,
                planes: None,
            }),
        }
    }
}
