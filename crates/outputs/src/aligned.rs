//! The aligned face of every frame, as bitmaps in a folder, under OpenFace's names.

use std::fs;
use std::io;
use std::path::Path;

use faceau_vision::au::alignment::ALIGNED_SIZE;
use faceau_vision::extras::ALIGNED_FACE_BYTES;

use super::OutputError;
use super::unfinished::UnfinishedFolder;

/// Bytes before the pixels: the file's header and the picture's.
const HEADER: usize = 14 + 40;

/// A folder of faces that is being filled.
#[derive(Debug)]
pub struct AlignedFaces {
    folder: UnfinishedFolder,
    file: Vec<u8>,
}

impl AlignedFaces {
    /// Begins a folder that is to be `path`, in the folder `workshop`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(path: &Path, workshop: &Path) -> Result<Self, OutputError> {
        Ok(Self {
            folder: UnfinishedFolder::create(path, workshop)?,
            file: Vec::new(),
        })
    }

    /// Name of the picture of frame `frame`, counted from 1: of face 0, the only one.
    fn name(frame: u64) -> String {
        format!("frame_det_00_{frame:06}.bmp")
    }

    /// Writes the picture of frame `frame`, counted from 1. `face` are 112 rows of 112 B, G, R
    /// pixels.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(&mut self, frame: u64, face: &[u8]) -> io::Result<()> {
        self.file.clear();
        bitmap(face, &mut self.file);
        fs::write(self.folder.path().join(Self::name(frame)), &self.file)
    }

    /// All frames are there: the folder appears at `path`, which is on the disk where it was begun, in
    /// place of one that is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn finish(self, path: &Path) -> Result<(), OutputError> {
        self.folder.finish(path)
    }
}

/// Appends a bitmap of 24 bits per pixel, its rows from the bottom up.
fn bitmap(face: &[u8], file: &mut Vec<u8>) {
    let side = ALIGNED_SIZE as u32;
    // A row of 336 bytes needs no filling up to a multiple of 4.
    let row = 3 * ALIGNED_SIZE;
    const { assert!((3 * ALIGNED_SIZE).is_multiple_of(4)) };
    file.extend_from_slice(b"BM");
    let words = |file: &mut Vec<u8>, words: &[u32]| {
        file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    };
    words(
        file,
        &[(HEADER + ALIGNED_FACE_BYTES) as u32, 0, HEADER as u32],
    );
    // One plane of 24 bits, not compressed; 72 pixels per inch; no palette.
    words(file, &[40, side, side, 1 | 24 << 16, 0]);
    words(file, &[ALIGNED_FACE_BYTES as u32, 2835, 2835, 0, 0]);
    for pixels in face.chunks_exact(row).rev() {
        file.extend_from_slice(pixels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_media::is_aligned_face;

    #[test]
    fn pictures_can_be_opened_by_others() {
        let [folder, workshop] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let path = folder.path().join("a_aligned");
        let mut faces = AlignedFaces::create(&path, workshop.path()).unwrap();
        let pixels: Vec<u8> = (0..ALIGNED_FACE_BYTES)
            .map(|i| (i * 7 % 251) as u8)
            .collect();
        faces.push(1, &pixels).unwrap();
        faces.push(2, &[0; ALIGNED_FACE_BYTES]).unwrap();
        assert!(!path.exists());
        faces.finish(&path).unwrap();

        let open = |name: &str| image::open(path.join(name)).unwrap().into_rgb8();
        let first = open("frame_det_00_000001.bmp");
        assert_eq!(first.dimensions(), (112, 112));
        for (pixel, bgr) in first.pixels().zip(pixels.as_chunks::<3>().0) {
            assert_eq!(pixel.0, [bgr[2], bgr[1], bgr[0]]);
        }
        let second = open("frame_det_00_000002.bmp");
        assert!(second.pixels().all(|pixel| pixel.0 == [0; 3]));
        assert!(is_aligned_face(&AlignedFaces::name(1_234_567)));
        for other in ["frame_det_00_.bmp", "frame_det_00_1.png", "notes.txt"] {
            assert!(!is_aligned_face(other), "{other}");
        }
    }
}
