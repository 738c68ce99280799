//! A rectangle around a face: what a detector returns and what a tracker carries along.

/// A rectangle in pixels of the frame, borders included. It may reach beyond the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// Smallest x.
    pub left: f32,
    /// Smallest y.
    pub top: f32,
    /// Largest x.
    pub right: f32,
    /// Largest y.
    pub bottom: f32,
}

impl FaceBox {
    /// The smallest box that holds all of `landmarks` (x of all, then y of all). Not finite when
    /// one of them is not.
    pub fn of_landmarks(landmarks: &[f32]) -> Self {
        let (xs, ys) = landmarks.split_at(landmarks.len() / 2);
        let span = |values: &[f32]| {
            values
                .iter()
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| {
                    if v.is_nan() {
                        (v, v)
                    } else {
                        // A NaN from before stays: no comparison with it is true.
                        (
                            if v < low { v } else { low },
                            if v > high { v } else { high },
                        )
                    }
                })
        };
        let ((left, right), (top, bottom)) = (span(xs), span(ys));
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    /// A box of the given size around a centre.
    pub fn around(center: (f32, f32), width: f32, height: f32) -> Self {
        Self {
            left: center.0 - width / 2.0,
            top: center.1 - height / 2.0,
            right: center.0 + width / 2.0,
            bottom: center.1 + height / 2.0,
        }
    }

    /// Distance from the left to the right border.
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// Distance from the top to the bottom border.
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// Middle of the box.
    pub fn center(&self) -> (f32, f32) {
        (
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        )
    }

    /// Whether all four borders are finite and in order.
    pub fn is_sound(&self) -> bool {
        [self.left, self.top, self.right, self.bottom]
            .iter()
            .all(|v| v.is_finite())
            && self.left <= self.right
            && self.top <= self.bottom
    }

    /// Number of pixels that the box covers: its borders count in, so a side is one longer than
    /// the distance between them.
    pub fn area(&self) -> f32 {
        (self.width() + 1.0).max(0.0) * (self.height() + 1.0).max(0.0)
    }

    /// Number of pixels that both boxes cover.
    pub fn common_area(&self, other: &Self) -> f32 {
        let width = self.right.min(other.right) - self.left.max(other.left) + 1.0;
        let height = self.bottom.min(other.bottom) - self.top.max(other.top) + 1.0;
        width.max(0.0) * height.max(0.0)
    }

    /// Common pixels of both boxes as a share of the pixels of either: 0 when they are apart, 1
    /// when they are equal.
    pub fn overlap(&self, other: &Self) -> f32 {
        let common = self.common_area(other);
        common / (self.area() + other.area() - common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::LANDMARKS;
    use proptest::prelude::*;

    fn boxes() -> impl Strategy<Value = FaceBox> {
        (
            -500.0..500.0_f32,
            -500.0..500.0_f32,
            0.0..400.0_f32,
            0.0..400.0_f32,
        )
            .prop_map(|(x, y, w, h)| FaceBox {
                left: x,
                top: y,
                right: x + w,
                bottom: y + h,
            })
    }

    #[test]
    fn borders_count_as_pixels() {
        let a = FaceBox {
            left: 0.0,
            top: 0.0,
            right: 9.0,
            bottom: 9.0,
        };
        let b = FaceBox {
            left: 9.0,
            right: 18.0,
            ..a
        };
        assert_eq!(a.area(), 100.0);
        assert_eq!(a.common_area(&b), 10.0);
        assert_eq!(a.overlap(&b), 10.0 / 190.0);
    }

    #[test]
    fn landmarks_that_are_not_finite_make_no_sound_box() {
        let mut landmarks = [1.0; 2 * LANDMARKS];
        landmarks[3] = 5.0;
        let face = FaceBox::of_landmarks(&landmarks);
        assert_eq!((face.left, face.right, face.width()), (1.0, 5.0, 4.0));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, 40, 67, 68, 135] {
                let mut landmarks = landmarks;
                landmarks[at] = bad;
                assert!(
                    !FaceBox::of_landmarks(&landmarks).is_sound(),
                    "{bad} at {at}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn overlap_is_a_share_and_the_same_from_both_sides(a in boxes(), b in boxes()) {
            let overlap = a.overlap(&b);
            prop_assert!((0.0..=1.0).contains(&overlap));
            prop_assert_eq!(overlap, b.overlap(&a));
            prop_assert!((a.overlap(&a) - 1.0).abs() < 1e-6);
        }
    }
}
