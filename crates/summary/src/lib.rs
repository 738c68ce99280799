//! What finished tables say of a recording: one row a video, events of action units, blinks,
//! geometry of the face, actions, and exports of these.
//!
//! It reads any table as OpenFace or a program like it writes it and never an image. A
//! [`Recording`](recording::Recording) holds a table's columns; an [`Analysis`](analysis::Analysis)
//! is everything that follows from them. Nothing here knows how tables are made or where files go.
//! `docs/summaries.md` says what the numbers mean.

pub mod actions;
pub mod analysis;
pub mod au_events;
pub mod baseline;
pub mod blinks;
pub mod cells;
pub mod cooccurrence;
pub mod export;
pub mod face_axis;
pub mod geometry;
pub mod head;
pub mod peaks;
pub mod quality;
pub mod recording;
pub mod scale;
pub mod sheet;
pub mod statistics;
pub mod thresholds;
pub mod timeline;
pub mod warnings;

#[cfg(test)]
mod testing;
