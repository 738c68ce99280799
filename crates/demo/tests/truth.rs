//! The truth is true: it is the projection of the 3-D landmarks, it lies on what is drawn, and
//! action units move what they are named for.

use glam::{Vec2, Vec3};
use proptest::prelude::*;

use faceau_demo::draw::{Background, Blur, Light};
use faceau_demo::random_scene::SceneOptions;
use faceau_demo::{
    Au, AuIntensities, Camera, Face, Identity, Picture, Pose, Random, Scene, Truth, render,
};

const SIZE: usize = 480;

/// A large face in plain light, without noise.
fn portrait(identity: Identity, rotation: Vec3, aus: AuIntensities) -> Scene {
    Scene {
        width: SIZE,
        height: SIZE,
        background: Background { seed: 1 },
        light: Light::default(),
        faces: vec![Face {
            identity,
            pose: Pose {
                translation: Vec3::new(0.0, 0.0, 260.0),
                rotation,
            },
            aus,
            gaze: Vec2::ZERO,
        }],
        occluders: Vec::new(),
        blur: Blur::None,
        noise: 0.0,
        noise_seed: 0,
    }
}

fn face_of(seed: u64) -> Identity {
    Identity {
        // Hair that hangs free may hide what is looked at.
        hair_style: faceau_demo::HairStyle::Short,
        beard: 0.0,
        ..Identity::random(&mut Random::new(seed))
    }
}

/// Landmarks of the default face from the front, showing one action unit.
fn landmarks(shown: &[(Au, f32)]) -> [Vec3; 68] {
    let scene = portrait(Identity::default(), Vec3::ZERO, AuIntensities::of(shown));
    render(&scene).1[0].landmarks_3d
}

fn colour(picture: &Picture, place: Vec2) -> [f32; 3] {
    let at = 3 * (place.y as usize * picture.width + place.x as usize);
    [0, 1, 2].map(|channel| f32::from(picture.rgb[at + channel]))
}

fn redness(picture: &Picture, place: Vec2) -> f32 {
    let [r, g, b] = colour(picture, place);
    r / (0.5 * (g + b)).max(1.0)
}

fn brightness(picture: &Picture, place: Vec2) -> f32 {
    colour(picture, place).iter().sum::<f32>() / 3.0
}

fn mean(truth: &Truth, landmarks: &[usize]) -> Vec2 {
    landmarks.iter().map(|&i| truth.landmarks[i]).sum::<Vec2>() / landmarks.len() as f32
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is drawn by lot, every landmark is a number and on its side of the others, and the
    /// camera projects the 3-D landmarks onto the 2-D ones.
    #[test]
    fn landmarks_are_finite_in_order_and_projected(seed in any::<u64>()) {
        let options = SceneOptions { width: 64, height: 48, faces: (1, 2), ..SceneOptions::default() };
        let scene = options.scene(seed);
        let camera = Camera::for_size(64, 48);
        for (face, truth) in scene.faces.iter().zip(render(&scene).1) {
            for (flat, solid) in truth.landmarks.iter().zip(truth.landmarks_3d) {
                prop_assert!(flat.is_finite() && solid.is_finite());
                // Pose and camera written out, not called.
                let Vec3 { x, y, z } = face.pose.rotation;
                let rotation = glam::Mat3::from_rotation_x(x)
                    * glam::Mat3::from_rotation_y(y)
                    * glam::Mat3::from_rotation_z(z);
                let p = rotation * solid + face.pose.translation;
                let expected = Vec2::new(
                    camera.focal * p.x / p.z + 32.0,
                    camera.focal * p.y / p.z + 24.0,
                );
                prop_assert!(flat.distance(expected) < 1e-2, "{flat} {expected}");
            }
            let l = truth.landmarks_3d;
            let ascending = |order: &[usize]| order.windows(2).all(|w| l[w[0]].x < l[w[1]].x);
            prop_assert!(ascending(&[0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16]));
            prop_assert!(ascending(&[17, 18, 19, 20, 21, 22, 23, 24, 25, 26]));
            prop_assert!(ascending(&[31, 32, 33, 34, 35]));
            prop_assert!(ascending(&[36, 37, 38, 39, 42, 43, 44, 45]));
            prop_assert!(ascending(&[48, 60, 61, 62, 63, 64, 54]));
            prop_assert!(ascending(&[48, 59, 58, 57, 56, 55, 54]));
            let below = |upper: usize, lower: usize| l[upper].y < l[lower].y;
            for (upper, lower) in [
                (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8),
                (27, 28), (28, 29), (29, 30), (30, 33), (33, 51),
                (37, 41), (38, 40), (43, 47), (44, 46),
                (51, 62), (62, 66), (66, 57), (57, 8),
            ] {
                prop_assert!(below(upper, lower), "{upper} above {lower}");
            }
            // The nose's tip stands out.
            prop_assert!((0..68).all(|i| l[30].z <= l[i].z));
        }
    }
}

