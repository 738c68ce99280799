//! The shape model itself: mean, modes, variances, and the shapes they make.

use super::ShapeParameters;
use super::fit::range;
use super::normal_equations::{Gram, LANES};
use super::rotation::rotation_from_euler;
use crate::model_file::{Matrix, ModelFileError, TextReader};

/// A point distribution model of n landmarks and m modes of deformation, in millimetres.
///
/// Coordinates are stacked by axis: n x, n y, n z (x right, y down, smaller z nearer the camera).
/// All values were rounded to `f32`, as OpenFace does, and are kept widened.
#[derive(Debug, Clone)]
pub struct ShapeModel {
    landmarks: usize,
    modes: usize,
    mean: Vec<f64>,
    /// 3n rows of `stride` values, the modes followed by zeros.
    basis: Vec<f64>,
    stride: usize,
    variances: Vec<f64>,
    gram: Gram,
}

impl ShapeModel {
    /// Reads a model from OpenFace's text format: the mean (3n x 1), the modes (3n x m) and their
    /// variances (1 x m).
    ///
    /// # Errors
    /// When a matrix is missing or malformed, when their sizes do not agree, or when a variance is
    /// not positive.
    pub fn parse(text: &str) -> Result<Self, ModelFileError> {
        let mut reader = TextReader::new(text);
        let mean = reader.matrix("mean shape")?;
        let basis = reader.matrix("shape modes")?;
        let variances = reader.matrix("variances of the shape modes")?;
        if !reader.is_at_end() {
            return Err(ModelFileError::new("shape model", "more than 3 matrices"));
        }
        Self::from_matrices(mean, basis, variances)
    }

