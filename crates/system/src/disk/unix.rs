//! Disks as POSIX knows them.

use std::path::Path;

pub fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    (found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use crate::disk::is_full;

    #[test]
    fn the_system_s_own_words_for_a_full_disk_are_known() {
        let error = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        assert!(is_full(&error(Errno::NOSPC)));
        assert!(is_full(&error(Errno::DQUOT)));
        assert!(!is_full(&error(Errno::IO)));
    }
}
