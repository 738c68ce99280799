//! 98 landmarks from a square crop of the face by one run of the STAR network.
//!
//! The crop is cut out with the arithmetic of OpenCV's perspective warp of 8-bit images (positions
//! in 1/32 pixel), because the network's landmarks move with it: exact interpolation differs by up
//! to 4 grey levels. The network always answers; whether there is a face is for others to judge.

use super::{Convention, LANDMARKS};
use crate::image::BgrView;
use crate::network::{Network, NetworkError, Signature, Tensor, first_output};
use crate::tracking::pixel_box::PixelBox;
use crate::warp::sample_grid;

/// Side of the network's input in pixels.
const SIDE: usize = 256;
/// Side of the crop in units of the shorter side of the face's box.
const MARGIN: f64 = 1.05;
/// Fractions of a pixel that the warp tells apart.
const STEPS: f64 = 32.0;

/// The square of the frame that the network looks at, as the map that takes it to the network's
/// input: zoom first, then shift. It may reach beyond the frame, where it is black.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StarCrop {
    zoom: f32,
    shift: [f32; 2],
}

impl StarCrop {
    /// The square around the middle of a box; `None` when the box is empty.
    pub fn of_box(face: PixelBox) -> Option<Self> {
        let shorter = face.width().min(face.height());
        if shorter == 0 {
            return None;
        }
        // By way of a scale in units of 200 pixels, as it was first defined; the roundings show.
        let scale = shorter as f64 / 200.0 * MARGIN;
        let zoom = SIDE as f64 / (scale * 200.0);
        let shift = [face.left + face.right, face.top + face.bottom].map(|sum| {
            let centre = sum as f64 / 2.0;
            ((SIDE as f64 - 1.0) / 2.0 - zoom * centre) as f32
        });
        Some(Self {
            zoom: zoom as f32,
            shift,
        })
    }

    /// The 3 x 3 matrix of the map, row by row.
    pub fn matrix(&self) -> [f32; 9] {
        let ([x, y], z) = (self.shift, self.zoom);
        [z, 0.0, x, 0.0, z, y, 0.0, 0.0, 1.0]
    }

    /// Where columns (`axis` 0) or rows (1) of the input lie in the frame, in 1/32 pixel, ties to
    /// even: the inverse of the map as OpenCV computes it.
    fn positions(&self, axis: usize, positions: &mut [i32; SIDE]) {
        let (zoom, shift) = (f64::from(self.zoom), f64::from(self.shift[axis]));
        let inverse = 1.0 / (zoom * zoom);
        let (step, start) = (zoom * inverse, -zoom * shift * inverse);
        // The last element of the inverse, by which a perspective map divides: 1 but for rounding.
        let scale = STEPS / (zoom * zoom * inverse);
        for (i, position) in positions.iter_mut().enumerate() {
            *position = ((step * i as f64 + start) * scale).round_ties_even() as i32;
        }
    }

    /// From a position in the network's output, -1 to 1 along `axis`, to pixels of the frame.
    fn to_frame(self, axis: usize, value: f32, convention: Convention) -> f32 {
        let side = SIDE as f64;
        let value = f64::from(value);
        let in_crop = match convention {
            // -1 and 1 are the borders of the first and the last pixel.
            Convention::AsTrained => (value + 1.0) * side / 2.0 - 0.5,
            // -1 and 1 are their centres.
            Convention::FaceMirror => (value + 1.0) / 2.0 * (side - 1.0),
        };
        ((in_crop - f64::from(self.shift[axis])) / f64::from(self.zoom)) as f32
    }
}

/// The network and the buffers it needs.
#[derive(Debug)]
pub struct Star<N> {
    network: N,
    convention: Convention,
    input: Vec<f32>,
    outputs: Vec<Tensor>,
}

impl<N: Network> Star<N> {
    /// Wraps a network that takes 1x3x256x256 floats (planes B, G, R, values -1 to 1) and returns
    /// as its only output x and y of each of 98 landmarks, -1 to 1 across the crop.
    pub fn new(network: N, convention: Convention) -> Self {
        Self {
            network,
            convention,
            input: vec![0.0; 3 * SIDE * SIDE],
            outputs: Vec::new(),
        }
    }

    /// Places the landmarks of the face in `crop` and leaves them in `landmarks`, in pixels of the
    /// frame: x of all 98, then y.
    ///
    /// # Errors
    /// When the network cannot be run or does not return 196 values.
    pub fn locate(
        &mut self,
        frame: &BgrView<'_>,
        crop: StarCrop,
        landmarks: &mut [f32; 2 * LANDMARKS],
    ) -> Result<(), NetworkError> {
        self.prepare(frame, crop);
        self.network
            .run(&[1, 3, SIDE, SIDE], &self.input, &mut self.outputs)?;
        let points: &[f32; 2 * LANDMARKS] = first_output(&self.network, &self.outputs)?;
        self.to_pixels(crop, points, landmarks);
        Ok(())
    }

    /// From the network's output to pixels of the frame.
    pub fn to_pixels(
        &self,
        crop: StarCrop,
        points: &[f32; 2 * LANDMARKS],
        landmarks: &mut [f32; 2 * LANDMARKS],
    ) {
        for (i, point) in points.as_chunks::<2>().0.iter().enumerate() {
            for (axis, &value) in point.iter().enumerate() {
                landmarks[axis * LANDMARKS + i] = crop.to_frame(axis, value, self.convention);
            }
        }
    }

