//! From a video to results in order: segments, workers, merging, and a journal to go on from.
//!
//! [`plan`] cuts a video into segments, [`job`] sends their frames to workers of the [`pool`] and puts
//! results in order, [`journal`] keeps them so that work can go on. Everything that happens comes
//! through one channel ([`events`]); what is told of it goes to an observer ([`reporter`]).
//!
//! Not here: command lines, printing, signals of the operating system, and where programs lie. Who
//! uses this crate says so with values and events.

pub mod events;
pub mod identity;
pub mod job;
pub mod journal;
pub mod placement;
pub mod plan;
pub mod pool;
pub mod reporter;
pub mod task;
pub mod trace;
