//! What a pipeline promises to whoever moves its results without understanding them.

use std::fmt;
use std::io;
use std::path::Path;

use crate::frame::{FrameTime, Track};
use crate::payload::{Face, Limits, Payload};
use crate::row::Row;
use crate::schema::Schema;

/// A pipeline with its options and models, as far as results are concerned.
///
/// Workers make payloads; this is all that is known of them elsewhere.
pub trait Pipeline: fmt::Debug + Send + Sync {
    /// How much a frame can hold.
    fn limits(&self) -> Limits;

    /// Makes `payload` that of a frame on which nothing was measured by trackers that have seen
    /// nothing. It stands in for frames that could not be analysed.
    fn nothing(&self, payload: &mut Payload);

    /// Checks that a face that comes from another process can be a measurement.
    ///
    /// # Errors
    /// Says which part cannot be.
    fn check(&self, face: Face<'_>) -> Result<(), &'static str>;

    /// Whether the tracker vouches for the face (a table's `success`). The face was checked.
    fn is_successful(&self, face: Face<'_>) -> bool;

    /// Whether the tracker of one state would go on as that of the other: where two trackers meet on
    /// a frame, they may be taken for one then. Both states were checked.
    fn states_agree(&self, one: &[u8], other: &[u8]) -> bool;

    /// All columns that it can fill.
    fn schema(&self) -> &Schema;

    /// Begins what needs frames in order.
    ///
    /// # Errors
    /// When the system refuses what must wait on disk.
    fn ordered_stage(&self, context: &StageContext<'_>) -> io::Result<Box<dyn OrderedStage>>;
}

/// What an ordered stage is told of the video.
#[derive(Debug, Clone, Copy)]
pub struct StageContext<'a> {
    /// A folder for files without a name, on the disk where outputs will be.
    pub folder: &'a Path,
    /// What the input's file says of it, in frames per second.
    pub frame_rate: Option<f64>,
}

/// Turns measurements into final values, frame after frame in the order of the video. What it
/// remembers, it remembers of each track by itself.
pub trait OrderedStage: fmt::Debug {
    /// Takes the next face, which was checked, as that of `track`, and appends the values of all
    /// columns that are not late. The faces of one frame follow each other.
    ///
    /// # Errors
    /// When the disk is full or fails.
    fn push(
        &mut self,
        frame: FrameTime,
        track: Track,
        face: Face<'_>,
        row: &mut Row,
    ) -> io::Result<()>;

    /// The values of the columns that are late, as if the video ended here.
    ///
    /// # Errors
    /// When what was remembered cannot be read back.
    fn finish(&mut self) -> io::Result<Box<dyn LateValues + '_>>;
}

/// Values that are known only in the end, row after row.
pub trait LateValues {
    /// Appends those of the next row, which is one of `track`.
    ///
    /// # Errors
    /// When they cannot be read back.
    fn next(&mut self, track: Track, row: &mut Row) -> io::Result<()>;
}
