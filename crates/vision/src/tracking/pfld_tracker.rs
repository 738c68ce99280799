//! The fast tracker: RetinaFace finds the face, PFLD places the landmarks, and from then on each
//! frame's landmarks say where to look in the next.
//!
//! A validator watches over it, because the landmark network answers whether or not there is a
//! face. When to detect again is decided in [`super::policy`].

use std::sync::Arc;

use crate::analysis::{FrameAnalysis, LANDMARKS, TrackerMemory};
use crate::image::BgrView;
use crate::model_file::ModelFileError;
use crate::network::{Network, NetworkError};
use crate::shape::{FitScratch, ShapeModel, ShapeParameters};
use crate::stage::{Stage, StageClock};

use super::face_box::FaceBox;
use super::pfld::{CropSquare, Pfld};
use super::policy::{self, Outcome, Policy, Step};
use super::retinaface::RetinaFace;
use super::validator::{CERTAINTY_THRESHOLD, Validator};
use super::{LandmarkTracker, Tracked};

/// How a detector's box relates to the landmarks' box, in units of the latter's size, which is the
/// mean of its width and height.
///
/// Measured on 660 frames of three people where RetinaFace's box and the landmarks that PFLD finds
/// in it are both known: height 1.364 ± 0.042, centre higher by 0.177 ± 0.013 and to the side by
/// 0.008 ± 0.011 (taken as 0: faces are symmetric); width to height 0.71 ± 0.04.
mod detector_box {
    pub(super) const HEIGHT: f32 = 1.364;
    pub(super) const RISE: f32 = 0.177;
    pub(super) const WIDTH_TO_HEIGHT: f32 = 0.71;
    /// The height is one of so many per doubling (steps of 1.1 %).
    pub(super) const HEIGHTS_PER_DOUBLING: f32 = 64.0;
    /// The centre lies on a grid of so many points per height (steps of 0.8 %).
    pub(super) const GRID_PER_HEIGHT: f32 = 128.0;
}

/// How to track.
#[derive(Debug, Clone, PartialEq)]
pub struct PfldTrackerOptions {
    /// A frame succeeds when the validator's certainty is above this.
    pub confidence_threshold: f32,
    /// Detect the followed face anew every so many frames; 0 for only when there is reason to.
    pub detect_every: u32,
}

impl Default for PfldTrackerOptions {
    fn default() -> Self {
        Self {
            confidence_threshold: CERTAINTY_THRESHOLD,
            detect_every: 0,
        }
    }
}

/// Landmarks and the shape that was fitted to them.
#[derive(Debug, Clone)]
struct Estimate {
    landmarks: [f32; 2 * LANDMARKS],
    shape: ShapeParameters,
}

impl Estimate {
    /// What is reported before any face was found: no landmarks, and the undeformed shape at the
    /// image's origin, facing the camera, one pixel per millimetre. (A scale of 0 would make
    /// nonsense of every distance computed from it.)
    fn nothing(modes: usize) -> Self {
        Self {
            landmarks: [0.0; 2 * LANDMARKS],
            shape: ShapeParameters {
                global: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                local: vec![0.0; modes],
            },
        }
    }
}

/// Follows one face with RetinaFace, PFLD and OpenFace's validator.
///
/// On a frame without success it reports the landmarks and shape of the last frame that had it,
/// and as confidence the better verdict on what was tried on this frame, 0 when nothing was.
/// Everything depends only on the frames since the last [`reset`](LandmarkTracker::reset).
#[derive(Debug)]
pub struct PfldTracker<D, L> {
    detector: RetinaFace<D>,
    landmarker: Pfld<L>,
    validator: Validator,
    shape_model: Arc<ShapeModel>,
    options: PfldTrackerOptions,
    policy: Policy,
    scratch: FitScratch,
    /// Of the last frame that succeeded.
    last: Estimate,
    /// What is being tried; changes places with `last` when it succeeds.
    attempt: Estimate,
}

impl<D: Network, L: Network> PfldTracker<D, L> {
    /// Puts a tracker together.
    ///
    /// # Errors
    /// When the shape model is not one of 68 landmarks.
    pub fn new(
        detector: RetinaFace<D>,
        landmarker: Pfld<L>,
        validator: Validator,
        shape_model: Arc<ShapeModel>,
        options: PfldTrackerOptions,
    ) -> Result<Self, ModelFileError> {
        if shape_model.landmarks() != LANDMARKS {
            return Err(ModelFileError::new(
                "shape model",
                format!(
                    "it has {} landmarks, the tracker {LANDMARKS}",
                    shape_model.landmarks()
                ),
            ));
        }
        let nothing = Estimate::nothing(shape_model.modes());
        Ok(Self {
            detector,
            landmarker,
            validator,
            shape_model,
            policy: Policy::new(options.detect_every),
            options,
            scratch: FitScratch::default(),
            last: nothing.clone(),
            attempt: nothing,
        })
    }

