//! The tracker with networks that are functions: what it does when faces come, move and go.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::testing::shape_model_text;
use crate::tracking::retinaface::RetinaFaceOptions;
use crate::tracking::testing::{Answer, FakeNetwork};
use crate::tracking::validator::testing::light_validator_file;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;
/// Priors of RetinaFace at this size: two per cell of 8, 16 and 32 pixels.
const PRIORS: usize = 2 * (40 * 30 + 20 * 15 + 10 * 8);

/// What these tests call a face: a light square that its landmarks fill, and the score that the
/// detector gives it.
#[derive(Clone, Copy)]
struct Face {
    center: (f32, f32),
    side: f32,
    score: f32,
}

fn face(x: f32, y: f32, side: f32) -> Face {
    Face {
        center: (x, y),
        side,
        score: 0.9,
    }
}

/// A tracker in front of a dark wall. Its detector finds the faces that it is told of, its PFLD
/// stretches the mean shape over what is light in the crop, and its validator is content where it
/// is light.
struct Scene {
    detected: Rc<RefCell<Vec<Face>>>,
    looks: Rc<RefCell<u32>>,
    tracker: PfldTracker<Box<dyn Network>, Box<dyn Network>>,
    tracked: Tracked,
}

impl Scene {
    fn new(options: PfldTrackerOptions) -> Self {
        let shape_model = ShapeModel::parse(&shape_model_text(LANDMARKS, 4)).unwrap();
        let detected = Rc::new(RefCell::new(Vec::new()));
        let looks = Rc::new(RefCell::new(0));
        let detector: Box<dyn Network> = {
            let (detected, looks) = (Rc::clone(&detected), Rc::clone(&looks));
            Box::new(FakeNetwork::new("RetinaFace", move |_, _| {
                *looks.borrow_mut() += 1;
                detections(&detected.borrow())
            }))
        };
        let landmarker: Box<dyn Network> = {
            let mean = shape_model.mean().to_vec();
            Box::new(FakeNetwork::new("PFLD", move |_, crop| {
                vec![(vec![1, 2 * LANDMARKS], points_on_light(&mean, crop))]
            }))
        };
        let tracker = PfldTracker::new(
            RetinaFace::new(detector, RetinaFaceOptions::default()),
            Pfld::new(landmarker),
            Validator::parse(&light_validator_file()).unwrap(),
            Arc::new(shape_model),
            options,
        )
        .unwrap();
        Self {
            detected,
            looks,
            tracker,
            tracked: Tracked::default(),
        }
    }

    /// Shows a frame with the given faces, all of which the detector would find.
    fn show(&mut self, faces: &[Face]) -> bool {
        self.show_but_detect(faces, faces)
    }

    /// Shows a frame with the given faces, of which the detector would find others; returns
    /// whether the whole frame was looked at.
    fn show_but_detect(&mut self, faces: &[Face], detected: &[Face]) -> bool {
        *self.detected.borrow_mut() = detected.to_vec();
        *self.looks.borrow_mut() = 0;
        let mut pixels = vec![0; 3 * WIDTH * HEIGHT];
        for (i, pixel) in pixels.chunks_exact_mut(3).enumerate() {
            let (x, y) = ((i % WIDTH) as f32, (i / WIDTH) as f32);
            let within = |a: f32, b: f32, side: f32| (a - b).abs() <= side / 2.0;
            if faces
                .iter()
                .any(|f| within(x, f.center.0, f.side) && within(y, f.center.1, f.side))
            {
                pixel.fill(200);
            }
        }
        let frame = BgrView::new(&pixels, WIDTH, HEIGHT, 3 * WIDTH).unwrap();
        let mut clock = StageClock::start();
        self.tracker
            .track(&frame, &mut clock, &mut self.tracked)
            .unwrap();
        let looks = *self.looks.borrow();
        assert!(looks <= 1, "looked {looks} times at one frame");
        assert_eq!(clock.nanos()[Stage::Detection as usize] > 0, looks == 1);
        looks == 1
    }

    /// Demands that the last frame succeeded with the landmarks on `face`.
    fn expect_on(&self, face: Face) {
        assert!(self.tracked.success && self.tracked.au_success);
        assert_eq!(self.tracked.confidence, 0.75);
        assert!(self.tracked.shape_is_plain_fit);
        self.expect_landmarks_on(face);
    }

