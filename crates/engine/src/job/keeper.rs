//! Results of frames whose turn has not come, on disk instead of in memory.
//!
//! Segments far from the one that is being written can have thousands of results waiting, more so
//! when the worker of an early one is stuck. Each
//! takes a place of fixed size in a file without a name, and gives it back when nobody wants it
//! any more, so that the file grows with what waits and not with the video.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Places that can be used again.
type Free = Arc<Mutex<Vec<u64>>>;

/// Keeps results of equal size.
#[derive(Debug)]
pub struct Keeper {
    file: File,
    size: usize,
    /// Number of places, free or not.
    places: u64,
    free: Free,
}

/// The place of one frame's results, which it holds until it is dropped.
#[derive(Debug)]
pub struct Kept {
    place: u64,
    free: Free,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(self.place);
    }
}

impl Keeper {
    /// Begins in `folder`, for results of `size` bytes.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create_in(folder: &Path, size: usize) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(folder)?,
            size,
            places: 0,
            free: Free::default(),
        })
    }

    /// Keeps the first `size` of `bytes`.
    ///
    /// # Errors
    /// When the disk is full or fails.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn keep(&mut self, bytes: &[u8]) -> io::Result<Kept> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let place = free.pop().unwrap_or_else(|| {
            self.places += 1;
            self.places - 1
        });
        drop(free);
        let kept = Kept {
            place,
            free: Arc::clone(&self.free),
        };
        self.file
            .write_all_at(&bytes[..self.size], place * self.size as u64)?;
        Ok(kept)
    }

    /// Reads back what was kept.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&self, kept: &Kept, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.resize(self.size, 0);
        self.read_into(kept, bytes)
    }

    /// Reads back what was kept into `bytes`, which is as long.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read_into(&self, kept: &Kept, bytes: &mut [u8]) -> io::Result<()> {
        self.file
            .read_exact_at(bytes, kept.place * self.size as u64)
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
        fn places_are_used_again(steps in prop::collection::vec((any::<bool>(), 0_usize..8), 0..200)) {
            let folder = tempfile::tempdir().unwrap();
            let mut keeper = Keeper::create_in(folder.path(), 3).unwrap();
            let mut kept: BTreeMap<u8, Kept> = BTreeMap::new();
            let mut most = 0;
            for (number, (drop, which)) in steps.into_iter().enumerate() {
                if drop {
                    let key = kept.keys().nth(which).copied();
                    key.map(|key| kept.remove(&key));
                } else {
                    let number = number as u8;
                    kept.insert(number, keeper.keep(&[number, 1, 2, 99]).unwrap());
                    most = most.max(kept.len() as u64);
                }
                let mut bytes = Vec::new();
                for (number, kept) in &kept {
                    keeper.read(kept, &mut bytes).unwrap();
                    prop_assert_eq!(&bytes[..], [*number, 1, 2]);
                }
            }
            prop_assert!(keeper.places <= most);
        }
    }
}
