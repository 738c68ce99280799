//! OpenFace's tracker: landmarks are searched near the last frame's, judged by a validator, and a
//! detector's box is only asked for when they are lost.
//!
//! With the default settings of OpenFace 2.2 for videos. When to do what is decided in
//! [`super::video`], from which rotations to start in a box in [`super::hypotheses`].

use crate::analysis::{EYE_SHAPE, FrameAnalysis, LANDMARKS, TrackerMemory};
use crate::gaze::EYE_LANDMARKS;
use crate::grey::{GreyBuffer, Region};
use crate::image::BgrView;
use crate::model_file::ModelFileError;
use crate::network::NetworkError;
use crate::shape::ShapeParameters;
use crate::stage::{Stage, StageClock};
use crate::tracking::detection::{DetectedBox, FaceDetector, choose_face};
use crate::tracking::{LandmarkTracker, Tracked};

use super::face_model::{FaceFit, FaceModel};
use super::hypotheses::HypothesisBuffers;
use super::video::{SearchWidth, VideoPolicy};

/// What OpenFace calls the models of the eyes at face landmarks 36 to 41 and 42 to 47.
const EYES: [&str; 2] = ["left_eye_28", "right_eye_28"];
/// How far around the landmarks experts look at most, in mm of the shape model: 10 pixels of the
/// coarsest scale, which has 1/4 of a pixel per mm.
const REACH: f32 = 42.0;
/// The same as a share of the width of a detector's box.
const RELATIVE_REACH: f32 = 0.3;

/// Follows one face as OpenFace does.
///
/// On a frame without success it reports its latest estimate, wherever that is. Everything depends
/// only on the frames since the last [`reset`](LandmarkTracker::reset).
#[derive(Debug)]
pub struct OpenFaceTracker<D> {
    detector: D,
    model: FaceModel,
    /// Which parts of the model are the eyes.
    eyes: Option<[usize; 2]>,
    policy: VideoPolicy,
    fit: FaceFit,
    /// Whether `fit` is the result of any search.
    has_searched: bool,
    preference: Option<[f32; 2]>,
    grey: GreyBuffer,
    hypotheses: HypothesisBuffers,
}

impl<D: FaceDetector> OpenFaceTracker<D> {
    /// Puts a tracker together.
    ///
    /// # Errors
    /// When the model has eyes that are not of 28 landmarks.
    pub fn new(detector: D, model: FaceModel) -> Result<Self, ModelFileError> {
        let parts = model.parts();
        let eye = |name: &str| parts.iter().position(|part| part.name == name);
        let eyes = match EYES.map(eye) {
            [Some(left), Some(right)] => Some([left, right]),
            _ => None,
        };
        for part in eyes.iter().flatten().map(|&at| &parts[at]) {
            let count = part.model.shape().landmarks();
            if count != EYE_LANDMARKS {
                let reason = format!("expected {EYE_LANDMARKS} landmarks, found {count}");
                return Err(ModelFileError::new(&part.name, reason));
            }
            let modes = part.model.shape().modes();
            if modes > EYE_SHAPE - 6 {
                let reason = format!("expected {} modes at most, found {modes}", EYE_SHAPE - 6);
                return Err(ModelFileError::new(&part.name, reason));
            }
        }
        Ok(Self {
            fit: model.nothing(),
            detector,
            model,
            eyes,
            policy: VideoPolicy::default(),
            has_searched: false,
            preference: None,
            grey: GreyBuffer::default(),
            hypotheses: HypothesisBuffers::default(),
        })
    }

    /// Where to look for the face when a detector next finds several: x and y as shares of the
    /// frame's width and height. Without, the widest face is taken. Counts for one detection.
    pub fn prefer(&mut self, point: [f32; 2]) {
        self.preference = Some(point);
    }

    /// What the tracker knows after the last frame.
    pub fn fit(&self) -> &FaceFit {
        &self.fit
    }

    /// What the tracker believes after the last frame.
    pub fn policy(&self) -> &VideoPolicy {
        &self.policy
    }

    /// Searches near the last landmarks.
    fn search(&mut self, frame: &BgrView<'_>, width: SearchWidth, clock: &mut StageClock) {
        let parameters = self.model.face().parameters();
        let windows = match width {
            SearchWidth::Narrow => parameters.tracking_windows,
            SearchWidth::Wide => parameters.initial_windows,
        };
        let reach = REACH * self.fit.face.parameters.global[0];
        let region = Region::around(frame, &self.fit.face.landmarks, reach);
        let grey = self.grey.convert(frame, region);
        let is_face = self.model.detect(&grey, &windows, clock, &mut self.fit);
        self.policy.searched(is_face);
    }

    /// Looks for a face in the whole frame.
    fn look(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
    ) -> Result<Option<DetectedBox>, NetworkError> {
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        let preference = self.preference.take();
        let preference = preference.map(|[x, y]| [x * width, y * height]);
        let face = choose_face(self.detector.faces(frame)?, preference);
        clock.lap(Stage::Detection);
        Ok(face)
    }

    /// Places landmarks in a detector's box; returns whether the frame is a success.
    fn detect_in(
        &mut self,
        frame: &BgrView<'_>,
        face: &DetectedBox,
        clock: &mut StageClock,
    ) -> bool {
        let DetectedBox {
            left,
            top,
            width,
            height,
            ..
        } = *face;
        let corners = [left, left + width, top, top + height];
        let region = Region::around(frame, &corners, RELATIVE_REACH * width);
        let grey = self.grey.convert(frame, region);
        let before = self.fit.face.clone();
        let area = [left, top, width, height];
        let (hypotheses, fit) = (&mut self.hypotheses, &mut self.fit);
        let returned = self.model.detect_in(&grey, area, clock, hypotheses, fit);
        let success = self.policy.found(returned, self.fit.is_face);
        if !success {
            // The parts and the certainty stay those of the failed attempt, as in OpenFace.
            self.fit.face = before;
        }
        success
    }

