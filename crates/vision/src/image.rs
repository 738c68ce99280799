//! Borrowed 8-bit images: how the other modules see a frame's pixels.
//!
//! Nothing here owns or copies a frame; a frame lives in a ring slot (or a test's buffer) and is
//! only looked at.

/// A colour image: 8-bit, interleaved B, G, R, rows `stride` bytes apart.
#[derive(Clone, Copy)]
pub struct BgrView<'a> {
    data: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
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
            data,
            width,
            height,
            stride,
        })
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Row `y` as `3 * width` bytes, B, G, R interleaved.
    ///
    /// # Panics
    /// When `y` is not below the height.
    #[inline]
    pub fn row(&self, y: usize) -> &'a [u8] {
        let start = y * self.stride;
        &self.data[start..start + 3 * self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_stride() {
        let data: Vec<u8> = (0..20).collect();
        let image = BgrView::new(&data, 2, 2, 10).unwrap();
        assert_eq!(image.row(0), &[0, 1, 2, 3, 4, 5]);
        assert_eq!(image.row(1), &[10, 11, 12, 13, 14, 15]);
    }

    #[test]
    fn a_short_buffer_is_refused() {
        assert!(BgrView::new(&[0; 15], 2, 2, 10).is_err());
        assert!(BgrView::new(&[0; 100], 4, 2, 10).is_err());
        assert!(BgrView::new(&[], usize::MAX, 2, usize::MAX).is_err());
    }
}
