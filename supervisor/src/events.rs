//! Everything that can happen, in one channel.
//!
//! One thread owns all state and takes these one at a time. Every other thread only turns the
//! outside world into events.

use std::sync::mpsc;

use faceau_shared::protocol::{FromWorker, ProtocolError};
use faceau_shared::ring::QueuedSlot;

use crate::input::reader::ReadError;
use crate::input::{InputError, Source};
use crate::job::TaskId;

/// Names one worker process. Never used twice, so that late news of a dead worker meets nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub u32);

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// To or by a worker process.
    Worker(WorkerId, WorkerEvent),
    /// In the thread that decodes for a worker.
    Reader(WorkerId, ReaderEvent),
    /// An input has been looked through.
    Indexed(Box<Result<Source, InputError>>),
    /// Somebody wants the program to stop: the signal's number.
    Signal(i32),
}

/// What a worker process does.
#[derive(Debug)]
pub enum WorkerEvent {
    /// It said something.
    Said(FromWorker),
    /// It wrote a line to its standard error.
    Wrote(String),
    /// It cannot be understood, or closed its socket.
    Silent(ProtocolError),
    /// Its process has ended. It is kept as a zombie until the owner reaps it.
    Ended,
}

/// What a decoding thread does.
#[derive(Debug)]
pub enum ReaderEvent {
    /// A frame lies in a slot.
    Decoded(DecodedFrame),
    /// All frames of the task it was given are in slots, and another can be read.
    TaskRead,
    /// The frames cannot be read.
    Failed(ReadError),
}

/// A frame in a slot.
#[derive(Debug)]
pub struct DecodedFrame {
    /// Its number, counted from 0.
    pub frame: usize,
    /// The task it was read for.
    pub task: TaskId,
    /// Where its pixels are.
    pub slot: QueuedSlot,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Bytes from row to row.
    pub stride: usize,
}

/// Where events are sent to.
pub type EventSender = mpsc::Sender<Event>;
/// Where events come from.
pub type EventReceiver = mpsc::Receiver<Event>;
