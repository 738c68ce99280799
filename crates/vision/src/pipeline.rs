//! One frame through every stage: tracker, shape, alignment, descriptors, scores.
//!
//! This is the worker's whole view of a frame. What needs the frames before and after in order is
//! [`crate::au::temporal`].

use std::sync::Arc;

use bytemuck::Zeroable;

use crate::analysis::{FrameAnalysis, LANDMARKS};
use crate::au::analyser::AuAnalyser;
use crate::extras::Extras;
use crate::gaze::{EYE_LANDMARKS, EyeFit, Gaze};
use crate::image::BgrView;
use crate::network::NetworkError;
use crate::shape::{Camera, FitScratch, Intrinsics, ShapeModel, ShapeParameters, estimate_pose};
use crate::stage::{Stage, StageClock};
use crate::tracking::{LandmarkTracker, Tracked};

/// Analyses the frames of a segment, in order.
pub struct FrameAnalyser<T> {
    tracker: T,
    shape: Arc<ShapeModel>,
    aus: AuAnalyser,
    camera: Intrinsics,
    tracked: Tracked,
    /// The shape as the AU models want it, where the tracker's is another.
    plain_fit: ShapeParameters,
    scratch: FitScratch,
    /// 3-D shape in mm, not rotated.
    shape_3d: Vec<f64>,
    clock: StageClock,
}

impl<T: LandmarkTracker> FrameAnalyser<T> {
    /// Puts a tracker and the AU models together. `shape` is the face's shape model; what is not
    /// known of the `camera` is assumed for each frame's size.
    pub fn new(tracker: T, shape: Arc<ShapeModel>, aus: AuAnalyser, camera: Intrinsics) -> Self {
        Self {
            tracker,
            shape_3d: vec![0.0; 3 * shape.landmarks()],
            shape,
            aus,
            camera,
            tracked: Tracked::default(),
            plain_fit: ShapeParameters::default(),
            scratch: FitScratch::default(),
            clock: StageClock::start(),
        }
    }

    /// Forgets the frames so far: the next is the first of a segment.
    pub fn begin_segment(&mut self) {
        self.tracker.reset();
    }

    /// Goes on where another analyser of the same kind and settings left off: `last` is what it made
    /// of the frame before the next.
    pub fn resume_after(&mut self, last: &FrameAnalysis) {
        self.tracker.resume(last);
    }

