//! Whether a network computes on an accelerator what it computes on the processor.
//!
//! Accelerators are known to be wrong without saying so: finite numbers, of the right shape, that
//! mean nothing (Core ML's programs in half precision did that on one version of macOS). So each
//! network is run on a few fixed inputs on both before anything depends on it.

use faceau_vision::network::{Network, NetworkError, Tensor};

/// How far an output may be from the processor's: `absolute` + `relative` × the largest value of
/// that output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// In the output's own unit.
    pub absolute: f32,
    /// As a share of the output's largest value, by amount.
    pub relative: f32,
}

/// How far the outputs are apart.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Difference {
    /// The largest one, as a share of what is tolerated; more than 1 is too much.
    pub share: f32,
    /// The same difference in the output's own unit.
    pub value: f32,
}

/// The outputs have nothing to do with the processor's.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Disagreement {
    /// Other numbers of outputs or values.
    #[error("it gives outputs of shapes {found:?} instead of {expected:?}")]
    Shapes {
        /// The processor's.
        expected: Vec<Vec<usize>>,
        /// The accelerator's.
        found: Vec<Vec<usize>>,
    },
    /// Not a number, or infinite, where the processor gives a number.
    #[error("its output {output} has values that are no numbers")]
    NotNumbers {
        /// The output, counted from 0.
        output: usize,
    },
}

/// How many fixed inputs there are.
pub const INPUTS: usize = 3;

/// Inputs of `shape` with values from `lowest` to `highest`, always the same: noise, soft shapes,
/// and both together, so that neither fine nor coarse structure is missing.
pub fn inputs(shape: &[usize], (lowest, highest): (f32, f32)) -> [Vec<f32>; INPUTS] {
    let count = shape.iter().product();
    let width = shape.last().copied().unwrap_or(1).max(1);
    let height = shape.iter().rev().nth(1).copied().unwrap_or(1).max(1);
    let scale = |value: f32| lowest + (highest - lowest) * value.clamp(0.0, 1.0);
    let noise = noise(count);
    // A bright oval on a slope, each plane a little darker than the one before.
    let shapes: Vec<f32> = (0..count)
        .map(|i| {
            let (x, y) = (i % width, i / width % height);
            let plane = i / (width * height);
            let across = x as f32 / width as f32 - 0.5;
            let down = y as f32 / height as f32 - 0.5;
            let oval = (1.0 - 9.0 * across * across - 5.0 * down * down).max(0.0);
            0.2 + 0.3 * (across + 0.5) + 0.6 * oval - 0.1 * plane as f32
        })
        .collect();
    let both = shapes.iter().zip(&noise).map(|(s, n)| 0.8 * s + 0.2 * n);
    [
        both.map(scale).collect(),
        shapes.iter().copied().map(scale).collect(),
        noise.iter().copied().map(scale).collect(),
    ]
}

/// Numbers between 0 and 1 that look random.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    (0..count).map(|_| next()).collect()
}

/// How far `found` is from `expected`, output by output; the last tolerance holds for all further
/// outputs.
///
/// # Errors
/// When they cannot be compared.
pub fn difference(
    expected: &[Tensor],
    found: &[Tensor],
    tolerances: &[Tolerance],
) -> Result<Difference, Disagreement> {
    let shapes = |outputs: &[Tensor]| outputs.iter().map(|t| t.shape.clone()).collect::<Vec<_>>();
    if shapes(expected) != shapes(found) {
        return Err(Disagreement::Shapes {
            expected: shapes(expected),
            found: shapes(found),
        });
    }
    let mut worst = Difference::default();
    for (output, (expected, found)) in expected.iter().zip(found).enumerate() {
        if found.data.iter().any(|value| !value.is_finite()) {
            return Err(Disagreement::NotNumbers { output });
        }
        let tolerance = tolerances.get(output).or(tolerances.last());
        let amounts = expected.data.iter().map(|value| value.abs());
        let largest = amounts.fold(0.0, f32::max);
        let allowed = tolerance.map_or(0.0, |t| t.absolute + t.relative * largest);
        let apart = expected.data.iter().zip(&found.data);
        let value = apart.fold(0.0, |most: f32, (e, f)| most.max((e - f).abs()));
        // Where nothing is allowed, nothing may differ.
        let share = if value > 0.0 { value / allowed } else { 0.0 };
        if share > worst.share {
            worst = Difference { share, value };
        }
    }
    Ok(worst)
}

/// Runs a network on the fixed inputs; all outputs, input after input.
///
/// # Errors
/// When it cannot be run.
pub fn run(
    network: &mut dyn Network,
    shape: &[usize],
    range: (f32, f32),
) -> Result<Vec<Tensor>, NetworkError> {
    let mut all = Vec::new();
    for input in inputs(shape, range) {
        let mut outputs = Vec::new();
        network.run(shape, &input, &mut outputs)?;
        all.push(outputs);
    }
    Ok(all.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(data: &[f32]) -> Tensor {
        Tensor {
            shape: vec![data.len()],
            data: data.to_vec(),
        }
    }

    const TOLERANCES: [Tolerance; 2] = [
        Tolerance {
            absolute: 0.1,
            relative: 0.0,
        },
        Tolerance {
            absolute: 0.0,
            relative: 0.01,
        },
    ];

    #[test]
    fn the_worst_value_counts_by_its_own_tolerance() {
        let expected = [tensor(&[1.0, 2.0]), tensor(&[100.0, 0.0])];
        let found = [tensor(&[1.0, 2.05]), tensor(&[100.0, 0.8])];
        let difference = difference(&expected, &found, &TOLERANCES).unwrap();
        assert!((difference.share - 0.8).abs() < 1e-4, "{difference:?}");
        assert!((difference.value - 0.8).abs() < 1e-4);
    }

    #[test]
    fn wrong_finite_numbers_are_too_far_apart() {
        let expected = [tensor(&[0.5; 4])];
        let found = [tensor(&[0.9; 4])];
        assert!(difference(&expected, &found, &TOLERANCES).unwrap().share > 1.0);
        // Where everything is zero, nothing is tolerated by a share.
        let none = difference(&[tensor(&[0.0])], &[tensor(&[1e-9])], &TOLERANCES[1..]);
        assert!(none.unwrap().share > 1.0);
        let same = difference(&expected, &expected, &[]).unwrap();
        assert_eq!(same, Difference::default());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let one = [tensor(&[1.0])];
        let shapes = difference(&one, &[tensor(&[1.0, 2.0])], &TOLERANCES).unwrap_err();
        assert!(shapes.to_string().contains("[[2]]"), "{shapes}");
        assert!(difference(&one, &[], &TOLERANCES).is_err());
        for value in [f32::NAN, f32::INFINITY] {
            let error = difference(&one, &[tensor(&[value])], &TOLERANCES).unwrap_err();
            assert_eq!(error, Disagreement::NotNumbers { output: 0 });
        }
    }

    #[test]
    fn inputs_fill_the_range_and_are_always_the_same() {
        let made = inputs(&[1, 3, 20, 30], (-2.0, 4.0));
        assert_eq!(made, inputs(&[1, 3, 20, 30], (-2.0, 4.0)));
        for input in &made {
            assert_eq!(input.len(), 1800);
            let least = input.iter().copied().fold(f32::MAX, f32::min);
            let most = input.iter().copied().fold(f32::MIN, f32::max);
            assert!(least >= -2.0 && most <= 4.0 && most - least > 3.0);
        }
        assert_ne!(made[0], made[2]);
    }
}
