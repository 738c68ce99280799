//! What one worker is given to do: a run of frames, and what to begin with.

use std::ops::Range;
use std::sync::Arc;

use faceau_vision::analysis::FrameAnalysis;

/// Names a task. Run-ons come before segments: results wait for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskId {
    /// The numbered run-on.
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
    /// The analysis of the frame before the first.
    pub after: Arc<FrameAnalysis>,
}
