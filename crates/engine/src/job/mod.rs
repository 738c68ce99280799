//! One input, from its first frame to its outputs.
//!
//! [`run()`] begins a job and `event_loop` is its event loop; the files beside it are what it decides
//! with ([`policy`]), what brings frames to a worker (`lane`), and what becomes of results
//! (`results`, `merge`, [`pieces`]).

mod disk_space;
mod durations;
mod event_loop;
mod keeper;
mod lane;
mod merge;
mod outcome;
pub mod pieces;
pub mod policy;
mod profile;
mod results;
mod ring_size;
mod run;
mod stages;
#[cfg(test)]
pub(crate) mod testing;

pub use disk_space::wait_for_room;
pub use outcome::{JobError, JobReport, Outcome};
pub use run::{Context, run};
