//! A decoded picture into a slot: as it is, or as B, G, R pixels.
//!
//! Colours are ours wherever the format is known. Where it is not, and where pixels have to be made
//! square, libswscale works, with flags that have it compute the same on every processor.

use ffmpeg_next as ffmpeg;

use faceau_vision::colour::{PictureFormat, TileBuffer};
use ffmpeg::format::Pixel;
use ffmpeg::frame::Video;
use ffmpeg::software::scaling::{Context, Flags};

use super::super::Geometry;
use super::super::reader::{BufferTooSmall, SPARE_BYTES, check_buffer};
use super::orientation::{self, Orientation};
use super::planes::planes_of;
use super::shape::Shape;

/// A picture cannot be converted.
#[derive(Debug)]
pub(super) enum ConvertError {
    /// There is too little room for it.
    Buffer(BufferTooSmall),
    /// libswscale refuses.
    Scaler(ffmpeg::Error),
}

/// Converts pictures, keeping what it learned about their format.
#[derive(Default)]
pub(super) struct Converter {
    stretcher: Stretcher,
    scaler: Option<Scaler>,
    /// Pixels that libswscale made, before they are turned.
    lying: Vec<u8>,
    tiles: TileBuffer,
}

struct Scaler {
    context: Context,
    kind: Kind,
}

/// What a scaler is for: format and size of pictures, and size of what it makes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    format: Pixel,
    from: Geometry,
    to: Geometry,
}

// SAFETY: a scaler's context is used by one thread at a time (every use borrows it exclusively)
// and libswscale keeps nothing that belongs to the thread it was made on.
unsafe impl Send for Scaler {}

impl Converter {
    /// Writes `picture`, which has the stored size of `shape`, into `pixels` as it is shown: scaled
    /// to square pixels and turned by `orientation`, rows `stride(width)` bytes apart. Returns its
    /// size.
    ///
    /// # Errors
    /// When `pixels` does not hold the rows and the spare bytes behind them, or libswscale refuses.
    pub(super) fn convert(
        &mut self,
        picture: &Video,
        shape: Shape,
        orientation: Orientation,
        stride: impl Fn(usize) -> usize,
        pixels: &mut [u8],
    ) -> Result<Geometry, ConvertError> {
        let size = orientation::upright(orientation, shape.shown);
        check_buffer(size, &stride, pixels).map_err(ConvertError::Buffer)?;
        let picture = self.stretcher.as_shown(picture, shape)?;
        let (scaler, lying) = (&mut self.scaler, &mut self.lying);
        if let Some(planes) = planes_of(picture) {
            let picture = self.tiles.picture(planes, orientation);
            let rows = pixels.chunks_mut(stride(size.width)).take(size.height);
            for (y, row) in rows.enumerate() {
                row[..3 * size.width].copy_from_slice(picture.span(y, 0..size.width));
            }
        } else if orientation.is_upright() {
            to_bgr(scaler, picture, shape.shown, stride(size.width), pixels)?;
        } else {
            let lying_stride = stride(shape.shown.width);
            lying.resize(lying_stride * shape.shown.height + SPARE_BYTES, 0);
            to_bgr(scaler, picture, shape.shown, lying_stride, lying)?;
            let turned_stride = stride(size.width);
            orientation::turn(
                orientation,
                lying,
                lying_stride,
                shape.shown,
                pixels,
                turned_stride,
            );
        }
        Ok(size)
    }

    /// Writes the planes of `picture`, in the shown size and not turned, one behind the other into
    /// `bytes`, where they take no more room than pixels would. Returns their format; `None` where
    /// the picture has to be [converted](Self::convert).
    ///
    /// # Errors
    /// When libswscale refuses to make pixels square.
    pub(super) fn pack(
        &mut self,
        picture: &Video,
        shape: Shape,
        bytes: &mut [u8],
    ) -> Result<Option<PictureFormat>, ConvertError> {
        let picture = self.stretcher.as_shown(picture, shape)?;
        let Some(planes) = planes_of(picture) else {
            return Ok(None);
        };
        let Geometry { width, height } = shape.shown;
        let needed = planes.format().packed_bytes(width, height);
        if needed > 3 * width * height || needed > bytes.len() {
            return Ok(None);
        }
        planes.pack(bytes);
        Ok(Some(planes.format()))
    }
}

