//! Skin from the scalp to the neck, brows, ears, clothes.

use glam::{Vec2, Vec3};

use super::{Material, Spot, edge, noise};
use crate::face::{Curve, Features, smooth_step};
use crate::{Au, AuIntensities, Identity};

/// A soft spot of Gaussian shape.
fn blob(place: Vec2, centre: Vec2, size: Vec2) -> f32 {
    (-((place - centre) / size).length_squared()).exp()
}

/// What the skin of one face looks like.
#[derive(Debug)]
pub struct Skin {
    base: Vec3,
    hair: Vec3,
    clothes: Vec3,
    beard: f32,
    age: f32,
    seed: u32,
    eyes: [Vec2; 2],
    eye_side: [f32; 2],
    nose_base: Vec2,
    nose_width: f32,
    nose_tip: f32,
    below_lips: f32,
    above_lips: f32,
    corner: Vec2,
    chin_bumps: f32,
    dimple: f32,
    jaw_drop: f32,
}

impl Skin {
    pub fn new(who: &Identity, aus: &AuIntensities, features: &Features) -> Self {
        Self {
            base: who.skin,
            hair: who.hair,
            clothes: who.clothes,
            beard: who.beard,
            age: who.age,
            seed: who.texture_seed,
            eyes: features.eyes.map(|eye| eye.centre),
            eye_side: features.eyes.map(|eye| eye.side),
            nose_base: features.point(33),
            nose_width: who.nose_width,
            nose_tip: features.point(30).y,
            below_lips: features.point(57).y,
            above_lips: features.point(51).y,
            corner: features.point(54),
            chin_bumps: aus[Au::Au17],
            dimple: aus[Au::Au14] / 5.0,
            jaw_drop: features.mouth.jaw_drop,
        }
    }

    fn plain(&self, colour: Vec3, spot: &Spot) -> Material {
        Material {
            colour,
            normal: spot.normal,
            gloss: 0.16,
            sharpness: 14.0,
            openness: 1.0,
            scatter: 1.0,
            strands: None,
        }
    }

    pub fn material(&self, spot: &Spot) -> Material {
        let place = spot.position.truncate();
        let (angle, row) = (spot.place.x, spot.place.y);
        let mut colour = self.base;
        let mut openness = 1.0;
        let redden =
            |colour: Vec3, share: f32| colour * Vec3::ONE.lerp(Vec3::new(1.06, 0.72, 0.70), share);

        // Uneven at two scales; blotches grow with age.
        let fine = noise::smooth(angle * 90.0, row * 26.0, self.seed ^ 11) - 0.5;
        let wide = noise::smooth(angle * 12.0, row * 3.5, self.seed ^ 12) - 0.5;
        let seen = smooth_step(2.0, 0.5, spot.pixel);
        colour *= 1.0 + 0.10 * fine * seen + (0.08 + 0.12 * self.age) * wide;

        if angle.cos() > 0.0 && row < 12.5 {
            let mirrored = Vec2::new(place.x.abs(), place.y);
            colour = redden(
                colour,
                0.5 * blob(mirrored, Vec2::new(44.0, 32.0), Vec2::new(17.0, 14.0)),
            );
            colour = redden(
                colour,
                0.45 * blob(
                    place,
                    Vec2::new(0.0, self.nose_tip + 3.0),
                    Vec2::new(13.0, 9.0),
                ),
            );
            for (eye, side) in self.eyes.iter().zip(self.eye_side) {
                // Shadow of the socket, rings below.
                let inner = *eye + Vec2::new(-side * 10.0, -2.0);
                let shade = 0.30 * blob(place, inner, Vec2::new(9.0, 9.0))
                    + 0.16 * blob(place, *eye + Vec2::new(0.0, -9.0), Vec2::new(17.0, 5.0))
                    + (0.10 + 0.16 * self.age)
                        * blob(
                            place,
                            *eye + Vec2::new(-side * 4.0, 9.5),
                            Vec2::new(12.0, 4.5),
                        );
                openness *= 1.0 - shade;
                colour = redden(colour, 0.5 * shade);
            }
            openness *= 1.0
                - 0.42
                    * blob(
                        place,
                        self.nose_base + Vec2::new(0.0, 3.0),
                        Vec2::new(13.0 * self.nose_width, 4.5),
                    );
            openness *= 1.0
                - 0.28
                    * blob(
                        place,
                        Vec2::new(0.0, self.below_lips + 4.5),
                        Vec2::new(15.0, 4.5),
                    );
            // Beside the nose.
            openness *= 1.0
                - 0.22
                    * blob(
                        mirrored,
                        Vec2::new(18.0 * self.nose_width, self.nose_tip + 6.0),
                        Vec2::new(4.5, 9.0),
                    );
            openness *= 1.0
                - 0.25
                    * blob(
                        mirrored,
                        Vec2::new(self.corner.x + 2.5, self.corner.y),
                        Vec2::new(4.0, 4.5),
                    );
            openness *= 1.0
                - 0.6
                    * self.dimple
                    * blob(
                        mirrored,
                        Vec2::new(self.corner.x + 4.0, self.corner.y),
                        Vec2::new(2.6, 4.5),
                    );
            colour = self.with_beard(colour, place, spot);
            // Nostrils.
            let hole = (mirrored - self.nose_base - Vec2::new(6.2 * self.nose_width, -1.6))
                / Vec2::new(3.6 * self.nose_width, 1.9);
            let turned = Vec2::new(hole.x, hole.y + 0.35 * hole.x);
            let share = edge(1.0 - turned.length(), 0.7, 0.4 * spot.pixel);
            colour = colour.lerp(self.base * Vec3::new(0.20, 0.12, 0.10), share);
            openness *= 1.0 - 0.75 * share;
        }
        // Under the jaw there is little light.
        let neck = smooth_step(11.0, 12.3, row) * (1.0 - smooth_step(12.5, 17.0, row));
        openness *= 1.0 - 0.62 * neck;
        let mut material = self.plain(colour, spot);
        material.openness = openness;
        material.gloss *= 1.0 - 0.6 * neck;
        if angle.cos() > 0.3 && row < 12.5 {
            let oily = blob(
                place,
                Vec2::new(0.0, self.nose_tip - 4.0),
                Vec2::new(8.0, 12.0),
            ) + 0.6 * blob(place, Vec2::new(0.0, -45.0), Vec2::new(36.0, 16.0));
            material.gloss *= 1.0 + 0.8 * oily;
            self.dimple_chin(place, &mut material);
        }
        material
    }

