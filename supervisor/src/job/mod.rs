//! One input, from its first frame to its outputs.
//!
//! [`run`] is the event loop; the files beside it are what it decides with ([`schedule`]), what
//! brings frames to a worker ([`lane`]) and what puts results back in order ([`merge`]).

mod agreement;
mod keeper;
mod lane;
mod merge;
mod run;
mod schedule;
mod stages;
mod task;

pub use run::{Context, JobError, JobReport, Outcome, run};
pub use stages::StageRow;
pub use task::TaskId;
