//! How a job ends: with everything, with what was there when it was stopped, or not at all.

use std::path::PathBuf;

use faceau_shared::ring::RingError;

use super::schedule::MOST_ATTEMPTS;
use super::stages::StageTable;
use crate::input::{InputError, Source};
use crate::output::{ExtraOutputs, OutputError, Table};
use crate::pool::PoolError;

/// A job could not be done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The input is at fault; other inputs can still be done.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The output is at fault; other inputs can still be done.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A frame cannot be analysed; other inputs can still be done.
    #[error("{}: frame {frame} cannot be analysed: {reason}", path.display())]
    Analysis {
        /// The input.
        path: PathBuf,
        /// The frame, counted from 1.
        frame: u64,
        /// Why.
        reason: String,
    },
    /// Workers do not survive a part of the input; other inputs can still be done.
    #[error(
        "{}: frames {} to {} brought down {MOST_ATTEMPTS} workers; the last one: {reason}",
        path.display(), first + 1, last + 1
    )]
    Deadly {
        /// The input.
        path: PathBuf,
        /// First frame of the task, counted from 0.
        first: usize,
        /// Last frame of the task, counted from 0.
        last: usize,
        /// How the last worker ended.
        reason: String,
    },
    /// There is no shared memory, whatever the input.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// There are no workers, whatever the input.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

impl JobError {
    /// Whether other inputs would meet the same fate.
    pub fn ends_the_batch(&self) -> bool {
        matches!(self, Self::Pool(_) | Self::Ring(_))
    }
}

/// What a job has to show.
pub struct JobReport {
    /// The indexed input.
    pub source: Source,
    /// Into how many segments it was cut.
    pub segments: usize,
    /// How many times a tracker had to run on into the next segment.
    pub run_ons: u32,
    /// The result, to be written.
    pub table: Table,
    /// The outputs beside the table, with all frames of `table`.
    pub extra: ExtraOutputs,
    /// Rows with success 1.
    pub successful: usize,
    /// Frames analysed, lead-ins and repetitions included.
    pub analysed: u64,
    /// Where the time went.
    pub stages: StageTable,
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// What the user was warned of.
    pub warnings: Vec<String>,
}

/// How a job ended, if not with an error.
pub enum Outcome {
    /// All frames are there.
    Complete(Box<JobReport>),
    /// A signal came before the last frame.
    Stopped {
        /// The signal's number.
        signal: i32,
        /// What is there from the first frame on. `None` when nothing is to be written: the job
        /// had not begun, or a second signal asked for an end at once.
        report: Option<Box<JobReport>>,
    },
}
