//! One box per face: greedy non-maximum suppression.

use super::Detection;

/// Sorts `detections` by falling score (equals keep their order) and removes every one that
/// overlaps a better one that stays by more than `limit`.
pub(super) fn suppress(detections: &mut Vec<Detection>, limit: f32) {
    detections.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = 0;
    for i in 0..detections.len() {
        let candidate = detections[i];
        let overlaps = |better: &Detection| better.face.overlap(&candidate.face) > limit;
        if !detections[..kept].iter().any(overlaps) {
            detections[kept] = candidate;
            kept += 1;
        }
    }
    detections.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::face_box::FaceBox;
    use proptest::prelude::*;

    fn detection(score: f32, x: f32, y: f32, side: f32) -> Detection {
        Detection {
            face: FaceBox {
                left: x,
                top: y,
                right: x + side,
                bottom: y + side,
            },
            score,
            points: [[0.0; 2]; 5],
        }
    }

    #[test]
    fn the_best_of_a_heap_stays() {
        let mut detections = vec![
            detection(0.6, 0.0, 0.0, 100.0),
            detection(0.9, 5.0, 5.0, 100.0),
            detection(0.7, 300.0, 0.0, 100.0),
        ];
        suppress(&mut detections, 0.4);
        let scores: Vec<f32> = detections.iter().map(|d| d.score).collect();
        assert_eq!(scores, [0.9, 0.7]);
    }

    #[test]
    fn what_a_removed_box_overlaps_may_stay() {
        // A chain: the middle one falls to the first and no longer speaks against the last.
        let mut detections = vec![
            detection(0.9, 0.0, 0.0, 100.0),
            detection(0.8, 40.0, 0.0, 100.0),
            detection(0.7, 80.0, 0.0, 100.0),
        ];
        suppress(&mut detections, 0.4);
        assert_eq!(detections.len(), 2);
        assert_eq!(detections[1].score, 0.7);
    }

    proptest! {
        #[test]
        fn survivors_are_apart_and_everything_else_is_covered(
            boxes in proptest::collection::vec(
                (0.0..1.0_f32, 0.0..200.0_f32, 0.0..200.0_f32, 1.0..150.0_f32), 0..40),
            limit in 0.1..0.9_f32,
        ) {
            let all: Vec<_> = boxes.iter().map(|&(s, x, y, d)| detection(s, x, y, d)).collect();
            let mut kept = all.clone();
            suppress(&mut kept, limit);
            for (i, a) in kept.iter().enumerate() {
                prop_assert!(all.contains(a));
                for b in &kept[..i] {
                    prop_assert!(b.score >= a.score);
                    prop_assert!(a.face.overlap(&b.face) <= limit);
                }
            }
            for a in &all {
                let covered = kept
                    .iter()
                    .any(|b| b == a || b.score >= a.score && b.face.overlap(&a.face) > limit);
                prop_assert!(covered);
            }
        }
    }
}
