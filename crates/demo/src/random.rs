//! Random numbers that are the same everywhere for the same seed.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A source of random numbers, wholly determined by its seed.
#[derive(Debug, Clone)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// The source of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// A source for one purpose out of many under one seed, such as one frame's noise.
    pub fn stream(seed: u64, number: u64) -> Self {
        // Odd multiplier: different numbers stay different.
        Self::new(seed ^ number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A seed for something else.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// Uniform in `from`..`to`.
    pub fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.unit()
    }

    /// Normally distributed about 0 with deviation 1, cut at 2.5.
    pub fn normal(&mut self) -> f32 {
        loop {
            let (u, v) = (self.unit().max(1e-7), self.unit());
            let value = (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos();
            if value.abs() <= 2.5 {
                return value;
            }
        }
    }

    /// True in this share of cases.
    pub fn chance(&mut self, share: f32) -> bool {
        self.unit() < share
    }

    /// Uniform in 0..`count`.
    ///
    /// # Panics
    /// When `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        assert!(count > 0);
        ((f64::from(self.unit()) * count as f64) as usize).min(count - 1)
    }

    /// One of these.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
