//! Turned rectangles: where in a picture a face is looked at.
//!
//! They follow from a detection or from the landmarks of the frame before. How pixels are taken out
//! of one is the crop's business.

use super::detection::Detection;
use super::{LANDMARKS, PictureSize};

/// How much larger than the face the rectangle is that the landmark network sees.
const MARGIN: f32 = 1.5;
/// Outer corners of the eyes: on the left of the picture, on the right.
const EYE_CORNERS: [usize; 2] = [33, 263];

/// A rectangle turned about its centre, in shares of the picture's width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnedRect {
    /// Centre, in shares of the picture's width.
    pub x: f32,
    /// Centre, in shares of the picture's height.
    pub y: f32,
    /// Width before turning, in shares of the picture's width.
    pub width: f32,
    /// Height before turning, in shares of the picture's height.
    pub height: f32,
    /// Rotation in radians, clockwise on the screen.
    pub rotation: f32,
}

impl TurnedRect {
    /// The rectangle in which to look for the landmarks of a detected face: centred on its box,
    /// larger, and turned like the line between the eyes.
    pub(crate) fn of_detection(detection: &Detection, size: PictureSize) -> Self {
        let [right, left, ..] = detection.key_points;
        Self {
            x: detection.x + detection.width / 2.0,
            y: detection.y + detection.height / 2.0,
            width: detection.width * MARGIN,
            height: detection.height * MARGIN,
            rotation: rotation(right, left, size),
        }
    }

    /// The rectangle in which to look on the next frame: a square around all landmarks (given in
    /// shares of the picture), larger, and turned like the line between the eyes.
    pub(crate) fn of_landmarks(landmarks: &[[f32; 3]; LANDMARKS], size: PictureSize) -> Self {
        let mut low = [f32::MAX; 2];
        // As in the library: a face wholly left of or above the picture gets another rectangle.
        let mut high = [f32::MIN_POSITIVE; 2];
        for point in landmarks {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        let (width, height) = (high[0] - low[0], high[1] - low[1]);
        let side = (width * size.width).max(height * size.height);
        let [right, left] = EYE_CORNERS.map(|i| [landmarks[i][0], landmarks[i][1]]);
        Self {
            x: (low[0] + high[0]) / 2.0,
            y: (low[1] + high[1]) / 2.0,
            width: side / size.width * MARGIN,
            height: side / size.height * MARGIN,
            rotation: rotation(right, left, size),
        }
    }

    /// Intersection over union of both before they are turned, 0 to 1.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        let corner = |rect: &Self| [rect.x - rect.width / 2.0, rect.y - rect.height / 2.0];
        overlap(
            corner(self),
            [self.width, self.height],
            corner(other),
            [other.width, other.height],
        )
    }

    /// Its values, for bytes.
    pub(crate) fn to_array(self) -> [f32; 5] {
        [self.x, self.y, self.width, self.height, self.rotation]
    }

    /// Out of its values.
    pub(crate) fn from_array([x, y, width, height, rotation]: [f32; 5]) -> Self {
        Self {
            x,
            y,
            width,
            height,
            rotation,
        }
    }
}

/// Intersection over union of two upright boxes, each given by a corner and its sides.
pub(crate) fn overlap(
    corner_a: [f32; 2],
    sides_a: [f32; 2],
    corner_b: [f32; 2],
    sides_b: [f32; 2],
) -> f32 {
    let shared = [0, 1].map(|i| {
        let from = corner_a[i].max(corner_b[i]);
        let to = (corner_a[i] + sides_a[i]).min(corner_b[i] + sides_b[i]);
        to - from
    });
    if shared.iter().any(|&side| side.is_nan() || side <= 0.0) {
        return 0.0;
    }
    let shared = shared[0] * shared[1];
    let both = sides_a[0] * sides_a[1] + sides_b[0] * sides_b[1] - shared;
    if both > 0.0 { shared / both } else { 0.0 }
}

/// By how much the line from one point to another (in shares of the picture) is turned from
/// horizontal, clockwise on the screen, from -π up to but without π.
fn rotation(from: [f32; 2], to: [f32; 2], size: PictureSize) -> f32 {
    use std::f64::consts::PI;
    let across = to[0] * size.width - from[0] * size.width;
    let down = to[1] * size.height - from[1] * size.height;
    let angle = f64::from(-(-down).atan2(across));
    (angle - 2.0 * PI * ((angle + PI) / (2.0 * PI)).floor()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: PictureSize = PictureSize {
        width: 200.0,
        height: 100.0,
    };

    #[test]
    fn the_line_between_the_eyes_says_how_the_face_is_turned() {
        for (to, expected) in [
            ([0.6, 0.5], 0.0),
            // In pixels as far down as to the right.
            ([0.6, 0.7], std::f32::consts::FRAC_PI_4),
            ([0.5, 0.3], -std::f32::consts::FRAC_PI_2),
            ([0.4, 0.5], -std::f32::consts::PI),
        ] {
            let angle = rotation([0.5, 0.5], to, SIZE);
            assert!((angle - expected).abs() < 1e-5, "{to:?}: {angle}");
        }
    }

    #[test]
    fn landmarks_fill_two_thirds_of_a_square() {
        let mut points = [[0.5, 0.5, 0.0]; LANDMARKS];
        points[0] = [0.4, 0.5, 0.0];
        points[1] = [0.6, 0.7, 0.0];
        points[33] = [0.45, 0.5, 0.0];
        points[263] = [0.55, 0.5, 0.0];
        let rect = TurnedRect::of_landmarks(&points, SIZE);
        // 40 px wide and 20 px high.
        let expected = [0.5, 0.6, 0.3, 0.6, 0.0];
        for (ours, expected) in rect.to_array().into_iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-6, "{rect:?}");
        }
    }

    proptest! {
        #[test]
        fn overlaps_are_shares_and_go_both_ways(
            a in prop::array::uniform4(-2.0_f32..2.0), b in prop::array::uniform4(-2.0_f32..2.0),
        ) {
            let rect = |[x, y, w, h]: [f32; 4]| TurnedRect::from_array([x, y, w.abs(), h.abs(), 0.3]);
            let (a, b) = (rect(a), rect(b));
            let overlap = a.overlap(&b);
            prop_assert!((0.0..=1.001).contains(&overlap), "{}", overlap);
            prop_assert!((overlap - b.overlap(&a)).abs() < 1e-5);
            prop_assert!(a.width * a.height < 1e-4 || (a.overlap(&a) - 1.0).abs() < 1e-4);
        }
    }
}
