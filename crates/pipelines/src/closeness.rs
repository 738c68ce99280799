//! How near two trackers come that look at one face.

/// Largest mean distance of landmarks, in pixels. Two runs on one face come this close and no
/// closer, because rounding decides between neighbours on a grid.
const LARGEST_MEAN: f64 = 0.05;
/// Largest distance of one landmark, in pixels.
const LARGEST: f64 = 0.3;

/// Whether two positions along an axis are as close as they ever get, in pixels.
pub(crate) fn is_close(one: f32, other: f32) -> bool {
    f64::from(one - other).abs() <= LARGEST
}

/// Whether points (all x, then all y) are as close as they ever get.
pub(crate) fn are_close<const N: usize>(one: &[f32; N], other: &[f32; N]) -> bool {
    let points = N / 2;
    let distances = (0..points).map(|i| {
        let along = |axis: usize| f64::from(one[axis * points + i] - other[axis * points + i]);
        along(0).hypot(along(1))
    });
    let (sum, largest) = distances.fold((0.0, 0.0_f64), |(sum, largest), distance| {
        (sum + distance, largest.max(distance))
    });
    sum / points as f64 <= LARGEST_MEAN && largest <= LARGEST
}
