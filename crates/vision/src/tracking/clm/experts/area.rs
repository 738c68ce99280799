//! The area of interest of one landmark: the pixels around it, brought to the reference size and
//! upright.

use super::similarity::Similarity;
use super::{Request, SUPPORT};
use crate::grey::GreyImage;
use crate::warp::fixed;

/// Half of 1/32 pixel in 1/1024 pixel, so that cutting off rounds.
const HALF: i32 = 16;

/// A square of grey values from 0 to 255.
#[derive(Debug, Clone, Default)]
pub struct Area {
    side: usize,
    values: Vec<f32>,
    /// What x adds to the position in the frame, per column, in 1/1024 px.
    by_column: Vec<[i32; 2]>,
    /// Where the values are in the frame, in 1/32 px.
    xs: Vec<i32>,
    ys: Vec<i32>,
}

impl Area {
    /// Pixels per side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The grey values, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Samples what experts need for a response map of `window` positions per side around
    /// `landmark` (x, y in pixels of the frame).
    ///
    /// Bilinear on OpenCV's grid of 1/32 pixel, black outside the frame, without smoothing.
    pub fn sample(
        &mut self,
        grey: &GreyImage<'_>,
        landmark: [f32; 2],
        image_from_reference: Similarity,
        window: usize,
    ) {
        let Similarity { c: a, s: b } = image_from_reference;
        let side = window + SUPPORT - 1;
        let middle = (side - 1) as f32 / 2.0;
        let x0 = landmark[0] - a * middle + b * middle;
        let y0 = landmark[1] - b * middle - a * middle;
        let (a, b) = (f64::from(a), f64::from(b));

        if self.side != side {
            self.side = side;
            self.by_column.resize(side, [0; 2]);
            self.values.resize(side * side, 0.0);
            self.xs.resize(side * side, 0);
            self.ys.resize(side * side, 0);
        }
        for (x, by_column) in self.by_column.iter_mut().enumerate() {
            *by_column = [a, b].map(|v| fixed(v * x as f64));
        }
        let rows = self
            .xs
            .chunks_exact_mut(side)
            .zip(self.ys.chunks_exact_mut(side));
        for (y, (xs, ys)) in rows.enumerate() {
            let y = y as f64;
            let [start_x, start_y] = [-b * y + f64::from(x0), a * y + f64::from(y0)]
                .map(|v| fixed(v).wrapping_add(HALF));
            for ((x, y), [step_x, step_y]) in xs.iter_mut().zip(ys).zip(&self.by_column) {
                *x = start_x.wrapping_add(*step_x) >> 5;
                *y = start_y.wrapping_add(*step_y) >> 5;
            }
        }
        grey.sample_all(&self.xs, &self.ys, &mut self.values);
    }

    /// Samples what a request asks for around a landmark.
    pub(super) fn sample_for(
        &mut self,
        grey: &GreyImage<'_>,
        request: &Request<'_>,
        landmark: usize,
    ) {
        let Request {
            image_from_reference,
            window,
            ..
        } = *request;
        let position = request.position(landmark);
        self.sample(grey, position, image_from_reference, window);
    }

    /// Mirrors the area left to right.
    pub(super) fn flip(&mut self) {
        for row in self.values.chunks_exact_mut(self.side) {
            row.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grey::{GreyBuffer, Region};
    use crate::image::BgrView;
    use proptest::prelude::*;

    /// Grey 3 x + 2 y.
    fn ramp() -> Vec<u8> {
        let values = (0..40 * 30).map(|i| (i % 40 * 3 + i / 40 * 2) as u8);
        values.flat_map(|v| [v; 3]).collect()
    }

    fn sample(region: Option<Region>, landmark: [f32; 2], map: Similarity) -> Area {
        let data = ramp();
        let frame = BgrView::new(&data, 40, 30, 120).unwrap();
        let mut buffer = GreyBuffer::default();
        let grey = buffer.convert(&frame, region.unwrap_or(Region::whole(&frame)));
        let mut area = Area::default();
        area.sample(&grey, landmark, map, 3);
        area
    }

    #[test]
    fn the_landmark_is_the_centre_and_steps_follow_the_map() {
        let map = Similarity { c: 0.5, s: 0.25 };
        let area = sample(None, [20.5, 14.25], map);
        assert_eq!(area.side(), 13);
        for (i, value) in area.values().iter().enumerate() {
            let [dx, dy] = map.apply([(i % 13) as f32 - 6.0, (i / 13) as f32 - 6.0]);
            assert_eq!(*value, 3.0 * (20.5 + dx) + 2.0 * (14.25 + dy));
        }
    }

    #[test]
    fn outside_the_frame_is_black() {
        let area = sample(None, [0.0, 29.0], Similarity { c: 1.0, s: 0.0 });
        assert_eq!(area.values()[13 * 6 + 6], 58.0);
        assert_eq!(area.values()[13 * 6 + 5], 0.0);
        assert_eq!(area.values()[13 * 7 + 6], 0.0);
    }

    proptest! {
        /// What was converted beforehand is a matter of speed only.
        #[test]
        fn the_region_does_not_change_what_is_seen(
            (left, top) in (0_usize..45, 0_usize..35),
            (width, height) in (0_usize..45, 0_usize..35),
            landmark in (-10.0_f32..50.0, -10.0_f32..40.0),
            (c, s) in (-2.0_f32..2.0, -2.0_f32..2.0),
        ) {
            let region = Region { left, top, right: left + width, bottom: top + height };
            let map = Similarity { c, s };
            let part = sample(Some(region), landmark.into(), map);
            let whole = sample(None, landmark.into(), map);
            prop_assert_eq!(part.values(), whole.values());
        }

        #[test]
        fn any_map_gives_an_area(x: f32, y: f32, c: f32, s: f32) {
            let area = sample(None, [x, y], Similarity { c, s });
            prop_assert!(area.values().iter().all(|v| (0.0..=255.0).contains(v)));
        }
    }
}
