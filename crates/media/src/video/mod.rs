//! Video files through FFmpeg: which frames there are, and their pixels.
//!
//! All of FFmpeg that the program uses is behind these few files.

mod container;
mod decoder;
pub mod hardware;
pub mod index;
mod orientation;
mod picture;
mod planes;

pub use decoder::{PlanMismatch, ReadError, VideoReader};
pub use hardware::{Decoder, DecoderWish, Hardware};
pub use orientation::Orientation;
pub use planes::{picture_format, planes_of};
