//! Cutting a turned rectangle out of a picture, bit for bit as OpenCV's perspective warp does it.
//!
//! Pixels are mixed on a grid of 1/32 px with whole weights. The rectangle's corner falls on the
//! centre of the first pixel, not on its border, and nothing is smoothed when the result is smaller:
//! that is what the networks are used to. A rectangle that is no square is stretched.

use crate::image::BgrView;
use crate::rounding::whole;
use crate::warp::{self, Outside};

use super::PictureSize;
use super::rect::TurnedRect;

/// Columns whose coordinates are counted from one start.
const BLOCK: usize = 64;
/// Fractions of a pixel that are told apart.
const STEPS: f64 = 32.0;

/// Cuts rectangles out of pictures: square results of one size, as the values that a network wants.
#[derive(Debug, Clone)]
pub(crate) struct Crop {
    side: usize,
    outside: Outside,
    /// What a network gets for each of a pixel's 256 values.
    values: [f32; 256],
    pixels: Vec<f32>,
}

impl Crop {
    /// For results of `side` x `side` pixels. `outside` is what there is around the picture;
    /// `value` makes a network's value of one of a pixel's.
    pub fn new(side: usize, outside: Outside, value: impl Fn(u8) -> f32) -> Self {
        let mut values = [0.0; 256];
        for (level, slot) in (0..=u8::MAX).zip(&mut values) {
            *slot = value(level);
        }
        Self {
            side,
            outside,
            values,
            pixels: vec![0.0; 3 * side * side],
        }
    }

    /// The pixels of `rect`, R, G, B each, row after row.
    pub fn take(&mut self, picture: &BgrView<'_>, rect: &TurnedRect) -> &[f32] {
        let side = self.side as f32;
        let corners = corners(rect, PictureSize::of(picture));
        let to = [[0.0, side], [0.0, 0.0], [side, 0.0], [side, side]];
        let map = inverse(&perspective(corners, to).unwrap_or([0.0; 9]));
        match self.outside {
            Outside::Black => self.fill::<false>(picture, &map),
            Outside::Edge => self.fill::<true>(picture, &map),
        }
        &self.pixels
    }

    fn fill<const EDGE: bool>(&mut self, picture: &BgrView<'_>, map: &[f64; 9]) {
        let (mut xs, mut ys) = ([0; BLOCK], [0; BLOCK]);
        let rows = self
            .pixels
            .as_chunks_mut::<3>()
            .0
            .chunks_exact_mut(self.side);
        for (y, row) in rows.enumerate() {
            for (block, pixels) in row.chunks_mut(BLOCK).enumerate() {
                coordinates(map, (BLOCK * block) as f64, y as f64, &mut xs, &mut ys);
                for ((pixel, &x), &y) in pixels.iter_mut().zip(&xs).zip(&ys) {
                    let [blue, green, red] = warp::sample::<EDGE>(picture, x, y);
                    *pixel = [red, green, blue].map(|level| self.values[usize::from(level)]);
                }
            }
        }
    }
}

/// Where the pixels from (`x`, `y`) on to the right come from, in 1/32 px.
#[inline]
fn coordinates(map: &[f64; 9], x: f64, y: f64, xs: &mut [i32; BLOCK], ys: &mut [i32; BLOCK]) {
    let at = |row: usize| map[row] * x + map[row + 1] * y + map[row + 2];
    let (start_x, start_y, start_z) = (at(0), at(3), at(6));
    for (i, (x, y)) in xs.iter_mut().zip(ys).enumerate() {
        let i = i as f64;
        let z = start_z + map[6] * i;
        let scale = if z == 0.0 { 0.0 } else { STEPS / z };
        *x = whole((start_x + map[0] * i) * scale) as i32;
        *y = whole((start_y + map[3] * i) * scale) as i32;
    }
}

/// Corners of a rectangle in pixels: lower left, upper left, upper right and lower right of what is
/// seen upright, computed in single precision as OpenCV does.
fn corners(rect: &TurnedRect, size: PictureSize) -> [[f32; 2]; 4] {
    use std::f64::consts::PI;
    let centre = [rect.x * size.width, rect.y * size.height];
    let (width, height) = (rect.width * size.width, rect.height * size.height);
    let degrees = (f64::from(rect.rotation * 180.0) / PI) as f32;
    let angle = f64::from(degrees) * PI / 180.0;
    let (cos, sin) = (angle.cos() as f32 * 0.5, angle.sin() as f32 * 0.5);
    let lower_left = [
        centre[0] - sin * height - cos * width,
        centre[1] + cos * height - sin * width,
    ];
    let upper_left = [
        centre[0] + sin * height - cos * width,
        centre[1] - cos * height - sin * width,
    ];
    let opposite = |corner: [f32; 2]| [0, 1].map(|i| 2.0 * centre[i] - corner[i]);
    [
        lower_left,
        upper_left,
        opposite(lower_left),
        opposite(upper_left),
    ]
}

