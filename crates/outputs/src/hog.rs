//! The HOG file of OpenFace 2.2: the descriptor of every frame's aligned face.
//!
//! No header; per frame the numbers of columns, rows and planes, a flag, and the values row by row,
//! all little-endian words of four bytes.

use std::io::{self, Write};
use std::path::Path;

use super::OutputError;
use super::unfinished::Unfinished;

/// Columns and rows of cells, and values per cell.
const SHAPE: [i32; 3] = [12, 12, 31];

/// A HOG file that is being written.
#[derive(Debug)]
pub struct HogFile(Unfinished);

impl HogFile {
    /// Begins a file that is to be `path`, in the folder `workshop`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(path: &Path, workshop: &Path) -> Result<Self, OutputError> {
        Unfinished::create(path, workshop).map(Self)
    }

    /// Appends a frame. `fhog` are its values as little-endian words, zeros where there are none.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(&mut self, success: bool, fhog: &[u8]) -> io::Result<()> {
        let file = self.0.writer();
        for side in SHAPE {
            file.write_all(&side.to_le_bytes())?;
        }
        let flag = if success { 1.0_f32 } else { -1.0 };
        file.write_all(&flag.to_le_bytes())?;
        file.write_all(fhog)
    }

    /// All frames are there: the file appears at `path`, which is on the disk where it was begun.
    ///
    /// # Errors
    /// When the system refuses; there is no file then.
    pub fn finish(self, path: &Path) -> Result<(), OutputError> {
        self.0.finish(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_vision::extras::FHOG_BYTES;

    #[test]
    fn frames_follow_each_other_without_a_header() {
        let [folder, workshop] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let path = folder.path().join("a.hog");
        let mut file = HogFile::create(&path, workshop.path()).unwrap();
        let values: Vec<u8> = (0..4464)
            .flat_map(|i| (i as f32 / 8.0).to_le_bytes())
            .collect();
        file.push(true, &values).unwrap();
        file.push(false, &[0; FHOG_BYTES]).unwrap();
        assert!(!path.exists());
        file.finish(&path).unwrap();

        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 2 * 17_872);
        for (frame, flag) in bytes.chunks_exact(17_872).zip([1.0, -1.0]) {
            let words = frame.as_chunks::<4>().0;
            assert_eq!(
                [0, 1, 2].map(|i| i32::from_le_bytes(words[i])),
                [12, 12, 31]
            );
            assert_eq!(f32::from_le_bytes(words[3]), flag);
            for (i, &word) in words[4..].iter().enumerate() {
                let expected = if flag > 0.0 { i as f32 / 8.0 } else { 0.0 };
                assert_eq!(f32::from_le_bytes(word), expected);
            }
        }
    }
}
