//! From a rectangle of a frame to a network's input: bilinear scaling into planes of floats.
//!
//! The arithmetic is that of OpenCV's linear resize of 8-bit images (weights in steps of 1/2048,
//! result rounded to 8 bits), because that is what the landmark network was trained and published
//! with: exact interpolation moves its landmarks by up to 0.2 pixels.

use super::taps::{RowPair, Tap, covered};
use crate::image::BgrView;
use crate::simd::pixels::mix;

/// A rectangle of pixels that may reach beyond the frame; what is outside counts as black.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Column of the leftmost pixel.
    pub left: i64,
    /// Row of the topmost pixel.
    pub top: i64,
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
}

impl Region {
    /// All of `frame`.
    pub fn whole(frame: &BgrView<'_>) -> Self {
        Self {
            left: 0,
            top: 0,
            width: frame.width(),
            height: frame.height(),
        }
    }
}

/// Full weight in the fixed-point arithmetic.
const ONE: i16 = 2048;

/// A share of 0 to 1 in steps of 1/2048.
fn fixed(share: f32) -> i16 {
    (share * f32::from(ONE)).round_ties_even() as i16
}

/// Scales rectangles; holds the tables and rows that this takes, so that they are allocated once.
#[derive(Debug, Clone, Default)]
pub struct Resampler {
    columns: Vec<Tap<i16>>,
    /// B, G, R and a filler.
    rows: RowPair<[i32; 4]>,
}

impl Resampler {
    /// Scales `region` of `frame` to `width` x `height` and hands over every value as
    /// `put(channel, index, value)`: channel 0, 1, 2 for B, G, R, index row-major.
    ///
    /// An empty region or an empty output hands over nothing.
    pub fn scale(
        &mut self,
        frame: &BgrView<'_>,
        region: Region,
        (width, height): (usize, usize),
        mut put: impl FnMut(usize, usize, u8),
    ) {
        if region.width == 0 || region.height == 0 || frame.width() == 0 || frame.height() == 0 {
            return;
        }
        if (region.width, region.height) == (width, height) && region == Region::whole(frame) {
            for y in 0..height {
                let row = frame.span(y, 0..width).as_chunks::<3>().0;
                for (x, pixel) in row.iter().enumerate() {
                    for (channel, &value) in pixel.iter().enumerate() {
                        put(channel, y * width + x, value);
                    }
                }
            }
            return;
        }
        self.columns.clear();
        self.columns.extend(
            (0..width)
                .map(|x| Tap::new((x, width), region.left, region.width, frame.width(), fixed)),
        );
        let covered = covered(&self.columns);
        self.rows.begin();
        for y in 0..height {
            let tap = Tap::new(
                (y, height),
                region.top,
                region.height,
                frame.height(),
                fixed,
            );
            let columns = &self.columns;
            let [first, second] = self.rows.get([tap.first.0, tap.second.0], |number, row| {
                let source = frame.span(number, covered.clone());
                scale_row(source, covered.start, columns, row);
            });
            let weights = [tap.first.1, tap.second.1].map(i32::from);
            for (x, (first, second)) in first.iter().zip(second).enumerate() {
                for channel in 0..3 {
                    let upper = (weights[0] * (first[channel] >> 4)) >> 16;
                    let lower = (weights[1] * (second[channel] >> 4)) >> 16;
                    put(channel, y * width + x, ((upper + lower + 2) >> 2) as u8);
                }
            }
        }
    }
}

