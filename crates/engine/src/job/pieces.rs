//! Pieces: the units in which a job's results are kept.
//!
//! A piece is a run of at most [`PIECE`] consecutive frames of one task whose results are there.
//! What a piece means is here; when work goes on or ends at one is decided in [`super::policy`].

use std::io;
use std::ops::Range;

use faceau_measure::{Faces, Limits};

use crate::plan::Segment;
use crate::task::TaskId;

/// Frames of a piece. A crash costs what was not yet kept, so pieces are short: seconds of work.
/// But each one is flushed to the disk, which takes milliseconds, so they are not shorter.
pub const PIECE: usize = 256;

/// What came of one frame.
#[derive(Debug, Clone, Copy)]
pub enum Finding<'a> {
    /// It was analysed.
    Analysed(Faces<'a>),
    /// It could not be, for this reason. Its tracker goes on as if it had not been there.
    Failed(&'a str),
}

/// What came of one frame of one task.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The task.
    pub task: TaskId,
    /// The frame, counted from 0.
    pub frame: usize,
    /// The result. Of the frame before a segment's first, it is the last that the segment's tracker
    /// has made up to there: what it enters the segment with.
    pub finding: Finding<'a>,
    /// What is wanted beside the results, face after face; empty where that is nothing.
    pub extras: &'a [u8],
}

/// Keeps results so that a job can go on where an earlier one was interrupted.
///
/// Its methods are called by the thread that owns the job, which must not be kept waiting.
pub trait PieceLog {
    /// Whether the frames of the input can only be counted by decoding all of them, as an earlier
    /// run found out.
    fn by_decoding(&self) -> bool;

    /// From now on frames are counted by decoding.
    fn count_by_decoding(&mut self);

    /// Bytes that it takes on the disk.
    fn bytes(&self) -> u64;

    /// The input turned out to have these segments. Hands what is known of them to `known`, whole
    /// pieces only, by their first frame: a run-on after what it was asked for because of.
    ///
    /// Results are within `limits`; what they mean is not looked at.
    ///
    /// With other segments than at an earlier call, what was kept since then is of no use any more.
    /// With the same ones, work goes on after a pause, and that is known, too.
    ///
    /// # Errors
    /// When what is known cannot be read.
    fn begin(
        &mut self,
        segments: &[Segment],
        limits: &Limits,
        known: &mut dyn FnMut(&Found<'_>) -> io::Result<()>,
    ) -> io::Result<()>;

    /// Results that come from now on are made with this inference engine. Returns the one with
    /// which those that were known were made, if it is another.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn made_with(&mut self, engine: &str) -> io::Result<Option<String>>;

    /// A result came. Those of one task come in the order of its frames, each once: of a segment,
    /// from the frame before its first one on (see [`Found::finding`]), unless tracking begins anew
    /// there.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn found(&mut self, found: &Found<'_>) -> io::Result<()>;

    /// All results of a piece have come: `frames` of `task`, counted from 0, those that were known
    /// from the beginning not among them.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn piece_complete(&mut self, task: TaskId, frames: Range<usize>) -> io::Result<()>;
}

/// The piece to which `frame` belongs, of a task whose results count in `counted`. Frames before
/// those, a lead-in, belong to the first piece.
pub fn piece_of(counted: &Range<usize>, frame: usize) -> Range<usize> {
    let number = frame.saturating_sub(counted.start) / PIECE;
    let start = counted.start + number * PIECE;
    start..counted.end.min(start + PIECE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_task_and_take_the_lead_in_along() {
        let counted = 100..700;
        assert_eq!(piece_of(&counted, 90), 100..356);
        assert_eq!(piece_of(&counted, 100), 100..356);
        assert_eq!(piece_of(&counted, 355), 100..356);
        assert_eq!(piece_of(&counted, 356), 356..612);
        assert_eq!(piece_of(&counted, 699), 612..700);
    }
}
