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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::SHAPE_MODES;
    use crate::testing::shape_model_text;

    #[test]
    fn one_mode_moves_the_face_along_its_column() {
        let model = ShapeModel::parse(&shape_model_text(LANDMARKS, SHAPE_MODES)).unwrap();
        let mut local = [0.0; SHAPE_MODES];
        local[5] = 2.0;
        let mut descriptor = [1.0; GEOMETRY_LEN];
        describe(&model, &local, &mut descriptor);
        for (row, value) in descriptor[..3 * LANDMARKS].iter().enumerate() {
            assert_eq!(*value, 2.0 * model.basis_row(row)[5]);
        }
        assert_eq!(descriptor[3 * LANDMARKS..], local.map(f64::from));
    }
}
