//! Layers in which every output depends on every input.

use crate::model_file::{BinaryReader, Matrix, ModelFileError};

use super::{Convolution, Maps, MapsShape};

/// A fully connected layer: `weightsᵀ · input + bias`.
#[derive(Debug, Clone)]
pub struct Dense {
    pub(super) inputs: usize,
    /// One row of output weights per input.
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Dense {
    /// Reads the bias vector, then the weights with a row per input.
    ///
    /// # Errors
    /// When the file ends too early or the two do not belong together.
    pub fn read(reader: &mut BinaryReader<'_>, context: &str) -> Result<Self, ModelFileError> {
        let bias = reader.matrix(context)?;
        let weights = reader.matrix(context)?;
        if bias.data.is_empty() || bias.data.len() != weights.cols || weights.rows == 0 {
            return Err(ModelFileError::new(
                context,
                format!(
                    "{}x{} biases do not belong to {}x{} weights",
                    bias.rows, bias.cols, weights.rows, weights.cols
                ),
            ));
        }
        let narrow = |matrix: &Matrix| matrix.data.iter().map(|&v| v as f32).collect();
        Ok(Self {
            inputs: weights.rows,
            weights: narrow(&weights),
            bias: narrow(&bias),
        })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Weights, a row of one per output for each input.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// One bias per output.
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// The layer applied to every position of as many maps as it has inputs: a convolution with a
    /// 1x1 kernel.
    pub fn into_convolution(self) -> Convolution {
        let outputs = self.outputs();
        let column = |output: usize| self.weights.iter().skip(output).step_by(outputs);
        let weights = (0..outputs).flat_map(column).copied().collect();
        Convolution::new(self.inputs, (1, 1), weights, self.bias)
    }

    /// What comes out for maps of `shape`; `None` when the layer cannot take them.
    pub fn output_shape(&self, shape: MapsShape) -> Option<MapsShape> {
        (shape.count() == self.inputs).then_some(MapsShape {
            channels: self.outputs(),
            height: 1,
            width: 1,
        })
    }

    /// The same layer for maps that are stored row by row. In the files every map is flattened
    /// column by column; sorting the weights once spares turning the maps every time.
    ///
    /// # Panics
    /// When [`output_shape`](Self::output_shape) has nothing for `shape`.
    #[must_use]
    pub fn for_row_major_maps(mut self, shape: MapsShape) -> Self {
        assert_eq!(shape.count(), self.inputs, "the layer fits the maps");
        let outputs = self.outputs();
        let stored = std::mem::take(&mut self.weights);
        self.weights.reserve(stored.len());
        for channel in 0..shape.channels {
            for y in 0..shape.height {
                for x in 0..shape.width {
                    let input = (channel * shape.width + x) * shape.height + y;
                    let row = &stored[input * outputs..(input + 1) * outputs];
                    self.weights.extend_from_slice(row);
                }
            }
        }
        self
    }

    /// Applies the layer to all values of `input`.
    ///
    /// # Panics
    /// When [`output_shape`](Self::output_shape) has nothing for the shape of `input`.
    pub fn apply(&self, input: &Maps, output: &mut Maps) {
        output.reshape(
            self.output_shape(input.shape())
                .expect("the layer fits the maps"),
        );
        output.data.copy_from_slice(&self.bias);
        let rows = self.weights.chunks_exact(self.outputs());
        for (&value, row) in input.data.iter().zip(rows) {
            for (sum, &weight) in output.data.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
    }
}
