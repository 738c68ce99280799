//! The shape of a picture: its size as stored, and as it is analysed where pixels are not square.

use ffmpeg_next as ffmpeg;

use super::super::Geometry;

/// What becomes of pixels that are not square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PixelAspect {
    /// Pictures are scaled to the shape in which players show them.
    #[default]
    Shown,
    /// Pictures are analysed as stored, as OpenFace does.
    Stored,
}

/// Shapes that differ from a square by less than this are rounding errors of the size in the
/// header, not shapes of pixels; the least that is in use differs by six percent.
const LEAST_DIFFERENCE: f64 = 0.01;
/// No camera or disc has pixels more oblong than this.
const MOST_OBLONG: f64 = 4.0;

/// Shape of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Size as stored.
    pub stored: Geometry,
    /// Width to height of one pixel, 1 to 1 where the file says nothing.
    pub pixel: (u32, u32),
    /// Size as analysed, before the picture is turned upright. The longer side of a pixel is
    /// stretched, the other kept, so that nothing of the picture is lost.
    pub shown: Geometry,
}

impl Shape {
    /// The shape of a picture of `stored` pixels, each of `pixel` width to height; a ratio with a
    /// zero says nothing.
    pub fn of(stored: Geometry, pixel: (u32, u32), wanted: PixelAspect) -> Self {
        let pixel = if pixel.0 == 0 || pixel.1 == 0 {
            (1, 1)
        } else {
            pixel
        };
        let mut shape = Self {
            stored,
            pixel,
            shown: stored,
        };
        if wanted == PixelAspect::Shown && !shape.is_square() && shape.is_plausible() {
            let ratio = shape.ratio();
            let stretched = |side: usize, by: f64| (side as f64 * by).round() as usize;
            if ratio > 1.0 {
                shape.shown.width = stretched(stored.width, ratio);
            } else {
                shape.shown.height = stretched(stored.height, 1.0 / ratio);
            }
        }
        shape
    }

    /// Whether the file's pixels are square, as far as that matters.
    pub fn is_square(&self) -> bool {
        (self.ratio() - 1.0).abs() < LEAST_DIFFERENCE
    }

    /// Whether pixels can have this shape.
    pub fn is_plausible(&self) -> bool {
        (1.0 / MOST_OBLONG..=MOST_OBLONG).contains(&self.ratio())
    }

    fn ratio(&self) -> f64 {
        f64::from(self.pixel.0) / f64::from(self.pixel.1)
    }
}

/// Width to height of a pixel: the container's word counts before that of the picture itself, as
/// for players.
pub(super) fn pixel_aspect(container: ffmpeg::Rational, picture: ffmpeg::Rational) -> (u32, u32) {
    let valid = |ratio: ffmpeg::Rational| {
        let ratio = ratio.reduce();
        match (
            u32::try_from(ratio.numerator()),
            u32::try_from(ratio.denominator()),
        ) {
            (Ok(w), Ok(h)) if w > 0 && h > 0 => Some((w, h)),
            _ => None,
        }
    };
    valid(container)
        .or_else(|| valid(picture))
        .unwrap_or((1, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(width: usize, height: usize, pixel: (u32, u32)) -> (usize, usize) {
        let shape = Shape::of(Geometry { width, height }, pixel, PixelAspect::Shown);
        (shape.shown.width, shape.shown.height)
    }

    #[test]
    fn what_cameras_and_discs_have() {
        assert_eq!(shown(160, 240, (2, 1)), (320, 240));
        assert_eq!(shown(1440, 1080, (4, 3)), (1920, 1080));
        assert_eq!(shown(720, 576, (64, 45)), (1024, 576));
        assert_eq!(shown(720, 576, (16, 15)), (768, 576));
        // Nothing is lost of pictures whose pixels are high.
        assert_eq!(shown(320, 160, (2, 3)), (320, 240));
        assert_eq!(shown(720, 480, (8, 9)), (720, 540));
    }

    #[test]
    fn what_is_square_or_cannot_be_stays() {
        for pixel in [
            (1, 1),
            (0, 1),
            (0, 0),
            (1281, 1280),
            (404, 405),
            (1, 1000),
            (9, 2),
        ] {
            assert_eq!(shown(854, 480, pixel), (854, 480), "{pixel:?}");
        }
        let stored = Shape::of(
            Geometry {
                width: 720,
                height: 576,
            },
            (64, 45),
            PixelAspect::Stored,
        );
        assert_eq!(stored.shown, stored.stored);
        assert!(!stored.is_square());
    }

    #[test]
    fn the_container_comes_first() {
        let ratio = ffmpeg::Rational::new;
        assert_eq!(pixel_aspect(ratio(2, 1), ratio(4, 3)), (2, 1));
        assert_eq!(pixel_aspect(ratio(0, 1), ratio(8, 6)), (4, 3));
        assert_eq!(pixel_aspect(ratio(0, 1), ratio(0, 1)), (1, 1));
        assert_eq!(pixel_aspect(ratio(-2, 1), ratio(1, 0)), (1, 1));
    }

    proptest! {
        #[test]
        fn nothing_shrinks_and_proportions_are_right(
            width in 1_usize..8000, height in 1_usize..8000, w in 1_u32..300, h in 1_u32..300,
        ) {
            let (shown_width, shown_height) = shown(width, height, (w, h));
            prop_assert!(shown_width >= width && shown_height >= height);
            if (shown_width, shown_height) != (width, height) {
                let is = shown_width as f64 / shown_height as f64;
                let stored = width as f64 / height as f64;
                let should = stored * f64::from(w) / f64::from(h);
                let tolerance = 1.0 / shown_width.min(shown_height) as f64;
                prop_assert!((is / should - 1.0).abs() <= tolerance, "{is} {should}");
            }
        }
    }
}
