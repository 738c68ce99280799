//! The edges of a continuous conditional neural field: neighbouring positions pull each other's
//! responses together, which on a fixed grid amounts to one matrix.
//!
//! That matrix, Σ = [2(A I + Σ_k β_k S_k)]⁻¹ (Baltrušaitis et al. 2014), is as large as the square
//! of the number of positions. But mirroring the window left to right or top to bottom changes
//! nothing about it, so it falls into four independent blocks: for responses that are even or odd
//! in x and even or odd in y. They hold a quarter of the numbers, and inverting them is sixteen
//! times less work.

use nalgebra::{Cholesky, DMatrix};

use crate::model_file::{Matrix, ModelFileError};
use crate::simd::{LANES, Lanes, Simd};

/// Whether a response does not change, or changes its sign, when it is mirrored.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Parity {
    Even,
    Odd,
}

/// The blocks: parity in y, parity in x.
const BLOCKS: [(Parity, Parity); 4] = [
    (Parity::Even, Parity::Even),
    (Parity::Even, Parity::Odd),
    (Parity::Odd, Parity::Even),
    (Parity::Odd, Parity::Odd),
];

/// How many independent positions along one axis a parity leaves.
fn extent(parity: Parity, window: usize) -> usize {
    window / 2 + usize::from(parity == Parity::Even)
}

/// The similarity matrices S_k of one window size, as blocks.
#[derive(Debug, Clone)]
pub(super) struct Similarities {
    window: usize,
    /// One array of blocks per k.
    blocks: Vec<[DMatrix<f64>; 4]>,
}

