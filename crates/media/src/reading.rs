//! What the user may decide about how videos are read. Folders of images need none of it.

use super::video::DecoderWish;
use super::video::{Decoder, PixelAspect};

/// How videos are to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// What decodes them.
    pub decoder: DecoderWish,
    /// What becomes of pixels that are not square.
    pub pixel_aspect: PixelAspect,
    /// Which of several video tracks, counted from 1; `None` is the one that FFmpeg takes for the
    /// main one.
    pub track: Option<usize>,
    /// Frames per second of files that hold no times; `None` assumes what their kind usually has.
    pub frame_rate: Option<f64>,
    /// Where times count from.
    pub clock: ClockZero,
}

/// Where times count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockZero {
    /// The first frame is at 0.
    #[default]
    FirstFrame,
    /// The file's own zero, which its other tracks count from, too.
    File,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            decoder: DecoderWish::Only(Decoder::Software),
            pixel_aspect: PixelAspect::Shown,
            track: None,
            frame_rate: None,
            clock: ClockZero::FirstFrame,
        }
    }
}
