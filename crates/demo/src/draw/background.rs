//! What is behind the face: walls, furniture, clutter, out of focus or not; never a face.

use glam::{Vec2, Vec3};

use super::{Blur, Canvas};
use crate::random::Random;

/// A background, wholly determined by its seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Background {
    /// Says what is there.
    pub seed: u64,
}

impl Background {
    /// Draws the background.
    pub fn draw(&self, width: usize, height: usize) -> Canvas {
        let mut random = Random::new(self.seed);
        // Drawn small and enlarged: it is out of focus anyway.
        let step = (width.max(height) as f32 / 320.0).max(1.0);
        let (w, h) = (
            (width as f32 / step).ceil() as usize + 1,
            (height as f32 / step).ceil() as usize + 1,
        );
        let mut small = gradient(&mut random, w, h);
        let clutter = [4, 12, 30][random.below(3)];
        for _ in 0..clutter {
            shape(&mut random, &mut small);
        }
        let size = w.max(h) as f32;
        let focus = random.between(0.0, 0.02);
        Blur::Defocus {
            radius: size * focus * focus / 0.02,
        }
        .apply(&mut small);
        enlarge(&small, width, height, step)
    }
}

fn colour(random: &mut Random) -> Vec3 {
    let bright = random.between(0.02, 0.85).powf(1.5);
    let tint = Vec3::new(random.normal(), random.normal(), random.normal()) * 0.22;
    (Vec3::splat(bright) * (Vec3::ONE + tint)).clamp(Vec3::splat(0.004), Vec3::ONE)
}

fn gradient(random: &mut Random, width: usize, height: usize) -> Canvas {
    let corners = {
        let first = colour(random);
        let other = |random: &mut Random| first.lerp(colour(random), 0.35);
        [first, other(random), other(random), other(random)]
    };
    let mut canvas = Canvas::new(width, height);
    for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
        let u = (i % width) as f32 / width as f32;
        let v = (i / width) as f32 / height as f32;
        *pixel = corners[0]
            .lerp(corners[1], u)
            .lerp(corners[2].lerp(corners[3], u), v);
    }
    canvas
}

/// A box, a disk, or stripes, somewhere.
fn shape(random: &mut Random, canvas: &mut Canvas) {
    let size = Vec2::new(canvas.width as f32, canvas.height as f32);
    let centre = size * Vec2::new(random.unit(), random.unit());
    let half = size.max_element() * Vec2::new(random.between(0.02, 0.3), random.between(0.02, 0.3));
    let angle = if random.chance(0.6) {
        0.0
    } else {
        random.between(-0.8, 0.8)
    };
    let turn = Vec2::from_angle(-angle);
    let (one, two) = (colour(random), colour(random));
    let round = random.chance(0.3);
    let stripes = random.chance(0.25).then(|| random.between(2.0, 14.0));
    let solid = random.between(0.5, 1.0);
    let reach = half.length() + 1.0;
    let rows = (centre.y - reach).max(0.0) as usize
        ..((centre.y + reach).max(0.0) as usize).min(canvas.height);
    let columns = (centre.x - reach).max(0.0) as usize
        ..((centre.x + reach).max(0.0) as usize).min(canvas.width);
    for y in rows {
        for x in columns.clone() {
            let p = turn.rotate(Vec2::new(x as f32, y as f32) - centre);
            let inside = if round {
                (1.0 - (p / half).length()) * half.min_element()
            } else {
                (half - p.abs()).min_element()
            };
            let share = (inside + 0.5).clamp(0.0, 1.0) * solid;
            if share > 0.0 {
                let t = match stripes {
                    Some(period) => f32::from((p.x / period).rem_euclid(1.0) < 0.5),
                    None => 0.5 + 0.5 * p.y / half.y,
                };
                let pixel = &mut canvas.pixels[y * canvas.width + x];
                *pixel = pixel.lerp(one.lerp(two, 0.6 * t), share);
            }
        }
    }
}

fn enlarge(small: &Canvas, width: usize, height: usize, step: f32) -> Canvas {
    let mut canvas = Canvas::new(width, height);
    for y in 0..height {
        let v = y as f32 / step;
        let j = (v as usize).min(small.height - 2);
        for x in 0..width {
            let u = x as f32 / step;
            let i = (u as usize).min(small.width - 2);
            let at = |j: usize, i: usize| small.pixels[j * small.width + i];
            let t = (u - i as f32).min(1.0);
            canvas.pixels[y * width + x] = at(j, i).lerp(at(j, i + 1), t).lerp(
                at(j + 1, i).lerp(at(j + 1, i + 1), t),
                (v - j as f32).min(1.0),
            );
        }
    }
    canvas
}
