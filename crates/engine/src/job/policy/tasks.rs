//! The tasks of a job: how far each has come, which ones wait, and which may be given out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::task::TaskId;

/// Workers that one frame may bring down in a row before it is passed over.
pub const MOST_ATTEMPTS: u32 = 3;
/// Frames of one task that may be passed over in a row because they brought down workers, before
/// the job is given up: then it is not the frame.
pub const MOST_DEADLY: u32 = 5;

/// Segments are not begun further ahead of what has been merged than this: their results wait on
/// disk, at the full size of a frame's analysis. So many frames per worker, and at least so many in all: segments are
/// at most a few hundred frames long, so that no worker ever waits for this in an ordinary video.
const AHEAD_PER_WORKER: usize = 2048;
const LEAST_AHEAD: usize = 16_384;

/// A task that is not complete.
#[derive(Debug, Clone)]
pub struct Task {
    /// All frames, a lead-in included.
    pub seen: Range<usize>,
    /// The frames whose results count.
    pub counted: Range<usize>,
    /// The next frame a result is missing of.
    pub next: usize,
    /// Whether a tracker has come through a frame of it, so that another can go on from there.
    pub has_memory: bool,
    /// Workers that were lost on `next`.
    attempts: u32,
    /// Frames just before `next` that were passed over because they brought down workers.
    deadly: u32,
}

impl Task {
    /// A task of which nothing has been done.
    pub fn new(seen: Range<usize>, counted: Range<usize>) -> Self {
        Self {
            next: seen.start,
            seen,
            counted,
            has_memory: false,
            attempts: 0,
            deadly: 0,
        }
    }

    /// What remains of it.
    pub fn rest(&self) -> Range<usize> {
        self.next..self.seen.end
    }
}

/// What follows from the loss of the worker of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Another one tries the same frame.
    TryAgain,
    /// The frame is passed over.
    PassOver,
    /// So many frames were passed over that the job is given up.
    GiveUp,
}

/// The tasks of a job.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tasks: BTreeMap<TaskId, Task>,
    waiting: BTreeSet<TaskId>,
}

impl Tasks {
    /// A task more, which waits. One that is complete already is none.
    pub fn add(&mut self, id: TaskId, task: Task) {
        if task.next < task.seen.end {
            self.tasks.insert(id, task);
            self.waiting.insert(id);
        }
    }

    /// A task that is not complete.
    pub fn get(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id)
    }

    /// How many are not complete.
    pub fn unfinished(&self) -> usize {
        self.tasks.len()
    }

    /// Gives out a task: a run-on if there is one, else the earliest segment, unless that lies too
    /// far ahead of the `merged` first frames. Results are merged in order, so early ones first
    /// keeps what must be held back small.
    pub fn take_next(&mut self, merged: usize, workers: usize) -> Option<TaskId> {
        let id = *self.waiting.first()?;
        let ahead = LEAST_AHEAD.max(workers * AHEAD_PER_WORKER);
        let near = self.tasks[&id].seen.end <= merged + ahead;
        let earliest = self.tasks.keys().next() == Some(&id);
        (near || earliest).then(|| {
            self.waiting.remove(&id);
            id
        })
    }

    /// A task waits again.
    pub fn put_back(&mut self, id: TaskId) {
        if self.tasks.contains_key(&id) {
            self.waiting.insert(id);
        }
    }

    /// The next frame of a task has a result. Returns whether the task is complete.
    pub fn advance(&mut self, id: TaskId, analysed: bool) -> bool {
        let Some(task) = self.tasks.get_mut(&id) else {
            return false;
        };
        task.next += 1;
        task.attempts = 0;
        if analysed {
            task.has_memory = true;
            task.deadly = 0;
        }
        let complete = task.next == task.seen.end;
        if complete {
            self.tasks.remove(&id);
        }
        complete
    }

    /// A worker is gone that worked on the next frame of a task.
    pub fn blame(&mut self, id: TaskId) -> Blame {
        let Some(task) = self.tasks.get_mut(&id) else {
            return Blame::TryAgain;
        };
        task.attempts += 1;
        if task.attempts < MOST_ATTEMPTS {
            return Blame::TryAgain;
        }
        task.deadly += 1;
        if task.deadly < MOST_DEADLY {
            Blame::PassOver
        } else {
            Blame::GiveUp
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(segments: usize) -> Tasks {
        let mut tasks = Tasks::default();
        for number in 0..segments {
            let frames = 100 * number..100 * (number + 1);
            tasks.add(TaskId::Segment(number), Task::new(frames.clone(), frames));
        }
        tasks
    }

    #[test]
    fn tasks_are_given_out_once_run_ons_first() {
        let mut tasks = tasks(2);
        assert_eq!(tasks.take_next(0, 1), Some(TaskId::Segment(0)));
        tasks.add(TaskId::RunOn(0), Task::new(100..116, 100..116));
        assert_eq!(tasks.take_next(0, 1), Some(TaskId::RunOn(0)));
        assert_eq!(tasks.take_next(0, 1), Some(TaskId::Segment(1)));
        assert_eq!(tasks.take_next(0, 1), None);
        tasks.put_back(TaskId::Segment(0));
        assert_eq!(tasks.take_next(0, 1), Some(TaskId::Segment(0)));
    }

    #[test]
    fn nobody_runs_far_ahead_of_the_slowest() {
        let mut tasks = tasks(1000);
        let mut taken = 0;
        while tasks.take_next(0, 4).is_some() {
            taken += 1;
        }
        assert_eq!(taken, LEAST_AHEAD / 100);
        assert!(tasks.take_next(100, 4).is_some());
    }

    #[test]
    fn the_earliest_task_is_never_too_far_ahead() {
        let mut tasks = Tasks::default();
        let whole = 0..10 * LEAST_AHEAD;
        tasks.add(TaskId::Segment(0), Task::new(whole.clone(), whole));
        assert_eq!(tasks.take_next(0, 1), Some(TaskId::Segment(0)));
    }

    #[test]
    fn the_third_loss_in_a_row_on_one_frame_passes_it_over() {
        let mut tasks = tasks(1);
        let id = TaskId::Segment(0);
        assert_eq!(tasks.blame(id), Blame::TryAgain);
        assert_eq!(tasks.blame(id), Blame::TryAgain);
        tasks.advance(id, true);
        assert_eq!(tasks.blame(id), Blame::TryAgain);
        assert_eq!(tasks.blame(id), Blame::TryAgain);
        assert_eq!(tasks.blame(id), Blame::PassOver);
    }

    #[test]
    fn a_job_on_which_no_worker_lives_is_given_up() {
        let mut tasks = tasks(1);
        let id = TaskId::Segment(0);
        let mut passed_over = 0;
        loop {
            match tasks.blame(id) {
                Blame::TryAgain => {}
                Blame::PassOver => {
                    passed_over += 1;
                    tasks.advance(id, false);
                }
                Blame::GiveUp => break,
            }
        }
        assert_eq!(passed_over + 1, MOST_DEADLY);
    }
}
