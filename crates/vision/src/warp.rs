//! Affine and axis-aligned warps of a colour image, bit for bit as OpenCV 4 does them.
//!
//! OpenCV samples on a grid of 1/32 pixel with weights in fixed point; descriptors downstream are
//! sensitive to that, so it is reproduced exactly: linear interpolation, black outside the image
//! (other warps may have the edge go on). Where the matrix comes from is not known here.

use crate::image::BgrView;
use crate::rounding::whole;
use crate::simd::pixels::{PixelPair, mix};

/// Fractions of a pixel that are told apart.
const STEPS: i32 = 32;
/// Fixed-point scale of the coordinates before they are rounded to 1/32.
const COORDINATE_SCALE: f64 = 1024.0;

/// Samples `source` where columns at `xs` cross rows at `ys` (all in 1/32 px) and hands over each
/// pixel with its place, row by row: a warp without rotation, whose coordinates the caller rounds.
pub fn sample_grid(
    source: &BgrView<'_>,
    xs: &[i32],
    ys: &[i32],
    mut put: impl FnMut(usize, [u8; 3]),
) {
    for (row, &y) in ys.iter().enumerate() {
        for (column, &x) in xs.iter().enumerate() {
            put(row * xs.len() + column, sample::<false>(source, x, y));
        }
    }
}

/// Warps colour images to a fixed size.
#[derive(Debug, Clone)]
pub struct AffineWarp {
    width: usize,
    height: usize,
    /// What x adds to the source coordinates, per column, in 1/1024 px.
    by_column: Vec<[i32; 2]>,
}

impl AffineWarp {
    /// A warp whose results are `width` x `height` pixels.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            by_column: vec![[0; 2]; width],
        }
    }

    /// Warps `source` into `out` (`height` rows of `width` B, G, R pixels).
    ///
    /// `matrix` holds two rows of three and takes source coordinates to destination coordinates.
    /// Where `keep` (one value per pixel of the result) is false, the pixel becomes black and the
    /// source is not looked at.
    ///
    /// # Panics
    /// When `keep` or `out` has not the size of the result.
    pub fn run(&mut self, source: &BgrView<'_>, matrix: &[f32; 6], keep: &[bool], out: &mut [u8]) {
        assert_eq!(keep.len(), self.width * self.height);
        assert_eq!(out.len(), 3 * keep.len());
        out.fill(0);
        let [a00, a01, b0, a10, a11, b1] = invert(matrix);
        for (x, by_column) in self.by_column.iter_mut().enumerate() {
            *by_column = [a00, a10].map(|a| fixed(a * x as f64));
        }
        let rows = out.chunks_exact_mut(3 * self.width);
        for (y, (row, keep)) in rows.zip(keep.chunks_exact(self.width)).enumerate() {
            // Half of 1/32 px, so that the shift below rounds.
            let half = (COORDINATE_SCALE as i32 / STEPS) / 2;
            let start =
                [a01 * y as f64 + b0, a11 * y as f64 + b1].map(|v| fixed(v).wrapping_add(half));
            let pixels = row.as_chunks_mut::<3>().0;
            for ((pixel, by_column), _) in pixels
                .iter_mut()
                .zip(&self.by_column)
                .zip(keep)
                .filter(|(_, keep)| **keep)
            {
                let [x, y] = [0, 1].map(|i| start[i].wrapping_add(by_column[i]) >> 5);
                *pixel = sample::<false>(source, x, y);
            }
        }
    }
}

/// The inverse of an affine map; a map that has none becomes one to a single point.
fn invert(matrix: &[f32; 6]) -> [f64; 6] {
    let [m00, m01, m02, m10, m11, m12] = matrix.map(f64::from);
    let determinant = m00 * m11 - m01 * m10;
    let d = if determinant == 0.0 {
        0.0
    } else {
        1.0 / determinant
    };
    let (i00, i01, i10, i11) = (m11 * d, -m01 * d, -m10 * d, m00 * d);
    [
        i00,
        i01,
        -i00 * m02 - i01 * m12,
        i10,
        i11,
        -i10 * m02 - i11 * m12,
    ]
}

/// To 1/1024 px, half to even; what does not fit saturates and lies far outside any image.
#[inline]
pub(crate) fn fixed(value: f64) -> i32 {
    whole(value * COORDINATE_SCALE) as i32
}

/// What there is around an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outside {
    /// Black pixels.
    Black,
    /// The nearest pixel of the image.
    Edge,
}

/// The colour at (x, y), in 1/32 px; outside the image black, or that of the nearest pixel.
#[inline]
pub(crate) fn sample<const EDGE: bool>(source: &BgrView<'_>, x: i32, y: i32) -> [u8; 3] {
    let (left, top) = (x >> 5, y >> 5);
    let (alpha, beta) = ((x & 31) as i16, (y & 31) as i16);
    let along = [STEPS as i16 - alpha, alpha];
    let [upper, lower] = taps::<EDGE>(source, left, top);
    let upper = mix(&upper, along.map(|weight| weight * (STEPS as i16 - beta)));
    let lower = mix(&lower, along.map(|weight| weight * beta));
    // The weights add up to 1024.
    [0, 1, 2].map(|c| ((upper[c] + lower[c] + 512) >> 10) as u8)
}

