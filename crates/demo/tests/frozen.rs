//! The pictures of a seed do not change: models are trained on them.
//!
//! Compared coarsely, because the last digits differ between kinds of processors. Who changes how
//! the face looks on purpose trains the demo models again and writes the new values down here.

use faceau_demo::draw::{Background, Blur, Light};
use faceau_demo::random_scene::SceneOptions;
use faceau_demo::{Au, AuIntensities, Face, Identity, Pose, Scene, render};
use glam::{Vec2, Vec3};

const WIDTH: usize = 96;
const HEIGHT: usize = 72;
/// Pixels along a cell; four by three cells cover the picture.
const CELL: usize = 24;

#[test]
fn pictures_are_those_that_models_were_trained_on() {
    // Seed, mean brightness of each cell, tip of the nose.
    for (seed, cells, tip) in [
        (
            1,
            [146, 87, 176, 163, 130, 96, 141, 153, 66, 70, 127, 189],
            (16.25, 25.23),
        ),
        (
            2,
            [194, 135, 143, 159, 200, 122, 115, 156, 173, 108, 100, 162],
            (28.26, 46.39),
        ),
        (
            3,
            [129, 112, 99, 102, 122, 120, 99, 118, 140, 134, 94, 132],
            (45.19, 25.25),
        ),
    ] {
        let options = SceneOptions {
            width: WIDTH,
            height: HEIGHT,
            blurred: 0.0,
            ..SceneOptions::default()
        };
        let (picture, truths) = render(&options.scene(seed));
        let mut sums = [0; 12];
        for (i, pixel) in picture.rgb.chunks(3).enumerate() {
            let cell = i / WIDTH / CELL * (WIDTH / CELL) + i % WIDTH / CELL;
            sums[cell] += pixel.iter().map(|&byte| i64::from(byte)).sum::<i64>();
        }
        let means = sums.map(|sum| sum / (3 * CELL * CELL) as i64);
        for (cell, (mean, expected)) in means.into_iter().zip(cells).enumerate() {
            assert!(
                (mean - expected).abs() <= 1,
                "seed {seed}, cell {cell}: {mean} {expected}"
            );
        }
        let found = truths[0].landmarks[30];
        assert!((found.x - tip.0).abs() < 0.02 && (found.y - tip.1).abs() < 0.02);
    }
}

/// How much each action unit changes the picture of a face.
#[test]
fn action_units_are_drawn_as_models_learned_them() {
    let picture = |aus: AuIntensities| {
        let face = Face {
            identity: Identity::default(),
            pose: Pose {
                translation: Vec3::new(0.0, 0.0, 330.0),
                rotation: Vec3::ZERO,
            },
            aus,
            gaze: Vec2::ZERO,
        };
        let scene = Scene {
            width: 240,
            height: 240,
            background: Background { seed: 1 },
            light: Light::default(),
            faces: vec![face],
            occluders: Vec::new(),
            blur: Blur::None,
            noise: 0.0,
            noise_seed: 0,
        };
        render(&scene).0.rgb
    };
    let rest = picture(AuIntensities::NEUTRAL);
    // Sum of all differences of brightness, in thousands.
    let expected = [
        96.0, 92.6, 111.7, 42.2, 100.1, 46.2, 109.6, 77.8, 94.2, 26.2, 42.9, 71.4, 63.1, 77.9,
        74.5, 271.6, 70.8, 56.5,
    ];
    for (au, expected) in Au::ALL.into_iter().zip(expected) {
        let shown = picture(AuIntensities::of(&[(au, 5.0)]));
        let differences = rest.iter().zip(&shown).map(|(a, b)| a.abs_diff(*b));
        let sum = differences.map(f64::from).sum::<f64>() / 1000.0;
        assert!(
            (sum - expected).abs() <= 0.02 * expected,
            "{}: {sum:.1} instead of {expected}",
            au.name()
        );
    }
}
