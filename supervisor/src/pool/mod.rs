//! The worker processes: started, heard, stopped.
//!
//! The pool lives as long as the batch, because opening sessions is dear. It knows whether a
//! worker is there, not what it works on.

mod lifecycle;
mod process;

pub use lifecycle::{News, Pool, PoolError, WorkerCommand};
