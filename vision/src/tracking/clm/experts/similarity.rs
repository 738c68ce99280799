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
    /// OpenFace.
    ///
    /// # Panics
    /// When the two have not the same number of points.
    pub fn between(from: &[f32], to: &[f32]) -> Self {
        assert_eq!(from.len(), to.len());
        let n = from.len() / 2;
        let centred = |points: &[f32]| -> Vec<f32> {
            let _ = (points, n);
            todo!()
        };
        let _ = (centred(from), centred(to));
        todo!()
    }

    /// The map back.
    pub fn inverse(self) -> Self {
        todo!()
    }

    /// Where the vector `[x, y]` is taken.
    #[inline]
    pub fn apply(self, [x, y]: [f32; 2]) -> [f32; 2] {
        [self.c * x - self.s * y, self.s * x + self.c * y]
    }
}
