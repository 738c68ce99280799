//! Rows on their way to a table, as numbers.
//!
//! Some columns of a row can be final only when the last frame is known, others are at once. These
//! go into a file without a name as they come, so that memory does not grow with the video and
//! nothing is left behind whatever happens; at the end each row is completed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use faceau_measure::Track;

/// The beginnings of rows, on disk: the number of the track, then the values, as long in every row.
#[derive(Debug)]
pub struct RowSpool {
    file: BufWriter<File>,
    rows: usize,
    length: usize,
}

impl RowSpool {
    /// Begins an empty spool in `folder`, on the disk where the output will be.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create_in(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?),
            rows: 0,
            length: 0,
        })
    }

    /// Appends the next row, one of `track`. All rows have the same length.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(&mut self, track: Track, row: &[u8]) -> io::Result<()> {
        debug_assert!(self.rows == 0 || row.len() == self.length);
        self.length = row.len();
        self.file.write_all(&track.0.to_le_bytes())?;
        self.file.write_all(row)?;
        self.rows += 1;
        Ok(())
    }

    /// Reads the rows back, from the first one on.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn read(self) -> io::Result<SpooledRows> {
        let mut file = self.file.into_inner().map_err(io::Error::from)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(SpooledRows {
            file: BufReader::with_capacity(1 << 18, file),
            left: self.rows,
            length: self.length,
        })
    }
}

/// Rows that are read back.
#[derive(Debug)]
pub struct SpooledRows {
    file: BufReader<File>,
    left: usize,
    length: usize,
}

impl SpooledRows {
    /// Puts the next row into `row` and returns its track; `None` after the last one.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn next(&mut self, row: &mut Vec<u8>) -> io::Result<Option<Track>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut track = [0; 4];
        self.file.read_exact(&mut track)?;
        row.resize(self.length, 0);
        self.file.read_exact(row)?;
        Ok(Some(Track(u32::from_le_bytes(track))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_with_their_tracks() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = RowSpool::create_in(folder.path()).unwrap();
        for (track, row) in [(0, b"abc"), (7, b"def"), (0, b"ghi")] {
            spool.push(Track(track), row).unwrap();
        }
        let mut rows = spool.read().unwrap();
        let mut row = b"something longer".to_vec();
        for (track, expected) in [(0, b"abc"), (7, b"def"), (0, b"ghi")] {
            assert_eq!(rows.next(&mut row).unwrap(), Some(Track(track)));
            assert_eq!(row, expected);
        }
        assert_eq!(rows.next(&mut row).unwrap(), None);
    }
}
