//! Fitting the shape model to landmarks: regularised Gauss-Newton (Saragih et al. 2011).
//!
//! Minimises the squared distance between projected and observed landmarks plus Σ pⱼ²/λⱼ over
//! scale, rotation, translation and mode weights. The steps and the rule that ends them are
//! OpenFace's, so that the search ends where OpenFace's does, which is close to the minimum but
//! not at it.

use nalgebra::Matrix3;

use super::ShapeParameters;
use super::model::ShapeModel;
use super::normal_equations::{GLOBAL, Gram, NormalEquations, Point, WeakPose, dot};

const MOST_STEPS: usize = 1000;
const STEP_LENGTH: f64 = 0.75;
/// A step that leaves more than this part of the error has stalled.
const STALLED: f64 = 0.999;
/// The search ends with this stalled step, counted over the whole search.
const MOST_STALLED_STEPS: u32 = 3;

/// Landmarks to which no shape can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// The number of coordinates is not twice the model's number of landmarks.
    #[error("expected {expected} landmark coordinates, found {found}")]
    WrongLength {
        /// Twice the model's number of landmarks.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A coordinate is infinite or not a number.
    #[error("a landmark coordinate is not finite")]
    NotFinite,
    /// The landmarks that are present do not determine a shape.
    #[error("the landmarks do not determine a shape")]
    Degenerate,
}

/// Buffers of [`ShapeModel::fit`], reused from frame to frame.
#[derive(Debug, Clone, Default)]
pub struct FitScratch {
    points: Vec<Point>,
    /// Mode weights, followed by zeros up to a whole number of lanes.
    local: Vec<f64>,
    /// Gram matrices of the landmarks that are not missing, when some are.
    reduced: Gram,
    equations: NormalEquations,
}

impl ShapeModel {
    /// Fits the model to `landmarks` (n x, then n y, in pixels) from scratch and leaves the
    /// parameters in `out`. A landmark whose x is exactly 0 is missing.
    ///
    /// Computed in `f64` and rounded at the end.
    ///
    /// # Errors
    /// When the landmarks are too few, not finite, or do not determine a shape. `out` then holds
    /// zeros.
    pub fn fit(
        &self,
        landmarks: &[f32],
        scratch: &mut FitScratch,
        out: &mut ShapeParameters,
    ) -> Result<(), FitError> {
        out.global = [0.0; GLOBAL];
        out.local.clear();
        out.local.resize(self.modes(), 0.0);
        self.check(landmarks)?;
        let pose = self.search(landmarks, scratch)?;

        let global = pose.to_global();
        if !(global.iter().all(|v| v.is_finite()) && scratch.local.iter().all(|v| v.is_finite())) {
            return Err(FitError::Degenerate);
        }
        out.global = global;
        for (out, &value) in out.local.iter_mut().zip(&scratch.local) {
            *out = value as f32;
        }
        Ok(())
    }

    fn check(&self, landmarks: &[f32]) -> Result<(), FitError> {
        let expected = 2 * self.landmarks();
        if landmarks.len() != expected {
            return Err(FitError::WrongLength {
                expected,
                found: landmarks.len(),
            });
        }
        if landmarks.iter().any(|value| !value.is_finite()) {
            return Err(FitError::NotFinite);
        }
        Ok(())
    }

    /// Lists the landmarks that are not missing. When some are, leaves the Gram matrices of the
    /// rest in `reduced` and returns true.
    fn take_present(&self, landmarks: &[f32], points: &mut Vec<Point>, reduced: &mut Gram) -> bool {
        let n = self.landmarks();
        let (xs, ys) = landmarks.split_at(n);
        points.clear();
        let present = (0..n).filter(|&i| xs[i] != 0.0);
        points.extend(present.map(|i| Point::new(i, [f64::from(xs[i]), f64::from(ys[i])])));
        let some_missing = points.len() < n;
        if some_missing {
            reduced.clear(self.modes());
            for point in points {
                reduced.add(self.basis_rows(point.landmark), 1.0);
            }
        }
        some_missing
    }

    fn search(&self, landmarks: &[f32], scratch: &mut FitScratch) -> Result<WeakPose, FitError> {
        let FitScratch {
            points,
            local,
            reduced,
            equations,
        } = scratch;
        let some_missing = self.take_present(landmarks, points, reduced);
        let gram = if some_missing { reduced } else { self.gram() };
        let mut pose = self.starting_pose(points)?;
        local.clear();
        local.resize(self.stride(), 0.0);
        self.deform(local, points);
        let mut previous = total_error(&pose, points);
        let mut stalled_steps = 0;
        for _ in 0..MOST_STEPS {
            equations.assemble(self, gram, &pose, points, local, 1.0);
            let step = equations.solve().ok_or(FitError::Degenerate)?;
            let (local_step, global_step) = step.split_at(self.modes());
            pose.advance(global_step, STEP_LENGTH);
            // Taken with the new pose but the old 3-D shape, as OpenFace does.
            let error = total_error(&pose, points);
            for (value, step) in local.iter_mut().zip(local_step) {
                *value += STEP_LENGTH * step;
            }
            if STALLED * previous < error {
                stalled_steps += 1;
                if stalled_steps == MOST_STALLED_STEPS {
                    break;
                }
            }
            previous = error;
            self.deform(local, points);
        }
        Ok(pose)
    }

