//! One network of the cascade: its file, its layers, its run on the CPU.
//!
//! What its outputs mean and what it is shown is not known here.

use crate::model_file::{BinaryReader, ModelFileError};
use crate::tracking::convnet::{Convolution, Dense, Maps, MapsShape, MaxPool, Prelu};

/// No network has more layers.
const MOST_LAYERS: usize = 100;
/// No pooling window or step is larger.
const LARGEST_WINDOW: usize = 64;

/// A layer with its numbers.
#[derive(Debug, Clone)]
pub enum Layer {
    /// A convolution, or a fully connected layer of a network for images of any size, which is one
    /// with a 1x1 kernel.
    Convolution(Convolution),
    /// Max pooling.
    MaxPool(MaxPool),
    /// A fully connected layer on maps of a fixed size, flattened row by row.
    Dense(Dense),
    /// x where it is positive, else a share of x.
    Prelu(Prelu),
    /// 1 / (1 + exp(-x)).
    Sigmoid,
}

impl Layer {
    /// Reads a layer that is to be given maps of `shape`, and says what comes out.
    fn read(
        reader: &mut BinaryReader<'_>,
        context: &str,
        shape: MapsShape,
        any_size: bool,
    ) -> Result<(Self, MapsShape), ModelFileError> {
        let layer = match reader.i32(context)? {
            0 => Self::Convolution(Convolution::read(reader, context)?),
            1 => {
                let mut sizes = [0; 4];
                for size in &mut sizes {
                    *size = reader.count(context, LARGEST_WINDOW)?;
                }
                let [x, y, step_x, step_y] = sizes;
                if step_x > x || step_y > y {
                    return Err(ModelFileError::new(
                        context,
                        format!("windows of {x}x{y} in steps of {step_x} and {step_y} leave gaps"),
                    ));
                }
                Self::MaxPool(MaxPool {
                    window: (y, x),
                    stride: (step_y, step_x),
                })
            }
            2 => {
                let dense = Dense::read(reader, context)?;
                if any_size && dense.inputs() == shape.channels {
                    Self::Convolution(dense.into_convolution())
                } else if dense.output_shape(shape).is_some() {
                    Self::Dense(dense.for_row_major_maps(shape))
                } else {
                    Self::Dense(dense)
                }
            }
            3 => Self::Prelu(Prelu::read(reader, context)?),
            4 => Self::Sigmoid,
            other => {
                return Err(ModelFileError::new(
                    context,
                    format!("unknown layer type {other} (known: 0 to 4)"),
                ));
            }
        };
        let out = layer.output_shape(shape).ok_or_else(|| {
            ModelFileError::new(
                context,
                format!(
                    "the layer cannot take {} maps of {}x{}",
                    shape.channels, shape.height, shape.width
                ),
            )
        })?;
        Ok((layer, out))
    }

    fn output_shape(&self, shape: MapsShape) -> Option<MapsShape> {
        match self {
            Self::Convolution(layer) => layer.output_shape(shape),
            Self::MaxPool(layer) => layer.output_shape(shape),
            Self::Dense(layer) => layer.output_shape(shape),
            Self::Prelu(layer) => (layer.slopes().len() == shape.channels).then_some(shape),
            Self::Sigmoid => Some(shape),
        }
    }
}

/// Buffers that networks work in; one set serves them all.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The input, and in the end the output.
    pub maps: Maps,
    next: Maps,
    patches: Vec<f32>,
}

/// A chain of layers that takes three maps.
#[derive(Debug, Clone)]
pub struct Chain {
    layers: Vec<Layer>,
}

impl Chain {
    /// Reads a network whose input is three maps of `side` x `side` values and whose output is
    /// `outputs` maps of one value, or more maps. With `any_size` it must take larger maps, too.
    ///
    /// # Errors
    /// When the file is not a chain of layers that fit each other and those sizes.
    pub fn parse(
        bytes: &[u8],
        name: &str,
        side: usize,
        outputs: usize,
        any_size: bool,
    ) -> Result<Self, ModelFileError> {
        let reader = &mut BinaryReader::new(bytes);
        let count = reader.count(name, MOST_LAYERS)?;
        let mut layers = Vec::with_capacity(count);
        let mut shape = MapsShape {
            channels: 3,
            height: side,
            width: side,
        };
        for i in 0..count {
            let context = format!("{name}, layer {i}");
            let (layer, out) = Layer::read(reader, &context, shape, any_size)?;
            layers.push(layer);
            shape = out;
        }
        if (shape.height, shape.width) != (1, 1) || shape.channels < outputs {
            return Err(ModelFileError::new(
                name,
                format!(
                    "expected {outputs} values or more, found {} maps of {}x{}",
                    shape.channels, shape.height, shape.width
                ),
            ));
        }
        if any_size && layers.iter().any(|layer| matches!(layer, Layer::Dense(_))) {
            return Err(ModelFileError::new(
                name,
                "a fully connected layer binds it to one size of image",
            ));
        }
        if reader.remaining() > 0 {
            return Err(ModelFileError::new(
                name,
                format!("{} bytes are left over", reader.remaining()),
            ));
        }
        Ok(Self { layers })
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Runs the network on `workspace.maps` and leaves its output there.
    ///
    /// # Panics
    /// When the maps are not three of the size that the network was read for, or of at least that
    /// size where any is allowed.
    pub fn run(&self, workspace: &mut Workspace) {
        let Workspace {
            maps,
            next,
            patches,
        } = workspace;
        for layer in &self.layers {
            match layer {
                Layer::Convolution(layer) => layer.apply(maps, patches, next),
                Layer::MaxPool(layer) => layer.apply(maps, next),
                Layer::Dense(layer) => layer.apply(maps, next),
                Layer::Prelu(layer) => {
                    layer.apply(maps);
                    continue;
                }
                Layer::Sigmoid => {
                    let sigmoid = |v: &mut f32| *v = 1.0 / (1.0 + (-*v).exp());
                    maps.data.iter_mut().for_each(sigmoid);
                    continue;
                }
            }
            std::mem::swap(maps, next);
        }
    }
}
