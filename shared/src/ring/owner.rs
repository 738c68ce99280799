//! The supervisor's side of a ring: slots as values that change type as they change hands.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use super::layout::RingLayout;
use super::memory::{Region, RingError};

/// A ring that this process made and whose slots it hands out.
#[derive(Debug)]
pub struct Ring {
    region: Arc<Region>,
}

impl Ring {
    /// Makes a ring and all its slots, free.
    ///
    /// # Errors
    /// When the system gives no shared memory.
    pub fn create(layout: RingLayout) -> Result<(Self, Vec<FreeSlot>), RingError> {
        let region = Arc::new(Region::create(layout)?);
        let slots = (0..layout.slots())
            .map(|index| {
                FreeSlot(Slot {
                    region: Arc::clone(&region),
                    index,
                })
            })
            .collect();
        Ok((Self { region }, slots))
    }

    /// The ring's shape.
    pub fn layout(&self) -> RingLayout {
        *self.region.layout()
    }

    /// The region's descriptor, to be handed to the worker.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.region.descriptor()
    }
}

/// The one token of a slot. Not `Clone`: whoever holds it owns the slot.
#[derive(Debug)]
struct Slot {
    region: Arc<Region>,
    index: u32,
}

/// A slot that nobody uses.
#[derive(Debug)]
pub struct FreeSlot(Slot);

/// A slot whose pixels are being written.
#[derive(Debug)]
pub struct FillingSlot(Slot);

/// A slot whose pixels are complete and that waits for its worker.
#[derive(Debug)]
pub struct QueuedSlot(Slot);

/// A slot that belongs to the worker.
#[derive(Debug)]
pub struct BusySlot(Slot);

/// A slot whose results are complete.
#[derive(Debug)]
pub struct DoneSlot(Slot);

impl FreeSlot {
    /// Begins to write pixels.
    pub fn fill(self) -> FillingSlot {
        FillingSlot(self.0)
    }
}

impl FillingSlot {
    /// The room for the pixels.
    pub fn pixels(&mut self) -> &mut [u8] {
        let range = self.0.region.layout().pixels(self.0.index);
        // SAFETY: the range lies inside the mapping (`RingLayout` is checked when the region is
        // made, and the region cannot shrink), no other token of this slot exists, ranges of
        // different slots do not overlap, and the worker has not been told of the slot. The borrow
        // of `self` keeps both the token and the mapping alive.
        unsafe {
            std::slice::from_raw_parts_mut(self.0.region.base().add(range.start), range.len())
        }
    }

    /// The pixels are complete.
    pub fn queue(self) -> QueuedSlot {
        QueuedSlot(self.0)
    }
}

impl QueuedSlot {
    /// Number of the slot, for the message to the worker.
    pub fn index(&self) -> u32 {
        self.0.index
    }

    /// Puts something where the results will be, for the worker to begin with.
    ///
    /// # Panics
    /// When `bytes` is longer than the room for results.
    pub fn write_results(&mut self, bytes: &[u8]) {
        let range = self.0.region.layout().results(self.0.index);
        assert!(bytes.len() <= range.len(), "more than a slot's results");
        // SAFETY: the range lies inside the mapping, `bytes` is memory of this process that does
        // not overlap it, and the worker has not been told of the slot.
        unsafe {
            std::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                self.0.region.base().add(range.start),
                bytes.len(),
            );
        }
    }

    /// The worker has been told: the slot is its own now.
    pub fn dispatch(self) -> BusySlot {
        BusySlot(self.0)
    }
}

impl BusySlot {
    /// Number of the slot.
    pub fn index(&self) -> u32 {
        self.0.index
    }

    /// The worker said it is done with the slot.
    pub fn done(self) -> DoneSlot {
        DoneSlot(self.0)
    }

    /// The worker gave the slot back without results, or is dead: its process has been reaped.
    pub fn reclaim(self) -> FreeSlot {
        FreeSlot(self.0)
    }
}

impl DoneSlot {
    /// Copies the results out. They are small, and a copy cannot change while it is checked.
    ///
    /// # Panics
    /// When `results` is longer than the room for results.
    pub fn read_results(&self, results: &mut [u8]) {
        let range = self.0.region.layout().results(self.0.index);
        assert!(results.len() <= range.len(), "more than a slot's results");
        // SAFETY: the range lies inside the mapping, `results` is memory of this process and thus
        // does not overlap it, and the worker gave the slot back.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.0.region.base().add(range.start),
                results.as_mut_ptr(),
                results.len(),
            );
        }
    }

    /// The results have been read.
    pub fn release(self) -> FreeSlot {
        FreeSlot(self.0)
    }
}
