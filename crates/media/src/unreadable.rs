//! Why FFmpeg can make nothing of a file, found out from its bytes: each kind in its own words.
//!
//! Only the beginning (and for a few kinds the end) of the file is looked at. Nothing here decides
//! that a file *is* a video.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::InputError;

/// What a file is instead of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// No bytes at all.
    Empty,
    /// The pointer that git-annex or DataLad leaves where the content was not fetched.
    AnnexPointer,
    /// The pointer of git LFS.
    LfsPointer,
    /// HTML.
    WebPage,
    /// XML or JSON, as servers answer when they refuse.
    ServerAnswer,
    /// An MP4 or MOV file whose index was never written or not loaded.
    NoIndex,
    /// Room was made for the content, and none came.
    Zeros,
    /// Several files packed into one.
    Archive,
    /// Its pictures are encrypted.
    Encrypted,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the file is empty",
            Self::AnnexPointer => {
                "this is a pointer of git-annex, and the video itself is not here; fetch it with \
                 `git annex get` or `datalad get`"
            }
            Self::LfsPointer => {
                "this is a pointer of git LFS, and the video itself is not here; fetch it with \
                 `git lfs pull`"
            }
            Self::WebPage => {
                "this is a web page, not a video; the download may have ended at a login or an \
                 error page"
            }
            Self::ServerAnswer => {
                "this is a text, not a video; the download may have ended with a server's error \
                 message"
            }
            Self::NoIndex => {
                "its index (the `moov` box) is missing: the recording was not finished, or the \
                 download or copy is not complete"
            }
            Self::Zeros => "it holds nothing but zeros: the download or copy was not completed",
            Self::Archive => "this is an archive, not a video; unpack it first",
            Self::Encrypted => {
                "its pictures are encrypted; only a copy without protection can be read"
            }
        })
    }
}

/// Bytes of the beginning that are looked at.
const HEAD: usize = 4096;

/// What can be told at once, before FFmpeg has a look: files of which FFmpeg could make something
/// that they are not.
pub(super) fn at_first_sight(file: &File) -> io::Result<Option<Unreadable>> {
    let head = read_at(file, 0, HEAD)?;
    Ok(if head.is_empty() {
        Some(Unreadable::Empty)
    } else if head.starts_with(b"/annex/objects/") {
        Some(Unreadable::AnnexPointer)
    } else if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        Some(Unreadable::LfsPointer)
    } else if is_web_page(&head) {
        Some(Unreadable::WebPage)
    } else {
        None
    })
}

/// What can be told once FFmpeg has found no video in it.
fn after_failure(file: &File) -> io::Result<Option<Unreadable>> {
    let head = read_at(file, 0, HEAD)?;
    let text = text_of(&head);
    let length = file.metadata()?.len();
    Ok(if lacks_index(file, length)? {
        Some(Unreadable::NoIndex)
    } else if is_zeros(file, length)? {
        Some(Unreadable::Zeros)
    } else if is_archive(&head) {
        Some(Unreadable::Archive)
    } else if text.starts_with(b"<?xml") || text.starts_with(b"{\"") || text.starts_with(b"<Error")
    {
        Some(Unreadable::ServerAnswer)
    } else if is_scrambled(&read_at(file, 0, 188 * 512)?) {
        Some(Unreadable::Encrypted)
    } else {
        None
    })
}

/// The error to report instead of `error`, which FFmpeg's libraries gave for `path`: the clearer one
/// if the file's bytes tell more.
pub(super) fn explained(path: &Path, error: InputError) -> InputError {
    let is_file = |file: &File| file.metadata().is_ok_and(|metadata| metadata.is_file());
    match File::open(path)
        .ok()
        .filter(is_file)
        .map(|file| after_failure(&file))
    {
        Some(Ok(Some(kind))) => kind.error(path),
        _ => error,
    }
}

impl Unreadable {
    /// As the error of the file `path`.
    pub(super) fn error(self, path: &Path) -> InputError {
        InputError::NotAVideo {
            path: path.into(),
            reason: self.to_string(),
        }
    }
}

