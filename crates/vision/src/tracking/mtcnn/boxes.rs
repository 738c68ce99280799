//! What becomes of boxes between the networks of the cascade.
//!
//! Three ways of making whole numbers of coordinates occur, and each stage has its own; they are
//! kept apart here by name, because a face is lost or found by them. Networks are not known here.

use crate::tracking::detection::DetectedBox;
use crate::tracking::resample::Region;

/// No coordinate of a usable box is larger, in pixels.
const FARTHEST: f32 = 1e6;

/// What a network wants changed in a box, as shares of its sides: left, top, right, bottom.
pub type Correction = [f32; 4];

/// A box that may hold a face, in pixels of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Smallest x.
    pub left: f32,
    /// Smallest y.
    pub top: f32,
    /// Extent along x.
    pub width: f32,
    /// Extent along y.
    pub height: f32,
    /// Probability of a face, 0 to 1.
    pub score: f32,
    /// What the last network that saw it wants changed.
    pub correction: Correction,
}

/// How the common area of two boxes is set in proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// To the area that either covers.
    Union,
    /// To the area of the smaller one.
    Smaller,
}

/// A box of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Whole {
    left: i64,
    top: i64,
    width: i64,
    height: i64,
}

impl Whole {
    fn area(&self) -> i64 {
        self.width * self.height
    }

    fn overlap(&self, other: &Self, kind: Overlap) -> f32 {
        let along = |start: i64, length: i64, other_start: i64, other_length: i64| {
            let end = (start + length).min(other_start + other_length);
            (end - start.max(other_start)).max(0)
        };
        let common = along(self.left, self.width, other.left, other.width)
            * along(self.top, self.height, other.top, other.height);
        let of = match kind {
            Overlap::Union => self.area() + other.area() - common,
            Overlap::Smaller => self.area().min(other.area()),
        };
        // Boxes without area overlap nothing: 0/0 is above no threshold.
        common as f32 / of as f32
    }
}

impl Candidate {
    /// Rounded to the nearest whole pixels, ties to even.
    fn rounded(&self) -> Whole {
        let whole = |v: f32| v.round_ties_even() as i64;
        Whole {
            left: whole(self.left),
            top: whole(self.top),
            width: whole(self.width),
            height: whole(self.height),
        }
    }

    /// Whether the box has an extent and lies where a frame could be.
    pub fn is_sound(&self) -> bool {
        let near = |v: f32| v.abs() <= FARTHEST;
        near(self.left)
            && near(self.top)
            && (1.0..=FARTHEST).contains(&self.width)
            && (1.0..=FARTHEST).contains(&self.height)
    }

    /// Moves the borders as the last network wants. `longer` is added to the sides before shares
    /// of them are taken: 1 after the last network, which counts pixels from border to border
    /// inclusively, 0 after the others.
    pub fn correct(&mut self, longer: i64) {
        let Whole {
            left,
            top,
            width,
            height,
        } = self.rounded();
        let [x, y, w, h] = [left, top, width + longer, height + longer].map(|v| v as f32);
        let [dx0, dy0, dx1, dy1] = self.correction;
        let (x0, y0) = (x + dx0 * w, y + dy0 * h);
        let (x1, y1) = (x + w + dx1 * w, y + h + dy1 * h);
        (self.left, self.top) = (x0, y0);
        (self.width, self.height) = (x1 - x0, y1 - y0);
    }

    /// Makes the box a square of whole pixels with the same centre and the longer side's length.
    /// Fractions are dropped towards zero.
    pub fn square(&mut self) {
        let side = self.width.max(self.height);
        self.left = (self.left + 0.5 * (self.width - side)).trunc();
        self.top = (self.top + 0.5 * (self.height - side)).trunc();
        self.width = side.trunc();
        self.height = side.trunc();
    }

    /// The pixels that the next network sees of a squared box: one row and one column more than
    /// the box, beginning one pixel to the left of it and above. `None` when they lie wholly
    /// outside a frame of `width` x `height`.
    pub fn crop(&self, width: usize, height: usize) -> Option<Region> {
        if !self.is_sound() {
            return None;
        }
        let region = Region {
            left: self.left as i64 - 1,
            top: self.top as i64 - 1,
            width: self.width as usize + 1,
            height: self.height as usize + 1,
        };
        let inside = |start: i64, length: usize, size: usize| {
            start < size as i64 && start + length as i64 > 0
        };
        (inside(region.left, region.width, width) && inside(region.top, region.height, height))
            .then_some(region)
    }

