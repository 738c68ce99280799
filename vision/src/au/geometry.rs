//! The geometry descriptor: how the face is deformed, apart from where it is and how it is turned.

use crate::analysis::{GEOMETRY_LEN, LANDMARKS};
use crate::shape::ShapeModel;

/// Writes the displacements of the 3-D landmarks from the mean shape in mm (68 x, 68 y, 68 z),
/// then the 34 mode weights themselves.
///
/// # Panics
/// When the model has not 68 landmarks and 34 modes, or `local` not 34 values.
pub fn describe(model: &ShapeModel, local: &[f32], descriptor: &mut [f64; GEOMETRY_LEN]) {
    let (displacements, weights) = descriptor.split_at_mut(3 * LANDMARKS);
    model.displacements(local, displacements);
    for (weight, &p) in weights.iter_mut().zip(local) {
        *weight = p.into();
    }
}
