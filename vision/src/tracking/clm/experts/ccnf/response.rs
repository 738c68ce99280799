//! What a conditional neural field says about a window of positions.
//!
//! Patches are compared with their mean removed and their length made one, but never formed: each
//! neuron's filter has mean zero, so any constant may be taken off the pixels it sees, and lengths
//! follow from sums that slide over the area. Pixels are broadcast to all neurons at once.

use super::super::SUPPORT;
use super::super::area::Area;
use super::super::patches::PatchStatistics;
use super::super::simd::{Arithmetic, LANES, Lanes, mul_add, sigmoid, vectorised};
use super::smoothing::SmoothingScratch;
use super::{CcnfExperts, Expert, Neurons};

/// The most positions of one row that are evaluated together: their sums must fit in registers.
const MOST_TOGETHER: usize = 11;

/// The buffers of one evaluation.
#[derive(Debug, Clone, Default)]
pub(crate) struct CcnfScratch {
    patches: PatchStatistics,
    smoothing: SmoothingScratch,
}

impl CcnfExperts {
    /// Writes the response of a landmark's expert to every position of the window into
    /// `response`, row after row.
    pub(crate) fn respond(
        &self,
        (view, landmark): (usize, usize),
        area: &Area,
        scratch: &mut CcnfScratch,
        response: &mut [f32],
    ) {
        if let Some(expert) = &self.experts[view][landmark] {
            respond(self, expert, area, scratch, response);
        }
    }
}

vectorised! {
    fn respond(
        experts: &CcnfExperts,
        expert: &Expert,
        area: &Area,
        scratch: &mut CcnfScratch,
        response: &mut [f32],
    ) = respond_with;
}

#[inline(always)]
fn respond_with<A: Arithmetic>(
    experts: &CcnfExperts,
    expert: &Expert,
    area: &Area,
    scratch: &mut CcnfScratch,
    response: &mut [f32],
) {
    let window = area.side() - (SUPPORT - 1);
    scratch.patches.measure(area);
    response.fill(0.0);
    for neurons in &expert.neurons {
        add_neurons::<A>(neurons, area, window, &scratch.patches, response);
    }
    let similar = experts
        .similarities
        .iter()
        .position(|s| s.window() == window);
    match similar {
        Some(i) => {
            let make = || experts.similarities[i].smoothing(expert.alpha_sum, &expert.betas);
            let smoothing = expert.smoothings[i].get_or_init(make);
            smoothing.apply::<A>(&mut scratch.smoothing, response);
        }
        None => {
            let factor = (0.5 / expert.alpha_sum) as f32;
            response.iter_mut().for_each(|value| *value *= factor);
        }
    }
    let least = response.iter().fold(f32::INFINITY, |a, &b| a.min(b));
    if least < 0.0 {
        response.iter_mut().for_each(|value| *value -= least);
    }
}

/// Adds what eight neurons say to all positions.
#[inline(always)]
fn add_neurons<A: Arithmetic>(
    neurons: &Neurons,
    area: &Area,
    window: usize,
    patches: &PatchStatistics,
    response: &mut [f32],
) {
    for y in 0..window {
        let mut x = 0;
        while x < window {
            // Windows of 13 and 15 positions are cut so that no piece is narrow.
            let together = match window - x {
                rest if rest > MOST_TOGETHER => 8,
                rest => rest,
            };
            let at = y * window + x;
            let tile = Tile {
                neurons,
                pixels: &area.values()[y * area.side() + x..],
                side: area.side(),
                means: &patches.means()[at..],
                inverse_lengths: &patches.inverse_lengths()[at..],
            };
            let response = &mut response[at..];
            x += match together {
                11 => tile.add::<A, 11>(response),
                9 | 10 => tile.add::<A, 9>(response),
                8 => tile.add::<A, 8>(response),
                7 => tile.add::<A, 7>(response),
                5 | 6 => tile.add::<A, 5>(response),
                3 | 4 => tile.add::<A, 3>(response),
                _ => tile.add::<A, 1>(response),
            };
        }
    }
}

/// Positions next to each other in one row, and what is needed for them.
struct Tile<'a> {
    neurons: &'a Neurons,
    /// From the first patch's upper left pixel on.
    pixels: &'a [f32],
    side: usize,
    means: &'a [f32],
    inverse_lengths: &'a [f32],
}

impl Tile<'_> {
    /// Adds the neurons' responses to the first `N` positions; returns `N`.
    #[inline(always)]
    fn add<A: Arithmetic, const N: usize>(&self, response: &mut [f32]) -> usize {
        const ROW: usize = MOST_TOGETHER + SUPPORT - 1;
        // Taking off a mean from the middle keeps the sums small, and so their rounding.
        let constant = self.means[N / 2];
        let mut sums = [[0.0; LANES]; N];
        let rows = self.pixels.chunks(self.side);
        for (pixels, weights) in rows.zip(self.neurons.weights.chunks_exact(SUPPORT)) {
            let mut row = [0.0; ROW];
            for (value, &pixel) in row[..N + SUPPORT - 1].iter_mut().zip(pixels) {
                *value = pixel - constant;
            }
            for (x, weights) in weights.iter().enumerate() {
                for (n, sum) in sums.iter_mut().enumerate() {
                    mul_add::<A>(weights, row[x + n], sum);
                }
            }
        }
        for (n, sum) in sums.iter().enumerate() {
            let mut z = self.neurons.bias;
            mul_add::<A>(sum, self.inverse_lengths[n], &mut z);
            response[n] += weighted::<A>(&sigmoid::<A>(&z), &self.neurons.height);
        }
        N
    }
}

#[inline(always)]
fn weighted<A: Arithmetic>(values: &Lanes, weights: &Lanes) -> f32 {
    let products: Lanes = std::array::from_fn(|i| values[i] * weights[i]);
    let [a, b, c, d, e, f, g, h] = products;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}
