//! How values are written: numbers with at most four digits behind the point, empty cells for what
//! is not known, lines that any reader of CSV takes.

use std::fmt::Write as _;

/// A number as it stands in a table: rounded to four digits behind the point, without zeros at the
/// end; empty when it is none.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    let mut text = format!("{value:.4}");
    let digits = text.trim_end_matches('0').trim_end_matches('.').len();
    text.truncate(digits);
    if text == "-0" { "0".into() } else { text }
}

/// A number that may not be known.
pub fn optional(value: Option<f64>) -> String {
    value.map_or_else(String::new, number)
}

/// Appends a line of cells.
pub fn push_line<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (i, cell) in cells.into_iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            // Writing into a string cannot fail.
            let _ = write!(text, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (1.0, "1"),
            (0.12345, "0.1235"),
            (-0.00001, "0"),
            (1234.5, "1234.5"),
            (100.0, "100"),
            (f64::NAN, ""),
            (f64::INFINITY, ""),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(optional(None), "");
    }

    #[test]
    fn what_would_break_a_line_is_quoted() {
        let mut text = String::new();
        push_line(&mut text, ["a,b", "c\"d", "e"]);
        assert_eq!(text, "\"a,b\",\"c\"\"d\",e\n");
    }
}
