//! Frames that are image files: those of a folder, or a single still.
//!
//! An image that cannot be decoded costs its own frame and no other, as a bad picture does in a
//! video; one that cannot be read at all ends the input, because the disk is at fault.

pub(crate) mod jpeg;
mod pages;
mod through_ffmpeg;

use std::io;
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use super::bounds::check_frame;
use super::{Geometry, InputError};

/// What the headers of a run of images say.
pub(super) struct Survey {
    /// The size that holds every image.
    pub geometry: Geometry,
    /// What the user should know, a line each.
    pub remarks: Vec<String>,
}

/// Looks at the headers of `images`.
///
/// # Errors
/// When one cannot be read, or none is an image.
pub(super) fn survey(images: &[PathBuf]) -> Result<Survey, InputError> {
    let mut largest: Option<Geometry> = None;
    let (mut bad, mut several) = (Vec::new(), Vec::new());
    for path in images {
        match size_of(path) {
            Ok(size) => {
                let so_far = largest.unwrap_or(size);
                largest = Some(Geometry {
                    width: so_far.width.max(size.width),
                    height: so_far.height.max(size.height),
                });
                if pages::has_more(path) {
                    several.push(path);
                }
            }
            Err(error) if error.is_of_one_image() => bad.push(error),
            Err(error) => return Err(error),
        }
    }
    let mut bad = bad.into_iter();
    let first_bad = bad.next();
    let Some(geometry) = largest else {
        return Err(first_bad.unwrap_or(InputError::NoFrames {
            path: images.first().cloned().unwrap_or_default(),
        }));
    };
    let mut remarks = Vec::new();
    if let Some(first) = first_bad {
        remarks.push(format!(
            "{} of {} images cannot be read and get rows without a face; the first: {first}",
            1 + bad.len(),
            images.len()
        ));
    }
    if let Some(first) = several.first() {
        let name = first.file_name().unwrap_or_default().display();
        remarks.push(match several.len() {
            1 => format!("{name} holds several pictures; the first is analysed"),
            count => format!(
                "{count} images hold several pictures, of which the first is analysed: {name}, …"
            ),
        });
    }
    Ok(Survey { geometry, remarks })
}

/// Why the image library gives nothing.
enum Refusal {
    /// It does not read images of this kind; others may.
    OfKind(InputError),
    /// The image or the system is at fault.
    Error(InputError),
}

impl From<InputError> for Refusal {
    fn from(error: InputError) -> Self {
        Self::Error(error)
    }
}

fn size_of(path: &Path) -> Result<Geometry, InputError> {
    let by_library = || -> Result<Geometry, Refusal> {
        let (mut decoder, _) = open(path)?;
        let orientation = orientation(&mut decoder);
        Ok(upright_size(path, &decoder, orientation)?)
    };
    match by_library() {
        Ok(size) => Ok(size),
        Err(Refusal::Error(error)) => Err(error),
        Err(Refusal::OfKind(error)) => through_ffmpeg::size_of(path).ok_or(error),
    }
}

/// Decodes an image, upright, into B, G, R rows `stride(width)` bytes apart. Returns its size.
pub(super) fn read(
    path: &Path,
    stride: impl Fn(usize) -> usize,
    pixels: &mut [u8],
) -> Result<Geometry, InputError> {
    match read_by_library(path, &stride, pixels) {
        Ok(size) => Ok(size),
        Err(Refusal::Error(error)) => Err(error),
        Err(Refusal::OfKind(error)) => through_ffmpeg::read(path, stride, pixels)?.ok_or(error),
    }
}

fn read_by_library(
    path: &Path,
    stride: impl Fn(usize) -> usize,
    pixels: &mut [u8],
) -> Result<Geometry, Refusal> {
    let bad = |reason: &str| InputError::BadImage {
        path: path.into(),
        reason: reason.to_owned(),
    };
    let (mut decoder, format) = open(path)?;
    let orientation = orientation(&mut decoder);
    // Before anything is decoded: it may be another file than the one looked at before.
    let Geometry { width, height } = upright_size(path, &decoder, orientation)?;
    let stride = stride(width);
    if stride * height > pixels.len() {
        return Err(InputError::Changed {
            path: path.into(),
            change: "it has more pixels now".into(),
        }
        .into());
    }
    if format == Some(ImageFormat::Jpeg) && !jpeg::is_whole(path) {
        return Err(bad("it is cut short").into());
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| failed(path, error))?;
    image.apply_orientation(orientation);
    let rgb = image.into_rgb8();
    if (rgb.width() as usize, rgb.height() as usize) != (width, height) {
        return Err(bad("it is of another size than it says").into());
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

/// A decoder that has read the header, and what the file is.
fn open(path: &Path) -> Result<(impl ImageDecoder, Option<ImageFormat>), Refusal> {
    let reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|cause| InputError::Unreadable {
            path: path.into(),
            cause,
        })?;
    let format = reader.format();
    let decoder = reader.into_decoder().map_err(|error| failed(path, error))?;
    Ok((decoder, format))
}

/// Whether the kind of the image is at fault, its content or the system.
fn failed(path: &Path, error: ImageError) -> Refusal {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    let path = path.into();
    match error {
        ImageError::IoError(cause)
            if !matches!(
                cause.kind(),
                UnexpectedEof | InvalidData | InvalidInput | Other
            ) =>
        {
            InputError::Unreadable { path, cause }.into()
        }
        error => {
            let of_kind = matches!(error, ImageError::Unsupported(_));
            let reason = error.to_string();
            let error = InputError::BadImage { path, reason };
            if of_kind {
                Refusal::OfKind(error)
            } else {
                Refusal::Error(error)
            }
        }
    }
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
