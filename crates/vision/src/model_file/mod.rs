//! Reading the encodings that OpenFace's model files are made of.
//!
//! Two dialects, one result: matrices as text (shape model, triangulation) and little-endian
//! binary records (AU models, validator, patch experts). Whatever the bytes say, reading ends in a
//! value or in an error that says what was expected where; sizes are checked before memory is
//! taken. Which file means what is not known here.

mod binary;
mod text;

pub use binary::BinaryReader;
pub use text::TextReader;

/// A model file does not say what its format promises.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{context}: {reason}")]
pub struct ModelFileError {
    /// Which part of which kind of file.
    pub context: String,
    /// What was expected and what was found.
    pub reason: String,
}

impl ModelFileError {
    /// An error about `context`.
    pub fn new(context: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            context: context.into(),
            reason: reason.into(),
        }
    }
}

/// A model that consists of several files could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum ModelLoadError {
    /// A file that another one names could not be got hold of.
    #[error("the model file `{path}` could not be read")]
    File {
        /// Its path as the other file gives it.
        path: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file is not what its format promises.
    #[error(transparent)]
    Format(#[from] ModelFileError),
}

/// A matrix as stored in a model file, widened to `f64`, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// `rows * cols` values, row after row.
    pub data: Vec<f64>,
}

impl Matrix {
    /// Demands a certain shape, as a reader of a fixed format does.
    ///
    /// # Errors
    /// When the shape is another one.
    pub fn expect_shape(
        self,
        context: &str,
        rows: usize,
        cols: usize,
    ) -> Result<Self, ModelFileError> {
        if (self.rows, self.cols) == (rows, cols) {
            Ok(self)
        } else {
            Err(ModelFileError::new(
                context,
                format!(
                    "expected a {rows}x{cols} matrix, found {}x{}",
                    self.rows, self.cols
                ),
            ))
        }
    }
}

/// Element type of a stored matrix, by the code that OpenFace's files use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ElementType {
    U8,
    I32,
    F32,
    F64,
}

impl ElementType {
    fn from_code(context: &str, code: i64) -> Result<Self, ModelFileError> {
        match code {
            0 => Ok(Self::U8),
            4 => Ok(Self::I32),
            5 => Ok(Self::F32),
            6 => Ok(Self::F64),
            other => Err(ModelFileError::new(
                context,
                format!("unknown matrix element type {other} (known: 0, 4, 5, 6)"),
            )),
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// Checks a matrix header and returns its shape and type.
fn check_header(
    context: &str,
    rows: i64,
    cols: i64,
    code: i64,
) -> Result<(usize, usize, ElementType), ModelFileError> {
    const LARGEST: i64 = 1 << 28;
    let fits = |n: i64| (0..=LARGEST).contains(&n);
    if !fits(rows) || !fits(cols) || !fits(rows.saturating_mul(cols)) {
        return Err(ModelFileError::new(
            context,
            format!("a matrix of {rows}x{cols} is not plausible"),
        ));
    }
    Ok((
        rows as usize,
        cols as usize,
        ElementType::from_code(context, code)?,
    ))
}