    fn expect_landmarks_on(&self, face: Face) {
        let found = FaceBox::of_landmarks(&self.tracked.landmarks);
        // The light square is seen in the pixels of a crop of 112, each up to 3 of the frame.
        let near = |a: f32, b: f32| (a - b).abs() <= 4.0;
        assert!(
            near(found.center().0, face.center.0)
                && near(found.center().1, face.center.1)
                && near(found.width(), face.side),
            "landmarks in {found:?}"
        );
        let mut shape = ShapeParameters::default();
        let model = &self.tracker.shape_model;
        model
            .fit(
                &self.tracked.landmarks,
                &mut FitScratch::default(),
                &mut shape,
            )
            .unwrap();
        assert_eq!(self.tracked.shape, shape);
    }

    fn expect_lost(&self, confidence: f32) {
        assert!(!self.tracked.success && !self.tracked.au_success);
        assert_eq!(self.tracked.confidence, confidence);
    }
}

/// RetinaFace's outputs when it finds the given faces. Each takes the first prior of its scale,
/// moved and stretched to where the detector's box would be.
fn detections(faces: &[Face]) -> Answer {
    let mut boxes = vec![0.0; 4 * PRIORS];
    let mut scores = vec![0.0; 2 * PRIORS];
    for (i, face) in faces.iter().enumerate() {
        // Priors 2i are 16 pixels large, in the i-th cell of the first row of 8 pixels each.
        let (cell_x, cell_y, prior) = (8.0 * i as f32 + 4.0, 4.0, 16.0);
        let height = detector_box::HEIGHT * face.side;
        let y = face.center.1 - detector_box::RISE * face.side;
        let width = detector_box::WIDTH_TO_HEIGHT * height;
        boxes[8 * i..8 * i + 4].copy_from_slice(&[
            (face.center.0 - cell_x) / (0.1 * prior),
            (y - cell_y) / (0.1 * prior),
            (width / prior).ln() / 0.2,
            (height / prior).ln() / 0.2,
        ]);
        scores[4 * i + 1] = face.score;
    }
    vec![
        (vec![1, PRIORS, 4], boxes),
        (vec![1, PRIORS, 2], scores),
        (vec![1, PRIORS, 10], vec![0.0; 10 * PRIORS]),
    ]
}

/// The mean shape stretched over the light part of a 112x112 crop, or over the middle when it is
/// all dark: a network that always answers.
fn points_on_light(mean: &[f64], crop: &[f32]) -> Vec<f32> {
    let light = |i: &usize| crop[*i] > 0.5;
    let span = |position: fn(usize) -> usize| {
        let lit = || (0..112 * 112).filter(light).map(position);
        match (lit().min(), lit().max()) {
            (Some(low), Some(high)) => (low as f32 / 112.0, (high + 1) as f32 / 112.0),
            _ => (0.25, 0.75),
        }
    };
    let stretch = |values: &[f64], (low, high): (f32, f32)| -> Vec<f32> {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let share = |v: &f64| ((v - least) / (most - least)) as f32;
        values
            .iter()
            .map(|v| low + share(v) * (high - low))
            .collect()
    };
    let xs = stretch(&mean[..LANDMARKS], span(|i| i % 112));
    let ys = stretch(&mean[LANDMARKS..2 * LANDMARKS], span(|i| i / 112));
    xs.into_iter().zip(ys).flat_map(|(x, y)| [x, y]).collect()
}

