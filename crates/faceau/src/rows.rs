//! The rows of one video, as numbers instead of a file.
//!
//! Some columns are final only when the last frame is known, so rows come when the whole video has
//! been analysed; they are read from the table one by one, so memory does not grow with the video.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Lines};
use std::path::Path;
use std::sync::Arc;

use faceau_events::{ErrorCode, Silent};
use tempfile::TempDir;

use crate::batch::{Inputs, SessionError};
use crate::session::Session;
use crate::settings::Settings;

/// There are no rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// Nothing could be done.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The video cannot be analysed.
    #[error("{message}")]
    Input {
        /// Of what kind it is.
        code: ErrorCode,
        /// What is wrong, for people.
        message: String,
    },
    /// What is needed on the way cannot be written or read.
    #[error("the table on the way cannot be written or read: {0}")]
    System(io::Error),
}

/// Analyses a video, an image or a folder of images, and hands out its rows. Settings that say where
/// outputs go do not count.
///
/// # Errors
/// When it cannot be analysed.
pub fn rows(video: impl AsRef<Path>, mut settings: Settings) -> Result<Rows, RowsError> {
    let folder = tempfile::tempdir().map_err(RowsError::System)?;
    let table = folder.path().join("rows.csv");
    settings.output = Some(table.clone());
    settings.summary = None;
    let inputs = Inputs::from_iter([video.as_ref()]);
    let summary = Session::new(settings).run(&inputs, &mut Silent)?;
    if let Some(input) = summary.batch.inputs.first()
        && let Some(message) = &input.reason
    {
        return Err(RowsError::Input {
            code: input.code.unwrap_or_default(),
            message: message.clone(),
        });
    }
    let file = File::open(&table).map_err(RowsError::System)?;
    let mut lines = BufReader::new(file).lines();
    let header = lines.next().transpose().map_err(RowsError::System)?;
    let header = header.unwrap_or_default();
    Ok(Rows {
        columns: header.split(',').map(|name| name.trim().into()).collect(),
        lines,
        _folder: folder,
    })
}

/// Rows in the order of their frames.
#[derive(Debug)]
pub struct Rows {
    columns: Arc<[String]>,
    lines: Lines<BufReader<File>>,
    /// The table lies in it.
    _folder: TempDir,
}

impl Rows {
    /// Names of the columns; `docs/columns.md` says what they mean.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

impl Iterator for Rows {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        Some(line.map(|line| Row {
            columns: Arc::clone(&self.columns),
            cells: line.split(',').map(|cell| cell.trim().into()).collect(),
        }))
    }
}

/// What was measured of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Arc<[String]>,
    cells: Vec<String>,
}

impl Row {
    /// What is written in a column; nothing if there is no such column.
    pub fn text(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|name| name == column)?;
        self.cells.get(place).map(String::as_str)
    }

    /// The number in a column; nothing if there is no such column, or no number in it.
    pub fn number(&self, column: &str) -> Option<f64> {
        self.text(column)?.parse().ok()
    }

    /// Seconds from the first frame.
    pub fn seconds(&self) -> f64 {
        self.number("timestamp").unwrap_or_default()
    }

    /// Whether there is a face.
    pub fn success(&self) -> bool {
        self.number("success") == Some(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_by_its_name() {
        let row = Row {
            columns: ["frame", "timestamp", "success", "emotion"]
                .map(String::from)
                .into(),
            cells: ["3", "0.067", "1", "happy"].map(String::from).into(),
        };
        assert_eq!((row.seconds(), row.success()), (0.067, true));
        assert_eq!(row.number("frame"), Some(3.0));
        assert_eq!(
            (row.number("emotion"), row.text("emotion")),
            (None, Some("happy"))
        );
        assert_eq!(row.text("AU12_r"), None);
    }
}
