//! The summary of a batch as `docs/progress.md` describes it, in types of the tests' own.

use std::path::Path;

use serde::Deserialize;

/// A `batch.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // `docs/progress.md` documents them
pub struct Batch {
    pub format: u32,
    pub program: String,
    pub version: String,
    pub started: u64,
    pub exit_code: Option<i32>,
    pub counts: Counts,
    pub inputs: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Counts {
    pub done: usize,
    pub skipped: usize,
    pub partial: usize,
    pub failed: usize,
    pub not_done: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Entry {
    pub path: String,
    pub status: String,
    pub outputs: Vec<String>,
    pub frames: usize,
    pub successful: usize,
    pub failed_frames: usize,
    pub seconds: f64,
    pub reason: Option<String>,
}

impl Batch {
    /// Reads a summary.
    ///
    /// # Panics
    /// When it is not there, or not as it should be.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text)
    }

    /// Reads the text of a summary.
    ///
    /// # Panics
    /// When it is not as it should be.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}
