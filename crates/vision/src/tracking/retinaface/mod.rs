//! Finding faces in a whole frame by one run of the RetinaFace network.
//!
//! The frame is looked at in a reduced copy, since the cost grows with the number of pixels and a
//! face worth measuring fills much of the frame. Which of several faces matters is not decided
//! here.

mod priors;
mod suppression;

use crate::image::BgrView;
use crate::network::{Network, NetworkError, Tensor};

use super::face_box::FaceBox;
use super::resample::{Region, Resampler};
use priors::Priors;

/// Subtracted from the channels B, G, R: their mean in the images that the network was trained on.
const CHANNEL_MEANS: [f32; 3] = [104.0, 117.0, 123.0];

/// How to look for faces.
#[derive(Debug, Clone, PartialEq)]
pub struct RetinaFaceOptions {
    /// The network sees a copy whose longer side has at most this many pixels.
    pub longest_side: usize,
    /// Faces must score more than this, 0 to 1.
    pub score_threshold: f32,
    /// Of two boxes that overlap more than this (intersection over union), the better one stays.
    pub overlap_threshold: f32,
}

impl Default for RetinaFaceOptions {
    fn default() -> Self {
        Self {
            longest_side: 640,
            score_threshold: 0.5,
            overlap_threshold: 0.4,
        }
    }
}

/// A face in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Where it is, in pixels of the frame.
    pub face: FaceBox,
    /// How sure the network is, 0 to 1.
    pub score: f32,
    /// Right eye, left eye, tip of the nose, right and left corner of the mouth (the person's
    /// right and left), as x and y in pixels of the frame.
    pub points: [[f32; 2]; 5],
}

/// The network and the buffers it needs.
#[derive(Debug)]
pub struct RetinaFace<N> {
    network: N,
    options: RetinaFaceOptions,
    resampler: Resampler,
    priors: Priors,
    input: Vec<f32>,
    outputs: Vec<Tensor>,
    detections: Vec<Detection>,
}

