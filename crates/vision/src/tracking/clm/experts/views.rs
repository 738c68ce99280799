//! The views of a set of experts: for which orientation of the head each was trained, and which
//! landmarks can be seen from there. All three kinds of files begin with them.

use crate::model_file::{BinaryReader, Matrix, ModelFileError, TextReader};

/// The most views a file may have.
const MOST_VIEWS: usize = 100;
/// The most landmarks a file may have.
const MOST_LANDMARKS: usize = 1000;

/// What stands at the beginning of an experts' file.
#[derive(Debug, Clone)]
pub(super) struct Views {
    /// Reference size in pixels per millimetre of the shape model.
    pub scale: f64,
    /// Euler angles in radians, one triple per view.
    pub centres: Vec<[f64; 3]>,
    /// For each view which landmarks are visible.
    pub visible: Vec<Vec<bool>>,
}

impl Views {
    pub(super) fn read_binary(
        reader: &mut BinaryReader<'_>,
        context: &str,
    ) -> Result<Self, ModelFileError> {
        let scale = reader.f64(context)?;
        let count = reader.count(context, MOST_VIEWS)?;
        let mut matrices = || -> Result<Vec<Matrix>, ModelFileError> {
            (0..count).map(|_| reader.matrix(context)).collect()
        };
        let centres = matrices()?;
        let visibilities = matrices()?;
        Self::new(scale, centres, visibilities, context)
    }

    pub(super) fn read_text(
        reader: &mut TextReader<'_>,
        context: &str,
    ) -> Result<Self, ModelFileError> {
        let scale = reader.number(context)?;
        let count = reader.count(context, MOST_VIEWS)?;
        let mut matrices = || -> Result<Vec<Matrix>, ModelFileError> {
            (0..count).map(|_| reader.matrix(context)).collect()
        };
        let centres = matrices()?;
        let visibilities = matrices()?;
        Self::new(scale, centres, visibilities, context)
    }

    fn new(
        scale: f64,
        centres: Vec<Matrix>,
        visibilities: Vec<Matrix>,
        context: &str,
    ) -> Result<Self, ModelFileError> {
        let wrong = |reason: String| Err(ModelFileError::new(context, reason));
        if !(scale.is_finite() && scale > 0.0) {
            return wrong(format!("{scale} is no scale"));
        }
        let landmarks = visibilities.first().map_or(0, |matrix| matrix.rows);
        if landmarks == 0 || landmarks > MOST_LANDMARKS {
            return wrong(format!("{landmarks} landmarks are not plausible"));
        }
        let centres = centres.into_iter().map(|matrix| {
            let degrees = matrix.expect_shape(context, 3, 1)?.data;
            if degrees.iter().any(|angle| !angle.is_finite()) {
                return Err(ModelFileError::new(context, "an angle is not finite"));
            }
            Ok([degrees[0], degrees[1], degrees[2]].map(f64::to_radians))
        });
        let centres = centres.collect::<Result<Vec<_>, _>>()?;
        let visible = visibilities.into_iter().map(|matrix| {
            let visible = matrix.expect_shape(context, landmarks, 1)?.data;
            Ok(visible.into_iter().map(|flag| flag != 0.0).collect())
        });
        Ok(Self {
            scale,
            centres,
            visible: visible.collect::<Result<Vec<_>, ModelFileError>>()?,
        })
    }

    /// Number of landmarks.
    pub(super) fn landmarks(&self) -> usize {
        self.visible[0].len()
    }

    /// Number of views, 1 or more.
    pub(super) fn count(&self) -> usize {
        self.centres.len()
    }

    /// The view whose centre is nearest to `euler` (rad); the first of equally near ones.
    pub(super) fn nearest(&self, euler: [f32; 3]) -> usize {
        let mut best = (f64::INFINITY, 0);
        for (view, centre) in self.centres.iter().enumerate() {
            let differences = centre.iter().zip(euler).map(|(c, e)| c - f64::from(e));
            let distance: f64 = differences.map(|d| d * d).sum();
            if distance < best.0 {
                best = (distance, view);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_view_is_found() {
        let centres = [0.0, -20.0, -45.0, 20.0].map(|yaw: f64| [0.0, yaw.to_radians(), 0.0]);
        let views = Views {
            scale: 0.25,
            centres: centres.to_vec(),
            visible: vec![vec![true]; 4],
        };
        assert_eq!(views.nearest([0.3, 0.1, -0.2]), 0);
        assert_eq!(views.nearest([0.0, -0.5, 0.0]), 1);
        assert_eq!(views.nearest([0.0, -3.0, 0.0]), 2);
        assert_eq!(views.nearest([0.0, 0.4, 0.0]), 3);
        assert_eq!(views.nearest([f32::NAN; 3]), 0);
    }
}
