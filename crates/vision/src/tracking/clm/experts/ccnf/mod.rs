//! Experts that are continuous conditional neural fields (Baltrušaitis et al. 2013, 2014).
//!
//! Each is a handful of 11x11 filters whose sigmoids, weighted, add up to a response, and a matrix
//! that smooths the responses over the window. What stands in their files is read here.

mod response;
mod smoothing;

use std::sync::OnceLock;

use super::views::Views;
use super::{MOST_WINDOW, SUPPORT};
use crate::model_file::{BinaryReader, ModelFileError};
use crate::simd::{LANES, Lanes};
pub(super) use response::CcnfScratch;
use smoothing::{Similarities, Smoothing};

/// The file's number for a conditional neural field.
const KIND_FIELD: i32 = 5;
/// The file's number for a neuron.
const KIND_NEURON: i32 = 2;
/// The file's number for a neuron that looks at grey values.
const INPUT_INTENSITY: i32 = 0;
/// Neurons with less weight than this are left out.
const LEAST_ALPHA: f64 = 1e-4;
/// The most neurons an expert may have.
const MOST_NEURONS: usize = 1000;
/// The most window sizes a file may prepare, and similarity matrices each of them may have.
const MOST_MATRICES: usize = 100;

/// Eight neurons, side by side; places without a neuron have no weight.
#[derive(Debug, Clone)]
struct Neurons {
    /// Per position of the patch (row after row) the neurons' weights.
    weights: Vec<Lanes>,
    bias: Lanes,
    /// Twice alpha.
    height: Lanes,
}

/// One landmark's expert in one view.
#[derive(Debug)]
struct Expert {
    neurons: Vec<Neurons>,
    alpha_sum: f64,
    betas: Vec<f64>,
    /// Per entry of the scale's similarities the matrix that smooths, made when first needed.
    smoothings: Vec<OnceLock<Smoothing>>,
}

/// All experts of one scale.
#[derive(Debug)]
pub(super) struct CcnfExperts {
    similarities: Vec<Similarities>,
    /// Per view and landmark.
    experts: Vec<Vec<Option<Expert>>>,
}

impl CcnfExperts {
    /// Reads one scale: the views, the similarity matrices, and the experts with their
    /// confidences (per view and landmark).
    pub(super) fn parse(
        bytes: &[u8],
        context: &str,
    ) -> Result<(Views, Vec<Vec<f32>>, Self), ModelFileError> {
        let reader = &mut BinaryReader::new(bytes);
        let views = Views::read_binary(reader, context)?;
        let mut similarities = Vec::new();
        let mut edges = None;
        for _ in 0..reader.count(context, MOST_MATRICES)? {
            let window = reader.count(context, MOST_WINDOW)?;
            let count = reader.count(context, MOST_MATRICES)?;
            if window % 2 == 0 || *edges.get_or_insert(count) != count {
                let reason = "similarity matrices that do not belong together";
                return Err(ModelFileError::new(context, reason));
            }
            let matrices = (0..count).map(|_| reader.matrix(context));
            let matrices = matrices.collect::<Result<Vec<_>, _>>()?;
            similarities.push(Similarities::new(window, matrices, context)?);
        }
        similarities.retain(|similarities| similarities.count() > 0);
        let edges = edges.unwrap_or(0);

        let mut confidences = Vec::with_capacity(views.count());
        let mut experts = Vec::with_capacity(views.count());
        for (view, visible) in views.visible.iter().enumerate() {
            let mut row = Vec::with_capacity(visible.len());
            let mut confidence = vec![0.0; visible.len()];
            for (landmark, &visible) in visible.iter().enumerate() {
                let context = format!("{context}, view {view}, landmark {landmark}");
                let expert = Expert::read(reader, edges, similarities.len(), &context)?;
                if visible && expert.is_none() {
                    return Err(ModelFileError::new(context, "visible, but without expert"));
                }
                row.push(expert.map(|(expert, value)| {
                    confidence[landmark] = value;
                    expert
                }));
            }
            experts.push(row);
            confidences.push(confidence);
        }
        super::demand_end(reader.remaining(), context)?;
        let field = Self {
            similarities,
            experts,
        };
        Ok((views, confidences, field))
    }
}

impl Expert {
    /// Reads an expert and its confidence; nothing for a landmark that has none.
    fn read(
        reader: &mut BinaryReader<'_>,
        edges: usize,
        windows: usize,
        context: &str,
    ) -> Result<Option<(Self, f32)>, ModelFileError> {
        let wrong = |reason: &str| Err(ModelFileError::new(context, reason));
        if reader.i32(context)? != KIND_FIELD {
            return wrong("not a conditional neural field");
        }
        let (width, height) = (reader.i32(context)?, reader.i32(context)?);
        let count = reader.count(context, MOST_NEURONS)?;
        if count == 0 {
            reader.i32(context)?;
            return Ok(None);
        }
        if (width, height) != (SUPPORT as i32, SUPPORT as i32) {
            return wrong("the patch is not 11x11");
        }
        let mut neurons: Vec<Neurons> = Vec::new();
        let (mut used, mut alpha_sum) = (0, 0.0);
        for _ in 0..count {
            if reader.i32(context)? != KIND_NEURON || reader.i32(context)? != INPUT_INTENSITY {
                return wrong("not a neuron on grey values");
            }
            let [norm, bias, alpha] = {
                let mut number = || reader.f64(context);
                [number()?, number()?, number()?]
            };
            let weights = reader.matrix(context)?;
            let weights = weights.expect_shape(context, SUPPORT, SUPPORT)?.data;
            let numbers = [norm, bias, alpha];
            if numbers.iter().chain(&weights).any(|v| !v.is_finite()) {
                return wrong("a number is not finite");
            }
            alpha_sum += alpha;
            if alpha <= LEAST_ALPHA {
                continue;
            }
            if used % LANES == 0 {
                neurons.push(Neurons {
                    weights: vec![[0.0; LANES]; SUPPORT * SUPPORT],
                    bias: [0.0; LANES],
                    height: [0.0; LANES],
                });
            }
            let (group, lane) = (&mut neurons[used / LANES], used % LANES);
            // Patches have mean zero, so the weights' mean makes no difference; without it, what
            // little is left of a patch's mean makes none either.
            let mean = weights.iter().sum::<f64>() / weights.len() as f64;
            for (lanes, weight) in group.weights.iter_mut().zip(&weights) {
                lanes[lane] = (norm * (weight - mean)) as f32;
            }
            group.bias[lane] = bias as f32;
            group.height[lane] = 2.0 * alpha as f32;
            used += 1;
        }
        let betas = (0..edges).map(|_| reader.f64(context));
        let betas = betas.collect::<Result<Vec<_>, _>>()?;
        let confidence = reader.f64(context)?;
        if !(alpha_sum > 0.0 && alpha_sum.is_finite() && confidence.is_finite())
            || betas.iter().any(|beta| !beta.is_finite())
        {
            return wrong("weights that add up to nothing, or are not finite");
        }
        let expert = Self {
            neurons,
            alpha_sum,
            betas,
            smoothings: vec![OnceLock::new(); windows],
        };
        Ok(Some((expert, confidence as f32)))
    }
}
