//! The grid of boxes that RetinaFace's outputs are corrections to, and what the corrections mean.
//!
//! At three scales, two square boxes sit in every cell of a grid over the image; the network says
//! for each how likely it holds a face and how to move and stretch it (Deng et al. 2019,
//! "RetinaFace: single-stage dense face localisation in the wild").

use crate::tracking::face_box::FaceBox;

/// Pixels per cell, and the sides of the two boxes in a cell, at each scale.
const SCALES: [(usize, [f32; 2]); 3] =
    [(8, [16.0, 32.0]), (16, [64.0, 128.0]), (32, [256.0, 512.0])];
/// How strongly a correction moves and stretches.
const VARIANCES: (f32, f32) = (0.1, 0.2);

/// One box of the grid, in shares of the image's width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prior {
    center: [f32; 2],
    size: [f32; 2],
}

/// All boxes for one size of the image.
#[derive(Debug, Clone, Default)]
pub(super) struct Priors {
    width: usize,
    height: usize,
    boxes: Vec<Prior>,
}

impl Priors {
    /// The boxes for images of the given size; computed again only when it differs from the last.
    pub(super) fn of_size(&mut self, width: usize, height: usize) -> &[Prior] {
        if (self.width, self.height) != (width, height) {
            (self.width, self.height) = (width, height);
            self.boxes.clear();
            let (w, h) = (width as f32, height as f32);
            for (stride, sides) in SCALES {
                for row in 0..height.div_ceil(stride) {
                    for column in 0..width.div_ceil(stride) {
                        let at = |cell: usize| (cell as f32 + 0.5) * stride as f32;
                        self.boxes.extend(sides.map(|side| Prior {
                            center: [at(column) / w, at(row) / h],
                            size: [side / w, side / h],
                        }));
                    }
                }
            }
        }
        &self.boxes
    }
}

impl Prior {
    /// The corrected box, in units of `scale` per image side.
    pub(super) fn face(&self, correction: &[f32; 4], scale: [f32; 2]) -> FaceBox {
        let axis = |i: usize| {
            (
                self.center[i] + VARIANCES.0 * correction[i] * self.size[i],
                self.size[i] * (VARIANCES.1 * correction[2 + i]).exp(),
            )
        };
        let ((x, w), (y, h)) = (axis(0), axis(1));
        FaceBox::around((x * scale[0], y * scale[1]), w * scale[0], h * scale[1])
    }

    /// The corrected points (eyes, nose, corners of the mouth), in units of `scale` per side.
    pub(super) fn points(&self, correction: &[f32; 10], scale: [f32; 2]) -> [[f32; 2]; 5] {
        std::array::from_fn(|point| {
            std::array::from_fn(|i| {
                let offset = VARIANCES.0 * correction[2 * point + i] * self.size[i];
                (self.center[i] + offset) * scale[i]
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_follow_each_other_by_scale_row_column_and_side() {
        let mut priors = Priors::default();
        let boxes = priors.of_size(640, 480);
        assert_eq!(boxes.len(), 12_600);
        let expect = |i: usize, x: f32, y: f32, side: f32| {
            let expected = Prior {
                center: [x / 640.0, y / 480.0],
                size: [side / 640.0, side / 480.0],
            };
            assert_eq!(boxes[i], expected, "prior {i}");
        };
        expect(0, 4.0, 4.0, 16.0);
        expect(1, 4.0, 4.0, 32.0);
        expect(2, 12.0, 4.0, 16.0);
        expect(160, 4.0, 12.0, 16.0);
        expect(9600, 8.0, 8.0, 64.0);
        expect(12_599, 624.0, 464.0, 512.0);
    }

    #[test]
    fn corrections_move_and_stretch() {
        let prior = Prior {
            center: [0.5, 0.5],
            size: [0.1, 0.2],
        };
        let face = prior.face(&[0.0; 4], [100.0, 100.0]);
        assert_eq!(face.center(), (50.0, 50.0));
        assert!((face.width() - 10.0).abs() < 1e-4 && (face.height() - 20.0).abs() < 1e-4);
        let face = prior.face(&[1.0, -1.0, 5.0, 0.0], [100.0, 100.0]);
        assert!((face.center().0 - 51.0).abs() < 1e-4);
        assert!((face.center().1 - 48.0).abs() < 1e-4);
        assert!((face.width() - 10.0 * 1.0_f32.exp()).abs() < 1e-4);
        let mut correction = [0.0; 10];
        correction[3] = 5.0;
        let points = prior.points(&correction, [100.0, 100.0]);
        assert_eq!(points[0], [50.0, 50.0]);
        assert!((points[1][1] - 60.0).abs() < 1e-4);
    }

    proptest! {
        #[test]
        fn every_cell_has_two_boxes(width in 0..1500_usize, height in 0..1500_usize) {
            let cells = |stride: usize| width.div_ceil(stride) * height.div_ceil(stride);
            let mut priors = Priors::default();
            let boxes = priors.of_size(width, height);
            prop_assert_eq!(boxes.len(), 2 * (cells(8) + cells(16) + cells(32)));
            // The last cell of a row may stick out, but every centre is less than a cell away.
            for prior in boxes {
                prop_assert!(prior.center[0] * (width as f32) < width as f32 + 16.0);
                prop_assert!(prior.center[1] * (height as f32) < height as f32 + 16.0);
            }
        }
    }
}