    /// The unrotated mean shape, as large as the box of the observed points, its origin in the
    /// middle of it.
    fn starting_pose(&self, points: &[Point]) -> Result<WeakPose, FitError> {
        let mean =
            |point: &Point, axis: usize| self.mean()[axis * self.landmarks() + point.landmark];
        let mut scale = 0.0;
        let mut translation = [0.0; 2];
        for (axis, centre) in translation.iter_mut().enumerate() {
            let (low, high) = range(points.iter().map(|p| p.observed[axis]));
            let (mean_low, mean_high) = range(points.iter().map(|p| mean(p, axis)));
            scale += 0.5 * (high - low) / (mean_high - mean_low);
            *centre = 0.5 * (low + high);
        }
        if !(scale.is_finite() && scale > 0.0) {
            return Err(FitError::Degenerate);
        }
        Ok(WeakPose {
            scale,
            rotation: Matrix3::identity(),
            translation,
        })
    }

    /// Gives the points the 3-D shape that the mode weights (padded to whole lanes) make.
    pub(crate) fn deform(&self, local: &[f64], points: &mut [Point]) {
        for point in points {
            for axis in 0..3 {
                let row = axis * self.landmarks() + point.landmark;
                point.shape[axis] = self.mean()[row] + dot(self.padded_row(row), local);
            }
        }
    }
}

fn total_error(pose: &WeakPose, points: &[Point]) -> f64 {
    let square = |point: &Point| {
        let [x, y] = point.error_under(pose);
        x * x + y * y
    };
    points.iter().map(square).sum::<f64>().sqrt()
}

/// The least and the greatest of some values.
pub(super) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shape_model_text;
    use proptest::prelude::*;

    fn model() -> ShapeModel {
        ShapeModel::parse(&shape_model_text(20, 5)).unwrap()
    }

    /// Landmarks of known parameters, without noise.
    fn landmarks_of(model: &ShapeModel, parameters: &ShapeParameters) -> Vec<f32> {
        let mut shape = vec![0.0; 3 * model.landmarks()];
        model.shape_3d(&parameters.local, &mut shape);
        let mut landmarks = vec![0.0; 2 * model.landmarks()];
        model.project(&shape, &parameters.global, &mut landmarks);
        landmarks
    }

    proptest! {
        #[test]
        fn landmarks_of_a_rigid_shape_give_its_pose_back(
            scale in 0.5_f32..5.0,
            angles in prop::array::uniform3(-0.5_f32..0.5),
            shift in prop::array::uniform2(-500.0_f32..500.0),
            missing in 0_usize..20,
        ) {
            let model = model();
            let [rx, ry, rz] = angles;
            let truth = ShapeParameters {
                global: [scale, rx, ry, rz, shift[0], shift[1]],
                local: vec![0.0; model.modes()],
            };
            let mut landmarks = landmarks_of(&model, &truth);
            landmarks[missing] = 0.0;
            let (mut scratch, mut found) = (FitScratch::default(), ShapeParameters::default());
            model.fit(&landmarks, &mut scratch, &mut found).unwrap();
            // The rule that ends the search leaves a thousandth of a pixel or so; shrinking p
            // costs nothing here, since the truth is p = 0.
            let back = landmarks_of(&model, &found);
            for (i, (a, b)) in back.iter().zip(&landmarks).enumerate() {
                prop_assert!(i == missing || (a - b).abs() < 0.05, "{i}: {a} {b}");
            }
        }

        #[test]
        fn any_landmarks_end_in_a_value_or_an_error(
            landmarks in prop::collection::vec(any::<f32>(), 40),
        ) {
            let (mut scratch, mut found) = (FitScratch::default(), ShapeParameters::default());
            let model = model();
            let verdict = model.fit(&landmarks, &mut scratch, &mut found);
            prop_assert!(found.global.iter().chain(&found.local).all(|v| v.is_finite()));
            if verdict.is_err() {
                prop_assert_eq!(found.global, [0.0; 6]);
            }
        }
    }

    #[test]
    fn what_determines_no_shape_is_refused() {
        let model = model();
        let (mut scratch, mut found) = (FitScratch::default(), ShapeParameters::default());
        let mut verdict = |landmarks: &[f32]| model.fit(landmarks, &mut scratch, &mut found);
        assert_eq!(verdict(&[0.0; 40]), Err(FitError::Degenerate));
        assert_eq!(verdict(&[7.0; 40]), Err(FitError::Degenerate));
        assert_eq!(verdict(&[f32::NAN; 40]), Err(FitError::NotFinite));
        let wrong = FitError::WrongLength {
            expected: 40,
            found: 4,
        };
        assert_eq!(verdict(&[1.0; 4]), Err(wrong));
    }

    #[test]
    fn a_fit_leaves_no_trace_in_the_next() {
        let model = model();
        let truth = ShapeParameters {
            global: [2.0, 0.1, -0.2, 0.3, 100.0, 120.0],
            local: vec![3.0, -2.0, 1.0, 0.5, -0.5],
        };
        let whole = landmarks_of(&model, &truth);
        let mut holed = whole.clone();
        holed[3] = 0.0;
        let (mut scratch, mut first, mut again) = Default::default();
        model.fit(&whole, &mut scratch, &mut first).unwrap();
        model.fit(&holed, &mut scratch, &mut again).unwrap();
        assert_ne!(first, again);
        model.fit(&whole, &mut scratch, &mut again).unwrap();
        assert_eq!(first, again);
    }
}
