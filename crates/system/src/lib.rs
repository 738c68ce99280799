//! What faceau asks of an operating system, in its own words: one small module per concern.
//!
//! Whoever uses these names no system. What only one kind of system knows lies in files of its own
//! behind them (`unix.rs`), so that another kind is added as files.

pub mod awake;
pub mod cores;
pub mod disk;
pub mod durable;
pub mod machine;
pub mod process;
pub mod resident;
