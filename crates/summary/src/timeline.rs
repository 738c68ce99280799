//! Which frames count, and for how long each of them stands.

use crate::statistics::Weighted;

/// The frames of a recording in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Seconds at which frames are shown, ascending.
    pub times: Vec<f64>,
    /// Seconds that each frame stands for: half the time to its neighbours, at most two median steps.
    pub weights: Vec<f64>,
    /// Whether a frame counts.
    pub valid: Vec<bool>,
    /// The median step from frame to frame in seconds; 0 for a single frame.
    pub step: f64,
    /// The shortest and the longest step.
    pub steps: (f64, f64),
}

/// A run of frames, from the first to behind the last.
pub type Run = std::ops::Range<usize>;

impl Timeline {
    /// Of frames at these times, of which these count.
    pub fn new(times: Vec<f64>, valid: Vec<bool>) -> Self {
        let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_by(f64::total_cmp);
        let step = match steps.len() {
            0 => 0.0,
            n if n % 2 == 1 => steps[n / 2],
            n => (steps[n / 2 - 1] + steps[n / 2]) / 2.0,
        };
        let ends = (
            steps.first().copied().unwrap_or(0.0),
            steps.last().copied().unwrap_or(0.0),
        );
        let last = times.len().saturating_sub(1);
        let weights = (0..times.len())
            .map(|i| {
                // A frame at an end has one neighbour and stands for the whole way to it.
                let span = match i {
                    _ if last == 0 => 0.0,
                    0 => times[1] - times[0],
                    _ if i == last => times[i] - times[i - 1],
                    _ => (times[i + 1] - times[i - 1]) / 2.0,
                };
                span.min(2.0 * step)
            })
            .collect();
        Self {
            times,
            weights,
            valid,
            step,
            steps: ends,
        }
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Seconds from the first frame to the last.
    pub fn seconds(&self) -> f64 {
        match (self.times.first(), self.times.last()) {
            (Some(first), Some(last)) => last - first,
            _ => 0.0,
        }
    }

    /// Frames a second: one less than their number over their time.
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.seconds();
        (seconds > 0.0).then(|| (self.len() - 1) as f64 / seconds)
    }

    /// Seconds of frames that count.
    pub fn valid_seconds(&self) -> f64 {
        let weights = self.weights.iter().zip(&self.valid);
        weights
            .filter(|(_, valid)| **valid)
            .map(|(weight, _)| weight)
            .sum()
    }

    /// A column's values in frames that count, each with its time.
    pub fn weighted(&self, values: &[f32]) -> Weighted {
        self.weighted_within(values, &(0..self.len()))
    }

    /// The same within a run of frames.
    pub fn weighted_within(&self, values: &[f32], run: &Run) -> Weighted {
        let frames = run.clone().filter(|&i| self.valid[i]);
        frames
            .map(|i| (f64::from(values[i]), self.weights[i]))
            .collect()
    }

    /// A column's values in frames that count.
    pub fn valid_values(&self, values: &[f32]) -> Vec<Option<f32>> {
        let values = values.iter().zip(&self.valid);
        values
            .map(|(value, valid)| (*valid && value.is_finite()).then_some(*value))
            .collect()
    }

    /// The runs of frames that do not count.
    pub fn gaps(&self) -> Vec<Run> {
        let mut gaps = Vec::new();
        let mut at = 0;
        while at < self.len() {
            let length = self.valid[at..].iter().take_while(|valid| !**valid).count();
            if length > 0 {
                gaps.push(at..at + length);
            }
            at += length.max(1);
        }
        gaps
    }

    /// How long a run of frames lasts: to the frame behind it, or a step more than to its last one.
    pub fn duration(&self, run: &Run) -> f64 {
        let Some(&first) = self.times.get(run.start) else {
            return 0.0;
        };
        match self.times.get(run.end) {
            Some(end) => end - first,
            None => self.times[self.len() - 1] + self.step - first,
        }
    }

    /// The frames from a time up to another one, which is not in.
    pub fn frames_between(&self, from: f64, to: f64) -> Run {
        // Times in tables are rounded to milliseconds.
        let place = |time: f64| self.times.partition_point(|&t| t < time - 5e-4);
        let from = place(from);
        from..place(to).max(from)
    }

    /// Number of frames that count.
    pub fn valid_count(&self) -> usize {
        self.valid.iter().filter(|valid| **valid).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_stand_for_half_the_time_to_their_neighbours() {
        let timeline = Timeline::new(vec![0.0, 1.0, 2.0, 4.0, 14.0], vec![true; 5]);
        assert_eq!(timeline.step, 1.5);
        assert_eq!(timeline.weights, [1.0, 1.0, 1.5, 3.0, 3.0]);
        assert_eq!(timeline.rate(), Some(4.0 / 14.0));
        assert_eq!(timeline.steps, (1.0, 10.0));
    }

    #[test]
    fn the_mean_of_uneven_times_is_the_integral() {
        // x = t² from 0 to 3 with steps between 0.01 and 0.03, so that 2 steps are never exceeded.
        let mut times = vec![0.0];
        while times[times.len() - 1] < 3.0 {
            let last = times[times.len() - 1];
            times.push(last + [0.01, 0.02, 0.03][times.len() % 3]);
        }
        let values: Vec<f32> = times.iter().map(|t| (t * t) as f32).collect();
        let end = times[times.len() - 1];
        let count = times.len();
        let timeline = Timeline::new(times, vec![true; count]);
        let mean = timeline.weighted(&values).mean().unwrap();
        assert!((mean - end * end / 3.0).abs() < 0.05, "{mean}");
        // Without the weights it would be off by as much as the uneven steps make it.
        let rate: Vec<f64> = timeline.weights.clone();
        assert!((rate.iter().sum::<f64>() - end).abs() < 0.03);
    }

    #[test]
    fn gaps_last_until_the_next_frame_that_counts() {
        let times: Vec<f64> = (0..10).map(|i| f64::from(i) * 0.1).collect();
        let mut valid = vec![true; 10];
        for i in [2, 3, 9] {
            valid[i] = false;
        }
        let timeline = Timeline::new(times, valid);
        let gaps = timeline.gaps();
        assert_eq!(gaps, [2..4, 9..10]);
        assert!((timeline.duration(&gaps[0]) - 0.2).abs() < 1e-12);
        assert!((timeline.duration(&gaps[1]) - 0.1).abs() < 1e-12);
        assert_eq!(timeline.frames_between(0.2, 0.5), 2..5);
        assert_eq!(timeline.frames_between(5.0, 6.0), 10..10);
    }
}
