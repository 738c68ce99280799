//! How much a disk can still take.

#[cfg_attr(unix, path = "unix.rs")]
mod sys;

use std::io;
use std::path::Path;

/// Room that is left to others: systems misbehave when their disk is full to the last byte.
pub const RESERVE: u64 = 32 << 20;

/// The number of bytes that a user may still write in `folder`. `None` where the file system does
/// not say.
pub fn free(folder: &Path) -> Option<u64> {
    sys::free(folder)
}

/// Whether the disk was so full that it refused something.
pub fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
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
    fn a_full_disk_is_told_from_a_broken_one() {
        assert!(is_full(&io::ErrorKind::StorageFull.into()));
        assert!(is_full(&io::ErrorKind::QuotaExceeded.into()));
        assert!(!is_full(&io::ErrorKind::Other.into()));
        assert_eq!(readable(1_234_000_000), "1.2 GB");
        assert_eq!(readable(999_400_000), "999 MB");
        assert_eq!(readable(1), "1 kB");
    }
}
