//! What one worker is given to do: a run of frames, and what to begin with.

use std::ops::Range;
use std::sync::Arc;

use faceau_measure::Payload;

/// Names a task. Run-ons come before segments: results wait for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskId {
    /// The numbered run-on. Numbers follow from the results alone, so that the same video has the
    /// same run-ons.
    RunOn(u32),
    /// The numbered segment of the plan.
    Segment(usize),
}

/// A tracker that goes on beyond the end of its segment, because the next segment's tracker does
/// not agree with it yet.
#[derive(Debug, Clone)]
pub struct RunOn {
    /// Its number, counted from 0 in each job.
    pub number: u32,
    /// The frames, counted from 0.
    pub frames: Range<usize>,
    /// What its tracker goes on from: its last results before the first.
    pub after: Arc<Payload>,
}
