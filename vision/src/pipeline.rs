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
use crate::shape::{Camera, FitScratch, ShapeModel, ShapeParameters, estimate_pose};
use crate::stage::{Stage, StageClock};
use crate::tracking::{LandmarkTracker, Tracked};

/// Analyses the frames of a segment, in order.
pub struct FrameAnalyser<T> {
    tracker: T,
    shape: Arc<ShapeModel>,
    aus: AuAnalyser,
    camera: Option<Camera>,
    tracked: Tracked,
    /// The shape as the AU models want it, where the tracker's is another.
    plain_fit: ShapeParameters,
    scratch: FitScratch,
    /// 3-D shape in mm, not rotated.
    shape_3d: Vec<f64>,
}

impl<T: LandmarkTracker> FrameAnalyser<T> {
    /// Puts a tracker and the AU models together. `shape` is the face's shape model; without a
    /// `camera`, the default one for each frame's size is assumed.
    pub fn new(
        tracker: T,
        shape: Arc<ShapeModel>,
        aus: AuAnalyser,
        camera: Option<Camera>,
    ) -> Self {
        Self {
            tracker,
            shape_3d: vec![0.0; 3 * shape.landmarks()],
            shape,
            aus,
            camera,
            tracked: Tracked::default(),
            plain_fit: ShapeParameters::default(),
            scratch: FitScratch::default(),
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
        let mut clock = StageClock::start();
        self.tracker.track(frame, &mut clock, &mut self.tracked)?;
        out.tracker = self.tracker.memory();
        let shape = &self.tracked.shape;
        if shape.local.len() == out.local.len() {
            out.global = shape.global;
            out.local.copy_from_slice(&shape.local);
        }
        if self.tracked.landmarks.iter().any(|&value| value != 0.0) {
            self.report_face(frame, &mut clock, out);
            if self.tracked.au_success {
                self.score(frame, frame_number, &mut clock, out);
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
        let camera = self
            .camera
            .unwrap_or_else(|| Camera::default_for(frame.width(), frame.height()));
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
mod tests {
    use super::*;
    use crate::analysis::TrackerMemory;
    use crate::au::mask::Triangulation;
    use crate::testing::{Sequence, au_models, shape_model_text, triangulation_text};

    /// Says the same about every frame.
    struct Fixed(Tracked);

    impl LandmarkTracker for Fixed {
        fn memory(&self) -> TrackerMemory {
            TrackerMemory {
                discrete: [7; 4],
                rest: [8; 12],
                eyes: Default::default(),
            }
        }

        fn resume(&mut self, last: &FrameAnalysis) {
            self.0.landmarks = last.landmarks;
        }

        fn reset(&mut self) {
            self.0 = Tracked::default();
        }

        fn track(
            &mut self,
            _: &BgrView<'_>,
            _: &mut StageClock,
            tracked: &mut Tracked,
        ) -> Result<(), NetworkError> {
            tracked.clone_from(&self.0);
            Ok(())
        }
    }

    fn shape_model() -> Arc<ShapeModel> {
        Arc::new(ShapeModel::parse(&shape_model_text(68, 34)).unwrap())
    }

    /// Landmarks of a face in the middle of a 320 x 240 image, and their fit.
    fn face(model: &ShapeModel) -> Tracked {
        let mut tracked = Tracked {
            confidence: 0.9,
            success: true,
            au_success: true,
            ..Tracked::default()
        };
        let global = [1.2, 0.1, 0.2, -0.1, 160.0, 120.0];
        model.project(model.mean(), &global, &mut tracked.landmarks);
        let mut scratch = FitScratch::default();
        model
            .fit(&tracked.landmarks, &mut scratch, &mut tracked.shape)
            .unwrap();
        tracked.shape_is_plain_fit = true;
        tracked
    }

    fn analyser(tracked: Tracked) -> FrameAnalyser<Fixed> {
        let model = shape_model();
        let triangulation = Triangulation::parse(&triangulation_text()).unwrap();
        let aus = AuAnalyser::new(model.clone(), triangulation, Arc::new(au_models())).unwrap();
        FrameAnalyser::new(Fixed(tracked), model, aus, None)
    }

    /// 320 x 240 pixels of noise.
    fn picture() -> Vec<u8> {
        let mut random = Sequence::new(2);
        (0..320 * 240 * 3)
            .map(|_| (128.0 + 127.0 * random.signed()) as u8)
            .collect()
    }

    fn analyse(tracked: Tracked, frame_number: u64) -> FrameAnalysis {
        let pixels = picture();
        let frame = BgrView::new(&pixels, 320, 240, 960).unwrap();
        // A slot that was used before.
        let mut out = FrameAnalysis::zeroed();
        bytemuck::bytes_of_mut(&mut out).fill(0xff);
        let mut analyser = analyser(tracked);
        analyser.analyse(&frame, frame_number, &mut out).unwrap();
        out
    }

    #[test]
    fn a_face_is_measured_in_full() {
        let out = analyse(face(&shape_model()), 1);
        assert_eq!((out.success, out.au_success, out.has_bins), (1, 1, 1));
        assert!(out.scores.iter().all(|&score| score != 0.0));
        // So near the camera, weak perspective is some millimetres off.
        assert!((out.pose[2] - 250.0 / 1.2).abs() < 10.0, "{:?}", out.pose);
        assert!((out.pose[4] - 0.2).abs() < 0.05, "{:?}", out.pose);
        assert!(out.bounding_box[0] < 160.0 && out.bounding_box[2] > 160.0);
        assert!(out.fhog_bins.iter().any(|&bin| bin != 0));
        assert!(out.stage_nanos[Stage::Fhog as usize] > 0);
        let even = analyse(face(&shape_model()), 2);
        assert_eq!(
            (even.au_success, even.has_bins, even.fhog_bins[7]),
            (1, 0, 0)
        );
        assert_eq!(even.scores, out.scores);
    }

    /// Eyes at the given distance from the camera's axis, in pixels, that look towards it.
    fn eyes(global: [f32; 6]) -> [EyeFit; 2] {
        [-15.0, 15.0].map(|x: f64| {
            let shape_3d = std::array::from_fn(|i| {
                let angle = (i % 28) as f64 * std::f64::consts::TAU / 8.0;
                match i / 28 {
                    0 => 5.0 * angle.cos() + x,
                    1 => 5.0 * angle.sin(),
                    _ => -12.0,
                }
            });
            let landmarks = std::array::from_fn(|i| {
                let offset = if i < 28 { global[4] } else { global[5] };
                global[0] * shape_3d[i] as f32 + offset
            });
            EyeFit {
                landmarks,
                shape: ShapeParameters {
                    global,
                    local: Vec::new(),
                },
                shape_3d,
            }
        })
    }

    #[test]
    fn extras_are_those_of_the_frame() {
        let extras = Extras {
            fhog: true,
            aligned_face: true,
        };
        for success in [true, false] {
            let mut tracked = face(&shape_model());
            (tracked.success, tracked.au_success) = (success, success);
            let mut analyser = analyser(tracked);
            let mut out = FrameAnalysis::zeroed();
            let pixels = picture();
            let frame = BgrView::new(&pixels, 320, 240, 960).unwrap();
            analyser.analyse(&frame, 1, &mut out).unwrap();
            let mut bytes = vec![7; extras.bytes()];
            analyser.write_extras(extras, &out, &mut bytes);
            let (fhog, face) = extras.split(&bytes);
            if success {
                let first = f32::from_le_bytes(fhog[..4].try_into().unwrap());
                assert_eq!(first, analyser.aus().fhog()[0]);
                assert!(fhog.iter().any(|&byte| byte != 0));
                assert_eq!(face, analyser.aus().aligned_face());
            } else {
                assert!(bytes.iter().all(|&byte| byte == 0));
            }
        }
    }

    #[test]
    fn eyes_are_reported_where_the_tracker_has_them() {
        let mut tracked = face(&shape_model());
        assert_eq!(analyse(tracked.clone(), 1).has_eyes, 0);
        let fits = eyes([1.2, 0.0, 0.0, 0.0, 160.0, 120.0]);
        tracked.eyes = Some(fits.clone());
        let out = analyse(tracked.clone(), 1);
        assert_eq!((out.has_eyes, out.check()), (1, Ok(())));
        assert_eq!(out.eye_landmarks[..28], fits[0].landmarks[..28]);
        assert_eq!(out.eye_landmarks[28..56], fits[1].landmarks[..28]);
        assert_eq!(out.eye_landmarks[84..], fits[1].landmarks[28..]);
        // z of the second eye's first point: the default camera is 250 px long at this size.
        assert!((out.eye_landmarks_3d[112 + 28] - (250.0 / 1.2 - 12.0)).abs() < 1e-3);
        for [x, y, z] in out.gaze {
            assert!((x.hypot(y).hypot(z) - 1.0).abs() < 1e-6);
        }
        assert_ne!(out.gaze_angle, [0.0; 2]);

        (tracked.success, tracked.au_success) = (false, false);
        let lost = analyse(tracked, 1);
        assert_eq!(lost.eye_landmarks, out.eye_landmarks);
        assert_eq!((lost.gaze, lost.gaze_angle), ([[0.0; 3]; 2], [0.0; 2]));
    }

    #[test]
    fn the_fit_is_done_here_when_the_tracker_has_another_shape() {
        let mut tracked = face(&shape_model());
        tracked.shape_is_plain_fit = false;
        tracked.shape.local[3] += 5.0;
        let out = analyse(tracked.clone(), 1);
        assert_eq!(out.scores, analyse(face(&shape_model()), 1).scores);
        assert_eq!(out.local[3], tracked.shape.local[3]);
    }

    #[test]
    fn a_lost_face_has_landmarks_but_no_aus() {
        let mut tracked = face(&shape_model());
        (tracked.success, tracked.au_success, tracked.confidence) = (false, false, 0.3);
        let out = analyse(tracked.clone(), 1);
        assert_eq!((out.success, out.au_success, out.has_bins), (0, 0, 0));
        assert_eq!(out.scores, [0.0; 35]);
        assert_eq!(out.landmarks, tracked.landmarks);
        assert_eq!(out.confidence, 0.3);
    }

    #[test]
    fn without_a_face_everything_is_zero() {
        let mut out = analyse(Tracked::default(), 1);
        out.stage_nanos = Default::default();
        assert_eq!(out.tracker.discrete, [7; 4], "what the tracker remembers");
        out.tracker = TrackerMemory::default();
        assert!(bytemuck::bytes_of(&out).iter().all(|&byte| byte == 0));
    }

    #[test]
    fn landmarks_that_are_no_face_have_no_aus() {
        let mut tracked = face(&shape_model());
        tracked.landmarks = [5.0; 136];
        tracked.shape_is_plain_fit = false;
        let out = analyse(tracked, 1);
        assert_eq!((out.au_success, out.scores), (0, [0.0; 35]));
    }
}
