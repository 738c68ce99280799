//! From a detector's box to landmarks, when nothing is known about how the head is turned: several
//! rotations are tried and the likeliest result is kept.
//!
//! OpenFace's two ways of doing so are followed to the letter, including what they mix up.

use crate::grey::GreyImage;
use crate::stage::StageClock;

use super::experts::EarlyTermination;
use super::face_model::{FaceFit, FaceModel};
use super::parameters::Windows;

/// Initial rotations (Euler angles in rad) in the order in which they are tried: frontal, turned
/// to either side by three amounts or tilted, and both.
#[expect(
    clippy::approx_constant,
    reason = "these are OpenFace's numbers, digit by digit"
)]
pub const ROTATIONS: [[f32; 3]; 11] = [
    [0.0, 0.0, 0.0],
    [0.0, -0.5236, 0.0],
    [0.0, 0.5236, 0.0],
    [0.0, -0.96, 0.0],
    [0.0, 0.96, 0.0],
    [0.0, 0.0, 0.5236],
    [0.0, 0.0, -0.5236],
    [0.0, -1.57, 0.0],
    [0.0, 1.57, 0.0],
    [0.0, -1.22, 0.698],
    [0.0, 1.22, -0.698],
];

/// The quick look at every rotation: the coarsest scale only.
const FIRST_WINDOWS: Windows = [11, 0, 0, 0];
/// What follows where the quick look was promising.
const REMAINING_WINDOWS: Windows = [0, 9, 7, 5];
/// So many rotations are followed when none was promising enough by itself.
const FOLLOWED: usize = 3;

/// A face in an image (left, top, width, height in pixels).
pub type FaceArea = [f32; 4];

/// Buffers for [`FaceModel::detect_in`].
#[derive(Debug, Clone, Default)]
pub struct HypothesisBuffers {
    attempt: Option<FaceFit>,
}

impl FaceModel {
    /// Detects the landmarks of the face in `area`, looking straight at the camera, and leaves
    /// them in `fit`. Returns whether there is a face.
    pub fn detect_frontal_in(
        &mut self,
        grey: &GreyImage<'_>,
        area: FaceArea,
        clock: &mut StageClock,
        fit: &mut FaceFit,
    ) -> bool {
        self.put_in_box(area, ROTATIONS[0], &mut fit.face.parameters);
        let windows = self.main.parameters().initial_windows;
        self.detect(grey, &windows, clock, fit)
    }

    /// Detects the landmarks of the face in `area`, however it is turned, and leaves them in
    /// `fit`. Returns whether OpenFace would say that there is a face, which is not always what
    /// `fit.is_face` says.
    pub fn detect_in(
        &mut self,
        grey: &GreyImage<'_>,
        area: FaceArea,
        clock: &mut StageClock,
        buffers: &mut HypothesisBuffers,
        fit: &mut FaceFit,
    ) -> bool {
        let attempt = buffers.attempt.get_or_insert_with(|| self.nothing());
        match self.main.experts().early_termination().cloned() {
            None => self.try_all(grey, area, clock, attempt, fit),
            Some(rule) => self.try_until(&rule, grey, area, clock, attempt, fit),
        }
    }

    /// Detects from every rotation and keeps the likeliest result.
    fn try_all(
        &mut self,
        grey: &GreyImage<'_>,
        area: FaceArea,
        clock: &mut StageClock,
        attempt: &mut FaceFit,
        best: &mut FaceFit,
    ) -> bool {
        let windows = self.main.parameters().initial_windows;
        for (i, rotation) in ROTATIONS.into_iter().enumerate() {
            self.put_in_box(area, rotation, &mut attempt.face.parameters);
            self.detect(grey, &windows, clock, attempt);
            if i == 0 || attempt.face.likelihood > best.face.likelihood {
                std::mem::swap(attempt, best);
            }
        }
        best.is_face
    }

    /// Looks quickly at one rotation after the other, and follows the first that is promising
    /// enough; when none is, the three most promising, of which the likeliest result is kept.
    fn try_until(
        &mut self,
        rule: &EarlyTermination,
        grey: &GreyImage<'_>,
        area: FaceArea,
        clock: &mut StageClock,
        attempt: &mut FaceFit,
        best: &mut FaceFit,
    ) -> bool {
        let mut looks = [([0.0_f32; 6], 0.0_f64); ROTATIONS.len()];
        for (look, rotation) in looks.iter_mut().zip(ROTATIONS) {
            self.put_in_box(area, rotation, &mut attempt.face.parameters);
            self.fit_face(grey, &FIRST_WINDOWS, clock, attempt);
            let view = attempt.face.view;
            let promise =
                f64::from(attempt.face.likelihood) * rule.weights[view] + rule.biases[view];
            if promise > rule.cutoffs[view] {
                std::mem::swap(attempt, best);
                return self.detect(grey, &REMAINING_WINDOWS, clock, best);
            }
            *look = (attempt.face.parameters.global, promise);
        }
        // OpenFace remembers the deformations in memory that all rotations share, and sets it to
        // zero before each: only the last one's survives, and it is at hand.
        let last = ROTATIONS.len() - 1;
        let last_local = attempt.face.parameters.local.clone();
        let mut returned = false;
        let mut certainty = 0.0;
        for (rank, i) in most_promising(&looks.map(|(_, promise)| promise))
            .into_iter()
            .enumerate()
        {
            let parameters = &mut attempt.face.parameters;
            parameters.global = looks[i].0;
            if i == last {
                parameters.local.clone_from(&last_local);
            } else {
                parameters.local.fill(0.0);
            }
            returned = self.detect(grey, &REMAINING_WINDOWS, clock, attempt);
            certainty = attempt.certainty;
            if rank == 0 || attempt.face.likelihood > best.face.likelihood {
                std::mem::swap(attempt, best);
            }
        }
        // What is returned, and the certainty, are those of the last one tried, not of the best.
        best.certainty = certainty;
        returned
    }
}

/// The indices of the largest values, the largest first.
fn most_promising(values: &[f64; ROTATIONS.len()]) -> [usize; FOLLOWED] {
    let mut order: [usize; ROTATIONS.len()] = std::array::from_fn(|i| i);
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    std::array::from_fn(|i| order[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_most_promising_are_followed_in_order() {
        let values = [
            -0.7, -0.73, -0.41, -0.51, -0.47, -0.88, -0.55, -0.82, -0.95, -1.0, -1.1,
        ];
        assert_eq!(most_promising(&values), [2, 4, 3]);
        assert_eq!(most_promising(&[0.0; 11]), [0, 1, 2]);
        let mut values = [f64::NEG_INFINITY; 11];
        values[10] = -5.0;
        assert_eq!(most_promising(&values)[0], 10);
    }

    #[test]
    fn rotations_come_in_mirrored_pairs() {
        for pair in ROTATIONS[1..].as_chunks::<2>().0 {
            assert_eq!(
                pair[0].map(|angle| -angle),
                pair[1].map(|angle| angle + 0.0)
            );
        }
    }
}
