//! What the detector's network says, in words of faces: anchors, decoding, and one box for each
//! face out of many.
//!
//! Coordinates are shares of what was looked at, until [`Detection::within`] takes them elsewhere.

use std::array;

use super::rect::overlap;

/// Boxes that the network rates in one run.
pub(super) const ANCHORS: usize = 896;
/// Values for each: the box (4) and the key points.
pub(super) const VALUES: usize = 4 + 2 * KEY_POINTS;
/// Points that the network places on a face.
pub const KEY_POINTS: usize = 6;
/// The network's pixels in a row of its input; its numbers are in them.
const SIDE: f32 = 128.0;
/// Grids of anchors: cells in a row, and anchors in each cell.
const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];
/// Boxes that overlap more than this show the same face.
const SAME_FACE: f32 = 0.5;

/// A face that the detector saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Left border of its box.
    pub x: f32,
    /// Upper border of its box.
    pub y: f32,
    /// Width of its box.
    pub width: f32,
    /// Height of its box.
    pub height: f32,
    /// The eye on the left of the picture (the person's right), the other eye, tip of the nose,
    /// mouth, and the points before the ears in the order of the eyes; x and y of each.
    pub key_points: [[f32; 2]; KEY_POINTS],
    /// How sure the network is, 0 to 1.
    pub score: f32,
}

/// A part of a picture, in shares of the picture; it may reach beyond it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Detection {
    /// The same in shares of the picture, when it is now in shares of `part`.
    pub(crate) fn within(&self, part: &Part) -> Self {
        let x = |x: f32| x * part.width + part.left;
        let y = |y: f32| y * part.height + part.top;
        let (left, top) = (x(self.x), y(self.y));
        Self {
            x: left,
            y: top,
            width: x(self.x + self.width) - left,
            height: y(self.y + self.height) - top,
            key_points: self.key_points.map(|[px, py]| [x(px), y(py)]),
            score: self.score,
        }
    }
}

/// The centres of the anchors, in the order of the network's outputs.
pub(super) fn anchors() -> Vec<[f32; 2]> {
    let mut anchors = Vec::with_capacity(ANCHORS);
    for (cells, count) in GRIDS {
        let centre = |cell: usize| (cell as f32 + 0.5) / cells as f32;
        for row in 0..cells {
            for column in 0..cells {
                anchors.extend((0..count).map(|_| [centre(column), centre(row)]));
            }
        }
    }
    anchors
}

/// Adds to `found` the boxes that score `threshold` or more.
pub(super) fn decode(
    anchors: &[[f32; 2]],
    regressors: &[[f32; VALUES]],
    scores: &[f32],
    threshold: f32,
    found: &mut Vec<Detection>,
) {
    for ((anchor, values), &logit) in anchors.iter().zip(regressors).zip(scores) {
        let score = sigmoid(logit.clamp(-100.0, 100.0));
        // A score that is no number is none either.
        if score.is_nan() || score < threshold {
            continue;
        }
        let point = |i: usize| [0, 1].map(|axis| values[i + axis] / SIDE + anchor[axis]);
        let centre = point(0);
        let [width, height] = [2, 3].map(|i| values[i] / SIDE);
        let [x, y] = [centre[0] - width / 2.0, centre[1] - height / 2.0];
        let detection = Detection {
            x,
            y,
            width: centre[0] + width / 2.0 - x,
            height: centre[1] + height / 2.0 - y,
            key_points: array::from_fn(|i| point(4 + 2 * i)),
            score,
        };
        let sizes = [detection.width, detection.height];
        if sizes.iter().all(|size| *size >= 0.0) && values.iter().all(|v| v.is_finite()) {
            found.push(detection);
        }
    }
}

/// `1 / (1 + exp(-x))`.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Makes one detection of all that show the same face: where they lie on average, weighted by their
/// scores, with the best one's score; the best first.
pub(super) fn merge(found: &mut Vec<Detection>) {
    // Stable, so that equal scores stay in the order of the anchors.
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut merged = 0;
    while merged < found.len() {
        let best = found[merged];
        let mut mean = Mean::default();
        let mut index = 0;
        // `retain` goes through in order; what is done already stays.
        found.retain(|one| {
            index += 1;
            let rest = index > merged;
            let same = rest && best.overlap(one) > SAME_FACE;
            if same {
                mean.add(one);
            }
            !same
        });
        if mean.weight == 0.0 {
            // It does not even overlap with itself, being a box without area. As in the library,
            // what scores less does not count then.
            found.truncate(merged);
            return;
        }
        found.insert(merged, mean.detection(best.score));
        merged += 1;
    }
}

impl Detection {
    fn overlap(&self, other: &Self) -> f32 {
        overlap(
            [self.x, self.y],
            [self.width, self.height],
            [other.x, other.y],
            [other.width, other.height],
        )
    }
}

