//! The line that divides a face into its halves: the axis for which the reflected points of the
//! skeleton (corners of the eyes, bridge of the nose, chin) fall best on their partners.

/// A point in the picture: x to the right, y down, in pixels.
pub type Point = [f64; 2];

/// Points that have a partner or are their own, with their weights.
const STABLE: [(usize, usize, f64); 10] = [
    (36, 45, 1.0),
    (45, 36, 1.0),
    (39, 42, 1.0),
    (42, 39, 1.0),
    (27, 27, 1.0),
    (28, 28, 0.5),
    (29, 29, 0.5),
    (30, 30, 0.5),
    (33, 33, 0.5),
    (8, 8, 1.0),
];

/// A straight line with a direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceAxis {
    /// A point on it.
    pub centre: Point,
    /// Unit vector from the brow to the chin.
    pub down: Point,
}

impl FaceAxis {
    /// The axis of 68 landmarks; nothing if they are all in one place.
    ///
    /// With points as complex numbers, c = Σ w·z / Σ w, q = z − c, S = Σ w·q·q(partner), and the
    /// direction is exp(i·arg(S)/2), turned so that it points downwards in the picture.
    pub fn of(points: &[Point]) -> Option<Self> {
        let weight: f64 = STABLE.iter().map(|stable| stable.2).sum();
        let mut centre = [0.0; 2];
        for (i, _, w) in STABLE {
            centre[0] += w * points[i][0] / weight;
            centre[1] += w * points[i][1] / weight;
        }
        let mut sum = [0.0; 2];
        for (i, partner, w) in STABLE {
            let a = [points[i][0] - centre[0], points[i][1] - centre[1]];
            let b = [
                points[partner][0] - centre[0],
                points[partner][1] - centre[1],
            ];
            sum[0] += w * (a[0] * b[0] - a[1] * b[1]);
            sum[1] += w * (a[0] * b[1] + a[1] * b[0]);
        }
        let length = sum[0].hypot(sum[1]);
        if length.is_nan() || length <= 1e-9 {
            return None;
        }
        let half = sum[1].atan2(sum[0]) / 2.0;
        let sign = if half.sin() < 0.0 { -1.0 } else { 1.0 };
        Some(Self {
            centre,
            down: [sign * half.cos(), sign * half.sin()],
        })
    }

    /// How far down a point lies along the axis.
    pub fn along(&self, point: Point) -> f64 {
        (point[0] - self.centre[0]) * self.down[0] + (point[1] - self.centre[1]) * self.down[1]
    }

    /// How far a point lies from the axis towards the patient's right, which is the picture's left.
    pub fn rightward(&self, point: Point) -> f64 {
        (point[1] - self.centre[1]) * self.down[0] - (point[0] - self.centre[0]) * self.down[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::face_points;
    use proptest::prelude::*;

    fn turned(points: &[Point], angle: f64, scale: f64, shift: Point) -> Vec<Point> {
        let (sin, cos) = angle.sin_cos();
        let turn = |p: &Point| {
            [
                scale * (cos * p[0] - sin * p[1]) + shift[0],
                scale * (sin * p[0] + cos * p[1]) + shift[1],
            ]
        };
        points.iter().map(turn).collect()
    }

    #[test]
    fn a_symmetric_face_is_divided_in_its_middle() {
        let axis = FaceAxis::of(&face_points()).unwrap();
        assert!((axis.centre[0] - 300.0).abs() < 1e-9);
        assert!(axis.down[0].abs() < 1e-9 && (axis.down[1] - 1.0).abs() < 1e-9);
        assert!(axis.rightward([290.0, 0.0]) > 9.9);
        assert!(FaceAxis::of(&[[5.0, 5.0]; 68]).is_none());
    }

    proptest! {
        #[test]
        fn turning_the_face_turns_the_axis(angle in -1.5..1.5_f64, scale in 0.5..3.0, x in -99.0..99.0) {
            let points = turned(&face_points(), angle, scale, [x, 40.0]);
            let axis = FaceAxis::of(&points).unwrap();
            prop_assert!((axis.down[0] + angle.sin()).abs() < 1e-9);
            prop_assert!((axis.down[1] - angle.cos()).abs() < 1e-9);
            // Both mouth corners are equally far from it, on either side.
            prop_assert!((axis.rightward(points[48]) + axis.rightward(points[54])).abs() < 1e-6);
        }
    }
}
