//! Video files through FFmpeg: which frames there are, and their pixels.
//!
//! All of FFmpeg that the program uses is behind these few files. The index ([`index`]) is made of
//! what packets tell (`packets`) or of everything decoded, with times mended by `clock` and
//! pictures shaped by `shape`; a reader (`decoder`) then finds frames by number and has them
//! converted (`picture`).

mod clock;
mod container;
mod decoder;
pub mod hardware;
pub mod index;
mod orientation;
mod packets;
mod picture;
mod planes;
mod shape;
mod tracks;

pub use clock::FrameTimes;
pub use decoder::{PlanMismatch, ReadError, VideoReader};
pub use hardware::{Decoder, DecoderWish, Hardware};
pub use orientation::{Orientation, describe as describe_orientation};
pub use planes::{picture_format, planes_of};
pub use shape::{PixelAspect, Shape};
