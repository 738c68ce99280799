//! Where a JPEG ends. Decoders fill up what is missing with grey and say nothing.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Markers of a JPEG (ITU-T T.81, table B.1).
const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether the mark that ends the image is there. Thumbnails within the image do not count.
pub(super) fn is_whole(path: &Path) -> bool {
    open(path).is_some_and(|mut file| pass_image(&mut file).is_some())
}

/// Whether another image follows at once, as in videos of cameras that write nothing else.
pub(crate) fn is_stream(path: &Path) -> bool {
    let follows = |mut file: BufReader<File>| {
        pass_image(&mut file)?;
        (byte(&mut file)? == 0xff && byte(&mut file)? == START_OF_IMAGE).then_some(())
    };
    open(path).and_then(follows).is_some()
}

fn open(path: &Path) -> Option<BufReader<File>> {
    File::open(path).ok().map(BufReader::new)
}

/// Reads on until behind the image's end. `None` when the file ends before.
fn pass_image(file: &mut impl BufRead) -> Option<()> {
    let mut marker = next_marker(file)?;
    loop {
        marker = match marker {
            END_OF_IMAGE => return Some(()),
            // These stand alone: the beginning, restarts, and among a scan's data an 0xff that is a
            // number.
            0x00 | 0x01 | 0xd0..=START_OF_IMAGE => next_marker(file)?,
            _ => {
                let length = u16::from_be_bytes([byte(file)?, byte(file)?]);
                pass(file, usize::from(length).saturating_sub(2))?;
                next_marker(file)?
            }
        };
    }
}

/// Reads on until behind an 0xff and what follows it, which is returned.
fn next_marker(file: &mut impl BufRead) -> Option<u8> {
    loop {
        let buffer = file.fill_buf().ok().filter(|buffer| !buffer.is_empty())?;
        match buffer.iter().position(|&byte| byte == 0xff) {
            Some(at) => {
                file.consume(at + 1);
                break;
            }
            None => {
                let all = buffer.len();
                file.consume(all);
            }
        }
    }
    loop {
        match byte(file)? {
            // Fill bytes.
            0xff => {}
            marker => return Some(marker),
        }
    }
}

fn byte(file: &mut impl BufRead) -> Option<u8> {
    let mut one = [0];
    file.read_exact(&mut one).ok()?;
    Some(one[0])
}

fn pass(file: &mut impl BufRead, mut bytes: usize) -> Option<()> {
    while bytes > 0 {
        let there = file.fill_buf().ok()?.len().min(bytes);
        if there == 0 {
            return None;
        }
        file.consume(there);
        bytes -= there;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded() -> Vec<u8> {
        let picture = image::RgbImage::from_fn(40, 30, |x, y| {
            image::Rgb([(x * 6) as u8, (y * 8) as u8, (x * y) as u8])
        });
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture
            .write_to(&mut bytes, image::ImageFormat::Jpeg)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn an_image_is_whole_up_to_its_last_byte() {
        let whole = encoded();
        let is_whole = |bytes: &[u8]| pass_image(&mut &bytes[..]).is_some();
        assert!(is_whole(&whole));
        assert!(is_whole(&[&whole[..], b"what phones append"].concat()));
        for cut in 0..whole.len() {
            assert!(!is_whole(&whole[..cut]), "{cut}");
        }
        // A thumbnail in the head of a cut image is an image with an end.
        let mut nested = whole[..2].to_vec();
        nested.extend([0xff, 0xe1]);
        nested.extend((whole.len() as u16 + 2).to_be_bytes());
        nested.extend(&whole);
        nested.extend(&whole[2..whole.len() / 2]);
        assert!(!is_whole(&nested));
    }
}
