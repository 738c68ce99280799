//! The 3-D point distribution model (PDM): its file, its projection, its fit to landmarks, and
//! head pose from the result.

/// Position and deformation of a shape model in an image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShapeParameters {
    /// Scale (px per mm), rotation (Euler angles about x, y, z in rad), translation (x, y in px).
    pub global: [f32; 6],
    /// One weight per mode of deformation.
    pub local: Vec<f32>,
}
