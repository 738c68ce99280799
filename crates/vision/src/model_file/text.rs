//! Matrices as whitespace-separated text (shape model, triangulation).
//!
//! A file is a sequence of matrices: row count, column count, element type code, then the values
//! row after row. Single numbers may stand between matrices, also on one line with the header of
//! the next one. Lines that are blank or start with `#` or white space are comments.

use super::{ElementType, Matrix, ModelFileError, check_header};

/// Walks through the matrices of a text model file from front to back.
#[derive(Debug, Clone)]
pub struct TextReader<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> TextReader<'a> {
    /// Starts at the first character.
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// Whether nothing but comments is left.
    pub fn is_at_end(&mut self) -> bool {
        self.skip_comments();
        self.position == self.text.len()
    }

    /// Reads a number that stands by itself, not in a matrix.
    ///
    /// # Errors
    /// When the text ends or the next word is not a finite number.
    pub fn number(&mut self, context: &str) -> Result<f64, ModelFileError> {
        self.skip_comments();
        self.value(context, ElementType::F64)
    }

    /// Reads a count that stands by itself: a whole number between 0 and `most`.
    ///
    /// # Errors
    /// When the text ends or the next word is no such number.
    pub fn count(&mut self, context: &str, most: usize) -> Result<usize, ModelFileError> {
        self.skip_comments();
        let value = self.parse::<usize>(context, "a count")?;
        if value > most {
            return Err(self.error(context, &format!("{value} is not between 0 and {most}")));
        }
        Ok(value)
    }

    /// Reads the next matrix. Integer types must hold integers in their range, and every value
    /// must be finite.
    ///
    /// # Errors
    /// When the text ends too early, or a header or a value is not what the format promises.
    pub fn matrix(&mut self, context: &str) -> Result<Matrix, ModelFileError> {
        self.skip_comments();
        let rows = self.parse(context, "a row count")?;
        let cols = self.parse(context, "a column count")?;
        let code = self.parse(context, "an element type")?;
        let (rows, cols, element) = check_header(context, rows, cols, code)?;
        // A value takes two characters or more, so a short text cannot ask for much memory.
        let plausible = (self.text.len() - self.position) / 2 + 1;
        let mut data = Vec::with_capacity((rows * cols).min(plausible));
        for _ in 0..rows * cols {
            data.push(self.value(context, element)?);
        }
        self.demand_line_end(context)?;
        Ok(Matrix { rows, cols, data })
    }

    fn value(&mut self, context: &str, element: ElementType) -> Result<f64, ModelFileError> {
        let value = match element {
            ElementType::U8 => f64::from(self.parse::<u8>(context, "an integer below 256")?),
            ElementType::I32 => f64::from(self.parse::<i32>(context, "a 32-bit integer")?),
            ElementType::F32 => f64::from(self.parse::<f32>(context, "a number")?),
            ElementType::F64 => self.parse::<f64>(context, "a number")?,
        };
        if value.is_finite() {
            Ok(value)
        } else {
            Err(self.error(context, &format!("expected a finite number, found {value}")))
        }
    }

    fn parse<T: std::str::FromStr>(
        &mut self,
        context: &str,
        wanted: &str,
    ) -> Result<T, ModelFileError> {
        let rest = &self.text[self.position..];
        let start = rest.len() - rest.trim_ascii_start().len();
        let length = rest[start..]
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        self.position += start + length;
        if word.is_empty() {
            return Err(self.error(context, &format!("expected {wanted}, found the end")));
        }
        word.parse()
            .map_err(|_| self.error(context, &format!("expected {wanted}, found {word:?}")))
    }

    /// The last value of a matrix ends its line; more values there mean that the header is wrong.
    fn demand_line_end(&self, context: &str) -> Result<(), ModelFileError> {
        let rest = &self.text[self.position..];
        let line = rest.split('\n').next().unwrap_or_default();
        if line.trim_ascii().is_empty() {
            Ok(())
        } else {
            Err(self.error(context, "the matrix has more values than its header says"))
        }
    }

    fn skip_comments(&mut self) {
        let (before, rest) = self.text.split_at(self.position);
        let at_line_start = before.is_empty() || before.ends_with('\n');
        let line = rest.split('\n').next().unwrap_or_default();
        if !at_line_start && !line.trim_ascii().is_empty() {
            return;
        }
        for line in self.text[self.position..].split_inclusive('\n') {
            let comment = line.starts_with(|c: char| c == '#' || c.is_ascii_whitespace());
            if !comment {
                break;
            }
            self.position += line.len();
        }
    }

    fn error(&self, context: &str, reason: &str) -> ModelFileError {
        let line = 1 + self.text[..self.position].matches('\n').count();
        ModelFileError::new(context, format!("line {line}: {reason}"))
    }
}

