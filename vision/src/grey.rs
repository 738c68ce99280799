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
                let pixels = &frame.row(y)[3 * region.left..3 * region.right];
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

    /// The grey value at column `x`, row `y` of the frame; 0 outside the frame.
    #[inline]
    pub fn pixel(&self, x: i32, y: i32) -> u8 {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return 0;
        };
        if x >= self.frame.width() || y >= self.frame.height() {
            return 0;
        }
        let row = self.frame.row(y);
        luma([row[3 * x], row[3 * x + 1], row[3 * x + 2]])
    }

    /// The converted pixels (row after row, `region().right - region().left` each).
    #[inline]
    pub fn converted(&self) -> &'a [u8] {
        self.data
    }
}
