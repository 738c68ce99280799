//! The supervisor: inputs → plan → decode → pool of workers → merge → outputs.
//!
//! Follow a frame: [`faceau_media`] finds it and decodes it into a slot, [`plan`] says which segment it
//! belongs to, [`job`] sends it to a worker of the [`pool`] and puts its results in order,
//! [`output`] writes its row. [`batch`] does this for every input; no image mathematics happens
//! in this crate. What the program does besides is in [`commands`].

mod awake;
pub mod batch;
pub mod cli;
pub mod commands;
mod cores;
mod disk;
mod events;
pub mod identity;
mod job;
mod journal;
mod machine;
mod output;
pub mod placement;
pub mod plan;
mod pool;
pub mod progress;
mod reporter;
pub mod settings;
mod setup;
pub mod signals;
mod trace;
