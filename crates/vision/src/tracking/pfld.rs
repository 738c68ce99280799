//! 68 landmarks from a crop of the face by one run of the PFLD network.
//!
//! PFLD is a small regression network ("Practical Facial Landmark Detector", Guo et al. 2019). It
//! needs the face at a certain size and place in its input, which [`CropSquare`] arranges; where
//! the face is must be known before.

use crate::analysis::LANDMARKS;
use crate::image::BgrView;
use crate::network::{Network, NetworkError, Tensor, first_output};

use super::face_box::FaceBox;
use super::pixel_box::PixelBox;
use super::resample::{Region, Resampler};

/// Side of the network's input in pixels.
const SIDE: usize = 112;

/// The square of the frame that the network looks at; it may reach beyond the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CropSquare {
    /// Column of its leftmost pixel.
    pub left: i64,
    /// Row of its topmost pixel.
    pub top: i64,
    /// Its side in pixels, at least 1.
    pub side: usize,
}

impl CropSquare {
    /// The square that belongs to a detector's box: centred on it, with 1.1 times its longer side.
    ///
    /// Everything is cut to whole pixels, the borders of the box first. `None` when the box is not
    /// finite, empty, or far larger than any frame.
    pub fn of_box(face: &FaceBox) -> Option<Self> {
        let PixelBox {
            left,
            top,
            right,
            bottom,
        } = PixelBox::of_box(face)?;
        let side = (right - left).max(bottom - top);
        let side = usize::try_from(side * 11 / 10).ok()?;
        // Division of signed integers cuts towards zero, like the borders above.
        let (x, y) = ((left + right) / 2, (top + bottom) / 2);
        (side >= 1).then_some(Self {
            left: x - (side / 2) as i64,
            top: y - (side / 2) as i64,
            side,
        })
    }
}

/// The network and the buffers it needs.
#[derive(Debug)]
pub struct Pfld<N> {
    network: N,
    resampler: Resampler,
    input: Vec<f32>,
    outputs: Vec<Tensor>,
}

impl<N: Network> Pfld<N> {
    /// Name of the network's one output.
    pub const OUTPUT: &'static str = "output";
    /// Name of the input's first dimension, which is always 1 here.
    pub const BATCH_DIMENSION: &'static str = "batch_size";

    /// Wraps a network that takes 1x3x112x112 floats (planes R, G, B, values 0 to 1) and returns
    /// 136: x and y of every landmark in turn, as shares of the crop.
    pub fn new(network: N) -> Self {
        Self {
            network,
            resampler: Resampler::default(),
            input: vec![0.0; 3 * SIDE * SIDE],
            outputs: Vec::new(),
        }
    }

