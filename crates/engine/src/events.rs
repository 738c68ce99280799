//! Everything that can happen, in one channel.
//!
//! One thread owns all state and takes these one at a time. Every other thread only turns the
//! outside world into events.

use std::cell::Cell;
use std::fmt;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use faceau_shared::protocol::{FromWorker, ProtocolError, SlotPlanes};
use faceau_shared::ring::QueuedSlot;

use crate::task::TaskId;
use faceau_media::reader::ReadError;
use faceau_media::{InputError, Source};

/// Names one worker process. Never used twice, so that late news of a dead worker meets nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub u32);

/// Names one worker's line of frames in one job. Never used twice: a worker has one in every job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneId {
    /// The worker.
    pub worker: WorkerId,
    /// Counts all lanes.
    pub number: u64,
}

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// To or by a worker process.
    Worker(WorkerId, WorkerEvent),
    /// In the thread that decodes for a worker.
    Reader(LaneId, ReaderEvent),
    /// An input has been looked through.
    Indexed(Box<Result<Source, InputError>>),
    /// Somebody wants the work to stop.
    Stop(Stop),
    /// Somebody wants the work to pause.
    Pause(Pause),
}

/// Somebody wants the work to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Why: a number of the asker's own, which comes back with the outcome. A command line gives the
    /// signal's.
    pub cause: i32,
    /// Whether it means more than the first one did if it comes again.
    pub insists: bool,
}

/// Requests to stop after which nothing counts any more.
pub const LAST_STOP: u32 = 3;

/// Somebody wants the work to pause: workers stand still while this is called.
pub struct Pause(pub Box<dyn FnOnce() + Send>);

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pause")
    }
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

/// When a frame was decoded, by the clock that all processes share.
#[derive(Debug, Clone, Copy)]
pub struct DecodeTimes {
    /// From here on the decoder waited for a free slot.
    pub waits_since: u64,
    /// It had one and began.
    pub began: u64,
    /// The pixels were in the slot.
    pub ended: u64,
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
    /// Bytes from row to row, where there are pixels.
    pub stride: usize,
    /// What lies there instead of pixels, if something does.
    pub planes: Option<SlotPlanes>,
    /// Why there are no pixels, if there are none: its image cannot be read. It goes its way all the
    /// same, so that its place in the order is kept.
    pub unreadable: Option<String>,
    /// When it was decoded.
    pub times: DecodeTimes,
}

/// Where events are sent to.
pub type EventSender = mpsc::Sender<Event>;

/// How often deadlines are looked at and progress is shown.
pub const TICK: Duration = Duration::from_millis(100);
/// What the time between two looks at the clock counts for at most: a few ticks.
const LONGEST_STEP: Duration = Duration::from_millis(300);

/// A moment, as the time since the program began in which it could work.
pub type Moment = Duration;

/// Makes the one channel.
pub fn channel() -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::channel();
    let receiver = EventReceiver {
        receiver,
        seen: Cell::new(Instant::now()),
        worked: Cell::new(Duration::ZERO),
    };
    (sender, receiver)
}

/// Where events come from, and the clock by which deadlines are kept.
///
/// The thread that waits for events looks at the clock several times a second. Where two looks are
/// far apart, the machine slept, the program was stopped, or it was not given a
/// processor; whatever it was, workers could not work either, and no deadline may pass meanwhile.
/// (Standard [`Instant`]s stand still while Linux or macOS sleep, but not while the program is
/// stopped.)
#[derive(Debug)]
pub struct EventReceiver {
    receiver: mpsc::Receiver<Event>,
    seen: Cell<Instant>,
    worked: Cell<Duration>,
}

impl EventReceiver {
    /// Waits for the next event, for `wait` at most.
    pub fn next(&self, wait: Duration) -> Option<Event> {
        // The senders of whoever owns this live as long, so it can only be time that has run out.
        self.receiver.recv_timeout(wait).ok()
    }

    /// The current moment.
    pub fn now(&self) -> Moment {
        self.at(Instant::now())
    }

    fn at(&self, instant: Instant) -> Moment {
        let step = instant.saturating_duration_since(self.seen.replace(instant));
        self.worked.set(self.worked.get() + step.min(LONGEST_STEP));
        self.worked.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_of_the_machine_does_not_count() {
        let (_sender, receiver) = channel();
        let start = receiver.seen.get();
        let first = receiver.at(start + Duration::from_millis(100));
        assert_eq!(first, Duration::from_millis(100));
        // A night with the lid closed.
        let second = receiver.at(start + Duration::from_secs(30_000));
        assert_eq!(second - first, LONGEST_STEP);
        // Should the clock ever go backwards.
        assert_eq!(receiver.at(start), second);
        let third = receiver.at(start + Duration::from_millis(100));
        assert_eq!(third - second, Duration::from_millis(100));
    }
}
