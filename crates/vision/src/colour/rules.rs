//! The arithmetic of colours, row by row: three ways in which libswscale computes and rounds.
//!
//! All are ITU-R BT.601. They differ in their rounding, and in whether two neighbours share chroma.
//! Where the values of a row come from is not said here.

use super::format::Range;
use crate::simd::vectorised;
use crate::simd::words::{WORDS, Words};

/// Pixels that are worked on together by [`by_eighths`].
pub(super) const BLOCK: usize = 2 * WORDS;

/// Factors in 1/8192 that make a colour of luma and chroma.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    /// Luma that is black.
    pub black: i16,
    /// Of luma, in all three colours.
    luma: i16,
    /// Of the first chroma in blue.
    blue_u: i16,
    /// Of the first chroma in green.
    green_u: i16,
    /// Of the second chroma in green.
    green_v: i16,
    /// Of the second chroma in red.
    red_v: i16,
}

impl Factors {
    pub(super) fn of(range: Range) -> Self {
        match range {
            Range::Limited => Self {
                black: 16,
                luma: 9539,
                blue_u: 16525,
                green_u: -3209,
                green_v: -6660,
                red_v: 13075,
            },
            Range::Full => Self {
                black: 0,
                luma: 8192,
                blue_u: 14516,
                green_u: -2819,
                green_v: -5850,
                red_v: 11485,
            },
        }
    }
}

/// Values of a row: one luma for each pixel, and chroma for each pixel or for every second one.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub luma: Vec<i16>,
    pub u: Vec<i16>,
    pub v: Vec<i16>,
}

impl Row {
    /// Makes room for so many blocks of pixels, two of which share chroma.
    pub(super) fn resize(&mut self, blocks: usize) {
        self.luma.resize(blocks * BLOCK, 0);
        self.u.resize(blocks * BLOCK / 2, 0);
        self.v.resize(blocks * BLOCK / 2, 0);
    }
}

/// Blue, green and red of a block.
type Pixels = [u8; 3 * BLOCK];

// No closures: they would not be compiled for the instructions that they use.
#[inline(always)]
fn by_eighths<S: Words>(simd: S, row: &Row, factors: &Factors, pixels: &mut [Pixels]) {
    let luma_factor = simd.all(factors.luma);
    let blue_u = simd.all(factors.blue_u);
    let (green_u, green_v) = (simd.all(factors.green_u), simd.all(factors.green_v));
    let red_v = simd.all(factors.red_v);
    let lumas = row.luma.as_chunks::<WORDS>().0.as_chunks::<2>().0;
    let us = row.u.as_chunks::<WORDS>().0;
    let vs = row.v.as_chunks::<WORDS>().0;
    for (((pixels, luma), u), v) in pixels.iter_mut().zip(lumas).zip(us).zip(vs) {
        let (u, v) = (simd.read(u), simd.read(v));
        let blue = simd.twice(simd.upper(u, blue_u));
        let green = simd.twice(simd.plus(simd.upper(u, green_u), simd.upper(v, green_v)));
        let red = simd.twice(simd.upper(v, red_v));
        let halves = pixels.as_chunks_mut::<{ 3 * WORDS }>().0;
        for (half, (luma, pixels)) in luma.iter().zip(halves).enumerate() {
            let bright = simd.upper(simd.read(luma), luma_factor);
            let planes = [
                simd.to_bytes(simd.plus(bright, blue[half])),
                simd.to_bytes(simd.plus(bright, green[half])),
                simd.to_bytes(simd.plus(bright, red[half])),
            ];
            simd.interleave(&planes, pixels);
        }
    }
}

vectorised! {
    /// As libswscale's vector code: values are in eighths of a step, luma less black, chroma less
    /// grey and shared by two pixels; every product loses its lower 16 bits. Rows must be filled up
    /// to whole blocks.
    pub(super) fn eighths(row: &Row, factors: &Factors, pixels: &mut [Pixels]) = by_eighths;
}

/// As libswscale's portable code, which it falls back on for the last two rows of some pictures:
/// chroma moves a pixel along a table of brightness, by whole places.
#[derive(Debug)]
pub(super) struct Tables {
    /// The brightness of luma -512 to 767.
    brightness: Vec<u8>,
    blue_u: [i32; 256],
    green_u: [i32; 256],
    green_v: [i32; 256],
    red_v: [i32; 256],
}

impl Tables {
    const BELOW: i32 = 512;
    const ABOVE: i32 = 768;

    pub(super) fn of(range: Range) -> Self {
        // In 1/65536: BT.601's factors for 224 steps of chroma, and luma's in `step`.
        let [blue_u, green_u, green_v, red_v] = [132_201_i64, -25_675, -53_279, 104_597];
        let (step, black, offset) = match range {
            Range::Limited => ((1 << 16) * 255 / 219, 16 << 16, 326),
            Range::Full => (1 << 16, 0, 384),
        };
        let places = |factor: i64| -> [i32; 256] {
            let factor = match range {
                Range::Limited => factor,
                Range::Full => factor * 224 / 255,
            };
            let places = ((factor << 16) + 0x8000) / step;
            std::array::from_fn(|i| (((i as i64 * places) >> 16) - (places >> 9)) as i32)
        };
        let brightness = (-Self::BELOW..Self::ABOVE)
            .map(|luma| {
                let value = step * i64::from(luma + offset) - (384 << 16) - black;
                ((value + 0x8000) >> 16).clamp(0, 255) as u8
            })
            .collect();
        Self {
            brightness,
            blue_u: places(blue_u),
            green_u: places(green_u),
            green_v: places(green_v),
            red_v: places(red_v),
        }
    }

    /// Values are in whole steps, 0 to 255; chroma is shared by two pixels.
    pub(super) fn convert(&self, row: &Row, pixels: &mut [[u8; 3]]) {
        for (i, (pixel, &luma)) in pixels.iter_mut().zip(&row.luma).enumerate() {
            let (u, v) = (row.u[i / 2] as usize, row.v[i / 2] as usize);
            let at =
                |places: i32| self.brightness[(i32::from(luma) + places + Self::BELOW) as usize];
            *pixel = [
                at(self.blue_u[u]),
                at(self.green_u[u] + self.green_v[v]),
                at(self.red_v[v]),
            ];
        }
    }
}

/// As libswscale does where each pixel has chroma of its own. `luma` is in 1/128 of a step; `u` and `v`
/// are less grey, in 1/512 of a step. Sums that do not fit into 32 bits wrap, as they do there: extreme
/// colours that cannot be shown come out as 0.
pub(super) fn each_its_own(
    factors: &Factors,
    luma: &[i16],
    chroma: [&[i32]; 2],
    pixels: &mut [[u8; 3]],
) {
    let [us, vs] = chroma;
    for (((pixel, &luma), &u), &v) in pixels.iter_mut().zip(luma).zip(us).zip(vs) {
        let luma = 4 * i32::from(luma) - (i32::from(factors.black) << 9);
        let bright = (luma * i32::from(factors.luma)).wrapping_add(1 << 21);
        let product = |chroma: i32, factor: i16| chroma.wrapping_mul(i32::from(factor));
        let green = product(u, factors.green_u).wrapping_add(product(v, factors.green_v));
        let sums = [
            bright.wrapping_add(product(u, factors.blue_u)),
            bright.wrapping_add(green),
            bright.wrapping_add(product(v, factors.red_v)),
        ];
        *pixel = sums.map(|sum| (sum.clamp(0, (1 << 30) - 1) >> 22) as u8);
    }
}
