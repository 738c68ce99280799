//! Who does which task, and what happens when a worker is lost: policy without processes.

use std::collections::{BTreeMap, BTreeSet};

use super::task::TaskId;

/// Workers that one task may bring down before its job is given up.
pub const MOST_ATTEMPTS: u32 = 3;

/// What follows from the loss of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLoss {
    /// Its tasks wait for another worker.
    TryAgain,
    /// This task has brought down too many workers.
    GiveUp(TaskId),
}

/// The tasks that wait, and those that have brought down workers.
#[derive(Debug, Clone)]
pub struct Schedule {
    waiting: BTreeSet<TaskId>,
    losses: BTreeMap<TaskId, u32>,
}

impl Schedule {
    /// All of `segments` segments wait.
    pub fn new(segments: usize) -> Self {
        Self {
            waiting: (0..segments).map(TaskId::Segment).collect(),
            losses: BTreeMap::new(),
        }
    }

    /// A task more.
    pub fn add(&mut self, task: TaskId) {
        self.waiting.insert(task);
    }

    /// Gives out a task: a run-on if there is one, else the earliest segment. Results are merged
    /// in order, so early ones first keeps what must be held back small.
    pub fn take_next(&mut self) -> Option<TaskId> {
        self.waiting.pop_first()
    }

    /// Whether a worker more would find something to do.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A worker is gone that had been given `tasks`, the first of which it was working on.
    pub fn worker_lost(&mut self, tasks: &[TaskId]) -> AfterLoss {
        self.waiting.extend(tasks);
        if let Some(&task) = tasks.first() {
            let losses = self.losses.entry(task).or_default();
            *losses += 1;
            if *losses >= MOST_ATTEMPTS {
                return AfterLoss::GiveUp(task);
            }
        }
        AfterLoss::TryAgain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_given_out_once_run_ons_first() {
        let mut schedule = Schedule::new(2);
        assert_eq!(schedule.take_next(), Some(TaskId::Segment(0)));
        schedule.add(TaskId::RunOn(0));
        assert_eq!(schedule.take_next(), Some(TaskId::RunOn(0)));
        assert_eq!(schedule.take_next(), Some(TaskId::Segment(1)));
        assert_eq!(schedule.take_next(), None);
    }

    #[test]
    fn a_lost_segment_goes_first() {
        let mut schedule = Schedule::new(3);
        let tasks = [schedule.take_next().unwrap(), schedule.take_next().unwrap()];
        assert_eq!(schedule.worker_lost(&tasks), AfterLoss::TryAgain);
        assert_eq!(schedule.take_next(), Some(TaskId::Segment(0)));
    }

    #[test]
    fn only_the_task_worked_on_is_blamed() {
        let mut schedule = Schedule::new(2);
        let [first, second] = [TaskId::Segment(0), TaskId::Segment(1)];
        for _ in 1..MOST_ATTEMPTS {
            assert_eq!(schedule.worker_lost(&[first, second]), AfterLoss::TryAgain);
        }
        assert_eq!(schedule.worker_lost(&[second]), AfterLoss::TryAgain);
        assert_eq!(schedule.worker_lost(&[first]), AfterLoss::GiveUp(first));
    }

    #[test]
    fn an_idle_worker_that_goes_blames_nobody() {
        let mut schedule = Schedule::new(1);
        for _ in 0..10 {
            assert_eq!(schedule.worker_lost(&[]), AfterLoss::TryAgain);
        }
    }
}