/// The perspective map, row after row, that takes four points to four others; `None` where there is
/// none. The equations are solved by elimination with pivots, in OpenCV's order.
fn perspective(from: [[f32; 2]; 4], to: [[f32; 2]; 4]) -> Option<[f64; 9]> {
    let mut a = [[0.0; 8]; 8];
    let mut b = [0.0; 8];
    for (i, (from, to)) in from.into_iter().zip(to).enumerate() {
        let ([x, y], [u, v]) = (from.map(f64::from), to.map(f64::from));
        a[i] = [x, y, 1.0, 0.0, 0.0, 0.0, -x * u, -y * u];
        a[i + 4] = [0.0, 0.0, 0.0, x, y, 1.0, -x * v, -y * v];
        (b[i], b[i + 4]) = (u, v);
    }
    for i in 0..8 {
        let mut pivot = i;
        for j in i + 1..8 {
            if a[j][i].abs() > a[pivot][i].abs() {
                pivot = j;
            }
        }
        // What OpenCV takes for singular.
        if a[pivot][i].abs().is_nan() || a[pivot][i].abs() < 100.0 * f64::EPSILON {
            return None;
        }
        a.swap(i, pivot);
        b.swap(i, pivot);
        let divided = -1.0 / a[i][i];
        let row = a[i];
        for j in i + 1..8 {
            let factor = a[j][i] * divided;
            for (value, above) in a[j].iter_mut().zip(row).skip(i + 1) {
                *value += factor * above;
            }
            b[j] += factor * b[i];
        }
    }
    for i in (0..8).rev() {
        let mut rest = b[i];
        for k in i + 1..8 {
            rest -= a[i][k] * b[k];
        }
        b[i] = rest / a[i][i];
    }
    let [m0, m1, m2, m3, m4, m5, m6, m7] = b;
    Some([m0, m1, m2, m3, m4, m5, m6, m7, 1.0])
}

/// The inverse of a map; zeros where there is none.
fn inverse(m: &[f64; 9]) -> [f64; 9] {
    let [a, b, c, d, e, f, g, h, i] = *m;
    let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    let k = if determinant == 0.0 {
        0.0
    } else {
        1.0 / determinant
    };
    [
        (e * i - f * h) * k,
        (c * h - b * i) * k,
        (b * f - c * e) * k,
        (f * g - d * i) * k,
        (a * i - c * g) * k,
        (c * d - a * f) * k,
        (d * h - e * g) * k,
        (b * g - a * h) * k,
        (a * e - b * d) * k,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 16 x 8 pixels, each with its column as blue, its row as green.
    fn picture() -> Vec<u8> {
        let pixel = |i: usize| [(10 * (i % 16)) as u8, (10 * (i / 16)) as u8, 200];
        (0..16 * 8).flat_map(pixel).collect()
    }

    fn crop(rect: [f32; 5], outside: Outside) -> Vec<[f32; 3]> {
        let pixels = picture();
        let view = BgrView::new(&pixels, 16, 8, 48).unwrap();
        let mut crop = Crop::new(4, outside, f32::from);
        let taken = crop.take(&view, &TurnedRect::from_array(rect));
        taken.as_chunks::<3>().0.to_vec()
    }

    #[test]
    fn an_upright_rectangle_begins_at_its_corner() {
        // From (4, 2), 8 wide and 4 high: every second column, every row.
        let taken = crop([0.5, 0.5, 0.5, 0.5, 0.0], Outside::Black);
        for (i, pixel) in taken.iter().enumerate() {
            let (x, y) = (4 + 2 * (i % 4), 2 + i / 4);
            assert_eq!(*pixel, [200.0, 10.0 * y as f32, 10.0 * x as f32], "{i}");
        }
    }

    #[test]
    fn a_turned_rectangle_s_rows_go_down() {
        let quarter = std::f32::consts::FRAC_PI_2;
        // In pixels 4 x 4 around (8, 4): its upper edge is on the right.
        let taken = crop([0.5, 0.5, 0.25, 0.5, quarter], Outside::Black);
        for (i, pixel) in taken.iter().enumerate() {
            let (x, y) = (10 - i / 4, 2 + i % 4);
            assert_eq!(*pixel, [200.0, 10.0 * y as f32, 10.0 * x as f32], "{i}");
        }
    }

    #[test]
    fn outside_it_is_black_or_the_edge_goes_on() {
        let left_of = [-0.5, 0.5, 0.25, 0.5, 0.0];
        assert_eq!(crop(left_of, Outside::Black), [[0.0; 3]; 16]);
        for (i, pixel) in crop(left_of, Outside::Edge).iter().enumerate() {
            assert_eq!(*pixel, [200.0, 10.0 * (2 + i / 4) as f32, 0.0]);
        }
    }

    proptest! {
        #[test]
        fn any_rectangle_gives_pixels(rect in prop::array::uniform5(any::<f32>())) {
            for outside in [Outside::Black, Outside::Edge] {
                prop_assert_eq!(crop(rect, outside).len(), 16);
            }
        }

        #[test]
        fn maps_go_back(
            centre in prop::array::uniform2(0.1_f32..0.9), side in 0.05_f32..1.0,
            rotation in -3.0_f32..3.0,
        ) {
            let rect = TurnedRect::from_array([centre[0], centre[1], side, side, rotation]);
            let from = corners(&rect, PictureSize { width: 640.0, height: 480.0 });
            let to = [[0.0, 256.0], [0.0, 0.0], [256.0, 0.0], [256.0, 256.0]];
            let back = inverse(&perspective(from, to).unwrap());
            for (from, to) in from.into_iter().zip(to) {
                let [u, v] = to.map(f64::from);
                let at = |row: usize| back[row] * u + back[row + 1] * v + back[row + 2];
                for (axis, expected) in from.into_iter().enumerate() {
                    prop_assert!((at(3 * axis) / at(6) - f64::from(expected)).abs() < 1e-6);
                }
            }
        }
    }
}
