//! What OpenFace does to a whole video's AU values once all of them are known: intensities are
//! averaged over three frames, presences put to the vote over seven.
//!
//! A few frames are looked at at a time; where they come from is not known here.

use std::collections::VecDeque;

use super::temporal::AuValues;
use crate::analysis::{INTENSITIES, PRESENCES};

/// An intensity's least and greatest value.
const INTENSITY_RANGE: (f64, f64) = (0.0, 5.0);
/// Frames over which intensities are averaged.
const INTENSITY_WINDOW: usize = 3;
/// Frames over which presences are put to the vote.
const PRESENCE_WINDOW: usize = 7;
/// Frames on either side that a frame's values depend on.
const REACH: usize = PRESENCE_WINDOW / 2;

/// A successful frame's intensity before it is averaged: the score less the model's offset, cut to
/// the range of intensities.
pub(super) fn shifted(score: f64, offset: f64) -> f64 {
    let (low, high) = INTENSITY_RANGE;
    (score - offset).clamp(low, high)
}

/// Place of the value at the quantile `cutoff` among `count` sorted ones, counted from 0. There
/// must be one.
pub(super) fn quantile_rank(count: u64, cutoff: f64) -> u64 {
    ((count as f64 * cutoff) as u64).min(count.saturating_sub(1))
}

/// Smooths the values of a video, frame by frame, in order.
#[derive(Debug)]
pub(super) struct Smoother {
    /// Number of frames of the video.
    frames: usize,
    /// Number of frames taken so far; the last ones are in `around`.
    taken: usize,
    /// Number of frames given so far.
    given: usize,
    around: VecDeque<AuValues>,
}

impl Smoother {
    /// For a video of as many frames.
    pub(super) fn new(frames: usize) -> Self {
        Self {
            frames,
            taken: 0,
            given: 0,
            around: VecDeque::with_capacity(PRESENCE_WINDOW),
        }
    }

    /// Whether the next frame cannot be given before another has been taken.
    pub(super) fn wants_more(&self) -> bool {
        self.taken < self.frames && self.taken <= self.given + REACH
    }

    /// Takes the next frame's values as they are before smoothing.
    pub(super) fn take(&mut self, values: AuValues) {
        if self.around.len() == PRESENCE_WINDOW {
            self.around.pop_front();
        }
        self.around.push_back(values);
        self.taken += 1;
    }

    /// The next frame's values; `None` after the last.
    pub(super) fn give(&mut self) -> Option<AuValues> {
        let first = self.taken - self.around.len();
        let at = |frame: usize| self.around.get(frame.checked_sub(first)?);
        let mut values = *at(self.given)?;
        let (frame, frames) = (self.given, self.frames);
        // Where the window does not fit, the value stays as it is.
        let mean = |window: usize, value: &dyn Fn(&AuValues) -> f64| -> Option<f64> {
            let edge = window / 2;
            let fits = frame >= edge && frame + edge < frames;
            let sum = |range: std::ops::RangeInclusive<usize>| -> f64 {
                range.filter_map(at).map(value).sum()
            };
            fits.then(|| sum(frame - edge..=frame + edge) / window as f64)
        };
        for k in 0..INTENSITIES {
            if let Some(mean) = mean(INTENSITY_WINDOW, &|values| values.intensities[k]) {
                values.intensities[k] = mean;
            }
        }
        for k in 0..PRESENCES {
            if let Some(mean) = mean(PRESENCE_WINDOW, &|values| values.presences[k]) {
                values.presences[k] = if mean < 0.5 { 0.0 } else { 1.0 };
            }
        }
        self.given += 1;
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Smooths one intensity and one presence of a video.
    fn smooth(raw: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut smoother = Smoother::new(raw.len());
        let mut raw = raw.iter();
        let mut smoothed = Vec::new();
        loop {
            while smoother.wants_more() {
                let &(intensity, presence) = raw.next().unwrap();
                let mut values = AuValues::NONE;
                values.intensities[4] = intensity;
                values.presences[5] = presence;
                smoother.take(values);
                assert!(smoother.around.len() <= PRESENCE_WINDOW);
            }
            let Some(values) = smoother.give() else {
                return smoothed;
            };
            smoothed.push((values.intensities[4], values.presences[5]));
        }
    }

    fn intensities(raw: &[f64]) -> Vec<f64> {
        let raw: Vec<_> = raw.iter().map(|&value| (value, 0.0)).collect();
        smooth(&raw).into_iter().map(|(value, _)| value).collect()
    }

    fn presences(raw: &[f64]) -> Vec<f64> {
        let raw: Vec<_> = raw.iter().map(|&value| (0.0, value)).collect();
        smooth(&raw).into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn intensities_are_shifted_clamped_and_averaged() {
        let raw = [1.0, 2.0, 9.0, 4.0].map(|score| shifted(score, 2.0));
        assert_eq!(raw, [0.0, 0.0, 5.0, 2.0]);
        let found = intensities(&[&raw[..], &[0.0]].concat());
        assert_eq!(found, [0.0, 5.0 / 3.0, 7.0 / 3.0, 7.0 / 3.0, 0.0]);
    }

    #[test]
    fn short_videos_are_left_alone_at_the_edges() {
        assert_eq!(intensities(&[1.0, 2.0]), [1.0, 2.0]);
        assert!(intensities(&[]).is_empty());
        assert!(presences(&[]).is_empty());
        let six = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
        assert_eq!(presences(&six), six);
    }

    #[test]
    fn presences_follow_the_majority_but_at_the_edges() {
        let raw = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0];
        // Windows of seven around frames 3 and 4: 4 and 3 ones.
        assert_eq!(presences(&raw), [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_quantile_is_a_value_that_was_there() {
        // Sorted: 1 2 4 9; a quarter of four is index 1.
        assert_eq!(quantile_rank(4, 0.25), 1);
        assert_eq!(quantile_rank(1, 0.5), 0);
        assert_eq!(quantile_rank(3, 1.0), 2);
    }

    /// The same over a whole video at once, digit by digit.
    fn moving_mean(values: &[f64], window: usize) -> Vec<f64> {
        let mut means = values.to_vec();
        for (place, around) in values.windows(window).enumerate() {
            means[place + window / 2] = around.iter().sum::<f64>() / window as f64;
        }
        means
    }

    proptest! {
        #[test]
        fn a_few_frames_at_a_time_give_what_all_at_once_give(
            raw in prop::collection::vec((0.0..5.0_f64, 0_u8..2), 0..40),
        ) {
            let raw: Vec<_> = raw.iter().map(|&(a, b)| (a, f64::from(b))).collect();
            let smoothed = smooth(&raw);
            prop_assert_eq!(smoothed.len(), raw.len());
            let values: Vec<f64> = raw.iter().map(|r| r.0).collect();
            for (found, expected) in smoothed.iter().zip(moving_mean(&values, INTENSITY_WINDOW)) {
                prop_assert_eq!(found.0.to_bits(), expected.to_bits());
            }
            let votes: Vec<f64> = raw.iter().map(|r| r.1).collect();
            for (found, mean) in smoothed.iter().zip(moving_mean(&votes, PRESENCE_WINDOW)) {
                prop_assert_eq!(found.1, if mean < 0.5 { 0.0 } else { 1.0 });
            }
        }
    }
}
