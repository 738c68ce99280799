//! What a result is, whoever makes it and whatever is written of it.
//!
//! A [`Schema`] names the columns of a pipeline's table; a frame's faces travel as a [`Payload`]:
//! for each face its track, the state of its tracker and what was measured, as bytes that only the
//! pipeline understands; the [`Pipeline`] and its [`OrderedStage`] turn these into [`Row`]s of
//! final values once frames are in order. Nothing here knows a pipeline, a process or a file format.

mod bytes;
mod frame;
mod payload;
mod pipeline;
mod row;
mod schema;
mod tracks;

pub use bytes::{Fields, PutFields};
pub use frame::{FrameIndex, FrameNumber, FrameTime, Track};
pub use payload::{BadPayload, Face, Faces, Limits, Payload};
pub use pipeline::{LateValues, OrderedStage, Pipeline, StageContext};
pub use row::{Row, Value, Values};
pub use schema::{Column, Group, Kind, Schema, Selection, Text, TextLayout, UnknownGroup};
pub use tracks::{TrackNumbers, match_tracks};
