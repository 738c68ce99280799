//! Finding faces: the whole picture, and where it shows none, parts of it.
//!
//! The network ("BlazeFace", short range) sees a picture at 128 x 128 pixels, so faces whose outer
//! eye corners are less than about 7 % of the picture's longer side apart are lost. Looking again in
//! overlapping tiles finds smaller ones; the library does not do that.

use crate::image::BgrView;
use crate::network::{Network, NetworkError, Tensor};
use crate::warp::Outside;

use super::PictureSize;
use super::crop::Crop;
use super::detection::{self, ANCHORS, Detection, Part, VALUES};
use super::rect::TurnedRect;

/// Side of the network's input in pixels.
const SIDE: usize = 128;
/// Side of a tile as a share of the picture's longer side: faces of 3 % (between the outer eye
/// corners) then have 7.5 % of a tile.
const TILE: f32 = 0.4;
/// Tiles are not smaller than this many pixels: fewer show nothing that could be measured.
const SMALLEST_TILE: f32 = 320.0;
/// Neighbouring tiles have at least this share of their side in common, so that a small face is
/// whole in one of them.
const COMMON: f32 = 0.25;

/// The network and the buffers it needs.
#[derive(Debug)]
pub(crate) struct Detector<N> {
    network: N,
    crop: Crop,
    anchors: Vec<[f32; 2]>,
    outputs: Vec<Tensor>,
    /// Boxes of one look.
    boxes: Vec<Detection>,
    found: Vec<Detection>,
}

impl<N: Network> Detector<N> {
    /// Wraps a network that takes 1x128x128x3 floats (R, G, B of each pixel, -1 to 1) and returns
    /// 1x896x16 corrections and 1x896x1 logits.
    pub fn new(network: N) -> Self {
        let scale = f64::from(2.0_f32 / 255.0);
        let value = |level| (f64::from(level) * scale - 1.0) as f32;
        Self {
            network,
            crop: Crop::new(SIDE, Outside::Black, value),
            anchors: detection::anchors(),
            outputs: Vec::new(),
            boxes: Vec::with_capacity(ANCHORS),
            found: Vec::with_capacity(ANCHORS),
        }
    }

    /// All faces that score `threshold` or more, in shares of the picture, the best first. With
    /// `tiles`, parts are looked at where the whole shows none.
    ///
    /// # Errors
    /// When the network cannot be run, or its outputs do not have the shapes above.
    pub fn detect(
        &mut self,
        picture: &BgrView<'_>,
        threshold: f32,
        tiles: bool,
    ) -> Result<&[Detection], NetworkError> {
        self.found.clear();
        let size = PictureSize::of(picture);
        if !size.is_empty() {
            let longer = size.width.max(size.height);
            let middle = [(size.width - longer) / 2.0, (size.height - longer) / 2.0];
            self.look(picture, middle, longer, threshold)?;
            if self.found.is_empty() && tiles {
                let side = (TILE * longer).max(SMALLEST_TILE);
                if side < longer {
                    for top in starts(size.height, side) {
                        for left in starts(size.width, side) {
                            self.look(picture, [left, top], side, threshold)?;
                        }
                    }
                    // Neighbours may have seen the same face.
                    detection::merge(&mut self.found);
                }
            }
        }
        Ok(&self.found)
    }

    /// Looks at a square of the picture, given by its upper left corner and its side in pixels, and
    /// adds what it finds.
    fn look(
        &mut self,
        picture: &BgrView<'_>,
        [left, top]: [f32; 2],
        side: f32,
        threshold: f32,
    ) -> Result<(), NetworkError> {
        let size = PictureSize::of(picture);
        let part = Part {
            left: left / size.width,
            top: top / size.height,
            width: side / size.width,
            height: side / size.height,
        };
        let rect = TurnedRect {
            x: part.left + part.width / 2.0,
            y: part.top + part.height / 2.0,
            width: part.width,
            height: part.height,
            rotation: 0.0,
        };
        let input = self.crop.take(picture, &rect);
        self.network
            .run(&[1, SIDE, SIDE, 3], input, &mut self.outputs)?;
        let (regressors, scores) = match self.outputs.as_slice() {
            [regressors, scores, ..] => (
                regressors.data.as_chunks::<VALUES>().0,
                scores.data.as_slice(),
            ),
            _ => (&[] as _, &[] as _),
        };
        if [regressors.len(), scores.len()] != [ANCHORS; 2] {
            return Err(NetworkError {
                network: self.network.name().to_owned(),
                reason: format!(
                    "it returned {} boxes and {} scores instead of {ANCHORS} each",
                    regressors.len(),
                    scores.len()
                ),
            });
        }
        self.boxes.clear();
        detection::decode(
            &self.anchors,
            regressors,
            scores,
            threshold,
            &mut self.boxes,
        );
        detection::merge(&mut self.boxes);
        self.found
            .extend(self.boxes.iter().map(|one| one.within(&part)));
        Ok(())
    }
}

