//! Whether a file is a video or an image: in a folder by the ending of its name, when it is named
//! itself by its content, too.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use image::ImageFormat;
use image::codecs::png::PngDecoder;

use super::{Input, has_ending};
use crate::image_folder::jpeg;

/// Endings of files that are taken for videos when a folder is given. A file named directly is
/// tried whatever its ending.
pub(super) const VIDEO_ENDINGS: &[&str] = &[
    "264", "265", "3g2", "3gp", "asf", "avi", "divx", "dv", "f4v", "flv", "h264", "h265", "hevc",
    "insv", "ivf", "m1v", "m2t", "m2ts", "m2v", "m4v", "mjpeg", "mjpg", "mkv", "mod", "mov", "mp4",
    "mpe", "mpeg", "mpg", "mpv", "mts", "mxf", "ogm", "ogv", "qt", "tod", "ts", "vob", "webm",
    "wmv", "wtv", "xvid", "y4m",
];

/// Endings of animations: videos, but often a picture of what else is in the folder. They count as
/// videos unless the folder holds images and no other video.
pub(super) const ANIMATION_ENDINGS: &[&str] = &["apng", "gif"];

/// Endings of files that are taken for images.
pub(super) const IMAGE_ENDINGS: &[&str] = &[
    "bmp", "dib", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp",
];

/// What a file is that is named itself, or by a pattern that spells its ending.
pub(super) fn named(path: &Path) -> Input {
    if is_still(path) {
        Input::Still(path.into())
    } else {
        Input::Video(path.into())
    }
}

fn is_still(path: &Path) -> bool {
    if has_ending(path, VIDEO_ENDINGS) || has_ending(path, ANIMATION_ENDINGS) {
        return false;
    }
    let named_so = has_ending(path, IMAGE_ENDINGS);
    // A pipe would be empty after a look into it.
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let Some(head) = is_file.then(|| head(path)).flatten() else {
        return named_so;
    };
    match image::guess_format(&head).ok() {
        Some(ImageFormat::Png) => !is_animated(path),
        Some(ImageFormat::WebP) => true,
        // Cameras write videos that are nothing but one of these behind the other.
        Some(ImageFormat::Jpeg) => named_so || !jpeg::is_stream(path),
        // The beginnings of these are those of other things, too: raw photos, for one.
        Some(ImageFormat::Tiff | ImageFormat::Bmp) => named_so || path.extension().is_none(),
        _ => named_so && !begins_as_video(&head),
    }
}

/// Whether these first bytes are those of a common container.
fn begins_as_video(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
        || (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI "))
        || head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
        || head.starts_with(b"GIF8")
}

fn head(path: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)
        .ok()?
        .take(64)
        .read_to_end(&mut head)
        .ok()?;
    Some(head)
}

fn is_animated(png: &Path) -> bool {
    let decoder = File::open(png)
        .ok()
        .and_then(|file| PngDecoder::new(BufReader::new(file)).ok());
    decoder.is_some_and(|decoder| decoder.is_apng().unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_is_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let picture = image::RgbImage::new(4, 4);
        let is = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            matches!(named(&path), Input::Still(_))
        };
        let encoded = |format| {
            let mut bytes = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut bytes, format).unwrap();
            bytes.into_inner()
        };
        let (png, jpeg) = (encoded(ImageFormat::Png), encoded(ImageFormat::Jpeg));
        let (tiff, webp) = (encoded(ImageFormat::Tiff), encoded(ImageFormat::WebP));
        for (name, content) in [
            ("a.png", &png),
            ("a.JPG", &jpeg),
            ("photo", &jpeg),
            ("photo.large", &jpeg),
            ("scan", &tiff),
            ("a.tif", &tiff),
            ("a.webp", &webp),
            // Named after one format, of another.
            ("b.jpg", &webp),
            // Broken, but meant as one.
            ("c.jpg", &Vec::new()),
        ] {
            assert!(is(name, content), "{name}");
        }
        let stream = jpeg.repeat(3);
        for (name, content) in [
            ("cam.mjpeg", &stream),
            ("cam", &stream),
            ("raw.dng", &tiff),
            ("renamed.jpg", &b"\0\0\0\x18ftypmp42".to_vec()),
            ("a.gif", &b"GIF89a".to_vec()),
            ("a.mp4", &png),
        ] {
            assert!(!is(name, content), "{name}");
        }
    }
}
