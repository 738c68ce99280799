//! How much room there is on the disk, and how much a job needs.
//!
//! A full disk must not cost a night's work: a job is not begun where it does not fit, and one that
//! runs out of room waits until there is some. What waiting means is decided in [`crate::job`].

use std::io;
use std::path::Path;

use faceau_vision::analysis::AU_MODELS;
use faceau_vision::extras::Extras;

/// Room that is left to others: systems misbehave when their disk is full to the last byte.
pub const RESERVE: u64 = 32 << 20;

/// Bytes that a frame's results take in the journal, extras aside: measured with real faces, where
/// every second frame has histogram bins, and rounded up.
const JOURNAL_BYTES: u64 = 6_000;
/// Bytes of a number in a table with what separates it from the next, measured and rounded up.
const CELL_BYTES: u64 = 7;

/// The number of bytes that a user may still write in `folder`. `None` where the file system does
/// not say.
pub fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    (found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize))
}

/// Whether the disk was so full that it refused something.
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// About how many bytes a job of `frames` frames takes on the disk at most, while it is worked on
/// and when it is done, if its table has `columns` columns.
pub fn needed(frames: usize, columns: usize, extras: Extras) -> u64 {
    // A row is there twice for a moment, and so are extras, which are in the journal, too.
    let row = 2 * CELL_BYTES * columns as u64;
    let scores = 8 * AU_MODELS as u64;
    let extras = 2 * extras.bytes() as u64;
    frames as u64 * (JOURNAL_BYTES + row + scores + extras)
}

/// A number of bytes, for people.
pub fn readable(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e9 => format!("{:.1} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.0} MB", b / 1e6),
        b => format!("{:.0} kB", (b / 1e3).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_says_how_much_is_free() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free(folder.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(free(&folder.path().join("nowhere")), None);
    }

    #[test]
    fn more_results_need_more_room() {
        let plain = needed(1000, 714, Extras::default());
        assert!((14_000_000..20_000_000).contains(&plain), "{plain}");
        let extras = Extras {
            fhog: true,
            aligned_face: true,
        };
        assert!(needed(1000, 714, extras) > plain + 2 * 1000 * extras.bytes() as u64 - 1);
        assert!(needed(1000, 5, Extras::default()) < plain);
    }

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        let error = |errno: rustix::io::Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        assert!(is_full(&error(rustix::io::Errno::NOSPC)));
        assert!(is_full(&error(rustix::io::Errno::DQUOT)));
        assert!(!is_full(&error(rustix::io::Errno::IO)));
        assert_eq!(readable(1_234_000_000), "1.2 GB");
        assert_eq!(readable(999_400_000), "999 MB");
        assert_eq!(readable(1), "1 kB");
    }
}
