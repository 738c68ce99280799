//! Images of kinds that the image library does not read and FFmpeg does: TIFF files of Y, Cb and Cr, as
//! FFmpeg itself writes them, for one.

use std::path::Path;
use std::sync::Arc;

use crate::video::index::{self, VideoIndex};
use crate::video::{Decoder, ReadError, VideoReader};
use crate::{Geometry, InputError, Reading};

/// The image's size as it is analysed. `None` when FFmpeg does not read it either, or finds more than
/// one picture in it.
pub(super) fn size_of(path: &Path) -> Option<Geometry> {
    index_of(path).map(|index| index.size_of(0))
}

/// Decodes the image, upright, into B, G, R rows `stride(width)` bytes apart. Returns its size; `None`
/// when FFmpeg does not read it either.
///
/// # Errors
/// When it does not fit into `pixels`, because it is another file than the one looked at before.
pub(super) fn read(
    path: &Path,
    stride: impl Fn(usize) -> usize,
    pixels: &mut [u8],
) -> Result<Option<Geometry>, InputError> {
    let reader = index_of(path)
        .and_then(|index| VideoReader::open(path, Arc::new(index), 1, Decoder::Software).ok());
    let Some(mut reader) = reader else {
        return Ok(None);
    };
    match reader.read(0, stride, pixels) {
        Ok(size) => Ok(Some(size)),
        Err(ReadError::Buffer(_)) => Err(InputError::Changed {
            path: path.into(),
            change: "it has more pixels now".into(),
        }),
        Err(_) => Ok(None),
    }
}

fn index_of(path: &Path) -> Option<VideoIndex> {
    let index = index::from_packets(path, &Reading::default()).ok()?;
    (index.stamps.len() == 1).then_some(index)
}
