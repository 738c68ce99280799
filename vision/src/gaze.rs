//! Where the eyes look.
//!
//! An eye model gives 28 landmarks on lids, iris and pupil. The ray from the camera through the
//! pupil meets a sphere that stands for the eyeball; gaze points from its centre to there
//! (Wood et al. 2015, "Rendering of eyes for eye-shape registration and gaze estimation"). How the
//! eye landmarks are found is not known here.

use crate::shape::ShapeParameters;

/// Number of landmarks of an eye model: 0 to 7 around the iris, 8 to 19 along the lids, 20 to 27
/// around the pupil.
pub const EYE_LANDMARKS: usize = 28;

/// An eye model fitted to an image.
#[derive(Debug, Clone, PartialEq)]
pub struct EyeFit {
    /// 2-D landmarks in pixels: x of all 28, then y.
    pub landmarks: [f32; 2 * EYE_LANDMARKS],
    /// The eye model's own position and deformation.
    pub shape: ShapeParameters,
    /// The eye model's 3-D shape in mm, not rotated: 28 x, 28 y, 28 z.
    pub shape_3d: [f64; 3 * EYE_LANDMARKS],
}

impl Default for EyeFit {
    /// Nothing found yet; a place for a tracker to write to.
    fn default() -> Self {
        Self {
            landmarks: [0.0; 2 * EYE_LANDMARKS],
            shape: ShapeParameters::default(),
            shape_3d: [0.0; 3 * EYE_LANDMARKS],
        }
    }
}