    /// The face's box as landmarks want it: the networks draw it from forehead to chin, trackers
    /// begin at the eyebrows.
    pub fn face(&self) -> DetectedBox {
        DetectedBox {
            left: self.left - 0.0075 * self.width,
            top: self.top + 0.2459 * self.height,
            width: 1.0323 * self.width,
            height: 0.7751 * self.height,
            confidence: self.score,
        }
    }
}

/// Non-maximum suppression: of boxes that overlap by more than `threshold`, only the best-scoring
/// stays. What stays is sorted by falling score; of equal scores the later one comes first.
#[derive(Debug, Default)]
pub struct Suppression {
    rounded: Vec<Whole>,
}

impl Suppression {
    /// Thins out `candidates` from index `first` on.
    pub fn run(
        &mut self,
        candidates: &mut Vec<Candidate>,
        first: usize,
        threshold: f32,
        kind: Overlap,
    ) {
        let Some(range) = candidates.get_mut(first..) else {
            return;
        };
        // Reversed and then sorted stably: later ones first among equals.
        range.reverse();
        range.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut kept = first;
        self.rounded.clear();
        for i in first..candidates.len() {
            let rounded = candidates[i].rounded();
            let better = |other: &Whole| other.overlap(&rounded, kind) > threshold;
            if !self.rounded.iter().any(better) {
                self.rounded.push(rounded);
                candidates[kept] = candidates[i];
                kept += 1;
            }
        }
        candidates.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(left: f32, top: f32, width: f32, height: f32, score: f32) -> Candidate {
        Candidate {
            left,
            top,
            width,
            height,
            score,
            correction: [0.0; 4],
        }
    }

    fn suppressed(mut boxes: Vec<Candidate>, threshold: f32, kind: Overlap) -> Vec<f32> {
        Suppression::default().run(&mut boxes, 0, threshold, kind);
        boxes.iter().map(|b| b.left).collect()
    }

    #[test]
    fn the_better_of_two_that_overlap_stays() {
        let boxes = vec![
            candidate(0.0, 0.0, 10.0, 10.0, 0.7),
            candidate(1.0, 0.0, 10.0, 10.0, 0.9),
            candidate(50.0, 0.0, 10.0, 10.0, 0.8),
        ];
        // 90 of 110 pixels are common.
        assert_eq!(suppressed(boxes.clone(), 0.8, Overlap::Union), [1.0, 50.0]);
        assert_eq!(suppressed(boxes, 0.82, Overlap::Union), [1.0, 50.0, 0.0]);
    }

    #[test]
    fn a_box_inside_another_overlaps_it_wholly_or_in_part() {
        let boxes = vec![
            candidate(0.0, 0.0, 20.0, 20.0, 0.9),
            candidate(5.0, 5.0, 10.0, 10.0, 0.8),
        ];
        assert_eq!(suppressed(boxes.clone(), 0.3, Overlap::Union), [0.0, 5.0]);
        assert_eq!(suppressed(boxes, 0.3, Overlap::Smaller), [0.0]);
    }

    #[test]
    fn an_overlap_at_the_threshold_is_none_too_many() {
        let boxes = vec![
            candidate(0.0, 0.0, 10.0, 10.0, 0.9),
            candidate(0.0, 5.0, 10.0, 10.0, 0.8),
        ];
        assert_eq!(suppressed(boxes.clone(), 0.5, Overlap::Smaller).len(), 2);
        assert_eq!(suppressed(boxes, 0.49, Overlap::Smaller).len(), 1);
    }

    #[test]
    fn the_later_of_equals_comes_first() {
        let boxes = vec![
            candidate(0.0, 0.0, 10.0, 10.0, 0.9),
            candidate(1.0, 0.0, 10.0, 10.0, 0.9),
            candidate(99.0, 0.0, 10.0, 10.0, 0.9),
        ];
        assert_eq!(suppressed(boxes, 0.5, Overlap::Union), [99.0, 1.0]);
    }

    #[test]
    fn corrections_are_shares_of_whole_pixels() {
        let mut face = candidate(9.5, 10.5, 20.5, 19.6, 0.9);
        face.correction = [0.1, -0.1, 0.5, 0.0];
        // Ties to even: 10, 10, 20, 20.
        let mut corrected = face;
        corrected.correct(0);
        let sides = |c: &Candidate| [c.left, c.top, c.width, c.height];
        assert_eq!(sides(&corrected), [12.0, 8.0, 28.0, 22.0]);
        face.correct(1);
        assert_eq!(
            sides(&face),
            [10.0 + 0.1 * 21.0, 10.0 - 0.1 * 21.0, 29.4, 23.1]
        );
    }

    #[test]
    fn squares_are_cut_towards_zero() {
        let mut tall = candidate(-3.2, 7.9, 10.4, 20.8, 0.9);
        tall.square();
        // -3.2 - 5.2 = -8.4
        assert_eq!(
            [tall.left, tall.top, tall.width, tall.height],
            [-8.0, 7.0, 20.0, 20.0]
        );
    }

    #[test]
    fn a_crop_begins_one_pixel_before_its_box() {
        let region = candidate(5.0, 6.0, 10.0, 10.0, 0.9).crop(100, 100);
        let expected = Region {
            left: 4,
            top: 5,
            width: 11,
            height: 11,
        };
        assert_eq!(region, Some(expected));
        for outside in [
            candidate(101.0, 6.0, 10.0, 10.0, 0.9),
            candidate(6.0, -11.0, 10.0, 10.0, 0.9),
            candidate(f32::NAN, 6.0, 10.0, 10.0, 0.9),
            candidate(5.0, 6.0, f32::INFINITY, 10.0, 0.9),
            candidate(5.0, 6.0, 0.0, 0.0, 0.9),
        ] {
            assert_eq!(outside.crop(100, 100), None, "{outside:?}");
        }
        assert!(
            candidate(100.0, -9.0, 10.0, 10.0, 0.9)
                .crop(100, 100)
                .is_some()
        );
    }

    fn boxes() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (
            -50.0..200.0_f32,
            -50.0..200.0_f32,
            1.0..120.0_f32,
            1.0..120.0_f32,
            0..20_u8,
        )
            .prop_map(|(x, y, w, h, score)| candidate(x, y, w, h, f32::from(score) / 20.0));
        prop::collection::vec(one, 0..40)
    }