/// As many bytes at `offset` as there are, `most` at most.
fn read_at(file: &File, offset: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Without a byte order mark and white space.
fn text_of(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start()
}

fn is_web_page(head: &[u8]) -> bool {
    let text = text_of(head);
    let begins = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    begins(b"<!doctype html") || begins(b"<html") || begins(b"<head")
}

fn is_archive(head: &[u8]) -> bool {
    let magic: [&[u8]; 6] = [
        b"PK\x03\x04",
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07",
        b"\x1f\x8b",
        b"BZh",
        b"\xfd7zXZ\0",
    ];
    magic.iter().any(|magic| head.starts_with(magic)) || head.get(257..262) == Some(b"ustar")
}

/// Whether it is made of the boxes of MP4 or MOV, and `moov` or `moof` is not among them.
fn lacks_index(file: &File, length: u64) -> io::Result<bool> {
    let mut offset = 0;
    let mut is_of_boxes = false;
    // Fragmented files have a box for each fragment; one is enough to know.
    for _ in 0..1000 {
        let header = read_at(file, offset, 16)?;
        let (Some(size), Some(kind)) = (header.first_chunk::<4>(), header.get(4..8)) else {
            break;
        };
        match kind {
            b"moov" | b"moof" => return Ok(false),
            b"ftyp" | b"mdat" | b"wide" => is_of_boxes = true,
            b"free" | b"skip" | b"uuid" | b"pnot" | b"udta" => {}
            _ => break,
        }
        let size = match (u32::from_be_bytes(*size), header.get(8..16)) {
            // To the end of the file.
            (0, _) => break,
            (1, Some(large)) => large.iter().fold(0, |size, &b| size << 8 | u64::from(b)),
            (size, _) => u64::from(size),
        };
        match offset.checked_add(size) {
            Some(next) if size >= 8 && next < length => offset = next,
            _ => break,
        }
    }
    Ok(is_of_boxes)
}

/// Whether the beginning, the middle and the end are nothing but zeros.
fn is_zeros(file: &File, length: u64) -> io::Result<bool> {
    for offset in [0, length / 2, length.saturating_sub(HEAD as u64)] {
        if read_at(file, offset, HEAD)?.iter().any(|&byte| byte != 0) {
            return Ok(false);
        }
    }
    Ok(length > 0)
}

/// Whether most packets of a transport stream say that their content is scrambled.
fn is_scrambled(head: &[u8]) -> bool {
    let (packets, _) = head.as_chunks::<188>();
    // Only those that carry something else than tables.
    let media = packets.iter().filter(|packet| {
        packet[0] == 0x47 && (u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2])) > 0x1f
    });
    let (mut all, mut scrambled) = (0, 0);
    for packet in media {
        all += 1;
        scrambled += usize::from(packet[3] >> 6 != 0);
    }
    all >= 8 && scrambled * 2 > all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn atom(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut bytes = (content.len() as u32 + 8).to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(content);
        bytes
    }

    #[test]
    fn pointers_and_pages_are_seen_at_once() {
        let cases: [(&[u8], Option<Unreadable>); 7] = [
            (b"", Some(Unreadable::Empty)),
            (
                b"/annex/objects/MD5E-s1--0.mp4\n",
                Some(Unreadable::AnnexPointer),
            ),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
                Some(Unreadable::LfsPointer),
            ),
            (
                b"\xef\xbb\xbf \n<!DOCTYPE HTML><html>",
                Some(Unreadable::WebPage),
            ),
            (b"<html lang='de'>", Some(Unreadable::WebPage)),
            (b"<htm", None),
            (b"\0\0\0\x20ftypisom", None),
        ];
        for (content, expected) in cases {
            assert_eq!(
                at_first_sight(&file(content)).unwrap(),
                expected,
                "{content:?}"
            );
        }
    }

    #[test]
    fn a_file_without_its_index_is_told_from_one_with() {
        let front = [atom(b"ftyp", b"isom"), atom(b"free", b"")].concat();
        let cut = [&front[..], &atom(b"mdat", &[7; 5000])[..3000]].concat();
        assert_eq!(
            after_failure(&file(&cut)).unwrap(),
            Some(Unreadable::NoIndex)
        );
        let whole = [&front[..], &atom(b"mdat", &[7; 50]), &atom(b"moov", b"bad")].concat();
        assert_eq!(after_failure(&file(&whole)).unwrap(), None);
        // A size that runs in circles or over the end ends the search.
        assert_eq!(
            after_failure(&file(b"\0\0\0\x01ftyp\xff\xff\xff\xff\xff\xff\xff\xffxxxx")).unwrap(),
            Some(Unreadable::NoIndex)
        );
    }

    #[test]
    fn what_else_lies_where_a_video_should() {
        let cases: [(&[u8], Option<Unreadable>); 6] = [
            (&[0; 10_000], Some(Unreadable::Zeros)),
            (b"PK\x03\x04....", Some(Unreadable::Archive)),
            (
                b"<?xml version='1.0'?><Error>",
                Some(Unreadable::ServerAnswer),
            ),
            (b"{\"error\": 403}", Some(Unreadable::ServerAnswer)),
            (b"a text of its own", None),
            (&[9; 300], None),
        ];
        for (content, expected) in cases {
            assert_eq!(after_failure(&file(content)).unwrap(), expected);
        }
    }

    #[test]
    fn scrambled_streams_say_so_in_their_packets() {
        let packet = |control: u8| {
            let mut packet = [0_u8; 188];
            packet[..4].copy_from_slice(&[0x47, 0x01, 0x00, control]);
            packet
        };
        let clear: Vec<u8> = (0..20).flat_map(|_| packet(0x10)).collect();
        let scrambled: Vec<u8> = (0..20).flat_map(|_| packet(0xd0)).collect();
        assert!(!is_scrambled(&clear));
        assert!(is_scrambled(&scrambled));
    }
}
