//! Cutting the face out along a mesh: every triangle of landmarks is drawn, by its own affine map,
//! where a frontal (or turned) reference face has that triangle.
//!
//! The result is the reference face's pixels as one vector with the lighting taken out; what a
//! network makes of it is not known here.

use crate::analysis::LANDMARKS;
use crate::grey::{interpolate, luma};
use crate::image::BgrView;
use crate::model_file::{BinaryReader, ModelFileError};
use crate::rounding::whole;

/// Side of the square reference image.
pub(super) const SIDE: usize = 60;

/// The most triangles a mesh of 68 points can sensibly have.
const MOST_TRIANGLES: usize = 4 * LANDMARKS;

/// A triangle of landmarks and the coefficients that place a reference pixel in it.
#[derive(Debug, Clone)]
struct Triangle {
    corners: [usize; 3],
    /// The share of the edge from the first to the second corner is `alpha · (1, x, y)`.
    alpha: [f64; 3],
    /// The share of the edge from the first to the third corner is `beta · (1, x, y)`.
    beta: [f64; 3],
}

/// A pixel of the reference face.
#[derive(Debug, Clone)]
struct Pixel {
    triangle: usize,
    /// Position in the reference frame that the triangles' coefficients belong to.
    x: f64,
    y: f64,
    /// Index in the 60x60 image, row-major.
    index: usize,
    /// Expected value and spread of the normalised pixel in training.
    mean: f32,
    inverse_deviation: f32,
}

/// How to cut out the face for one orientation of the head.
#[derive(Debug, Clone)]
pub(super) struct Warp {
    triangles: Vec<Triangle>,
    /// In the order in which the training statistics are stored: column by column.
    pixels: Vec<Pixel>,
}

