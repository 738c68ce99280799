//! Pictures of faces to look at: `cargo run -p faceau-demo --example gallery -- FOLDER`.

use glam::{Vec2, Vec3};

use faceau_demo::draw::{Background, Blur, Light};
use faceau_demo::scene::Face;
use faceau_demo::{Au, AuIntensities, Identity, Pose, Random, Renderer, Scene};

fn scene(
    size: usize,
    identity: Identity,
    rotation: Vec3,
    aus: AuIntensities,
    light: Light,
) -> Scene {
    Scene {
        width: 2 * size,
        height: 2 * size,
        background: Background { seed: 3 },
        light,
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
        noise: 1.0,
        noise_seed: 1,
    }
}

fn sheet(path: &std::path::Path, size: usize, columns: usize, scenes: &[Scene], marks: bool) {
    let rows = scenes.len().div_ceil(columns);
    // The middle of twice as large a picture: faces as a long lens sees them.
    let whole = 2 * size;
    let mut sheet = image::RgbImage::new((columns * size) as u32, (rows * size) as u32);
    let mut renderer = Renderer::default();
    for (i, scene) in scenes.iter().enumerate() {
        let start = std::time::Instant::now();
        let (picture, truths) = renderer.render(scene);
        eprintln!("{i}: {:?}", start.elapsed());
        let mut tile = image::RgbImage::from_raw(whole as u32, whole as u32, picture.rgb)
            .expect("the size is right");
        if marks {
            for point in truths.iter().flat_map(|truth| truth.landmarks) {
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)] {
                    let (x, y) = (point.x as i64 + dx, point.y as i64 + dy);
                    if (0..whole as i64).contains(&x) && (0..whole as i64).contains(&y) {
                        tile.put_pixel(x as u32, y as u32, image::Rgb([0, 255, 0]));
                    }
                }
            }
        }
        let tile = image::imageops::crop_imm(
            &tile,
            size as u32 / 2,
            size as u32 / 2,
            size as u32,
            size as u32,
        )
        .to_image();
        let (x, y) = ((i % columns) * size, (i / columns) * size);
        image::imageops::replace(&mut sheet, &tile, x as i64, y as i64);
    }
    sheet.save(path).expect("the picture can be written");
}

fn main() {
    let folder =
        std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let neutral = AuIntensities::NEUTRAL;
    let big = [
        scene(
            700,
            Identity::default(),
            Vec3::ZERO,
            neutral,
            Light::default(),
        ),
        scene(
            700,
            Identity::default(),
            Vec3::new(0.05, 0.5, 0.0),
            neutral,
            Light::default(),
        ),
    ];
    sheet(&folder.join("big.png"), 700, 2, &big, false);
    sheet(&folder.join("marks.png"), 700, 2, &big, true);
    let mut random = Random::new(7);
    let people: Vec<Scene> = (0..12)
        .map(|_| {
            let who = Identity::random(&mut random);
            let turn = Vec3::new(
                random.between(-0.25, 0.25),
                random.between(-0.5, 0.5),
                random.between(-0.15, 0.15),
            );
            let light = Light::random(&mut random);
            let mut scene = scene(320, who, turn, neutral, light);
            scene.background.seed = random.seed();
            scene
        })
        .collect();
    sheet(&folder.join("people.png"), 320, 4, &people, false);
    let shown: Vec<Scene> = Au::ALL
        .into_iter()
        .map(|au| {
            scene(
                400,
                Identity::default(),
                Vec3::ZERO,
                AuIntensities::of(&[(au, 5.0)]),
                Light::default(),
            )
        })
        .collect();
    sheet(&folder.join("aus.png"), 400, 6, &shown, false);
    let few: Vec<Scene> = [
        Au::Au04,
        Au::Au06,
        Au::Au09,
        Au::Au12,
        Au::Au15,
        Au::Au17,
        Au::Au20,
        Au::Au26,
    ]
    .into_iter()
    .map(|au| {
        let turn = Vec3::new(0.0, 0.2, 0.0);
        scene(
            600,
            Identity::default(),
            turn,
            AuIntensities::of(&[(au, 4.0)]),
            Light::default(),
        )
    })
    .collect();
    sheet(&folder.join("few.png"), 600, 4, &few, false);
}
