//! Boxes of whole pixels: what networks cut out of a frame.

use super::face_box::FaceBox;
use crate::image::BgrView;

/// Boxes beyond this many pixels are no faces, and numbers stay exact below it.
const LARGEST: f32 = 65536.0;

/// A rectangle of whole pixels, right and bottom border excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelBox {
    /// First column.
    pub left: i64,
    /// First row.
    pub top: i64,
    /// The column after the last.
    pub right: i64,
    /// The row after the last.
    pub bottom: i64,
}

impl PixelBox {
    /// A detector's box with its borders cut to whole pixels; `None` when it is not finite or far
    /// larger than any frame.
    pub fn of_box(face: &FaceBox) -> Option<Self> {
        let borders = [face.left, face.top, face.right, face.bottom];
        if !borders.iter().all(|v| v.abs() < LARGEST) {
            return None;
        }
        let [left, top, right, bottom] = borders.map(|v| v as i64);
        Some(Self {
            left,
            top,
            right,
            bottom,
        })
    }

    /// What of it lies in `frame`; `None` when nothing does.
    pub fn within(self, frame: &BgrView<'_>) -> Option<Self> {
        let (width, height) = (frame.width() as i64, frame.height() as i64);
        let inside = Self {
            left: self.left.clamp(0, width),
            top: self.top.clamp(0, height),
            right: self.right.clamp(0, width),
            bottom: self.bottom.clamp(0, height),
        };
        (inside.width() > 0 && inside.height() > 0).then_some(inside)
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        usize::try_from(self.right - self.left).unwrap_or(0)
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        usize::try_from(self.bottom - self.top).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_cut_towards_zero_and_to_the_frame() {
        let data = [0; 300];
        let frame = BgrView::new(&data, 10, 10, 30).unwrap();
        let face = FaceBox {
            left: -3.7,
            top: 2.9,
            right: 8.9,
            bottom: 70.0,
        };
        let pixels = PixelBox::of_box(&face).unwrap();
        let [left, top, right, bottom] = [-3, 2, 8, 70];
        let expected = PixelBox {
            left,
            top,
            right,
            bottom,
        };
        assert_eq!(pixels, expected);
        let inside = pixels.within(&frame).unwrap();
        assert_eq!((inside.left, inside.width(), inside.height()), (0, 8, 8));
        let beside = PixelBox {
            left: 10,
            right: 20,
            ..pixels
        };
        assert_eq!(beside.within(&frame), None);
        let odd = FaceBox {
            left: f32::NAN,
            ..face
        };
        assert_eq!(PixelBox::of_box(&odd), None);
        let huge = FaceBox { right: 1e9, ..face };
        assert_eq!(PixelBox::of_box(&huge), None);
    }
}
