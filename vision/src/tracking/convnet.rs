//! The layers of the small convolutional networks that OpenFace ships in its own binary format.
//!
//! Reading one layer's numbers from a model file, and running it on the CPU. Which layers a
//! network has, and what the numbers in its file that name them mean, differs from file to file
//! and belongs to the readers of those files.

use nalgebra::{DMatrixView, DMatrixViewMut};

use crate::model_file::{BinaryReader, Matrix, ModelFileError};

/// The most channels, or elements of a vector, that a layer may claim to have.
const MOST_CHANNELS: usize = 4096;

/// A stack of equally large maps; also a plain vector, as maps of one element each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Maps {
    /// Number of maps.
    pub channels: usize,
    /// Rows of each map.
    pub height: usize,
    /// Columns of each map.
    pub width: usize,
    /// Map after map, row after row.
    pub data: Vec<f32>,
}

/// How large a stack of maps is, without its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapsShape {
    /// Number of maps.
    pub channels: usize,
    /// Rows of each map.
    pub height: usize,
    /// Columns of each map.
    pub width: usize,
}

impl MapsShape {
    /// Number of values in all maps together.
    pub fn count(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl Maps {
    /// The size of the stack.
    pub fn shape(&self) -> MapsShape {
        MapsShape {
            channels: self.channels,
            height: self.height,
            width: self.width,
        }
    }

    /// Takes on `shape`, keeping the allocation; the values are unspecified afterwards.
    pub fn reshape(&mut self, shape: MapsShape) {
        self.channels = shape.channels;
        self.height = shape.height;
        self.width = shape.width;
        self.data.resize(shape.count(), 0.0);
    }
}

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
        Ok(Self {
            inputs,
            outputs,
            kernel_height,
            kernel_width,
            weights,
            bias,
        })
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
    /// Done as one matrix product with every input patch as a column, which is what makes it fast.
    ///
    /// # Panics
    /// When [`output_shape`](Self::output_shape) has nothing for the shape of `input`.
    pub fn apply(&self, input: &Maps, patches: &mut Vec<f32>, output: &mut Maps) {
        let shape = self
            .output_shape(input.shape())
            .expect("the layer fits the maps");
        output.reshape(shape);
        let positions = shape.height * shape.width;
        patches.clear();
        for map in input.data.chunks_exact(input.height * input.width) {
            for ky in 0..self.kernel_height {
                for kx in 0..self.kernel_width {
                    for y in 0..shape.height {
                        let start = (y + ky) * input.width + kx;
                        patches.extend_from_slice(&map[start..start + shape.width]);
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

/// Takes the largest value of every window of every map. Windows that reach over the border are
/// cut off there.
#[derive(Debug, Clone, Copy)]
pub struct MaxPool {
    /// Rows and columns of a window.
    pub window: (usize, usize),
    /// Rows and columns from one window to the next.
    pub stride: (usize, usize),
}

impl MaxPool {
    /// What comes out for maps of `shape`; `None` when a window does not fit into them.
    ///
    /// A side becomes `floor((side - window) / stride + 1/2) + 1`.
    pub fn output_shape(&self, shape: MapsShape) -> Option<MapsShape> {
        let side = |side: usize, window: usize, stride: usize| {
            if window == 0 || stride == 0 {
                return None;
            }
            Some((2 * side.checked_sub(window)? + stride) / (2 * stride) + 1)
        };
        Some(MapsShape {
            channels: shape.channels,
            height: side(shape.height, self.window.0, self.stride.0)?,
            width: side(shape.width, self.window.1, self.stride.1)?,
        })
    }

    /// Pools `input` into `output`.
    ///
    /// # Panics
    /// When [`output_shape`](Self::output_shape) has nothing for the shape of `input`.
    pub fn apply(&self, input: &Maps, output: &mut Maps) {
        let shape = self
            .output_shape(input.shape())
            .expect("the layer fits the maps");
        output.reshape(shape);
        let maps = input.data.chunks_exact(input.height * input.width);
        let pooled = output.data.chunks_exact_mut(shape.height * shape.width);
        for (map, pooled) in maps.zip(pooled) {
            for (y, row) in pooled.chunks_exact_mut(shape.width).enumerate() {
                let rows = &map[y * self.stride.0 * input.width..];
                match rows.get(..2 * input.width) {
                    Some(rows) if self.pairs_up(input.width) => pool_pairs(rows, row),
                    _ => self.pool_row(rows, input.width, row),
                }
            }
        }
    }

    /// Whether windows are squares of 2 that lie side by side and fill rows of `width`; these are
    /// common, and worth a loop of their own that processors can do many steps of at once.
    fn pairs_up(&self, width: usize) -> bool {
        (self.window, self.stride) == ((2, 2), (2, 2)) && width.is_multiple_of(2)
    }

    /// One row of results from the `rows` of a map that start with the windows' first.
    fn pool_row(&self, rows: &[f32], width: usize, row: &mut [f32]) {
        row.fill(f32::NEG_INFINITY);
        for source in rows.chunks_exact(width).take(self.window.0) {
            for offset in 0..self.window.1 {
                let source = source.get(offset..).unwrap_or_default();
                if self.stride.1 == 2 {
                    enlarge_by_every_second(row, source);
                } else {
                    for (largest, &value) in
                        row.iter_mut().zip(source.iter().step_by(self.stride.1))
                    {
                        *largest = larger(*largest, value);
                    }
                }
            }
        }
    }
}

/// One row of results from two rows of a map, for windows of 2x2 that lie side by side.
fn pool_pairs(rows: &[f32], row: &mut [f32]) {
    let (upper, lower) = rows.split_at(rows.len() / 2);
    let pairs = upper
        .as_chunks::<2>()
        .0
        .iter()
        .zip(lower.as_chunks::<2>().0);
    for (largest, (upper, lower)) in row.iter_mut().zip(pairs) {
        *largest = larger(larger(upper[0], upper[1]), larger(lower[0], lower[1]));
    }
}

/// Raises each element of `row` to every second of `source`; worth a function because processors
/// can do many steps of it at once.
fn enlarge_by_every_second(row: &mut [f32], source: &[f32]) {
    let (pairs, rest) = source.as_chunks::<2>();
    for (largest, pair) in row.iter_mut().zip(pairs) {
        *largest = larger(*largest, pair[0]);
    }
    if let (Some(largest), Some(&value)) = (row.get_mut(pairs.len()), rest.first()) {
        *largest = larger(*largest, value);
    }
}

/// The larger one; unlike `f32::max` without a rule for values that are not numbers, which costs.
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// A fully connected layer: `weightsᵀ · input + bias`.
#[derive(Debug, Clone)]
pub struct Dense {
    inputs: usize,
    /// One row of output weights per input.
    weights: Vec<f32>,
    bias: Vec<f32>,
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
        Convolution {
            inputs: self.inputs,
            outputs,
            kernel_height: 1,
            kernel_width: 1,
            weights: (0..outputs).flat_map(column).copied().collect(),
            bias: self.bias,
        }
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

/// A parametric rectifier (He et al. 2015): positive values stay, others are multiplied by a slope
/// per map.
#[derive(Debug, Clone, PartialEq)]
pub struct Prelu {
    slopes: Vec<f32>,
}

impl Prelu {
    /// Reads the vector of slopes.
    ///
    /// # Errors
    /// When the file ends too early or there is no slope.
    pub fn read(reader: &mut BinaryReader<'_>, context: &str) -> Result<Self, ModelFileError> {
        let slopes = reader.matrix(context)?;
        if slopes.data.is_empty() || slopes.cols != 1 {
            return Err(ModelFileError::new(
                context,
                format!(
                    "expected a column of slopes, found {}x{}",
                    slopes.rows, slopes.cols
                ),
            ));
        }
        Ok(Self {
            slopes: slopes.data.iter().map(|&v| v as f32).collect(),
        })
    }

    /// One slope per map.
    pub fn slopes(&self) -> &[f32] {
        &self.slopes
    }

    /// Applies the layer in place.
    ///
    /// # Panics
    /// When there is not a slope for every map.
    pub fn apply(&self, maps: &mut Maps) {
        assert_eq!(maps.channels, self.slopes.len(), "the layer fits the maps");
        let size = maps.height * maps.width;
        for (map, &slope) in maps.data.chunks_exact_mut(size).zip(&self.slopes) {
            for value in map {
                // Choosing the factor, not the product, lets processors do many at once.
                *value *= if *value >= 0.0 { 1.0 } else { slope };
            }
        }
    }
}

#[cfg(test)]
#[path = "convnet_tests.rs"]
mod tests;
