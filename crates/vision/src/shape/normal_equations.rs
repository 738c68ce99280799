//! The linear system behind one step of fitting the shape model, and its solution.
//!
//! Unknowns are the mode weights first, then scale, three small rotations applied on the right of
//! R, and translation in x and y. Where the landmarks should go, which steps to take, and when to
//! stop, is not decided here.

use nalgebra::{Matrix3, Vector3};

use super::ShapeParameters;
use super::model::ShapeModel;
use super::rotation::{euler_from_rotation, rotation_from_euler, small_rotation};

/// Modes are handled in groups of this many; basis rows are padded to whole groups.
pub(crate) const LANES: usize = 4;
/// Scale, three rotations, two translations.
pub(crate) const GLOBAL: usize = 6;

/// Pose under weak perspective.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeakPose {
    /// Pixels per millimetre.
    pub scale: f64,
    pub rotation: Matrix3<f64>,
    /// Pixels.
    pub translation: [f64; 2],
}

impl WeakPose {
    /// The pose that a shape's global parameters stand for.
    pub fn of(parameters: &ShapeParameters) -> Self {
        Self {
            scale: parameters.scale(),
            rotation: rotation_from_euler(parameters.rotation()),
            translation: parameters.translation(),
        }
    }

    /// As global parameters of a shape.
    pub fn to_global(self) -> [f32; GLOBAL] {
        let [rx, ry, rz] = euler_from_rotation(&self.rotation);
        let [tx, ty] = self.translation;
        [self.scale, rx, ry, rz, tx, ty].map(|value| value as f32)
    }

    /// Goes `length` times the step of the global parameters.
    pub fn advance(&mut self, global_step: &[f64], length: f64) {
        let step = |i: usize| length * global_step[i];
        self.scale += step(0);
        self.rotation *= small_rotation(Vector3::new(step(1), step(2), step(3)));
        self.translation[0] += step(4);
        self.translation[1] += step(5);
    }

    /// Where a point of the shape (in mm) lies in the image, in pixels.
    #[inline]
    pub fn project(&self, shape: &Vector3<f64>) -> [f64; 2] {
        let turned = self.rotation * shape;
        [0, 1].map(|axis| self.scale * turned[axis] + self.translation[axis])
    }
}

/// One observed landmark and the model's idea of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Point {
    /// Which landmark of the model it is.
    pub landmark: usize,
    /// Where it was seen, in pixels.
    pub observed: [f64; 2],
    /// How much its squared error counts; 0 for not at all.
    pub weight: f64,
    /// Where the model has it, in millimetres.
    pub shape: Vector3<f64>,
    /// Observed minus projected x and y.
    error: [f64; 2],
    /// Derivatives of the projected x and y by the six global parameters.
    jacobian: [[f64; GLOBAL]; 2],
}

impl Point {
    /// Landmark number `landmark`, seen at `observed`, with weight 1.
    pub fn new(landmark: usize, observed: [f64; 2]) -> Self {
        Self {
            landmark,
            observed,
            weight: 1.0,
            ..Self::default()
        }
    }

    /// Observed minus projected position, in pixels.
    #[inline]
    pub fn error_under(&self, pose: &WeakPose) -> [f64; 2] {
        let projected = pose.project(&self.shape);
        [0, 1].map(|axis| self.observed[axis] - projected[axis])
    }

    fn linearise(&mut self, pose: &WeakPose) {
        self.error = self.error_under(pose);
        let shape = self.shape;
        for (axis, row) in self.jacobian.iter_mut().enumerate() {
            // d/dω of r·(ω × S) is S × r.
            let r = pose.rotation.row(axis).transpose();
            let turning = shape.cross(&r) * pose.scale;
            *row = [r.dot(&shape), turning.x, turning.y, turning.z, 0.0, 0.0];
            row[4 + axis] = 1.0;
        }
    }
}

/// Σᵢ wᵢ Vₖᵢᵀ Vₗᵢ over the landmarks i of weight wᵢ, for the axis pairs xx, yy, zz, xy + yx, xz + zx, yz + zy;
/// lower triangles, row after row.
///
/// The block of JᵀWJ that belongs to the modes is a weighted sum of these six, whatever the pose
/// is, so the largest part of the normal equations is prepared once per model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gram([Vec<f64>; 6]);

const AXIS_PAIRS: [(usize, usize); 6] = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)];

