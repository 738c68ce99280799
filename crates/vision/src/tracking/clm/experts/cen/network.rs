//! The fully connected network of one expert, packed for evaluation at many positions at once.
//!
//! Each layer is a matrix product: weights times one column per position. Weights are stored in
//! the order in which they are used, a panel of 16 (at the end 8) outputs after the other, so that
//! memory is read once and straight through; the sums of a panel for a few positions stay in
//! registers.

use super::super::SUPPORT;
use crate::model_file::{BinaryReader, ModelFileError};
use crate::simd::{LANES, Lanes, Simd};

/// What the first layer is given: the pixels of the patch, row after row.
pub(super) const INPUTS: usize = SUPPORT * SUPPORT;
/// The most layers a network may have.
const MOST_LAYERS: usize = 100;
/// The most outputs a layer may have.
const MOST_OUTPUTS: usize = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activation {
    Sigmoid,
    Relu,
    Linear,
}

impl Activation {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, values: S::Vector) -> S::Vector {
        match self {
            Self::Sigmoid => simd.sigmoid(values),
            Self::Relu => simd.max(values, simd.splat(0.0)),
            Self::Linear => values,
        }
    }
}

/// A fully connected layer.
#[derive(Debug, Clone)]
struct Layer {
    inputs: usize,
    /// Outputs in groups of eight, the last one padded with zeros.
    groups: usize,
    activation: Activation,
    bias: Vec<Lanes>,
    /// Panel after panel; in each, input after input, the weights of its one or two groups.
    weights: Vec<Lanes>,
}

impl Layer {
    /// `weights` holds a row of `inputs` values for each output.
    fn new(inputs: usize, activation: Activation, bias: &[f64], weights: &[f64]) -> Self {
        let outputs = bias.len();
        let groups = outputs.div_ceil(LANES);
        let lanes = |value: &dyn Fn(usize) -> f64, group: usize| -> Lanes {
            std::array::from_fn(|lane| match group * LANES + lane {
                output if output < outputs => value(output) as f32,
                _ => 0.0,
            })
        };
        let mut packed = Vec::with_capacity(groups * inputs);
        for first in (0..groups).step_by(2) {
            for input in 0..inputs {
                for group in first..groups.min(first + 2) {
                    packed.push(lanes(&|output| weights[output * inputs + input], group));
                }
            }
        }
        Self {
            inputs,
            groups,
            activation,
            bias: (0..groups)
                .map(|g| lanes(&|output| bias[output], g))
                .collect(),
            weights: packed,
        }
    }

    /// Values per position that come out, padding included.
    fn stride(&self) -> usize {
        self.groups * LANES
    }

    /// Evaluates the layer for positions with `stride` values each.
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, input: &[f32], stride: usize, output: &mut [f32]) {
        let mut panels = self.weights.as_slice();
        for first in (0..self.groups).step_by(2) {
            let groups = (self.groups - first).min(2);
            let (panel, rest) = panels.split_at(groups * self.inputs);
            panels = rest;
            match groups {
                2 => self.panel::<S, 2>(simd, panel, first, input, stride, output),
                _ => self.panel::<S, 1>(simd, panel, first, input, stride, output),
            }
        }
    }

    /// The outputs of one panel of `G` groups at all positions.
    #[inline(always)]
    fn panel<S: Simd, const G: usize>(
        &self,
        simd: S,
        panel: &[Lanes],
        first: usize,
        input: &[f32],
        stride: usize,
        output: &mut [f32],
    ) {
        let positions = input.len() / stride;
        let mut at = 0;
        while at < positions {
            let input = &input[at * stride..];
            let output = &mut output[at * self.stride() + first * LANES..];
            at += match positions - at {
                0 | 1 => self.tile::<S, G, 1>(simd, panel, first, input, stride, output),
                2 | 3 => self.tile::<S, G, 2>(simd, panel, first, input, stride, output),
                4 | 5 => self.tile::<S, G, 4>(simd, panel, first, input, stride, output),
                _ => self.tile::<S, G, 6>(simd, panel, first, input, stride, output),
            };
        }
    }

    /// The outputs of one panel at the first `P` positions; returns `P`.
    #[inline(always)]
    fn tile<S: Simd, const G: usize, const P: usize>(
        &self,
        simd: S,
        panel: &[Lanes],
        first: usize,
        input: &[f32],
        stride: usize,
        output: &mut [f32],
    ) -> usize {
        let columns: [&[f32]; P] = std::array::from_fn(|p| &input[p * stride..][..self.inputs]);
        let mut sums = [[simd.splat(0.0); G]; P];
        for sums in &mut sums {
            for (sum, bias) in sums.iter_mut().zip(&self.bias[first..]) {
                *sum = simd.load(bias);
            }
        }
        let (weights, _) = panel.as_chunks::<G>();
        for (k, lanes) in weights[..self.inputs].iter().enumerate() {
            let mut weights = [simd.splat(0.0); G];
            for (weights, lanes) in weights.iter_mut().zip(lanes) {
                *weights = simd.load(lanes);
            }
            for (sums, column) in sums.iter_mut().zip(&columns) {
                let value = simd.splat(column[k]);
                for (sum, &weights) in sums.iter_mut().zip(&weights) {
                    *sum = simd.mul_add(weights, value, *sum);
                }
            }
        }
        for (p, sums) in sums.iter().enumerate() {
            let output = output[p * self.stride()..].as_chunks_mut::<LANES>().0;
            for (output, &sum) in output.iter_mut().zip(sums) {
                simd.store(self.activation.apply(simd, sum), output);
            }
        }
        P
    }
}