impl Matrix {
    /// Appends the matrix to `text` as [`TextReader`] reads it, under a comment: element type
    /// `f64`, every digit that is needed to read the same values back.
    pub fn write_text(&self, comment: &str, text: &mut String) {
        *text += &format!("# {comment}\n{}\n{}\n6\n", self.rows, self.cols);
        for row in self.data.chunks(self.cols.max(1)) {
            let words: Vec<String> = row.iter().map(f64::to_string).collect();
            *text += &words.join(" ");
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_follow_each_other_between_comments() {
        let text = "# the mean\r\n\r\n2\n1\n6\n1.5 \r\n-2e1 \r\n\r\n # more\n1 2 4\n7 -8";
        let mut reader = TextReader::new(text);
        let mean = reader.matrix("test").unwrap();
        assert_eq!((mean.rows, mean.cols), (2, 1));
        assert_eq!(mean.data, [1.5, -20.0]);
        assert!(!reader.is_at_end());
        assert_eq!(reader.matrix("test").unwrap().data, [7.0, -8.0]);
        assert!(reader.is_at_end());
    }

    #[test]
    fn numbers_may_precede_a_matrix_on_its_line() {
        let mut reader = TextReader::new("# scale\n0.25\n# patches\n 3\n2 -1.5 1 2 6 4 5 \n7 ");
        assert_eq!(reader.number("test"), Ok(0.25));
        assert_eq!(reader.count("test", 2), Ok(2));
        assert_eq!(reader.number("test"), Ok(-1.5));
        assert_eq!(reader.matrix("test").unwrap().data, [4.0, 5.0]);
        assert!(reader.clone().count("test", 6).is_err());
        assert_eq!(reader.count("test", 7), Ok(7));
        assert!(reader.is_at_end());
        assert!(reader.number("test").is_err());
    }

    #[test]
    fn singles_are_rounded_like_singles() {
        let matrix = TextReader::new("1 1 5\n0.1").matrix("test").unwrap();
        assert_eq!(matrix.data, [f64::from(0.1_f32)]);
    }

    #[test]
    fn what_the_header_does_not_promise_is_refused() {
        for text in [
            "",
            "# nothing but a comment",
            "2 1 6\n1.0\n",
            "1 1 6\n1.0 2.0\n",
            "1 1 6\nNaN",
            "1 1 6\n1e999",
            "1 1 0\n256",
            "1 1 4\n1.5",
            "1 1 9\n1",
            "-1 1 6\n1",
            "100000 100000 6\n1",
            "1 1 6\n\u{e9}",
        ] {
            assert!(TextReader::new(text).matrix("test").is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_error_names_the_line() {
        let error = TextReader::new("# c\n1 2 6\n1.0\nx\n").matrix("mean");
        assert_eq!(
            error.unwrap_err().to_string(),
            "mean: line 4: expected a number, found \"x\""
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(data in proptest::collection::vec(-1e9_f64..1e9, 6)) {
            let matrix = Matrix { rows: 2, cols: 3, data };
            let mut text = String::new();
            matrix.write_text("two by three", &mut text);
            assert_eq!(TextReader::new(&text).matrix("test"), Ok(matrix));
        }

        #[test]
        fn any_text_ends_in_a_value_or_an_error(text: String) {
            let _ = TextReader::new(&text).matrix("test");
        }

        #[test]
        fn nearly_right_text_does_too(text in "[0-9 #e.\\n\\r-]{0,60}") {
            let mut reader = TextReader::new(&text);
            while !reader.is_at_end() && reader.matrix("test").is_ok() {}
        }
    }
}