impl Similarities {
    /// Splits the matrices, which relate all positions of the window (row after row).
    ///
    /// # Errors
    /// When a matrix has another size, or changes when the window is mirrored.
    pub(super) fn new(
        window: usize,
        matrices: Vec<Matrix>,
        context: &str,
    ) -> Result<Self, ModelFileError> {
        let blocks = matrices.into_iter().map(|matrix| {
            let matrix = matrix.expect_shape(context, window * window, window * window)?;
            if !is_symmetric(window, &matrix.data) {
                let reason = "a similarity matrix is not symmetric about the window's middle";
                return Err(ModelFileError::new(context, reason));
            }
            Ok(BLOCKS.map(|block| split(window, &matrix.data, block)))
        });
        Ok(Self {
            window,
            blocks: blocks.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// Number of matrices, K.
    pub(super) fn count(&self) -> usize {
        self.blocks.len()
    }

    /// Σ for an expert with the factors `betas` and the sum `alpha_sum` of its neurons' weights.
    /// Where there is no inverse, it is zero, as in OpenFace.
    pub(super) fn smoothing(&self, alpha_sum: f64, betas: &[f64]) -> Smoothing {
        let half = self.window / 2;
        let inverses: Option<Vec<DMatrix<f64>>> = (0..BLOCKS.len())
            .map(|b| {
                let size = self.blocks[0][b].nrows();
                let mut precision = DMatrix::from_diagonal_element(size, size, 2.0 * alpha_sum);
                for (blocks, beta) in self.blocks.iter().zip(betas) {
                    precision += &blocks[b] * (2.0 * beta);
                }
                Some(Cholesky::new(precision)?.inverse())
            })
            .collect();
        Smoothing {
            window: self.window,
            blocks: [0, 1, 2, 3].map(|b| {
                let (_, parity_x) = BLOCKS[b];
                let columns = extent(parity_x, self.window);
                // Going into a block and out of it again divides by the square root of the number
                // of mirror images each time.
                let weight = |i: usize| {
                    let images = |i: usize| if i < half { 2.0 } else { 1.0 };
                    1.0 / f64::sqrt(images(i / columns) * images(i % columns))
                };
                let size = self.blocks[0][b].nrows();
                let padded = size.next_multiple_of(LANES);
                let mut block = vec![0.0; size * padded];
                if let Some(inverses) = &inverses {
                    for (column, values) in block.chunks_exact_mut(padded).enumerate() {
                        for (row, value) in values[..size].iter_mut().enumerate() {
                            let entry = inverses[b][(row, column)];
                            *value = (entry * weight(row) * weight(column)) as f32;
                        }
                    }
                }
                block.as_chunks().0.to_vec()
            }),
        }
    }
}

/// Whether mirroring in x and in y leaves the matrix as it is, and so does transposing.
fn is_symmetric(window: usize, matrix: &[f64]) -> bool {
    let size = window * window;
    let flip_x = |p: usize| p - p % window + (window - 1 - p % window);
    let flip_y = |p: usize| (window - 1 - p / window) * window + p % window;
    (0..size).all(|p| {
        (0..size).all(|q| {
            let value = matrix[p * size + q];
            value == matrix[flip_x(p) * size + flip_x(q)]
                && value == matrix[flip_y(p) * size + flip_y(q)]
                && value == matrix[q * size + p]
        })
    })
}

/// One block of a symmetric matrix, in the orthonormal basis of its parity.
fn split(window: usize, matrix: &[f64], (parity_y, parity_x): (Parity, Parity)) -> DMatrix<f64> {
    let half = window / 2;
    let (rows, columns) = (extent(parity_y, window), extent(parity_x, window));
    /// The places whose values stand for one value of the given parity, with their signs.
    fn images(i: usize, parity: Parity, window: usize) -> impl Iterator<Item = (usize, f64)> {
        let mirrored = window - 1 - i;
        let sign = if parity == Parity::Even { 1.0 } else { -1.0 };
        let other = (mirrored != i).then_some((mirrored, sign));
        std::iter::once((i, 1.0)).chain(other)
    }
    let number = |i: usize| {
        let along = |i: usize| if i < half { 2.0 } else { 1.0 };
        along(i / columns) * along(i % columns)
    };
    DMatrix::from_fn(rows * columns, rows * columns, |p, q| {
        let from = p / columns * window + p % columns;
        let mut sum = 0.0;
        for (y, sign_y) in images(q / columns, parity_y, window) {
            for (x, sign_x) in images(q % columns, parity_x, window) {
                sum += sign_y * sign_x * matrix[from * window * window + y * window + x];
            }
        }
        sum * f64::sqrt(number(p) / number(q))
    })
}

/// Σ for one expert and window.
#[derive(Debug, Clone)]
pub(super) struct Smoothing {
    window: usize,
    /// Each block column after column, columns padded to whole groups of lanes.
    blocks: [Vec<Lanes>; 4],
}

/// Where the even and odd parts of a response stand meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct SmoothingScratch {
    parts: [Vec<f32>; 4],
    results: [Vec<Lanes>; 4],
}

impl Smoothing {
    /// Replaces the `response` (window x window, row after row) by Σ · response.
    #[inline(always)]
    pub(super) fn apply<S: Simd>(
        &self,
        simd: S,
        scratch: &mut SmoothingScratch,
        response: &mut [f32],
    ) {
        let window = self.window;
        let half = window / 2;
        for (part, (parity_y, parity_x)) in scratch.parts.iter_mut().zip(BLOCKS) {
            part.resize(extent(parity_y, window) * extent(parity_x, window), 0.0);
        }
        let last = window - 1;
        // The middle row and column have no mirror image: even parts only.
        let [even_even, even_odd, odd_even, odd_odd] = &mut scratch.parts;
        for y in 0..=half {
            let upper = &response[y * window..][..window];
            let lower = &response[(last - y) * window..][..window];
            let lower_weight = if y < half { 1.0 } else { 0.0 };
            for x in 0..=half {
                let right_weight = if x < half { 1.0 } else { 0.0 };
                let (a, b) = (upper[x], upper[last - x] * right_weight);
                let (c, d) = (
                    lower[x] * lower_weight,
                    lower[last - x] * (lower_weight * right_weight),
                );
                even_even[y * (half + 1) + x] = (a + b) + (c + d);
                if x < half {
                    even_odd[y * half + x] = (a - b) + (c - d);
                }
                if y < half {
                    odd_even[y * (half + 1) + x] = (a + b) - (c + d);
                }
                if x < half && y < half {
                    odd_odd[y * half + x] = (a - b) - (c - d);
                }
            }
        }
        for ((block, part), result) in self
            .blocks
            .iter()
            .zip(&scratch.parts)
            .zip(&mut scratch.results)
        {
            multiply(simd, block, part, result);
        }
        let [even_even, even_odd, odd_even, odd_odd] = scratch
            .results
            .each_ref()
            .map(|result| result.as_flattened());
        for y in 0..window {
            // Odd parts change their sign in the lower and in the right half, and vanish between.
            let (row, sign_y) = folded(y, half);
            for x in 0..window {
                let (column, sign_x) = folded(x, half);
                let mut sum = even_even[row * (half + 1) + column];
                if column < half {
                    sum += sign_x * even_odd[row * half + column];
                }
                if row < half {
                    sum += sign_y * odd_even[row * (half + 1) + column];
                    if column < half {
                        sum += sign_y * sign_x * odd_odd[row * half + column];
                    }
                }
                response[y * window + x] = sum;
            }
        }
    }
}

/// Multiplies a block with a vector.
#[inline(always)]
fn multiply<S: Simd>(simd: S, block: &[Lanes], vector: &[f32], result: &mut Vec<Lanes>) {
    let stride = vector.len().div_ceil(LANES);
    // All of it is written below.
    result.resize(stride, [0.0; LANES]);
    let mut first = 0;
    while first < stride {
        let result = &mut result[first..];
        first += match result.len() {
            0 | 1 => rows::<S, 1>(simd, &block[first..], stride, vector, result),
            2 | 3 => rows::<S, 2>(simd, &block[first..], stride, vector, result),
            _ => rows::<S, 4>(simd, &block[first..], stride, vector, result),
        };
    }
}

/// The first `N` groups of rows of such a product; returns `N`.
#[inline(always)]
fn rows<S: Simd, const N: usize>(
    simd: S,
    block: &[Lanes],
    stride: usize,
    vector: &[f32],
    result: &mut [Lanes],
) -> usize {
    let mut sums = [simd.splat(0.0); N];
    for (column, &value) in block.chunks(stride).zip(vector) {
        let value = simd.splat(value);
        for (sum, weights) in sums.iter_mut().zip(&column[..N]) {
            *sum = simd.mul_add(simd.load(weights), value, *sum);
        }
    }
    for (result, sum) in result.iter_mut().zip(sums) {
        simd.store(sum, result);
    }
    N
}

/// Where in the first half a place is mirrored to, and the sign that odd parts take on.
#[inline(always)]
fn folded(i: usize, half: usize) -> (usize, f32) {
    if i <= half {
        (i, 1.0)
    } else {
        (2 * half - i, -1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::laplacian;
    use super::*;
    use crate::simd::for_each_simd;
    use crate::testing::Sequence;

    fn check<S: Simd>(simd: S, smoothing: &Smoothing, response: &[f32], expected: &DMatrix<f64>) {
        let mut ours = response.to_vec();
        smoothing.apply(simd, &mut SmoothingScratch::default(), &mut ours);
        for (ours, expected) in ours.iter().zip(expected.iter()) {
            assert!((f64::from(*ours) - expected).abs() < 1e-7);
        }
    }

    #[test]
    fn blocks_do_what_the_whole_matrix_does() {
        for window in [3, 7, 9] {
            let size = window * window;
            let matrices = vec![laplacian(window, 1), laplacian(window, 3)];
            let (alpha_sum, betas) = (1.7, [0.4, 2.5]);
            let mut precision = DMatrix::from_diagonal_element(size, size, 2.0 * alpha_sum);
            for (matrix, beta) in matrices.iter().zip(betas) {
                precision += DMatrix::from_row_slice(size, size, &matrix.data) * (2.0 * beta);
            }
            let sigma = precision.try_inverse().unwrap();

            let mut random = Sequence::new(3);
            let response: Vec<f32> = (0..size).map(|_| random.signed() as f32).collect();
            let wide = DMatrix::from_iterator(size, 1, response.iter().map(|&v| f64::from(v)));
            let expected = sigma * wide;
            let similarities = Similarities::new(window, matrices, "test").unwrap();
            let smoothing = similarities.smoothing(alpha_sum, &betas);
            for_each_simd!(check(&smoothing, &response, &expected));
        }
    }

    #[test]
    fn matrices_that_are_not_symmetric_are_refused() {
        let mut matrix = laplacian(5, 1);
        assert!(Similarities::new(5, vec![matrix.clone()], "test").is_ok());
        assert!(Similarities::new(3, vec![matrix.clone()], "test").is_err());
        matrix.data[1] = 5.0;
        assert!(Similarities::new(5, vec![matrix.clone()], "test").is_err());
        matrix.data[1] = f64::NAN;
        assert!(Similarities::new(5, vec![matrix], "test").is_err());
    }

    #[test]
    fn without_an_inverse_the_response_is_zero() {
        let similarities = Similarities::new(3, vec![laplacian(3, 1)], "test").unwrap();
        let smoothing = similarities.smoothing(1.0, &[-100.0]);
        for_each_simd!(check(&smoothing, &[1.0; 9], &DMatrix::zeros(9, 1)));
    }
}
