//! Pixels of a run of frames, whatever the input is made of.

use std::path::PathBuf;
use std::sync::Arc;

use super::video::VideoReader;
use super::{Geometry, InputError, Source, image_folder};

pub use super::video::ReadError;

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
    /// `stride(width)` bytes apart). Returns the frame's size.
    ///
    /// # Errors
    /// When the frame cannot be had.
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
}
