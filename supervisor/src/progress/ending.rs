//! How an input ended, and how everything did.

use std::path::PathBuf;

use serde::Serialize;

use crate::output::OutputPaths;
use crate::output::run_record::FrameCounts;

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its turn has not come.
    Waiting,
    /// It is being worked on.
    Running,
    /// All its outputs have been written.
    Done,
    /// They were there already, and would have been the same.
    Skipped,
    /// It was stopped; what there was has been written.
    Partial,
    /// It was stopped; nothing has been written.
    Stopped,
    /// It cannot be done.
    Failed,
}

impl Status {
    /// The status in a few words.
    pub fn for_people(self) -> &'static str {
        match self {
            Self::Waiting => "not begun",
            Self::Running => "running",
            Self::Done => "done",
            Self::Skipped => "skipped, as it is done already",
            Self::Partial => "partial",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// How an input ended.
#[derive(Debug, Clone, PartialEq)]
pub struct InputEnd {
    /// What became of it.
    pub status: Status,
    /// Files written, or found.
    pub outputs: Vec<PathBuf>,
    /// Rows of the table.
    pub frames: usize,
    /// Rows with success 1.
    pub successful: usize,
    /// Rows of frames that could not be analysed.
    pub failed_frames: usize,
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

impl InputEnd {
    fn without_outputs(status: Status, error: Option<String>) -> Self {
        Self {
            status,
            outputs: Vec::new(),
            frames: 0,
            successful: 0,
            failed_frames: 0,
            seconds: 0.0,
            error,
        }
    }

    /// It cannot be done.
    pub fn failed(error: String) -> Self {
        Self::without_outputs(Status::Failed, Some(error))
    }

    /// It was stopped before there was anything to write.
    pub fn stopped() -> Self {
        Self::without_outputs(Status::Stopped, None)
    }

    /// Its outputs are there already, with as many frames.
    pub fn skipped(paths: &OutputPaths, frames: &FrameCounts) -> Self {
        let more = paths.hog.iter().chain(&paths.aligned).cloned();
        Self {
            outputs: [paths.csv.clone(), paths.run_record()]
                .into_iter()
                .chain(more)
                .collect(),
            frames: frames.written,
            successful: frames.successful,
            failed_frames: frames.failed.len(),
            ..Self::without_outputs(Status::Skipped, None)
        }
    }
}

/// How many inputs ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Written completely.
    pub done: usize,
    /// Done before.
    pub skipped: usize,
    /// Written as far as they came.
    pub partial: usize,
    /// Failed.
    pub failed: usize,
    /// Neither: stopped without a result, or never begun.
    pub not_done: usize,
}

/// How everything ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// How the inputs did.
    pub counts: Counts,
    /// The program's exit code; 128 and the signal's number when it ends by a signal.
    pub exit_code: i32,
    /// Where it is written down, if it is.
    pub summary: Option<PathBuf>,
    /// The same for people, if there is more than they have read already.
    pub table: Option<String>,
}

impl Ending {
    /// Nothing could be done.
    pub fn nothing(exit_code: i32) -> Self {
        Self {
            counts: Counts::default(),
            exit_code,
            summary: None,
            table: None,
        }
    }
}
