//! One frame through everything behind the tracker, for trackers that say what the test wants.

use super::*;
use crate::analysis::TrackerMemory;
use crate::au::mask::Triangulation;
use crate::shape::Intrinsics;
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
    FrameAnalyser::new(Fixed(tracked), model, aus, Intrinsics::default())
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
