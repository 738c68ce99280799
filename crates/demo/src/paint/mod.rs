//! What every point of the head is made of: colour, gloss, fine folds.
//!
//! The features are painted where the landmarks are, in the face's own frame seen from the front;
//! light comes later, in [`draw`](crate::draw).

use glam::{Vec2, Vec3};

use crate::face::{Part, Surface, smooth_step};
use crate::{AuIntensities, Identity};

mod creases;
mod eye;
pub(crate) mod hair;
mod mouth;
pub(crate) mod noise;
mod skin;

use creases::Creases;

/// A point of the surface, in the face's frame.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// Which part it belongs to.
    pub part: Part,
    /// Where it is, in mm.
    pub position: Vec3,
    /// Which way the surface looks there, of length 1.
    pub normal: Vec3,
    /// Where it is on its part; see [`Vertex`](crate::face::Vertex).
    pub place: Vec2,
    /// What a pixel covers here, in mm: edges are softened by it.
    pub pixel: f32,
}

/// What a point is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material {
    /// Colour under white light, linear.
    pub colour: Vec3,
    /// Which way it looks, fine folds included, in the face's frame.
    pub normal: Vec3,
    /// Strength of reflections.
    pub gloss: f32,
    /// Sharpness of reflections.
    pub sharpness: f32,
    /// How open it lies to the light around, 0 to 1.
    pub openness: f32,
    /// How much light spreads in it, as in skin.
    pub scatter: f32,
    /// For hair: along which direction its strands lie.
    pub strands: Option<Vec3>,
}

impl Material {
    fn matt(colour: Vec3, normal: Vec3) -> Self {
        Self {
            colour,
            normal,
            gloss: 0.0,
            sharpness: 1.0,
            openness: 1.0,
            scatter: 0.0,
            strands: None,
        }
    }

    /// This one covered by a share of another.
    fn covered(self, other: Self, share: f32) -> Self {
        if share <= 0.0 {
            return self;
        }
        if share >= 1.0 {
            return other;
        }
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Self {
            colour: self.colour.lerp(other.colour, share),
            normal: self
                .normal
                .lerp(other.normal, share)
                .normalize_or(self.normal),
            gloss: mix(self.gloss, other.gloss),
            sharpness: mix(self.sharpness, other.sharpness),
            openness: mix(self.openness, other.openness),
            scatter: mix(self.scatter, other.scatter),
            strands: if share > 0.5 {
                other.strands
            } else {
                self.strands
            },
        }
    }
}

/// Gives every spot of one face its material.
#[derive(Debug)]
pub struct Painter<'a> {
    who: &'a Identity,
    surface: &'a Surface,
    creases: Creases,
    skin: skin::Skin,
    brows: [skin::Brow; 2],
}

impl<'a> Painter<'a> {
    /// The painter of this face, which shows these action units.
    pub fn new(who: &'a Identity, aus: &'a AuIntensities, surface: &'a Surface) -> Self {
        Self {
            who,
            surface,
            creases: Creases::new(who, aus, &surface.features),
            skin: skin::Skin::new(who, aus, &surface.features),
            brows: [0, 1].map(|side| skin::Brow::new(who, &surface.features, side)),
        }
    }

    /// What this spot is made of.
    pub fn material(&self, spot: &Spot) -> Material {
        match spot.part {
            Part::Curtain => hair::material(self.who, spot),
            Part::Ear => self.skin.ear(spot),
            Part::Head => self.head(spot),
        }
    }

    fn head(&self, spot: &Spot) -> Material {
        let (angle, row) = (spot.place.x, spot.place.y);
        if row > 15.5 {
            return self.skin.body(spot);
        }
        let hair_share = hair::coverage(self.who, angle, row);
        if hair_share >= 1.0 {
            return hair::material(self.who, spot);
        }
        let mut material = self.skin.material(spot);
        if angle.abs() < 1.75 && row < 12.5 {
            material = self.features(spot, material);
        }
        if hair_share > 0.0 {
            material = material.covered(hair::material(self.who, spot), hair_share);
        }
        material
    }

    /// Folds, brows, eyes, mouth over the skin.
    fn features(&self, spot: &Spot, mut material: Material) -> Material {
        let place = spot.position.truncate();
        let fold = self.creases.at(place);
        material.normal = (material.normal + Vec3::new(-fold.slope.x, -fold.slope.y, 0.0))
            .normalize_or(spot.normal);
        material.openness *= fold.openness;
        // Folds are a little redder than what lies open.
        material.colour *= Vec3::new(1.0, 0.93, 0.9).lerp(Vec3::ONE, fold.openness);
        for brow in &self.brows {
            material = brow.over(spot, material);
        }
        for eye in &self.surface.features.eyes {
            material = eye::over(self.who, eye, spot, material);
        }
        mouth::over(self.who, &self.surface.features.mouth, spot, material)
    }
}

/// How much of a pixel of this width lies on the positive side of an edge `distance` away, with
/// an edge that is itself `soft` wide.
fn edge(distance: f32, soft: f32, pixel: f32) -> f32 {
    let half = 0.5 * soft.max(pixel).max(1e-3);
    smooth_step(-half, half, distance)
}
