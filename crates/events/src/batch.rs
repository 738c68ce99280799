//! How each input of a batch ended, in a file that tells the truth so far whatever happens.

use serde::{Deserialize, Serialize};

use crate::{Counts, ErrorCode, Status};

/// Version of the summary's layout.
pub const SUMMARY_FORMAT: u32 = 1;

/// The summary of a batch, as `batch.json` holds it. `docs/progress.md` describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BatchSummary {
    /// Version of this layout: [`SUMMARY_FORMAT`].
    pub format: u32,
    /// Who writes it.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// Seconds since 1970 at which the batch began.
    pub started: u64,
    /// Nothing as long as it is going on, or if it was killed.
    pub exit_code: Option<i32>,
    /// How many inputs ended in which way.
    pub counts: Counts,
    /// All inputs, in the order of their turns.
    pub inputs: Vec<InputSummary>,
}

/// An input of a batch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputSummary {
    /// Its path.
    pub path: String,
    /// What became of it so far.
    pub status: Status,
    /// Files written, or found.
    pub outputs: Vec<String>,
    /// Rows of the table.
    pub frames: usize,
    /// Rows with success 1.
    pub successful: usize,
    /// Rows of frames that could not be analysed.
    pub failed_frames: usize,
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// Why it failed, for people, if it did.
    pub reason: Option<String>,
    /// Of what kind that is.
    #[serde(default)]
    pub code: Option<ErrorCode>,
}

impl InputSummary {
    /// Its turn has not come.
    pub fn waiting(path: String) -> Self {
        Self {
            path,
            status: Status::Waiting,
            ..Self::default()
        }
    }
}
