//! Moving a shape to where its landmarks' response maps want it: regularised landmark mean-shift,
//! with landmarks weighted by the confidence of their experts (Baltrušaitis et al. 2013,
//! "non-uniform RLMS").
//!
//! Works with the response maps of one scale. How they are computed, and which scales there are,
//! is not known here.

use crate::shape::{GLOBAL, Gram, NormalEquations, Point, ShapeModel, ShapeParameters, WeakPose};

use super::experts::{Responses, Similarity};
use super::mean_shift::Kernels;
use super::parameters::{ITERATIONS, ScaleParameters};

/// A pass ends when all landmarks together moved by less than this many pixels (root of the sum
/// of squares).
const SETTLED: f64 = 0.01;
/// A mode's weight stays within so many standard deviations.
const MOST_DEVIATIONS: f64 = 3.0;
/// What the logarithm of a likelihood starts from.
const LEAST_LIKELIHOOD: f64 = 1e-8;

/// How much each landmark counts, and what follows from it for the normal equations.
#[derive(Debug, Clone)]
pub struct LandmarkWeights {
    weights: Vec<f64>,
    gram: Gram,
}

impl LandmarkWeights {
    /// For the landmarks of `model`; 0 leaves one out.
    ///
    /// # Panics
    /// When there are not as many weights as landmarks.
    pub fn new(model: &ShapeModel, weights: Vec<f64>) -> Self {
        assert_eq!(weights.len(), model.landmarks());
        Self {
            gram: Gram::weighted(model, &weights),
            weights,
        }
    }
}

/// What a search goes by: everything about one scale.
#[derive(Debug, Clone, Copy)]
pub struct Guide<'a> {
    /// A map for every landmark, centred where the landmark was when the search began.
    pub responses: &'a Responses,
    /// What takes a step in the image to one in a map.
    pub reference_from_image: Similarity,
    /// How much each landmark counts, by visibility alone or also by its experts' confidence
    /// (then `parameters.confidence_weight` is the factor to it, and not 0).
    pub weights: &'a LandmarkWeights,
    /// Kernel width and stiffness.
    pub parameters: ScaleParameters,
}

/// A shape on its way, and the buffers that this takes.
///
/// Computed in `f64`; parameters are rounded to `f32` between scales.
#[derive(Debug, Clone)]
pub struct Search {
    pose: WeakPose,
    /// Mode weights, followed by zeros up to a whole number of lanes.
    local: Vec<f64>,
    points: Vec<Point>,
    /// Projected landmarks where the search began.
    base: Vec<[f64; 2]>,
    /// Projected landmarks at the last iteration.
    projected: Vec<[f64; 2]>,
    /// Where the landmarks were in their maps when these were last looked at.
    positions: Vec<[f64; 2]>,
    equations: NormalEquations,
    kernels: Kernels,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            pose: WeakPose::of(&ShapeParameters::default()),
            local: Vec::new(),
            points: Vec::new(),
            base: Vec::new(),
            projected: Vec::new(),
            positions: Vec::new(),
            equations: NormalEquations::default(),
            kernels: Kernels::default(),
        }
    }
}

impl Search {
    /// Starts at a shape and leaves its landmarks (n x, then n y, in pixels) in `landmarks`: the
    /// points that response maps must be centred on.
    ///
    /// # Panics
    /// When `start` is not one of `model`'s shapes.
    pub fn begin(&mut self, model: &ShapeModel, start: &ShapeParameters, landmarks: &mut Vec<f32>) {
        assert_eq!(start.local.len(), model.modes());
        let n = model.landmarks();
        self.pose = WeakPose::of(start);
        self.local.clear();
        self.local.extend(start.local.iter().map(|&p| f64::from(p)));
        self.local.resize(model.stride(), 0.0);
        self.points.clear();
        self.points.extend((0..n).map(|i| Point::new(i, [0.0; 2])));
        model.deform(&self.local, &mut self.points);
        self.base.clear();
        let projected = self
            .points
            .iter()
            .map(|point| self.pose.project(&point.shape));
        self.base.extend(projected);
        self.projected.clone_from(&self.base);
        self.positions.clear();
        self.positions.resize(n, [0.0; 2]);
        landmarks.clear();
        for axis in 0..2 {
            landmarks.extend(self.base.iter().map(|at| at[axis] as f32));
        }
    }

    /// Moves and turns the shape without deforming it.
    ///
    /// # Panics
    /// When `guide` is not about as many landmarks as the model has.
    pub fn move_rigidly(&mut self, model: &ShapeModel, guide: &Guide<'_>) {
        self.run(model, guide, true);
    }

