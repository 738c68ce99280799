//! How much the head moves and where the eyes look. Speeds are per second, not per frame, so that
//! they do not depend on the rate; mm are those of an average head.

use crate::recording::Recording;
use crate::statistics::Weighted;
use crate::thresholds::{BRIDGED, GAZE_AWAY, HEAD_SMOOTHING};
use crate::timeline::Timeline;

/// Movement of the head.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HeadMovement {
    /// mm a second.
    pub speed: Option<f64>,
    /// Degrees a second.
    pub turn: Option<f64>,
    /// mm altogether.
    pub path: Option<f64>,
}

impl HeadMovement {
    /// Of a recording with head pose.
    pub fn of(recording: &Recording, timeline: &Timeline) -> Self {
        let (position, rotation) = (&recording.head_position, &recording.head_rotation);
        let smooth = |columns: &[Vec<f32>; 3]| columns.each_ref().map(|c| smoothed(c, timeline));
        let path = position.as_ref().and_then(|columns| {
            let [x, y, z] = smooth(columns);
            way(timeline, &|i, j| {
                let step = |axis: &[f64]| (axis[j] - axis[i]).powi(2);
                (step(&x) + step(&y) + step(&z)).sqrt()
            })
        });
        let turn = rotation.as_ref().and_then(|columns| {
            let [x, y, z] = smooth(columns);
            let matrix = |i: usize| rotation_matrix(x[i], y[i], z[i]);
            way(timeline, &|i, j| {
                angle_between(&matrix(i), &matrix(j)).to_degrees()
            })
        });
        Self {
            speed: path.map(|(length, seconds)| length / seconds),
            turn: turn.map(|(length, seconds)| length / seconds),
            path: path.map(|(length, _)| length),
        }
    }
}

