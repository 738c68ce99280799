//! Which pixels of the aligned face belong to the face.
//!
//! The face is the union of triangles between the landmarks; the outline is lifted at the brows so
//! that the forehead's lower part, where brows leave wrinkles, is in.

use super::alignment::{ALIGNED_SCALE, ALIGNED_SIZE};
use crate::analysis::LANDMARKS;
use crate::model_file::{ModelFileError, TextReader};

/// How far the brows and the ends of the jaw are lifted, in pixels of the aligned face: 30 px at
/// its usual scale.
const LIFT: f32 = (30.0 / 0.7) * ALIGNED_SCALE;

/// Triples of landmarks that cover the face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triangulation(Vec<[usize; 3]>);

impl Triangulation {
    /// Reads the triangles from OpenFace's text format: one t x 3 matrix of landmark numbers,
    /// counted from 0.
    ///
    /// # Errors
    /// When the text is malformed or names a landmark above 67.
    pub fn parse(text: &str) -> Result<Self, ModelFileError> {
        const CONTEXT: &str = "triangulation";
        let matrix = TextReader::new(text).matrix(CONTEXT)?;
        let rows = matrix.rows;
        let matrix = matrix.expect_shape(CONTEXT, rows, 3)?;
        let corner = |&value: &f64| {
            let index = value as usize;
            if index as f64 == value && index < LANDMARKS {
                Ok(index)
            } else {
                let reason = format!("{value} is not a landmark from 0 to {}", LANDMARKS - 1);
                Err(ModelFileError::new(CONTEXT, reason))
            }
        };
        let corners: Vec<usize> = matrix.data.iter().map(corner).collect::<Result<_, _>>()?;
        Ok(Self(corners.as_chunks::<3>().0.to_vec()))
    }

    /// Marks in `mask` (ALIGNED_SIZE rows of as many pixels) what lies in or on the edge of a
    /// triangle; everything else is cleared. `landmarks` are in pixels of the aligned face.
    ///
    /// # Panics
    /// When `mask` has another size.
    pub fn mask(&self, landmarks: &[[f32; 2]; LANDMARKS], mask: &mut [bool]) {
        assert_eq!(mask.len(), ALIGNED_SIZE * ALIGNED_SIZE);
        mask.fill(false);
        let mut outline = *landmarks;
        for i in [0, 16].into_iter().chain(17..=26) {
            outline[i][1] -= LIFT;
        }
        for corners in &self.0 {
            Triangle::new(corners.map(|i| outline[i])).fill(mask);
        }
    }
}

/// A triangle and, per corner, on which side of the opposite edge the corner lies.
struct Triangle {
    corners: [[f32; 2]; 3],
    sides: [f32; 3],
}

impl Triangle {
    fn new(corners: [[f32; 2]; 3]) -> Self {
        let sides = [0, 1, 2].map(|i| side(corners[i], corners[(i + 1) % 3], corners[(i + 2) % 3]));
        Self { corners, sides }
    }

    fn fill(&self, mask: &mut [bool]) {
        let [columns, rows] = [0, 1].map(|axis| pixels(self.corners.map(|corner| corner[axis])));
        let [a, b, c] = self.corners;
        for y in rows {
            let row = &mut mask[y * ALIGNED_SIZE..][..ALIGNED_SIZE];
            for x in columns.clone() {
                let at = [x as f32, y as f32];
                // A corner on its opposite edge (a flat triangle) has side 0, which agrees with
                // everything: the box alone decides.
                row[x] |= (side(at, b, c) * self.sides[0] >= 0.0)
                    & (side(at, c, a) * self.sides[1] >= 0.0)
                    & (side(at, a, b) * self.sides[2] >= 0.0);
            }
        }
    }
}

/// Positive on one side of the line from `from` to `to`, negative on the other, 0 on it.
#[inline]
fn side(at: [f32; 2], from: [f32; 2], to: [f32; 2]) -> f32 {
    (to[0] - from[0]) * (at[1] - from[1]) - (to[1] - from[1]) * (at[0] - from[0])
}

/// The pixels from the least to the greatest of three coordinates, both included.
fn pixels(values: [f32; 3]) -> std::ops::Range<usize> {
    let low = values.into_iter().fold(f32::INFINITY, f32::min);
    let high = values.into_iter().fold(f32::NEG_INFINITY, f32::max);
    // Conversion saturates; no corner is far enough away to overflow the addition.
    let end = (high.floor() as isize).saturating_add(1);
    let end = usize::try_from(end).unwrap_or(0).min(ALIGNED_SIZE);
    (low.ceil().max(0.0) as usize).min(end)..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one_triangle(corners: [[f32; 2]; 3]) -> Vec<bool> {
        // Landmarks 1 to 3 are not lifted.
        let triangulation = Triangulation::parse("1 3 4\n1 2 3\n").unwrap();
        let mut landmarks = [[0.0; 2]; LANDMARKS];
        landmarks[1..4].copy_from_slice(&corners);
        let mut mask = vec![true; ALIGNED_SIZE * ALIGNED_SIZE];
        triangulation.mask(&landmarks, &mut mask);
        mask
    }

    #[test]
    fn edges_are_inside() {
        let mask = one_triangle([[2.0, 2.0], [6.0, 2.0], [2.0, 6.0]]);
        for y in 0..ALIGNED_SIZE {
            for x in 0..ALIGNED_SIZE {
                let inside = x >= 2 && y >= 2 && x + y <= 8;
                assert_eq!(mask[y * ALIGNED_SIZE + x], inside, "{x} {y}");
            }
        }
    }

    #[test]
    fn brows_are_lifted() {
        let triangulation = Triangulation::parse("1 3 4\n17 18 19\n").unwrap();
        let mut landmarks = [[0.0; 2]; LANDMARKS];
        landmarks[17..20].copy_from_slice(&[[10.0, 40.0], [20.0, 40.0], [10.0, 50.0]]);
        let mut mask = vec![false; ALIGNED_SIZE * ALIGNED_SIZE];
        triangulation.mask(&landmarks, &mut mask);
        assert!(mask[10 * ALIGNED_SIZE + 10] && mask[20 * ALIGNED_SIZE + 10]);
        assert!(!mask[40 * ALIGNED_SIZE + 10]);
    }

    #[test]
    fn landmarks_that_do_not_exist_are_refused() {
        for text in [
            "1 3 4\n0 1 68\n",
            "1 3 4\n0 1 -1\n",
            "1 3 6\n0 1 1.5\n",
            "1 2 4\n0 1\n",
        ] {
            assert!(Triangulation::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_corners_are_survived(corners in prop::array::uniform3(prop::array::uniform2(any::<f32>()))) {
            one_triangle(corners);
        }
    }
}
