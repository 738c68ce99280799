//! Where things lie inside a ring's region. Pure arithmetic, checked once.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Slots begin on page borders of every platform we know (16 KiB on Apple silicon).
const SLOT_ALIGNMENT: usize = 1 << 14;
/// Rows of pixels and the results begin on cache-line borders.
const LINE: usize = 64;
/// Bytes behind the last row into which a scaler's vector store may run over.
const OVERRUN: usize = 64;
/// No ring needs more slots.
const MOST_SLOTS: u32 = 1024;

/// Shape of a ring: how many slots, and how much each one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingLayout {
    slots: u32,
    pixel_bytes: u64,
    result_bytes: u64,
}

/// A ring of this shape cannot be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a ring of {slots} slots with {pixel_bytes} bytes of pixels and {result_bytes} bytes of \
     results cannot be"
)]
pub struct LayoutError {
    slots: u32,
    pixel_bytes: u64,
    result_bytes: u64,
}

impl RingLayout {
    /// A ring of `slots` slots for frames of at most `pixel_bytes` and results of `result_bytes`.
    ///
    /// # Errors
    /// When there are no slots, too many, or the region would not fit into memory.
    pub fn new(slots: u32, pixel_bytes: usize, result_bytes: usize) -> Result<Self, LayoutError> {
        let layout = Self {
            slots,
            pixel_bytes: pixel_bytes as u64,
            result_bytes: result_bytes as u64,
        };
        layout.checked()
    }

    /// Checks a layout that came from another process.
    ///
    /// # Errors
    /// As [`RingLayout::new`].
    pub fn checked(self) -> Result<Self, LayoutError> {
        let error = LayoutError {
            slots: self.slots,
            pixel_bytes: self.pixel_bytes,
            result_bytes: self.result_bytes,
        };
        let plausible = |bytes: u64| bytes > 0 && bytes <= 1 << 40;
        if self.slots == 0
            || self.slots > MOST_SLOTS
            || !plausible(self.pixel_bytes)
            || !plausible(self.result_bytes)
            || usize::try_from(self.pixel_bytes + self.result_bytes + (1 << 20)).is_err()
            || self
                .slot_bytes()
                .checked_mul(self.slots as usize)
                .is_none_or(|total| isize::try_from(total).is_err())
        {
            return Err(error);
        }
        Ok(self)
    }

    /// Bytes from one row of `width` B, G, R pixels to the next.
    pub fn row_stride(width: usize) -> usize {
        (3 * width).next_multiple_of(LINE)
    }

    /// Bytes that a frame of `width` x `height` pixels takes in a slot.
    pub fn frame_bytes(width: usize, height: usize) -> usize {
        Self::row_stride(width) * height + OVERRUN
    }

    /// Number of slots.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Bytes for the pixels of a slot.
    pub fn pixel_bytes(&self) -> usize {
        self.pixel_bytes as usize
    }

    /// Bytes for the results of a slot.
    pub fn result_bytes(&self) -> usize {
        self.result_bytes as usize
    }

    /// Bytes of the whole region.
    pub fn total_bytes(&self) -> usize {
        self.slot_bytes() * self.slots as usize
    }

    fn results_offset(&self) -> usize {
        self.pixel_bytes().next_multiple_of(LINE)
    }

    fn slot_bytes(&self) -> usize {
        (self.results_offset() + self.result_bytes()).next_multiple_of(SLOT_ALIGNMENT)
    }

    /// Where the pixels of slot `index` lie in the region.
    pub(super) fn pixels(&self, index: u32) -> Range<usize> {
        let start = self.slot_bytes() * index as usize;
        start..start + self.pixel_bytes()
    }

    /// Where the results of slot `index` lie in the region.
    pub(super) fn results(&self, index: u32) -> Range<usize> {
        let start = self.slot_bytes() * index as usize + self.results_offset();
        start..start + self.result_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_impossible_ring_is_refused() {
        assert!(RingLayout::new(0, 10, 10).is_err());
        assert!(RingLayout::new(4, 0, 10).is_err());
        assert!(RingLayout::new(4, 10, 0).is_err());
        assert!(RingLayout::new(4, usize::MAX, 10).is_err());
        assert!(RingLayout::new(u32::MAX, 10, 10).is_err());
    }

    proptest! {
        #[test]
        fn slots_do_not_touch(slots in 1_u32..9, pixels in 1_usize..100_000, results in 1_usize..20_000) {
            let layout = RingLayout::new(slots, pixels, results).unwrap();
            let mut end = 0;
            for index in 0..slots {
                for range in [layout.pixels(index), layout.results(index)] {
                    prop_assert!(range.start >= end);
                    prop_assert_eq!(range.start % LINE, 0);
                    end = range.end;
                }
            }
            prop_assert!(end <= layout.total_bytes());
        }

        #[test]
        fn any_layout_from_outside_is_checked(slots: u32, pixel_bytes: u64, result_bytes: u64) {
            let layout = RingLayout { slots, pixel_bytes, result_bytes };
            if layout.checked().is_ok() {
                prop_assert!(layout.total_bytes() > 0);
            }
        }
    }
}