    fn from_matrices(
        mean: Matrix,
        basis: Matrix,
        variances: Matrix,
    ) -> Result<Self, ModelFileError> {
        let (rows, modes) = (mean.rows, basis.cols);
        if rows < 9 || rows % 3 != 0 {
            return Err(ModelFileError::new(
                "mean shape",
                format!("expected x, y and z of three landmarks or more, found {rows} values"),
            ));
        }
        if modes == 0 {
            return Err(ModelFileError::new("shape modes", "there are none"));
        }
        let single = |value: f64| f64::from(value as f32);
        let mean = mean.expect_shape("mean shape", rows, 1)?;
        let matrix = basis.expect_shape("shape modes", rows, modes)?;
        let variances = variances.expect_shape("variances of the shape modes", 1, modes)?;
        let variances: Vec<f64> = variances.data.into_iter().map(single).collect();
        if let Some(bad) = variances.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
            return Err(ModelFileError::new(
                "variances of the shape modes",
                format!("{bad} is not a variance"),
            ));
        }
        let stride = modes.next_multiple_of(LANES);
        let mut basis = vec![0.0; rows * stride];
        for (row, source) in basis
            .chunks_exact_mut(stride)
            .zip(matrix.data.chunks_exact(modes))
        {
            for (value, &source) in row.iter_mut().zip(source) {
                *value = single(source);
            }
        }
        let mean: Vec<f64> = mean.data.into_iter().map(single).collect();
        if mean.iter().chain(&basis).any(|value| !value.is_finite()) {
            return Err(ModelFileError::new(
                "shape model",
                "a value is too large for single precision",
            ));
        }
        let mut model = Self {
            landmarks: rows / 3,
            modes,
            gram: Gram::default(),
            mean,
            basis,
            stride,
            variances,
        };
        model.gram = Gram::weighted(&model, &vec![1.0; model.landmarks]);
        Ok(model)
    }

    /// Number of landmarks, n.
    pub fn landmarks(&self) -> usize {
        self.landmarks
    }

    /// Number of modes of deformation, m.
    pub fn modes(&self) -> usize {
        self.modes
    }

    /// The mean shape in mm: n x, n y, n z, centred on the origin.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// How far each of the m modes moves coordinate `row` (0 to 3n - 1) of the shape.
    ///
    /// # Panics
    /// When `row` is not below 3n.
    pub fn basis_row(&self, row: usize) -> &[f64] {
        &self.padded_row(row)[..self.modes]
    }

    /// Variance of each of the m modes' weights over the faces the model was made from.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The x, y and z rows of landmark `i`.
    pub(super) fn basis_rows(&self, i: usize) -> [&[f64]; 3] {
        [0, 1, 2].map(|axis| self.basis_row(axis * self.landmarks + i))
    }

    /// A basis row with zeros up to a whole number of lanes.
    #[inline]
    pub(super) fn padded_row(&self, row: usize) -> &[f64] {
        &self.basis[row * self.stride..][..self.stride]
    }

    /// The x, y and z rows of landmark `i`, from mode `first` on, one group of lanes.
    #[inline]
    pub(super) fn lanes(&self, i: usize, first: usize) -> [&[f64; LANES]; 3] {
        [0, 1, 2].map(|axis| {
            let group = self.padded_row(axis * self.landmarks + i)[first..].first_chunk();
            group.expect("rows are padded to whole groups of lanes")
        })
    }

    /// Length of a padded row.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    pub(super) fn gram(&self) -> &Gram {
        &self.gram
    }

    /// Displacement of every coordinate from the mean shape in mm (n x, n y, n z) under the mode
    /// weights `local`.
    ///
    /// # Panics
    /// When `local` has not m or `displacements` not 3n values.
    pub fn displacements(&self, local: &[f32], displacements: &mut [f64]) {
        assert_eq!(local.len(), self.modes);
        assert_eq!(displacements.len(), 3 * self.landmarks);
        for (row, displacement) in displacements.iter_mut().enumerate() {
            *displacement = self
                .basis_row(row)
                .iter()
                .zip(local)
                .map(|(v, &p)| v * f64::from(p))
                .sum();
        }
    }

    /// The 3-D shape in mm (n x, n y, n z) under the mode weights `local`, not rotated.
    ///
    /// # Panics
    /// When `local` has not m or `shape` not 3n values.
    pub fn shape_3d(&self, local: &[f32], shape: &mut [f64]) {
        self.displacements(local, shape);
        for (value, mean) in shape.iter_mut().zip(&self.mean) {
            *value += mean;
        }
    }

    /// Landmarks in pixels (n x, then n y) of the 3-D `shape` (n x, n y, n z, in mm) placed in the
    /// image by `global`: scale, Euler angles, translation.
    ///
    /// # Panics
    /// When `shape` has not 3n or `landmarks` not 2n values.
    pub fn project(&self, shape: &[f64], global: &[f32; 6], landmarks: &mut [f32]) {
        let n = self.landmarks;
        assert_eq!(shape.len(), 3 * n);
        assert_eq!(landmarks.len(), 2 * n);
        let [s, rx, ry, rz, tx, ty] = global.map(f64::from);
        let r = rotation_from_euler([rx, ry, rz]) * s;
        let (xs, ys) = landmarks.split_at_mut(n);
        for i in 0..n {
            let (x, y, z) = (shape[i], shape[n + i], shape[2 * n + i]);
            xs[i] = (r[(0, 0)] * x + r[(0, 1)] * y + r[(0, 2)] * z + tx) as f32;
            ys[i] = (r[(1, 0)] * x + r[(1, 1)] * y + r[(1, 2)] * z + ty) as f32;
        }
    }

    /// The parameters that make the shape with rotation `rotation` (Euler angles in rad) and mode
    /// weights `local` fill a box in the image: left, top, width and height in pixels.
    ///
    /// The scale is the mean of what the width and the height ask for; the shape's own box is
    /// centred in the given one.
    ///
    /// # Panics
    /// When `local` has not m values.
    pub fn box_to_global(
        &self,
        [left, top, width, height]: [f32; 4],
        rotation: [f32; 3],
        local: &[f32],
    ) -> ShapeParameters {
        let n = self.landmarks;
        let mut shape = vec![0.0; 3 * n];
        self.shape_3d(local, &mut shape);
        let r = rotation_from_euler(rotation.map(f64::from));
        let extent = |row: usize| {
            range((0..n).map(|i| {
                r[(row, 0)] * shape[i] + r[(row, 1)] * shape[n + i] + r[(row, 2)] * shape[2 * n + i]
            }))
        };
        let ((x0, x1), (y0, y1)) = (extent(0), extent(1));
        let [left, top, width, height] = [left, top, width, height].map(f64::from);
        let scale = 0.5 * (width / (x1 - x0) + height / (y1 - y0));
        let tx = left + 0.5 * width - scale * 0.5 * (x0 + x1);
        let ty = top + 0.5 * height - scale * 0.5 * (y0 + y1);
        let [rx, ry, rz] = rotation;
        ShapeParameters {
            global: [scale as f32, rx, ry, rz, tx as f32, ty as f32],
            local: local.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shape_model_text;

    #[test]
    fn a_model_is_read_with_its_sizes() {
        let model = ShapeModel::parse(&shape_model_text(20, 5)).unwrap();
        assert_eq!((model.landmarks(), model.modes()), (20, 5));
        assert_eq!(model.basis_row(59).len(), 5);
        for row in 0..60 {
            assert_eq!(&model.padded_row(row)[5..], [0.0; 3]);
        }
    }

    #[test]
    fn matrices_that_do_not_belong_together_are_refused() {
        let good = "3 1 6\n9 1 6\n0 1 2 3 4 5 6 7 8\n";
        assert!(ShapeModel::parse(good).is_err());
        for (mean, modes, variances) in [(9, (9, 1), 2), (9, (6, 1), 1), (8, (8, 1), 1)] {
            let text = format!(
                "{mean} 1 6\n{}\n{} {} 6\n{}\n1 {variances} 6\n{}\n",
                "1 ".repeat(mean),
                modes.0,
                modes.1,
                "1 ".repeat(modes.0 * modes.1),
                "1 ".repeat(variances),
            );
            assert!(ShapeModel::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_variance_of_zero_is_refused() {
        let text = shape_model_text(20, 5);
        let (rest, _) = text.trim_end().rsplit_once(' ').unwrap();
        assert!(ShapeModel::parse(&format!("{rest} 0.0\n")).is_err());
    }

    #[test]
    fn the_shape_fills_the_box() {
        let model = ShapeModel::parse(&shape_model_text(20, 5)).unwrap();
        let local = [1.0, -2.0, 0.5, 0.0, 0.3];
        let rotation = [0.1, -0.3, 0.2];
        let placed = model.box_to_global([30.0, 40.0, 100.0, 110.0], rotation, &local);
        let mut shape = [0.0; 60];
        model.shape_3d(&local, &mut shape);
        let mut landmarks = [0.0; 40];
        model.project(&shape, &placed.global, &mut landmarks);
        let extent = |values: &[f32]| range(values.iter().map(|&v| f64::from(v)));
        let ((x0, x1), (y0, y1)) = (extent(&landmarks[..20]), extent(&landmarks[20..]));
        assert!((0.5 * (x0 + x1) - 80.0).abs() < 1e-4);
        assert!((0.5 * (y0 + y1) - 95.0).abs() < 1e-4);
        // Half of what the width asks for and half of what the height asks for.
        let of_width = 100.0 / (x1 - x0);
        let of_height = 110.0 / (y1 - y0);
        assert!((0.5 * (of_width + of_height) - 1.0).abs() < 1e-6);
    }
}
