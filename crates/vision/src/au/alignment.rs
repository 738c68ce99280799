//! Where the aligned face lies in the frame: same size, upright, in the same place every time.
//!
//! The similarity that best takes 24 landmarks that expressions hardly move onto the mean shape
//! (least squares; Umeyama 1991), placed so that the fitted shape's origin falls on the middle.
//! Pixels are moved by [`crate::warp`].

use crate::analysis::LANDMARKS;

/// Side of the aligned face in pixels.
pub const ALIGNED_SIZE: usize = 112;
/// Pixels of the aligned face per millimetre of the mean shape.
pub const ALIGNED_SCALE: f32 = 0.7;

/// Jaw sides, nose, eyes' corners and lids: what expressions hardly move.
const RIGID_POINTS: [usize; 24] = [
    1, 2, 3, 4, 12, 13, 14, 15, 27, 28, 29, 31, 32, 33, 34, 35, 36, 39, 40, 41, 42, 45, 46, 47,
];

/// The affine map (two rows of three) that takes frame coordinates to coordinates of the aligned
/// face.
///
/// `landmarks` are 68 x, then 68 y, in pixels; `mean` is the mean shape in mm (68 x, 68 y, 68 z);
/// `origin` is where the fitted shape's origin lies in the frame.
///
/// # Panics
/// When `landmarks` or `mean` is too short.
pub fn alignment(landmarks: &[f32], mean: &[f64], origin: [f32; 2]) -> [f32; 6] {
    let source = RIGID_POINTS.map(|i| [landmarks[i], landmarks[LANDMARKS + i]]);
    let target = RIGID_POINTS.map(|i| [i, LANDMARKS + i].map(|i| ALIGNED_SCALE * mean[i] as f32));
    let [a, b] = similarity(&source, &target);
    let [x, y] = origin;
    let middle = (ALIGNED_SIZE / 2) as f32;
    [
        a,
        -b,
        middle - (a * x - b * y),
        b,
        a,
        middle - (b * x + a * y),
    ]
}

/// Rotation times scale, as the complex number a + bi, that takes `source` closest to `target`
/// once both are centred and brought to the same spread.
///
/// The scale is the ratio of the spreads, not the least-squares one. Intermediate values are
/// rounded to single precision where OpenFace's are: the last digit of the result decides some
/// roundings to 1/32 px in the warp. When the source has no spread the result is not finite.
fn similarity<const N: usize>(source: &[[f32; 2]; N], target: &[[f32; 2]; N]) -> [f32; 2] {
    let (source, target) = (centred(source), centred(target));
    let (mut along, mut across) = (0.0, 0.0);
    for (s, t) in source.iter().zip(&target) {
        let ([sx, sy], [tx, ty]) = (s.map(f64::from), t.map(f64::from));
        along += sx * tx + sy * ty;
        across += sx * ty - sy * tx;
    }
    let scale = spread(&target) / spread(&source);
    let length = f64::hypot(along, across);
    [along, across].map(|part| scale * (part / length) as f32)
}

fn centred<const N: usize>(points: &[[f32; 2]; N]) -> [[f32; 2]; N] {
    let mean = [0, 1].map(|axis| {
        let sum: f64 = points.iter().map(|p| f64::from(p[axis])).sum();
        (sum / N as f64) as f32
    });
    points.map(|[x, y]| [x - mean[0], y - mean[1]])
}

/// Root mean square distance from the origin.
fn spread<const N: usize>(points: &[[f32; 2]; N]) -> f32 {
    let squares: f64 = points.iter().map(|[x, y]| f64::from(x * x + y * y)).sum();
    (squares / N as f64).sqrt() as f32
}

/// Applies an affine map to `landmarks` (68 x, then 68 y), in single precision.
pub fn transform(map: &[f32; 6], landmarks: &[f32]) -> [[f32; 2]; LANDMARKS] {
    std::array::from_fn(|i| {
        let (x, y) = (landmarks[i], landmarks[LANDMARKS + i]);
        [
            map[0] * x + map[1] * y + map[2],
            map[3] * x + map[4] * y + map[5],
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_turned_and_scaled_mean_shape_is_turned_and_scaled_back(
            angle in -3.0_f64..3.0, scale in 0.3_f64..8.0,
            x in -400.0_f64..400.0, y in -400.0_f64..400.0,
        ) {
            let mut random = crate::testing::Sequence::new(3);
            let mean: Vec<f64> = (0..204).map(|_| 70.0 * random.signed()).collect();
            let (sin, cos) = angle.sin_cos();
            let mut landmarks = [0.0_f32; 136];
            for i in 0..68 {
                landmarks[i] = (scale * (cos * mean[i] - sin * mean[68 + i]) + x) as f32;
                landmarks[68 + i] = (scale * (sin * mean[i] + cos * mean[68 + i]) + y) as f32;
            }
            let map = alignment(&landmarks, &mean, [x as f32, y as f32]);
            for (i, [u, v]) in transform(&map, &landmarks).into_iter().enumerate() {
                // Single precision at coordinates of up to some 1000 px, scaled down.
                prop_assert!((f64::from(u) - (0.7 * mean[i] + 56.0)).abs() < 2e-3);
                prop_assert!((f64::from(v) - (0.7 * mean[68 + i] + 56.0)).abs() < 2e-3);
            }
        }
    }
}
