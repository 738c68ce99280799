//! The 3-D point distribution model (PDM): its file, its projection, its fit to landmarks, and
//! head pose from the result.
//!
//! A face is a mean shape plus a weighted sum of modes of deformation, rotated, scaled and moved
//! into the image under weak perspective (Cootes et al. 1995; Saragih et al. 2011). Where the
//! landmarks come from is not known here.

mod camera;
mod fit;
mod model;
mod normal_equations;
mod pose;
mod rotation;

pub use camera::{Camera, Intrinsics};
pub use fit::{FitError, FitScratch};
pub use model::ShapeModel;
pub(crate) use normal_equations::{GLOBAL, Gram, NormalEquations, Point, WeakPose};
pub use pose::{Pose, PoseError, estimate_pose};
pub use rotation::{euler_from_rotation, rotation_from_euler};

/// Position and deformation of a shape model in an image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShapeParameters {
    /// Scale (px per mm), rotation (Euler angles about x, y, z in rad), translation (x, y in px).
    pub global: [f32; 6],
    /// One weight per mode of deformation.
    pub local: Vec<f32>,
}

impl ShapeParameters {
    /// Scale in pixels per millimetre.
    pub fn scale(&self) -> f64 {
        f64::from(self.global[0])
    }

    /// Euler angles about x, y and z in radians.
    pub fn rotation(&self) -> [f64; 3] {
        let [_, x, y, z, _, _] = self.global;
        [x, y, z].map(f64::from)
    }

    /// Where the shape's origin lies in the image, in pixels.
    pub fn translation(&self) -> [f64; 2] {
        let [.., x, y] = self.global;
        [x, y].map(f64::from)
    }
}
