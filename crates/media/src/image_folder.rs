//! Frames that are image files.

use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader};

use super::bounds::check_frame;
use super::{Geometry, InputError};

/// The size that holds every image, from their headers alone.
pub(super) fn largest(images: &[PathBuf]) -> Result<Geometry, InputError> {
    let mut largest = Geometry {
        width: 0,
        height: 0,
    };
    for path in images {
        let mut decoder = open(path)?;
        let orientation = orientation(&mut decoder);
        let size = upright_size(path, &decoder, orientation)?;
        largest.width = largest.width.max(size.width);
        largest.height = largest.height.max(size.height);
    }
    Ok(largest)
}

/// Decodes an image, upright, into B, G, R rows `stride(width)` bytes apart. Returns its size.
pub(super) fn read(
    path: &Path,
    stride: impl Fn(usize) -> usize,
    pixels: &mut [u8],
) -> Result<Geometry, InputError> {
    let bad = |reason: String| InputError::BadImage {
        path: path.into(),
        reason,
    };
    let mut decoder = open(path)?;
    let orientation = orientation(&mut decoder);
    // Before anything is decoded: it may be another file than the one looked at before.
    let Geometry { width, height } = upright_size(path, &decoder, orientation)?;
    let stride = stride(width);
    if stride * height > pixels.len() {
        return Err(bad("it grew while the program ran".into()));
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| bad(e.to_string()))?;
    image.apply_orientation(orientation);
    let rgb = image.into_rgb8();
    if (rgb.width() as usize, rgb.height() as usize) != (width, height) {
        return Err(bad("it is of another size than it says".into()));
    }
    for (row, from) in pixels
        .chunks_exact_mut(stride)
        .zip(rgb.as_raw().chunks_exact(3 * width))
    {
        let to = row.as_chunks_mut::<3>().0;
        for (to, from) in to.iter_mut().zip(from.as_chunks::<3>().0) {
            *to = [from[2], from[1], from[0]];
        }
    }
    Ok(Geometry { width, height })
}

fn open(path: &Path) -> Result<impl ImageDecoder, InputError> {
    ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|source| InputError::Unreadable {
            path: path.into(),
            source,
        })?
        .into_decoder()
        .map_err(|e| InputError::BadImage {
            path: path.into(),
            reason: e.to_string(),
        })
}

/// How the camera was held, as the image's own metadata says. Unreadable metadata says nothing.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

/// An image's size once it is upright, as its header says.
fn upright_size(
    path: &Path,
    decoder: &impl ImageDecoder,
    orientation: Orientation,
) -> Result<Geometry, InputError> {
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    check_frame(path, width, height)?;
    Ok(if is_sideways(orientation) {
        Geometry {
            width: height,
            height: width,
        }
    } else {
        Geometry { width, height }
    })
}

fn is_sideways(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}