/// What the layers compute meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct NetworkScratch {
    values: Vec<f32>,
    next: Vec<f32>,
}

/// The network of one expert: from a patch to one number.
#[derive(Debug, Clone)]
pub(super) struct Network {
    layers: Vec<Layer>,
}

impl Network {
    /// Reads the layers; nothing when there are none.
    ///
    /// The first input of a stored network is a constant 1, whose weights become part of the bias;
    /// the others are the pixels of the patch, column after column.
    pub(super) fn read(
        reader: &mut BinaryReader<'_>,
        context: &str,
    ) -> Result<Option<Self>, ModelFileError> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut inputs = INPUTS + 1;
        for i in 0..reader.count(context, MOST_LAYERS)? {
            let context = format!("{context}, layer {i}");
            let activation = match reader.i32(&context)? {
                0 => Activation::Sigmoid,
                2 => Activation::Relu,
                _ => Activation::Linear,
            };
            let mut bias = reader.matrix(&context)?.data;
            let outputs = bias.len();
            if !(1..=MOST_OUTPUTS).contains(&outputs) {
                let reason = format!("{outputs} outputs are not plausible");
                return Err(ModelFileError::new(context, reason));
            }
            let weights = reader.matrix(&context)?;
            let mut weights = weights.expect_shape(&context, outputs, inputs)?.data;
            let large = |v: &f64| !(*v as f32).is_finite();
            if bias.iter().chain(&weights).any(large) {
                return Err(ModelFileError::new(context, "a number is not finite"));
            }
            if i == 0 {
                for (bias, row) in bias.iter_mut().zip(weights.chunks_exact(inputs)) {
                    *bias += row[0];
                }
                let pixels = (0..INPUTS).map(|i| 1 + i % SUPPORT * SUPPORT + i / SUPPORT);
                weights = weights
                    .chunks_exact(inputs)
                    .flat_map(|row| pixels.clone().map(|pixel| row[pixel]))
                    .collect();
                inputs -= 1;
            }
            layers.push(Layer::new(inputs, activation, &bias, &weights));
            inputs = outputs;
        }
        if layers.is_empty() {
            return Ok(None);
        }
        if inputs != 1 {
            let reason = format!("the network ends in {inputs} outputs, not in one");
            return Err(ModelFileError::new(context, reason));
        }
        Ok(Some(Self { layers }))
    }

    /// Runs the network for every patch in `patches` ([`INPUTS`] values each), one result each.
    #[inline(always)]
    pub(super) fn run<S: Simd>(
        &self,
        simd: S,
        patches: &[f32],
        scratch: &mut NetworkScratch,
        results: &mut [f32],
    ) {
        let positions = patches.len() / INPUTS;
        let NetworkScratch { values, next } = scratch;
        let mut stride = INPUTS;
        for (i, layer) in self.layers.iter().enumerate() {
            let input = if i == 0 {
                patches
            } else {
                &values[..positions * stride]
            };
            // Every value is written, so it does not matter what was there.
            let needed = positions * layer.stride();
            if next.len() < needed {
                next.resize(needed, 0.0);
            }
            layer.apply(simd, input, stride, &mut next[..needed]);
            stride = layer.stride();
            std::mem::swap(values, next);
        }
        for (result, values) in results.iter_mut().zip(values.chunks_exact(stride)) {
            *result = values[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::for_each_simd;
    use crate::testing::Sequence;

    fn random(count: usize, seed: u64) -> Vec<f64> {
        let mut sequence = Sequence::new(seed);
        (0..count).map(|_| sequence.signed()).collect()
    }

    /// A layer with a row of weights for every bias, against sums one by one.
    fn check<S: Simd>(simd: S, layer: &Layer, bias: &[f64], weights: &[f64], positions: usize) {
        let inputs = layer.inputs;
        let input = random(positions * inputs, 3);
        let input: Vec<f32> = input.iter().map(|&v| v as f32).collect();
        let mut results = vec![f32::NAN; positions * layer.stride()];
        layer.apply(simd, &input, inputs, &mut results);
        for (values, results) in input
            .chunks_exact(inputs)
            .zip(results.chunks_exact(layer.stride()))
        {
            let rows = bias.iter().zip(weights.chunks_exact(inputs));
            for ((bias, row), &ours) in rows.zip(results) {
                let terms = row.iter().zip(values);
                let sum = bias + terms.map(|(w, &x)| w * f64::from(x)).sum::<f64>();
                let expected = match layer.activation {
                    Activation::Sigmoid => 1.0 / (1.0 + (-sum).exp()),
                    Activation::Relu => sum.max(0.0),
                    Activation::Linear => sum,
                };
                assert!((f64::from(ours) - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_layer_is_a_matrix_product_and_an_activation() {
        for (outputs, inputs, positions) in [(1, 5, 12), (20, 7, 13), (16, 121, 40), (27, 3, 5)] {
            let (bias, weights) = (random(outputs, 1), random(outputs * inputs, 2));
            for activation in [Activation::Sigmoid, Activation::Relu, Activation::Linear] {
                let layer = Layer::new(inputs, activation, &bias, &weights);
                for_each_simd!(check(&layer, &bias, &weights, positions));
            }
        }
    }
}
