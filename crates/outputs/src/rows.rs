//! Rows on their way to a table.
//!
//! Some columns of a row can be final only when the last frame is known, others are at once. These
//! go into a file without a name as they come, so that memory does not grow with the video and
//! nothing is left behind whatever happens; at the end each row is completed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::unfinished::write_in;
use super::{OutputError, OutputPaths};

/// The beginnings of rows, on disk.
#[derive(Debug)]
pub struct RowSpool {
    file: BufWriter<File>,
    row: Vec<u8>,
    rows: usize,
}

impl RowSpool {
    /// Begins an empty spool in `folder`, on the disk where the output will be.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create_in(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?),
            row: Vec::new(),
            rows: 0,
        })
    }

    /// Appends the next row, which `write` writes without a line end.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.row.clear();
        write(&mut self.row);
        self.row.push(b'\n');
        self.file.write_all(&self.row)?;
        self.rows += 1;
        Ok(())
    }

    /// Number of rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Writes the table: `header`, then each row as `complete` completes it, line ends included.
    ///
    /// # Errors
    /// When the spool cannot be read or the table not be written; there is no table then.
    pub fn finish(
        self,
        paths: &OutputPaths,
        header: &str,
        mut complete: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        write_in(paths.workshop(), &paths.csv, |table| {
            let mut spool = self.file.into_inner().map_err(io::Error::from)?;
            spool.seek(SeekFrom::Start(0))?;
            let mut spool = BufReader::with_capacity(1 << 18, spool);
            table.write_all(header.as_bytes())?;
            let mut row = self.row;
            for _ in 0..self.rows {
                row.clear();
                spool.read_until(b'\n', &mut row)?;
                row.pop();
                complete(&mut row)?;
                table.write_all(&row)?;
            }
            Ok(())
        })
    }
}
