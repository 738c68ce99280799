//! Rows on their way to the CSV.
//!
//! AU values are final only when the last frame is known, the other columns at once. These go into
//! a file without a name as they come, so that memory does not grow with the video and nothing is
//! left behind whatever happens; at the end each row gets its AUs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::au::temporal::AuValues;

use super::{Columns, OutputError, csv, write_whole};

/// Columns before the AUs, row by row, on disk.
#[derive(Debug)]
pub struct RowSpool {
    file: BufWriter<File>,
    columns: Columns,
    row: Vec<u8>,
    rows: usize,
}

impl RowSpool {
    /// Begins an empty spool in `folder`, on the disk where the output will be, for a table with
    /// these `columns`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create_in(folder: &Path, columns: Columns) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?),
            columns,
            row: Vec::new(),
            rows: 0,
        })
    }

    /// Appends the next frame.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(&mut self, frame: u64, seconds: f64, analysis: &FrameAnalysis) -> io::Result<()> {
        self.row.clear();
        csv::push_frame(&mut self.row, &self.columns, frame, seconds, analysis);
        self.row.push(b'\n');
        self.file.write_all(&self.row)?;
        self.rows += 1;
        Ok(())
    }

    /// Number of rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Writes the CSV: a header, then each row with its AUs. `intensities` and `presences` are the
    /// numbers of the AUs in the order of the models.
    ///
    /// # Errors
    /// When the spool cannot be read or the CSV not be written; there is no CSV then.
    pub fn finish(
        self,
        path: &Path,
        intensities: &[u8],
        presences: &[u8],
        aus: impl Iterator<Item = io::Result<AuValues>>,
    ) -> Result<(), OutputError> {
        write_whole(path, |csv| {
            let mut spool = self.file.into_inner().map_err(io::Error::from)?;
            spool.seek(SeekFrom::Start(0))?;
            let mut spool = BufReader::with_capacity(1 << 18, spool);
            let header = csv::header(&self.columns, intensities, presences);
            writeln!(csv, "{header}")?;
            let mut row = self.row;
            for aus in aus.take(self.rows) {
                let AuValues {
                    intensities,
                    presences,
                } = aus?;
                row.clear();
                spool.read_until(b'\n', &mut row)?;
                row.pop();
                csv::push_aus(&mut row, &self.columns, &intensities, &presences);
                csv.write_all(&row)?;
            }
            Ok(())
        })
    }
}
