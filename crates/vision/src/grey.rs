//! The grey version of a frame, as OpenCV computes it, made once and shared by all who need it.
//!
//! Of a large frame only the part that is looked at is worth converting. Where that is, the caller
//! guesses; a pixel outside the guess is converted when it is asked for, so a bad guess costs time
//! and never changes a value.

use crate::image::BgrView;

/// Luma of one pixel rounded to 8 bits: ITU-R BT.601 weights in 15-bit fixed point, as OpenCV 4
/// computes it.
#[inline]
pub fn luma([b, g, r]: [u8; 3]) -> u8 {
    let [b, g, r] = [b, g, r].map(u32::from);
    // The weights add up to 2^15, so that the sum stays below 256 * 2^15.
    ((3735 * b + 19235 * g + 9798 * r + (1 << 14)) >> 15) as u8
}

/// Positions that are sampled together.
const TOGETHER: usize = 16;

/// Between four pixels: this one and the one to its right, and the two below. All products are
/// whole numbers of 1/1024 below 256, so nothing is rounded.
#[inline(always)]
pub(crate) fn interpolate([[a, b], [c, d]]: [[f32; 2]; 2], x: i32, y: i32) -> f32 {
    let [right, below] = [x, y].map(|position| (position & 31) as f32 * (1.0 / 32.0));
    let (upper, lower) = (a + right * (b - a), c + right * (d - c));
    upper + below * (lower - upper)
}

/// A part of a frame in whole pixels: `left` to `right` and `top` to `bottom`, ends excluded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// The column after the last.
    pub right: usize,
    /// The row after the last.
    pub bottom: usize,
}

impl Region {
    /// The whole of `frame`.
    pub fn whole(frame: &BgrView<'_>) -> Self {
        Self {
            left: 0,
            top: 0,
            right: frame.width(),
            bottom: frame.height(),
        }
    }

    /// The part of `frame` that holds all `landmarks` (n x, then n y, in pixels) and `margin`
    /// pixels more on every side. Landmarks that are not finite are left out.
    pub fn around(frame: &BgrView<'_>, landmarks: &[f32], margin: f32) -> Self {
        let (xs, ys) = landmarks.split_at(landmarks.len() / 2);
        let span = |values: &[f32], size: usize| {
            let finite = values.iter().filter(|v| v.is_finite());
            let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| {
                (low.min(v), high.max(v))
            });
            // The conversions saturate, and take nothing at all to an empty range.
            let start = ((low - margin).floor() as usize).min(size);
            let end = ((high + margin).ceil() as usize)
                .saturating_add(1)
                .min(size);
            if low > high {
                (0, 0)
            } else {
                (start, end.max(start))
            }
        };
        let ((left, right), (top, bottom)) = (span(xs, frame.width()), span(ys, frame.height()));
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    fn within(self, frame: &BgrView<'_>) -> Self {
        let right = self.right.min(frame.width());
        let bottom = self.bottom.min(frame.height());
        Self {
            left: self.left.min(right),
            top: self.top.min(bottom),
            right,
            bottom,
        }
    }
}

/// Keeps the memory of grey images from frame to frame.
#[derive(Debug, Clone, Default)]
pub struct GreyBuffer {
    data: Vec<u8>,
}

impl GreyBuffer {
    /// Converts `region` of `frame` (what of it lies in the frame), replacing what was converted
    /// before.
    pub fn convert<'a>(&'a mut self, frame: &BgrView<'a>, region: Region) -> GreyImage<'a> {
        let region = region.within(frame);
        let width = region.right - region.left;
        // Where the same memory is big enough already, nothing is allocated or cleared.
        self.data.resize(width * (region.bottom - region.top), 0);
        if width > 0 {
            let rows = (region.top..region.bottom).zip(self.data.chunks_exact_mut(width));
            for (y, row) in rows {
                let pixels = frame.span(y, region.left..region.right);
                for (grey, &bgr) in row.iter_mut().zip(pixels.as_chunks::<3>().0) {
                    *grey = luma(bgr);
                }
            }
        }
        GreyImage {
            frame: *frame,
            region,
            data: &self.data,
        }
    }
}