#[test]
fn nothing_is_reported_before_there_is_a_face() {
    let mut scene = Scene::new(PfldTrackerOptions::default());
    let looks: Vec<bool> = (0..13).map(|_| scene.show(&[])).collect();
    let expected: Vec<bool> = (0..13).map(|n| [0, 2, 4, 6, 8, 12].contains(&n)).collect();
    assert_eq!(looks, expected);
    scene.expect_lost(0.0);
    assert_eq!(scene.tracked.landmarks, [0.0; 2 * LANDMARKS]);
    assert_eq!(scene.tracked.shape.global, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(scene.tracked.shape.local, [0.0; 4]);
}

#[test]
fn a_moving_face_is_followed_without_looking_again() {
    let mut scene = Scene::new(PfldTrackerOptions::default());
    for n in 0..60 {
        let step = n as f32;
        let now = face(90.0 + 2.0 * step, 150.0 - step, 60.0 + 0.3 * step);
        assert_eq!(scene.show(&[now]), n == 0);
        scene.expect_on(now);
    }
}

#[test]
fn a_jump_is_noticed_and_mended_in_the_same_frame() {
    let mut scene = Scene::new(PfldTrackerOptions::default());
    scene.show(&[face(80.0, 120.0, 60.0)]);
    let elsewhere = face(250.0, 120.0, 60.0);
    assert!(scene.show(&[elsewhere]));
    scene.expect_on(elsewhere);
    assert!(!scene.show(&[elsewhere]));
    scene.expect_on(elsewhere);
}

#[test]
fn a_lost_face_leaves_its_last_estimate_and_is_found_again() {
    let mut scene = Scene::new(PfldTrackerOptions::default());
    let there = face(150.0, 130.0, 70.0);
    scene.show(&[there]);
    let shape = scene.tracked.shape.clone();
    // The frame on which it goes is tried and looked at, then every second one is looked at.
    for (n, looks) in [true, false, true, false, true].into_iter().enumerate() {
        assert_eq!(scene.show(&[]), looks, "frame {n} without a face");
        // Only on the first is there something to validate: the detector finds nothing.
        scene.expect_lost(if n == 0 { 0.25 } else { 0.0 });
        scene.expect_landmarks_on(there);
        assert_eq!(scene.tracked.shape, shape);
    }
    assert!(!scene.show(&[there]), "a frame of rest");
    scene.expect_lost(0.0);
    assert!(scene.show(&[there]));
    scene.expect_on(there);
}

#[test]
fn what_the_validator_rejects_is_no_face() {
    let mut scene = Scene::new(PfldTrackerOptions::default());
    assert!(scene.show_but_detect(&[], &[face(150.0, 130.0, 70.0)]));
    scene.expect_lost(0.25);
    assert_eq!(scene.tracked.landmarks, [0.0; 2 * LANDMARKS]);
}

#[test]
fn the_best_face_is_taken_first_and_the_same_one_afterwards() {
    let mut scene = Scene::new(PfldTrackerOptions {
        detect_every: 3,
        ..PfldTrackerOptions::default()
    });
    let left = face(80.0, 130.0, 60.0);
    let right = Face {
        score: 0.95,
        ..face(240.0, 130.0, 60.0)
    };
    scene.show(&[left, right]);
    scene.expect_on(right);
    let better_left = Face {
        score: 0.99,
        ..left
    };
    let mut looks = Vec::new();
    for _ in 0..7 {
        looks.push(scene.show(&[better_left, right]));
        scene.expect_on(right);
    }
    assert_eq!(looks, [false, false, true, false, false, true, false]);
    // The detector misses it when asked again: it is followed all the same, not given up for the
    // other one.
    scene.show(&[better_left, right]);
    assert!(scene.show_but_detect(&[better_left, right], &[better_left]));
    scene.expect_on(right);
    // When it is gone, the other one will do.
    scene.show(&[better_left]);
    scene.expect_on(left);
}

#[test]
fn after_a_reset_the_past_makes_no_difference() {
    let mut scene = Scene::new(PfldTrackerOptions::default());
    scene.show(&[face(150.0, 130.0, 70.0)]);
    scene.show(&[]);
    scene.tracker.reset();
    assert!(scene.show(&[]), "a first frame is looked at");
    scene.expect_lost(0.0);
    assert_eq!(scene.tracked.landmarks, [0.0; 2 * LANDMARKS]);
}

#[test]
fn a_shape_model_of_other_landmarks_is_refused() {
    let network = || -> Box<dyn Network> { Box::new(FakeNetwork::new("none", |_, _| vec![])) };
    let refused = PfldTracker::new(
        RetinaFace::new(network(), RetinaFaceOptions::default()),
        Pfld::new(network()),
        Validator::parse(&light_validator_file()).unwrap(),
        Arc::new(ShapeModel::parse(&shape_model_text(28, 4)).unwrap()),
        PfldTrackerOptions::default(),
    );
    let error = refused.err().expect("28 landmarks are too few");
    assert!(error.to_string().contains("28"), "{error}");
}

#[test]
fn a_network_that_fails_is_an_error() {
    let mut scene = Scene::new(PfldTrackerOptions::default());
    scene.tracker.landmarker =
        Pfld::new(Box::new(FakeNetwork::new("PFLD", |_, _| vec![])) as Box<dyn Network>);
    *scene.detected.borrow_mut() = vec![face(150.0, 130.0, 70.0)];
    let pixels = vec![0; 3 * WIDTH * HEIGHT];
    let frame = BgrView::new(&pixels, WIDTH, HEIGHT, 3 * WIDTH).unwrap();
    let error = scene
        .tracker
        .track(&frame, &mut StageClock::start(), &mut scene.tracked)
        .unwrap_err();
    assert_eq!(error.network, "PFLD");
}

#[test]
fn nearly_equal_landmarks_give_equal_boxes() {
    let landmarks = std::array::from_fn(|i| 100.0 + (i * 37 % 68) as f32);
    let nearly = landmarks.map(|v| v + 0.05);
    assert_eq!(detector_box(&landmarks), detector_box(&nearly));
    let moved = landmarks.map(|v| v + 5.0);
    assert_ne!(detector_box(&landmarks), detector_box(&moved));
    assert!(!detector_box(&[f32::NAN; 2 * LANDMARKS]).is_sound());
}
