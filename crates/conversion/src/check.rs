//! Whether a converted network does what the original does, on a made-up picture.

use faceau_inference::{ChooseOutputs, Library, NetworkOptions, OnnxNetwork};
use faceau_models::Conversion;
use faceau_vision::network::{Network, Tensor};
use faceau_vision::openface3::star;
use faceau_vision::tracking::convnet::Maps;
use faceau_vision::tracking::mtcnn::Workspace;

use crate::{ConversionError, Product, USUAL_SIZES, stage, variant};

/// Outputs may differ by this share of the largest one: sums are taken in another order.
const TOLERANCE: f32 = 1e-4;
/// Side of the pictures that PFLD takes.
const CROP: usize = 112;
/// Side of the pictures that STAR takes.
const STAR: usize = 256;
/// Side of the picture on which the first of MTCNN's networks is tried: not its smallest one, and
/// not a multiple of its steps.
const PROPOSAL: (usize, usize) = (39, 47);

/// Runs a product beside the file it was made of.
///
/// # Errors
/// When ONNX Runtime refuses either, or when they disagree.
pub fn check(
    library: &Library,
    conversion: Conversion,
    id: &str,
    source: &[u8],
    product: &Product,
) -> Result<(), ConversionError> {
    let (height, width) = match conversion {
        Conversion::MtcnnToOnnx => match stage(id)? {
            crate::mtcnn::Stage::Proposal => PROPOSAL,
            stage => (stage.side(), stage.side()),
        },
        Conversion::WithoutSubnormals => (CROP, CROP),
        Conversion::LastLandmarks => (STAR, STAR),
        Conversion::FixedSizes => USUAL_SIZES
            .iter()
            .find(|(width, height)| variant(*width, *height) == product.variant)
            .map(|&(width, height)| (height, width))
            .ok_or_else(|| failed(format!("there is no variant {}", product.variant)))?,
    };
    let picture = picture(3 * height * width);
    let shape = [1, 3, height, width];
    let choose = match conversion {
        Conversion::LastLandmarks => Some(star::choose_outputs as ChooseOutputs),
        _ => None,
    };
    let run = |model: &[u8]| -> Result<Vec<Vec<f32>>, ConversionError> {
        let outputs = run(library, id, model, choose, &shape, &picture)?;
        Ok(outputs.into_iter().map(|tensor| tensor.data).collect())
    };
    let found = run(&product.bytes)?;
    let expected = match conversion {
        Conversion::MtcnnToOnnx => vec![run_chain(id, source, height, width, picture)?],
        _ => run(source)?,
    };
    let tolerance = match conversion {
        // Nothing was changed of what makes this output.
        Conversion::LastLandmarks => 0.0,
        _ => TOLERANCE,
    };
    agree(&expected, &found, tolerance)
}

fn run(
    library: &Library,
    id: &str,
    model: &[u8],
    choose: Option<ChooseOutputs>,
    shape: &[usize],
    picture: &[f32],
) -> Result<Vec<Tensor>, ConversionError> {
    let options = NetworkOptions {
        name: id,
        choose,
        ..NetworkOptions::default()
    };
    let mut network =
        OnnxNetwork::open(library, model, &options).map_err(|error| failed(error.to_string()))?;
    let mut outputs = Vec::new();
    network
        .run(shape, picture, &mut outputs)
        .map_err(|error| failed(error.to_string()))?;
    Ok(outputs)
}

/// What our own kernels make of the picture.
fn run_chain(
    id: &str,
    source: &[u8],
    height: usize,
    width: usize,
    data: Vec<f32>,
) -> Result<Vec<f32>, ConversionError> {
    let chain = stage(id)?.parse(source)?;
    let mut workspace = Workspace::default();
    workspace.maps = Maps {
        channels: 3,
        height,
        width,
        data,
    };
    chain.run(&mut workspace);
    Ok(workspace.maps.data)
}

fn agree(expected: &[Vec<f32>], found: &[Vec<f32>], tolerance: f32) -> Result<(), ConversionError> {
    let sizes = |outputs: &[Vec<f32>]| outputs.iter().map(Vec::len).collect::<Vec<_>>();
    if sizes(expected) != sizes(found) {
        return Err(failed(format!(
            "it gives {:?} values instead of {:?}",
            sizes(found),
            sizes(expected)
        )));
    }
    for (expected, found) in expected.iter().zip(found) {
        let largest = expected
            .iter()
            .fold(1.0_f32, |most, value| most.max(value.abs()));
        // NaN is not near anything.
        let near = |e: f32, f: f32| (e - f).abs() <= tolerance * largest;
        let differ = |(e, f): (&f32, &f32)| !near(*e, *f);
        let pairs = expected.iter().zip(found);
        if let Some(at) = pairs.clone().position(differ) {
            return Err(failed(format!(
                "its value {at} is {} instead of {}",
                found[at], expected[at]
            )));
        }
    }
    Ok(())
}

/// Numbers between 0 and 1 that look random, always the same.
fn picture(count: usize) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    (0..count).map(|_| next()).collect()
}

fn failed(reason: String) -> ConversionError {
    ConversionError::Result(reason)
}
