//! Makes ONNX files of model files when they are installed, and checks what it made.
//!
//! [`convert`] is bytes in, bytes out; [`check()`] runs what came out beside the original on made-up
//! pictures. Where the files lie is the store's business (`faceau-models`), what runs them that of
//! the workers.

mod check;
pub mod mtcnn;
pub mod onnx;
pub mod prune;
pub mod rewrite;

pub use check::check;

use faceau_models::Conversion;

/// Sizes of pictures for which the detector gets a file of its own: what is left of the usual videos,
/// lying and standing, when their longer side is reduced to 640 pixels. Width and height.
pub const USUAL_SIZES: [(usize, usize); 4] = [(640, 360), (360, 640), (640, 480), (480, 640)];

/// A file could not be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConversionError {
    /// The file is not what it should be.
    #[error("it cannot be converted: {0}")]
    Source(String),
    /// What came out does not do what it should.
    #[error("the conversion did not succeed: {0}")]
    Result(String),
}

/// A file that came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// What distinguishes it from the others that come out of the same file: "640x360"; empty where
    /// there is only one.
    pub variant: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Converts the file with this id. The same bytes give the same bytes.
///
/// # Errors
/// When the file is not of the kind that the conversion expects.
pub fn convert(
    conversion: Conversion,
    id: &str,
    source: &[u8],
) -> Result<Vec<Product>, ConversionError> {
    let only = |bytes| {
        vec![Product {
            variant: String::new(),
            bytes,
        }]
    };
    match conversion {
        Conversion::MtcnnToOnnx => {
            let stage = stage(id)?;
            Ok(only(mtcnn::to_onnx(&stage.parse(source)?, stage)?))
        }
        Conversion::WithoutSubnormals => Ok(only(rewrite::without_subnormals(source)?.0)),
        Conversion::LastLandmarks => Ok(only(prune::last_landmarks(source)?)),
        Conversion::FixedSizes => USUAL_SIZES
            .iter()
            .map(|&(width, height)| {
                Ok(Product {
                    variant: variant(width, height),
                    bytes: rewrite::with_fixed_input(source, &[1, 3, height, width])?,
                })
            })
            .collect(),
    }
}

/// The variant for pictures of this size.
#[must_use]
pub fn variant(width: usize, height: usize) -> String {
    format!("{width}x{height}")
}

fn stage(id: &str) -> Result<mtcnn::Stage, ConversionError> {
    mtcnn::Stage::of(id)
        .ok_or_else(|| ConversionError::Source(format!("{id} is none of MTCNN's networks")))
}
