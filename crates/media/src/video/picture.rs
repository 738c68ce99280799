//! A decoded picture into B, G, R pixels of a slot.

use ffmpeg_next as ffmpeg;

use ffmpeg::format::Pixel;
use ffmpeg::frame::Video;
use ffmpeg::software::scaling::{Context, Flags};

use super::super::Geometry;
use super::super::reader::{BufferTooSmall, check_buffer};
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
    scaler: Option<Scaler>,
    /// The picture before it is turned; empty for upright videos.
    lying: Vec<u8>,
}

struct Scaler {
    context: Context,
    format: Pixel,
    shape: Shape,
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
        if orientation.is_upright() {
            self.scale(picture, shape, stride(size.width), pixels)?;
            return Ok(size);
        }
        let lying_stride = stride(shape.shown.width);
        let mut lying = std::mem::take(&mut self.lying);
        lying.resize(
            lying_stride * shape.shown.height + super::super::reader::SPARE_BYTES,
            0,
        );
        let scaled = self.scale(picture, shape, lying_stride, &mut lying);
        if scaled.is_ok() {
            orientation.turn(
                &lying,
                lying_stride,
                shape.shown,
                pixels,
                stride(size.width),
            );
        }
        self.lying = lying;
        scaled.map(|()| size)
    }

    /// One pass of libswscale, with the settings of OpenCV's video reader, whose pixels the
    /// reference programs see (bicubic, default colour coefficients): colours, and the size where
    /// pixels are not square.
    fn scale(
        &mut self,
        picture: &Video,
        shape: Shape,
        stride: usize,
        pixels: &mut [u8],
    ) -> Result<(), ConvertError> {
        check_buffer(shape.shown, |_| stride, pixels).map_err(ConvertError::Buffer)?;
        let actual = (picture.width() as usize, picture.height() as usize);
        if actual != (shape.stored.width, shape.stored.height) {
            return Err(ConvertError::Scaler(ffmpeg::Error::Bug));
        }
        let scaler = self.scaler_for(picture.format(), shape);
        let scaler = scaler.map_err(ConvertError::Scaler)?;
        let targets = [
            pixels.as_mut_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        ];
        let strides = [stride as i32, 0, 0, 0];
        // SAFETY: the context was made for the picture's format and size, which were compared, and
        // for a BGR24 target of the shown size; the target was checked above to hold that many rows
        // and what vector code writes behind the last one; the source planes belong to `picture`,
        // which is alive and not written.
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

    /// The scaler for pictures of this format and shape.
    fn scaler_for(&mut self, format: Pixel, shape: Shape) -> Result<&mut Scaler, ffmpeg::Error> {
        let fits = |scaler: &Scaler| (scaler.format, scaler.shape) == (format, shape);
        let kept = self.scaler.take().filter(fits);
        let scaler = match kept {
            Some(scaler) => scaler,
            None => Scaler {
                context: Context::get(
                    format,
                    shape.stored.width as u32,
                    shape.stored.height as u32,
                    Pixel::BGR24,
                    shape.shown.width as u32,
                    shape.shown.height as u32,
                    Flags::BICUBIC,
                )?,
                format,
                shape,
            },
        };
        Ok(self.scaler.insert(scaler))
    }
}