/// `source` begins with column `first`.
fn scale_row(source: &[u8], first: usize, columns: &[Tap<i16>], row: &mut Vec<[i32; 4]>) {
    row.clear();
    row.extend(columns.iter().map(|tap| {
        let weights = [tap.first.1, tap.second.1];
        let from = 3 * (tap.first.0 - first);
        match source[from..].first_chunk() {
            Some(pixels) if tap.second.0 == tap.first.0 + 1 => mix(pixels, weights),
            // At the borders.
            _ => {
                let (first, second) = (
                    &source[from..][..3],
                    &source[3 * (tap.second.0 - first)..][..3],
                );
                let mut pixels = [0; 8];
                pixels[..3].copy_from_slice(first);
                pixels[3..6].copy_from_slice(second);
                mix(&pixels, weights)
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scaled(frame: &BgrView<'_>, region: Region, width: usize, height: usize) -> Vec<[u8; 3]> {
        let mut out = vec![[0; 3]; width * height];
        Resampler::default().scale(frame, region, (width, height), |c, i, v| out[i][c] = v);
        out
    }

    fn grey_frame(values: &[u8]) -> Vec<u8> {
        values.iter().flat_map(|&v| [v; 3]).collect()
    }

    #[test]
    fn halving_averages_pairs() {
        let data = grey_frame(&[0, 100, 200, 50]);
        let frame = BgrView::new(&data, 4, 1, 12).unwrap();
        let out = scaled(&frame, Region::whole(&frame), 2, 1);
        assert_eq!(out, [[50; 3], [125; 3]]);
    }

    #[test]
    fn doubling_keeps_the_ends_and_interpolates_between() {
        let data = grey_frame(&[0, 100]);
        let frame = BgrView::new(&data, 2, 1, 6).unwrap();
        let out = scaled(&frame, Region::whole(&frame), 4, 1);
        assert_eq!(out, [[0; 3], [25; 3], [75; 3], [100; 3]]);
    }

    #[test]
    fn outside_the_frame_is_black() {
        let data = grey_frame(&[200; 4]);
        let frame = BgrView::new(&data, 2, 2, 6).unwrap();
        let region = Region {
            left: -2,
            top: -2,
            width: 4,
            height: 4,
        };
        let out = scaled(&frame, region, 4, 4);
        for (i, pixel) in out.iter().enumerate() {
            let inside = i % 4 >= 2 && i / 4 >= 2;
            assert_eq!(*pixel, [if inside { 200 } else { 0 }; 3], "pixel {i}");
        }
        let far = Region {
            left: i64::MAX - 1,
            top: i64::MIN,
            ..region
        };
        assert_eq!(scaled(&frame, far, 3, 3), [[0; 3]; 9]);
    }

    #[test]
    fn nothing_comes_from_nothing() {
        let frame = BgrView::new(&[], 0, 0, 0).unwrap();
        assert_eq!(scaled(&frame, Region::whole(&frame), 2, 2), [[0; 3]; 4]);
    }

    proptest! {
        /// The fixed-point result is within one grey level of exact interpolation.
        #[test]
        fn scaling_is_bilinear(
            pixels in proptest::collection::vec(any::<u8>(), 7 * 5),
            left in -3..4_i64, top in -3..4_i64,
            width in 1..9_usize, height in 1..9_usize,
            out_width in 1..12_usize, out_height in 1..12_usize,
        ) {
            let data = grey_frame(&pixels);
            let frame = BgrView::new(&data, 7, 5, 21).unwrap();
            let region = Region { left, top, width, height };
            let out = scaled(&frame, region, out_width, out_height);
            let pixel = |x: i64, y: i64| {
                let inside = (0..7).contains(&x) && (0..5).contains(&y);
                if inside { f64::from(pixels[(y * 7 + x) as usize]) } else { 0.0 }
            };
            for (i, value) in out.iter().enumerate() {
                let source = |at: usize, count: usize, length: usize| {
                    let position = (at as f64 + 0.5) * length as f64 / count as f64 - 0.5;
                    let position = position.clamp(0.0, (length - 1) as f64);
                    let low = position.floor();
                    (low as i64, (low as i64 + 1).min(length as i64 - 1), position - low)
                };
                let (x0, x1, a) = source(i % out_width, out_width, width);
                let (y0, y1, b) = source(i / out_width, out_height, height);
                let along = |y: i64| (1.0 - a) * pixel(left + x0, y) + a * pixel(left + x1, y);
                let exact = (1.0 - b) * along(top + y0) + b * along(top + y1);
                prop_assert!((f64::from(value[0]) - exact).abs() <= 1.0);
                prop_assert!(value[0] == value[1] && value[1] == value[2]);
            }
        }
    }
}