    /// The chin raiser's orange peel.
    fn dimple_chin(&self, place: Vec2, material: &mut Material) {
        let chin = Vec2::new(0.0, self.below_lips + 17.0 + 0.1 * self.jaw_drop);
        let share = self.chin_bumps / 5.0 * blob(place, chin, Vec2::new(15.0, 10.0));
        if share < 0.02 {
            return;
        }
        let at = |dx: f32, dy: f32| {
            noise::smooth((place.x + dx) / 3.4, (place.y + dy) / 3.4, self.seed ^ 21)
        };
        let here = at(0.0, 0.0);
        let slope = Vec2::new(at(0.8, 0.0) - here, at(0.0, 0.8) - here) * 3.4 * share;
        material.normal =
            (material.normal - Vec3::new(slope.x, slope.y, 0.0)).normalize_or(Vec3::Z);
        material.openness *= 1.0 - 0.65 * share * smooth_step(0.55, 0.15, here);
    }

    fn with_beard(&self, colour: Vec3, place: Vec2, spot: &Spot) -> Vec3 {
        if self.beard <= 0.0 {
            return colour;
        }
        let (x, y) = (place.x.abs(), place.y);
        let cheek_line = 40.0 + 0.012 * (x - 66.0).powi(2);
        let on_cheek =
            smooth_step(cheek_line - 7.0, cheek_line + 10.0, y) * smooth_step(22.0, 34.0, x);
        let on_chin = smooth_step(self.below_lips - 4.0, self.below_lips + 5.0, y);
        let under_nose = self.nose_base.y + 1.0 + 0.2 * x;
        let moustache = smooth_step(under_nose, under_nose + 6.0, y)
            * (1.0 - smooth_step(self.above_lips + 6.0, self.above_lips + 12.0, y))
            * (1.0 - smooth_step(self.corner.x + 2.0, self.corner.x + 8.0, x));
        // Little grows beside the corners of the mouth.
        let bare = blob(
            Vec2::new(x, y),
            self.corner + Vec2::new(5.5, 2.0),
            Vec2::new(5.5, 8.0),
        );
        let area = on_cheek.max(on_chin).max(moustache) * (1.0 - 0.8 * bare);
        let under = 1.0 - smooth_step(11.6, 13.0, spot.place.y);
        let stubble = noise::smooth(x * 1.3, y * 0.9, self.seed ^ 31);
        let share = area * under * self.beard * (0.5 + 0.3 * stubble);
        colour.lerp(self.hair * 0.9 + 0.02, share.min(0.88))
    }

