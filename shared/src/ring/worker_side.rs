//! The worker's side of a ring: it may touch a slot from the moment it is told of it until it
//! says that it is done.

use std::os::fd::OwnedFd;

use super::layout::RingLayout;
use super::memory::{Region, RingError};

/// A ring that the supervisor made.
#[derive(Debug)]
pub struct WorkerRing {
    region: Region,
}

impl WorkerRing {
    /// Maps the region behind `descriptor`.
    ///
    /// # Errors
    /// When the layout is impossible or the region too short.
    pub fn attach(descriptor: OwnedFd, layout: RingLayout) -> Result<Self, RingError> {
        let layout = layout.checked()?;
        Ok(Self {
            region: Region::open(descriptor, layout)?,
        })
    }

    /// Takes up a slot that the supervisor dispatched. The exclusive borrow means: one at a time.
    ///
    /// # Errors
    /// When there is no such slot.
    pub fn take(&mut self, index: u32) -> Result<WorkingSlot<'_>, RingError> {
        let slots = self.region.layout().slots();
        if index >= slots {
            return Err(RingError::NoSuchSlot { index, slots });
        }
        Ok(WorkingSlot { ring: self, index })
    }
}

/// The slot a worker works on.
#[derive(Debug)]
pub struct WorkingSlot<'a> {
    ring: &'a mut WorkerRing,
    index: u32,
}

impl WorkingSlot<'_> {
    /// The pixels, and the room for the results.
    pub fn split(&mut self) -> (&[u8], &mut [u8]) {
        let region = &self.ring.region;
        let pixels = region.layout().pixels(self.index);
        let results = region.layout().results(self.index);
        // SAFETY: both ranges lie inside the mapping and do not overlap; the supervisor gave the
        // slot to this process with the message that named it and does not touch it until it is
        // given back; `ring` is borrowed exclusively, so there is no second view in this process.
        unsafe {
            (
                std::slice::from_raw_parts(region.base().add(pixels.start), pixels.len()),
                std::slice::from_raw_parts_mut(region.base().add(results.start), results.len()),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Connection;
    use crate::ring::Ring;
    use std::os::unix::net::UnixStream;

    #[test]
    fn pixels_go_one_way_and_results_the_other() {
        let layout = RingLayout::new(3, 1000, 16).unwrap();
        let (ring, mut free) = Ring::create(layout).unwrap();
        let (here, there) = UnixStream::pair().unwrap();
        let mut here = Connection::new(here).unwrap();
        let mut there = Connection::new(there).unwrap();
        here.writer.send_descriptor(ring.descriptor()).unwrap();
        let descriptor = there.reader.receive_descriptor().unwrap();
        let mut worker = WorkerRing::attach(descriptor, ring.layout()).unwrap();

        let mut filling = free.pop().unwrap().fill();
        filling.pixels().fill(7);
        let queued = filling.queue();
        let index = queued.index();
        let busy = queued.dispatch();

        let mut slot = worker.take(index).unwrap();
        let (pixels, results) = slot.split();
        assert_eq!(pixels.len(), 1000);
        assert!(pixels.iter().all(|&p| p == 7));
        results.copy_from_slice(b"sixteen bytes ok");

        let done = busy.done();
        let mut read = [0; 16];
        done.read_results(&mut read);
        assert_eq!(&read, b"sixteen bytes ok");
        free.push(done.release());
        assert_eq!(free.len(), 3);
    }

    #[test]
    fn a_region_that_is_too_short_is_refused() {
        let small = RingLayout::new(1, 10, 10).unwrap();
        let large = RingLayout::new(64, 10_000, 10).unwrap();
        let (ring, _free) = Ring::create(small).unwrap();
        let descriptor = ring.descriptor().try_clone_to_owned().unwrap();
        let attached = WorkerRing::attach(descriptor, large);
        assert!(matches!(attached, Err(RingError::TooShort { .. })));
    }

    #[test]
    fn a_slot_that_is_not_there_is_refused() {
        let layout = RingLayout::new(2, 10, 10).unwrap();
        let (ring, _free) = Ring::create(layout).unwrap();
        let descriptor = ring.descriptor().try_clone_to_owned().unwrap();
        let mut worker = WorkerRing::attach(descriptor, layout).unwrap();
        assert!(worker.take(1).is_ok());
        assert!(matches!(
            worker.take(2),
            Err(RingError::NoSuchSlot { index: 2, slots: 2 })
        ));
    }
}
