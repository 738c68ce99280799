//! A decoded picture into B, G, R pixels of a slot.

use ffmpeg_next as ffmpeg;

use ffmpeg::format::Pixel;
use ffmpeg::frame::Video;
use ffmpeg::software::scaling::{Context, Flags};

use super::super::Geometry;
use super::orientation::Orientation;

/// Converts pictures, keeping what it learned about their format.
pub(super) struct Converter {
    scaler: Option<Scaler>,
    stored: Geometry,
    orientation: Orientation,
    /// The picture before it is turned; empty for upright videos.
    lying: Vec<u8>,
}

struct Scaler {
    context: Context,
    format: Pixel,
    width: u32,
    height: u32,
}

// SAFETY: a scaler's context is used by one thread at a time (every use borrows it exclusively)
// and libswscale keeps nothing that belongs to the thread it was made on.
unsafe impl Send for Scaler {}

impl Converter {
    pub(super) fn new(stored: Geometry, orientation: Orientation) -> Self {
        Self {
            scaler: None,
            stored,
            orientation,
            lying: Vec::new(),
        }
    }

    /// Writes `picture` upright into `pixels`, rows `stride(width)` bytes apart.
    ///
    /// `pixels` must hold 64 bytes more than the rows need: the vector code of the scaler may run
    /// over the end of a row.
    pub(super) fn convert(
        &mut self,
        picture: &Video,
        stride: impl Fn(usize) -> usize,
        pixels: &mut [u8],
    ) -> Result<(), ffmpeg::Error> {
        let (stored, orientation) = (self.stored, self.orientation);
        let stored_stride = stride(stored.width);
        if orientation.is_upright() {
            return self.scale(picture, stored_stride, pixels);
        }
        let mut lying = std::mem::take(&mut self.lying);
        lying.resize(stored_stride * stored.height + 64, 0);
        let scaled = self.scale(picture, stored_stride, &mut lying);
        if scaled.is_ok() {
            let upright_stride = stride(orientation.apply_to(stored).width);
            orientation.turn(&lying, stored_stride, stored, pixels, upright_stride);
        }
        self.lying = lying;
        scaled
    }

    /// One pass of libswscale, with the settings of OpenCV's video reader, whose pixels the
    /// reference programs see (bicubic, default colour coefficients).
    fn scale(
        &mut self,
        picture: &Video,
        stride: usize,
        pixels: &mut [u8],
    ) -> Result<(), ffmpeg::Error> {
        let Geometry { width, height } = self.stored;
        assert!(
            stride >= 3 * width && pixels.len() >= stride * height,
            "the slot is too small for the picture"
        );
        let stale = self.scaler.as_ref().is_none_or(|s| {
            (s.format, s.width, s.height) != (picture.format(), picture.width(), picture.height())
        });
        if stale {
            self.scaler = Some(Scaler {
                context: Context::get(
                    picture.format(),
                    picture.width(),
                    picture.height(),
                    Pixel::BGR24,
                    width as u32,
                    height as u32,
                    Flags::BICUBIC,
                )?,
                format: picture.format(),
                width: picture.width(),
                height: picture.height(),
            });
        }
        let Some(scaler) = &mut self.scaler else {
            return Err(ffmpeg::Error::Bug);
        };
        let targets = [
            pixels.as_mut_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        ];
        let strides = [stride as i32, 0, 0, 0];
        // SAFETY: the context was made for the picture's format and size and for a BGR24 target of
        // `width` x `height`; the target was checked above to hold that many rows; the source
        // planes belong to `picture`, which is alive and not written.
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
            return Err(ffmpeg::Error::from(rows));
        }
        Ok(())
    }
}
