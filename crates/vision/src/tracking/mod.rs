//! From pixels to 68 landmarks, frame after frame.
//!
//! A tracker keeps what it learned on one frame to be quick on the next; [`LandmarkTracker::reset`]
//! makes it forget, which is what happens where a segment of a video begins. What the landmarks
//! are used for is not known here.

pub mod clm;
pub mod convnet;
pub mod detection;
pub mod face_box;
pub mod mtcnn;
pub mod pfld;
pub mod pfld_tracker;
pub mod pixel_box;
pub mod policy;
pub mod resample;
pub mod retinaface;
mod taps;
#[cfg(test)]
pub(crate) mod testing;
pub mod validator;

use crate::analysis::{FrameAnalysis, LANDMARKS, TrackerMemory};
use crate::gaze::EyeFit;
use crate::image::BgrView;
use crate::network::NetworkError;
use crate::shape::ShapeParameters;
use crate::stage::StageClock;

/// What a tracker says about one frame.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// Landmarks in pixels: x of all 68, then y of all 68. Zeros while no face was ever found.
    pub landmarks: [f32; 2 * LANDMARKS],
    /// The shape parameters that the CSV reports.
    pub shape: ShapeParameters,
    /// Whether `shape` is the plain fit of the shape model to `landmarks` (started without rotation), so
    /// that the AU stage need not do it again.
    pub shape_is_plain_fit: bool,
    /// The validator's verdict, 0 to 1.
    pub confidence: f32,
    /// Whether the tracker vouches for the frame.
    pub success: bool,
    /// Whether the AU models should be run.
    pub au_success: bool,
    /// The eyes at face landmarks 36 to 41 and 42 to 47, in this order; `None` where the tracker
    /// has no eye models or has not used them yet.
    pub eyes: Option<[EyeFit; 2]>,
}

impl Default for Tracked {
    /// Nothing found yet; a place for a tracker to write to.
    fn default() -> Self {
        Self {
            landmarks: [0.0; 2 * LANDMARKS],
            shape: ShapeParameters::default(),
            shape_is_plain_fit: false,
            confidence: 0.0,
            success: false,
            au_success: false,
            eyes: None,
        }
    }
}

/// Follows one face through consecutive frames.
pub trait LandmarkTracker {
    /// Forgets everything: the next frame is a first frame.
    fn reset(&mut self);

    /// Looks at the next frame and leaves what it finds in `tracked`, whose buffers are reused.
    ///
    /// # Errors
    /// When a network cannot be run. That a face cannot be found is not an error.
    fn track(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
        tracked: &mut Tracked,
    ) -> Result<(), NetworkError>;

    /// What it remembers and did not report on the last frame.
    fn memory(&self) -> TrackerMemory;

    /// Goes on as a tracker of the same kind and settings would that had seen the frame of which
    /// `last` is the analysis; what this one knew before is forgotten.
    fn resume(&mut self, last: &FrameAnalysis);
}

impl<T: LandmarkTracker + ?Sized> LandmarkTracker for Box<T> {
    fn reset(&mut self) {
        (**self).reset();
    }

    fn track(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
        tracked: &mut Tracked,
    ) -> Result<(), NetworkError> {
        (**self).track(frame, clock, tracked)
    }

    fn memory(&self) -> TrackerMemory {
        (**self).memory()
    }

    fn resume(&mut self, last: &FrameAnalysis) {
        (**self).resume(last);
    }
}
