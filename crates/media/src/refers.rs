//! Inputs that are only a way to other files: playlists, manifests, descriptions of streams.
//!
//! What such a file says today and what it led to yesterday cannot be told apart by its content, by
//! which outputs are known; so they are refused.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::{Input, InputError};

/// So much of a file is looked at.
const HEAD: u64 = 4096;

/// FFmpeg's readers of such files, and what these are.
const DEMUXERS: &[(&str, &str)] = &[
    ("hls", "a playlist (HLS)"),
    ("applehttp", "a playlist (HLS)"),
    ("concat", "a list for FFmpeg's concat"),
    ("dash", "a DASH manifest"),
    ("imf", "an IMF playlist"),
    ("sdp", "the description of a stream (SDP)"),
    ("rtsp", "the address of a stream"),
    ("avisynth", "an AviSynth script"),
    ("vapoursynth", "a VapourSynth script"),
];

/// Refuses an input that refers to other files.
///
/// # Errors
/// When it does. One that cannot be read passes: that shows elsewhere.
pub fn check_self_contained(input: &Input) -> Result<(), InputError> {
    let Input::Video(path) = input else {
        return Ok(());
    };
    match what_by_content(path) {
        Some(what) => Err(refused(path, what)),
        None => Ok(()),
    }
}

/// Refuses a file that FFmpeg would read with `demuxer`, if that follows references.
pub(crate) fn check_demuxer(path: &Path, demuxer: &str) -> Result<(), InputError> {
    // A reader has several names, as in `mov,mp4,m4a`.
    let mut names = demuxer.split(',');
    let known = names.find_map(|name| DEMUXERS.iter().find(|(known, _)| *known == name));
    match known {
        Some((_, what)) => Err(refused(path, what)),
        // It takes `%03d` in a name for a number, and reads the files that are numbered so.
        None if demuxer == "image2" && path.to_string_lossy().contains('%') => {
            Err(refused(path, "a pattern of numbered images"))
        }
        None => Ok(()),
    }
}

fn refused(path: &Path, what: &'static str) -> InputError {
    InputError::RefersToOthers {
        path: path.into(),
        what,
    }
}

fn what_by_content(path: &Path) -> Option<&'static str> {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("avs") => return Some("an AviSynth script"),
        Some("vpy") => return Some("a VapourSynth script"),
        _ => {}
    }
    // A pipe would be empty after a look into it.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut head = Vec::new();
    File::open(path)
        .ok()?
        .take(HEAD)
        .read_to_end(&mut head)
        .ok()?;
    what(&head)
}

/// What a file that begins like this is, if it refers to others.
fn what(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.contains(&0) {
        // None of them is binary.
        return None;
    }
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start();
    let begins = [
        ("#extm3u", "a playlist (M3U, HLS)"),
        ("ffconcat version", "a list for FFmpeg's concat"),
        ("file '", "a list for FFmpeg's concat"),
        ("[playlist]", "a playlist (PLS)"),
        ("[reference]", "a playlist (ASX)"),
        ("<asx", "a playlist (ASX)"),
        ("<smil", "a playlist (SMIL)"),
        ("rtsptext", "the address of a stream"),
        ("rtsp://", "the address of a stream"),
        ("http://", "the address of a stream"),
        ("https://", "the address of a stream"),
    ];
    if let Some((_, what)) = begins.iter().find(|(begin, _)| text.starts_with(begin)) {
        return Some(what);
    }
    if text.starts_with("v=0") && text.lines().any(|line| line.starts_with("m=")) {
        return Some("the description of a stream (SDP)");
    }
    let elements = [
        ("<mpd", "a DASH manifest"),
        ("<smoothstreamingmedia", "a Smooth Streaming manifest"),
        ("<compositionplaylist", "an IMF playlist"),
        ("<smil", "a playlist (SMIL)"),
        ("<asx", "a playlist (ASX)"),
        ("<playlist", "a playlist (XSPF)"),
        ("<mlt", "an MLT project"),
    ];
    let is_xml = text.starts_with('<');
    let element = |(element, _): &&(&str, &str)| is_xml && text.contains(element);
    elements.iter().find(element).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_other_files_are_known_by_their_content() {
        for (content, word) in [
            ("#EXTM3U\n#EXTINF:1.0,\nm.ts\n", "HLS"),
            ("\u{feff}\r\n#EXTM3U\n", "HLS"),
            ("ffconcat version 1.0\nfile a.mp4\n", "concat"),
            (
                "v=0\r\no=- 0 0 IN IP4 1.2.3.4\r\nm=video 5004 RTP/AVP 96\r\n",
                "SDP",
            ),
            ("<?xml version=\"1.0\"?>\n<MPD xmlns=\"x\">", "DASH"),
            ("<?xml version=\"1.0\"?>\n<playlist version=\"1\">", "XSPF"),
            ("[playlist]\nFile1=a.mp4\n", "PLS"),
            ("<ASX version=\"3.0\">", "ASX"),
        ] {
            assert!(
                what(content.as_bytes()).unwrap().contains(word),
                "{content}"
            );
        }
        for content in [
            &b"\0\0\0\x18ftypmp42"[..],
            b"",
            b"GIF89a",
            b"<html><body>not found</body></html>",
            b"v=0",
        ] {
            assert_eq!(what(content), None);
        }
        assert!(check_demuxer(Path::new("a.m3u8"), "hls").is_err());
        assert!(check_demuxer(Path::new("a%02d.tga"), "image2").is_err());
        assert!(check_demuxer(Path::new("a.tga"), "image2").is_ok());
        assert!(check_demuxer(Path::new("a.mp4"), "mov,mp4,m4a,3gp,3g2,mj2").is_ok());
    }
}