    /// Moves, turns and deforms the shape.
    ///
    /// # Panics
    /// When `guide` is not about as many landmarks as the model has.
    pub fn deform(&mut self, model: &ShapeModel, guide: &Guide<'_>) {
        self.run(model, guide, false);
    }

    fn run(&mut self, model: &ShapeModel, guide: &Guide<'_>, rigid: bool) {
        // Where weights are w·C with C the confidences, dividing the equations by w leaves C and
        // a softer shape.
        let ScaleParameters {
            stiffness,
            confidence_weight,
            ..
        } = guide.parameters;
        let stiffness = if confidence_weight == 0.0 {
            stiffness
        } else {
            stiffness / confidence_weight
        };
        for (point, &weight) in self.points.iter_mut().zip(&guide.weights.weights) {
            point.weight = weight;
        }
        for iteration in 0..ITERATIONS {
            let moved = self.project();
            if iteration > 0 && moved < SETTLED {
                break;
            }
            self.set_targets(guide);
            let step = if rigid {
                self.equations.assemble_rigid(&self.pose, &mut self.points);
                self.equations.solve()
            } else {
                let (gram, points) = (&guide.weights.gram, &mut self.points);
                self.equations
                    .assemble(model, gram, &self.pose, points, &self.local, stiffness);
                self.equations.solve()
            };
            let Some(step) = step.filter(|step| step.iter().all(|v| v.is_finite())) else {
                // Nothing would change from here on.
                break;
            };
            let (local_step, global_step) = step.split_at(step.len() - GLOBAL);
            self.pose.advance(global_step, 1.0);
            if !rigid {
                let variances = model.variances();
                for ((p, step), variance) in self.local.iter_mut().zip(local_step).zip(variances) {
                    let limit = MOST_DEVIATIONS * variance.sqrt();
                    *p = (*p + step).clamp(-limit, limit);
                }
                model.deform(&self.local, &mut self.points);
            }
        }
    }

    /// Projects all landmarks; returns how far they moved since the last time.
    fn project(&mut self) -> f64 {
        let mut moved = 0.0;
        for (point, at) in self.points.iter().zip(&mut self.projected) {
            let last = std::mem::replace(at, self.pose.project(&point.shape));
            moved += (at[0] - last[0]).powi(2) + (at[1] - last[1]).powi(2);
        }
        moved.sqrt()
    }

    /// Asks the response maps where the landmarks should go.
    fn set_targets(&mut self, guide: &Guide<'_>) {
        let responses = guide.responses;
        let side = responses.window();
        let middle = (side - 1) as f64 / 2.0;
        let kernel = self.kernels.get(side, guide.parameters.sigma);
        let to_map = guide.reference_from_image;
        let to_image = to_map.inverse();
        for (i, (point, at)) in self.points.iter_mut().zip(&self.projected).enumerate() {
            point.observed = *at;
            if !responses.visible()[i] {
                continue;
            }
            let base = self.base[i];
            let [x, y] = turn(to_map, [at[0] - base[0], at[1] - base[1]]);
            let position = [x + middle, y + middle];
            self.positions[i] = position;
            let shift = turn(to_image, kernel.shift(responses.map(i), position));
            point.observed = [at[0] + shift[0], at[1] + shift[1]];
        }
    }

    /// How likely the landmarks are where their maps were last looked at: the mean logarithm over
    /// those that are visible.
    pub fn likelihood(&mut self, guide: &Guide<'_>) -> f32 {
        let responses = guide.responses;
        let kernel = self.kernels.get(responses.window(), guide.parameters.sigma);
        let (mut sum, mut count) = (0.0, 0.0);
        for (i, &position) in self.positions.iter().enumerate() {
            if responses.visible()[i] {
                sum += (kernel.mass(responses.map(i), position) + LEAST_LIKELIHOOD).ln();
                count += 1.0;
            }
        }
        (sum / count) as f32
    }

    /// Pixels per millimetre of the shape as it is now.
    pub fn scale(&self) -> f64 {
        self.pose.scale
    }

    /// Leaves the shape as it is now in `out`.
    pub fn parameters(&self, model: &ShapeModel, out: &mut ShapeParameters) {
        out.global = self.pose.to_global();
        out.local.clear();
        let local = self.local.iter().take(model.modes());
        out.local.extend(local.map(|&p| p as f32));
    }
}

fn turn(similarity: Similarity, [x, y]: [f64; 2]) -> [f64; 2] {
    let (c, s) = (f64::from(similarity.c), f64::from(similarity.s));
    [c * x - s * y, s * x + c * y]
}

#[cfg(test)]
#[path = "optimiser_tests.rs"]
mod tests;