/// Where tiles of `side` begin along a picture's side of `length`: evenly, with enough in common; one
/// in the middle where it is as long as the picture.
fn starts(length: f32, side: f32) -> impl Iterator<Item = f32> {
    let rest = length - side;
    let count = if rest <= 0.0 {
        1
    } else {
        1 + (rest / (side * (1.0 - COMMON))).ceil() as usize
    };
    (0..count).map(move |i| match count {
        1 => rest / 2.0,
        _ => rest * i as f32 / (count - 1) as f32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::testing::{Answer, FakeNetwork};
    use proptest::prelude::*;

    /// One box of a fifth of the input around its middle, if `seen`.
    fn answer(seen: bool) -> Answer {
        let mut values = vec![0.0; VALUES * ANCHORS];
        let mut scores = vec![-9.0; ANCHORS];
        // The anchor at (8.5 / 16, 8.5 / 16).
        let anchor = 2 * (8 * 16 + 8);
        values[VALUES * anchor..][..4].copy_from_slice(&[-4.0, -4.0, 25.6, 25.6]);
        if seen {
            scores[anchor] = 3.0;
        }
        vec![
            (vec![1, ANCHORS, VALUES], values),
            (vec![1, ANCHORS, 1], scores),
        ]
    }

    fn detect(width: usize, height: usize, tiles: bool, find_at: usize) -> (Vec<Detection>, usize) {
        let looks = std::cell::Cell::new(0);
        let network = FakeNetwork::new("detector", |shape, _| {
            assert_eq!(shape, [1, 128, 128, 3]);
            looks.set(looks.get() + 1);
            answer(looks.get() == find_at)
        });
        let pixels = vec![0; 3 * width * height];
        let picture = BgrView::new(&pixels, width, height, 3 * width).unwrap();
        let mut detector = Detector::new(network);
        let found = detector.detect(&picture, 0.5, tiles).unwrap().to_vec();
        (found, looks.get())
    }

    #[test]
    fn the_whole_picture_lies_in_the_middle_of_a_square() {
        let (found, looks) = detect(1280, 640, true, 1);
        assert_eq!(looks, 1);
        let [face] = found[..] else {
            panic!("{found:?}")
        };
        for (ours, expected) in [
            (face.x, 0.4),
            (face.y, 0.3),
            (face.width, 0.2),
            (face.height, 0.4),
        ] {
            assert!((ours - expected).abs() < 1e-6, "{face:?}");
        }
    }

    #[test]
    fn tiles_are_looked_at_where_the_whole_shows_nothing() {
        assert_eq!(detect(1920, 1080, false, 9).1, 1);
        // Three beside each other, two above each other; the third begins at 1152.
        let (found, looks) = detect(1920, 1080, true, 4);
        assert_eq!(looks, 7);
        let middle = found[0].x + found[0].width / 2.0;
        assert!(
            (middle * 1920.0 - (1152.0 + 384.0)).abs() < 0.01,
            "{middle}"
        );
        assert_eq!(detect(320, 240, true, 9).1, 1);
    }

    #[test]
    fn nothing_is_found_where_there_is_nothing() {
        let network = FakeNetwork::new("detector", |_, _| panic!("nothing to run on"));
        let picture = BgrView::new(&[], 0, 0, 0).unwrap();
        assert!(
            Detector::new(network)
                .detect(&picture, 0.5, true)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn outputs_of_another_shape_are_an_error() {
        for wrong in [
            vec![],
            answer(true)[..1].to_vec(),
            vec![answer(true)[1].clone(); 2],
        ] {
            let network = FakeNetwork::new("detector", move |_, _| wrong.clone());
            let picture = BgrView::new(&[0; 48], 4, 4, 12).unwrap();
            let error = Detector::new(network)
                .detect(&picture, 0.5, true)
                .unwrap_err();
            assert!(error.to_string().contains("896"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn tiles_cover_a_side_and_overlap(length in 1.0_f32..9000.0, side in 300.0_f32..4000.0) {
            let starts: Vec<f32> = starts(length, side).collect();
            if length <= side {
                prop_assert_eq!(starts.len(), 1);
            } else {
                prop_assert!(starts[0] == 0.0);
                prop_assert!((starts[starts.len() - 1] + side - length).abs() < 0.01);
                for pair in starts.windows(2) {
                    prop_assert!(pair[1] - pair[0] <= 0.7501 * side);
                }
            }
        }
    }
}