#[test]
fn landmarks_lie_on_what_is_drawn() {
    let mut wrong = Vec::new();
    for (seed, rotation) in [
        (1, Vec3::ZERO),
        (2, Vec3::new(0.15, 0.3, 0.0)),
        (3, Vec3::new(-0.15, -0.3, 0.2)),
        (4, Vec3::new(0.0, 0.2, -0.3)),
        (5, Vec3::new(0.1, -0.35, 0.1)),
        (6, Vec3::new(0.0, 0.0, 0.4)),
    ] {
        // Colours that tell the features apart.
        let identity = Identity {
            iris: Vec3::new(0.02, 0.05, 0.30),
            brow_thickness: 6.0,
            hair: Vec3::splat(0.015),
            skin: Vec3::new(0.62, 0.38, 0.27),
            lip_colour: 1.0,
            ..face_of(seed)
        };
        let parted = AuIntensities::of(&[(Au::Au25, 4.0), (Au::Au26, 3.0)]);
        let (picture, truths) = render(&portrait(identity, rotation, parted));
        let truth = &truths[0];
        let mut check = |holds: bool, what: String| {
            if !holds {
                wrong.push(format!("face {seed}: {what}"));
            }
        };
        check(truth.visible == 1.0, "not all visible".to_owned());
        check_eyes(&picture, truth, &mut check);
        check_mouth(&picture, truth, &mut check);
        let eye_distance = truth.landmarks[36].distance(truth.landmarks[45]);
        // Brows are darker than the forehead above them.
        for brow in [18, 19, 20, 23, 24, 25] {
            let up = (truth.landmarks[27] - truth.landmarks[30]).normalize();
            let on = brightness(&picture, truth.landmarks[brow]);
            let above = brightness(&picture, truth.landmarks[brow] + up * (0.11 * eye_distance));
            check(on < 0.8 * above, format!("brow {brow}: {on} {above}"));
        }
        // Nostrils are darker than the tip.
        let nostril = brightness(&picture, mean(truth, &[32, 33]));
        let tip = brightness(&picture, truth.landmarks[30]);
        check(nostril < 0.85 * tip, format!("nostril: {nostril} {tip}"));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn check_eyes(picture: &Picture, truth: &Truth, check: &mut impl FnMut(bool, String)) {
    let eye_distance = truth.landmarks[36].distance(truth.landmarks[45]);
    for eye in [[36, 37, 38, 39, 40, 41], [42, 43, 44, 45, 46, 47]] {
        // The iris around the middle is blue.
        let centre = mean(truth, &eye);
        let blue = (0..16)
            .map(|i| centre + Vec2::from_angle(i as f32 * 0.39) * 0.045 * eye_distance)
            .filter(|&place| {
                let [r, _, b] = colour(picture, place);
                b > r
            });
        let blue = blue.count();
        check(blue >= 8, format!("iris of eye {}: {blue} of 16", eye[0]));
        // Beyond the corners is skin, which is red; the white of the eye is not.
        let outward = truth.landmarks[eye[0]] - truth.landmarks[eye[3]];
        // (The inner corner of an eye is red itself, so look further in there.)
        let (first, second) = if eye[0] == 36 {
            (0.13, 0.25)
        } else {
            (0.25, 0.13)
        };
        for (corner, sign, inward) in [(eye[0], 1.0, first), (eye[3], -1.0, second)] {
            let red = |off: f32| redness(picture, truth.landmarks[corner] + outward * (off * sign));
            let (inside, beyond) = (red(-inward), red(0.1));
            check(
                beyond > inside,
                format!("skin beyond corner {corner}: {beyond} {inside}"),
            );
        }
    }
}

fn check_mouth(picture: &Picture, truth: &Truth, check: &mut impl FnMut(bool, String)) {
    let l = |i: usize| truth.landmarks[i];
    let eye_distance = l(36).distance(l(45));
    let down = (l(8) - l(27)).normalize() * (0.05 * eye_distance);
    // Lips between their edges are redder than the skin beside them; highlights are not red.
    for (outer, inner, away) in [
        (51, 62, -down),
        (50, 61, -down),
        (57, 66, down),
        (56, 65, down),
    ] {
        let across = [0.3, 0.5, 0.7].map(|t| redness(picture, l(outer).lerp(l(inner), t)));
        let lip = across.into_iter().fold(0.0, f32::max);
        let skin = redness(picture, l(outer) + away);
        check(lip > 1.15 * skin, format!("lip {outer}: {lip} {skin}"));
    }
    let mouth = brightness(picture, mean(truth, &[62, 66, 66]));
    let chin = brightness(picture, mean(truth, &[57, 8]));
    check(mouth < 0.8 * chin, format!("open mouth: {mouth} {chin}"));
}

#[test]
fn action_units_move_what_they_are_named_for() {
    let rest = landmarks(&[]);
    let moved = |au: Au| {
        let shown = landmarks(&[(au, 5.0)]);
        move |i: usize| shown[i] - rest[i]
    };
    let by = moved(Au::Au01);
    assert!(by(21).y < -4.0 && by(22).y < -4.0 && by(17).y > -1.0);
    let by = moved(Au::Au02);
    assert!(by(18).y < -4.0 && by(25).y < -4.0 && by(21).y > -1.0);
    let by = moved(Au::Au04);
    assert!(by(21).y > 3.0 && by(21).x > 2.0 && by(22).x < -2.0);
    let aperture = |shown: &[(Au, f32)]| {
        let l = landmarks(shown);
        l[41].y - l[37].y + l[40].y - l[38].y
    };
    let open = aperture(&[]);
    assert!(aperture(&[(Au::Au05, 5.0)]) > open + 5.0);
    assert!(aperture(&[(Au::Au06, 5.0)]) < open - 2.0);
    assert!(aperture(&[(Au::Au07, 5.0)]) < open - 4.0);
    assert!(aperture(&[(Au::Au45, 5.0)]) < 0.1 * open);
    let by = moved(Au::Au09);
    assert!(by(31).y < -2.0 && by(35).y < -2.0);
    let by = moved(Au::Au10);
    assert!(by(51).y < -3.0 && by(57).y.abs() < 3.0);
    let by = moved(Au::Au12);
    assert!(by(48).y < -5.0 && by(54).y < -5.0 && by(48).x < -4.0 && by(54).x > 4.0);
    let by = moved(Au::Au15);
    assert!(by(48).y > 5.0 && by(54).y > 5.0 && by(51).y < 2.0);
    let by = moved(Au::Au17);
    // The lower lip goes up until it meets the upper one, and forward.
    assert!(by(57).y < -0.5 && by(66).y < -1.5 && by(57).z < -1.0);
    let by = moved(Au::Au20);
    assert!(by(48).x < -6.0 && by(54).x > 6.0 && by(54).y.abs() < 3.0);
    let by = moved(Au::Au23);
    assert!(by(48).x > 2.0 && by(54).x < -2.0);
    let by = moved(Au::Au25);
    assert!(by(66).y - by(62).y > 4.0 && by(8).y.abs() < 1.0);
    let by = moved(Au::Au26);
    assert!(by(8).y > 10.0 && by(66).y - by(62).y > 8.0 && by(30).length() < 1.0);
    let height = |l: [Vec3; 68]| l[57].y - l[66].y + l[62].y - l[51].y;
    assert!(height(landmarks(&[(Au::Au28, 5.0)])) < 0.4 * height(rest));
}

/// Descriptors of gradients must see an action unit where it wrinkles the skin.
#[test]
fn action_units_change_the_skin() {
    let picture = |shown: &[(Au, f32)]| {
        let scene = portrait(Identity::default(), Vec3::ZERO, AuIntensities::of(shown));
        render(&scene)
    };
    let (rest, truth) = picture(&[]);
    let truth = &truth[0];
    let l = |i: usize| truth.landmarks[i];
    let up = Vec2::new(0.0, -0.22 * l(36).distance(l(45)));
    for (au, place) in [
        (Au::Au01, mean(truth, &[21, 22]) + up),
        (Au::Au02, l(18) + up),
        (Au::Au04, mean(truth, &[21, 22])),
        (Au::Au06, l(45) + Vec2::new(16.0, 0.0)),
        (Au::Au07, mean(truth, &[46, 47]) + Vec2::new(0.0, 6.0)),
        (Au::Au09, mean(truth, &[28, 39])),
        (Au::Au12, mean(truth, &[35, 54]) + Vec2::new(8.0, 0.0)),
        (Au::Au14, l(54) + Vec2::new(8.0, 0.0)),
        (Au::Au15, l(54) + Vec2::new(8.0, 16.0)),
        (Au::Au17, mean(truth, &[57, 8])),
        (Au::Au20, l(54) + Vec2::new(22.0, 0.0)),
        (Au::Au23, mean(truth, &[51, 57])),
    ] {
        let (shown, _) = picture(&[(au, 5.0)]);
        let mut difference = 0.0;
        for dy in -10..=10 {
            for dx in -10..=10 {
                let at = place + Vec2::new(dx as f32, dy as f32);
                difference += (brightness(&shown, at) - brightness(&rest, at)).abs() / 441.0;
            }
        }
        assert!(difference > 3.0, "{}: {difference}", au.name());
    }
}

#[test]
fn the_same_scene_gives_the_same_bytes() {
    let options = SceneOptions {
        width: 96,
        height: 72,
        faces: (0, 3),
        occluded: 0.5,
        ..SceneOptions::default()
    };
    let all = |threads: usize| {
        let mut pictures = Vec::new();
        faceau_demo::ordered::in_order(
            12,
            threads,
            faceau_demo::Renderer::default,
            |renderer, i| renderer.render(&options.scene(i as u64)).0,
            |_, picture| {
                pictures.push(picture);
                Ok::<(), ()>(())
            },
        )
        .unwrap();
        pictures
    };
    let one = all(1);
    assert_eq!(one, all(3));
    assert_eq!(one[5], render(&options.scene(5)).0);
    assert!(one.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn what_is_covered_or_outside_is_not_visible() {
    let mut scene = portrait(Identity::default(), Vec3::ZERO, AuIntensities::NEUTRAL);
    let visible = |scene: &Scene| render(scene).1[0].visible;
    assert_eq!(visible(&scene), 1.0);
    scene.faces[0].pose.translation.x = 1000.0;
    assert_eq!(visible(&scene), 0.0);
    let behind = Background { seed: 1 }.draw(SIZE, SIZE);
    let empty = faceau_demo::draw::develop(&behind, 0.0, 0);
    assert_eq!(render(&scene).0.rgb, empty);
    scene.faces[0].pose.translation.x = 0.0;
    scene.occluders.push(faceau_demo::draw::Occluder {
        centre: Vec2::splat(SIZE as f32 / 2.0),
        half: Vec2::splat(SIZE as f32 / 2.0),
        angle: 0.0,
        round: 4.0,
        colour: Vec3::splat(0.2),
    });
    assert_eq!(visible(&scene), 0.0);
    scene.occluders[0].centre.x = 0.0;
    assert!((0.3..0.7).contains(&visible(&scene)));
}

#[test]
fn lips_are_parted_by_whatever_parts_them() {
    let parted = |shown: &[(Au, f32)]| {
        let scene = portrait(face_of(1), Vec3::ZERO, AuIntensities::of(shown));
        let truth = &render(&scene).1[0];
        (
            truth.aus[Au::Au25],
            truth.landmarks[66].y - truth.landmarks[62].y,
        )
    };
    let (closed, shut) = parted(&[]);
    assert_eq!(closed, 0.0);
    assert!((parted(&[(Au::Au25, 3.0)]).0 - 3.0).abs() < 1e-4);
    // What is drawn open is called open, the more the wider.
    let (raised, by_lip) = parted(&[(Au::Au10, 3.0)]);
    let (dropped, by_jaw) = parted(&[(Au::Au26, 2.0)]);
    assert!(raised > 1.0 && dropped > raised && by_jaw > by_lip && by_lip > shut);
    assert!(parted(&[(Au::Au25, 3.0), (Au::Au17, 3.0)]).0 < 3.0);
    assert_eq!(parted(&[(Au::Au26, 5.0), (Au::Au25, 5.0)]).0, 5.0);
}

#[test]
fn a_closed_eye_shows_no_raised_lid() {
    let seen = |shown: &[(Au, f32)]| {
        let scene = portrait(face_of(1), Vec3::ZERO, AuIntensities::of(shown));
        render(&scene).1[0].aus[Au::Au05]
    };
    assert_eq!(seen(&[(Au::Au05, 4.0)]), 4.0);
    assert_eq!(seen(&[(Au::Au05, 4.0), (Au::Au45, 5.0)]), 0.0);
    let half = seen(&[(Au::Au05, 4.0), (Au::Au45, 2.5)]);
    assert!((half - 2.0).abs() < 1e-4, "{half}");
}