impl<N: Network> RetinaFace<N> {
    /// Names of the outputs in the order in which the network must return them.
    pub const OUTPUTS: [&'static str; 3] = ["loc", "conf", "landms"];

    /// Wraps a network that takes 1x3xHxW floats (planes B, G, R, values 0 to 255 less the means)
    /// of any H and W, and returns for each of its N priors the corrections of the box (1xNx4),
    /// the probabilities of background and face (1xNx2), and the corrections of five points
    /// (1xNx10).
    pub fn new(network: N, options: RetinaFaceOptions) -> Self {
        Self {
            network,
            options,
            resampler: Resampler::default(),
            priors: Priors::default(),
            input: Vec::new(),
            outputs: Vec::new(),
            detections: Vec::new(),
        }
    }

    /// All faces in `frame`, the best-scoring first.
    ///
    /// # Errors
    /// When the network cannot be run, or its outputs do not have the shapes above.
    pub fn detect(&mut self, frame: &BgrView<'_>) -> Result<&[Detection], NetworkError> {
        self.detections.clear();
        let (width, height) = self.input_size(frame);
        if width == 0 || height == 0 {
            return Ok(&self.detections);
        }
        let plane = width * height;
        self.input.resize(3 * plane, 0.0);
        let input = &mut self.input;
        self.resampler.scale(
            frame,
            Region::whole(frame),
            (width, height),
            |channel, index, value| {
                input[channel * plane + index] = f32::from(value) - CHANNEL_MEANS[channel];
            },
        );
        self.network
            .run(&[1, 3, height, width], &self.input, &mut self.outputs)?;

        let priors = self.priors.of_size(width, height);
        let (boxes, scores, points) = match self.outputs.as_slice() {
            [boxes, scores, points, ..] => (
                boxes.data.as_chunks::<4>().0,
                scores.data.as_chunks::<2>().0,
                points.data.as_chunks::<10>().0,
            ),
            _ => (&[] as _, &[] as _, &[] as _),
        };
        if [boxes.len(), scores.len(), points.len()] != [priors.len(); 3] {
            return Err(NetworkError {
                network: self.network.name().to_owned(),
                reason: format!(
                    "for {width}x{height} pixels it returned {} boxes, {} scores and {} groups of \
                     points instead of {} each",
                    boxes.len(),
                    scores.len(),
                    points.len(),
                    priors.len()
                ),
            });
        }
        // Overlaps count whole pixels of the network's input, so boxes go to the frame after.
        let seen = [width as f32, height as f32];
        for (((prior, correction), score), points) in
            priors.iter().zip(boxes).zip(scores).zip(points)
        {
            let score = score[1];
            if score > self.options.score_threshold {
                let face = prior.face(correction, seen);
                if face.is_sound() {
                    self.detections.push(Detection {
                        face,
                        score,
                        points: prior.points(points, seen),
                    });
                }
            }
        }
        suppression::suppress(&mut self.detections, self.options.overlap_threshold);

        let x = frame.width() as f32 / seen[0];
        let y = frame.height() as f32 / seen[1];
        for Detection { face, points, .. } in &mut self.detections {
            *face = FaceBox {
                left: face.left * x,
                top: face.top * y,
                right: face.right * x,
                bottom: face.bottom * y,
            };
            *points = points.map(|[px, py]| [px * x, py * y]);
        }
        Ok(&self.detections)
    }

    /// Size of the copy that the network sees: the frame itself when it is small enough, otherwise
    /// reduced to the longest side, proportions kept to the nearest pixel.
    fn input_size(&self, frame: &BgrView<'_>) -> (usize, usize) {
        let (width, height) = (frame.width(), frame.height());
        let longer = width.max(height);
        let limit = self.options.longest_side.max(1);
        if width == 0 || height == 0 || longer <= limit {
            return (width, height);
        }
        let reduced =
            |side: usize| ((side as f64 * limit as f64 / longer as f64).round() as usize).max(1);
        (reduced(width), reduced(height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::testing::{Answer, FakeNetwork};

    /// An answer for `width` x `height` in which the given priors score, without corrections.
    fn answer(width: usize, height: usize, hits: &[(usize, f32)]) -> Answer {
        let count = Priors::default().of_size(width, height).len();
        let mut scores = vec![0.0; 2 * count];
        for &(prior, score) in hits {
            scores[2 * prior + 1] = score;
        }
        vec![
            (vec![1, count, 4], vec![0.0; 4 * count]),
            (vec![1, count, 2], scores),
            (vec![1, count, 10], vec![0.0; 10 * count]),
        ]
    }

    #[test]
    fn small_frames_are_seen_as_they_are() {
        let network = FakeNetwork::new("RetinaFace", |shape, input| {
            assert_eq!(shape, [1, 3, 32, 64]);
            let plane = |i: usize| &input[i * 64 * 32..(i + 1) * 64 * 32];
            assert!(plane(0).iter().all(|&v| v == 1.0 - 104.0));
            assert!(plane(1).iter().all(|&v| v == 2.0 - 117.0));
            assert!(plane(2).iter().all(|&v| v == 3.0 - 123.0));
            answer(64, 32, &[(3, 0.8), (0, 0.5)])
        });
        let data: Vec<u8> = (0..64 * 32).flat_map(|_| [1, 2, 3]).collect();
        let frame = BgrView::new(&data, 64, 32, 192).unwrap();
        let mut detector = RetinaFace::new(network, RetinaFaceOptions::default());
        let found = detector.detect(&frame).unwrap();
        // Prior 3 is the larger box of the second cell; a score of 0.5 is not above 0.5.
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].score, 0.8);
        assert_eq!(found[0].face.center(), (12.0, 4.0));
        assert!((found[0].face.width() - 32.0).abs() < 1e-4);
        assert_eq!(found[0].points, [[12.0, 4.0]; 5]);
    }

    #[test]
    fn large_frames_are_reduced_and_boxes_mapped_back() {
        let network = FakeNetwork::new("RetinaFace", |shape, _| {
            assert_eq!(shape, [1, 3, 64, 36]);
            answer(36, 64, &[(0, 0.9)])
        });
        let data = vec![0; 3 * 108 * 192];
        let frame = BgrView::new(&data, 108, 192, 324).unwrap();
        let options = RetinaFaceOptions {
            longest_side: 64,
            ..RetinaFaceOptions::default()
        };
        let mut detector = RetinaFace::new(network, options);
        let found = detector.detect(&frame).unwrap();
        assert_eq!(found[0].face.center(), (12.0, 12.0));
        assert!((found[0].face.width() - 48.0).abs() < 1e-3);
    }

    #[test]
    fn frames_without_pixels_have_no_faces() {
        let network = FakeNetwork::new("RetinaFace", |_, _| panic!("nothing to run on"));
        let frame = BgrView::new(&[], 0, 0, 0).unwrap();
        let mut detector = RetinaFace::new(network, RetinaFaceOptions::default());
        assert!(detector.detect(&frame).unwrap().is_empty());
    }

    #[test]
    fn outputs_of_another_shape_are_an_error() {
        for wrong in [vec![], answer(32, 32, &[])] {
            let network = FakeNetwork::new("RetinaFace", move |_, _| wrong.clone());
            let data = vec![0; 3 * 64 * 64];
            let frame = BgrView::new(&data, 64, 64, 192).unwrap();
            let mut detector = RetinaFace::new(network, RetinaFaceOptions::default());
            assert!(detector.detect(&frame).is_err());
        }
    }

    #[test]
    fn broken_values_are_no_faces() {
        let network = FakeNetwork::new("RetinaFace", |_, _| {
            let mut outputs = answer(64, 64, &[(0, 0.9), (5, f32::NAN), (9, 0.7)]);
            outputs[0].1[0] = f32::NAN;
            outputs[0].1[9 * 4 + 2] = f32::INFINITY;
            outputs
        });
        let data = vec![0; 3 * 64 * 64];
        let frame = BgrView::new(&data, 64, 64, 192).unwrap();
        let mut detector = RetinaFace::new(network, RetinaFaceOptions::default());
        assert!(detector.detect(&frame).unwrap().is_empty());
    }
}