    /// Places landmarks in the crop that belongs to `face` and has them judged; returns the
    /// certainty and leaves the rest in `self.attempt`.
    fn try_at(
        &mut self,
        frame: &BgrView<'_>,
        face: &FaceBox,
        clock: &mut StageClock,
    ) -> Result<f32, NetworkError> {
        let Some(crop) = CropSquare::of_box(face) else {
            return Ok(0.0);
        };
        let Estimate { landmarks, shape } = &mut self.attempt;
        self.landmarker.locate(frame, crop, landmarks)?;
        clock.lap(Stage::Landmarks);
        let fitted = self.shape_model.fit(landmarks, &mut self.scratch, shape);
        clock.lap(Stage::ShapeFit);
        // Landmarks to which no face can be fitted are not those of a face.
        let certainty = match fitted {
            Ok(()) => {
                let [_, rx, ry, rz, _, _] = shape.global;
                self.validator.certainty(frame, landmarks, [rx, ry, rz])
            }
            Err(_) => 0.0,
        };
        clock.lap(Stage::Validation);
        Ok(certainty)
    }

    /// Looks for faces in the whole frame and picks one.
    fn look(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
        pick: impl FnOnce(&mut dyn Iterator<Item = FaceBox>) -> Option<FaceBox>,
    ) -> Result<Option<FaceBox>, NetworkError> {
        let detections = self.detector.detect(frame)?;
        let chosen = pick(&mut detections.iter().map(|detection| detection.face));
        clock.lap(Stage::Detection);
        Ok(chosen)
    }

    /// Does what the policy asks for; returns the best certainty and whether the whole frame was
    /// looked at. When the certainty suffices, `self.attempt` holds what it belongs to.
    fn follow_policy(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
    ) -> Result<(f32, bool), NetworkError> {
        let threshold = self.options.confidence_threshold;
        let mut best = 0.0_f32;
        let (first, second) = match self.policy.next_step(frame.width(), frame.height()) {
            Step::Rest => return Ok((best, false)),
            Step::Follow(face) => {
                best = self.try_at(frame, &face, clock)?;
                if best > threshold {
                    return Ok((best, false));
                }
                (
                    self.look(frame, clock, |faces| policy::choose(faces, Some(&face)))?,
                    None,
                )
            }
            Step::Confirm(face) => (
                self.look(frame, clock, |faces| policy::find_again(faces, &face))?,
                Some(face),
            ),
            Step::Search(near) => (
                self.look(frame, clock, |faces| policy::choose(faces, near.as_ref()))?,
                None,
            ),
        };
        for face in [first, second].into_iter().flatten() {
            let certainty = self.try_at(frame, &face, clock)?;
            best = best.max(certainty);
            if certainty > threshold {
                break;
            }
        }
        Ok((best, true))
    }
}

impl<D: Network, L: Network> LandmarkTracker for PfldTracker<D, L> {
    fn reset(&mut self) {
        self.policy.reset();
        self.last = Estimate::nothing(self.shape_model.modes());
    }

    fn track(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
        tracked: &mut Tracked,
    ) -> Result<(), NetworkError> {
        let (confidence, looked) = self.follow_policy(frame, clock)?;
        let success = confidence > self.options.confidence_threshold;
        self.policy.record(if success {
            std::mem::swap(&mut self.last, &mut self.attempt);
            Outcome::Found {
                face: detector_box(&self.last.landmarks),
                looked,
            }
        } else {
            Outcome::NotFound
        });
        tracked.landmarks = self.last.landmarks;
        tracked.shape.clone_from(&self.last.shape);
        tracked.shape_is_plain_fit = true;
        tracked.confidence = confidence;
        tracked.success = success;
        tracked.au_success = success;
        Ok(())
    }

    fn memory(&self) -> TrackerMemory {
        self.policy.memory()
    }

    fn resume(&mut self, last: &FrameAnalysis) {
        self.policy
            .resume(&last.tracker, detector_box(&last.landmarks));
        self.last = Estimate::nothing(self.shape_model.modes());
        if last.tracker.discrete[0] != 0 {
            self.last.landmarks = last.landmarks;
            self.last.shape.global = last.global;
            self.last.shape.local.copy_from_slice(&last.local);
        }
    }
}

/// The box that a detector would draw around the face that has these landmarks, on a grid.
///
/// The grid is far finer than the spread of detectors' boxes, so it costs no accuracy. But two
/// trackers that see nearly the same landmarks mostly arrive at the same box, and from then on
/// their landmarks are equal to the last bit: a tracker that starts in the middle of a video joins
/// one that started earlier after 3 frames on average and 14 in 99 of 100 cases (4 and 16 without
/// the grid).
fn detector_box(landmarks: &[f32; 2 * LANDMARKS]) -> FaceBox {
    use detector_box::{GRID_PER_HEIGHT, HEIGHT, HEIGHTS_PER_DOUBLING, RISE, WIDTH_TO_HEIGHT};
    let face = FaceBox::of_landmarks(landmarks);
    let size = (face.width() + face.height()) / 2.0;
    let steps = (HEIGHT * size).log2() * HEIGHTS_PER_DOUBLING;
    let height = (steps.round() / HEIGHTS_PER_DOUBLING).exp2();
    let grid = height / GRID_PER_HEIGHT;
    let on_grid = |position: f32| (position / grid).round() * grid;
    let (x, y) = face.center();
    FaceBox::around(
        (on_grid(x), on_grid(y - RISE * size)),
        WIDTH_TO_HEIGHT * height,
        height,
    )
}

#[cfg(test)]
#[path = "pfld_tracker_tests.rs"]
mod tests;
