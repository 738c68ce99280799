//! MTCNN's networks, out of OpenFace's own format, as ONNX.

use faceau_vision::tracking::convnet::{Convolution, MaxPool};
use faceau_vision::tracking::mtcnn::{Chain, Layer};

use crate::ConversionError;
use crate::onnx::{Attribute, Network, Size};

/// Which of the three networks, which decides the size of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Is run over whole pictures of any size.
    Proposal,
    /// Takes squares of 24 pixels.
    Refinement,
    /// Takes squares of 48 pixels.
    Output,
}

impl Stage {
    /// The stage of a model file, by its id in the manifest.
    pub fn of(id: &str) -> Option<Self> {
        match id {
            "mtcnn/pnet" => Some(Self::Proposal),
            "mtcnn/rnet" => Some(Self::Refinement),
            "mtcnn/onet" => Some(Self::Output),
            _ => None,
        }
    }

    /// Side of its input in pixels; of the smallest one for the first stage.
    pub fn side(self) -> usize {
        match self {
            Self::Proposal => 12,
            Self::Refinement => 24,
            Self::Output => 48,
        }
    }

    /// Reads its file.
    ///
    /// # Errors
    /// When it is no network of that stage.
    pub fn parse(self, bytes: &[u8]) -> Result<Chain, ConversionError> {
        const OUTPUTS: usize = 6;
        let any_size = self == Self::Proposal;
        Chain::parse(bytes, "MTCNN", self.side(), OUTPUTS, any_size)
            .map_err(|error| ConversionError::Source(error.to_string()))
    }
}

/// The network as ONNX: `input` N x 3 x H x W, `output` with what the chain gives, for N pictures.
///
/// # Errors
/// When a layer has no counterpart.
pub fn to_onnx(chain: &Chain, stage: Stage) -> Result<Vec<u8>, ConversionError> {
    let mut net = Network::new();
    let side = |name| match stage {
        Stage::Proposal => Size::Open(name),
        _ => Size::Fixed(stage.side()),
    };
    let sizes = [
        Size::Open("batch"),
        Size::Fixed(3),
        side("height"),
        side("width"),
    ];
    let mut value = net.input("input", &sizes);
    let mut outputs = 3;
    let mut flat = false;
    for layer in chain.layers() {
        value = match layer {
            Layer::Convolution(layer) => {
                outputs = layer.weights_shape()[0];
                convolution(&mut net, &value, layer)
            }
            Layer::MaxPool(layer) => max_pool(&mut net, &value, *layer)?,
            Layer::Dense(layer) => {
                outputs = layer.outputs();
                if !flat {
                    value = net.apply("Flatten", &[&value]);
                    flat = true;
                }
                let weights = [layer.inputs(), layer.outputs()];
                let weights = net.constant(&weights, layer.weights().to_vec());
                let bias = net.constant(&[layer.outputs()], layer.bias().to_vec());
                net.apply("Gemm", &[&value, &weights, &bias])
            }
            Layer::Prelu(layer) => {
                let slopes = layer.slopes();
                // One for each map, whatever its size.
                let shape: &[usize] = if flat {
                    &[slopes.len()]
                } else {
                    &[slopes.len(), 1, 1]
                };
                let slopes = net.constant(shape, slopes.to_vec());
                net.apply("PRelu", &[&value, &slopes])
            }
            Layer::Sigmoid => net.apply("Sigmoid", &[&value]),
        };
    }
    let mut sizes = vec![Size::Open("batch"), Size::Fixed(outputs)];
    if !flat {
        sizes.extend([Size::Open("rows"), Size::Open("columns")]);
    }
    net.output("output", &sizes, &value);
    Ok(net.encode())
}

fn convolution(net: &mut Network, value: &str, layer: &Convolution) -> String {
    let shape = layer.weights_shape();
    let weights = net.constant(&shape, layer.weights().to_vec());
    let bias = net.constant(&[shape[0]], layer.bias().to_vec());
    net.apply("Conv", &[value, &weights, &bias])
}

fn max_pool(net: &mut Network, value: &str, layer: MaxPool) -> Result<String, ConversionError> {
    // Rounding to the nearest, which is what the chain does, is rounding up for steps up to 2.
    if layer.stride.0 > 2 || layer.stride.1 > 2 {
        return Err(ConversionError::Source(format!(
            "pooling in steps of {}x{} is not known",
            layer.stride.0, layer.stride.1
        )));
    }
    let pair = |(rows, columns): (usize, usize)| Attribute::Ints(vec![rows as i64, columns as i64]);
    let attributes = vec![
        ("kernel_shape", pair(layer.window)),
        ("strides", pair(layer.stride)),
        ("ceil_mode", Attribute::Int(1)),
    ];
    Ok(net.apply_with("MaxPool", &[value], attributes))
}
