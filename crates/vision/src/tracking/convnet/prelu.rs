//! The one activation that has numbers of its own.

use crate::model_file::{BinaryReader, ModelFileError};

use super::Maps;

/// A parametric rectifier (He et al. 2015): positive values stay, others are multiplied by a slope
/// per map.
#[derive(Debug, Clone, PartialEq)]
pub struct Prelu {
    pub(super) slopes: Vec<f32>,
}

impl Prelu {
    /// Reads the vector of slopes.
    ///
    /// # Errors
    /// When the file ends too early or there is no slope.
    pub fn read(reader: &mut BinaryReader<'_>, context: &str) -> Result<Self, ModelFileError> {
        let slopes = reader.matrix(context)?;
        if slopes.data.is_empty() || slopes.cols != 1 {
            return Err(ModelFileError::new(
                context,
                format!(
                    "expected a column of slopes, found {}x{}",
                    slopes.rows, slopes.cols
                ),
            ));
        }
        Ok(Self {
            slopes: slopes.data.iter().map(|&v| v as f32).collect(),
        })
    }

    /// One slope per map.
    pub fn slopes(&self) -> &[f32] {
        &self.slopes
    }

    /// Applies the layer in place.
    ///
    /// # Panics
    /// When there is not a slope for every map.
    pub fn apply(&self, maps: &mut Maps) {
        assert_eq!(maps.channels, self.slopes.len(), "the layer fits the maps");
        let size = maps.height * maps.width;
        for (map, &slope) in maps.data.chunks_exact_mut(size).zip(&self.slopes) {
            for value in map {
                // Choosing the factor, not the product, lets processors do many at once.
                *value *= if *value >= 0.0 { 1.0 } else { slope };
            }
        }
    }
}
