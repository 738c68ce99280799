//! What a file holds, told by its size and its digest.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Sha256;

/// Size and digest of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// In bytes.
    pub size: u64,
    /// Digest of all bytes. Text files count byte by byte too: a copy whose line ends were converted
    /// (Git's `autocrlf`, for one) is another file.
    pub sha256: Sha256,
}

impl Content {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            size: bytes.len() as u64,
            sha256: Sha256::of(bytes),
        }
    }

    /// Of everything that `source` gives, holding little of it in memory at once.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_all(source: &mut impl Read) -> io::Result<Self> {
        let mut digest = Sha256::begin();
        let mut buffer = vec![0; 1 << 16];
        let mut size = 0;
        loop {
            match source.read(&mut buffer) {
                Ok(0) => {
                    let sha256 = digest.finish();
                    return Ok(Self { size, sha256 });
                }
                Ok(read) => {
                    digest.add(&buffer[..read]);
                    size += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Of the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of_all(&mut File::open(path)?)
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA-256 {} ({} bytes)", self.sha256, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_the_content_of_its_bytes() {
        let bytes: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
        assert_eq!(
            Content::of_all(&mut &bytes[..]).unwrap(),
            Content::of(&bytes)
        );
        assert_eq!(Content::of(&bytes).size, 200_000);
    }
}
