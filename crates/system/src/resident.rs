//! How much memory a process takes.

/// Resident bytes of a process; `None` when the system does not say.
#[cfg(target_os = "linux")]
pub fn resident(pid: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    // Total size, then the resident set, in pages.
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Resident bytes of a process; `None` when the system does not say.
#[cfg(target_os = "macos")]
pub fn resident(pid: u32) -> Option<u64> {
    use std::mem::{MaybeUninit, size_of};

    let mut info = MaybeUninit::<libc::proc_taskinfo>::uninit();
    let size = size_of::<libc::proc_taskinfo>() as libc::c_int;
    // SAFETY: the buffer is `size` bytes long and belongs to this function; the system writes at
    // most that much and says how much it wrote.
    let written = unsafe {
        libc::proc_pidinfo(
            i32::try_from(pid).ok()?,
            libc::PROC_PIDTASKINFO,
            0,
            info.as_mut_ptr().cast(),
            size,
        )
    };
    // SAFETY: all of it was written, and any bytes are valid numbers.
    (written == size).then(|| unsafe { info.assume_init() }.pti_resident_size)
}

/// Resident bytes of a process; `None` when the system does not say.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn resident(_: u32) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_used_is_seen() {
        let pid = std::process::id();
        let before = resident(pid).unwrap();
        assert!(before > 100_000);
        let block = vec![1_u8; 64 << 20];
        let with_block = resident(pid).unwrap();
        assert!(with_block > before + (32 << 20), "{before} {with_block}");
        drop(block);
    }
}
