//! The events of a run, one JSON object a line with `--progress json`. `docs/progress.md` describes
//! them.

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, Stage, Status, WarningCode};

/// Version of the events: a reader must refuse another one. Adding a field or an event does not
/// change it; `docs/progress.md` has its history.
pub const EVENTS_FORMAT: u32 = 1;

/// Something that a run tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The first of all.
    Start(Start),
    /// Something new begins with an input.
    Stage(StageBegins),
    /// An input has been looked through and its frames are about to be analysed.
    InputStart(InputStart),
    /// Where an input stands.
    Progress(Progress),
    /// An earlier run's work on an input goes on.
    Resumed(Resumed),
    /// The disk is full; work waits until there is room.
    Paused(Paused),
    /// The pause is over.
    Continued(Continued),
    /// Somebody has asked for the end.
    Stopping(Stopping),
    /// Something worth knowing that stops nothing.
    Warning(Warning),
    /// Something that ends everything.
    Error(Error),
    /// An input has ended.
    InputEnd(InputEnd),
    /// The last of all.
    End(End),
    /// One of a later version, to be passed over.
    #[serde(other, skip_serializing)]
    Other,
}

/// `start`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Start {
    /// Version of these events: [`EVENTS_FORMAT`].
    pub format: u32,
    /// Who writes them.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// Number of the process, to send signals to.
    pub pid: u32,
    /// How many inputs there are.
    pub inputs: usize,
    /// Their paths, in the order in which they have their turn.
    #[serde(default)]
    pub paths: Vec<String>,
    /// How many worker processes are wanted.
    pub workers: usize,
}

/// `stage`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StageBegins {
    /// The input, counted from 1.
    pub input: usize,
    /// Its path.
    pub path: String,
    /// What begins with it.
    pub stage: Stage,
}

/// `input_start`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputStart {
    /// The input, counted from 1.
    pub input: usize,
    /// Its path.
    pub path: String,
    /// How many frames it has.
    pub frames: usize,
    /// Their width in pixels, upright; the largest where they differ.
    pub width: usize,
    /// Their height in pixels, upright; the largest where they differ.
    pub height: usize,
}

/// `progress`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// The input, counted from 1.
    pub input: usize,
    /// Frames analysed.
    pub frames_done: usize,
    /// Frames that the input has.
    pub frames: usize,
    /// Frames per second over the last ten seconds, 0 while nothing is known.
    pub fps: f64,
    /// Seconds until the input is done at that rate, once that can be told.
    pub eta_seconds: Option<f64>,
    /// What is being done.
    pub stage: Stage,
}

/// `resumed`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resumed {
    /// The input, counted from 1.
    pub input: usize,
    /// Frames that are known.
    pub frames: usize,
}

/// `paused`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Paused {
    /// The input, counted from 1.
    pub input: usize,
    /// What could not be done, in one line.
    pub reason: String,
    /// Bytes that must be free to go on, if that can be said.
    pub needed: Option<u64>,
    /// Bytes that were free when the pause began, if that can be said.
    pub free: Option<u64>,
}

/// `continued`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Continued {
    /// The input, counted from 1.
    pub input: usize,
}

/// `stopping`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stopping {
    /// The input, counted from 1.
    pub input: usize,
    /// How long it takes at most to finish what is being worked on, in seconds, once that can be told.
    pub seconds: Option<f64>,
}

/// `warning`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warning {
    /// What it is about.
    #[serde(default)]
    pub code: WarningCode,
    /// The input that it concerns, nothing if it concerns all.
    pub path: Option<String>,
    /// What there is to know, for people.
    pub message: String,
}

/// `error`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Error {
    /// Of what kind it is.
    #[serde(default)]
    pub code: ErrorCode,
    /// What is wrong, for people.
    pub message: String,
}

/// `input_end`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputEnd {
    /// The input, counted from 1.
    pub input: usize,
    /// Its path.
    pub path: String,
    /// What became of it.
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
    pub error: Option<String>,
    /// Of what kind that is.
    #[serde(default)]
    pub code: Option<ErrorCode>,
}

impl InputEnd {
    /// It has come to this, and there are no outputs.
    pub fn without_outputs(status: Status) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// It cannot be done.
    pub fn failed(code: ErrorCode, error: String) -> Self {
        Self {
            code: Some(code),
            error: Some(error),
            ..Self::without_outputs(Status::Failed)
        }
    }
}

/// How many inputs ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
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

/// `end`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct End {
    /// How the inputs did.
    #[serde(flatten)]
    pub counts: Counts,
    /// The program's exit code; 128 and the signal's number when it ends by a signal.
    pub exit_code: i32,
    /// Where it is written down how each input ended, if it is.
    pub summary: Option<String>,
}

impl Event {
    /// The event's name, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Stage(_) => "stage",
            Self::InputStart(_) => "input_start",
            Self::Progress(_) => "progress",
            Self::Resumed(_) => "resumed",
            Self::Paused(_) => "paused",
            Self::Continued(_) => "continued",
            Self::Stopping(_) => "stopping",
            Self::Warning(_) => "warning",
            Self::Error(_) => "error",
            Self::InputEnd(_) => "input_end",
            Self::End(_) => "end",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_over() {
        let parse = |line: &str| serde_json::from_str::<Event>(line).unwrap();
        assert_eq!(parse(r#"{"event":"tea","milk":true}"#), Event::Other);
        let with_more = parse(r#"{"event":"continued","input":2,"since":"noon"}"#);
        assert_eq!(with_more, Event::Continued(Continued { input: 2 }));
        // As the first version wrote it.
        let old = parse(r#"{"event":"warning","path":null,"message":"x"}"#);
        let Event::Warning(warning) = old else {
            panic!("{old:?}")
        };
        assert_eq!(warning.code, WarningCode::Other);
    }

    #[test]
    fn counts_lie_beside_the_exit_code() {
        let mut end = End::default();
        end.counts.done = 2;
        let event = Event::End(end);
        let json = serde_json::to_string(&event).unwrap();
        assert!(json.starts_with(r#"{"event":"end","done":2,"#), "{json}");
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }
}
