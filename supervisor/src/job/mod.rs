//! One input, from its first frame to its outputs.
//!
//! [`run`] begins a job and [`active`] is its event loop; the files beside it are what it decides
//! with ([`schedule`]), what brings frames to a worker ([`lane`]) and what puts results back in
//! order ([`merge`]).

mod active;
mod agreement;
mod keeper;
mod lane;
mod merge;
mod outcome;
mod run;
mod schedule;
mod stages;
mod task;

pub use outcome::{JobError, JobReport, Outcome};
pub use run::{Context, run};
pub use stages::StageRow;
pub use task::TaskId;
