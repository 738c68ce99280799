//! Convolution of all maps with a kernel for every pair of input and output map.

use nalgebra::{DMatrixView, DMatrixViewMut};

use crate::model_file::{BinaryReader, Matrix, ModelFileError};

use super::direct::{self, Kernels};
use super::{MOST_CHANNELS, Maps, MapsShape};

/// A convolution without padding and with stride 1: a cross-correlation (the kernel is not
/// flipped) summed over the input maps, plus a bias per output map.
#[derive(Debug, Clone)]
pub struct Convolution {
    inputs: usize,
    outputs: usize,
    kernel_height: usize,
    kernel_width: usize,
    /// `outputs` rows of `inputs * kernel_height * kernel_width` values.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// The same numbers in another order.
    kernels: Kernels,
}

impl Convolution {
    /// Reads the numbers of input and output maps, the biases, and one kernel per pair of maps
    /// with the input map outermost.
    ///
    /// # Errors
    /// When the file ends too early or the kernels are not all of one plausible size.
    pub fn read(reader: &mut BinaryReader<'_>, context: &str) -> Result<Self, ModelFileError> {
        let inputs = reader.count(context, MOST_CHANNELS)?;
        let outputs = reader.count(context, MOST_CHANNELS)?;
        let bias = (0..outputs)
            .map(|_| reader.f32(context))
            .collect::<Result<Vec<_>, _>>()?;
        let mut kernels: Vec<Matrix> = Vec::new();
        for _ in 0..inputs * outputs {
            let kernel = reader.matrix(context)?;
            if kernel.data.is_empty() {
                return Err(ModelFileError::new(context, "a kernel is empty"));
            }
            kernels.push(match kernels.first() {
                Some(first) => kernel.expect_shape(context, first.rows, first.cols)?,
                None => kernel,
            });
        }
        let Some(first) = kernels.first() else {
            return Err(ModelFileError::new(context, "a convolution has no kernel"));
        };
        let (kernel_height, kernel_width) = (first.rows, first.cols);
        let mut weights = Vec::with_capacity(inputs * outputs * kernel_height * kernel_width);
        for output in 0..outputs {
            for input in 0..inputs {
                let kernel = &kernels[input * outputs + output];
                weights.extend(kernel.data.iter().map(|&v| v as f32));
            }
        }
        Ok(Self::new(
            inputs,
            (kernel_height, kernel_width),
            weights,
            bias,
        ))
    }

    /// From kernels of (height, width) values, `weights` as output maps x input maps x kernel rows
    /// x kernel columns, and at least one bias.
    pub(super) fn new(
        inputs: usize,
        (kernel_height, kernel_width): (usize, usize),
        weights: Vec<f32>,
        bias: Vec<f32>,
    ) -> Self {
        Self {
            inputs,
            outputs: bias.len(),
            kernel_height,
            kernel_width,
            kernels: Kernels::new(&weights, (kernel_height, kernel_width), &bias),
            weights,
            bias,
        }
    }

    /// Weights: output maps, input maps, kernel rows, kernel columns, the last varying fastest.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// One bias per output map.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// Side lengths of [`weights`](Self::weights), the slowest first.
    pub fn weights_shape(&self) -> [usize; 4] {
        [
            self.outputs,
            self.inputs,
            self.kernel_height,
            self.kernel_width,
        ]
    }

    /// What comes out for maps of `shape`; `None` when the layer cannot take them.
    pub fn output_shape(&self, shape: MapsShape) -> Option<MapsShape> {
        (shape.channels == self.inputs).then_some(())?;
        Some(MapsShape {
            channels: self.outputs,
            height: (shape.height + 1).checked_sub(self.kernel_height)?,
            width: (shape.width + 1).checked_sub(self.kernel_width)?,
        })
        .filter(|shape| shape.count() > 0)
    }

    /// Convolves `input` into `output`. `patches` is scratch space.
    ///
    /// # Panics
    /// When [`output_shape`](Self::output_shape) has nothing for the shape of `input`.
    pub fn apply(&self, input: &Maps, patches: &mut Vec<f32>, output: &mut Maps) {
        let shape = self
            .output_shape(input.shape())
            .expect("the layer fits the maps");
        output.reshape(shape);
        if Kernels::can_give(shape) {
            direct::convolve(&self.kernels, input, output);
        } else {
            self.multiply(input, patches, output);
        }
    }

    /// The way for maps with rows too short for the other: one matrix product with every input
    /// patch as a column.
    fn multiply(&self, input: &Maps, patches: &mut Vec<f32>, output: &mut Maps) {
        let positions = output.height * output.width;
        patches.clear();
        for map in input.data.chunks_exact(input.height * input.width) {
            for ky in 0..self.kernel_height {
                for kx in 0..self.kernel_width {
                    for y in 0..output.height {
                        let start = (y + ky) * input.width + kx;
                        patches.extend_from_slice(&map[start..start + output.width]);
                    }
                }
            }
        }
        for (map, &bias) in output.data.chunks_exact_mut(positions).zip(&self.bias) {
            map.fill(bias);
        }
        // All three are row-major; nalgebra is column-major, so it sees their transposes:
        // outputᵀ += patchesᵀ · weightsᵀ.
        let terms = self.inputs * self.kernel_height * self.kernel_width;
        DMatrixViewMut::from_slice(&mut output.data, positions, self.outputs).gemm(
            1.0,
            &DMatrixView::from_slice(patches, positions, terms),
            &DMatrixView::from_slice(&self.weights, terms, self.outputs),
            1.0,
        );
    }
}
