//! Whether an image file holds more than the one picture that is read of it: pages of a TIFF, an
//! animated WebP.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Unreadable files have none.
pub(super) fn has_more(path: &Path) -> bool {
    File::open(path)
        .ok()
        .and_then(|file| looks_so(file).ok())
        .unwrap_or(false)
}

fn looks_so(mut file: impl Read + Seek) -> std::io::Result<bool> {
    let mut head = Vec::new();
    (&mut file).take(32).read_to_end(&mut head)?;
    match head.get(..4) {
        Some(b"RIFF") => {
            let extended = head.get(8..16) == Some(b"WEBPVP8X");
            // The container's flags: 2 says that it is an animation.
            Ok(extended && head.get(20).is_some_and(|flags| flags & 2 != 0))
        }
        Some(b"II*\0") => second_directory(file, &head, u16::from_le_bytes, u32::from_le_bytes),
        Some(b"MM\0*") => second_directory(file, &head, u16::from_be_bytes, u32::from_be_bytes),
        _ => Ok(false),
    }
}

/// TIFF 6.0, section 2: a directory is a count, as many entries of 12 bytes, and where the next is.
fn second_directory(
    mut file: impl Read + Seek,
    head: &[u8],
    short: impl Fn([u8; 2]) -> u16,
    long: impl Fn([u8; 4]) -> u32,
) -> std::io::Result<bool> {
    let Some(first) = head.get(4..8).and_then(|bytes| bytes.try_into().ok()) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(long(first).into()))?;
    let mut count = [0; 2];
    file.read_exact(&mut count)?;
    file.seek_relative(12 * i64::from(short(count)))?;
    let mut next = [0; 4];
    file.read_exact(&mut next)?;
    Ok(long(next) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn pages_and_animations_are_seen() {
        let mut one = b"II*\0\x08\0\0\0\x01\0".to_vec();
        one.extend([0; 12]);
        let [end, more] = [[0_u8; 4], [99, 0, 0, 0]].map(|next| [&one[..], &next].concat());
        assert!(!looks_so(Cursor::new(end)).unwrap());
        assert!(looks_so(Cursor::new(more)).unwrap());
        let webp = |flags: u8| {
            let mut bytes = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0".to_vec();
            bytes.extend([flags, 0, 0, 0]);
            looks_so(Cursor::new(bytes)).unwrap()
        };
        assert!(webp(2) && !webp(0x10));
        assert!(!looks_so(Cursor::new(b"\x89PNG\r\n\x1a\n")).unwrap());
    }
}
