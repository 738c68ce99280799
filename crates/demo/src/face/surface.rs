//! The surface of one face: the head's loft plus the features' relief; landmarks on it.

use glam::{Vec2, Vec3};

use super::profile::{JAW, Profile};
use super::relief::Relief;
use super::{Features, smooth_step};
use crate::{AuIntensities, Identity};

/// Places of the jaw's landmarks 0 to 8 on the loft: row, and angle in degrees.
const JAW_LANDMARKS: [(f32, f32); 9] = [
    (5.75, 79.0),
    (6.75, 79.0),
    (7.8, 78.5),
    (9.0, 77.0),
    (10.55, 70.0),
    (11.0, 53.0),
    (11.0, 34.5),
    (11.0, 17.0),
    (JAW, 0.0),
];

/// The surface of a face and the features on it.
#[derive(Debug, Clone)]
pub struct Surface {
    /// The features, seen from the front.
    pub features: Features,
    pub(super) profile: Profile,
    pub(super) relief: Relief,
}

impl Surface {
    /// The face of `who` showing `aus`, looking `gaze` mm away from straight ahead.
    pub fn new(who: &Identity, aus: &AuIntensities, gaze: Vec2) -> Self {
        let features = Features::new(who, aus, gaze);
        Self {
            profile: Profile::new(who, aus),
            relief: Relief::new(who, aus, &features),
            features,
        }
    }

    /// Gives a point of the loft, which lies at the angle with this cosine, its relief.
    pub(super) fn raise(&self, point: Vec3, cosine: f32) -> Vec3 {
        if cosine <= 0.05 {
            return point;
        }
        let share = smooth_step(0.05, 0.4, cosine);
        point + Vec3::Z * (self.relief.at(point.truncate()) * share)
    }

    /// The point of the face that is seen from the front at `place`.
    pub fn above(&self, place: Vec2) -> Vec3 {
        // Rows run down the face, so the one through the place is found by halving.
        let point_in = |row: f32| {
            let row = self.profile.row(row);
            let sine = (place.x / row.half_width()).clamp(-0.999, 0.999);
            let cosine = (1.0 - sine * sine).sqrt();
            (row.at_turned(sine, cosine), cosine)
        };
        let (mut low, mut high) = (2.0, JAW + 1.0);
        for _ in 0..24 {
            let middle = 0.5 * (low + high);
            if point_in(middle).0.y < place.y {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (point, cosine) = point_in(0.5 * (low + high));
        self.raise(point, cosine)
    }

    /// The 68 landmarks in the face's frame, in the order of the 300-W annotations.
    pub fn landmarks(&self) -> [Vec3; 68] {
        std::array::from_fn(|i| match i {
            0..=8 => self.on_jaw(i, -1.0),
            9..=16 => self.on_jaw(16 - i, 1.0),
            _ => self.above(self.features.point(i)),
        })
    }

    fn on_jaw(&self, index: usize, side: f32) -> Vec3 {
        let (row, degrees) = JAW_LANDMARKS[index];
        let angle = side * degrees.to_radians();
        self.raise(self.profile.at(row, angle), angle.cos())
    }
}
