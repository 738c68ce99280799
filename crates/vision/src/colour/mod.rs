//! Colours: decoded planes of luma and chroma into B, G, R pixels, bit for bit as libswscale makes
//! them on x86-64 when a video is read as OpenCV reads it (bicubic, no other flags), on every
//! processor and whatever FFmpeg is there.
//!
//! On other processors, and from release to release, libswscale rounds differently, which moved
//! landmarks by up to 5 pixels and intensities by 0.02. What is not here: how files are decoded, and
//! formats that nobody records faces in; these are left to libswscale.
//!
//! Any part of a picture can be converted, and comes out as it would from the whole picture.

mod chroma;
mod convert;
mod format;
mod orientation;
mod packed;
mod rules;
mod tiles;
mod values;
mod weights;

pub use convert::Converter;
pub use format::{Chroma, Depth, PictureFormat, PlaneError, Planes, Range};
pub use orientation::{Orientation, Source};
pub use tiles::{TileBuffer, TiledPicture};
