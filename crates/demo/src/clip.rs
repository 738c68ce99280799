//! A filmed scene: who is there, and what they do over time.
//!
//! Everything follows from the options and a seed before the first frame is rendered, so any frame
//! can be rendered on its own.

use std::f32::consts::TAU;

use glam::{Vec2, Vec3};

use crate::action_units::{Au, AuIntensities};
use crate::draw::{Background, Blur, Light, Occluder};
use crate::identity::{Identity, dyed};
use crate::pose::{Camera, Pose};
use crate::random::Random;
use crate::scene::{Face, Scene};

mod acting;
mod timing;

pub use timing::{TICKS_PER_SECOND, frame_times};

use acting::Acting;

/// Seconds that a face takes to leave or to return, and a thing to come before it or go.
const PASSAGE: f32 = 0.6;
/// Height of a face from brows to chin in mm, about.
const FACE_HEIGHT: f32 = 128.0;
/// A head with its shoulders is gone when its middle is so many mm beyond the picture's edge.
const BODY_HALF_WIDTH: f32 = 330.0;

/// A span of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Where it begins.
    pub from: f32,
    /// Where it ends.
    pub to: f32,
}

impl Span {
    /// 1 within the span, falling smoothly to 0 during the passage before and after.
    fn weight(&self, time: f32) -> f32 {
        let outside = (self.from - time).max(time - self.to).max(0.0);
        ease(1.0 - outside / PASSAGE)
    }
}

/// What a clip is like.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipOptions {
    /// Width of the pictures in pixels.
    pub width: usize,
    /// Height of the pictures in pixels.
    pub height: usize,
    /// How long it is, in seconds; says how the actions are spread.
    pub seconds: f32,
    /// How many people are in it.
    pub faces: usize,
    /// Largest pitch, yaw and roll in degrees.
    pub most_angle: f32,
    /// When nobody is in the picture.
    pub absent: Vec<Span>,
    /// When something is held before every face.
    pub occluded: Vec<Span>,
    /// Whether every frame shows action units of its own, each independent of the others and of the
    /// frames before: nobody does that, but much is learned from few frames.
    pub restless: bool,
}

/// A clip, ready to be rendered.
#[derive(Debug, Clone)]
pub struct Clip {
    options: ClipOptions,
    background: Background,
    light: Light,
    noise: f32,
    noise_seed: u64,
    actors: Vec<Actor>,
}

#[derive(Debug, Clone)]
struct Actor {
    identity: Identity,
    /// Where the head is when it is in the middle of its movements.
    home: Vec3,
    acting: Acting,
    /// Says which action units each frame of a restless clip shows.
    restless_seed: u64,
    /// To which side it leaves.
    leaves: f32,
    sheet: Vec3,
}

impl Clip {
    /// The clip of this seed.
    pub fn new(options: &ClipOptions, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let camera = Camera::for_size(options.width, options.height);
        let background = Background {
            seed: random.seed(),
        };
        let light = Light::random(&mut random);
        let (width, height) = (options.width as f32, options.height as f32);
        let column = width / options.faces.max(1) as f32;
        let actors = (0..options.faces)
            .map(|i| {
                // As large as its part of the picture lets it be.
                let share = random.between(0.34, 0.46);
                let high = (share * height).min(0.5 * column);
                let z = camera.focal * FACE_HEIGHT / high;
                let place = Vec2::new(
                    (i as f32 + 0.5) * column + 0.05 * column * random.normal(),
                    height * random.between(0.44, 0.54),
                );
                let aside = (place - camera.centre) * (z / camera.focal);
                Actor {
                    identity: Identity::random(&mut random),
                    home: aside.extend(z),
                    acting: Acting::new(options.seconds, options.most_angle, &mut random),
                    restless_seed: Random::stream(seed, 1000 + i as u64).seed(),
                    leaves: if 2 * i < options.faces { -1.0 } else { 1.0 },
                    sheet: dyed(&mut random),
                }
            })
            .collect();
        Self {
            options: options.clone(),
            background,
            light,
            noise: random.between(0.8, 2.5),
            noise_seed: random.seed(),
            actors,
        }
    }

