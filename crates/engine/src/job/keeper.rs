//! Results of frames whose turn has not come, on disk instead of in memory.
//!
//! Segments far from the one that is being written can have thousands of results waiting, more so
//! when the worker of an early one is stuck. Each takes a place in a file without a name, and gives it
//! back when nobody wants it any more, so that the file grows with what waits and not with the video.
//! Results have any length; places come in a few sizes, so that one can take another's.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// No place is smaller: a page of most disks.
const SMALLEST_PLACE: u64 = 1 << 12;

/// Places that can be used again, by their size.
type Free = Arc<Mutex<BTreeMap<u64, Vec<u64>>>>;

/// Keeps results.
#[derive(Debug)]
pub struct Keeper {
    file: File,
    /// Where the last place ends.
    end: u64,
    free: Free,
}

/// The place of one frame's results, which it holds until it is dropped.
#[derive(Debug)]
pub struct Kept {
    offset: u64,
    length: usize,
    free: Free,
}

/// How large the place for so many bytes is: quarters of powers of two, so that less than a quarter
/// is wasted.
fn place_size(length: usize) -> u64 {
    let length = (length as u64).max(SMALLEST_PLACE);
    let step = (length.next_power_of_two() / 8).max(1);
    length.next_multiple_of(step)
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let places = free.entry(place_size(self.length)).or_default();
        places.push(self.offset);
    }
}

impl Keeper {
    /// Begins in `folder`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create_in(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(folder)?,
            end: 0,
            free: Free::default(),
        })
    }

    /// Keeps `bytes`.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn keep(&mut self, bytes: &[u8]) -> io::Result<Kept> {
        let size = place_size(bytes.len());
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = free.get_mut(&size).and_then(Vec::pop).unwrap_or_else(|| {
            self.end += size;
            self.end - size
        });
        drop(free);
        let kept = Kept {
            offset,
            length: bytes.len(),
            free: Arc::clone(&self.free),
        };
        self.file.write_all_at(bytes, offset)?;
        Ok(kept)
    }

    /// Reads back what was kept, in place of what is in `bytes`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&self, kept: &Kept, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.resize(kept.length, 0);
        self.file.read_exact_at(bytes, kept.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Whatever is kept and dropped in whatever order, what is still kept can be read, and no
        /// more places are taken than were ever needed at once.
        #[test]
        fn places_are_used_again(
            steps in prop::collection::vec((any::<bool>(), 0_usize..8, 0_usize..20_000), 0..100),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut keeper = Keeper::create_in(folder.path()).unwrap();
            let mut kept: BTreeMap<u8, (Kept, usize)> = BTreeMap::new();
            let mut most: BTreeMap<u64, u64> = BTreeMap::new();
            for (number, (drop, which, length)) in steps.into_iter().enumerate() {
                if drop {
                    let key = kept.keys().nth(which).copied();
                    key.map(|key| kept.remove(&key));
                } else {
                    let number = number as u8;
                    kept.insert(number, (keeper.keep(&vec![number; length]).unwrap(), length));
                    let size = place_size(length);
                    prop_assert!(size >= length as u64);
                    let now = kept.values().filter(|kept| place_size(kept.1) == size).count();
                    let most = most.entry(size).or_default();
                    *most = (*most).max(now as u64);
                }
                let mut bytes = Vec::new();
                for (number, (kept, length)) in &kept {
                    keeper.read(kept, &mut bytes).unwrap();
                    prop_assert!(bytes == vec![*number; *length]);
                }
            }
            let needed: u64 = most.iter().map(|(size, count)| size * count).sum();
            prop_assert!(keeper.end <= needed);
        }

        #[test]
        fn a_place_is_hardly_larger_than_what_lies_in_it(length in 1_usize..1 << 24) {
            let (size, length) = (place_size(length), length as u64);
            prop_assert!(size >= length);
            prop_assert!(size == SMALLEST_PLACE || 4 * size <= 5 * length);
        }
    }
}
