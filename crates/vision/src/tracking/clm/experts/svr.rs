//! Experts that are support vector regressors on intensities and on gradients (Saragih et al.
//! 2011): normalised cross-correlation with a template, turned into a probability.

use super::area::Area;
use super::views::Views;
use super::{SUPPORT, demand_end};
use crate::model_file::{ModelFileError, TextReader};

/// The file's number for an expert of several regressors.
const KIND_EXPERT: usize = 3;
/// The file's number for a regressor.
const KIND_REGRESSOR: usize = 2;
/// The most regressors an expert may have.
const MOST_MODALITIES: usize = 10;
/// Any number that stands for a kind or a size in the file is below this.
const MOST_NUMBER: usize = 1000;
/// Values per template.
const COUNT: usize = SUPPORT * SUPPORT;

/// What a regressor looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Modality {
    Intensity,
    /// The squared length of the gradient.
    Gradient,
}

/// One template and the logistic function of its correlation.
#[derive(Debug, Clone)]
struct Regressor {
    modality: Modality,
    scaling: f64,
    bias: f64,
    /// Row after row, without its mean, divided by its length without the mean.
    template: Vec<f64>,
}

/// All experts of one scale.
#[derive(Debug)]
pub(super) struct SvrExperts {
    /// Per view and landmark.
    experts: Vec<Vec<Vec<Regressor>>>,
}

/// The buffers of one evaluation.
#[derive(Debug, Clone, Default)]
pub(super) struct SvrScratch {
    values: Vec<f64>,
    products: Vec<f64>,
}

impl SvrExperts {
    /// Reads one scale: the views, the confidences (per view and landmark), and the experts.
    pub(super) fn parse(
        bytes: &[u8],
        context: &str,
    ) -> Result<(Views, Vec<Vec<f32>>, Self), ModelFileError> {
        let text = str::from_utf8(bytes)
            .map_err(|error| ModelFileError::new(context, format!("not a text: {error}")))?;
        let reader = &mut TextReader::new(text);
        let views = Views::read_text(reader, context)?;
        let mut experts = Vec::with_capacity(views.count());
        let mut confidences = Vec::with_capacity(views.count());
        for (view, visible) in views.visible.iter().enumerate() {
            let row = visible.iter().enumerate().map(|(landmark, visible)| {
                let context = format!("{context}, view {view}, landmark {landmark}");
                let (expert, confidence) = read_expert(reader, &context)?;
                if *visible && expert.is_empty() {
                    return Err(ModelFileError::new(context, "visible, but without expert"));
                }
                Ok((expert, confidence))
            });
            let (row, confidence) = row.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            experts.push(row);
            confidences.push(confidence);
        }
        demand_end(usize::from(!reader.is_at_end()), context)?;
        Ok((views, confidences, Self { experts }))
    }

    /// Writes the response of a landmark's expert to every position of the window into
    /// `response`, row after row.
    pub(super) fn respond(
        &self,
        (view, landmark): (usize, usize),
        area: &Area,
        scratch: &mut SvrScratch,
        response: &mut [f32],
    ) {
        response.fill(1.0);
        for regressor in &self.experts[view][landmark] {
            scratch.values.clear();
            let values = area.values().iter().map(|&v| f64::from(v));
            match regressor.modality {
                Modality::Intensity => scratch.values.extend(values),
                Modality::Gradient => squared_gradient(area, &mut scratch.values),
            }
            regressor.multiply_into(area.side(), scratch, response);
        }
    }
}

