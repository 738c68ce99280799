//! The chroma of one row of a picture, made of the rows of a subsampled plane.
//!
//! Values are fitted into 15 bits before they are weighted. What rule wants them in which unit is
//! said in [`super::rules`].

use super::format::Planes;
use super::values::{Scale, add_upper};
use super::weights::{Taps, Weights};

/// Luma and chroma are fitted into so many bits before they are weighted.
pub(super) const BITS: u32 = 15;
/// What the weights of rows sum up to.
pub(super) const ROWS_SUM: i32 = 1 << 12;
/// What the weights of columns sum up to.
pub(super) const COLUMNS_SUM: i32 = 1 << 14;

/// How rows of a plane become one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mix<'a> {
    /// It is this one.
    One(usize),
    /// The mean of this one and the next.
    Mean(usize),
    /// Their weighted sum.
    Sum { taps: &'a Taps, count: usize },
}

impl<'a> Mix<'a> {
    /// Where one row is enough, or nearly two are, libswscale does without products.
    pub(super) fn of(weights: &'a Weights, row: usize) -> Self {
        let taps = weights.of(row);
        match (weights.taps, taps.weights[1]) {
            (1, _) | (2, 0..2048) => Self::One(taps.first),
            (2, 2048..=ROWS_SUM) => Self::Mean(taps.first),
            (count, _) => Self::Sum { taps, count },
        }
    }

    pub(super) fn is_sum(self) -> bool {
        matches!(self, Self::Sum { .. })
    }
}

/// One of the two chromas of a picture.
pub(super) struct Plane<'a, 'b> {
    pub planes: &'a Planes<'b>,
    /// 0 or 1.
    pub which: usize,
}

/// Memory for rows on their way.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    row: Vec<i16>,
    other: Vec<i16>,
    sums: Vec<i32>,
}

impl Plane<'_, '_> {
    /// Into 15 bits.
    fn scale(&self) -> Scale {
        Scale {
            factor: 1 << (BITS - self.planes.format().bits()),
            plus: 0,
        }
    }

    /// In eighths of a step, less grey, from column `first` of the plane on.
    pub(super) fn eighths(
        &self,
        mix: Mix<'_>,
        first: usize,
        scratch: &mut Scratch,
        out: &mut [i16],
    ) {
        const GREY: i16 = 128 << 3;
        match mix {
            Mix::One(row) => {
                let scale = Scale {
                    factor: self.scale().factor >> 4,
                    plus: -GREY,
                };
                self.planes.chroma(self.which, row, first, scale, out);
            }
            Mix::Mean(row) => self.mean(row, first, scratch, out, |sum| (sum >> 5) as i16 - GREY),
            Mix::Sum { taps, count } => {
                // Rounded once, as each product below loses its lower bits.
                out.fill(4 - GREY);
                scratch.row.resize(out.len(), 0);
                for (row, &weight) in (taps.first..).zip(&taps.weights[..count]) {
                    let values = &mut scratch.row[..];
                    self.planes
                        .chroma(self.which, row, first, self.scale(), values);
                    // A weight is 5,000 at most.
                    add_upper(values, weight as i16, out);
                }
            }
        }
    }

    /// In whole steps, 0 to 255, from column `first` of the plane on.
    pub(super) fn whole(&self, mix: Mix<'_>, first: usize, scratch: &mut Scratch, out: &mut [i16]) {
        let whole = |value: i32| value.clamp(0, 255) as i16;
        match mix {
            Mix::One(row) => {
                self.planes
                    .chroma(self.which, row, first, self.scale(), out);
                for value in out {
                    *value = whole((i32::from(*value) + 64) >> 7);
                }
            }
            Mix::Mean(row) => self.mean(row, first, scratch, out, |sum| whole((sum + 128) >> 8)),
            Mix::Sum { taps, count } => {
                self.sums(taps, count, first, out.len(), scratch);
                for (out, sum) in out.iter_mut().zip(&scratch.sums) {
                    *out = whole((sum + (1 << 18)) >> 19);
                }
            }
        }
    }

    /// One value for each pixel from `first` on, less grey, in 1/512 of a step.
    pub(super) fn own(
        &self,
        mix: Mix<'_>,
        across: &Weights,
        first: usize,
        scratch: &mut Scratch,
        out: &mut [i32],
    ) {
        const GREY: i32 = 128 << 7;
        let mut widened = |row: usize, add: &mut dyn FnMut(usize, i32)| {
            let (columns, _) = self.planes.chroma_size();
            scratch.row.resize(columns, 0);
            let as_they_are = Scale { factor: 1, plus: 0 };
            self.planes
                .chroma(self.which, row, 0, as_they_are, &mut scratch.row);
            let shift = self.planes.format().bits() - 1;
            for i in 0..out.len() {
                let taps = across.of(first + i);
                let values = &scratch.row[taps.first..];
                let products = values.iter().zip(&taps.weights[..across.taps]);
                let sum: i32 = products.map(|(&v, &weight)| i32::from(v) * weight).sum();
                add(i, (sum >> shift).min((1 << BITS) - 1));
            }
        };
        let mut sums = std::mem::take(&mut scratch.sums);
        sums.clear();
        sums.resize(out.len(), 0);
        match mix {
            Mix::One(row) => widened(row, &mut |i, value| sums[i] = (value - GREY) * 4),
            Mix::Mean(row) => {
                for row in [row, row + 1] {
                    widened(row, &mut |i, value| sums[i] += (value - GREY) * 2);
                }
            }
            Mix::Sum { taps, count } => {
                for (row, &weight) in (taps.first..).zip(&taps.weights[..count]) {
                    widened(row, &mut |i, value| sums[i] += value * weight);
                }
                for sum in &mut sums {
                    *sum = (*sum + (1 << 9) - (GREY << 12)) >> 10;
                }
            }
        }
        out.copy_from_slice(&sums);
        scratch.sums = sums;
    }

    /// What `finish` makes of the sum of two rows.
    fn mean(
        &self,
        row: usize,
        first: usize,
        scratch: &mut Scratch,
        out: &mut [i16],
        finish: impl Fn(i32) -> i16,
    ) {
        scratch.other.resize(out.len(), 0);
        self.planes
            .chroma(self.which, row, first, self.scale(), out);
        self.planes
            .chroma(self.which, row + 1, first, self.scale(), &mut scratch.other);
        for (out, &other) in out.iter_mut().zip(&scratch.other) {
            *out = finish(i32::from(*out) + i32::from(other));
        }
    }

    /// Weighted sums of rows, into `scratch.sums`.
    fn sums(&self, taps: &Taps, count: usize, first: usize, width: usize, scratch: &mut Scratch) {
        scratch.row.resize(width, 0);
        scratch.sums.clear();
        scratch.sums.resize(width, 0);
        for (row, &weight) in (taps.first..).zip(&taps.weights[..count]) {
            self.planes
                .chroma(self.which, row, first, self.scale(), &mut scratch.row);
            for (sum, &value) in scratch.sums.iter_mut().zip(&scratch.row) {
                *sum += i32::from(value) * weight;
            }
        }
    }
}
