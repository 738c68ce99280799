//! Whether two trackers that meet on a frame may be taken for one.

use faceau_vision::analysis::FrameAnalysis;

/// Largest mean distance of landmarks, in pixels. Two runs on one face come this close and no
/// closer, because rounding decides between neighbours on a grid.
const LARGEST_MEAN: f64 = 0.05;
/// Largest distance of one landmark, in pixels.
const LARGEST: f64 = 0.3;

/// Whether the tracker of `b` would go on as that of `a`: the same flags and counters where these
/// matter, and landmarks as close as they ever get.
pub fn agree(a: &FrameAnalysis, b: &FrameAnalysis) -> bool {
    let flags = |x: &FrameAnalysis| (x.success, x.au_success, x.tracker.discrete);
    if flags(a) != flags(b) {
        return false;
    }
    let (three, other) = (&a.openface3, &b.openface3);
    are_close(&a.landmarks, &b.landmarks)
        && are_close(&three.landmarks, &other.landmarks)
        && three
            .face
            .iter()
            .zip(other.face)
            .all(|(x, y)| f64::from(x - y).abs() <= LARGEST)
}

/// Whether points (all x, then all y) are as close as they ever get. Those that a pipeline does not
/// place are all zero, and equal.
fn are_close(a: &[f32], b: &[f32]) -> bool {
    let points = a.len() / 2;
    let distances = (0..points).map(|i| {
        let along = |axis: usize| f64::from(a[axis * points + i] - b[axis * points + i]);
        along(0).hypot(along(1))
    });
    let (sum, largest) = distances.fold((0.0, 0.0_f64), |(sum, largest), distance| {
        (sum + distance, largest.max(distance))
    });
    sum / points as f64 <= LARGEST_MEAN && largest <= LARGEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use faceau_vision::analysis::LANDMARKS;

    #[test]
    fn rounding_is_forgiven_and_another_face_is_not() {
        let mut a = FrameAnalysis::zeroed();
        a.success = 1;
        let mut b = a;
        b.landmarks[5] = 0.25;
        assert!(agree(&a, &b));
        b.landmarks[5] = 0.35;
        assert!(!agree(&a, &b));
        b.landmarks = [0.06; 2 * LANDMARKS];
        assert!(!agree(&a, &b));
    }

    #[test]
    fn another_box_or_shape_of_98_points_is_not_forgiven() {
        let a = FrameAnalysis::zeroed();
        let mut b = a;
        b.openface3.face[3] = 0.2;
        b.openface3.landmarks[100] = 0.2;
        assert!(agree(&a, &b));
        b.openface3.face[3] = 1.0;
        assert!(!agree(&a, &b));
        let mut b = a;
        b.openface3.landmarks[195] = 1.0;
        assert!(!agree(&a, &b));
    }

    #[test]
    fn another_state_is_not_forgiven() {
        let a = FrameAnalysis::zeroed();
        let mut b = a;
        b.success = 1;
        assert!(!agree(&a, &b));
        let mut b = a;
        b.tracker.discrete[2] = 1;
        assert!(!agree(&a, &b));
        let mut b = a;
        b.tracker.rest[2] = 1;
        assert!(agree(&a, &b));
    }
}