/// A frame seen in grey: 8 bits, black outside.
#[derive(Clone, Copy)]
pub struct GreyImage<'a> {
    frame: BgrView<'a>,
    /// What is converted, within the frame.
    region: Region,
    /// The converted pixels, row after row.
    data: &'a [u8],
}

impl<'a> GreyImage<'a> {
    /// The frame that is seen.
    pub fn frame(&self) -> &BgrView<'a> {
        &self.frame
    }

    /// The part that was converted beforehand.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The grey value at (`x`, `y`) in 1/32 pixel, bilinear between pixels, from 0 to 255. What
    /// lies outside the frame counts as black.
    ///
    /// The result is exact: weights are whole numbers of 1/1024.
    #[inline]
    pub fn sample(&self, x: i32, y: i32) -> f32 {
        let taps = self.taps(x >> 5, y >> 5);
        interpolate(taps.map(|row| row.map(f32::from)), x, y)
    }

    /// Samples at many positions (in 1/32 pixel), as [`sample`](Self::sample) does at one.
    ///
    /// # Panics
    /// When there are not as many `xs`, `ys` and `values`.
    pub fn sample_all(&self, xs: &[i32], ys: &[i32], values: &mut [f32]) {
        assert_eq!(xs.len(), values.len());
        assert_eq!(ys.len(), values.len());
        let positions = xs.chunks(TOGETHER).zip(ys.chunks(TOGETHER));
        for ((xs, ys), values) in positions.zip(values.chunks_mut(TOGETHER)) {
            let whole = match (xs.try_into(), ys.try_into()) {
                (Ok(xs), Ok(ys)) => self.sample_converted(xs, ys, values),
                _ => false,
            };
            if !whole {
                for ((value, &x), &y) in values.iter_mut().zip(xs).zip(ys) {
                    *value = self.sample(x, y);
                }
            }
        }
    }

    /// Samples where all taps are converted pixels; otherwise returns false.
    ///
    /// Only the loop that fetches pixels goes through the positions one by one; compilers turn
    /// the others into vector instructions.
    #[inline]
    fn sample_converted(
        &self,
        xs: &[i32; TOGETHER],
        ys: &[i32; TOGETHER],
        values: &mut [f32],
    ) -> bool {
        let width = self.region.right - self.region.left;
        let height = self.region.bottom - self.region.top;
        let (Some(last_x), Some(last_y)) = (width.checked_sub(1), height.checked_sub(1)) else {
            return false;
        };
        let mut inside = true;
        let (mut columns, mut rows) = ([0_u32; TOGETHER], [0_u32; TOGETHER]);
        for i in 0..TOGETHER {
            // Differences that go below zero wrap to huge numbers, which no comparison lets
            // through.
            columns[i] = ((xs[i] >> 5) as u32).wrapping_sub(self.region.left as u32);
            rows[i] = ((ys[i] >> 5) as u32).wrapping_sub(self.region.top as u32);
            inside &= columns[i] < last_x as u32 && rows[i] < last_y as u32;
        }
        if !inside {
            return false;
        }
        let mut taps = [[0.0_f32; TOGETHER]; 4];
        for i in 0..TOGETHER {
            let at = rows[i] as usize * width + columns[i] as usize;
            let (upper, lower) = (&self.data[at..at + 2], &self.data[at + width..][..2]);
            taps[0][i] = upper[0].into();
            taps[1][i] = upper[1].into();
            taps[2][i] = lower[0].into();
            taps[3][i] = lower[1].into();
        }
        for (i, value) in values.iter_mut().enumerate() {
            let [a, b, c, d] = [0, 1, 2, 3].map(|tap| taps[tap][i]);
            *value = interpolate([[a, b], [c, d]], xs[i], ys[i]);
        }
        true
    }

    /// The pixel at (`column`, `row`) with the one to its right, and the two below them.
    #[inline]
    fn taps(&self, column: i32, row: i32) -> [[u8; 2]; 2] {
        let width = self.region.right - self.region.left;
        // Differences that go below zero wrap to huge numbers, which no comparison lets through.
        let x = (column as usize).wrapping_sub(self.region.left);
        let y = (row as usize).wrapping_sub(self.region.top);
        let height = self.region.bottom - self.region.top;
        if x < width.saturating_sub(1) && y < height.saturating_sub(1) {
            let at = y * width + x;
            let pair = |at: usize| [self.data[at], self.data[at + 1]];
            [pair(at), pair(at + width)]
        } else {
            self.distant_taps(column, row)
        }
    }

    /// The same for taps that are not all converted.
    #[cold]
    fn distant_taps(&self, column: i32, row: i32) -> [[u8; 2]; 2] {
        [0, 1].map(|down| {
            [0, 1].map(|right| self.pixel(i64::from(column) + right, i64::from(row) + down))
        })
    }

    /// The grey value of a pixel, converted now; black outside the frame.
    fn pixel(&self, column: i64, row: i64) -> u8 {
        match (usize::try_from(column), usize::try_from(row)) {
            (Ok(x), Ok(y)) if x < self.frame.width() && y < self.frame.height() => {
                luma(self.frame.pixel(x, y))
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn luma_follows_the_usual_weights() {
        // 0.114 * 10 + 0.587 * 20 + 0.299 * 30 = 21.85
        assert_eq!(luma([10, 20, 30]), 22);
        assert_eq!(luma([255; 3]), 255);
        assert_eq!(luma([0; 3]), 0);
    }

    fn picture() -> Vec<u8> {
        (0..8 * 6 * 3).map(|i| (i * 37 % 256) as u8).collect()
    }

    #[test]
    fn samples_lie_between_the_pixels() {
        let data = picture();
        let frame = BgrView::new(&data, 8, 6, 24).unwrap();
        let mut buffer = GreyBuffer::default();
        let grey = buffer.convert(&frame, Region::whole(&frame));
        let pixel = |x: usize, y: usize| {
            let at = 24 * y + 3 * x;
            f32::from(luma([data[at], data[at + 1], data[at + 2]]))
        };
        assert_eq!(grey.sample(64, 96), pixel(2, 3));
        assert_eq!(grey.sample(80, 96), (pixel(2, 3) + pixel(3, 3)) / 2.0);
        assert_eq!(
            grey.sample(64, 104),
            0.75 * pixel(2, 3) + 0.25 * pixel(2, 4)
        );
        assert_eq!(grey.sample(-16, 0), pixel(0, 0) / 2.0);
        assert_eq!(grey.sample(7 * 32 + 8, 5 * 32 + 16), 0.375 * pixel(7, 5));
        assert_eq!(grey.sample(i32::MAX, i32::MIN), 0.0);
    }

    #[test]
    fn a_region_holds_the_landmarks_and_ends_with_the_frame() {
        let data = picture();
        let frame = BgrView::new(&data, 8, 6, 24).unwrap();
        let around = |points: &[f32], margin| Region::around(&frame, points, margin);
        let expected = Region {
            left: 1,
            top: 2,
            right: 5,
            bottom: 6,
        };
        assert_eq!(around(&[2.5, 3.0, f32::NAN, 3.5, 4.5, 4.0], 1.0), expected);
        assert_eq!(
            around(&[0.0, 100.0, -50.0, 3.0], 1e9),
            Region::whole(&frame)
        );
        assert_eq!(around(&[f32::INFINITY, 1.0], 1.0).right, 0);
        assert_eq!(around(&[], 1.0), Region::default());
    }

    proptest! {
        #[test]
        fn any_region_and_position_give_the_same_value(
            region in prop::array::uniform4(0_usize..10),
            (x, y) in (-400_i32..400, -400_i32..400),
        ) {
            let data = picture();
            let frame = BgrView::new(&data, 8, 6, 24).unwrap();
            let [left, top, right, bottom] = region;
            let (mut some, mut all) = (GreyBuffer::default(), GreyBuffer::default());
            let part = some.convert(&frame, Region { left, top, right, bottom });
            let whole = all.convert(&frame, Region::whole(&frame));
            prop_assert_eq!(part.sample(x, y), whole.sample(x, y));

            let xs: Vec<i32> = (0..40).map(|i| x / 8 + 5 * i).collect();
            let ys: Vec<i32> = (0..40).map(|i| y / 8 + 3 * i).collect();
            let mut values = vec![0.0; 40];
            part.sample_all(&xs, &ys, &mut values);
            for ((&x, &y), &value) in xs.iter().zip(&ys).zip(&values) {
                prop_assert_eq!(value, whole.sample(x, y));
            }
        }
    }
}
