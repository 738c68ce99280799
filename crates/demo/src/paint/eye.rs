//! An eye: ball, iris, pupil, lids and lashes.

use glam::{Vec2, Vec3};

use super::{Material, Spot, edge, noise};
use crate::Identity;
use crate::face::{Eye, smooth_step};

/// The eye over what lies under it.
pub fn over(who: &Identity, eye: &Eye, spot: &Spot, under: Material) -> Material {
    let place = spot.position.truncate();
    let d = place - eye.centre;
    if d.x.abs() > 22.0 || d.y.abs() > 15.0 {
        return under;
    }
    let upper = eye.upper.at(place.x);
    let lower = eye.lower.at(place.x);
    let inside_x = edge(
        (place.x - eye.ends.0).min(eye.ends.1 - place.x),
        0.8,
        spot.pixel,
    );
    let open =
        edge(place.y - upper, 0.3, spot.pixel) * edge(lower - place.y, 0.3, spot.pixel) * inside_x;
    let mut material = lids(eye, spot, under, upper, lower);
    if open > 0.0 {
        material = material.covered(ball(who, eye, spot, upper, lower), open);
    }
    lashes(who, eye, spot, material, upper, lower)
}

/// Skin of the lids: the fold above, the moist edge below.
fn lids(eye: &Eye, spot: &Spot, mut material: Material, upper: f32, lower: f32) -> Material {
    let place = spot.position.truncate();
    let half = 0.5 * (eye.ends.1 - eye.ends.0);
    let along = (place.x - 0.5 * (eye.ends.0 + eye.ends.1)) / half;
    if along.abs() < 1.25 {
        let arc = (1.0 - (along / 1.25).powi(2)).max(0.0);
        // The fold stays where the open lid rolls in; a closing lid moves away below it.
        let resting = eye.centre.y - 6.4;
        let fold = (upper.min(resting + 6.0 * (1.0 - arc)) - 1.2 - 1.8 * arc).min(upper - 1.2);
        let off = place.y - fold;
        let groove = (-(off / 0.75).powi(2)).exp() * arc * (1.0 - 0.55 * eye.closed);
        material.openness *= 1.0 - 0.55 * groove;
        material.normal = (material.normal
            + Vec3::new(0.0, -0.5 * groove * off.clamp(-1.0, 1.0), 0.0))
        .normalize_or(material.normal);
        // The lid between fold and edge is a little darker and glossier.
        let lid =
            smooth_step(-0.3, 0.6, off) * smooth_step(0.6, -0.3, place.y - upper) * arc.min(1.0);
        material.colour *= 1.0 - lid * Vec3::new(0.08, 0.14, 0.14);
        material.gloss *= 1.0 + 0.5 * lid;
    }
    if along.abs() < 1.02 {
        let rim =
            edge(place.y - lower, 0.3, spot.pixel) * edge(lower + 1.3 - place.y, 0.5, spot.pixel);
        material.colour = material
            .colour
            .lerp(material.colour * Vec3::new(1.12, 0.82, 0.80), rim);
        material.gloss += 0.25 * rim * (1.0 - eye.closed);
    }
    material
}

fn ball(who: &Identity, eye: &Eye, spot: &Spot, upper: f32, lower: f32) -> Material {
    let place = spot.position.truncate();
    let d = place - eye.iris;
    let distance = d.length();
    let radius = eye.iris_radius;
    // White, pinker towards the corners.
    let toward_corner = ((place.x - eye.centre.x).abs() / 14.0).powi(2).min(1.0);
    let mut colour =
        Vec3::new(0.70, 0.67, 0.64) * Vec3::ONE.lerp(Vec3::new(0.95, 0.72, 0.68), toward_corner);
    // The caruncle in the inner corner.
    let inner = Vec2::new(eye.centre.x - eye.side * 14.0, eye.centre.y + 1.2);
    let caruncle = (-((place - inner) / Vec2::new(2.4, 2.2)).length_squared()).exp();
    colour = colour.lerp(Vec3::new(0.50, 0.20, 0.17), 0.85 * caruncle);
    let in_iris = edge(radius - distance, 0.6, spot.pixel);
    if in_iris > 0.0 {
        let angle = d.y.atan2(d.x);
        let rays = noise::smooth(angle * 9.0, distance * 0.5, who.texture_seed ^ 61);
        let ring = smooth_step(radius - 1.5, radius, distance);
        let iris = who.iris * (0.75 + 0.6 * rays) * (1.0 - 0.75 * ring)
            + who.iris * 0.5 * smooth_step(4.0, 2.4, distance);
        let pupil = edge(2.3 - distance, 0.4, spot.pixel);
        colour = colour.lerp(iris.lerp(Vec3::splat(0.004), pupil), in_iris);
    }
    // The lids and lashes shade the ball.
    let shade = smooth_step(3.6 - 1.8 * eye.raised, 0.0, place.y - upper)
        * (0.62 - 0.3 * eye.raised)
        + smooth_step(1.2, 0.0, lower - place.y) * 0.2;
    let from_centre = place - eye.centre;
    // The cornea bulges.
    let slope = from_centre / 13.0 + d / radius * 0.35 * in_iris;
    Material {
        colour,
        normal: Vec3::new(slope.x, slope.y, 1.0).normalize(),
        gloss: 0.55 + 0.9 * in_iris,
        sharpness: 120.0,
        openness: 1.0 - shade.min(0.8),
        scatter: 0.4,
        strands: None,
    }
}

fn lashes(
    who: &Identity,
    eye: &Eye,
    spot: &Spot,
    material: Material,
    upper: f32,
    lower: f32,
) -> Material {
    let place = spot.position.truncate();
    let (left, right) = eye.ends;
    let along = (place.x - left) / (right - left);
    if !(-0.06..=1.06).contains(&along) {
        return material;
    }
    // 0 at the inner corner, 1 at the outer, where lashes are longest.
    let outward = if eye.side > 0.0 { along } else { 1.0 - along };
    let long = 0.55 + 0.9 * smooth_step(0.1, 0.9, outward);
    let ends = smooth_step(-0.06, 0.06, along) * smooth_step(1.06, 0.94, along);
    let off = place.y - upper;
    let hairs = 0.6 + 0.8 * noise::smooth(place.x * 1.6, 0.0, who.texture_seed ^ 71);
    // An open eye's lashes are seen on end, above the edge; a closed one's hang down.
    let above = long * (1.0 - eye.closed) * hairs + 0.25;
    let below = 0.45 + 1.7 * eye.closed * long * hairs;
    let top = edge(off + above, 0.5, spot.pixel) * edge(below - off, 0.5, spot.pixel);
    let low = place.y - lower;
    let bottom = 0.35
        * edge(low + 0.1, 0.3, spot.pixel)
        * edge(0.9 - low, 0.6, spot.pixel)
        * (1.0 - eye.closed);
    let mut hair = material;
    hair.colour = who.hair.min(Vec3::splat(0.03)) * 0.6;
    hair.gloss = 0.0;
    hair.scatter = 0.0;
    material.covered(hair, (0.92 * top).max(bottom) * ends)
}