/// The four pixels from (left, top) on: this one and the one to the right, and the two below.
#[inline]
fn taps<const EDGE: bool>(source: &BgrView<'_>, left: i32, top: i32) -> [PixelPair; 2] {
    // A pair is two bytes longer than two pixels.
    let inside = (0..source.width() as i64 - 2).contains(&i64::from(left))
        && (0..source.height() as i64 - 1).contains(&i64::from(top));
    if inside {
        let (left, top) = (left as usize, top as usize);
        let rows = [0, 1].map(|down| source.span(top + down, left..left + 3).first_chunk());
        if let [Some(upper), Some(lower)] = rows {
            return [*upper, *lower];
        }
    }
    [0, 1].map(|down| {
        let mut pair = PixelPair::default();
        for (right, pixel) in pair.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let (x, y) = (i64::from(left) + right as i64, i64::from(top) + down);
            *pixel = if EDGE {
                nearest_pixel(source, x, y)
            } else {
                pixel_or_black(source, x, y)
            };
        }
        pair
    })
}

fn pixel_or_black(source: &BgrView<'_>, x: i64, y: i64) -> [u8; 3] {
    match (usize::try_from(x), usize::try_from(y)) {
        (Ok(x), Ok(y)) if x < source.width() && y < source.height() => source.pixel(x, y),
        _ => [0; 3],
    }
}

fn nearest_pixel(source: &BgrView<'_>, x: i64, y: i64) -> [u8; 3] {
    let inside = |at: i64, length: usize| at.clamp(0, (length as i64 - 1).max(0));
    let (x, y) = (inside(x, source.width()), inside(y, source.height()));
    pixel_or_black(source, x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picture() -> Vec<u8> {
        (0..8 * 6 * 3).map(|i| (i * 37 % 256) as u8).collect()
    }

    fn warp(matrix: [f32; 6], width: usize, height: usize) -> Vec<u8> {
        let data = picture();
        let source = BgrView::new(&data, 8, 6, 24).unwrap();
        let mut out = vec![1; 3 * width * height];
        let keep = vec![true; width * height];
        AffineWarp::new(width, height).run(&source, &matrix, &keep, &mut out);
        out
    }

    #[test]
    fn coordinates_are_rounded_half_to_even() {
        let unit = 1.0 / COORDINATE_SCALE;
        for (value, expected) in [
            (0.5, 0),
            (1.5, 2),
            (2.5, 2),
            (-0.5, 0),
            (-1.5, -2),
            (7.4, 7),
        ] {
            assert_eq!(fixed(value * unit), expected, "{value}");
        }
        assert_eq!(fixed(123_456.789), 126_419_752);
        for huge in [3e6, 1e15, 1e300, f64::INFINITY] {
            assert_eq!((fixed(huge), fixed(-huge)), (i32::MAX, i32::MIN));
        }
        assert_eq!(fixed(f64::NAN), 0);
    }

    #[test]
    fn the_identity_changes_nothing() {
        assert_eq!(warp([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 8, 6), picture());
    }

    #[test]
    fn a_shift_shows_black_where_the_image_ends() {
        let shifted = warp([1.0, 0.0, 2.0, 0.0, 1.0, -1.0], 8, 6);
        let source = picture();
        for (y, row) in shifted.chunks_exact(24).enumerate() {
            for (x, pixel) in row.chunks_exact(3).enumerate() {
                let expected = if x < 2 || y == 5 {
                    &[0; 3]
                } else {
                    &source[24 * (y + 1) + 3 * (x - 2)..][..3]
                };
                assert_eq!(pixel, expected, "{x} {y}");
            }
        }
    }

    #[test]
    fn half_a_pixel_is_the_mean_of_two() {
        let source = picture();
        let halfway = warp([1.0, 0.0, -0.5, 0.0, 1.0, 0.0], 7, 6);
        for y in 0..6 {
            for i in 0..21 {
                let [a, b] = [0, 3].map(|next| u32::from(source[24 * y + i + next]));
                assert_eq!(u32::from(halfway[21 * y + i]), (a + b).div_ceil(2));
            }
        }
    }

    #[test]
    fn what_is_not_kept_is_black() {
        let data = picture();
        let source = BgrView::new(&data, 8, 6, 24).unwrap();
        let keep: Vec<bool> = (0..48).map(|i| i % 3 == 0).collect();
        let mut out = vec![1; 144];
        AffineWarp::new(8, 6).run(&source, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &keep, &mut out);
        for (i, pixel) in out.chunks_exact(3).enumerate() {
            let expected = if keep[i] {
                &data[3 * i..][..3]
            } else {
                &[0; 3]
            };
            assert_eq!(pixel, expected);
        }
    }

    #[test]
    fn a_grid_without_fractions_picks_pixels() {
        let data = picture();
        let source = BgrView::new(&data, 8, 6, 24).unwrap();
        let mut seen = Vec::new();
        sample_grid(&source, &[-32, 64, 80], &[32, i32::MAX], |i, pixel| {
            seen.push((i, pixel));
        });
        let at = |x: usize| [0, 1, 2].map(|c| data[24 + 3 * x + c]);
        let between = [0, 1, 2].map(|c| {
            let [a, b] = [at(2)[c], at(3)[c]].map(u32::from);
            (a + b).div_ceil(2) as u8
        });
        let black = [0; 3];
        let expected = [black, at(2), between, black, black, black];
        assert!(seen.iter().copied().eq(expected.into_iter().enumerate()));
    }

    proptest! {
        #[test]
        fn any_matrix_gives_an_image(matrix in prop::array::uniform6(any::<f32>())) {
            warp(matrix, 9, 5);
        }
    }
}
