//! Sheets of faces to look at: `cargo run -p faceau-demo --example gallery -- FOLDER`.
//!
//! `people.png` shows who there is, `action_units.png` every action unit at its strongest,
//! `landmarks.png` where the truth says the landmarks are.

use std::path::{Path, PathBuf};

use glam::{Vec2, Vec3};
use image::RgbImage;
use image::imageops::{crop_imm, replace};

use faceau_demo::draw::{Background, Blur, Light};
use faceau_demo::{Au, AuIntensities, Face, Identity, Pose, Random, Renderer, Scene};

/// Pixels along a side of one picture of a sheet.
const SIDE: usize = 320;
/// The picture is the middle of one that is twice as large: a face as a long lens sees it.
const WHOLE: usize = 2 * SIDE;

fn scene(identity: Identity, rotation: Vec3, aus: AuIntensities) -> Scene {
    Scene {
        width: WHOLE,
        height: WHOLE,
        background: Background { seed: 3 },
        light: Light::default(),
        faces: vec![Face {
            identity,
            pose: Pose {
                translation: Vec3::new(0.0, 0.0, 620.0),
                rotation,
            },
            aus,
            gaze: Vec2::ZERO,
        }],
        occluders: Vec::new(),
        blur: Blur::None,
        noise: 0.0,
        noise_seed: 1,
    }
}

fn save(path: &Path, columns: usize, scenes: &[Scene], with_landmarks: bool) {
    let rows = scenes.len().div_ceil(columns);
    let mut sheet = RgbImage::new((columns * SIDE) as u32, (rows * SIDE) as u32);
    let mut renderer = Renderer::default();
    for (i, scene) in scenes.iter().enumerate() {
        let (picture, truths) = renderer.render(scene);
        let mut whole = RgbImage::from_raw(WHOLE as u32, WHOLE as u32, picture.rgb)
            .expect("a picture has three bytes per pixel");
        if with_landmarks {
            for point in truths.iter().flat_map(|truth| truth.landmarks) {
                if let Some(pixel) = whole.get_pixel_mut_checked(point.x as u32, point.y as u32) {
                    *pixel = image::Rgb([0, 255, 0]);
                }
            }
        }
        let (margin, side) = (((WHOLE - SIDE) / 2) as u32, SIDE as u32);
        let tile = crop_imm(&whole, margin, margin, side, side).to_image();
        let (x, y) = ((i % columns) * SIDE, (i / columns) * SIDE);
        replace(&mut sheet, &tile, x as i64, y as i64);
    }
    sheet.save(path).expect("the picture can be written");
    println!("{}", path.display());
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let mut random = Random::new(11);
    let people: Vec<Scene> = (0..12)
        .map(|_| {
            let who = Identity::random(&mut random);
            let turn = Vec3::new(
                random.between(-0.15, 0.15),
                random.between(-0.4, 0.4),
                random.between(-0.1, 0.1),
            );
            let mut scene = scene(who, turn, AuIntensities::NEUTRAL);
            scene.light = Light::random(&mut random);
            scene.background.seed = random.seed();
            scene
        })
        .collect();
    save(&folder.join("people.png"), 6, &people, false);
    save(&folder.join("landmarks.png"), 6, &people, true);
    let shown: Vec<Scene> = Au::ALL
        .into_iter()
        .map(|au| {
            let aus = AuIntensities::of(&[(au, 5.0)]);
            scene(Identity::default(), Vec3::new(0.0, 0.15, 0.0), aus)
        })
        .collect();
    save(&folder.join("action_units.png"), 6, &shown, false);
}
