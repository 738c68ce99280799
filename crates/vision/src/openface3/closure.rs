//! AU45, the closing of the eyes, from STAR's landmarks: a ratio of distances per eye, its place
//! between open and shut, and a short running mean over frames.
//!
//! The ratio and its place need one frame ([`raw`]); the running mean needs frames in order
//! ([`Smoothing`]).

use super::{Convention, LANDMARKS};

/// First of the eight landmarks of each eye: the corner at the left of the picture, then the upper
/// lid to the right, the other corner, the lower lid back.
const EYES: [usize; 2] = [60, 68];
/// An eye narrower than this, in pixels, has no ratio.
const NARROWEST: f64 = 1e-6;
/// AU45 of an eye that is shut.
const SHUT: f64 = 5.0;

/// Which ratio belongs to an open eye and which to a shut one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// At and above this ratio AU45 is 0.
    pub open: f64,
    /// At and below this ratio AU45 is 5.
    pub shut: f64,
}

impl Bounds {
    /// The bounds that go with a convention's ratio.
    ///
    /// As trained: height to width of an eye is about 0.25 to 0.35 when it is open and close to 0
    /// when it is shut (Soukupová and Čech 2016, "Real-time eye blink detection using facial
    /// landmarks").
    pub fn of(convention: Convention) -> Self {
        match convention {
            Convention::AsTrained => Self {
                open: 0.25,
                shut: 0.05,
            },
            Convention::FaceMirror => Self {
                open: 0.75,
                shut: 0.60,
            },
        }
    }
}

/// Ratio of height to width of each eye, `None` where an eye has no width. `landmarks` are x of
/// all 98, then y, in any unit.
///
/// As trained, it is the mean of three lid distances over the distance of the corners: 0 for an
/// eye that is shut. FaceMirror applied the formula for six points to the first six of eight, so
/// that the "width" runs from a corner to a lid and the ratio of an evenly spaced eye is about
/// 0.75 when it is open and 2/3 when it is shut.
pub fn eye_ratios(landmarks: &[f32; 2 * LANDMARKS], convention: Convention) -> [Option<f64>; 2] {
    EYES.map(|first| {
        let distance = |a: usize, b: usize| {
            let [a, b] = [first + a, first + b];
            let along = |axis: usize| {
                f64::from(landmarks[axis * LANDMARKS + a])
                    - f64::from(landmarks[axis * LANDMARKS + b])
            };
            along(0).hypot(along(1))
        };
        let (heights, width) = match convention {
            Convention::AsTrained => (
                (distance(1, 7) + distance(2, 6) + distance(3, 5)) / 3.0,
                distance(0, 4),
            ),
            Convention::FaceMirror => ((distance(1, 5) + distance(2, 4)) / 2.0, distance(0, 3)),
        };
        (width >= NARROWEST).then(|| heights / width)
    })
}

/// AU45 of one frame alone, 0 to 5; `None` when neither eye has a ratio.
pub fn raw(ratios: [Option<f64>; 2], bounds: Bounds) -> Option<f64> {
    let known = ratios.iter().flatten();
    let count = known.clone().count();
    if count == 0 {
        return None;
    }
    let mean = known.sum::<f64>() / count as f64;
    let Bounds { open, shut } = bounds;
    let openness = (mean.clamp(shut, open) - shut) / (open - shut);
    Some(SHUT * (1.0 - openness))
}

/// A mean over the last three measured frames in which later ones count more. One per video.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Smoothing {
    /// The newest last; the first `known` are meant.
    values: [f64; 3],
    known: usize,
}

