//! What a conditional neural field says about a window of positions.
//!
//! Patches are compared with their mean removed and their length made one, but never formed: each
//! neuron's filter has mean zero, so any constant may be taken off the pixels it sees, and lengths
//! follow from sums that slide over the area. Pixels are broadcast to all neurons at once.

use super::super::SUPPORT;
use super::super::area::Area;
use super::super::patches::PatchStatistics;
use super::smoothing::SmoothingScratch;
use super::{CcnfExperts, Expert, Neurons};
use crate::simd::{Simd, vectorised};

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
fn respond_with<S: Simd>(
    simd: S,
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
        add_neurons(simd, neurons, area, window, &scratch.patches, response);
    }
    let similar = experts
        .similarities
        .iter()
        .position(|s| s.window() == window);
    match similar {
        Some(i) => {
            let make = || experts.similarities[i].smoothing(expert.alpha_sum, &expert.betas);
            let smoothing = expert.smoothings[i].get_or_init(make);
            smoothing.apply(simd, &mut scratch.smoothing, response);
        }
        None => {
            let factor = (0.5 / expert.alpha_sum) as f32;
            response.iter_mut().for_each(|value| *value *= factor);
        }
    }
    lift(response);
}

/// Raises a response that falls below zero as a whole, until it does not.
#[inline(always)]
fn lift(response: &mut [f32]) {
    let least = response.iter().fold(0.0_f32, |a, &b| a.min(b));
    if least < 0.0 {
        response.iter_mut().for_each(|value| *value -= least);
    }
}

/// Adds what eight neurons say to all positions.
#[inline(always)]
fn add_neurons<S: Simd>(
    simd: S,
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
                11 => tile.add::<S, 11>(simd, response),
                9 | 10 => tile.add::<S, 9>(simd, response),
                8 => tile.add::<S, 8>(simd, response),
                7 => tile.add::<S, 7>(simd, response),
                5 | 6 => tile.add::<S, 5>(simd, response),
                3 | 4 => tile.add::<S, 3>(simd, response),
                _ => tile.add::<S, 1>(simd, response),
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
    fn add<S: Simd, const N: usize>(&self, simd: S, response: &mut [f32]) -> usize {
        const ROW: usize = MOST_TOGETHER + SUPPORT - 1;
        // Taking off a mean from the middle keeps the sums small, and so their rounding.
        let constant = self.means[N / 2];
        let mut sums = [simd.splat(0.0); N];
        let rows = self.pixels.chunks(self.side);
        for (pixels, weights) in rows.zip(self.neurons.weights.as_chunks::<SUPPORT>().0) {
            let mut row = [0.0; ROW];
            for (value, &pixel) in row[..N + SUPPORT - 1].iter_mut().zip(pixels) {
                *value = pixel - constant;
            }
            for (x, weights) in weights.iter().enumerate() {
                let weights = simd.load(weights);
                for n in 0..N {
                    sums[n] = simd.mul_add(weights, simd.splat(row[x + n]), sums[n]);
                }
            }
        }
        let bias = simd.load(&self.neurons.bias);
        let height = simd.load(&self.neurons.height);
        for n in 0..N {
            let z = simd.mul_add(sums[n], simd.splat(self.inverse_lengths[n]), bias);
            response[n] += simd.sum(simd.mul(simd.sigmoid(z), height));
        }
        N
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_below_zero_is_lifted() {
        let mut response = [0.25, -0.5, 1.0];
        lift(&mut response);
        assert_eq!(response, [0.75, 0.0, 1.5]);
        let mut positive = [0.25, 0.5];
        lift(&mut positive);
        assert_eq!(positive, [0.25, 0.5]);
    }
}
