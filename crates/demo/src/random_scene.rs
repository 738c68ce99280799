//! Scenes at random, for training: anybody, anywhere, showing anything.

use glam::{Vec2, Vec3};

use crate::action_units::{Au, AuIntensities};
use crate::draw::{Background, Blur, Light, Occluder};
use crate::identity::{Identity, dyed};
use crate::pose::{Camera, Pose};
use crate::random::Random;
use crate::scene::{Face, Scene};

/// Height of a face from brows to chin in mm, about.
const FACE_HEIGHT: f32 = 128.0;

/// What random scenes may look like.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneOptions {
    /// Width of the picture in pixels.
    pub width: usize,
    /// Height of the picture in pixels.
    pub height: usize,
    /// Fewest and most faces.
    pub faces: (usize, usize),
    /// Smallest and largest height of a face (brows to chin) as a share of the picture's height.
    pub face_height: (f32, f32),
    /// Largest pitch, yaw and roll in degrees.
    pub most_angle: f32,
    /// Share of scenes in which something is held before a face.
    pub occluded: f32,
    /// Share of scenes that are blurred.
    pub blurred: f32,
}

impl Default for SceneOptions {
    fn default() -> Self {
        Self {
            width: 320,
            height: 240,
            faces: (1, 1),
            face_height: (0.25, 0.7),
            most_angle: 30.0,
            occluded: 0.0,
            blurred: 0.3,
        }
    }
}

impl SceneOptions {
    /// The scene of this seed. No two faces overlap, and none begins outside of the picture; there
    /// are fewer faces than drawn where there is no room.
    pub fn scene(&self, seed: u64) -> Scene {
        let mut random = Random::new(seed);
        let camera = Camera::for_size(self.width, self.height);
        let size = Vec2::new(self.width as f32, self.height as f32);
        let light = Light::random(&mut random);
        let background = Background {
            seed: random.seed(),
        };
        let count = self.faces.0 + random.below(self.faces.1.saturating_sub(self.faces.0) + 1);
        let mut faces: Vec<Face> = Vec::new();
        let mut taken: Vec<(Vec2, f32)> = Vec::new();
        for _ in 0..count {
            let identity = Identity::random(&mut random);
            let aus = random_aus(&mut random);
            let angle = |random: &mut Random, share: f32| {
                self.most_angle.to_radians() * share * random.between(-1.0, 1.0)
            };
            let rotation = Vec3::new(
                angle(&mut random, 0.8),
                angle(&mut random, 1.0),
                angle(&mut random, 0.8),
            );
            let gaze = Vec2::new(1.5 * random.normal(), 0.6 * random.normal());
            for _ in 0..12 {
                let high = size.y * random.between(self.face_height.0, self.face_height.1);
                let margin = (0.75 * high).min(0.5 * size.x.min(size.y));
                let place = Vec2::new(
                    random.between(margin, size.x - margin),
                    random.between(margin, size.y - margin),
                );
                let radius = 0.85 * high;
                if taken
                    .iter()
                    .any(|(other, r)| other.distance(place) < r + radius)
                {
                    continue;
                }
                let z = camera.focal * FACE_HEIGHT / high;
                let aside = (place - camera.centre) * (z / camera.focal);
                taken.push((place, radius));
                faces.push(Face {
                    identity,
                    pose: Pose {
                        translation: aside.extend(z),
                        rotation,
                    },
                    aus,
                    gaze,
                });
                break;
            }
        }
        let mut occluders = Vec::new();
        if let Some(&(place, radius)) = taken.first()
            && random.chance(self.occluded)
        {
            let side = Vec2::from_angle(random.between(0.0, std::f32::consts::TAU));
            occluders.push(Occluder {
                centre: place + side * radius * random.between(0.3, 0.9),
                half: radius * Vec2::new(random.between(0.15, 0.5), random.between(0.15, 0.5)),
                angle: random.between(-1.5, 1.5),
                round: radius * 0.1,
                colour: dyed(&mut random),
            });
        }
        let blur = if !random.chance(self.blurred) {
            Blur::None
        } else if random.chance(0.5) {
            Blur::Defocus {
                radius: size.y / 240.0 * random.between(0.4, 1.2),
            }
        } else {
            let angle = random.between(0.0, std::f32::consts::TAU);
            Blur::Motion {
                way: Vec2::from_angle(angle) * (size.y / 240.0 * random.between(1.0, 3.5)),
            }
        };
        Scene {
            width: self.width,
            height: self.height,
            background,
            light,
            faces,
            occluders,
            blur,
            noise: random.between(0.0, 4.0),
            noise_seed: random.seed(),
        }
    }
}

/// Any few action units, each independent of the others.
fn random_aus(random: &mut Random) -> AuIntensities {
    let mut aus = AuIntensities::NEUTRAL;
    // Some faces are at rest, some very busy.
    let busy = random.between(0.0, 0.45);
    for au in Au::ALL {
        let share = match au {
            Au::Au45 => 0.15,
            Au::Au28 => 0.25 * busy,
            _ => busy,
        };
        if random.chance(share) {
            aus[au] = random.between(0.0, 5.0);
        }
    }
    aus
}
