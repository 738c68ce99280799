//! What convolutional experts networks say about a window of positions.
//!
//! Only every other position is evaluated, as on the black squares of a chess board whose corners
//! are white; the others become the mean of their neighbours. (The centre is white.)

use super::super::SUPPORT;
use super::super::area::Area;
use super::super::patches::PatchStatistics;
use super::super::{Request, Responses};
use super::CenExperts;
use super::network::{INPUTS, Network, NetworkScratch};
use crate::grey::GreyImage;
use crate::simd::{Simd, vectorised};

/// The buffers of one evaluation.
#[derive(Debug, Clone, Default)]
pub(crate) struct CenScratch {
    statistics: PatchStatistics,
    patches: Vec<f32>,
    results: Vec<f32>,
    network: NetworkScratch,
}

impl CenExperts {
    /// Computes the responses of all visible landmarks.
    pub(crate) fn respond(
        &self,
        grey: &GreyImage<'_>,
        request: &Request<'_>,
        area: &mut Area,
        scratch: &mut CenScratch,
        responses: &mut Responses,
    ) {
        let window = request.window;
        for task in &self.tasks[request.view] {
            let Some(network) = &self.networks[task.view][task.landmark] else {
                continue;
            };
            let served = [(task.direct, false), (task.mirrored, true)];
            let served = || {
                served
                    .into_iter()
                    .filter_map(|(landmark, mirrored)| Some((landmark?, mirrored)))
            };
            scratch.patches.clear();
            for (landmark, mirrored) in served() {
                area.sample_for(grey, request, landmark);
                if mirrored {
                    area.flip();
                }
                extract(area, &mut scratch.statistics, &mut scratch.patches);
            }
            run(network, scratch);
            let count = evaluated(window).count();
            for ((landmark, mirrored), results) in served().zip(scratch.results.chunks_exact(count))
            {
                let map = responses.map_mut(landmark);
                for ((x, y), &result) in evaluated(window).zip(results) {
                    let x = if mirrored { window - 1 - x } else { x };
                    map[y * window + x] = result;
                }
                fill_in(window, map);
            }
        }
    }
}

/// The positions (x, y) that are evaluated, row by row.
fn evaluated(window: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..window).flat_map(move |y| {
        let first = 1 - y % 2;
        (first..window).step_by(2).map(move |x| (x, y))
    })
}

/// Gives the other positions the mean of their neighbours above, below, left and right.
fn fill_in(window: usize, map: &mut [f32]) {
    for y in 0..window {
        for x in (y % 2..window).step_by(2) {
            let at = y * window + x;
            let neighbours = [
                (x > 0).then(|| at - 1),
                (x + 1 < window).then(|| at + 1),
                (y > 0).then(|| at - window),
                (y + 1 < window).then(|| at + window),
            ];
            let (mut sum, mut count) = (0.0, 0.0);
            for at in neighbours.into_iter().flatten() {
                sum += map[at];
                count += 1.0;
            }
            map[at] = sum / count;
        }
    }
}

vectorised! {
    /// Appends the patches at the evaluated positions, each row after row, with mean zero and
    /// length one.
    fn extract(area: &Area, statistics: &mut PatchStatistics, patches: &mut Vec<f32>) = extract_with;
}

#[inline(always)]
fn extract_with<S: Simd>(
    _simd: S,
    area: &Area,
    statistics: &mut PatchStatistics,
    patches: &mut Vec<f32>,
) {
    let side = area.side();
    let window = side - (SUPPORT - 1);
    statistics.measure(area);
    let start = patches.len();
    patches.resize(start + evaluated(window).count() * INPUTS, 0.0);
    let patches = patches[start..].as_chunks_mut::<INPUTS>().0;
    for ((x, y), patch) in evaluated(window).zip(patches) {
        let mean = statistics.means()[y * window + x];
        let inverse_length = statistics.inverse_lengths()[y * window + x];
        let rows = area.values()[y * side + x..].chunks(side);
        for (row, pixels) in patch.as_chunks_mut::<SUPPORT>().0.iter_mut().zip(rows) {
            for (value, pixel) in row.iter_mut().zip(pixels) {
                *value = (pixel - mean) * inverse_length;
            }
        }
    }
}

vectorised! {
    fn run(network: &Network, scratch: &mut CenScratch) = run_with;
}

#[inline(always)]
fn run_with<S: Simd>(simd: S, network: &Network, scratch: &mut CenScratch) {
    let CenScratch {
        patches,
        results,
        network: layers,
        ..
    } = scratch;
    results.resize(patches.len() / INPUTS, 0.0);
    network.run(simd, patches, layers, results);
}
