//! The worker processes: started, heard, stopped.
//!
//! The pool lives as long as the batch, because opening sessions is dear. It knows whether a
//! worker is there, not what it works on. Which workers there should be is decided in [`staff`].
//! Before that, an [`Examiner`] can try networks out in a process of its own.

mod error;
mod examiner;
mod lifecycle;
mod process;
pub mod staff;

pub use error::PoolError;
pub use examiner::{End, Examiner};
pub use lifecycle::{News, Pool, WorkerCommand};
