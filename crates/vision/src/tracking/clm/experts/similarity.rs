//! Rotation and scale between the image and the upright reference size that experts know.

/// The matrix `[c, -s; s, c]`: scales and rotates, does not move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Magnitude times cosine.
    pub c: f32,
    /// Magnitude times sine.
    pub s: f32,
}

impl Similarity {
    /// The rotation and scale that takes the points `from` best to the points `to` (both n x,
    /// then n y; each is centred first).
    ///
    /// The scale is the ratio of the root mean square radii, not the one of least squares, as in
    /// OpenFace. Points that all coincide have no radius; the result then is not finite.
    ///
    /// # Panics
    /// When the two have not the same number of points.
    pub fn between(from: &[f32], to: &[f32]) -> Self {
        assert_eq!(from.len(), to.len());
        let n = from.len() / 2;
        let centre = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
        let centres = |points: &[f32]| [centre(&points[..n]), centre(&points[n..])];
        let ([from_x, from_y], [to_x, to_y]) = (centres(from), centres(to));
        let (mut from_square, mut to_square, mut dot, mut cross) = (0.0, 0.0, 0.0, 0.0);
        for i in 0..n {
            let (x, y) = (f64::from(from[i]) - from_x, f64::from(from[n + i]) - from_y);
            let (u, v) = (f64::from(to[i]) - to_x, f64::from(to[n + i]) - to_y);
            from_square += x * x + y * y;
            to_square += u * u + v * v;
            dot += x * u + y * v;
            cross += x * v - y * u;
        }
        let magnitude = (to_square / from_square).sqrt();
        let (sin, cos) = cross.atan2(dot).sin_cos();
        Self {
            c: (magnitude * cos) as f32,
            s: (magnitude * sin) as f32,
        }
    }

    /// The map back.
    pub fn inverse(self) -> Self {
        let (c, s) = (f64::from(self.c), f64::from(self.s));
        let square = c * c + s * s;
        Self {
            c: (c / square) as f32,
            s: (-s / square) as f32,
        }
    }

    /// Where the vector `[x, y]` is taken.
    #[inline]
    pub fn apply(self, [x, y]: [f32; 2]) -> [f32; 2] {
        [self.c * x - self.s * y, self.s * x + self.c * y]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [f32; 8] = [1.0, 4.0, -2.0, 3.0, 0.5, -1.0, 6.0, 2.0];

    fn placed(map: Similarity, at: [f32; 2]) -> [f32; 8] {
        let mut points = POINTS;
        for i in 0..4 {
            let [x, y] = map.apply([POINTS[i], POINTS[4 + i]]);
            (points[i], points[4 + i]) = (x + at[0], y + at[1]);
        }
        points
    }

    #[test]
    fn a_similarity_is_found_again() {
        let map = Similarity { c: -0.8, s: 0.3 };
        let found = Similarity::between(&POINTS, &placed(map, [100.0, -20.0]));
        assert!((found.c - map.c).abs() < 1e-5 && (found.s - map.s).abs() < 1e-5);
        let back = Similarity::between(&placed(map, [100.0, -20.0]), &POINTS);
        let inverse = map.inverse();
        assert!((back.c - inverse.c).abs() < 1e-5 && (back.s - inverse.s).abs() < 1e-5);
    }

    #[test]
    fn the_scale_is_the_ratio_of_the_radii() {
        // Stretching one axis: least squares would give less than the ratio.
        let mut stretched = POINTS;
        stretched[..4].iter_mut().for_each(|x| *x *= 3.0);
        let centred = |points: &[f32; 8]| -> f32 {
            let (xs, ys) = points.split_at(4);
            let square = |v: &[f32]| {
                let mean = v.iter().sum::<f32>() / 4.0;
                v.iter().map(|x| (x - mean).powi(2)).sum::<f32>()
            };
            (square(xs) + square(ys)).sqrt()
        };
        let found = Similarity::between(&POINTS, &stretched);
        let magnitude = found.c.hypot(found.s);
        assert!((magnitude - centred(&stretched) / centred(&POINTS)).abs() < 1e-5);
    }
}
