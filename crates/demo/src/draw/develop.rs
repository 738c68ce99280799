//! What a camera adds: blur, the curve from light to bytes, noise.

use glam::{Vec2, Vec3};

use super::Canvas;
use crate::paint::noise;

/// How a picture is blurred as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Blur {
    /// Not at all.
    #[default]
    None,
    /// Out of focus: deviation of a Gaussian, in pixels.
    Defocus {
        /// The deviation.
        radius: f32,
    },
    /// Moved while exposed: by so many pixels.
    Motion {
        /// The way, in pixels.
        way: Vec2,
    },
}

impl Blur {
    /// Blurs the picture.
    pub(crate) fn apply(self, canvas: &mut Canvas) {
        match self {
            Self::Defocus { radius } if radius > 0.2 => {
                along(canvas, Vec2::X, &gaussian(radius));
                along(canvas, Vec2::Y, &gaussian(radius));
            }
            Self::Motion { way } if way.length() > 0.5 => {
                let taps = way.length().ceil() as usize + 1;
                let weights = vec![1.0 / taps as f32; taps];
                along(canvas, way / (taps - 1) as f32, &weights);
            }
            _ => {}
        }
    }
}

fn gaussian(radius: f32) -> Vec<f32> {
    let reach = (2.5 * radius).ceil() as i32;
    let weights: Vec<f32> = (-reach..=reach)
        .map(|i| (-0.5 * (i as f32 / radius).powi(2)).exp())
        .collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Weighted sums of pixels `step` apart.
fn along(canvas: &mut Canvas, step: Vec2, weights: &[f32]) {
    let source = canvas.pixels.clone();
    let middle = 0.5 * (weights.len() - 1) as f32;
    let offsets: Vec<(i64, i64, f32)> = weights
        .iter()
        .enumerate()
        .map(|(i, &weight)| {
            let offset = (step * (i as f32 - middle)).round();
            (offset.x as i64, offset.y as i64, weight)
        })
        .collect();
    let (width, height) = (canvas.width as i64, canvas.height as i64);
    for y in 0..height {
        for x in 0..width {
            let mut sum = Vec3::ZERO;
            for &(dx, dy, weight) in &offsets {
                let sx = (x + dx).clamp(0, width - 1);
                let sy = (y + dy).clamp(0, height - 1);
                sum += source[(sy * width + sx) as usize] * weight;
            }
            canvas.pixels[(y * width + x) as usize] = sum;
        }
    }
}

/// Entries of the table from linear light to bytes.
const STEPS: usize = 4096;

/// Turns light into bytes (R, G, B; sRGB), with sensor noise of this deviation (in steps of a
/// byte) that is wholly determined by its seed.
pub fn develop(canvas: &Canvas, noise_level: f32, noise_seed: u64) -> Vec<u8> {
    let table: Vec<f32> = (0..=STEPS)
        .map(|i| {
            let light = i as f32 / STEPS as f32;
            // Highlights roll off instead of being cut.
            let light = light * 2.0;
            let soft = if light < 0.6 {
                light
            } else {
                0.6 + 0.4 * (1.0 - (-(light - 0.6) / 0.4).exp())
            };
            let encoded = if soft <= 0.003_130_8 {
                12.92 * soft
            } else {
                1.055 * soft.powf(1.0 / 2.4) - 0.055
            };
            255.0 * encoded
        })
        .collect();
    let encode = |light: f32| {
        let at = (0.5 * light).clamp(0.0, 1.0) * STEPS as f32;
        let index = (at as usize).min(STEPS - 1);
        table[index] + (table[index + 1] - table[index]) * (at - index as f32)
    };
    let seed = (noise_seed ^ (noise_seed >> 32)) as u32;
    let mut bytes = Vec::with_capacity(3 * canvas.pixels.len());
    for (i, pixel) in canvas.pixels.iter().enumerate() {
        let grain = if noise_level > 0.0 {
            // Mostly brightness, some colour: three values about normal from sums of uniform ones.
            let cell = |salt: u32| noise::cell(i as i32, salt as i32, seed);
            let shared = (cell(0) + cell(1) + cell(2) - 1.5) * 2.0;
            let own = Vec3::new(cell(3), cell(4), cell(5)) * 2.0 - 1.0;
            (Vec3::splat(0.8 * shared) + own) * noise_level
        } else {
            Vec3::ZERO
        };
        for (light, grain) in pixel.to_array().into_iter().zip(grain.to_array()) {
            bytes.push((encode(light) + grain + 0.5).clamp(0.0, 255.0) as u8);
        }
    }
    bytes
}