impl Gram {
    /// From a model whose landmarks have these weights.
    pub fn weighted(model: &ShapeModel, weights: &[f64]) -> Self {
        let mut gram = Self::default();
        gram.clear(model.modes());
        for (i, &weight) in weights.iter().enumerate().take(model.landmarks()) {
            gram.add(model.basis_rows(i), weight);
        }
        gram
    }

    /// Starts over without landmarks, keeping the allocations.
    pub fn clear(&mut self, modes: usize) {
        for sum in &mut self.0 {
            sum.clear();
            sum.resize(triangle(modes), 0.0);
        }
    }

    /// Adds the basis rows (x, y, z) of one landmark `times` times.
    pub fn add(&mut self, rows: [&[f64]; 3], times: f64) {
        let modes = rows[0].len();
        for (sum, (k, l)) in self.0.iter_mut().zip(AXIS_PAIRS) {
            let pairs = (0..modes).flat_map(|a| (0..=a).map(move |b| (a, b)));
            for (value, (a, b)) in sum.iter_mut().zip(pairs) {
                let product = if k == l {
                    rows[k][a] * rows[k][b]
                } else {
                    rows[k][a] * rows[l][b] + rows[l][a] * rows[k][b]
                };
                *value += times * product;
            }
        }
    }
}

/// Number of entries of the lower triangle of a matrix, diagonal included.
fn triangle(size: usize) -> usize {
    size * (size + 1) / 2
}

/// (JᵀWJ + Λ) δ = JᵀWe - Λp, where W holds the landmarks' weights, and Λ a stiffness times 1/λⱼ for
/// the modes and nothing for the pose.
#[derive(Debug, Clone, Default)]
pub(crate) struct NormalEquations {
    /// Lower triangle of the left side, row after row; once solved, its Cholesky factor.
    matrix: Vec<f64>,
    /// The right side; once solved, δ.
    vector: Vec<f64>,
}

impl NormalEquations {
    /// Sets the system up at the given pose and mode weights (padded to whole lanes). `gram` must
    /// cover the landmarks that are in `points`, with their weights; the points' errors and
    /// derivatives are updated.
    pub fn assemble(
        &mut self,
        model: &ShapeModel,
        gram: &Gram,
        pose: &WeakPose,
        points: &mut [Point],
        local: &[f64],
        stiffness: f64,
    ) {
        let modes = model.modes();
        self.matrix.resize(triangle(modes + GLOBAL), 0.0);
        self.vector.resize(modes + GLOBAL, 0.0);
        for point in &mut *points {
            point.linearise(pose);
        }
        let rows = [0, 1].map(|axis| {
            let row = pose.rotation.row(axis) * pose.scale;
            [row[0], row[1], row[2]]
        });
        self.modes_with_modes(gram, rows);
        self.with_modes(model, rows, points, local, stiffness);
        self.global_with_global(modes, points);
    }

    /// The same without modes: only the pose may move.
    pub fn assemble_rigid(&mut self, pose: &WeakPose, points: &mut [Point]) {
        self.matrix.resize(triangle(GLOBAL), 0.0);
        self.vector.resize(GLOBAL, 0.0);
        for point in &mut *points {
            point.linearise(pose);
        }
        self.global_with_global(0, points);
    }

    fn modes_with_modes(&mut self, gram: &Gram, [r1, r2]: [[f64; 3]; 2]) {
        let [w0, w1, w2, w3, w4, w5] = AXIS_PAIRS.map(|(k, l)| r1[k] * r1[l] + r2[k] * r2[l]);
        let count = gram.0[0].len();
        let [xx, yy, zz, xy, xz, yz] = gram.0.each_ref().map(|sum| &sum[..count]);
        for (e, entry) in self.matrix[..count].iter_mut().enumerate() {
            *entry = w0 * xx[e] + w1 * yy[e] + w2 * zz[e] + w3 * xy[e] + w4 * xz[e] + w5 * yz[e];
        }
    }