/// Reads one expert and its confidence, the sum over its regressors.
fn read_expert(
    reader: &mut TextReader<'_>,
    context: &str,
) -> Result<(Vec<Regressor>, f32), ModelFileError> {
    let wrong = |reason: &str| ModelFileError::new(context, reason);
    if reader.count(context, MOST_NUMBER)? != KIND_EXPERT {
        return Err(wrong("not an expert of several regressors"));
    }
    let size = [
        reader.count(context, MOST_NUMBER)?,
        reader.count(context, MOST_NUMBER)?,
    ];
    let count = reader.count(context, MOST_MODALITIES)?;
    if count > 0 && size != [SUPPORT; 2] {
        return Err(wrong("the patch is not 11x11"));
    }
    let mut regressors = Vec::with_capacity(count);
    let mut confidence = 0.0;
    for _ in 0..count {
        if reader.count(context, MOST_NUMBER)? != KIND_REGRESSOR {
            return Err(wrong("not a regressor"));
        }
        let modality = match reader.count(context, MOST_NUMBER)? {
            0 => Modality::Intensity,
            1 => Modality::Gradient,
            _ => return Err(wrong("neither on intensities nor on gradients")),
        };
        confidence += reader.number(context)?;
        let (scaling, bias) = (reader.number(context)?, reader.number(context)?);
        let matrix = reader
            .matrix(context)?
            .expect_shape(context, SUPPORT, SUPPORT)?;
        regressors.push(Regressor {
            modality,
            scaling,
            bias,
            template: normalised(&matrix.data),
        });
    }
    Ok((regressors, confidence as f32))
}

/// A stored template, which is transposed, in the form in which it is correlated.
fn normalised(stored: &[f64]) -> Vec<f64> {
    let value = |i: usize| stored[i % SUPPORT * SUPPORT + i / SUPPORT];
    let mean = (0..COUNT).map(value).sum::<f64>() / COUNT as f64;
    let length = (0..COUNT)
        .map(|i| (value(i) - mean).powi(2))
        .sum::<f64>()
        .sqrt();
    let factor = if length > 0.0 { 1.0 / length } else { 0.0 };
    (0..COUNT).map(|i| (value(i) - mean) * factor).collect()
}

/// The squared length of the gradient (differences of the neighbours on both sides) of every
/// pixel, zero on the border.
fn squared_gradient(area: &Area, gradient: &mut Vec<f64>) {
    let (side, values) = (area.side(), area.values());
    gradient.resize(side * side, 0.0);
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            let at = y * side + x;
            let across = f64::from(values[at + 1]) - f64::from(values[at - 1]);
            let down = f64::from(values[at + side]) - f64::from(values[at - side]);
            gradient[at] = across * across + down * down;
        }
    }
}

impl Regressor {
    /// Multiplies `response` with what the regressor says about `scratch.values`.
    fn multiply_into(&self, side: usize, scratch: &mut SvrScratch, response: &mut [f32]) {
        let window = side - (SUPPORT - 1);
        let SvrScratch { values, products } = scratch;
        for (y, row) in response.chunks_exact_mut(window).enumerate() {
            // Per position: the sum of the products with the template, of values, of squares.
            products.clear();
            products.resize(3 * window, 0.0);
            let (dots, sums) = products.split_at_mut(window);
            let (sums, squares) = sums.split_at_mut(window);
            for (values, template) in values[y * side..]
                .chunks(side)
                .zip(self.template.chunks_exact(SUPPORT))
            {
                for (x, &weight) in template.iter().enumerate() {
                    let values = values[x..x + window].iter();
                    let totals = dots.iter_mut().zip(sums.iter_mut()).zip(squares.iter_mut());
                    for (((dot, sum), square), &value) in totals.zip(values) {
                        *dot += weight * value;
                        *sum += value;
                        *square += value * value;
                    }
                }
            }
            for (x, response) in row.iter_mut().enumerate() {
                let square = squares[x] - sums[x] * sums[x] / COUNT as f64;
                let correlation = correlation(dots[x], square.max(0.0).sqrt());
                let z = self.scaling * correlation + self.bias;
                *response *= (1.0 / (1.0 + (-z).exp())) as f32;
            }
        }
    }
}

/// The quotient of two sums that should not exceed 1; what exceeds it by rounding counts as 1,
/// what exceeds it by more as nothing.
fn correlation(dot: f64, length: f64) -> f64 {
    if dot.abs() < length {
        dot / length
    } else if dot.abs() < 1.125 * length {
        dot.signum()
    } else {
        0.0
    }
}