/// The mean over the frames that count within the seconds of smoothing; NaN elsewhere.
fn smoothed(values: &[f32], timeline: &Timeline) -> Vec<f64> {
    let half = HEAD_SMOOTHING / 2.0 + 5e-4;
    let (mut sum, mut count) = (0.0, 0_usize);
    let (mut first, mut end) = (0, 0);
    let there = |i: usize| timeline.valid[i] && values[i].is_finite();
    (0..timeline.len())
        .map(|i| {
            let now = timeline.times[i];
            while end < timeline.len() && timeline.times[end] <= now + half {
                if there(end) {
                    sum += f64::from(values[end]);
                    count += 1;
                }
                end += 1;
            }
            while timeline.times[first] < now - half {
                if there(first) {
                    sum -= f64::from(values[first]);
                    count -= 1;
                }
                first += 1;
            }
            if there(i) {
                sum / count as f64
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// The sum of the distances from frame to frame and its seconds, without what lies across gaps.
fn way(timeline: &Timeline, distance: &dyn Fn(usize, usize) -> f64) -> Option<(f64, f64)> {
    let (mut length, mut seconds, mut steps) = (0.0, 0.0, 0_usize);
    let mut last: Option<usize> = None;
    for i in (0..timeline.len()).filter(|&i| timeline.valid[i]) {
        if let Some(last) = last
            && timeline.duration(&(last + 1..i)) < BRIDGED - 1e-9
        {
            let step = distance(last, i);
            if step.is_finite() {
                length += step;
                seconds += timeline.times[i] - timeline.times[last];
                steps += 1;
            }
        }
        last = Some(i);
    }
    let enough =
        steps + 1 >= crate::thresholds::LEAST_FRAMES && seconds >= crate::thresholds::LEAST_SECONDS;
    enough.then_some((length, seconds))
}

type Matrix = [[f64; 3]; 3];

/// Rx·Ry·Rz.
fn rotation_matrix(x: f64, y: f64, z: f64) -> Matrix {
    let ((sx, cx), (sy, cy), (sz, cz)) = (x.sin_cos(), y.sin_cos(), z.sin_cos());
    [
        [cy * cz, -cy * sz, sy],
        [cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy],
        [sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy],
    ]
}

/// The angle of the rotation from one to the other, in radians.
fn angle_between(a: &Matrix, b: &Matrix) -> f64 {
    let trace: f64 = (0..3)
        .map(|i| (0..3).map(|j| a[i][j] * b[i][j]).sum::<f64>())
        .sum();
    // Rounding can take the cosine a hair beyond 1; the small angles are exact by the sine.
    let sine: f64 = {
        let product = |i: usize, j: usize| (0..3).map(|k| a[k][i] * b[k][j]).sum::<f64>();
        let (x, y, z) = (
            product(2, 1) - product(1, 2),
            product(0, 2) - product(2, 0),
            product(1, 0) - product(0, 1),
        );
        (x * x + y * y + z * z).sqrt() / 2.0
    };
    sine.atan2((trace - 1.0) / 2.0)
}

/// Where the eyes look.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gaze {
    /// The median direction in degrees: to the side, up and down.
    pub median: Option<[f64; 2]>,
    /// Standard deviations in degrees.
    pub sd: Option<[f64; 2]>,
    /// Time in which it is away from the median direction, in %.
    pub away_pct: Option<f64>,
}

impl Gaze {
    /// Of a recording with gaze.
    pub fn of(recording: &Recording, timeline: &Timeline) -> Self {
        let Some(columns) = &recording.gaze else {
            return Self::default();
        };
        let weighted = |column: &[f32]| timeline.weighted(column).enough();
        let [Some(mut x), Some(mut y)] = columns.each_ref().map(|column| weighted(column)) else {
            return Self::default();
        };
        let median = x.median().zip(y.median());
        let sd = x.sd().zip(y.sd());
        let away = median.map(|(middle_x, middle_y)| {
            let middle = direction(middle_x, middle_y);
            let frames = (0..timeline.len()).filter(|&i| timeline.valid[i]);
            let angles = frames.map(|i| {
                let at = direction(columns[0][i].into(), columns[1][i].into());
                let cosine: f64 = middle.iter().zip(&at).map(|(a, b)| a * b).sum();
                (
                    cosine.clamp(-1.0, 1.0).acos().to_degrees(),
                    timeline.weights[i],
                )
            });
            angles.collect::<Weighted>()
        });
        Self {
            median: median.map(|(x, y)| [x.to_degrees(), y.to_degrees()]),
            sd: sd.map(|(x, y)| [x.to_degrees(), y.to_degrees()]),
            away_pct: away.and_then(|angles| angles.percent(|angle| angle > GAZE_AWAY)),
        }
    }
}

/// The unit vector of OpenFace's two angles, which are those of (tan x, tan y, 1).
fn direction(x: f64, y: f64) -> [f64; 3] {
    let (x, y) = (x.tan(), y.tan());
    let length = (x * x + y * y + 1.0).sqrt();
    [x / length, y / length, 1.0 / length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TableText;
    use proptest::prelude::*;

    /// A head that goes 60 mm a second to the right and turns 20 degrees a second, at some rate.
    fn moving(rate: f64) -> (Recording, Timeline) {
        let mut table = TableText::new(&[
            "pose_Tx",
            "pose_Ty",
            "pose_Tz",
            "pose_Rx",
            "pose_Ry",
            "pose_Rz",
            "gaze_angle_x",
            "gaze_angle_y",
        ]);
        for frame in 0..(4.0 * rate) as usize {
            let t = frame as f64 / rate;
            let gaze = if t < 1.0 { 0.4 } else { 0.1 };
            table.row(
                t,
                &[
                    60.0 * t,
                    5.0,
                    700.0,
                    0.2,
                    (20.0 * t).to_radians(),
                    0.0,
                    gaze,
                    0.0,
                ],
            );
        }
        let recording = table.recording();
        let timeline = recording.timeline(0.8);
        (recording, timeline)
    }

    #[test]
    fn speeds_do_not_depend_on_the_rate() {
        for rate in [25.0, 60.0] {
            let (recording, timeline) = moving(rate);
            let head = HeadMovement::of(&recording, &timeline);
            // Smoothing has less to average at both ends.
            assert!((head.speed.unwrap() - 60.0).abs() < 3.0, "{head:?}");
            assert!((head.turn.unwrap() - 20.0).abs() < 1.0, "{head:?}");
            assert!((head.path.unwrap() - 240.0).abs() < 12.0, "{head:?}");
        }
    }

    #[test]
    fn gaze_is_away_from_the_usual_direction() {
        let (recording, timeline) = moving(25.0);
        let gaze = Gaze::of(&recording, &timeline);
        assert!((gaze.away_pct.unwrap() - 25.0).abs() < 1e-6);
        assert!((gaze.median.unwrap()[0] - 0.1_f64.to_degrees()).abs() < 1e-4);
        let sd = (0.3_f64.powi(2) * 0.25 * 0.75 * 100.0 / 99.0).sqrt();
        assert!((gaze.sd.unwrap()[0] - sd.to_degrees()).abs() < 1e-3);
        assert!(gaze.sd.unwrap()[1] < 1e-9);
    }

    proptest! {
        #[test]
        fn one_axis_turns_by_its_own_angle(a in -1.0..1.0_f64, b in -1.0..1.0_f64) {
            let angle = angle_between(&rotation_matrix(0.0, a, 0.0), &rotation_matrix(0.0, b, 0.0));
            prop_assert!((angle - (a - b).abs()).abs() < 1e-9);
        }
    }
}
