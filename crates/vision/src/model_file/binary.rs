//! Little-endian records without padding (AU models, detection validator, patch experts).

use super::{ElementType, Matrix, ModelFileError, check_header};

/// Walks through the bytes of a binary model file from front to back.
#[derive(Debug)]
pub struct BinaryReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> BinaryReader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Bytes not yet read.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    fn take(&mut self, count: usize, context: &str) -> Result<&'a [u8], ModelFileError> {
        let rest = &self.bytes[self.position..];
        let Some(taken) = rest.get(..count) else {
            return Err(ModelFileError::new(
                context,
                format!(
                    "the file ends too early: {count} bytes wanted at byte {}, {} left",
                    self.position,
                    rest.len()
                ),
            ));
        };
        self.position += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, context: &str) -> Result<[u8; N], ModelFileError> {
        let taken = self.take(N, context)?;
        let mut array = [0; N];
        array.copy_from_slice(taken);
        Ok(array)
    }

    /// Reads a 32-bit integer.
    ///
    /// # Errors
    /// At the end of the file.
    pub fn i32(&mut self, context: &str) -> Result<i32, ModelFileError> {
        Ok(i32::from_le_bytes(self.array(context)?))
    }

    /// Reads a 32-bit float.
    ///
    /// # Errors
    /// At the end of the file, or when it is not finite.
    pub fn f32(&mut self, context: &str) -> Result<f32, ModelFileError> {
        let start = self.position;
        let value = f32::from_le_bytes(self.array(context)?);
        self.finite(&[value.into()], start, 4, context)?;
        Ok(value)
    }

    /// Reads a 64-bit float.
    ///
    /// # Errors
    /// At the end of the file, or when it is not finite.
    pub fn f64(&mut self, context: &str) -> Result<f64, ModelFileError> {
        let start = self.position;
        let value = f64::from_le_bytes(self.array(context)?);
        self.finite(&[value], start, 8, context)?;
        Ok(value)
    }

    /// Refuses infinities and what is not a number: no model means them, and they would only show
    /// in the results.
    fn finite(
        &self,
        values: &[f64],
        start: usize,
        size: usize,
        context: &str,
    ) -> Result<(), ModelFileError> {
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(at) => Err(ModelFileError::new(
                context,
                format!("{} at byte {} is no number", values[at], start + at * size),
            )),
        }
    }

    /// Reads a count: a 32-bit integer between 0 and `most`.
    ///
    /// # Errors
    /// At the end of the file or when the number is out of range.
    pub fn count(&mut self, context: &str, most: usize) -> Result<usize, ModelFileError> {
        let value = self.i32(context)?;
        usize::try_from(value)
            .ok()
            .filter(|&n| n <= most)
            .ok_or_else(|| {
                let at = self.position - 4;
                let reason = format!("{value} at byte {at} is not between 0 and {most}");
                ModelFileError::new(context, reason)
            })
    }

    /// Reads a matrix: rows, columns, element type, then the values row after row.
    ///
    /// # Errors
    /// At the end of the file, when the header is implausible, or when a value is not finite.
    pub fn matrix(&mut self, context: &str) -> Result<Matrix, ModelFileError> {
        let header = self.position;
        let rows = self.i32(context)?;
        let cols = self.i32(context)?;
        let code = self.i32(context)?;
        let (rows, cols, element) = check_header(context, rows.into(), cols.into(), code.into())
            .map_err(|mut error| {
                error.reason.push_str(&format!(" (at byte {header})"));
                error
            })?;
        let start = self.position;
        let bytes = self.take(rows * cols * element.bytes(), context)?;
        let data: Vec<f64> = match element {
            ElementType::U8 => bytes.iter().map(|&v| f64::from(v)).collect(),
            ElementType::I32 => words(bytes)
                .map(|w| f64::from(i32::from_le_bytes(w)))
                .collect(),
            ElementType::F32 => words(bytes)
                .map(|w| f64::from(f32::from_le_bytes(w)))
                .collect(),
            ElementType::F64 => words(bytes).map(f64::from_le_bytes).collect(),
        };
        self.finite(&data, start, element.bytes(), context)?;
        Ok(Matrix { rows, cols, data })
    }
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_read_row_by_row() {
        let mut bytes = Vec::new();
        for word in [2_i32, 1, 5] {
            bytes.extend(word.to_le_bytes());
        }
        for value in [1.5_f32, -2.0] {
            bytes.extend(value.to_le_bytes());
        }
        let mut reader = BinaryReader::new(&bytes);
        let matrix = reader.matrix("test").unwrap();
        assert_eq!((matrix.rows, matrix.cols), (2, 1));
        assert_eq!(matrix.data, [1.5, -2.0]);
        assert_eq!(reader.remaining(), 0);
    }

    #[test]
    fn a_huge_matrix_in_a_short_file_is_refused() {
        let mut bytes = Vec::new();
        for word in [i32::MAX, i32::MAX, 6] {
            bytes.extend(word.to_le_bytes());
        }
        assert!(BinaryReader::new(&bytes).matrix("test").is_err());
        assert!(BinaryReader::new(&bytes[..5]).matrix("test").is_err());
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        let mut bytes = Vec::new();
        for word in [1_i32, 2, 5] {
            bytes.extend(word.to_le_bytes());
        }
        for value in [1.5_f32, f32::NAN] {
            bytes.extend(value.to_le_bytes());
        }
        let error = BinaryReader::new(&bytes).matrix("test").unwrap_err();
        assert!(error.to_string().contains("at byte 16"), "{error}");
        let infinite = f64::INFINITY.to_le_bytes();
        assert!(BinaryReader::new(&infinite).f64("test").is_err());
        let count = (-1_i32).to_le_bytes();
        let error = BinaryReader::new(&count).count("test", 3).unwrap_err();
        assert!(error.to_string().contains("at byte 0"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_a_value_or_an_error(bytes: Vec<u8>) {
            let _ = BinaryReader::new(&bytes).matrix("test");
        }
    }
}
