//! Writes into a finished MP4 file how it is to be turned, as phones do.
//!
//! FFmpeg's muxer would take the matrix as side data, which the bindings cannot set; it is nine
//! numbers at a known place (ISO 14496-12, track header box), so they are written there.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::VideoError;

/// Has the picture of an MP4 or MOV file shown turned by as many quarters clockwise.
///
/// # Errors
/// When the file cannot be read or written or is no such file.
pub fn set_rotation(path: &Path, quarters: usize) -> Result<(), VideoError> {
    let open = || File::options().read(true).write(true).open(path);
    let mut file = open().map_err(VideoError::file(path))?;
    let header =
        find(&mut file, &[*b"moov", *b"trak", *b"tkhd"]).map_err(VideoError::file(path))?;
    let Some((start, _)) = header else {
        return Err(VideoError::NoTrackHeader {
            path: path.to_owned(),
        });
    };
    write_matrix(&mut file, start, quarters).map_err(VideoError::file(path))
}

/// Content of a box: where it starts and ends.
type Extent = (u64, u64);

/// The first box reached by these names, one inside the other.
fn find(file: &mut File, names: &[[u8; 4]]) -> io::Result<Option<Extent>> {
    let mut extent = (0, file.seek(SeekFrom::End(0))?);
    for name in names {
        match find_in(file, extent, name)? {
            Some(inner) => extent = inner,
            None => return Ok(None),
        }
    }
    Ok(Some(extent))
}

fn find_in(file: &mut File, (mut at, end): Extent, name: &[u8; 4]) -> io::Result<Option<Extent>> {
    while at + 8 <= end {
        file.seek(SeekFrom::Start(at))?;
        let (mut short, mut found) = ([0; 4], [0; 4]);
        file.read_exact(&mut short)?;
        file.read_exact(&mut found)?;
        let (head, size) = match u32::from_be_bytes(short) {
            // To the end of the file.
            0 => (8, end - at),
            1 => {
                let mut long = [0; 8];
                file.read_exact(&mut long)?;
                (16, u64::from_be_bytes(long))
            }
            size => (8, u64::from(size)),
        };
        if size < head || size > end - at {
            return Ok(None);
        }
        if &found == name {
            return Ok(Some((at + head, at + size)));
        }
        at += size;
    }
    Ok(None)
}

/// `start` is where the track header's content begins.
fn write_matrix(file: &mut File, start: u64, quarters: usize) -> io::Result<()> {
    let mut version = [0];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut version)?;
    // Times have 32 or, in version 1, 64 bits.
    let matrix_at = start + if version[0] == 1 { 52 } else { 40 };
    let one = 1 << 16;
    let [a, b, c, d] = [
        [one, 0, 0, one],
        [0, one, -one, 0],
        [-one, 0, 0, -one],
        [0, -one, one, 0],
    ][quarters % 4];
    file.seek(SeekFrom::Start(matrix_at))?;
    for value in [a, b, 0, c, d, 0, 0, 0, 1 << 30] {
        file.write_all(&i32::to_be_bytes(value))?;
    }
    Ok(())
}
