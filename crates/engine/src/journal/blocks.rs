//! The journal as a file: a run of blocks, each of which is there whole or does not count.
//!
//! A file begins with [`MAGIC`] and [`VERSION`]. A block is its length, a checksum over all that
//! follows, a byte that says what it is, and that. Blocks are only ever appended, so what a crash
//! leaves is whole blocks and at most one torn one at the end. What blocks mean is not known here.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The first bytes of every journal.
pub const MAGIC: [u8; 8] = *b"faceauJL";
/// Version of the layout of the file and of all its blocks.
pub const VERSION: u32 = 2;

/// Bytes before the first block.
pub const HEADER: u64 = 12;
/// Bytes of a block before its content: length, checksum, kind.
const FRAME: usize = 9;
/// No block's content is longer. A length beyond this is not read, whatever the file says.
pub const LONGEST: usize = 64 << 20;

/// The bytes that a journal begins with.
pub fn header() -> [u8; HEADER as usize] {
    let mut header = [0; HEADER as usize];
    header[..8].copy_from_slice(&MAGIC);
    header[8..].copy_from_slice(&VERSION.to_le_bytes());
    header
}

/// Puts a block around `content`, into `block`.
///
/// # Panics
/// When the content is longer than [`LONGEST`].
pub fn wrap(kind: u8, content: &[u8], block: &mut Vec<u8>) {
    assert!(
        content.len() <= LONGEST,
        "blocks are cut before they are so long"
    );
    let length = content.len() as u32;
    block.clear();
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(&checksum(length, kind, content).to_le_bytes());
    block.push(kind);
    block.extend_from_slice(content);
}

/// The length is part of it, so that a wrong one is noticed even if it points at another block.
fn checksum(length: u32, kind: u8, content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&[kind]);
    hasher.update(content);
    hasher.finalize()
}

/// What a file begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// A journal of this version.
    Journal,
    /// A journal of another version.
    OtherVersion(u32),
    /// Not even a whole header: the file was just begun.
    Torn,
    /// Something else.
    Foreign,
}

/// Looks at the first bytes of `file`.
///
/// # Errors
/// When the disk fails.
pub fn beginning(file: &File) -> io::Result<Beginning> {
    let mut found = [0; HEADER as usize];
    let length = (file.metadata()?.len().min(HEADER)) as usize;
    file.read_exact_at(&mut found[..length], 0)?;
    let magic = length.min(MAGIC.len());
    Ok(if found[..magic] != MAGIC[..magic] {
        Beginning::Foreign
    } else if length < HEADER as usize {
        Beginning::Torn
    } else {
        match u32::from_le_bytes([found[8], found[9], found[10], found[11]]) {
            VERSION => Beginning::Journal,
            other => Beginning::OtherVersion(other),
        }
    })
}

/// Where a block lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Of its first byte.
    offset: u64,
    length: u32,
    kind: u8,
}

impl Place {
    /// What the block is.
    pub fn kind(&self) -> u8 {
        self.kind
    }

    /// Where the next block begins.
    pub fn end(&self) -> u64 {
        self.offset + FRAME as u64 + u64::from(self.length)
    }
}

/// Reads the content of the block at `offset` of `file`, which is `size` bytes long. `None` when
/// there is no whole block.
///
/// # Errors
/// When the disk fails.
pub fn read(
    file: &File,
    size: u64,
    offset: u64,
    content: &mut Vec<u8>,
) -> io::Result<Option<Place>> {
    let left = size.saturating_sub(offset);
    if left < FRAME as u64 {
        return Ok(None);
    }
    let mut frame = [0; FRAME];
    file.read_exact_at(&mut frame, offset)?;
    let word =
        |at: usize| u32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]);
    let (length, expected, kind) = (word(0), word(4), frame[8]);
    if length as usize > LONGEST || u64::from(length) > left - FRAME as u64 {
        return Ok(None);
    }
    content.resize(length as usize, 0);
    file.read_exact_at(content, offset + FRAME as u64)?;
    let place = Place {
        offset,
        length,
        kind,
    };
    Ok((checksum(length, kind, content) == expected).then_some(place))
}

/// Reads a block again that was whole before.
///
/// # Errors
/// When the disk fails or the block has changed.
pub fn read_again(file: &File, place: Place, content: &mut Vec<u8>) -> io::Result<()> {
    match read(file, place.end(), place.offset, content)? {
        Some(found) if found == place => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the journal changed while it was read",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// All whole blocks from the first on.
    fn blocks(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let file = file_of(bytes);
        let (mut found, mut content, mut offset) = (Vec::new(), Vec::new(), 0);
        while let Some(place) = read(&file, bytes.len() as u64, offset, &mut content).unwrap() {
            found.push((place.kind(), content.clone()));
            offset = place.end();
            read_again(&file, place, &mut content).unwrap();
        }
        found
    }

    fn written(blocks: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let (mut bytes, mut block) = (Vec::new(), Vec::new());
        for (kind, content) in blocks {
            wrap(*kind, content, &mut block);
            bytes.extend_from_slice(&block);
        }
        bytes
    }

    #[test]
    fn a_file_is_known_by_its_beginning() {
        let at = |bytes: &[u8]| beginning(&file_of(bytes)).unwrap();
        assert_eq!(at(&header()), Beginning::Journal);
        for length in 0..HEADER as usize {
            assert_eq!(at(&header()[..length]), Beginning::Torn);
        }
        assert_eq!(at(b"frame, face_id"), Beginning::Foreign);
        let mut newer = header();
        newer[8] = 9;
        assert_eq!(at(&newer), Beginning::OtherVersion(9));
    }

    fn some_blocks() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
        prop::collection::vec(
            (any::<u8>(), prop::collection::vec(any::<u8>(), 0..60)),
            1..6,
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(expected in some_blocks()) {
            prop_assert_eq!(blocks(&written(&expected)), expected);
        }

        #[test]
        fn of_a_file_cut_short_the_whole_blocks_are_read(expected in some_blocks(), cut in any::<prop::sample::Index>()) {
            let bytes = written(&expected);
            let cut = cut.index(bytes.len());
            let found = blocks(&bytes[..cut]);
            prop_assert!(found.len() < expected.len());
            prop_assert_eq!(&found[..], &expected[..found.len()]);
            prop_assert!(written(&expected[..=found.len()]).len() > cut);
        }

        /// One wrong byte costs the block it is in and those after it, never more, and nothing is
        /// read that was not written.
        #[test]
        fn a_wrong_byte_is_noticed(expected in some_blocks(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let mut bytes = written(&expected);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let found = blocks(&bytes);
            prop_assert!(found.len() < expected.len());
            prop_assert_eq!(&found[..], &expected[..found.len()]);
            prop_assert!(written(&expected[..=found.len()]).len() > at);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            blocks(&bytes);
        }
    }
}
