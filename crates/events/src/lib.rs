//! What faceau says of its work, to programs: the events of a run ([`Event`]), the record that lies
//! beside a table ([`RunRecord`]) and the summary of a batch ([`BatchSummary`]).
//!
//! These are types and nothing else: whoever reads or writes them does so with these, in both
//! directions, so nothing can be written that cannot be read. `docs/progress.md` describes events
//! and summaries for readers in other languages.
//!
//! Types grow: they are `#[non_exhaustive]`, what is not known is passed over when it is read, and
//! words that are not known become `Other`.
//!
//! ```
//! use faceau_events::Event;
//!
//! let line = r#"{"event":"progress","input":1,"frames_done":450,"frames":1800,
//!                "fps":88.2,"eta_seconds":15.3,"stage":"analysing"}"#;
//! if let Event::Progress(progress) = serde_json::from_str(line)? {
//!     assert_eq!(progress.frames_done, 450);
//! }
//! # Ok::<(), serde_json::Error>(())
//! ```

mod batch;
mod codes;
mod observer;
mod record;
mod run;
mod words;

pub use batch::{BatchSummary, InputSummary, SUMMARY_FORMAT};
pub use codes::{ErrorCode, WarningCode};
pub use observer::{Observer, Silent};
pub use record::{
    CameraOptions, FailedFrame, FrameCounts, Graph, InputIdentity, InputRecord, JumpRecord,
    ModelIdentity, ModelRecord, NetworkRecord, OpenFace3Options, OptionsRecord, ProgramIdentity,
    ProgramRecord, RECORD_FORMAT, ResultOptions, RunRecord, SizeRecord, StageRow, Timing,
    VariantIdentity, VideoRecord, WorkerRow,
};
pub use run::{
    Continued, Counts, EVENTS_FORMAT, End, Error, Event, InputEnd, InputStart, Paused, Progress,
    Resumed, StageBegins, Start, Stopping, Warning,
};
pub use words::{Stage, Status};

/// The name under which faceau writes events and summaries.
pub const PROGRAM: &str = "faceau-supervisor";