    /// The products of the modes with the global parameters and with the error, and Λ.
    fn with_modes(
        &mut self,
        model: &ShapeModel,
        [r1, r2]: [[f64; 3]; 2],
        points: &[Point],
        local: &[f64],
        stiffness: f64,
    ) {
        let modes = model.modes();
        let (mode_matrix, global_matrix) = self.matrix.split_at_mut(triangle(modes));
        for first in (0..modes).step_by(LANES) {
            let mut global = [[0.0; LANES]; GLOBAL];
            let mut error = [0.0; LANES];
            for point in points {
                let [x, y, z] = model.lanes(point.landmark, first);
                let [jx, jy] = &point.jacobian;
                let w = point.weight;
                for lane in 0..LANES {
                    let u = w * (r1[0] * x[lane] + r1[1] * y[lane] + r1[2] * z[lane]);
                    let v = w * (r2[0] * x[lane] + r2[1] * y[lane] + r2[2] * z[lane]);
                    for g in 0..4 {
                        global[g][lane] += jx[g] * u + jy[g] * v;
                    }
                    global[4][lane] += u;
                    global[5][lane] += v;
                    error[lane] += point.error[0] * u + point.error[1] * v;
                }
            }
            for lane in 0..LANES.min(modes - first) {
                let mode = first + lane;
                let precision = stiffness / model.variances()[mode];
                self.vector[mode] = error[lane] - precision * local[mode];
                mode_matrix[triangle(mode + 1) - 1] += precision;
                for (g, products) in global.iter().enumerate() {
                    global_matrix[g * modes + triangle(g) + mode] = products[lane];
                }
            }
        }
    }

    fn global_with_global(&mut self, modes: usize, points: &[Point]) {
        let mut matrix = [[0.0; GLOBAL]; GLOBAL];
        let mut vector = [0.0; GLOBAL];
        for point in points {
            for (row, error) in point.jacobian.iter().zip(point.error) {
                for a in 0..GLOBAL {
                    let weighted = point.weight * row[a];
                    vector[a] += weighted * error;
                    for b in 0..GLOBAL {
                        matrix[a][b] += weighted * row[b];
                    }
                }
            }
        }
        for (g, products) in matrix.iter().enumerate() {
            let start = triangle(modes + g) + modes;
            self.matrix[start..=start + g].copy_from_slice(&products[..=g]);
        }
        self.vector[modes..].copy_from_slice(&vector);
    }

    /// Solves by Cholesky decomposition and returns δ: mode weights, then global parameters.
    /// Nothing when the matrix is not positive definite.
    pub fn solve(&mut self) -> Option<&[f64]> {
        let size = self.vector.len();
        // Column by column, because the entries of a column do not wait for each other.
        for j in 0..size {
            let (above, below) = self.matrix.split_at_mut(triangle(j + 1));
            let row = &mut above[triangle(j)..];
            let pivot = row[j] - dot(&row[..j], &row[..j]);
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            row[j] = pivot.sqrt();
            let inverse = 1.0 / row[j];
            let mut start = 0;
            for i in j + 1..size {
                let lower = &mut below[start..=start + j];
                lower[j] = (lower[j] - dot(&lower[..j], &row[..j])) * inverse;
                start += i + 1;
            }
            // The right side is eliminated along with the matrix, as one more row would be.
            self.vector[j] = (self.vector[j] - dot(&self.vector[..j], &row[..j])) * inverse;
        }
        for i in (0..size).rev() {
            let row = &self.matrix[triangle(i)..][..=i];
            let value = self.vector[i] / row[i];
            self.vector[i] = value;
            for (left, factor) in self.vector[..i].iter_mut().zip(row) {
                *left -= factor * value;
            }
        }
        Some(&self.vector)
    }
}

/// Inner product, summed in four lanes so that it can be vectorised.
#[inline]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_groups, a_rest) = a.as_chunks::<LANES>();
    let (b_groups, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_groups.iter().zip(b_groups) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_solution_solves(values in prop::collection::vec(-1.0_f64..1.0, 7 * 7 + 7)) {
            let (square, right) = values.split_at(49);
            let entry = |i: usize, j: usize| {
                let product: f64 = (0..7).map(|k| square[i * 7 + k] * square[j * 7 + k]).sum();
                product + f64::from(i == j)
            };
            let mut system = NormalEquations {
                matrix: (0..7).flat_map(|i| (0..=i).map(move |j| (i, j)))
                    .map(|(i, j)| entry(i, j)).collect(),
                vector: right.to_vec(),
            };
            let solution = system.solve().unwrap().to_vec();
            for (i, right) in right.iter().enumerate() {
                let left: f64 = (0..7).map(|j| entry(i, j) * solution[j]).sum();
                prop_assert!((left - right).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn an_indefinite_matrix_has_no_solution() {
        for matrix in [[1.0, 2.0, 1.0], [0.0, 0.0, 1.0], [f64::NAN, 0.0, 1.0]] {
            let mut system = NormalEquations {
                matrix: matrix.to_vec(),
                vector: vec![1.0; 2],
            };
            assert!(system.solve().is_none());
        }
    }
}
