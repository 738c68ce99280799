//! The progress events as `docs/progress.md` describes them, in types of the tests' own: when the
//! program drifts from its documentation, they do not parse any more.

use serde::Deserialize;

/// One line of `--progress json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)] // `docs/progress.md` documents them
pub enum Event {
    Start {
        format: u32,
        program: String,
        version: String,
        pid: u32,
        inputs: usize,
        workers: usize,
    },
    InputStart {
        input: usize,
        path: String,
        frames: usize,
        width: usize,
        height: usize,
    },
    Progress {
        input: usize,
        frames_done: usize,
        frames: usize,
        fps: f64,
        eta_seconds: Option<f64>,
        stage: String,
    },
    Stopping {
        input: usize,
        seconds: Option<f64>,
    },
    Resumed {
        input: usize,
        frames: usize,
    },
    Paused {
        input: usize,
        reason: String,
        needed: Option<u64>,
        free: Option<u64>,
    },
    Continued {
        input: usize,
    },
    Warning {
        path: Option<String>,
        code: Option<String>,
        message: String,
    },
    Error {
        message: String,
    },
    InputEnd {
        input: usize,
        path: String,
        status: String,
        outputs: Vec<String>,
        frames: usize,
        successful: usize,
        failed_frames: usize,
        seconds: f64,
        error: Option<String>,
    },
    End {
        done: usize,
        skipped: usize,
        partial: usize,
        failed: usize,
        not_done: usize,
        exit_code: i32,
        summary: Option<String>,
    },
}

impl Event {
    /// Reads a line.
    ///
    /// # Panics
    /// When it is not an event, or has a field that is not documented.
    pub fn parse(line: &str) -> Self {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The event's name, as in the line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::InputStart { .. } => "input_start",
            Self::Progress { .. } => "progress",
            Self::Stopping { .. } => "stopping",
            Self::Resumed { .. } => "resumed",
            Self::Paused { .. } => "paused",
            Self::Continued { .. } => "continued",
            Self::Warning { .. } => "warning",
            Self::Error { .. } => "error",
            Self::InputEnd { .. } => "input_end",
            Self::End { .. } => "end",
        }
    }
}
