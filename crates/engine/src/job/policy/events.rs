//! What the policy is told, and what it answers.

use std::ops::Range;
use std::time::Duration;

use faceau_shared::protocol::Begin;

use crate::events::WorkerId;
use crate::task::TaskId;

/// What the user decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Number of workers wanted.
    pub workers: usize,
    /// How long a worker may be silent while it has a frame.
    pub frame_deadline: Duration,
    /// Replace a worker after so many frames.
    pub recycle_after: Option<u64>,
    /// Replace a worker whose memory is larger than this, in bytes.
    pub worker_memory: Option<u64>,
}

/// What a worker said of a frame, and what that is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The results are there and can be a measurement.
    Good,
    /// The frame cannot be analysed.
    Failed(&'a str),
    /// The results cannot be a measurement.
    Nonsense(&'a str),
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A worker waits for frames.
    Ready(WorkerId),
    /// A worker's process is gone.
    Lost {
        /// Which.
        worker: WorkerId,
        /// How it ended.
        reason: &'a str,
    },
    /// All frames of the task that was given last to this worker's decoder are in slots.
    TaskRead(WorkerId),
    /// A frame is in a slot.
    Decoded {
        /// For this worker.
        worker: WorkerId,
        /// As part of this task.
        task: TaskId,
        /// Counted from 0.
        frame: usize,
        /// The slot.
        slot: u32,
    },
    /// A worker answered.
    Answered {
        /// Which.
        worker: WorkerId,
        /// The slot it names.
        slot: u32,
        /// The frame it names, counted from 1.
        frame: u64,
        /// What it says.
        answer: Answer<'a>,
    },
    /// A tracker must run on: a task more.
    RunOn {
        /// Its number.
        number: u32,
        /// Its frames, counted from 0.
        frames: Range<usize>,
    },
    /// So many frames from the first on have been merged.
    Merged(usize),
    /// A worker's memory was measured.
    Resident {
        /// Which.
        worker: WorkerId,
        /// Resident bytes.
        bytes: u64,
    },
    /// Somebody wants the work to stop: at first after the pieces in flight, then at once.
    Stop,
    /// The job is over, well or badly: only what workers have is waited for.
    WindDown,
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Have so many workers.
    Want(usize),
    /// Make a ring and a decoder for this worker.
    OpenLane(WorkerId),
    /// Have frames of a task decoded for this worker, after what is being decoded for it.
    Read {
        /// The worker.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// The frames, counted from 0.
        frames: Range<usize>,
    },
    /// Give a worker the frame in a slot.
    Dispatch {
        /// The worker.
        worker: WorkerId,
        /// The slot.
        slot: u32,
        /// The task.
        task: TaskId,
        /// The frame, counted from 0.
        frame: usize,
        /// What its tracker should know; [`Begin::Resume`] means after the last analysis of `task`.
        begin: Begin,
    },
    /// The frame in a slot is not wanted any more, and neither are those that follow.
    Discard {
        /// The worker it was decoded for.
        worker: WorkerId,
        /// The slot.
        slot: u32,
    },
    /// The answer that has just come counts. The slot can be used again.
    Accept {
        /// The worker.
        worker: WorkerId,
        /// The task.
        task: TaskId,
        /// The frame, counted from 0.
        frame: usize,
    },
    /// A frame has no result and never will. If the answer that has just come said so, the slot can
    /// be used again.
    PassOver {
        /// The task.
        task: TaskId,
        /// The frame, counted from 0.
        frame: usize,
        /// Why.
        reason: String,
    },
    /// Kill a worker that cannot be trusted any more.
    MarkForKill {
        /// The worker.
        worker: WorkerId,
        /// Why.
        reason: String,
    },
    /// A worker's ring and decoder are not needed any more.
    CloseLane(WorkerId),
    /// Have a worker leave that has nothing to do; it has worked long enough.
    Retire {
        /// The worker.
        worker: WorkerId,
        /// Why, for the user.
        reason: String,
    },
    /// The job cannot be done.
    GiveUp {
        /// The first frame that brought down workers, counted from 0.
        first: usize,
        /// The last one.
        last: usize,
        /// How the last worker ended.
        reason: String,
    },
}
