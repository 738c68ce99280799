//! How a job ends: with everything, with what was there when it was stopped, or not at all.

use std::path::PathBuf;

use faceau_events::{FailedFrame, WorkerRow};
use faceau_shared::ring::RingError;

use super::policy::MOST_ATTEMPTS;
use super::stages::StageTable;
use crate::pool::PoolError;
use faceau_media::{InputError, Source};
use faceau_outputs::{ExtraOutputs, OutputError, Table};

/// A job could not be done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The input is at fault; other inputs can still be done.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The output is at fault; other inputs can still be done.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Not one frame could be analysed; other inputs can still be done.
    #[error("{}: none of its frames could be analysed; frame {}: {}", path.display(), first.frame, first.reason)]
    Analysis {
        /// The input.
        path: PathBuf,
        /// The first frame.
        first: FailedFrame,
    },
    /// Workers do not survive a part of the input; other inputs can still be done.
    #[error(
        "{}: frames {} to {} brought down {MOST_ATTEMPTS} workers each; the last one: {reason}",
        path.display(), first + 1, last + 1
    )]
    Deadly {
        /// The input.
        path: PathBuf,
        /// The first frame, counted from 0.
        first: usize,
        /// The last frame, counted from 0.
        last: usize,
        /// How the last worker ended.
        reason: String,
    },
    /// Known results were made with another inference engine; other inputs can still be done.
    #[error(
        "{}: holds unfinished work that was made with {then}, now there is {now}; give --restart \
         to throw it away and begin anew",
        folder.display()
    )]
    OtherEngine {
        /// The job's folder.
        folder: PathBuf,
        /// The engine then.
        then: String,
        /// The engine now.
        now: String,
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
    /// Rows without an analysis, in order.
    pub failed: Vec<FailedFrame>,
    /// Frames analysed, lead-ins and repetitions included.
    pub analysed: u64,
    /// Where the time went.
    pub stages: StageTable,
    /// What each worker did with it.
    pub workers: Vec<WorkerRow>,
    /// Bytes of the rings of all workers together.
    pub ring_bytes: u64,
    /// Seconds from opening the input to the first frame that was known, if there is one.
    pub first_result_seconds: Option<f64>,
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// What the user was warned of.
    pub warnings: Vec<String>,
}

/// How a job ended, if not with an error.
pub enum Outcome {
    /// All frames are there.
    Complete {
        /// What there is.
        report: Box<JobReport>,
        /// The signal that came all the same: no other job is to be begun.
        signal: Option<i32>,
    },
    /// A signal came before the last frame.
    Stopped {
        /// The signal's number.
        signal: i32,
        /// What is there from the first frame on. `None` when nothing is to be written: the job
        /// had not begun, or a third signal asked for an end at once.
        report: Option<Box<JobReport>>,
    },
}
