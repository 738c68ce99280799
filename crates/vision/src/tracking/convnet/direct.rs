//! The convolution itself, straight from the maps: no copy of them is arranged first.
//!
//! Five outputs at two vectors of places are summed at a time, which keeps a processor with sixteen
//! registers busy and lets none wait for another; what is read for that stays in its nearest cache.
//! Rows must fill a vector.

use crate::simd::{LANES, Simd, vectorised};

use super::{Maps, MapsShape};

/// Outputs that are summed together.
const TOGETHER: usize = 5;

/// A weight for each of these; 0 for those that there are not.
type Weights = [f32; TOGETHER];

/// Kernels in the order in which they are needed.
#[derive(Debug, Clone)]
pub(super) struct Kernels {
    height: usize,
    width: usize,
    /// Outputs that are summed together, then input maps, kernel rows, kernel columns.
    weights: Vec<Weights>,
    /// One per output.
    bias: Vec<Weights>,
}

impl Kernels {
    /// From `weights` as `outputs` x inputs x `height` x `width` values, and a bias per output.
    pub(super) fn new(weights: &[f32], (height, width): (usize, usize), bias: &[f32]) -> Self {
        let outputs = bias.len();
        let terms = weights.len() / outputs;
        let groups = || (0..outputs).step_by(TOGETHER);
        let group = |first: usize, value: &dyn Fn(usize) -> Option<f32>| -> Weights {
            std::array::from_fn(|i| value(first + i).unwrap_or(0.0))
        };
        Self {
            height,
            width,
            weights: groups()
                .flat_map(|first| (0..terms).map(move |term| (first, term)))
                .map(|(first, term)| group(first, &|o| weights.get(o * terms + term).copied()))
                .collect(),
            bias: groups()
                .map(|first| group(first, &|o| bias.get(o).copied()))
                .collect(),
        }
    }

    /// Whether maps of `shape` can come out: their rows must fill a vector.
    pub(super) fn can_give(shape: MapsShape) -> bool {
        shape.width >= LANES
    }
}

vectorised! {
    /// Convolves `input` into `output`, which has the shape that results, of rows that are long
    /// enough ([`Kernels::can_give`]).
    pub(super) fn convolve(kernels: &Kernels, input: &Maps, output: &mut Maps) = convolve_with;
}

#[inline(always)]
fn convolve_with<S: Simd>(simd: S, kernels: &Kernels, input: &Maps, output: &mut Maps) {
    let (height, width) = (output.height, output.width);
    let terms = kernels.weights.len() / kernels.bias.len();
    let groups = output.data.chunks_mut(TOGETHER * height * width);
    let weights = kernels.weights.chunks_exact(terms);
    for ((maps, weights), bias) in groups.zip(weights).zip(&kernels.bias) {
        // The last vector of a row may begin early: some values are then simply summed twice.
        let mut places = (0..height).flat_map(|y| {
            let columns = (0..width).step_by(LANES);
            columns.map(move |x| (y, x.min(width - LANES)))
        });
        while let Some(first) = places.next() {
            let pair = [first, places.next().unwrap_or(first)];
            let sums = sum(simd, input, pair, kernels, (weights, bias));
            for (map, sums) in maps.chunks_exact_mut(height * width).zip(sums) {
                for ((y, x), sum) in pair.into_iter().zip(sums) {
                    if let Some(lanes) = map[y * width + x..].first_chunk_mut() {
                        simd.store(sum, lanes);
                    }
                }
            }
        }
    }
}

/// Two vectors of each of some outputs, which are those at the two places (row, column) and to
/// their right.
#[inline(always)]
fn sum<S: Simd>(
    simd: S,
    input: &Maps,
    places: [(usize, usize); 2],
    kernels: &Kernels,
    (weights, bias): (&[Weights], &Weights),
) -> [[S::Vector; 2]; TOGETHER] {
    let mut sums = [[simd.splat(0.0); 2]; TOGETHER];
    for (sums, &bias) in sums.iter_mut().zip(bias) {
        *sums = [simd.splat(bias); 2];
    }
    let [first, second] = places.map(|(y, x)| y * input.width + x);
    let maps = input.data.chunks_exact(input.height * input.width);
    for (map, weights) in maps.zip(weights.chunks_exact(kernels.height * kernels.width)) {
        for (y, weights) in weights.chunks_exact(kernels.width).enumerate() {
            let row = y * input.width;
            let first = map[row + first..].windows(LANES);
            let second = map[row + second..].windows(LANES);
            for ((first, second), weights) in first.zip(second).zip(weights) {
                let (Some(first), Some(second)) = (first.first_chunk(), second.first_chunk())
                else {
                    continue;
                };
                let (first, second) = (simd.load(first), simd.load(second));
                for (sums, &weight) in sums.iter_mut().zip(weights) {
                    let weight = simd.splat(weight);
                    sums[0] = simd.mul_add(first, weight, sums[0]);
                    sums[1] = simd.mul_add(second, weight, sums[1]);
                }
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::for_each_simd;
    use crate::testing::Sequence;

    /// Outputs that are no multiple of those summed together, rows with a rest, an odd number of
    /// vectors.
    fn check<S: Simd>(simd: S) {
        let (outputs, [inputs, rows, columns]) = (7, [2, 3, 2]);
        let mut random = Sequence::new(3);
        let mut values =
            |count: usize| -> Vec<f32> { (0..count).map(|_| random.signed() as f32).collect() };
        let (weights, bias) = (values(outputs * inputs * rows * columns), values(outputs));
        let input = Maps {
            channels: inputs,
            height: 5,
            width: 12,
            data: values(inputs * 5 * 12),
        };
        let shape = MapsShape {
            channels: outputs,
            height: 3,
            width: 11,
        };
        assert!(Kernels::can_give(shape));
        let mut output = Maps::default();
        output.reshape(shape);
        let kernels = Kernels::new(&weights, (rows, columns), &bias);
        convolve_with(simd, &kernels, &input, &mut output);
        for (place, &found) in output.data.iter().enumerate() {
            let (o, y, x) = (place / 33, place / 11 % 3, place % 11);
            let mut expected = bias[o];
            for (term, weight) in weights.chunks_exact(12).nth(o).unwrap().iter().enumerate() {
                let (map, row, column) = (term / 6, term / 2 % 3, term % 2);
                expected += weight * input.data[(map * 5 + y + row) * 12 + x + column];
            }
            assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

    #[test]
    fn all_instructions_give_the_sums() {
        for_each_simd!(check());
    }
}
