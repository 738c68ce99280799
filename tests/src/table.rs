//! Tables as they were written: cells of text, and the columns as numbers.

use std::path::Path;

use crate::video::{CELLS, number_in};

/// Columns before the action units.
pub const FRAME_COLUMNS: usize = 391;

/// A CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows, cell by cell.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table whose rows all have as many cells as its header.
    ///
    /// # Panics
    /// When it is not there or not such a table.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.ends_with('\n'), "the last line of a table is whole");
        let mut lines = text
            .lines()
            .map(|line| -> Vec<String> { line.split(", ").map(str::to_owned).collect() });
        let header = lines.next().expect("a table has a header");
        let rows: Vec<_> = lines.collect();
        for row in &rows {
            assert_eq!(row.len(), header.len(), "{row:?}");
        }
        Self { header, rows }
    }

    /// A column as numbers.
    ///
    /// # Panics
    /// When there is none of this name, or it holds something else.
    pub fn column(&self, name: &str) -> Vec<f64> {
        let place = self.header.iter().position(|n| n == name);
        let place = place.unwrap_or_else(|| panic!("there is no column {name}"));
        let number = |row: &Vec<String>| row[place].parse().expect("a number");
        self.rows.iter().map(number).collect()
    }

    /// The columns that do not depend on later frames, of the first `rows` rows.
    pub fn frame_columns(&self, rows: usize) -> Vec<&[String]> {
        let cut = |row: &'_ Vec<String>| -> usize { row.len().min(FRAME_COLUMNS) };
        self.rows[..rows]
            .iter()
            .map(|row| &row[..cut(row)])
            .collect()
    }

    /// What the worker double saw in each frame: the brightness of its cells.
    pub fn cells(&self) -> Vec<Vec<f64>> {
        let columns: Vec<Vec<f64>> = (0..CELLS * CELLS)
            .map(|i| self.column(&format!("x_{i}")))
            .collect();
        (0..self.rows.len())
            .map(|row| columns.iter().map(|column| column[row]).collect())
            .collect()
    }

    /// The numbers that the frames spelled, as the worker double saw them.
    pub fn numbers_seen(&self) -> Vec<usize> {
        self.cells().iter().map(|cells| number_in(cells)).collect()
    }
}
