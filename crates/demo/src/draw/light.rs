//! Light: a lamp, and what the surroundings throw back.

use glam::Vec3;

use crate::paint::Material;
use crate::random::Random;

/// The light of a scene; directions are in camera space (x right, y down, z away).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Towards the lamp, of length 1.
    pub direction: Vec3,
    /// The lamp's colour and strength.
    pub lamp: Vec3,
    /// Light from above.
    pub sky: Vec3,
    /// Light from below.
    pub ground: Vec3,
}

impl Default for Light {
    fn default() -> Self {
        Self {
            direction: Vec3::new(-0.45, -0.55, -0.70).normalize(),
            lamp: Vec3::new(1.02, 0.98, 0.92),
            sky: Vec3::new(0.42, 0.44, 0.48),
            ground: Vec3::new(0.20, 0.18, 0.16),
        }
    }
}

impl Light {
    /// Some light: from some side, warm or cold, hard or soft.
    pub fn random(random: &mut Random) -> Self {
        let soft = random.between(0.25, 0.8);
        let strength = random.between(0.85, 1.25);
        let warm = random.between(-0.12, 0.12);
        let tint = Vec3::new(1.0 + warm, 1.0, 1.0 - warm);
        let around = random.between(-0.06, 0.06);
        let sky = Vec3::new(1.0 + around, 1.0, 1.0 - around) * (0.75 * soft * strength);
        Self {
            direction: Vec3::new(
                random.between(-0.9, 0.9),
                random.between(-0.9, 0.15),
                -random.between(0.55, 1.0),
            )
            .normalize(),
            lamp: tint * (1.45 * (1.0 - soft) + 0.35) * strength,
            sky,
            ground: sky * random.between(0.3, 0.7),
        }
    }

    /// What a material sends to the eye. `normal` and `strands` are in camera space; `toward_eye`
    /// has length 1; `lit` says how much of the lamp is seen from there.
    pub(crate) fn on(
        &self,
        material: &Material,
        normal: Vec3,
        strands: Option<Vec3>,
        toward_eye: Vec3,
        lit: f32,
    ) -> Vec3 {
        let toward_lamp = normal.dot(self.direction);
        // Light spreads inside skin, red the furthest.
        let wrap = material.scatter * Vec3::new(0.36, 0.17, 0.11);
        let diffuse = ((Vec3::splat(toward_lamp) + wrap) / (Vec3::ONE + wrap)).max(Vec3::ZERO);
        // A little light reaches skin in the shade from beside it.
        let beside = 0.125 * material.scatter * (1.0 - lit);
        let shadow = lit * (1.0 - beside) + beside;
        let lamp = self.lamp * diffuse * shadow * (0.4 + 0.6 * material.openness);
        let up = 0.5 - 0.5 * normal.y;
        let around = self.ground.lerp(self.sky, up) * material.openness;
        let half = (self.direction + toward_eye).normalize_or_zero();
        let shine = match strands {
            Some(strands) => {
                let along = strands.dot(half);
                (1.0 - along * along)
                    .max(0.0)
                    .powf(0.5 * material.sharpness)
                    * toward_lamp.max(0.0).sqrt()
            }
            None => {
                let facing = normal.dot(half).max(0.0);
                facing.powf(material.sharpness)
                    * (0.3 + 0.06 * material.sharpness)
                    * smooth(toward_lamp)
            }
        };
        let grazing = (1.0 - normal.dot(toward_eye).max(0.0)).powi(4);
        let sheen = material.gloss * 0.5 * grazing;
        material.colour * (lamp + around)
            + self.lamp * (material.gloss * shine * lit * material.openness)
            + around * sheen
    }
}

fn smooth(value: f32) -> f32 {
    (value * 4.0).clamp(0.0, 1.0)
}
