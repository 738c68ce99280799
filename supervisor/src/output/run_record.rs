//! The run record: what made a CSV, so that its numbers can be explained years later.

use std::path::Path;

use serde::Serialize;

use super::{OutputError, write_whole};
use crate::job::StageRow;

/// Version of the record's layout.
pub const FORMAT: u32 = 1;

/// Everything worth knowing of one job.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    /// Version of this layout.
    pub format: u32,
    /// Program version and build.
    pub program: Program,
    /// Whether all frames are in the CSV.
    pub complete: bool,
    /// The input.
    pub input: InputRecord,
    /// The options that decide the numbers.
    pub options: OptionsRecord,
    /// The model files.
    pub models: Vec<ModelRecord>,
    /// Where the networks ran.
    pub networks: Vec<NetworkRecord>,
    /// How many frames.
    pub frames: FrameCounts,
    /// How long it took.
    pub timing: Timing,
    /// What the user was warned of.
    pub warnings: Vec<String>,
}

/// Program version and build.
#[derive(Debug, Clone, Serialize)]
pub struct Program {
    /// Version.
    pub version: &'static str,
    /// Build.
    pub build: &'static str,
    /// Inference engine with its version.
    pub runtime: String,
}

/// The input of a job.
#[derive(Debug, Clone, Serialize)]
pub struct InputRecord {
    /// As given.
    pub path: String,
    /// Width of the frames in pixels, upright.
    pub width: usize,
    /// Height of the frames in pixels, upright.
    pub height: usize,
    /// Number of frames.
    pub frames: usize,
    /// Seconds from the first frame to the last.
    pub seconds: f64,
    /// Into how many segments it was cut.
    pub segments: usize,
    /// How many times a tracker had to run on into the next segment, a few frames each time.
    pub run_ons: u32,
    /// What was noticed about it.
    pub remarks: Vec<String>,
}

/// The options that decide the numbers, and how many workers there were, which does not.
#[derive(Debug, Clone, Serialize)]
pub struct OptionsRecord {
    /// The pipeline.
    pub pipeline: String,
    /// How segments were tracked.
    pub tracking: String,
    /// The provider asked for.
    pub provider: String,
    /// Frames between forced detections; 0 = only when needed.
    pub redetect_every: u32,
    /// Groups of columns of the table.
    pub columns: Vec<String>,
    /// Number of workers.
    pub workers: usize,
}

/// A model file.
#[derive(Debug, Clone, Serialize)]
pub struct ModelRecord {
    /// Identifier in the manifest.
    pub id: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Whether that is the digest of the known file.
    pub known: bool,
}

/// Where a network ran.
#[derive(Debug, Clone, Serialize)]
pub struct NetworkRecord {
    /// Identifier of its model.
    pub model: String,
    /// The provider that was really used.
    pub provider: String,
}

/// How many frames.
#[derive(Debug, Clone, Serialize)]
pub struct FrameCounts {
    /// Rows in the CSV.
    pub written: usize,
    /// Rows with success 1.
    pub successful: usize,
    /// Frames analysed, lead-ins and repetitions included.
    pub analysed: u64,
}

/// How long it took.
#[derive(Debug, Clone, Serialize)]
pub struct Timing {
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// Frames of the input per second.
    pub frames_per_second: f64,
    /// Milliseconds until the first worker was ready.
    pub worker_startup_ms: f64,
    /// Worker processes started, replacements included.
    pub workers_started: u32,
    /// Where the time went.
    pub stages: Vec<StageRow>,
}

impl RunRecord {
    /// Writes the record.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, path: &Path) -> Result<(), OutputError> {
        use std::io::Write;
        write_whole(path, |file| {
            serde_json::to_writer_pretty(&mut *file, self)?;
            writeln!(file)
        })
    }
}
