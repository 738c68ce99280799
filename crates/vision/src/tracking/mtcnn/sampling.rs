//! From a rectangle of a frame to a network's input: bilinear scaling in floating point.
//!
//! Unlike the other networks' input, this one is not rounded to 8 bits in between, because that is
//! how the detector was published.

use crate::image::BgrView;
use crate::tracking::convnet::{Maps, MapsShape};
use crate::tracking::resample::Region;
use crate::tracking::taps::{RowPair, Tap, covered};

/// The networks see values from -1 to 1: (v - 127.5) / 128.
const FACTOR: f32 = 0.007_812_5;
const OFFSET: f32 = -0.996_093_75;

/// Scales rectangles; holds the tables and rows that this takes, so that they are allocated once.
#[derive(Debug, Default)]
pub struct Sampler {
    columns: Vec<Tap<f32>>,
    /// Each as three planes R, G, B.
    rows: RowPair<f32>,
}

impl Sampler {
    /// Scales `region` of `frame` to three maps (R, G, B) of `height` x `width` values from -1
    /// to 1. What lies outside the frame counts as black.
    ///
    /// # Panics
    /// When `region` or the frame is empty.
    pub fn sample(
        &mut self,
        frame: &BgrView<'_>,
        region: Region,
        (width, height): (usize, usize),
        out: &mut Maps,
    ) {
        out.reshape(MapsShape {
            channels: 3,
            height,
            width,
        });
        self.columns.clear();
        self.columns.extend((0..width).map(|x| {
            Tap::new(
                (x, width),
                region.left,
                region.width,
                frame.width(),
                |share| share,
            )
        }));
        let plane = width * height;
        let covered = covered(&self.columns);
        self.rows.begin();
        for y in 0..height {
            let tap = Tap::new(
                (y, height),
                region.top,
                region.height,
                frame.height(),
                |share| share,
            );
            let columns = &self.columns;
            let [first, second] = self.rows.get([tap.first.0, tap.second.0], |number, row| {
                let source = frame.span(number, covered.clone());
                scale_row(source, covered.start, columns, row);
            });
            let pairs = first.chunks_exact(width).zip(second.chunks_exact(width));
            for (channel, (first, second)) in pairs.enumerate() {
                let row = &mut out.data[channel * plane + y * width..][..width];
                for ((value, upper), lower) in row.iter_mut().zip(first).zip(second) {
                    let mixed = tap.first.1 * upper + tap.second.1 * lower;
                    *value = mixed * FACTOR + OFFSET;
                }
            }
        }
    }
}

/// `source` begins with column `first`.
fn scale_row(source: &[u8], first: usize, columns: &[Tap<f32>], row: &mut Vec<f32>) {
    row.resize(3 * columns.len(), 0.0);
    let pixels = source.as_chunks::<3>().0;
    let (red, rest) = row.split_at_mut(columns.len());
    let (green, blue) = rest.split_at_mut(columns.len());
    for (x, tap) in columns.iter().enumerate() {
        let (left, right) = (pixels[tap.first.0 - first], pixels[tap.second.0 - first]);
        let value =
            |c: usize| f32::from(left[c]) * tap.first.1 + f32::from(right[c]) * tap.second.1;
        (red[x], green[x], blue[x]) = (value(2), value(1), value(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn channels_are_red_green_blue_from_minus_one_to_one() {
        let data = [0, 64, 255].repeat(4);
        let frame = BgrView::new(&data, 2, 2, 6).unwrap();
        let mut out = Maps::default();
        Sampler::default().sample(&frame, Region::whole(&frame), (1, 1), &mut out);
        assert_eq!(out.data, [0.996_093_75, -0.496_093_75, -0.996_093_75]);
    }

    proptest! {
        #[test]
        fn sampling_is_bilinear(
            pixels in prop::collection::vec(any::<u8>(), 7 * 5),
            left in -9..12_i64, top in -9..12_i64,
            width in 1..9_usize, height in 1..9_usize,
            out_width in 1..12_usize, out_height in 1..12_usize,
        ) {
            let data: Vec<u8> = pixels.iter().flat_map(|&v| [v; 3]).collect();
            let frame = BgrView::new(&data, 7, 5, 21).unwrap();
            let region = Region { left, top, width, height };
            let mut out = Maps::default();
            Sampler::default().sample(&frame, region, (out_width, out_height), &mut out);
            let pixel = |x: i64, y: i64| {
                let inside = (0..7).contains(&x) && (0..5).contains(&y);
                if inside { f64::from(pixels[(y * 7 + x) as usize]) } else { 0.0 }
            };
            let source = |at: usize, count: usize, length: usize| {
                let position = (at as f64 + 0.5) * length as f64 / count as f64 - 0.5;
                let position = position.clamp(0.0, (length - 1) as f64);
                let low = position.floor();
                (low as i64, (low as i64 + 1).min(length as i64 - 1), position - low)
            };
            for (i, value) in out.data.iter().enumerate() {
                let at = i % (out_width * out_height);
                let (x0, x1, a) = source(at % out_width, out_width, width);
                let (y0, y1, b) = source(at / out_width, out_height, height);
                let along = |y: i64| (1.0 - a) * pixel(left + x0, y) + a * pixel(left + x1, y);
                let exact = (1.0 - b) * along(top + y0) + b * along(top + y1);
                let exact = (exact - 127.5) / 128.0;
                // Positions are rounded to single precision, 1e-6 px, and so are weights.
                prop_assert!((f64::from(*value) - exact).abs() < 1e-5, "{value} {exact}");
            }
        }
    }
}
