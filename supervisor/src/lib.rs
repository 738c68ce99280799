//! The command line of faceau: what users type becomes settings of [`faceau`], what happens is shown
//! on the terminal or as JSON, and signals stop or pause the work.
//!
//! What the program does besides is in [`commands`].

mod after_each;
pub mod cli;
pub mod commands;
pub mod exit;
pub mod progress;
mod reports;
pub mod signals;
mod summaries;
mod worker;
