//! What brings frames to one worker: its ring and a thread that decodes straight into it.
//!
//! A lane belongs to one worker process and goes with it, so that a slot which a lost worker might
//! still touch is never used again.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use faceau_shared::protocol::SlotPlanes;
use faceau_shared::ring::{BusySlot, FreeSlot, Ring, RingError, RingLayout};
use faceau_shared::timing;

use crate::events::{DecodeTimes, DecodedFrame, Event, EventSender, LaneId, ReaderEvent, WorkerId};
use crate::task::TaskId;
use faceau_media::reader::{ReadError, Reader};
use faceau_media::video::Orientation;
use faceau_media::{Geometry, Source};
use faceau_vision::colour::PictureFormat;

/// Free slots are given to the decoder when they are this part of the ring.
const SHARE_OF_HANDFUL: usize = 2;

/// Threads of each decoder. With several, what FFmpeg shows in place of damaged pictures depends on
/// their timing, and a table must not; workers decode side by side as it is.
const DECODER_THREADS: usize = 1;

/// One worker's line of frames.
pub struct Lane {
    ring: Ring,
    free: mpsc::Sender<FreeSlot>,
    orders: mpsc::Sender<(TaskId, Range<usize>)>,
    stop: Arc<AtomicBool>,
    id: LaneId,
    /// The frame that was decoded last, until it is decided what becomes of it.
    decoded: Option<DecodedFrame>,
    /// Slots that the worker has.
    busy: BTreeMap<u32, BusySlot>,
    /// Those among them that hold no pixels, and why.
    unreadable: BTreeMap<u32, String>,
    /// Free slots that the decoder is not told of yet, and how many make it worth waking it.
    rested: Vec<FreeSlot>,
    handful: usize,
}

impl Lane {
    /// Makes a ring of this shape, and starts the thread that fills it with frames of `source`.
    ///
    /// # Errors
    /// When there is no shared memory, or no thread.
    pub fn open(
        worker: WorkerId,
        source: &Source,
        layout: RingLayout,
        events: &EventSender,
    ) -> Result<Self, RingError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = LaneId {
            worker,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        };
        let (ring, slots) = Ring::create(layout)?;
        let (free, free_slots) = mpsc::channel();
        for slot in slots {
            // The receiver is right here.
            let _ = free.send(slot);
        }
        let (orders, tasks) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let filler = Filler {
            id,
            source: source.clone(),
            free_slots,
            events: events.clone(),
            stop: Arc::clone(&stop),
        };
        thread::Builder::new()
            .name("decoder".into())
            .spawn(move || filler.run(&tasks))
            .map_err(|cause| RingError::NoMemory {
                bytes: layout.total_bytes(),
                cause,
            })?;
        Ok(Self {
            ring,
            free,
            orders,
            stop,
            id,
            decoded: None,
            busy: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            rested: Vec::new(),
            handful: (layout.slots() as usize / SHARE_OF_HANDFUL).max(1),
        })
    }

    /// The ring, to be handed to the worker.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Which lane this is.
    pub fn id(&self) -> LaneId {
        self.id
    }

    /// Has the frames of a task decoded after what is being decoded now.
    pub fn read(&mut self, task: TaskId, frames: Range<usize>) {
        // If the thread has failed, that was an event of its own.
        let _ = self.orders.send((task, frames));
    }

    /// A frame has been decoded.
    pub fn decoded(&mut self, frame: DecodedFrame) {
        self.decoded = Some(frame);
    }

    /// The frame in `slot` that was decoded last.
    pub fn take_decoded(&mut self, slot: u32) -> Option<DecodedFrame> {
        self.decoded.take_if(|frame| frame.slot.index() == slot)
    }

    /// The worker has a slot, in which there are no pixels if it is said why.
    pub fn lend(&mut self, slot: BusySlot, unreadable: Option<String>) {
        if let Some(reason) = unreadable {
            self.unreadable.insert(slot.index(), reason);
        }
        self.busy.insert(slot.index(), slot);
    }

    /// Why the slot that is given back held no pixels, if it did not.
    pub fn take_unreadable(&mut self, slot: u32) -> Option<String> {
        self.unreadable.remove(&slot)
    }

    /// The worker gave a slot back. `None` if it never had it.
    pub fn take_back(&mut self, slot: u32) -> Option<BusySlot> {
        self.busy.remove(&slot)
    }

    /// A slot can be filled again.
    ///
    /// The decoder is ahead most of the time. Woken for every single slot, it and this thread would
    /// spend more on waking each other than on the rest of what they say; so it is given some at a
    /// time, but all of them when the worker has nothing left to do.
    pub fn recycle(&mut self, slot: FreeSlot) {
        self.rested.push(slot);
        if self.rested.len() >= self.handful || self.busy.is_empty() {
            for slot in self.rested.drain(..) {
                // If the thread has failed, that was an event of its own.
                let _ = self.free.send(slot);
            }
        }
    }
}

/// The thread must not go on decoding for nobody.
impl Drop for Lane {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The decoding side of a lane.
struct Filler {
    id: LaneId,
    source: Source,
    free_slots: mpsc::Receiver<FreeSlot>,
    events: EventSender,
    stop: Arc<AtomicBool>,
}

impl Filler {
    fn run(self, tasks: &mpsc::Receiver<(TaskId, Range<usize>)>) {
        let mut reader = None;
        while let Ok((task, frames)) = tasks.recv() {
            let event = match self.read_task(&mut reader, task, frames) {
                Ok(true) => ReaderEvent::TaskRead,
                Ok(false) => return,
                Err(error) => ReaderEvent::Failed(error),
            };
            if self.events.send(Event::Reader(self.id, event)).is_err() {
                return;
            }
        }
    }

    /// Decodes all frames of a task into slots as they become free. `false` when nobody wants
    /// them any more.
    fn read_task(
        &self,
        reader: &mut Option<Reader>,
        task: TaskId,
        frames: Range<usize>,
    ) -> Result<bool, ReadError> {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(Reader::open(&self.source, DECODER_THREADS)?),
        };
        reader.go_to(frames.start)?;
        for frame in frames {
            let waits_since = timing::now();
            let Ok(slot) = self.free_slots.recv() else {
                return Ok(false);
            };
            let began = timing::now();
            if self.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let mut slot = slot.fill();
            let read = reader.read_as_it_is(frame, RingLayout::row_stride, slot.pixels());
            let (size, planes, unreadable) = match read {
                Ok(picture) => (picture.size, picture.planes.map(slot_planes), None),
                Err(ReadError::Input(error)) if error.is_of_one_image() => {
                    let nothing = Geometry {
                        width: 0,
                        height: 0,
                    };
                    (nothing, None, Some(error.to_string()))
                }
                Err(error) => return Err(error),
            };
            let decoded = DecodedFrame {
                frame,
                task,
                slot: slot.queue(),
                width: size.width,
                height: size.height,
                stride: RingLayout::row_stride(size.width),
                planes,
                unreadable,
                times: DecodeTimes {
                    waits_since,
                    began,
                    ended: timing::now(),
                },
            };
            let event = Event::Reader(self.id, ReaderEvent::Decoded(decoded));
            if self.events.send(event).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What a worker is told of planes in a slot.
fn slot_planes((format, orientation): (PictureFormat, Orientation)) -> SlotPlanes {
    SlotPlanes {
        format: format.code(),
        quarter_turns: orientation.quarter_turns,
        flipped: orientation.flipped,
    }
}
