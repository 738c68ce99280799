//! What one worker has been given: tasks to read, and frames that it has not answered for.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use crate::events::Moment;
use crate::task::TaskId;

/// Weight of the newest frame in the mean time per frame.
const NEWEST: f64 = 0.1;

/// A frame that a worker has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InFlight {
    pub(super) task: TaskId,
    /// Counted from 0.
    pub(super) frame: usize,
    pub(super) slot: u32,
}

/// The rest of a task, as it was when it was given to this worker.
#[derive(Debug, Clone)]
struct Assignment {
    task: TaskId,
    frames: Range<usize>,
}

/// One worker's line of frames.
#[derive(Debug)]
pub(super) struct Lane {
    /// Tasks given and not complete, in order.
    assigned: VecDeque<Assignment>,
    /// Frames that the worker has, in the order in which it must answer.
    pub(super) in_flight: VecDeque<InFlight>,
    /// Whether frames of the task given last are still being decoded.
    pub(super) reading: bool,
    /// When the worker last gave a slot back or got the first of several.
    last_sign: Moment,
    /// When a result last came, and the mean time between results.
    last_result: Moment,
    seconds_per_frame: Option<f64>,
    /// Where this lane's part of a job that is being stopped ends: before this frame.
    pub(super) ends_at: Option<(TaskId, usize)>,
}

impl Lane {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            assigned: VecDeque::new(),
            in_flight: VecDeque::new(),
            reading: false,
            last_sign: now,
            last_result: now,
            seconds_per_frame: None,
            ends_at: None,
        }
    }

    pub(super) fn assign(&mut self, task: TaskId, frames: Range<usize>) {
        self.assigned.push_back(Assignment { task, frames });
        self.reading = true;
    }

    /// Whether another task can be read: the decoder is free, and there is not one waiting already.
    pub(super) fn takes_tasks(&self) -> bool {
        !self.reading && self.assigned.len() < 2
    }

    pub(super) fn is_idle(&self) -> bool {
        self.assigned.is_empty()
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Tasks given and not complete.
    pub(super) fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.assigned.iter().map(|assignment| assignment.task)
    }

    /// The task worked on.
    pub(super) fn task(&self) -> Option<TaskId> {
        self.assigned.front().map(|assignment| assignment.task)
    }

    /// Whether `frame` is the first one of `task` that this worker sees; `None` if the task was not
    /// given to it.
    pub(super) fn begins_with(&self, task: TaskId, frame: usize) -> Option<bool> {
        let mut assigned = self.assigned.iter();
        let assignment = assigned.find(|assignment| assignment.task == task)?;
        Some(assignment.frames.start == frame)
    }

    /// The first task is complete.
    pub(super) fn task_completed(&mut self) {
        self.assigned.pop_front();
    }

    pub(super) fn dispatched(&mut self, frame: InFlight, now: Moment) {
        if self.in_flight.is_empty() {
            self.last_sign = now;
        }
        self.in_flight.push_back(frame);
    }

    /// The worker answered for the first frame it has.
    pub(super) fn returned(&mut self, now: Moment) -> Option<InFlight> {
        let seconds = now.saturating_sub(self.last_result).as_secs_f64();
        self.seconds_per_frame = Some(match self.seconds_per_frame {
            Some(mean) => mean + NEWEST * (seconds - mean),
            None => seconds,
        });
        (self.last_sign, self.last_result) = (now, now);
        self.in_flight.pop_front()
    }

    /// The frame the worker should be working on, and since when nothing was heard of it.
    pub(super) fn waiting_for(&self) -> Option<(usize, Moment)> {
        Some((self.in_flight.front()?.frame, self.last_sign))
    }

    /// How long `frames` frames will take, if that can be told.
    pub(super) fn time_for(&self, frames: usize) -> Option<Duration> {
        let seconds = self.seconds_per_frame? * frames as f64;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Whether a frame belongs to what is finished before a job that is being stopped ends.
    pub(super) fn must_finish(&self, task: TaskId, frame: usize) -> bool {
        self.ends_at
            .is_some_and(|(last, end)| last == task && frame < end)
    }
}