/// Sums of borders and key points, each weighted by its detection's score.
#[derive(Default)]
struct Mean {
    weight: f32,
    borders: [f32; 4],
    key_points: [[f32; 2]; KEY_POINTS],
}

impl Mean {
    fn add(&mut self, one: &Detection) {
        self.weight += one.score;
        let borders = [one.x, one.y, one.x + one.width, one.y + one.height];
        for (sum, border) in self.borders.iter_mut().zip(borders) {
            *sum += border * one.score;
        }
        for (sum, point) in self.key_points.iter_mut().zip(one.key_points) {
            for (sum, value) in sum.iter_mut().zip(point) {
                *sum += value * one.score;
            }
        }
    }

    fn detection(&self, score: f32) -> Detection {
        let [x, y, right, bottom] = self.borders.map(|sum| sum / self.weight);
        Detection {
            x,
            y,
            width: right - x,
            height: bottom - y,
            key_points: self
                .key_points
                .map(|point| point.map(|sum| sum / self.weight)),
            score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(x: f32, score: f32) -> Detection {
        Detection {
            x,
            y: 0.1,
            width: 0.2,
            height: 0.2,
            key_points: [[x, 0.2]; KEY_POINTS],
            score,
        }
    }

    #[test]
    fn anchors_lie_in_the_middle_of_cells() {
        let anchors = anchors();
        assert_eq!(anchors.len(), ANCHORS);
        assert_eq!(
            anchors[..3],
            [[1.0 / 32.0; 2], [1.0 / 32.0; 2], [3.0 / 32.0, 1.0 / 32.0]]
        );
        assert_eq!(anchors[512], [1.0 / 16.0; 2]);
        assert_eq!(anchors[895], [15.0 / 16.0; 2]);
    }

    #[test]
    fn boxes_lie_around_their_anchors() {
        let mut values = [0.0; VALUES];
        values[..6].copy_from_slice(&[12.8, -12.8, 25.6, 51.2, 64.0, 0.0]);
        let mut found = Vec::new();
        let anchor = [0.5, 0.5];
        let all = [values, values, values, [f32::NAN; VALUES]];
        decode(
            &[anchor; 4],
            &all,
            &[0.0, -0.1, f32::NAN, 9.0],
            0.5,
            &mut found,
        );
        assert_eq!(found.len(), 1);
        let Detection {
            x,
            y,
            width,
            height,
            key_points,
            score,
        } = found[0];
        for (ours, expected) in [
            (x, 0.5),
            (y, 0.2),
            (width, 0.2),
            (height, 0.4),
            (score, 0.5),
        ] {
            assert!((ours - expected).abs() < 1e-6, "{ours} {expected}");
        }
        assert_eq!(key_points[0], [1.0, 0.5]);
    }

    #[test]
    fn boxes_of_one_face_become_their_weighted_mean() {
        let mut found = vec![at(0.12, 0.6), at(0.7, 0.7), at(0.1, 0.9)];
        merge(&mut found);
        assert_eq!(found.len(), 2);
        assert_eq!([found[0].score, found[1].score], [0.9, 0.7]);
        let mean = (0.12 * 0.6 + 0.1 * 0.9) / 1.5;
        assert!((found[0].x - mean).abs() < 1e-6);
        assert!((found[0].key_points[3][0] - mean).abs() < 1e-6);
        assert!((found[1].x - 0.7).abs() < 1e-6);
    }

    #[test]
    fn a_part_of_the_picture_is_where_it_says() {
        let part = Part {
            left: 0.5,
            top: -0.25,
            width: 0.5,
            height: 1.5,
        };
        let inside = at(0.5, 1.0).within(&part);
        assert!((inside.x - 0.75).abs() < 1e-6 && (inside.width - 0.1).abs() < 1e-6);
        assert!((inside.y + 0.1).abs() < 1e-6 && (inside.height - 0.3).abs() < 1e-6);
    }

    proptest! {
        /// Whatever boxes there are, those that are left do not show the same face.
        #[test]
        fn merging_ends_and_leaves_the_best_scores(
            boxes in prop::collection::vec((0.0_f32..1.0, 0.01_f32..0.3, 0.5_f32..1.0), 0..40),
        ) {
            let mut found: Vec<_> = boxes
                .iter()
                .map(|&(x, width, score)| Detection { width, ..at(x, score) })
                .collect();
            let count = found.len();
            let best = found.iter().map(|one| one.score).fold(0.0, f32::max);
            merge(&mut found);
            prop_assert!(found.len() <= count);
            prop_assert_eq!(found.first().map_or(0.0, |one| one.score), best);
            prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
        }
    }
}