    /// Finds the landmarks of the face that fills `crop` and leaves them in `landmarks`, in pixels
    /// of the frame: x of all 68, then y.
    ///
    /// The network always answers; whether there is a face at all is for others to judge.
    ///
    /// # Errors
    /// When the network cannot be run or does not return 136 values.
    pub fn locate(
        &mut self,
        frame: &BgrView<'_>,
        crop: CropSquare,
        landmarks: &mut [f32; 2 * LANDMARKS],
    ) -> Result<(), NetworkError> {
        let region = Region {
            left: crop.left,
            top: crop.top,
            width: crop.side,
            height: crop.side,
        };
        let input = &mut self.input;
        self.resampler
            .scale(frame, region, (SIDE, SIDE), |channel, index, value| {
                input[(2 - channel) * SIDE * SIDE + index] = f32::from(value) / 255.0;
            });
        self.network
            .run(&[1, 3, SIDE, SIDE], &self.input, &mut self.outputs)?;
        let points: &[f32; 2 * LANDMARKS] = first_output(&self.network, &self.outputs)?;
        let side = crop.side as f32;
        for (i, point) in points.as_chunks::<2>().0.iter().enumerate() {
            landmarks[i] = crop.left as f32 + point[0] * side;
            landmarks[LANDMARKS + i] = crop.top as f32 + point[1] * side;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::testing::FakeNetwork;
    use proptest::prelude::*;

    fn face(left: f32, top: f32, right: f32, bottom: f32) -> FaceBox {
        FaceBox {
            left,
            top,
            right,
            bottom,
        }
    }

    #[test]
    fn the_crop_is_a_tenth_larger_than_the_longer_side() {
        let crop = CropSquare::of_box(&face(143.9, 110.2, 328.0, 371.7)).unwrap();
        // 261 * 1.1 = 287.1; centre (235.5, 240.5); 287 // 2 = 143
        assert_eq!(
            (crop.side, crop.left, crop.top),
            (287, 235 - 143, 240 - 143)
        );
    }

    #[test]
    fn boxes_without_sense_give_no_crop() {
        assert_eq!(CropSquare::of_box(&face(0.0, 0.0, f32::NAN, 10.0)), None);
        assert_eq!(
            CropSquare::of_box(&face(0.0, 0.0, f32::INFINITY, 10.0)),
            None
        );
        assert_eq!(CropSquare::of_box(&face(-1e9, 0.0, 1e9, 10.0)), None);
        assert_eq!(CropSquare::of_box(&face(5.0, 5.0, 5.5, 5.5)), None);
        assert_eq!(CropSquare::of_box(&face(9.0, 9.0, 5.0, 5.0)), None);
    }

    #[test]
    fn landmarks_are_mapped_back_through_the_whole_square() {
        // A crop that hangs out of the frame: the part outside counts all the same.
        let network = FakeNetwork::new("PFLD", |shape, _| {
            assert_eq!(shape, [1, 3, 112, 112]);
            let points = (0..LANDMARKS).flat_map(|_| [0.25, 0.75]).collect();
            vec![(vec![1, 136], points)]
        });
        let data = vec![0; 3 * 50 * 40];
        let frame = BgrView::new(&data, 50, 40, 150).unwrap();
        let crop = CropSquare {
            left: -20,
            top: 10,
            side: 80,
        };
        let mut landmarks = [0.0; 2 * LANDMARKS];
        Pfld::new(network)
            .locate(&frame, crop, &mut landmarks)
            .unwrap();
        assert_eq!(landmarks[..LANDMARKS], [0.0; LANDMARKS]);
        assert_eq!(landmarks[LANDMARKS..], [70.0; LANDMARKS]);
    }

    #[test]
    fn the_input_is_planar_rgb_between_0_and_1() {
        let network = FakeNetwork::new("PFLD", |_, input| {
            let plane = |i: usize| &input[i * SIDE * SIDE..(i + 1) * SIDE * SIDE];
            for (i, expected) in [1.0, 0.2, 0.0].into_iter().enumerate() {
                assert!(plane(i).iter().all(|&v| v == expected), "plane {i}");
            }
            vec![(vec![1, 136], vec![0.0; 136])]
        });
        let data: Vec<u8> = (0..60 * 60).flat_map(|_| [0, 51, 255]).collect();
        let frame = BgrView::new(&data, 60, 60, 180).unwrap();
        let crop = CropSquare {
            left: 3,
            top: 4,
            side: 50,
        };
        let mut landmarks = [0.0; 2 * LANDMARKS];
        Pfld::new(network)
            .locate(&frame, crop, &mut landmarks)
            .unwrap();
    }

    #[test]
    fn another_number_of_values_is_an_error() {
        let network = FakeNetwork::new("PFLD", |_, _| vec![(vec![1, 196], vec![0.0; 196])]);
        let data = vec![0; 3 * 4];
        let frame = BgrView::new(&data, 2, 2, 6).unwrap();
        let crop = CropSquare {
            left: 0,
            top: 0,
            side: 2,
        };
        let error = Pfld::new(network)
            .locate(&frame, crop, &mut [0.0; 2 * LANDMARKS])
            .unwrap_err();
        assert!(error.to_string().contains("196"), "{error}");
    }

    proptest! {
        /// Wherever the box lies, its crop holds it with a margin of about a twentieth.
        #[test]
        fn crops_surround_their_boxes(
            x in -300.0..2000.0_f32, y in -300.0..2000.0_f32,
            w in 10.0..900.0_f32, h in 10.0..900.0_f32,
        ) {
            let face = face(x, y, x + w, y + h);
            let crop = CropSquare::of_box(&face).unwrap();
            let longer = w.max(h);
            // Up to 2 pixels of the longer side are cut off, and 1 of the crop's.
            prop_assert!((crop.side as f32 - 1.1 * longer).abs() <= 3.2);
            let (cx, cy) = face.center();
            let half = crop.side as f32 / 2.0;
            prop_assert!((crop.left as f32 + half - cx).abs() <= 2.0);
            prop_assert!((crop.top as f32 + half - cy).abs() <= 2.0);
        }
    }
}
