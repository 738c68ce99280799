//! How fast it goes now, and how long the rest will take.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The rate is that of this time.
const WINDOW: Duration = Duration::from_secs(10);

/// Frames per second over the last seconds.
pub(super) struct Rate {
    samples: VecDeque<(Instant, usize)>,
}

impl Rate {
    pub(super) fn new() -> Self {
        Self::beginning_with(0)
    }

    /// Begins with as many frames done.
    pub(super) fn beginning_with(done: usize) -> Self {
        Self {
            samples: VecDeque::from([(Instant::now(), done)]),
        }
    }

    pub(super) fn observe(&mut self, done: usize) {
        self.observe_at(Instant::now(), done);
    }

    fn observe_at(&mut self, now: Instant, done: usize) {
        self.samples.push_back((now, done));
        while self.samples.len() > 2 && now - self.samples[1].0 > WINDOW {
            self.samples.pop_front();
        }
    }

    /// 0 while nothing is known.
    pub(super) fn frames_per_second(&self) -> f64 {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return 0.0;
        };
        let seconds = (last.0 - first.0).as_secs_f64();
        if seconds > 0.0 {
            (last.1 - first.1) as f64 / seconds
        } else {
            0.0
        }
    }

    /// Seconds that `frames` frames will take, once that can be told.
    pub(super) fn seconds_for(&self, frames: usize) -> Option<f64> {
        let rate = self.frames_per_second();
        (rate > 0.0).then(|| frames as f64 / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut rate = Rate::new();
        let start = rate.samples[0].0;
        assert_eq!(rate.seconds_for(10), None);
        for second in 1..=30 {
            // 10 frames a second at first, then 100.
            let done = if second <= 15 {
                10 * second
            } else {
                150 + 100 * (second - 15)
            };
            rate.observe_at(start + Duration::from_secs(second), done as usize);
        }
        assert!((rate.frames_per_second() - 100.0).abs() < 1e-9);
        assert!((rate.seconds_for(50).unwrap() - 0.5).abs() < 1e-9);
    }
}