impl Smoothing {
    /// Takes AU45 of the next frame and gives its smoothed value, 0 to 5. A frame without a value
    /// gets none, and changes nothing for the next.
    pub fn push(&mut self, raw: Option<f64>) -> Option<f64> {
        let raw = raw?;
        if self.known == self.values.len() {
            self.values.rotate_left(1);
        } else {
            self.known += 1;
        }
        self.values[self.known - 1] = raw;
        // Weights rise evenly from a half to one.
        let weights: &[f64] = match self.known {
            1 => &[1.0],
            2 => &[1.0 / 3.0, 2.0 / 3.0],
            _ => &[2.0 / 9.0, 3.0 / 9.0, 4.0 / 9.0],
        };
        let mean: f64 = self.values.iter().zip(weights).map(|(v, w)| v * w).sum();
        Some(mean.clamp(0.0, SHUT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Landmarks of two evenly spaced elliptic eyes, 30 wide and `height` high.
    fn eyes(height: f64) -> [f32; 2 * LANDMARKS] {
        let mut landmarks = [0.0; 2 * LANDMARKS];
        for (eye, first) in EYES.into_iter().enumerate() {
            for i in 0..8 {
                let angle = std::f64::consts::PI * (1.0 - i as f64 / 4.0);
                landmarks[first + i] = (100.0 * (eye as f64 + 1.0) + 15.0 * angle.cos()) as f32;
                landmarks[LANDMARKS + first + i] = (80.0 - height / 2.0 * angle.sin()) as f32;
            }
        }
        landmarks
    }

    #[test]
    fn a_shut_eye_is_5_and_an_open_one_0() {
        let au45 = |height| {
            let ratios = eye_ratios(&eyes(height), Convention::AsTrained);
            raw(ratios, Bounds::of(Convention::AsTrained)).unwrap()
        };
        assert!((au45(0.0) - 5.0).abs() < 1e-9);
        assert!(au45(12.0) < 1e-9);
        let half = au45(5.0);
        assert!((1.0..4.5).contains(&half), "{half}");
        assert!(au45(4.0) > half);
    }

    #[test]
    fn facemirrors_ratio_is_two_thirds_for_a_shut_eye() {
        // Evenly spaced along the lid, as the name of the ratio's constant supposes.
        let mut landmarks = [0.0; 2 * LANDMARKS];
        for first in EYES {
            for (i, x) in [0.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]
                .into_iter()
                .enumerate()
            {
                landmarks[first + i] = x;
            }
        }
        let ratios = eye_ratios(&landmarks, Convention::FaceMirror);
        assert_eq!(ratios, [Some(2.0 / 3.0); 2]);
        let au45 = raw(ratios, Bounds::of(Convention::FaceMirror)).unwrap();
        assert!((au45 - 2.777_777_8).abs() < 1e-6, "{au45}");
    }

    #[test]
    fn one_eye_will_do_and_none_will_not() {
        let mut landmarks = eyes(12.0);
        for axis in [0, LANDMARKS] {
            let corner = landmarks[axis + 60];
            landmarks[axis + 60..axis + 68].fill(corner);
        }
        for convention in [Convention::AsTrained, Convention::FaceMirror] {
            let ratios = eye_ratios(&landmarks, convention);
            assert!(ratios[0].is_none() && ratios[1].is_some());
            assert!(raw(ratios, Bounds::of(convention)).is_some());
            assert_eq!(raw([None; 2], Bounds::of(convention)), None);
        }
    }

    #[test]
    fn later_frames_count_more_and_unmeasured_ones_not_at_all() {
        let mut smoothing = Smoothing::default();
        assert_eq!(smoothing.push(None), None);
        assert_eq!(smoothing.push(Some(3.0)), Some(3.0));
        assert_eq!(smoothing.push(Some(0.0)), Some(1.0));
        assert_eq!(smoothing.push(None), None);
        let third = smoothing.push(Some(4.5)).unwrap();
        assert!((third - (6.0 / 9.0 + 2.0)).abs() < 1e-12, "{third}");
        let fourth = smoothing.push(Some(4.5)).unwrap();
        assert!((fourth - 3.5).abs() < 1e-12, "{fourth}");
    }
}