    /// Width and height of the pictures.
    pub fn size(&self) -> (usize, usize) {
        (self.options.width, self.options.height)
    }

    /// What is seen at `time` seconds. `frame` says which noise the sensor has, and what a restless
    /// face shows.
    pub fn scene(&self, time: f32, frame: usize) -> Scene {
        let options = &self.options;
        let camera = Camera::for_size(options.width, options.height);
        let weight = |spans: &[Span]| {
            let weights = spans.iter().map(|span| span.weight(time));
            weights.fold(0.0, f32::max)
        };
        let gone = weight(&options.absent);
        let covered = weight(&options.occluded);
        let mut faces = Vec::with_capacity(self.actors.len());
        let mut occluders = Vec::new();
        for actor in &self.actors {
            let pose = actor.pose(&camera, time, gone);
            let aus = if options.restless {
                acting::any_aus(&mut Random::stream(actor.restless_seed, frame as u64))
            } else {
                actor.acting.aus(time)
            };
            faces.push(Face {
                identity: actor.identity.clone(),
                pose,
                aus,
                gaze: actor.acting.gaze(time),
            });
            if covered > 0.0 {
                occluders.push(actor.sheet_before(&camera, &pose, covered, options.height));
            }
        }
        Scene {
            width: options.width,
            height: options.height,
            background: self.background,
            light: self.light,
            faces,
            occluders,
            blur: Blur::None,
            noise: self.noise,
            noise_seed: Random::stream(self.noise_seed, frame as u64).seed(),
        }
    }
}

impl Actor {
    fn pose(&self, camera: &Camera, time: f32, gone: f32) -> Pose {
        let (sway, rotation) = self.acting.movement(time);
        let mut translation = self.home + sway;
        // Far enough that the shoulders are out as well.
        let edge = camera.centre.x * translation.z / camera.focal + BODY_HALF_WIDTH;
        let outside = self.leaves * edge;
        translation.x += (outside - translation.x) * gone;
        Pose {
            translation,
            rotation,
        }
    }

    /// A sheet that comes from below and hides the face.
    fn sheet_before(&self, camera: &Camera, pose: &Pose, covered: f32, height: usize) -> Occluder {
        let scale = camera.focal / pose.translation.z;
        let centre = camera.project(pose.translation);
        let half = Vec2::new(110.0, 130.0) * scale;
        let below = height as f32 + half.y + 2.0;
        Occluder {
            centre: Vec2::new(centre.x, below + (centre.y - below) * covered),
            half,
            angle: 0.06,
            round: 8.0 * scale,
            colour: self.sheet,
        }
    }
}

/// 0 below 0, 1 above 1, smooth in between.
fn ease(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * t * (t * (6.0 * t - 15.0) + 10.0)
}

/// A sum of a few slow swings, within -1..1.
#[derive(Debug, Clone)]
struct Swing([(f32, f32, f32); 3]);

impl Swing {
    fn new(random: &mut Random, slowest: f32, fastest: f32) -> Self {
        let mut waves = [(0.0, 0.0, 0.0); 3];
        for wave in &mut waves {
            *wave = (
                random.between(slowest, fastest) * TAU,
                random.between(0.0, TAU),
                random.between(0.4, 1.0),
            );
        }
        let sum: f32 = waves.iter().map(|wave| wave.2).sum();
        Self(waves.map(|(speed, phase, share)| (speed, phase, share / sum)))
    }

    fn at(&self, time: f32) -> f32 {
        let waves = self.0.iter();
        waves
            .map(|(speed, phase, share)| share * (speed * time + phase).sin())
            .sum()
    }
}

/// The intensities of several events; the strongest counts.
fn strongest(aus: &mut AuIntensities, au: Au, intensity: f32) {
    aus[au] = aus[au].max(intensity);
}
