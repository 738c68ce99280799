//! Lips, teeth, tongue.

use glam::Vec3;

use super::{Material, Spot, edge, noise};
use crate::Identity;
use crate::face::{Mouth, smooth_step};

/// The mouth over what lies under it.
pub fn over(who: &Identity, mouth: &Mouth, spot: &Spot, under: Material) -> Material {
    let place = spot.position.truncate();
    let (x, y) = (place.x, place.y);
    let [left, right] = mouth.corners;
    if x < left.x - 4.0 || x > right.x + 4.0 || spot.position.z < 20.0 {
        return under;
    }
    let (top, bottom) = (mouth.top.at(x), mouth.bottom.at(x));
    if y < top - 4.0 || y > bottom + 4.0 {
        return under;
    }
    let (upper, lower) = (mouth.upper.at(x), mouth.lower.at(x));
    let ends = edge((x - left.x).min(right.x - x), 1.2, spot.pixel);
    let mut material = under;
    let red = edge(y - top, 1.1, spot.pixel) * edge(bottom - y, 1.3, spot.pixel) * ends;
    if red > 0.0 {
        let lip = lip(who, spot, y, (top, upper), (lower, bottom), mouth.tightened);
        material = material.covered(lip, red);
    }
    // A pale line borders the upper lip.
    let border = (-((y - top + 0.9) / 0.8).powi(2)).exp() * ends;
    material.colour *= 1.0 + 0.08 * border;
    let gap = lower - upper;
    let inside =
        edge(y - upper + 0.1, 0.3, spot.pixel) * edge(lower + 0.1 - y, 0.3, spot.pixel) * ends;
    if inside > 0.0 {
        let within = interior(mouth, spot, upper, lower, gap);
        // Where the lips touch there is only a dark line.
        let share = inside * smooth_step(-0.2, 0.5, gap + 0.25);
        material = material.covered(within, share);
    }
    material
}

fn lip(
    who: &Identity,
    spot: &Spot,
    y: f32,
    (top, upper): (f32, f32),
    (lower, bottom): (f32, f32),
    tightened: f32,
) -> Material {
    let middle = 0.5 * (upper + lower);
    let is_upper = y < middle;
    // 0 at the outer edge, 1 where the lips meet.
    let inward = if is_upper {
        (y - top) / (upper - top).max(0.5)
    } else {
        (bottom - y) / (bottom - lower).max(0.5)
    }
    .clamp(0.0, 1.0);
    let lines = noise::smooth(spot.position.x * 0.85, y * 0.12, who.texture_seed ^ 81) - 0.5;
    let seen = smooth_step(1.6, 0.4, spot.pixel);
    let red = Vec3::new(0.88, 0.56, 0.55).lerp(Vec3::new(0.92, 0.34, 0.36), who.lip_colour);
    // Pressed lips lose their blood.
    let red = red.lerp(Vec3::new(0.99, 0.86, 0.82), 0.8 * tightened);
    let colour = who.skin * red * (1.0 + 0.35 * lines * seen) + Vec3::new(0.03, 0.0, 0.004);
    let colour =
        colour * (1.0 - 0.28 * smooth_step(0.6, 1.0, inward)) * if is_upper { 0.86 } else { 1.0 };
    // Lips are round: the upper one looks down towards its edge, the lower one up.
    let bulge = 0.55 * (inward - 0.45);
    let slope = if is_upper { bulge } else { -bulge };
    Material {
        colour,
        normal: (spot.normal + Vec3::new(0.25 * lines * seen, slope, 0.0))
            .normalize_or(spot.normal),
        gloss: 0.30,
        sharpness: 26.0,
        openness: 1.0 - 0.3 * smooth_step(0.7, 1.0, inward),
        scatter: 0.6,
        strands: None,
    }
}

fn interior(mouth: &Mouth, spot: &Spot, upper: f32, lower: f32, gap: f32) -> Material {
    let (x, y) = (spot.position.x, spot.position.y);
    let half = 0.5 * (mouth.corners[1].x - mouth.corners[0].x);
    let aside = (x / (0.92 * half)).abs();
    let mut colour = Vec3::new(0.055, 0.012, 0.011);
    // The tongue lies on the floor.
    let tongue = smooth_step(lower - 0.42 * gap - 1.5, lower - 0.2 * gap, y)
        * smooth_step(2.5, 7.0, gap)
        * smooth_step(0.8, 0.5, aside);
    colour = colour.lerp(Vec3::new(0.26, 0.075, 0.07), tongue);
    let mut gloss = 0.05 + 0.2 * tongue;
    let tooth = |wide: f32| {
        let within = (x / wide).rem_euclid(1.0);
        smooth_step(0.0, 0.1, within) * smooth_step(1.0, 0.9, within)
    };
    let ivory = Vec3::new(0.62, 0.57, 0.47);
    let fade = smooth_step(1.0, 0.55, aside);
    // Upper teeth stay with the skull, lower ones with the jaw.
    let line = mouth.teeth - 1.6 * (x / half).powi(2);
    let upper_teeth = edge(line - y, 0.7, spot.pixel) * smooth_step(0.95, 0.8, aside);
    colour = colour.lerp(
        ivory * (0.35 + 0.65 * tooth(7.6)) * (0.25 + 0.75 * fade),
        upper_teeth,
    );
    let edge_low = mouth.teeth + 0.8 + 0.98 * mouth.jaw_drop + 2.2 * (x / half).powi(2);
    let lower_teeth =
        edge(y - edge_low, 0.7, spot.pixel) * smooth_step(0.8, 0.6, aside) * (1.0 - upper_teeth);
    colour = colour.lerp(
        ivory * 0.75 * (0.35 + 0.65 * tooth(5.2)) * (0.25 + 0.75 * fade),
        lower_teeth,
    );
    gloss += 0.3 * upper_teeth.max(lower_teeth);
    // Lips shade what lies behind them.
    let shade = 0.55 * smooth_step(3.2, 0.0, y - upper) + 0.25 * smooth_step(1.5, 0.0, lower - y);
    Material {
        colour,
        normal: spot
            .normal
            .lerp(Vec3::new(x / 60.0, 0.0, 1.0).normalize(), 0.7)
            .normalize_or(spot.normal),
        gloss,
        sharpness: 40.0,
        openness: (1.0 - shade) * (0.3 + 0.7 * smooth_step(0.0, 4.0, gap)) * 0.9,
        scatter: 0.2,
        strands: None,
    }
}