    /// Neck and clothes.
    pub fn body(&self, spot: &Spot) -> Material {
        let row = spot.place.y;
        // A round collar, lower in front.
        let collar = row - 16.35 - 0.35 * spot.place.x.cos().max(0.0);
        let share = smooth_step(0.0, 0.03, collar);
        let weave = noise::smooth(spot.place.x * 140.0, row * 30.0, self.seed ^ 41) - 0.5;
        let folds = noise::smooth(spot.place.x * 5.0, row * 1.3, self.seed ^ 42) - 0.5;
        let hem = 1.0 - 0.35 * smooth_step(0.16, 0.13, collar);
        let mut cloth = Material::matt(
            self.clothes * hem * (1.0 + 0.25 * weave + 0.3 * folds) + 0.004,
            spot.normal,
        );
        cloth.openness = 0.9;
        let mut skin = self.plain(self.base, spot);
        let near_chin = 1.0 - smooth_step(12.5, 17.0, row);
        skin.openness = (1.0 - 0.62 * near_chin) * (1.0 - 0.4 * smooth_step(-0.25, 0.0, collar));
        skin.gloss *= 0.6;
        skin.covered(cloth, share)
    }

    /// An ear: pale rim, dark bowl.
    pub fn ear(&self, spot: &Spot) -> Material {
        let (u, v) = (spot.place.x, spot.place.y);
        let bowl = blob(
            Vec2::new(u, v),
            Vec2::new(-0.25, 0.08),
            Vec2::new(0.42, 0.42),
        );
        let groove = blob(Vec2::new(u, v), Vec2::new(0.42, -0.3), Vec2::new(0.12, 0.5));
        let mut material = self.plain(self.base * Vec3::new(1.04, 0.84, 0.82), spot);
        material.openness = (1.0 - 0.6 * bowl) * (1.0 - 0.35 * groove) * 0.9;
        material
    }
}

/// One brow.
#[derive(Debug)]
pub struct Brow {
    middle: Curve,
    inner: f32,
    outer: f32,
    thickness: f32,
    colour: Vec3,
    seed: u32,
}

impl Brow {
    pub fn new(who: &Identity, features: &Features, side: usize) -> Self {
        let points: [Vec2; 5] = std::array::from_fn(|i| features.point(17 + 5 * side + i));
        let (inner, outer) = if side == 0 {
            (points[4].x, points[0].x)
        } else {
            (points[0].x, points[4].x)
        };
        Self {
            middle: Curve::through(&points),
            inner,
            outer,
            thickness: who.brow_thickness,
            colour: who.hair.min(Vec3::new(0.13, 0.085, 0.055)),
            seed: who.texture_seed,
        }
    }

    pub fn over(&self, spot: &Spot, under: Material) -> Material {
        let place = spot.position.truncate();
        // 0 at the inner end, 1 at the outer.
        let along = (place.x - self.inner) / (self.outer - self.inner);
        if !(-0.08..=1.08).contains(&along) || spot.position.z < 20.0 {
            return under;
        }
        let off = place.y - self.middle.at(place.x);
        if off.abs() > 8.0 {
            return under;
        }
        // Thickest in the inner third, thin at the tail.
        let half = 0.5
            * self.thickness
            * (0.85 + 0.3 * smooth_step(0.0, 0.3, along) - 0.85 * smooth_step(0.4, 1.05, along));
        // Hairs lean outward: upright at the inner end, along the brow further out.
        let lean = along * 26.0 + off * (0.35 - 0.5 * along);
        let hairs = noise::smooth(lean * 2.0, off * (0.3 + 0.5 * along), self.seed ^ 51);
        let seen = smooth_step(1.5, 0.4, spot.pixel);
        let reach = half * (0.8 + 0.45 * hairs * seen);
        let inside = edge(reach - off.abs(), 1.6, spot.pixel);
        let ends = smooth_step(-0.07, 0.05, along) * (1.0 - smooth_step(0.96, 1.07, along));
        let dense = 0.95 - 0.3 * hairs * seen;
        let mut hair = under;
        hair.colour = self.colour;
        hair.gloss = 0.05;
        hair.scatter = 0.2;
        under.covered(hair, inside * ends * dense)
    }
}
