//! A table of one row a video whose columns say what they mean: name, unit, meaning and formula stand
//! beside each value, so that the table and its description cannot differ.

use serde::Serialize;

use crate::cells;

/// A column of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// The unit of its values; empty for words and counts.
    pub unit: &'static str,
    /// What it is.
    pub meaning: String,
}

/// Columns and the values of one row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// The columns, in order.
    pub columns: Vec<ColumnInfo>,
    /// The cells, as they are written.
    pub cells: Vec<String>,
}

impl Row {
    /// Adds words.
    pub fn text(&mut self, name: &str, meaning: &str, value: impl Into<String>) {
        self.push(name.to_owned(), "", meaning.to_owned(), value.into());
    }

    /// Adds a whole number.
    pub fn count(&mut self, name: impl Into<String>, meaning: &str, value: Option<usize>) {
        let cell = value.map_or_else(String::new, |value| value.to_string());
        self.push(name.into(), "", meaning.to_owned(), cell);
    }

    /// Adds a number.
    pub fn number(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        meaning: impl Into<String>,
        value: Option<f64>,
    ) {
        self.push(name.into(), unit, meaning.into(), cells::optional(value));
    }

    /// The cell of a column.
    pub fn get(&self, name: &str) -> Option<&str> {
        let place = self.columns.iter().position(|column| column.name == name)?;
        Some(&self.cells[place])
    }

    fn push(&mut self, name: String, unit: &'static str, meaning: String, cell: String) {
        self.columns.push(ColumnInfo {
            name,
            unit,
            meaning,
        });
        self.cells.push(cell);
    }
}

/// Rows with the same columns as a CSV; empty without rows.
pub fn csv<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let mut text = String::new();
    for row in rows {
        if text.is_empty() {
            cells::push_line(
                &mut text,
                row.columns.iter().map(|column| column.name.as_str()),
            );
        }
        cells::push_line(&mut text, row.cells.iter().map(String::as_str));
    }
    text
}
