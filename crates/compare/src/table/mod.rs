//! Tables as OpenFace, faceau and programs like them write them: a CSV with one row per frame.
//!
//! Only what can be compared is kept, in single precision: an hour of video has 200,000 rows of 700
//! columns.

mod cells;
mod rows;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::column::Measure;
pub use cells::{Cells, Problem};
use rows::Rows;

/// Why a table cannot be read. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The system refuses.
    #[error("{}: cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is not such a table.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl TableError {
    /// What `problem` means for the file at `path`.
    pub fn of(path: &Path, problem: Problem) -> Self {
        let path = path.to_owned();
        match problem {
            Problem::Read(cause) => Self::Read { path, cause },
            Problem::Format(reason) => Self::Format { path, reason },
        }
    }
}

/// A table in memory, with the rows of one face.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What it is called in messages.
    pub name: String,
    /// Number of rows.
    pub rows: usize,
    /// Numbers of the frames, counted from 1 as OpenFace does.
    pub frames: Option<Vec<i64>>,
    /// Whether the file itself counts from 0.
    pub counts_from_zero: bool,
    /// Seconds.
    pub times: Option<Vec<f64>>,
    /// Whether the face was tracked.
    pub success: Option<Vec<bool>>,
    /// Whether intensities are on a scale from 0 to 1, as py-feat's are.
    pub unit_scale: bool,
    columns: BTreeMap<Measure, Vec<f32>>,
}

impl Table {
    /// Reads a file. When it has rows of several faces, `face` says which one is meant.
    ///
    /// # Errors
    /// When the file cannot be read, is no such table, or several faces are in it and none is chosen.
    pub fn read(path: &Path, face: Option<i64>) -> Result<Self, TableError> {
        let file = File::open(path).map_err(|cause| TableError::Read {
            path: path.to_owned(),
            cause,
        })?;
        if file.metadata().is_ok_and(|data| data.is_dir()) {
            return Err(TableError::Read {
                path: path.to_owned(),
                cause: io::ErrorKind::IsADirectory.into(),
            });
        }
        Self::parse(file, path, face)
    }

    /// Reads from anything; `path` is what messages call it.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn parse(from: impl Read, path: &Path, face: Option<i64>) -> Result<Self, TableError> {
        let name = path.display().to_string();
        let rows = Rows::read(from)
            .and_then(|rows| rows.of_face(face))
            .and_then(|rows| rows.into_table(name));
        rows.map_err(|problem| TableError::of(path, problem))
    }

    /// A column's values, one per row; NaN where there is none.
    pub fn column(&self, measure: Measure) -> Option<&[f32]> {
        self.columns.get(&measure).map(Vec::as_slice)
    }

    /// What can be compared, in order.
    pub fn measures(&self) -> impl Iterator<Item = Measure> {
        self.columns.keys().copied()
    }

    /// Whether the face was tracked in a row. A table that does not tell has faces everywhere.
    pub fn succeeded(&self, row: usize) -> bool {
        self.success.as_ref().is_none_or(|success| success[row])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, face: Option<i64>) -> Result<Table, String> {
        Table::parse(text.as_bytes(), Path::new("t.csv"), face).map_err(|error| error.to_string())
    }

    #[test]
    fn spaces_words_and_gaps_are_understood() {
        let text = "\u{feff}frame, timestamp, success, AU01_r, x_0, p_rx\n\
                    1, 0.000, 1, 0.50, 10.5, 9\n2, 0.033, 0, nan, , 9\n";
        let table = parse(text, None).unwrap();
        assert_eq!(table.rows, 2);
        assert_eq!(table.frames, Some(vec![1, 2]));
        assert_eq!(table.times, Some(vec![0.0, 0.033]));
        assert!(table.succeeded(0) && !table.succeeded(1));
        let au = table.column(Measure::Intensity(1)).unwrap();
        assert!(au[0] == 0.5 && au[1].is_nan());
        assert!(table.measures().count() == 2 && !table.unit_scale);
    }

    #[test]
    fn frames_may_be_counted_from_zero_and_success_may_be_a_word() {
        let table = parse("frame,success,AU12\n0,True,0.5\n1,False,0.1\n", None).unwrap();
        assert_eq!(table.frames, Some(vec![1, 2]));
        assert!(table.counts_from_zero && table.unit_scale);
        assert_eq!(table.success, Some(vec![true, false]));
    }

    #[test]
    fn one_of_several_faces_is_chosen_or_asked_for() {
        let text = "frame,face_id,AU01_r\n1,0,0.1\n1,3,0.2\n2,3,0.3\n";
        let error = parse(text, None).unwrap_err();
        assert!(
            error.contains("0, 3") && error.contains("--face"),
            "{error}"
        );
        let table = parse(text, Some(3)).unwrap();
        assert_eq!(table.frames, Some(vec![1, 2]));
        assert_eq!(table.column(Measure::Intensity(1)), Some(&[0.2, 0.3][..]));
        assert!(parse(text, Some(1)).unwrap_err().contains("no face 1"));
        assert!(parse("frame,AU01_r\n1,0\n", Some(2)).is_err());
        assert!(parse("frame,AU01_r\n1,0\n", Some(0)).is_ok());
    }

    #[test]
    fn what_is_no_table_is_refused_with_a_reason() {
        for (text, part) in [
            ("", "is empty"),
            ("frame,AU01_r\n", "no rows"),
            ("face,AU01_r\n0,1\n", "neither a `frame`"),
            ("frame,nose\n1,2\n", "no column that can be compared"),
            ("frame;AU01_r\n1;2\n", "commas"),
            ("frame,AU01_r\n1,2\n2\n", "line 3 has 1 cells"),
            ("frame,AU01_r\n1,2\n2,2,5\n", "line 3 has 3 cells"),
            ("frame,AU01_r\n1,oops\n", "line 2, column `AU01_r`: `oops`"),
            ("frame,AU01_r,AU01_r\n1,2,3\n", "two columns `AU01_r`"),
            ("frame,AU01,AU01_r\n1,2,3\n", "two columns for AU01_r"),
            ("frame,AU01_r\n1.5,2\n", "not a frame's number"),
            ("frame,AU01_r\n-1,2\n", "not a frame's number"),
            ("frame,AU01_r\n,2\n", "not a frame's number"),
            ("frame,AU01_r\n7,2\n7,2\n", "frame 7 has two rows"),
            ("timestamp,AU01_r\nnan,2\n", "not a time"),
        ] {
            let error = parse(text, None).unwrap_err();
            assert!(
                error.starts_with("t.csv: ") && error.contains(part),
                "{error}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Table::read(Path::new("/no/such.csv"), None).unwrap_err();
        assert!(error.to_string().contains("/no/such.csv"), "{error}");
        let error = Table::read(&std::env::temp_dir(), None).unwrap_err();
        assert!(matches!(error, TableError::Read { .. }), "{error}");
    }
}
