//! What brings frames to one worker: its ring and a thread that decodes straight into it.
//!
//! A lane belongs to one worker process and goes with it, so that a slot which a lost worker might
//! still touch is never used again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use faceau_shared::ring::{BusySlot, FreeSlot, Ring, RingError, RingLayout};
use faceau_vision::analysis::FrameAnalysis;

use crate::events::{DecodedFrame, Event, EventSender, ReaderEvent, WorkerId};
use crate::input::reader::{ReadError, Reader};
use crate::input::{Geometry, Source};
use crate::plan::Segment;

/// Slots of a ring: enough that a worker never waits for its decoder's hiccups.
const MOST_SLOTS: usize = 8;
const FEWEST_SLOTS: usize = 3;
/// Memory that a ring takes if its slots are large, as with 4K video.
const RING_BYTES: usize = 32 << 20;

/// The shape of the ring for frames of a certain size.
pub fn ring_layout(geometry: Geometry) -> Result<RingLayout, RingError> {
    let frame = RingLayout::frame_bytes(geometry.width, geometry.height);
    let slots = (RING_BYTES / frame.max(1)).clamp(FEWEST_SLOTS, MOST_SLOTS);
    Ok(RingLayout::new(slots as u32, frame, FrameAnalysis::BYTES)?)
}

/// A frame that a worker has.
#[derive(Debug)]
pub struct InFlight {
    /// Its slot.
    pub slot: BusySlot,
    /// The segment it belongs to.
    pub segment: usize,
    /// Its number, counted from 0.
    pub frame: usize,
}

/// One worker's line of frames.
pub struct Lane {
    ring: Ring,
    free: mpsc::Sender<FreeSlot>,
    orders: mpsc::Sender<(usize, Segment)>,
    stop: Arc<AtomicBool>,
    /// Frames that the worker has, by slot.
    in_flight: BTreeMap<u32, InFlight>,
    /// Segments given to this lane and not complete, in order.
    segments: VecDeque<usize>,
    /// When the worker last gave a slot back or got the first of several.
    last_sign: Instant,
}

impl Lane {
    /// Makes a ring for frames of `source` and starts the thread that fills it.
    ///
    /// # Errors
    /// When there is no shared memory, or no thread.
    pub fn open(
        worker: WorkerId,
        source: &Source,
        decoder_threads: usize,
        events: &EventSender,
    ) -> Result<Self, RingError> {
        let layout = ring_layout(source.geometry())?;
        let (ring, slots) = Ring::create(layout)?;
        let (free, free_slots) = mpsc::channel();
        for slot in slots {
            // The receiver is right here.
            let _ = free.send(slot);
        }
        let (orders, segments) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let filler = Filler {
            worker,
            source: source.clone(),
            decoder_threads,
            free_slots,
            events: events.clone(),
            stop: Arc::clone(&stop),
        };
        thread::Builder::new()
            .name("decoder".into())
            .spawn(move || filler.run(&segments))
            .map_err(|source| RingError::NoMemory {
                bytes: layout.total_bytes(),
                source,
            })?;
        Ok(Self {
            ring,
            free,
            orders,
            stop,
            in_flight: BTreeMap::new(),
            segments: VecDeque::new(),
            last_sign: Instant::now(),
        })
    }

    /// The ring, to be handed to the worker.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Has `segment` decoded after what is being decoded now.
    pub fn read(&mut self, number: usize, segment: Segment) {
        self.segments.push_back(number);
        // If the thread has failed, that was an event of its own.
        let _ = self.orders.send((number, segment));
    }

    /// Segments given to this lane and not complete; the first is the one worked on.
    pub fn segments(&mut self) -> &[usize] {
        self.segments.make_contiguous()
    }

    /// All results of the lane's first segment are there.
    pub fn segment_completed(&mut self) {
        self.segments.pop_front();
    }

    /// The worker got a frame.
    pub fn dispatched(&mut self, frame: InFlight) {
        if self.in_flight.is_empty() {
            self.last_sign = Instant::now();
        }
        self.in_flight.insert(frame.slot.index(), frame);
    }

    /// The worker gave a slot back. `None` if it never had it.
    pub fn returned(&mut self, slot: u32, frame: u64) -> Option<InFlight> {
        let in_flight = self.in_flight.get(&slot)?;
        if in_flight.frame as u64 + 1 != frame {
            return None;
        }
        self.last_sign = Instant::now();
        self.in_flight.remove(&slot)
    }

    /// A slot can be filled again.
    pub fn recycle(&self, slot: FreeSlot) {
        let _ = self.free.send(slot);
    }

    /// Whether the worker has frames.
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// The frame the worker should be working on, and since when nothing was heard of it.
    pub fn waiting_for(&self) -> Option<(usize, Instant)> {
        let frame = self.in_flight.values().map(|f| f.frame).min()?;
        Some((frame, self.last_sign))
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
    worker: WorkerId,
    source: Source,
    decoder_threads: usize,
    free_slots: mpsc::Receiver<FreeSlot>,
    events: EventSender,
    stop: Arc<AtomicBool>,
}

impl Filler {
    fn run(self, segments: &mpsc::Receiver<(usize, Segment)>) {
        let mut reader = None;
        while let Ok((number, segment)) = segments.recv() {
            let event = match self.read_segment(&mut reader, number, &segment) {
                Ok(true) => ReaderEvent::SegmentRead,
                Ok(false) => return,
                Err(error) => ReaderEvent::Failed(error),
            };
            if self.events.send(Event::Reader(self.worker, event)).is_err() {
                return;
            }
        }
    }

    /// Decodes all frames of a segment into slots as they become free. `false` when nobody wants
    /// them any more.
    fn read_segment(
        &self,
        reader: &mut Option<Reader>,
        number: usize,
        segment: &Segment,
    ) -> Result<bool, ReadError> {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(Reader::open(&self.source, self.decoder_threads)?),
        };
        reader.go_to(segment.start)?;
        for frame in segment.seen() {
            let Ok(slot) = self.free_slots.recv() else {
                return Ok(false);
            };
            if self.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let mut slot = slot.fill();
            let size = reader.read(frame, RingLayout::row_stride, slot.pixels())?;
            let decoded = DecodedFrame {
                frame,
                segment: number,
                slot: slot.queue(),
                width: size.width,
                height: size.height,
                stride: RingLayout::row_stride(size.width),
            };
            let event = Event::Reader(self.worker, ReaderEvent::Decoded(decoded));
            if self.events.send(event).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