    fn follow(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
    ) -> Result<bool, NetworkError> {
        if let Some(width) = self.policy.search() {
            self.search(frame, width, clock);
            self.has_searched = true;
        }
        if self.policy.should_look()
            && let Some(face) = self.look(frame, clock)?
        {
            self.has_searched = true;
            return Ok(self.detect_in(frame, &face, clock));
        }
        Ok(self.policy.verdict())
    }

    fn report(&self, success: bool, tracked: &mut Tracked) {
        let face = &self.fit.face;
        tracked.landmarks[..2 * LANDMARKS].copy_from_slice(&face.landmarks);
        tracked.shape.global = face.parameters.global;
        tracked.shape.local.clear();
        tracked
            .shape
            .local
            .extend_from_slice(&face.parameters.local);
        tracked.shape_is_plain_fit = false;
        tracked.confidence = self.fit.certainty;
        tracked.success = success;
        tracked.au_success = self.policy.is_face;
        match self.eyes.filter(|_| self.has_searched) {
            None => tracked.eyes = None,
            Some(eyes) => {
                let reported = tracked.eyes.get_or_insert_default();
                for (eye, at) in reported.iter_mut().zip(eyes) {
                    let (model, fitted) = (&self.model.parts()[at].model, &self.fit.parts[at]);
                    eye.landmarks.copy_from_slice(&fitted.landmarks);
                    eye.shape.global = fitted.parameters.global;
                    eye.shape.local.clear();
                    eye.shape.local.extend_from_slice(&fitted.parameters.local);
                    let shape = model.shape();
                    shape.shape_3d(&fitted.parameters.local, &mut eye.shape_3d);
                }
            }
        }
    }
}

impl<D: FaceDetector> LandmarkTracker for OpenFaceTracker<D> {
    fn reset(&mut self) {
        self.policy = VideoPolicy::default();
        self.fit = self.model.nothing();
        self.has_searched = false;
        self.preference = None;
    }

    fn track(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
        tracked: &mut Tracked,
    ) -> Result<(), NetworkError> {
        let success = self.follow(frame, clock)?;
        self.report(success, tracked);
        Ok(())
    }

    fn memory(&self) -> TrackerMemory {
        let scale = self.fit.face.parameters.scale();
        let is_refined = self.model.parts().iter().any(|p| p.is_refined_at(scale));
        let flags = [
            (self.policy.initialised, flag::INITIALISED),
            (self.policy.is_face, flag::IS_FACE),
            (self.has_searched, flag::HAS_SEARCHED),
            // Landmarks that went through the parts differ from others on the same face.
            (is_refined, flag::IS_REFINED),
        ];
        let flags = flags.iter().filter(|(is_set, _)| *is_set);
        TrackerMemory {
            discrete: [
                flags.fold(0, |all, (_, flag)| all | flag),
                self.policy.failures.cast_unsigned(),
                self.fit.face.view as u32,
                0,
            ],
            rest: [0; 12],
            eyes: self.eyes.map_or(Default::default(), |eyes| {
                eyes.map(|at| {
                    let ShapeParameters { global, local } = &self.fit.parts[at].parameters;
                    let mut words = [0; EYE_SHAPE];
                    for (word, value) in words.iter_mut().zip(global.iter().chain(local)) {
                        *word = value.to_bits();
                    }
                    words
                })
            }),
        }
    }

    fn resume(&mut self, last: &FrameAnalysis) {
        self.reset();
        let [flags, failures, view, _] = last.tracker.discrete;
        self.policy = VideoPolicy {
            initialised: flags & flag::INITIALISED != 0,
            is_face: flags & flag::IS_FACE != 0,
            failures: failures.cast_signed(),
        };
        self.has_searched = flags & flag::HAS_SEARCHED != 0;
        let face = &mut self.fit.face;
        if self.has_searched && face.parameters.local.len() == last.local.len() {
            face.parameters.global = last.global;
            face.parameters.local.copy_from_slice(&last.local);
            face.landmarks.copy_from_slice(&last.landmarks);
            face.view = view as usize;
        }
        if let Some(eyes) = self.eyes.filter(|_| last.has_eyes != 0) {
            for (eye, at) in eyes.into_iter().enumerate() {
                let fitted = &mut self.fit.parts[at];
                let words = last.tracker.eyes[eye].map(f32::from_bits);
                let (global, local) = words.split_at(fitted.parameters.global.len());
                fitted.parameters.global.copy_from_slice(global);
                let modes = fitted.parameters.local.len();
                fitted.parameters.local.copy_from_slice(&local[..modes]);
                // Of the frame: x of the first and the second eye, then y.
                let (xs, ys) = fitted.landmarks.split_at_mut(EYE_LANDMARKS);
                for (axis, values) in [xs, ys].into_iter().enumerate() {
                    let start = (2 * axis + eye) * EYE_LANDMARKS;
                    values.copy_from_slice(&last.eye_landmarks[start..start + EYE_LANDMARKS]);
                }
            }
        }
        self.fit.certainty = last.confidence;
        self.fit.is_face = self.policy.is_face;
    }
}

/// Bits of the first word of a tracker's memory.
mod flag {
    pub(super) const INITIALISED: u32 = 1;
    pub(super) const IS_FACE: u32 = 2;
    pub(super) const HAS_SEARCHED: u32 = 4;
    pub(super) const IS_REFINED: u32 = 8;
}
