//! Borrowed 8-bit images: how the other modules see a frame's pixels.
//!
//! Nothing here owns or copies a frame; a frame lives in a ring slot (or a test's buffer) and is
//! only looked at.

use std::ops::Range;

use crate::colour::TiledPicture;

/// A colour image: 8-bit, interleaved B, G, R.
#[derive(Clone, Copy)]
pub struct BgrView<'a> {
    source: Source<'a>,
    width: usize,
    height: usize,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    /// Pixels that are there, rows `stride` bytes apart.
    Whole { data: &'a [u8], stride: usize },
    /// Pixels that are made when they are asked for.
    Tiles(&'a TiledPicture<'a>),
}

/// The pixels do not have the shape they claim.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{bytes} bytes cannot hold {width}x{height} pixels in rows of {stride} bytes")]
pub struct ImageShapeError {
    bytes: usize,
    width: usize,
    height: usize,
    stride: usize,
}

impl<'a> BgrView<'a> {
    /// Looks at `data` as `height` rows of `width` B, G, R pixels, `stride` bytes apart.
    ///
    /// # Errors
    /// When a row is longer than the stride or the buffer shorter than the image.
    pub fn new(
        data: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, ImageShapeError> {
        let row = width.checked_mul(3);
        let needed = match (height, row) {
            (0, Some(_)) => Some(0),
            (_, Some(row)) => stride
                .checked_mul(height - 1)
                .and_then(|rows| rows.checked_add(row)),
            _ => None,
        };
        if row.is_none_or(|row| row > stride) || needed.is_none_or(|needed| needed > data.len()) {
            return Err(ImageShapeError {
                bytes: data.len(),
                width,
                height,
                stride,
            });
        }
        Ok(Self {
            source: Source::Whole { data, stride },
            width,
            height,
        })
    }

    /// Looks at a decoded picture, of which only what is asked for is converted.
    pub fn of(picture: &'a TiledPicture<'a>) -> Self {
        Self {
            source: Source::Tiles(picture),
            width: picture.width(),
            height: picture.height(),
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns `columns` of row `y`, three bytes each: B, G, R. Ask for what you read and not for
    /// more: it may have to be converted first.
    ///
    /// # Panics
    /// When they are not in the image.
    #[inline]
    pub fn span(&self, y: usize, columns: Range<usize>) -> &'a [u8] {
        match self.source {
            Source::Whole { data, stride } => {
                assert!(columns.end <= self.width, "columns outside of the image");
                let start = y * stride;
                &data[start + 3 * columns.start..start + 3 * columns.end]
            }
            Source::Tiles(picture) => picture.span(y, columns),
        }
    }

    /// The pixel at (`x`, `y`): B, G, R.
    ///
    /// # Panics
    /// When it is not in the image.
    #[inline]
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let pixel = self.span(y, x..x + 1);
        [pixel[0], pixel[1], pixel[2]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_stride() {
        let data: Vec<u8> = (0..20).collect();
        let image = BgrView::new(&data, 2, 2, 10).unwrap();
        assert_eq!(image.span(0, 0..2), &[0, 1, 2, 3, 4, 5]);
        assert_eq!(image.span(1, 1..2), &[13, 14, 15]);
        assert_eq!(image.pixel(1, 1), [13, 14, 15]);
    }

    #[test]
    fn a_short_buffer_is_refused() {
        assert!(BgrView::new(&[0; 15], 2, 2, 10).is_err());
        assert!(BgrView::new(&[0; 100], 4, 2, 10).is_err());
        assert!(BgrView::new(&[], usize::MAX, 2, usize::MAX).is_err());
    }
}
