//! The worker processes: started, heard, stopped.
//!
//! The pool lives as long as the batch, because opening sessions is dear. It knows whether a
//! worker is there, not what it works on. Which workers there should be is decided in [`worker_set`].
//! Before that, an [`Probe`] can try networks out in a process of its own.

mod error;
mod lifecycle;
mod probe;
mod process;
pub mod worker_set;

pub use error::PoolError;
pub use lifecycle::{News, Pool, WorkerCommand};
pub use probe::{End, Probe};
