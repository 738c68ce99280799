//! From the pixels of one frame to facial action units (AUs).
//!
//! What lives here is image mathematics and nothing else: find the face and its 68 landmarks
//! ([`tracking`]), fit the 3-D shape model to them ([`shape`]), cut out the aligned face, describe
//! it and score it with the AU models, and, once frames are back in order, correct and smooth the
//! scores ([`au`]). There are no processes, files of videos, or command lines in here, and no
//! inference engine either: a [`network::Network`] is handed in.

pub mod analysis;
pub mod au;
pub mod colour;
pub mod extras;
pub mod gaze;
pub mod grey;
pub mod image;
pub mod landmarker;
pub mod model_file;
pub mod network;
pub mod openface3;
pub mod pipeline;
mod rounding;
pub mod shape;
mod simd;
pub mod stage;
#[doc(hidden)]
pub mod testing;
pub mod tracking;
pub mod warp;
