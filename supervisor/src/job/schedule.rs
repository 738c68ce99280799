//! Who analyses which segment, and what happens when a worker is lost: policy without processes.

use std::collections::BTreeSet;

/// Workers that one segment may bring down before its job is given up.
pub const MOST_ATTEMPTS: u32 = 3;

/// What follows from the loss of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLoss {
    /// Its segments wait for another worker.
    TryAgain,
    /// This segment has brought down too many workers.
    GiveUp {
        /// The segment.
        segment: usize,
    },
}

/// The segments of a job and what became of them.
#[derive(Debug, Clone)]
pub struct Schedule {
    waiting: BTreeSet<usize>,
    open: usize,
    losses: Vec<u32>,
}

impl Schedule {
    /// All of `segments` segments wait.
    pub fn new(segments: usize) -> Self {
        Self {
            waiting: (0..segments).collect(),
            open: segments,
            losses: vec![0; segments],
        }
    }

    /// Gives out the earliest segment that waits: results are merged in order, so early ones
    /// first keeps what must be held back small.
    pub fn take_next(&mut self) -> Option<usize> {
        self.waiting.pop_first()
    }

    /// Whether a worker more would find something to do.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// All results of a segment are there.
    pub fn completed(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Whether all segments are complete.
    pub fn is_finished(&self) -> bool {
        self.open == 0
    }

    /// A worker is gone that had been given `segments`, the first of which it was working on.
    pub fn worker_lost(&mut self, segments: &[usize]) -> AfterLoss {
        self.waiting.extend(segments);
        if let Some(&segment) = segments.first() {
            self.losses[segment] += 1;
            if self.losses[segment] >= MOST_ATTEMPTS {
                return AfterLoss::GiveUp { segment };
            }
        }
        AfterLoss::TryAgain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_given_out_in_order_and_once() {
        let mut schedule = Schedule::new(2);
        assert_eq!(schedule.take_next(), Some(0));
        assert_eq!(schedule.take_next(), Some(1));
        assert_eq!(schedule.take_next(), None);
        schedule.completed();
        assert!(!schedule.is_finished());
        schedule.completed();
        assert!(schedule.is_finished());
    }

    #[test]
    fn a_lost_segment_goes_first() {
        let mut schedule = Schedule::new(3);
        schedule.take_next();
        schedule.take_next();
        assert_eq!(schedule.worker_lost(&[0, 1]), AfterLoss::TryAgain);
        assert_eq!(schedule.take_next(), Some(0));
    }

    #[test]
    fn only_the_segment_worked_on_is_blamed() {
        let mut schedule = Schedule::new(2);
        for _ in 1..MOST_ATTEMPTS {
            assert_eq!(schedule.worker_lost(&[0, 1]), AfterLoss::TryAgain);
        }
        assert_eq!(schedule.worker_lost(&[1]), AfterLoss::TryAgain);
        assert_eq!(schedule.worker_lost(&[0]), AfterLoss::GiveUp { segment: 0 });
    }

    #[test]
    fn an_idle_worker_that_goes_blames_nobody() {
        let mut schedule = Schedule::new(1);
        for _ in 0..10 {
            assert_eq!(schedule.worker_lost(&[]), AfterLoss::TryAgain);
        }
    }
}
