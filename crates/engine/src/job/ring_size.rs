//! How many slots a ring has: policy on frame size, number of workers and memory.
//!
//! More slots keep a worker from waiting for its decoder's hiccups; but the rings of all workers
//! together must not take the memory that the workers need.

use std::path::Path;

use faceau_shared::results::ResultLayout;
use faceau_shared::ring::{LayoutError, RingLayout};

use faceau_media::{Geometry, InputError};

/// No more slots than this help.
const MOST_SLOTS: usize = 8;
/// Memory of one ring, if that leaves it a slot.
const RING_BYTES: usize = 64 << 20;
/// Memory of all rings together, if that leaves each of them a slot.
const ALL_RINGS_BYTES: usize = 300_000_000;

/// The shape of the rings of `workers` workers for frames of at most `geometry` and their results.
///
/// # Errors
/// When no ring can hold such a frame.
pub fn ring_layout(
    geometry: Geometry,
    results: ResultLayout,
    workers: usize,
) -> Result<RingLayout, LayoutError> {
    let frame = RingLayout::frame_bytes(geometry.width, geometry.height);
    let results = results.bytes();
    let slot = RingLayout::new(1, frame, results)?.total_bytes();
    let budget = RING_BYTES.min(ALL_RINGS_BYTES / workers.max(1));
    let slots = (budget / slot).clamp(1, MOST_SLOTS);
    RingLayout::new(slots as u32, frame, results)
}

/// Refuses a job whose rings would take more than half of the machine's memory. `memory` is `None`
/// where the system does not tell.
///
/// # Errors
/// Says how much is needed, and how many workers would do.
pub fn check_memory(
    path: &Path,
    geometry: Geometry,
    layout: RingLayout,
    workers: usize,
    memory: Option<u64>,
) -> Result<(), InputError> {
    let Some(memory) = memory else {
        return Ok(());
    };
    let (ring, allowed) = (layout.total_bytes() as u64, memory / 2);
    let needed = ring * workers as u64;
    if needed <= allowed {
        return Ok(());
    }
    Err(InputError::TooMuchMemory {
        path: path.into(),
        width: geometry.width,
        height: geometry.height,
        needed_mb: needed / 1_000_000,
        workers,
        machine_mb: memory / 1_000_000,
        fitting: (allowed / ring) as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_measure::Limits;
    use proptest::prelude::*;

    fn layout(width: usize, height: usize, workers: usize) -> RingLayout {
        let geometry = Geometry { width, height };
        let limits = Limits {
            record: 1,
            faces: 1,
            state: 1400,
            values: 12_500,
        };
        ring_layout(geometry, ResultLayout::new(&limits, 0), workers).unwrap()
    }

    #[test]
    fn usual_videos_have_slots_to_spare() {
        assert_eq!(layout(640, 480, 8).slots(), 8);
        assert_eq!(layout(1080, 1920, 2).slots(), 8);
        assert!(layout(1080, 1920, 8).slots() >= 5);
    }

    #[test]
    fn large_frames_take_little_memory_together() {
        for workers in 1..=12 {
            let rings = workers * layout(3840, 2160, workers).total_bytes();
            assert!(rings < 300_000_000, "{workers} workers: {rings}");
        }
        assert_eq!(layout(7680, 4320, 4).slots(), 1);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let geometry = Geometry {
            width: 10_000,
            height: 10_000,
        };
        let check = |workers: usize, memory| {
            let layout = layout(10_000, 10_000, workers);
            check_memory(Path::new("a.mp4"), geometry, layout, workers, memory)
        };
        assert!(check(64, None).is_ok());
        assert!(check(8, Some(16 << 30)).is_ok());
        let refused = check(8, Some(4 << 30)).unwrap_err().to_string();
        assert!(
            refused.contains("a.mp4") && refused.contains("--workers 7"),
            "{refused}"
        );
        assert!(check(7, Some(4 << 30)).is_ok());
        let hopeless = check(1, Some(1 << 29)).unwrap_err().to_string();
        assert!(hopeless.contains("scale it down"), "{hopeless}");
    }

    proptest! {
        #[test]
        fn there_is_always_a_slot_and_never_too_many(
            width in 1_usize..33_000, height in 1_usize..3_000, workers in 1_usize..257,
        ) {
            let layout = layout(width, height, workers);
            prop_assert!((1..=MOST_SLOTS).contains(&(layout.slots() as usize)));
            if layout.slots() > 1 {
                prop_assert!(layout.total_bytes() <= RING_BYTES);
                prop_assert!(layout.total_bytes() * workers <= ALL_RINGS_BYTES);
            }
        }
    }
}