    /// Analyses the next frame and overwrites all of `out`. `frame_number` counts from 1 in the
    /// whole video, not in the segment.
    ///
    /// Where the tracker has lost the face, `out` holds its last estimate with `success` 0 and AU
    /// scores of 0; while it never found one, zeros but for what the tracker says of its shape.
    ///
    /// # Errors
    /// When a network cannot be run. `out` is then all zeros.
    pub fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        frame_number: u64,
        out: &mut FrameAnalysis,
    ) -> Result<(), NetworkError> {
        *out = FrameAnalysis::zeroed();
        let mut clock = std::mem::take(&mut self.clock);
        clock.restart();
        let analysed = self.analyse_timed(frame, frame_number, &mut clock, out);
        self.clock = clock;
        analysed
    }

    /// Where the time of the frame analysed last went.
    pub fn clock(&self) -> &StageClock {
        &self.clock
    }

    fn analyse_timed(
        &mut self,
        frame: &BgrView<'_>,
        frame_number: u64,
        clock: &mut StageClock,
        out: &mut FrameAnalysis,
    ) -> Result<(), NetworkError> {
        self.tracker.track(frame, clock, &mut self.tracked)?;
        out.tracker = self.tracker.memory();
        let shape = &self.tracked.shape;
        if shape.local.len() == out.local.len() {
            out.global = shape.global;
            out.local.copy_from_slice(&shape.local);
        }
        if self.tracked.landmarks.iter().any(|&value| value != 0.0) {
            self.report_face(frame, clock, out);
            if self.tracked.au_success {
                self.score(frame, frame_number, clock, out);
            }
        }
        out.stage_nanos = clock.nanos();
        Ok(())
    }

    /// What follows from the tracker's own idea of the face.
    fn report_face(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
        out: &mut FrameAnalysis,
    ) {
        let Tracked {
            landmarks, shape, ..
        } = &self.tracked;
        out.landmarks = *landmarks;
        out.bounding_box = bounding_box(landmarks);
        out.confidence = self.tracked.confidence;
        out.success = self.tracked.success.into();
        // A tracker that has landmarks but no shape yet leaves these, and what follows, at zero.
        let camera = self.camera.camera(frame.width(), frame.height());
        if shape.local.len() == out.local.len() {
            self.shape.shape_3d(&shape.local, &mut self.shape_3d);
            camera.landmarks_3d(shape, &self.shape_3d, landmarks, &mut out.landmarks_3d);
            // Without a pose the zeros stay, which no head before the camera can have.
            if let Ok(pose) = estimate_pose(&camera, shape, &self.shape_3d, landmarks) {
                out.pose[..3].copy_from_slice(&pose.translation);
                out.pose[3..].copy_from_slice(&pose.rotation);
            }
        }
        if let Some(eyes) = &self.tracked.eyes {
            report_eyes(eyes, &camera, out);
        }
        clock.lap(Stage::Pose);
    }

    fn score(
        &mut self,
        frame: &BgrView<'_>,
        frame_number: u64,
        clock: &mut StageClock,
        out: &mut FrameAnalysis,
    ) {
        let Tracked {
            landmarks, shape, ..
        } = &self.tracked;
        let parameters = if self.tracked.shape_is_plain_fit {
            shape
        } else {
            let fit = self
                .shape
                .fit(landmarks, &mut self.scratch, &mut self.plain_fit);
            clock.lap(Stage::ShapeFit);
            // No shape, no descriptors: the frame has no AUs.
            if fit.is_err() {
                return;
            }
            &self.plain_fit
        };
        self.aus
            .analyse(frame, landmarks, parameters, frame_number, clock, out);
    }

    /// Writes the extras of the frame analysed last, whose analysis is `analysis`; zeros, which are
    /// a black face, where the AU models were not run.
    ///
    /// # Panics
    /// When `out` has fewer than [`Extras::bytes`].
    pub fn write_extras(&self, extras: Extras, analysis: &FrameAnalysis, out: &mut [u8]) {
        let (fhog, face) = extras.split_mut(out);
        if analysis.au_success == 0 {
            fhog.fill(0);
            face.fill(0);
            return;
        }
        let words = fhog.as_chunks_mut::<4>().0;
        for (word, value) in words.iter_mut().zip(self.aus.fhog()) {
            *word = value.to_le_bytes();
        }
        if extras.aligned_face {
            face.copy_from_slice(self.aus.aligned_face());
        }
    }

    /// The AU stage, for what it keeps of the last scored frame.
    pub fn aus(&self) -> &AuAnalyser {
        &self.aus
    }
}

/// The eyes' landmarks, and the gaze where the face is vouched for; the face is in `out` already.
fn report_eyes(eyes: &[EyeFit; 2], camera: &Camera, out: &mut FrameAnalysis) {
    out.has_eyes = 1;
    for (i, eye) in eyes.iter().enumerate() {
        let (xs, ys) = eye.landmarks.split_at(EYE_LANDMARKS);
        for (axis, values) in [xs, ys].into_iter().enumerate() {
            let start = (2 * axis + i) * EYE_LANDMARKS;
            out.eye_landmarks[start..start + EYE_LANDMARKS].copy_from_slice(values);
        }
    }
    let in_space = eyes.each_ref().map(|eye| eye.in_space(camera));
    for (i, points) in in_space.iter().enumerate() {
        for axis in 0..3 {
            let start = (2 * axis + i) * EYE_LANDMARKS;
            let values = out.eye_landmarks_3d[start..].iter_mut();
            for (value, point) in values.zip(points) {
                *value = point[axis];
            }
        }
    }
    let [.., rx, ry, rz] = out.pose;
    if out.success == 1
        && let Some(gaze) = Gaze::estimate(&in_space, &out.landmarks_3d, [rx, ry, rz])
    {
        out.gaze = gaze.directions;
        out.gaze_angle = gaze.angle;
    }
}

/// Left, top, right and bottom of the landmarks.
fn bounding_box(landmarks: &[f32; 2 * LANDMARKS]) -> [f32; 4] {
    let (xs, ys) = landmarks.split_at(LANDMARKS);
    let least = |values: &[f32]| values.iter().copied().fold(f32::INFINITY, f32::min);
    let greatest = |values: &[f32]| values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    [least(xs), least(ys), greatest(xs), greatest(ys)]
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
