//! A smooth curve y(x) through given points: the edges of lips and lids.

use glam::Vec2;

/// At most so many points.
const MOST: usize = 7;

/// A cubic Hermite curve through points of ascending x.
#[derive(Debug, Clone, Copy)]
pub struct Curve {
    points: [Vec2; MOST],
    slopes: [f32; MOST],
    count: usize,
}

impl Curve {
    /// The curve through these points.
    ///
    /// # Panics
    /// When there are fewer than two or more than seven points.
    pub fn through(given: &[Vec2]) -> Self {
        let count = given.len();
        assert!((2..=MOST).contains(&count));
        let mut points = [Vec2::ZERO; MOST];
        points[..count].copy_from_slice(given);
        let slope = |a: Vec2, b: Vec2| (b.y - a.y) / (b.x - a.x).max(1e-3);
        let mut slopes = [0.0; MOST];
        for i in 0..count {
            slopes[i] = match i {
                0 => slope(points[0], points[1]),
                _ if i == count - 1 => slope(points[i - 1], points[i]),
                _ => {
                    // Each side weighs by how near it is.
                    let (left, right) =
                        (points[i].x - points[i - 1].x, points[i + 1].x - points[i].x);
                    let (before, after) = (
                        slope(points[i - 1], points[i]),
                        slope(points[i], points[i + 1]),
                    );
                    (before * right + after * left) / (left + right).max(1e-3)
                }
            };
        }
        // The ends bend as a parabola would, so that corners are round.
        slopes[0] = 1.5 * slopes[0] - 0.5 * slopes[1];
        slopes[count - 1] = 1.5 * slopes[count - 1] - 0.5 * slopes[count - 2];
        Self {
            points,
            slopes,
            count,
        }
    }

    /// The height at x; beyond the ends, that of the end.
    pub fn at(&self, x: f32) -> f32 {
        let points = &self.points[..self.count];
        if x <= points[0].x {
            return points[0].y;
        }
        let Some(next) = points.iter().position(|point| x < point.x) else {
            return points[self.count - 1].y;
        };
        let (a, b) = (points[next - 1], points[next]);
        let width = (b.x - a.x).max(1e-3);
        let t = (x - a.x) / width;
        let (t2, t3) = (t * t, t * t * t);
        a.y * (2.0 * t3 - 3.0 * t2 + 1.0)
            + b.y * (3.0 * t2 - 2.0 * t3)
            + self.slopes[next - 1] * width * (t3 - 2.0 * t2 + t)
            + self.slopes[next] * width * (t3 - t2)
    }
}
