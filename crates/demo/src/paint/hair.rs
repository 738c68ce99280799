//! Hair: where it grows, how thick it lies, what it looks like.

use glam::{Vec2, Vec3};

use super::{Material, Spot, noise};
use crate::face::smooth_step;
use crate::{HairStyle, Identity};

/// The hairline: degrees from the front, and the row of the head's loft above which hair grows.
const LINE: [(f32, f32); 14] = [
    (0.0, 2.8),
    (22.0, 2.72),
    (38.0, 2.65),
    (52.0, 3.3),
    (62.0, 4.6),
    (70.0, 5.4),
    (77.0, 6.3),
    (82.0, 6.4),
    (88.0, 5.4),
    (97.0, 5.0),
    (110.0, 6.6),
    (125.0, 8.6),
    (150.0, 10.6),
    (181.0, 11.2),
];

fn line_at(who: &Identity, angle: f32) -> f32 {
    let degrees = angle.abs().to_degrees();
    let next = LINE
        .iter()
        .position(|point| degrees < point.0)
        .unwrap_or(LINE.len() - 1)
        .max(1);
    let (a, b) = (LINE[next - 1], LINE[next]);
    let t = ((degrees - a.0) / (b.0 - a.0)).clamp(0.0, 1.0);
    let line = a.1 + (b.1 - a.1) * t;
    let in_front = 1.0 - smooth_step(45.0, 70.0, degrees);
    line - in_front * who.hairline / 26.0
}

/// How far above the hairline, in rows; below it is negative.
fn above_line(who: &Identity, angle: f32, row: f32) -> f32 {
    match who.hair_style {
        HairStyle::Bald => -10.0,
        HairStyle::Receding => {
            let above = line_at(who, angle) - row;
            // A wreath: from the temples back, and not on top.
            let top = row - 3.3 + 0.6 * smooth_step(1.4, 2.6, angle.abs());
            above.min(top).min((angle.abs() - 0.95) * 3.0)
        }
        _ => line_at(who, angle) - row,
    }
}

/// How much of the skin hair covers here, 0 to 1.
pub fn coverage(who: &Identity, angle: f32, row: f32) -> f32 {
    let above = above_line(who, angle, row);
    if above < -0.4 {
        return 0.0;
    }
    let strands = noise::smooth(angle * 60.0, row * 2.0, who.texture_seed);
    smooth_step(-0.12, 0.16, above + 0.3 * (strands - 0.5))
}

/// How far hair lifts the surface off the skin, in mm. `y` is the skin's height.
pub fn thickness(who: &Identity, angle: f32, row: f32, y: f32) -> f32 {
    let above = above_line(who, angle, row);
    if above <= 0.0 {
        return 0.0;
    }
    let on_top = smooth_step(-20.0, -95.0, y);
    let full = match who.hair_style {
        HairStyle::Short => 3.0 + 4.0 * on_top,
        HairStyle::Full => 4.5 + 12.0 * on_top,
        HairStyle::Long => 5.0 + 6.0 * on_top,
        HairStyle::Receding => 3.5,
        HairStyle::Bald => 0.0,
    };
    let locks = noise::smooth(angle * 7.0, row * 1.5, who.texture_seed ^ 5) - 0.5;
    let uneven = 1.0 + 0.35 * locks;
    smooth_step(0.0, 0.75, above) * full * uneven
}

/// What hair is made of.
pub fn material(who: &Identity, spot: &Spot) -> Material {
    let seed = who.texture_seed;
    let (angle, row) = (spot.place.x, spot.place.y);
    // Strands run from the crown down, with a wave.
    let across = angle * 55.0 + 2.5 * noise::smooth(angle * 5.0, row * 0.8, seed ^ 9);
    let fine = noise::smooth(across * 2.2, row * 1.7, seed ^ 3);
    let coarse = noise::smooth(across * 0.5, row * 0.7, seed ^ 4);
    let bright = 0.45 + 0.55 * fine + 0.55 * coarse;
    // Too fine to be seen from afar.
    let seen = smooth_step(3.0, 0.8, spot.pixel);
    let bright = 1.0 + (bright - 1.0) * (0.3 + 0.7 * seen);
    let down = Vec3::Y + 0.25 * Vec3::X * (coarse - 0.5);
    let strands = (down - spot.normal * down.dot(spot.normal)).normalize_or(Vec3::X);
    let tilt = Vec2::new(fine - 0.5, 0.0) * 0.5 * seen;
    Material {
        colour: who.hair * bright,
        normal: (spot.normal + Vec3::new(tilt.x, tilt.y, 0.0)).normalize_or(spot.normal),
        gloss: 0.10 + 0.25 * who.hair.max_element().sqrt(),
        sharpness: 28.0,
        openness: 0.55 + 0.45 * coarse,
        scatter: 0.1,
        strands: Some(strands),
    }
}
