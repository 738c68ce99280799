//! What a job may want of each frame beside its numbers: the descriptor and the aligned face.
//!
//! They are large, so they are handed over only on request, as bytes behind the frame's
//! [`FrameAnalysis`](crate::analysis::FrameAnalysis). Where they come from and what becomes of
//! them is not known here.

use crate::analysis::FHOG_LEN;
use crate::au::alignment::ALIGNED_SIZE;

/// Bytes of an FHOG descriptor: little-endian single-precision numbers.
pub const FHOG_BYTES: usize = 4 * FHOG_LEN;
/// Bytes of an aligned face: 112 rows of 112 B, G, R pixels.
pub const ALIGNED_FACE_BYTES: usize = 3 * ALIGNED_SIZE * ALIGNED_SIZE;

/// Which extras are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extras {
    /// The FHOG descriptor of the aligned face.
    pub fhog: bool,
    /// The aligned, masked face.
    pub aligned_face: bool,
}

impl Extras {
    fn fhog_bytes(self) -> usize {
        if self.fhog { FHOG_BYTES } else { 0 }
    }

    /// Bytes of one frame's extras.
    pub fn bytes(self) -> usize {
        self.fhog_bytes()
            + if self.aligned_face {
                ALIGNED_FACE_BYTES
            } else {
                0
            }
    }

    /// The extras of the face at `place` of a frame, out of those of all its faces.
    ///
    /// # Panics
    /// When there are fewer faces.
    pub fn of_face(self, place: usize, bytes: &[u8]) -> &[u8] {
        &bytes[place * self.bytes()..][..self.bytes()]
    }

    /// The descriptor's bytes and the face's, each empty if not wanted.
    ///
    /// # Panics
    /// When there are fewer than [`bytes`](Self::bytes).
    pub fn split(self, bytes: &[u8]) -> (&[u8], &[u8]) {
        bytes[..self.bytes()].split_at(self.fhog_bytes())
    }

    /// As [`split`](Self::split), to be written.
    ///
    /// # Panics
    /// When there are fewer than [`bytes`](Self::bytes).
    pub fn split_mut(self, bytes: &mut [u8]) -> (&mut [u8], &mut [u8]) {
        bytes[..self.bytes()].split_at_mut(self.fhog_bytes())
    }

    /// Checks that bytes from another process can be extras: a descriptor's numbers are finite.
    ///
    /// # Errors
    /// Says what cannot be.
    ///
    /// # Panics
    /// When there are fewer than [`bytes`](Self::bytes).
    pub fn check(self, bytes: &[u8]) -> Result<(), &'static str> {
        let words = self.split(bytes).0.as_chunks::<4>().0;
        if words
            .iter()
            .all(|&word| f32::from_le_bytes(word).is_finite())
        {
            Ok(())
        } else {
            Err("the descriptor is not a number")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_what_is_wanted_and_no_more() {
        for (fhog, aligned_face, sizes) in [
            (false, false, (0, 0)),
            (true, false, (17_856, 0)),
            (false, true, (0, 37_632)),
            (true, true, (17_856, 37_632)),
        ] {
            let extras = Extras { fhog, aligned_face };
            assert_eq!(extras.bytes(), sizes.0 + sizes.1);
            let mut bytes = vec![0; extras.bytes() + 1];
            let (a, b) = extras.split(&bytes);
            assert_eq!((a.len(), b.len()), sizes);
            let (a, b) = extras.split_mut(&mut bytes);
            assert_eq!((a.len(), b.len()), sizes);
            assert_eq!(extras.check(&bytes), Ok(()));
        }
    }

    #[test]
    fn a_descriptor_must_be_numbers() {
        let extras = Extras {
            fhog: true,
            aligned_face: true,
        };
        let mut bytes = vec![0; extras.bytes()];
        bytes[17_856..].fill(0xff);
        assert_eq!(extras.check(&bytes), Ok(()));
        bytes[17_852..17_856].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(extras.check(&bytes).is_err());
    }
}