    /// Fills the input from `crop` and returns it.
    pub fn prepare(&mut self, frame: &BgrView<'_>, crop: StarCrop) -> &[f32] {
        let (mut columns, mut rows) = ([0; SIDE], [0; SIDE]);
        crop.positions(0, &mut columns);
        crop.positions(1, &mut rows);
        let input = &mut self.input;
        sample_grid(frame, &columns, &rows, |index, pixel| {
            for (channel, value) in pixel.into_iter().enumerate() {
                input[channel * SIDE * SIDE + index] = f32::from(value) / 255.0 * 2.0 - 1.0;
            }
        });
        &self.input
    }
}

/// Which output of a model to ask for, if it can be a STAR network: the last of those that are 98
/// points. The network returns points after each of its stages, then again those of the last;
/// exporters gave all these names that mislead, and one of them twice.
///
/// # Errors
/// Says what was expected and what was found.
pub fn choose_outputs(signature: &Signature) -> Result<Vec<usize>, String> {
    let wanted = [1, 3, SIDE, SIDE];
    if !signature.input.accepts(&wanted) {
        return Err(format!(
            "the landmark network takes {wanted:?}, this one {}",
            signature.input
        ));
    }
    let points = [1, LANDMARKS, 2];
    let last = signature
        .outputs
        .iter()
        .rposition(|output| output.shape.accepts(&points));
    last.map(|last| vec![last]).ok_or_else(|| {
        format!(
            "the landmark network has an output of {points:?}; this one has {}",
            signature.describe_outputs()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::testing::{FakeNetwork, signature};

    const FACE: PixelBox = PixelBox {
        left: 10,
        top: 4,
        right: 50,
        bottom: 60,
    };

    #[test]
    fn the_crop_is_a_square_around_the_middle_of_the_box() {
        let crop = StarCrop::of_box(FACE).unwrap();
        let [zoom, _, x, _, _, y, ..] = crop.matrix();
        assert!((zoom - 256.0 / 42.0).abs() < 1e-5);
        // The middle of the box is the middle of the input.
        assert!((zoom * 30.0 + x - 127.5).abs() < 1e-3);
        assert!((zoom * 32.0 + y - 127.5).abs() < 1e-3);
        let flat = PixelBox { bottom: 4, ..FACE };
        assert_eq!(StarCrop::of_box(flat), None);
    }

    #[test]
    fn the_input_is_planar_bgr_and_black_outside() {
        // The crop reaches from column 9 to 51 of a frame that ends at 40.
        let network = FakeNetwork::new("STAR", |shape, input| {
            assert_eq!(shape, [1, 3, 256, 256]);
            for (plane, expected) in [1.0, -1.0, 51.0 / 255.0 * 2.0 - 1.0]
                .into_iter()
                .enumerate()
            {
                let row = &input[plane * SIDE * SIDE + 128 * SIDE..][..SIDE];
                assert!((row[20] - expected).abs() < 1e-6);
                assert_eq!(row[250], -1.0);
            }
            vec![(vec![1, 98, 2], vec![0.0; 196])]
        });
        let data: Vec<u8> = (0..40 * 80).flat_map(|_| [255, 0, 51]).collect();
        let frame = BgrView::new(&data, 40, 80, 120).unwrap();
        let crop = StarCrop::of_box(FACE).unwrap();
        let mut landmarks = [0.0; 2 * LANDMARKS];
        Star::new(network, Convention::AsTrained)
            .locate(&frame, crop, &mut landmarks)
            .unwrap();
        // 0 is the middle of the crop, whatever the convention.
        for i in 0..LANDMARKS {
            assert!((landmarks[i] - 30.0).abs() < 1e-3);
            assert!((landmarks[LANDMARKS + i] - 32.0).abs() < 1e-3);
        }
    }

    #[test]
    fn conventions_differ_at_the_borders() {
        let crop = StarCrop::of_box(FACE).unwrap();
        let [a, b] = [Convention::AsTrained, Convention::FaceMirror]
            .map(|convention| crop.to_frame(0, 1.0, convention));
        // Half a pixel of the crop, which is 42/256 of one of the frame.
        assert!((a - b - 21.0 / 256.0).abs() < 1e-4, "{a} {b}");
        assert!((a - (30.0 + 21.0)).abs() < 1e-3);
    }

    #[test]
    fn another_number_of_values_is_an_error() {
        let network = FakeNetwork::new("STAR", |_, _| vec![(vec![1, 68, 2], vec![0.0; 136])]);
        let data = vec![0; 300];
        let frame = BgrView::new(&data, 10, 10, 30).unwrap();
        let crop = StarCrop::of_box(FACE).unwrap();
        let error = Star::new(network, Convention::AsTrained)
            .locate(&frame, crop, &mut [0.0; 2 * LANDMARKS])
            .unwrap_err();
        assert!(error.to_string().contains("136"), "{error}");
    }

    #[test]
    fn the_last_output_of_98_points_is_taken_whatever_its_name() {
        let signature = |outputs| signature("?x3x256x256", outputs);
        let misleading = signature(&[
            ("output", "?x98x2"),
            ("heatmap", "?x98x64x64"),
            ("landmarks", "?x9x64x64"),
            ("12", "?x98x2"),
            ("maps", "?x98x64x64"),
            ("12", "?x98x2"),
        ]);
        assert_eq!(choose_outputs(&misleading), Ok(vec![5]));
        let other = signature(&[("output", "1x68x2"), ("heatmap", "1x68x64x64")]);
        let error = choose_outputs(&other).unwrap_err();
        assert!(error.contains("output 1x68x2"), "{error}");
    }
}
