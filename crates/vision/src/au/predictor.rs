//! One linear AU model as a file: OpenFace's `.dat` format.
//!
//! Little-endian, without padding: kind, cutoff (dynamic intensities only), mean, weights, bias,
//! and for presences the two class values.

use crate::analysis::DESCRIPTOR_LEN;
use crate::model_file::{BinaryReader, ModelFileError};

const STATIC_INTENSITY: i32 = 0;
const DYNAMIC_INTENSITY: i32 = 1;
const STATIC_PRESENCE: i32 = 4;
const DYNAMIC_PRESENCE: i32 = 5;
/// Element type of a stored matrix of doubles.
const F64: i32 = 6;
/// A cutoff that says there is none.
const NO_CUTOFF: f64 = -1.0;

/// What a model's score means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Output {
    /// Support vector regression: the score is an intensity, 0 (absent) to 5 (maximal).
    Intensity {
        /// Part of a video's frames, 0 to 1, on which the AU is taken to be absent: the intensity
        /// at this quantile becomes the video's zero.
        cutoff: Option<f64>,
    },
    /// Support vector classification: the sign of the score says whether the AU is present.
    Presence {
        /// Class when the score is above 0. Mostly 0: a positive score means absent.
        positive: f64,
        /// Class when it is not.
        otherwise: f64,
    },
}

/// One linear model over the whole descriptor x: w·(x - m) + b, where a dynamic model also
/// subtracts the running median from x.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictor {
    /// What the score means.
    pub output: Output,
    /// Whether the running median is subtracted.
    pub dynamic: bool,
    /// m: 4464 FHOG values, 238 geometry values.
    pub mean: Vec<f64>,
    /// w, in the same order.
    pub weights: Vec<f64>,
    /// b.
    pub bias: f64,
}

impl Predictor {
    /// Reads a `.dat` file; `name` is for messages.
    ///
    /// # Errors
    /// When the bytes are not such a file: unknown kind, wrong sizes, values that are not finite,
    /// a cutoff that is not a part of a whole, too few or too many bytes.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, ModelFileError> {
        let mut reader = BinaryReader::new(bytes);
        let kind = reader.i32(name)?;
        let cutoff = match kind {
            DYNAMIC_INTENSITY => Some(reader.f64(name)?).filter(|&cutoff| cutoff != NO_CUTOFF),
            _ => None,
        };
        if let Some(bad) = cutoff.filter(|cutoff| !(0.0..1.0).contains(cutoff)) {
            return Err(ModelFileError::new(name, format!("{bad} is not a cutoff")));
        }
        let mean = reader.matrix(name)?.expect_shape(name, 1, DESCRIPTOR_LEN)?;
        let weights = reader.matrix(name)?.expect_shape(name, DESCRIPTOR_LEN, 1)?;
        let bias = reader.f64(name)?;
        let output = match kind {
            STATIC_INTENSITY | DYNAMIC_INTENSITY => Output::Intensity { cutoff },
            STATIC_PRESENCE | DYNAMIC_PRESENCE => Output::Presence {
                positive: class(name, reader.f64(name)?)?,
                otherwise: class(name, reader.f64(name)?)?,
            },
            other => {
                let reason = format!("unknown kind of model {other} (known: 0, 1, 4, 5)");
                return Err(ModelFileError::new(name, reason));
            }
        };
        if reader.remaining() != 0 {
            let reason = format!("{} bytes too many", reader.remaining());
            return Err(ModelFileError::new(name, reason));
        }
        let mut values = mean.data.iter().chain(&weights.data);
        if !(bias.is_finite() && values.all(|value| value.is_finite())) {
            return Err(ModelFileError::new(name, "a weight is not finite"));
        }
        Ok(Self {
            output,
            dynamic: kind == DYNAMIC_INTENSITY || kind == DYNAMIC_PRESENCE,
            mean: mean.data,
            weights: weights.data,
            bias,
        })
    }

    /// The bytes that [`parse`](Self::parse) reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 * self.weights.len() + 64);
        let kind = match (self.output, self.dynamic) {
            (Output::Intensity { .. }, false) => STATIC_INTENSITY,
            (Output::Intensity { .. }, true) => DYNAMIC_INTENSITY,
            (Output::Presence { .. }, false) => STATIC_PRESENCE,
            (Output::Presence { .. }, true) => DYNAMIC_PRESENCE,
        };
        bytes.extend(kind.to_le_bytes());
        if let (Output::Intensity { cutoff }, true) = (self.output, self.dynamic) {
            bytes.extend(cutoff.unwrap_or(NO_CUTOFF).to_le_bytes());
        }
        let length = self.mean.len();
        for (rows, cols, data) in [(1, length, &self.mean), (length, 1, &self.weights)] {
            for word in [rows as i32, cols as i32, F64] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend(data.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes.extend(self.bias.to_le_bytes());
        if let Output::Presence {
            positive,
            otherwise,
        } = self.output
        {
            bytes.extend(positive.to_le_bytes());
            bytes.extend(otherwise.to_le_bytes());
        }
        bytes
    }
}

fn class(name: &str, value: f64) -> Result<f64, ModelFileError> {
    if value == 0.0 || value == 1.0 {
        Ok(value)
    } else {
        let reason = format!("{value} is neither absent (0) nor present (1)");
        Err(ModelFileError::new(name, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::predictor;
    use proptest::prelude::*;

    #[test]
    fn what_is_encoded_is_read_back() {
        for (output, dynamic, bytes) in [
            (Output::Intensity { cutoff: None }, false, 75_268),
            (Output::Intensity { cutoff: None }, true, 75_276),
            (Output::Intensity { cutoff: Some(0.3) }, true, 75_276),
            (
                Output::Presence {
                    positive: 0.0,
                    otherwise: 1.0,
                },
                false,
                75_284,
            ),
            (
                Output::Presence {
                    positive: 1.0,
                    otherwise: 0.0,
                },
                true,
                75_284,
            ),
        ] {
            let model = predictor(5, output, dynamic);
            let encoded = model.encode();
            assert_eq!(encoded.len(), bytes);
            assert_eq!(Predictor::parse("test", &encoded), Ok(model));
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let good = predictor(
            5,
            Output::Presence {
                positive: 0.0,
                otherwise: 1.0,
            },
            false,
        );
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.encode();
            change(&mut bytes);
            assert!(Predictor::parse("test", &bytes).is_err());
        };
        refused(&|bytes| bytes[0] = 2);
        refused(&|bytes| bytes.push(0));
        refused(&|bytes| bytes.truncate(75_283));
        refused(&|bytes| bytes[4] = 2);
        refused(&|bytes| bytes[16..24].copy_from_slice(&f64::NAN.to_le_bytes()));
        refused(&|bytes| bytes[75_276..].copy_from_slice(&0.5_f64.to_le_bytes()));
        let mut cut = good.clone();
        (cut.output, cut.dynamic) = (Output::Intensity { cutoff: Some(1.0) }, true);
        assert!(Predictor::parse("test", &cut.encode()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_value_or_an_error(bytes: Vec<u8>) {
            let _ = Predictor::parse("test", &bytes);
        }
    }
}
