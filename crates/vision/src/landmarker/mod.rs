//! Google's Face Landmarker: 478 points, 52 coefficients of expression and the pose of the head, by
//! three small networks ("BlazeFace" finds the face, "Face Mesh V2" places the points, "Blendshape
//! V2" rates the expression). In a video a face is followed from frame to frame and its points are
//! smoothed.
//!
//! The numbers are those of the library of that name (MediaPipe 0.10), quirks included. What the
//! coefficients say about action units is in [`measures`].

pub mod blendshapes;
mod crop;
mod detection;
mod detector;
pub mod measures;
mod mesh;
mod pose;
mod rect;
mod smoothing;
mod state;
mod tracker;

pub use blendshapes::BLENDSHAPES;
pub use pose::{CanonicalFace, CanonicalFaceError, HeadPose, MESH};
pub use rect::TurnedRect;
pub use state::{StateError, TrackerState};
pub use tracker::{Face, Landmarker, Networks, Options};

use crate::image::BgrView;

/// Points on a face: 468 of the mesh, then 5 of each iris.
pub const LANDMARKS: usize = 478;

/// Sides of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PictureSize {
    pub width: f32,
    pub height: f32,
}

impl PictureSize {
    pub fn of(picture: &BgrView<'_>) -> Self {
        Self {
            width: picture.width() as f32,
            height: picture.height() as f32,
        }
    }

    pub fn is_empty(self) -> bool {
        self.width < 1.0 || self.height < 1.0
    }
}