/// Makes pixels square: the only place where a picture's proportions are changed. The format stays,
/// so that colours are converted as they are of any picture of the shown size.
#[derive(Default)]
struct Stretcher {
    scaler: Option<Scaler>,
    stretched: Option<Video>,
}

impl Stretcher {
    /// The picture in its shown size; as it is, where that is its size, or where its format is one that
    /// libswscale can read and not write.
    fn as_shown<'a>(
        &'a mut self,
        picture: &'a Video,
        shape: Shape,
    ) -> Result<&'a Video, ConvertError> {
        if shape.shown == shape.stored {
            return Ok(picture);
        }
        Ok(self.stretch(picture, shape)?.unwrap_or(picture))
    }

    /// The picture in its shown size. `None` when pictures of its format cannot be made.
    fn stretch(&mut self, picture: &Video, shape: Shape) -> Result<Option<&Video>, ConvertError> {
        let format = picture.format();
        let kind = Kind {
            format,
            from: size_of(picture),
            to: shape.shown,
        };
        if self
            .scaler
            .as_ref()
            .is_none_or(|scaler| scaler.kind != kind)
        {
            let (width, height) = (shape.shown.width as u32, shape.shown.height as u32);
            self.stretched = None;
            let Ok(scaler) = Scaler::new(kind, format) else {
                return Ok(None);
            };
            self.scaler = Some(scaler);
            self.stretched = Some(Video::new(format, width, height));
        }
        let (Some(scaler), Some(stretched)) = (&mut self.scaler, &mut self.stretched) else {
            return Ok(None);
        };
        let run = scaler.context.run(picture, stretched);
        run.map_err(ConvertError::Scaler)?;
        Ok(Some(stretched))
    }
}

impl Scaler {
    /// Bicubic, as OpenCV's video reader and FFmpeg's own program scale, but rounded in the same way on
    /// every processor.
    fn new(kind: Kind, target: Pixel) -> Result<Self, ffmpeg::Error> {
        let Kind { format, from, to } = kind;
        let context = Context::get(
            format,
            from.width as u32,
            from.height as u32,
            target,
            to.width as u32,
            to.height as u32,
            Flags::BICUBIC | Flags::ACCURATE_RND | Flags::BITEXACT,
        )?;
        Ok(Self { context, kind })
    }
}

fn size_of(picture: &Video) -> Geometry {
    Geometry {
        width: picture.width() as usize,
        height: picture.height() as usize,
    }
}

/// One pass of libswscale into B, G, R rows `stride` bytes apart, with the settings of OpenCV's video
/// reader, whose pixels the reference programs see (bicubic, default colour coefficients).
fn to_bgr(
    kept: &mut Option<Scaler>,
    picture: &Video,
    size: Geometry,
    stride: usize,
    pixels: &mut [u8],
) -> Result<(), ConvertError> {
    check_buffer(size, |_| stride, pixels).map_err(ConvertError::Buffer)?;
    let kind = Kind {
        format: picture.format(),
        from: size_of(picture),
        to: size,
    };
    let scaler = match kept.take().filter(|scaler| scaler.kind == kind) {
        Some(scaler) => kept.insert(scaler),
        None => kept.insert(Scaler::new(kind, Pixel::BGR24).map_err(ConvertError::Scaler)?),
    };
    let targets = [
        pixels.as_mut_ptr(),
        std::ptr::null_mut(),
        std::ptr::null_mut(),
        std::ptr::null_mut(),
    ];
    let strides = [stride as i32, 0, 0, 0];
    // SAFETY: the context was made for the picture's format and size and for a BGR24 target of
    // `size`; the target was checked above to hold that many rows and what vector code writes behind
    // the last one; the source planes belong to `picture`, which is alive and not written.
    let rows = unsafe {
        ffmpeg::ffi::sws_scale(
            scaler.context.as_mut_ptr(),
            (*picture.as_ptr()).data.as_ptr().cast(),
            (*picture.as_ptr()).linesize.as_ptr(),
            0,
            picture.height() as i32,
            targets.as_ptr(),
            strides.as_ptr(),
        )
    };
    if rows < 0 {
        return Err(ConvertError::Scaler(ffmpeg::Error::from(rows)));
    }
    Ok(())
}
