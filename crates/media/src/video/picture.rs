//! A decoded picture into B, G, R pixels of a slot.

use ffmpeg_next as ffmpeg;

use ffmpeg::format::Pixel;
use ffmpeg::frame::Video;
use ffmpeg::software::scaling::{Context, Flags};

use super::super::Geometry;
use super::super::reader::{BufferTooSmall, SPARE_BYTES, check_buffer};
use super::orientation::Orientation;
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
    /// The picture before it is turned; empty for upright videos.
    lying: Vec<u8>,
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
        let size = orientation.apply_to(shape.shown);
        check_buffer(size, &stride, pixels).map_err(ConvertError::Buffer)?;
        let stretched;
        let picture = if shape.shown == shape.stored {
            picture
        } else {
            stretched = self.stretcher.stretch(picture, shape)?;
            // Of some formats libswscale can read and not write pictures.
            stretched.unwrap_or(picture)
        };
        let (scaler, lying) = (&mut self.scaler, &mut self.lying);
        if orientation.is_upright() {
            to_bgr(scaler, picture, shape.shown, stride(size.width), pixels)?;
            return Ok(size);
        }
        let lying_stride = stride(shape.shown.width);
        lying.resize(lying_stride * shape.shown.height + SPARE_BYTES, 0);
        to_bgr(scaler, picture, shape.shown, lying_stride, lying)?;
        orientation.turn(lying, lying_stride, shape.shown, pixels, stride(size.width));
        Ok(size)
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
    /// Bicubic, as OpenCV's video reader and FFmpeg's own program scale.
    fn new(kind: Kind, target: Pixel) -> Result<Self, ffmpeg::Error> {
        let Kind { format, from, to } = kind;
        let context = Context::get(
            format,
            from.width as u32,
            from.height as u32,
            target,
            to.width as u32,
            to.height as u32,
            Flags::BICUBIC,
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
