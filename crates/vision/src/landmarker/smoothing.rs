//! The filter that takes the jitter out of a face's points in a video ("One Euro filter", Casiez et
//! al. 2012): the faster a coordinate moves, the less it is smoothed.
//!
//! Its past is a part of what a tracker remembers; where none is kept, nothing is smoothed.

use super::LANDMARKS;

/// Coordinates that are filtered, each on its own.
pub(super) const COORDINATES: usize = 3 * LANDMARKS;

/// Cut-off for a coordinate at rest, in Hz.
const SLOWEST: f64 = 0.05;
/// What the cut-off gains with speed (in sizes of the face per second).
const GAIN: f64 = 80.0;
/// Cut-off for the speed itself, in Hz.
const SPEED_CUTOFF: f64 = 1.0;
/// Frames per second until two times are known.
const FIRST_RATE: f64 = 30.0;
/// Faces smaller than this many pixels are left as they are.
const SMALLEST_FACE: f32 = 1e-6;

/// What the filter remembers of the frames before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Smoothing {
    /// Whether a face has been seen since it was last cleared.
    pub begun: bool,
    /// Time of the last frame in ns; -1 before the first.
    pub last: i64,
    /// Frames per second between the last two frames.
    pub rate: f64,
    /// The last coordinates as they were measured.
    pub raw: Box<[f32; COORDINATES]>,
    /// Their speeds, smoothed.
    pub speed: Box<[f32; COORDINATES]>,
    /// The last coordinates, smoothed.
    pub smooth: Box<[f32; COORDINATES]>,
}

impl Default for Smoothing {
    fn default() -> Self {
        let zeros = || Box::new([0.0; COORDINATES]);
        Self {
            begun: false,
            last: -1,
            rate: FIRST_RATE,
            raw: zeros(),
            speed: zeros(),
            smooth: zeros(),
        }
    }
}

impl Smoothing {
    /// Forgets the frames so far.
    pub fn clear(&mut self) {
        (self.begun, self.last, self.rate) = (false, -1, FIRST_RATE);
    }

    /// Smooths the points (in pixels) of the frame at `time` (ns).
    pub fn apply(&mut self, points: &mut [[f32; 3]; LANDMARKS], time: i64) {
        let size = size(points);
        if size < SMALLEST_FACE || size.is_nan() {
            return;
        }
        if time <= self.last {
            return;
        }
        // As in the library, where a time of 0 stands for an unknown one: if a video begins at 0,
        // its second frame is filtered as if it came after 1/30 s.
        if self.last != 0 && time != 0 {
            self.rate = 1.0 / ((time - self.last) as f64 * 1e-9);
        }
        self.last = time;
        let values = points.as_flattened_mut();
        if !self.begun {
            self.begun = true;
            self.raw.copy_from_slice(values);
            self.smooth.copy_from_slice(values);
            self.speed.fill(0.0);
            return;
        }
        let rate = self.rate;
        let weight = |cutoff: f64| 1.0 / (1.0 + rate / (std::f64::consts::TAU * cutoff));
        // What is weighted is in single precision, the sum in double.
        let mix = |weight: f32, new: f32, old: f32| {
            (f64::from(weight * new) + (1.0 - f64::from(weight)) * f64::from(old)) as f32
        };
        let per_size = f64::from(1.0 / size);
        let speed_weight = weight(SPEED_CUTOFF) as f32;
        for (((value, raw), speed), smooth) in values
            .iter_mut()
            .zip(self.raw.iter_mut())
            .zip(self.speed.iter_mut())
            .zip(self.smooth.iter_mut())
        {
            let moved = (f64::from(*value) - f64::from(*raw)) * per_size * rate;
            *speed = mix(speed_weight, moved as f32, *speed);
            let cutoff = SLOWEST + GAIN * f64::from(*speed).abs();
            *smooth = mix(weight(cutoff) as f32, *value, *smooth);
            *raw = *value;
            *value = *smooth;
        }
    }
}

/// Half the sum of a face's width and height.
fn size(points: &[[f32; 3]; LANDMARKS]) -> f32 {
    let extent = |axis: usize| {
        let values = points.iter().map(|point| point[axis]);
        let (low, high) = values.fold((f32::MAX, f32::MIN), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        high - low
    };
    (extent(0) + extent(1)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(shift: f32) -> Box<[[f32; 3]; LANDMARKS]> {
        let point = |i: usize| [(i % 20) as f32 * 10.0 + shift, (i / 20) as f32 * 8.0, 1.0];
        Box::new(std::array::from_fn(point))
    }

    const MS: i64 = 1_000_000;

    #[test]
    fn the_first_frame_is_left_as_it_is_and_rest_stays_rest() {
        let mut filter = Smoothing::default();
        for frame in 0..5 {
            let mut moved = points(0.0);
            filter.apply(&mut moved, 33 * MS * frame);
            for (ours, expected) in moved.iter().zip(points(0.0).iter()) {
                for (ours, expected) in ours.iter().zip(expected) {
                    assert!((ours - expected).abs() < 1e-4);
                }
            }
        }
    }

    /// By hand: a step of 10 px of a face of 190 by 184 px at 50 frames a second.
    #[test]
    fn a_step_is_followed_in_part() {
        let mut filter = Smoothing::default();
        filter.apply(&mut points(0.0), 20 * MS);
        let mut moved = points(10.0);
        filter.apply(&mut moved, 40 * MS);
        let tau = std::f64::consts::TAU;
        let speed = 10.0 / 187.0 * 50.0 / (1.0 + 50.0 / tau);
        let weight = 1.0 / (1.0 + 50.0 / (tau * (0.05 + 80.0 * speed)));
        assert!(
            (f64::from(moved[0][0]) - 10.0 * weight).abs() < 1e-4,
            "{}",
            moved[0][0]
        );
        assert_eq!(moved[0][1], 0.0);
    }

    #[test]
    fn a_video_that_begins_at_0_has_30_frames_a_second_at_first() {
        let second = |first: i64| {
            let mut filter = Smoothing::default();
            filter.apply(&mut points(0.0), first);
            let mut moved = points(10.0);
            filter.apply(&mut moved, first + 10 * MS);
            (moved[0][0], filter.rate)
        };
        assert_eq!(second(0).1, 30.0);
        assert!((second(MS).1 - 100.0).abs() < 1e-9);
        assert!(second(0).0 > second(MS).0);
    }

    #[test]
    fn times_that_stand_still_and_faces_without_size_are_left_alone() {
        let mut filter = Smoothing::default();
        filter.apply(&mut points(0.0), MS);
        let before = filter.clone();
        let mut moved = points(10.0);
        filter.apply(&mut moved, MS);
        assert_eq!(*moved, *points(10.0));
        let mut nothing = [[1.0; 3]; LANDMARKS];
        filter.apply(&mut nothing, 2 * MS);
        assert_eq!(nothing, [[1.0; 3]; LANDMARKS]);
        assert!(filter == before);
    }
}