    proptest! {
        /// What stays does not overlap; what goes overlaps something that stays and is no worse;
        /// the order is that of the scores.
        #[test]
        fn suppression_leaves_the_best_of_each_heap(
            boxes in boxes(), threshold in 0.1..0.9_f32, smaller: bool,
        ) {
            let kind = if smaller { Overlap::Smaller } else { Overlap::Union };
            let mut kept = boxes.clone();
            Suppression::default().run(&mut kept, 0, threshold, kind);
            let overlap = |a: &Candidate, b: &Candidate| a.rounded().overlap(&b.rounded(), kind);
            for (i, a) in kept.iter().enumerate() {
                prop_assert!(boxes.contains(a));
                for b in &kept[..i] {
                    prop_assert!(b.score >= a.score);
                    prop_assert!(overlap(a, b) <= threshold);
                }
            }
            for a in &boxes {
                let explained = kept.iter().any(|b| {
                    b == a || (b.score >= a.score && overlap(a, b) > threshold)
                });
                prop_assert!(explained, "{a:?} is gone");
            }
        }

        /// Earlier candidates are not touched.
        #[test]
        fn suppression_can_begin_later(boxes in boxes(), first in 0..50_usize) {
            let mut all = boxes.clone();
            Suppression::default().run(&mut all, first, 0.5, Overlap::Union);
            let first = first.min(boxes.len());
            prop_assert_eq!(&all[..first], &boxes[..first]);
            let mut rest = boxes[first..].to_vec();
            Suppression::default().run(&mut rest, 0, 0.5, Overlap::Union);
            prop_assert_eq!(&all[first..], &rest[..]);
        }

        /// A square is as long as the box and lies around the same centre, but for the fractions.
        #[test]
        fn squares_keep_centre_and_length(b in boxes()) {
            for b in b {
                let mut square = b;
                square.square();
                prop_assert_eq!(square.width, square.height);
                prop_assert_eq!(square.width, b.width.max(b.height).trunc());
                for value in [square.left, square.top, square.width] {
                    prop_assert_eq!(value.fract(), 0.0);
                }
                let moved = (square.left + square.width / 2.0) - (b.left + b.width / 2.0);
                prop_assert!(moved.abs() < 1.5, "{moved}");
                let moved = (square.top + square.height / 2.0) - (b.top + b.height / 2.0);
                prop_assert!(moved.abs() < 1.5, "{moved}");
            }
        }

        #[test]
        fn any_numbers_go_through(values in prop::array::uniform5(any::<f32>()), correction in prop::array::uniform4(any::<f32>())) {
            let [x, y, w, h, score] = values;
            let mut one = Candidate { correction, ..candidate(x, y, w, h, score) };
            if one.is_sound() {
                Suppression::default().run(&mut vec![one, one], 0, 0.5, Overlap::Union);
                one.correct(1);
                one.square();
                let _ = one.crop(640, 480);
            }
        }
    }
}
