//! A table row by row: the header's columns, then the numbers of one row at a time. What is no such
//! table is refused in words, without the file's name. Nothing is kept of a row that was read.

use std::collections::BTreeSet;
use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use crate::column::{Column, Measure};

/// What is wrong with a file, without its name.
#[derive(Debug)]
pub enum Problem {
    /// The system refuses.
    Read(io::Error),
    /// It is no such table, or a damaged one.
    Format(String),
}

impl From<csv::Error> for Problem {
    fn from(error: csv::Error) -> Self {
        if let csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } = error.kind()
        {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            return Self::Format(format!(
                "line {line} has {len} cells where the header has {expected_len}: the file is \
                 damaged or not complete"
            ));
        }
        let text = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Self::Read(source),
            _ => Self::Format(text),
        }
    }
}

/// A table that is being read. Columns of no known meaning are passed over.
pub struct Cells<R> {
    reader: csv::Reader<R>,
    record: ByteRecord,
    names: Vec<String>,
    wanted: Vec<(usize, Column)>,
    values: Vec<f64>,
}

impl<R: Read> Cells<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When it cannot be read, is not one of comma-separated columns, or names a column twice.
    pub fn open(from: R) -> Result<Self, Problem> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .buffer_capacity(1 << 16)
            .from_reader(from);
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record)? {
            return Err(Problem::Format("is empty".into()));
        }
        let names: Vec<String> = record
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        if names.len() == 1 && names[0].contains([';', '\t']) {
            return Err(Problem::Format(
                "its columns are not separated by commas; save it as CSV with commas and decimal \
                 points"
                    .into(),
            ));
        }
        let wanted = wanted(&names)?;
        Ok(Self {
            reader,
            record,
            wanted,
            values: Vec::new(),
            names,
        })
    }

    /// The columns that are read, in the order of the values of [`next_row`](Self::next_row).
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        self.wanted.iter().map(|(_, column)| *column)
    }

    /// The names of all columns, without spaces around them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Leaves out columns that are of no use to the caller, so that their cells are not looked at.
    pub fn only(&mut self, useful: impl Fn(Column) -> bool) {
        self.wanted.retain(|(_, column)| useful(*column));
    }

    /// The values of the next row, NaN where a cell is empty; nothing at the end.
    ///
    /// # Errors
    /// When the system refuses, a row has too many or too few cells, or a cell is not a number.
    pub fn next_row(&mut self) -> Result<Option<&[f64]>, Problem> {
        if !self.reader.read_byte_record(&mut self.record)? {
            return Ok(None);
        }
        self.values.clear();
        for (place, _) in &self.wanted {
            let value = number(&self.record[*place]).ok_or_else(|| {
                let cell = String::from_utf8_lossy(&self.record[*place]);
                Problem::Format(format!(
                    "line {}, column `{}`: `{}` is not a number",
                    self.line(),
                    self.names[*place],
                    cell.trim()
                ))
            })?;
            self.values.push(value);
        }
        Ok(Some(&self.values))
    }

    /// The line of the row that was read last, counted from 1.
    pub fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    /// Where the row that was read last begins, in bytes from the beginning of the file.
    pub fn byte(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }
}

fn wanted(names: &[String]) -> Result<Vec<(usize, Column)>, Problem> {
    let mut wanted = Vec::new();
    let (mut seen, mut measures) = (BTreeSet::new(), BTreeSet::new());
    for (place, name) in names.iter().enumerate() {
        let column = Column::parse(name);
        if column == Column::Other {
            continue;
        }
        if !seen.insert(name) {
            return Err(Problem::Format(format!("has two columns `{name}`")));
        }
        let measure = match column {
            Column::Measure(measure) => Some(measure),
            Column::Likelihood(au) => Some(Measure::Intensity(au)),
            _ => None,
        };
        if let Some(measure) = measure
            && !measures.insert(measure)
        {
            return Err(Problem::Format(format!("has two columns for {measure}")));
        }
        wanted.push((place, column));
    }
    Ok(wanted)
}

/// A cell as a number: NaN when it is empty or says so, nothing when it is something else.
fn number(cell: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(cell.trim_ascii()).ok()?;
    match text {
        "" | "NA" | "N/A" | "None" => Some(f64::NAN),
        "True" | "TRUE" | "true" => Some(1.0),
        "False" | "FALSE" | "false" => Some(0.0),
        _ => text.parse().ok(),
    }
}