/// Mean and standard deviation of every pixel in training, as stored before the network.
pub(super) struct Statistics {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Statistics {
    pub(super) fn read(
        reader: &mut BinaryReader<'_>,
        context: &str,
    ) -> Result<Self, ModelFileError> {
        Ok(Self {
            mean: reader.matrix(context)?.data,
            deviation: reader.matrix(context)?.data,
        })
    }
}

impl Warp {
    /// Reads the mesh that follows the network: number of pixels, origin of the reference frame,
    /// reference landmarks, triangles, map of triangles, mask, and the triangles' coefficients.
    pub(super) fn read(
        reader: &mut BinaryReader<'_>,
        statistics: &Statistics,
        context: &str,
    ) -> Result<Self, ModelFileError> {
        let wrong = |reason: &str| ModelFileError::new(context, reason);
        let count = reader.count(context, SIDE * SIDE)?;
        let min_x = reader.f64(context)?;
        let min_y = reader.f64(context)?;
        reader
            .matrix(context)?
            .expect_shape(context, 2 * LANDMARKS, 1)?;
        let corners = reader.matrix(context)?;
        let number = corners.rows;
        if number > MOST_TRIANGLES {
            return Err(wrong("the mesh has too many triangles"));
        }
        let corners = corners.expect_shape(context, number, 3)?;
        let ids = reader.matrix(context)?.expect_shape(context, SIDE, SIDE)?;
        let mask = reader.matrix(context)?.expect_shape(context, SIDE, SIDE)?;
        let alpha = reader.matrix(context)?.expect_shape(context, number, 3)?;
        let beta = reader.matrix(context)?.expect_shape(context, number, 3)?;

        let triangles = (0..number)
            .map(|t| {
                let three = |data: &[f64]| [data[3 * t], data[3 * t + 1], data[3 * t + 2]];
                let corners = three(&corners.data);
                if corners
                    .iter()
                    .any(|&c| !(0.0..LANDMARKS as f64).contains(&c))
                {
                    return Err(wrong("a triangle has a corner that is no landmark"));
                }
                Ok(Triangle {
                    corners: corners.map(|c| c as usize),
                    alpha: three(&alpha.data),
                    beta: three(&beta.data),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;

        let mut pixels = Vec::with_capacity(count);
        for column in 0..SIDE {
            for row in 0..SIDE {
                let index = row * SIDE + column;
                if mask.data[index] == 0.0 {
                    continue;
                }
                let id = ids.data[index];
                if !(0.0..number as f64).contains(&id) {
                    return Err(wrong("a pixel of the face belongs to no triangle"));
                }
                let (Some(&mean), Some(&deviation)) = (
                    statistics.mean.get(pixels.len()),
                    statistics.deviation.get(pixels.len()),
                ) else {
                    return Err(wrong("the mask has more pixels than the statistics"));
                };
                if deviation.is_nan() || deviation <= 0.0 {
                    return Err(wrong("a standard deviation is not positive"));
                }
                pixels.push(Pixel {
                    triangle: id as usize,
                    x: column as f64 + min_x,
                    y: row as f64 + min_y,
                    index,
                    mean: mean as f32,
                    inverse_deviation: (1.0 / deviation) as f32,
                });
            }
        }
        if pixels.is_empty() || pixels.len() != count || count != statistics.mean.len() {
            return Err(wrong("mask and statistics are not of the same size"));
        }
        Ok(Self { triangles, pixels })
    }

    /// Draws the face into the 60x60 `image` (row-major, zero outside the mask): sampled as
    /// 8-bit grey, brought to mean 0 and variance 1, then compared with training pixel by pixel.
    /// Returns false when the landmarks span next to nothing inside the frame.
    pub(super) fn cut_out(
        &self,
        frame: &BgrView<'_>,
        landmarks: &[f32; 2 * LANDMARKS],
        values: &mut Vec<f32>,
        image: &mut [f32],
    ) -> bool {
        let Some(window) = Window::around(frame, landmarks) else {
            return false;
        };
        // Per triangle the affine map from reference to frame, as (constant, x, y) coefficients.
        let mut maps = [([0.0_f64; 3], [0.0_f64; 3]); MOST_TRIANGLES];
        for (map, triangle) in maps.iter_mut().zip(&self.triangles) {
            let [i, j, k] = triangle.corners;
            for (coefficients, axis) in [(&mut map.0, 0), (&mut map.1, LANDMARKS)] {
                let corner = |c: usize| f64::from(landmarks[axis + c]);
                let (along, across) = (corner(j) - corner(i), corner(k) - corner(i));
                for (c, coefficient) in coefficients.iter_mut().enumerate() {
                    *coefficient = along * triangle.alpha[c] + across * triangle.beta[c];
                }
                coefficients[0] += corner(i);
            }
        }

        values.clear();
        values.extend(self.pixels.iter().map(|pixel| {
            let (x, y) = &maps[pixel.triangle];
            let at = |c: &[f64; 3]| c[0] + c[1] * pixel.x + c[2] * pixel.y;
            window.sample(frame, at(x), at(y))
        }));

        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let variance = values
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>()
            / count;
        let scale = if variance > 0.0 {
            1.0 / variance.sqrt()
        } else {
            1.0
        };
        image.fill(0.0);
        for (&value, pixel) in values.iter().zip(&self.pixels) {
            let normalised = ((f64::from(value) - mean) * scale) as f32;
            image[pixel.index] = (normalised - pixel.mean) * pixel.inverse_deviation;
        }
        true
    }
}

/// The part of the frame that is looked at; everything outside counts as black.
struct Window {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Window {
    /// The landmarks' box, three pixels wider on every side, inside the frame. The last row and
    /// column of the frame are never part of it, as in OpenFace.
    fn around(frame: &BgrView<'_>, landmarks: &[f32; 2 * LANDMARKS]) -> Option<Self> {
        let (xs, ys) = landmarks.split_at(LANDMARKS);
        let span = |values: &[f32], size: usize| {
            let last = i64::try_from(size).ok()? - 1;
            let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
            for &value in values {
                if !value.is_finite() {
                    return None;
                }
                low = low.min(value);
                high = high.max(value);
            }
            let low = ((low - 3.0) as i64).clamp(0, last.max(0));
            let high = ((high + 3.0) as i64).clamp(0, last.max(0));
            (high - low > 1).then_some((low, high))
        };
        let (left, right) = span(xs, frame.width())?;
        let (top, bottom) = span(ys, frame.height())?;
        Some(Self {
            left,
            top,
            right,
            bottom,
        })
    }

    /// The grey value at (`x`, `y`), bilinear between pixels in steps of 1/32 as OpenCV has it.
    ///
    /// Pixels are turned grey one by one as they are needed: at any resolution of the frame fewer
    /// than 11,000 of them are.
    fn sample(&self, frame: &BgrView<'_>, x: f64, y: f64) -> f32 {
        let [x, y] = [x, y].map(|v| whole(v * 32.0) as i32);
        let (column, row) = (i64::from(x >> 5), i64::from(y >> 5));
        let taps = if (self.left..self.right - 1).contains(&column)
            && (self.top..self.bottom - 1).contains(&row)
        {
            [0, 1].map(|down| {
                let (row, column) = (row as usize + down, column as usize);
                let pixels = frame.span(row, column..column + 2).as_chunks::<3>().0;
                [0, 1].map(|right| luma(pixels[right]))
            })
        } else {
            [0, 1].map(|down| [0, 1].map(|right| self.pixel(frame, column + right, row + down)))
        };
        interpolate(taps.map(|row| row.map(f32::from)), x, y)
    }

    /// The grey value of one pixel, black outside.
    fn pixel(&self, frame: &BgrView<'_>, column: i64, row: i64) -> u8 {
        if (self.left..self.right).contains(&column) && (self.top..self.bottom).contains(&row) {
            luma(frame.pixel(column as usize, row as usize))
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landmarks_in(low: f32, high: f32) -> [f32; 2 * LANDMARKS] {
        std::array::from_fn(|i| if i % 2 == 0 { low } else { high })
    }

    #[test]
    fn the_window_stays_inside_the_frame_and_refuses_what_is_too_small() {
        let data = vec![0; 3 * 40 * 30];
        let frame = BgrView::new(&data, 40, 30, 120).unwrap();
        let window = Window::around(&frame, &landmarks_in(-5.0, 50.0)).unwrap();
        assert_eq!((window.left, window.right), (0, 39));
        assert_eq!((window.top, window.bottom), (0, 29));
        assert!(Window::around(&frame, &landmarks_in(50.0, 60.0)).is_none());
        assert!(Window::around(&frame, &landmarks_in(f32::NAN, 60.0)).is_none());
        assert!(Window::around(&frame, &landmarks_in(f32::NEG_INFINITY, 60.0)).is_none());
        let empty = BgrView::new(&[], 0, 0, 0).unwrap();
        assert!(Window::around(&empty, &landmarks_in(0.0, 10.0)).is_none());
    }

    #[test]
    fn samples_are_interpolated_and_black_outside() {
        // A ramp of 2 grey levels per column.
        let data: Vec<u8> = (0..30 * 40).flat_map(|i| [(i % 40 * 2) as u8; 3]).collect();
        let frame = BgrView::new(&data, 40, 30, 120).unwrap();
        let window = Window::around(&frame, &landmarks_in(5.0, 20.0)).unwrap();
        assert_eq!(window.sample(&frame, 10.0, 10.0), 20.0);
        assert_eq!(window.sample(&frame, 10.25, 10.7), 20.5);
        assert_eq!(window.sample(&frame, 2.0, 1.0), 0.0, "above the window");
        assert_eq!(window.sample(&frame, 1.5, 10.0), 2.0, "half outside");
    }
}
