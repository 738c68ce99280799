//! The memory below a ring: anonymous, shared by handing over its descriptor.
//!
//! The region never has a lasting name, so nothing is left behind however a process ends: Linux
//! gives nameless memory (`memfd`), elsewhere a POSIX shared-memory object loses its name before
//! anybody uses it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use memmap2::{MmapOptions, MmapRaw};

use super::layout::{LayoutError, RingLayout};

/// The shared memory of a ring cannot be had or used.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The shape is impossible.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The system gives no memory.
    #[error("{bytes} bytes of shared memory cannot be had: {cause}")]
    NoMemory {
        /// How much was asked for.
        bytes: usize,
        /// What the system said.
        cause: io::Error,
    },
    /// The region is shorter than the layout says.
    #[error("the shared memory has {found} bytes where {expected} are needed")]
    TooShort {
        /// Bytes needed.
        expected: usize,
        /// Bytes found.
        found: u64,
    },
    /// There is no such slot.
    #[error("there is no slot {index} in a ring of {slots}")]
    NoSuchSlot {
        /// The slot asked for.
        index: u32,
        /// How many there are.
        slots: u32,
    },
}

/// A mapped region with its layout.
#[derive(Debug)]
pub(super) struct Region {
    map: MmapRaw,
    descriptor: OwnedFd,
    layout: RingLayout,
}

impl Region {
    /// Makes a new region, all zeros.
    pub(super) fn create(layout: RingLayout) -> Result<Self, RingError> {
        let bytes = layout.total_bytes();
        let no_memory = |cause| RingError::NoMemory { bytes, cause };
        let descriptor = anonymous_memory().map_err(|e| no_memory(e.into()))?;
        rustix::fs::ftruncate(&descriptor, bytes as u64).map_err(|e| no_memory(e.into()))?;
        seal(&descriptor).map_err(|e| no_memory(e.into()))?;
        Self::map(descriptor, layout).map_err(no_memory)
    }

    /// Maps a region that another process made.
    pub(super) fn open(descriptor: OwnedFd, layout: RingLayout) -> Result<Self, RingError> {
        let expected = layout.total_bytes();
        let no_memory = |cause| RingError::NoMemory {
            bytes: expected,
            cause,
        };
        let found = rustix::fs::fstat(&descriptor).map_err(|e| no_memory(e.into()))?;
        let found = found.st_size as u64;
        if found < expected as u64 {
            return Err(RingError::TooShort { expected, found });
        }
        Self::map(descriptor, layout).map_err(no_memory)
    }

    fn map(descriptor: OwnedFd, layout: RingLayout) -> io::Result<Self> {
        let map = MmapOptions::new()
            .len(layout.total_bytes())
            .map_raw(&descriptor)?;
        Ok(Self {
            map,
            descriptor,
            layout,
        })
    }

    pub(super) fn layout(&self) -> &RingLayout {
        &self.layout
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// First byte of the region; valid for `layout().total_bytes()` bytes while `self` lives.
    pub(super) fn base(&self) -> *mut u8 {
        self.map.as_mut_ptr()
    }
}

#[cfg(target_os = "linux")]
fn anonymous_memory() -> rustix::io::Result<OwnedFd> {
    use rustix::fs::MemfdFlags;
    rustix::fs::memfd_create(
        "faceau-ring",
        MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
    )
}

/// Nobody can shrink the region under the other's feet, which would kill it with SIGBUS.
#[cfg(target_os = "linux")]
fn seal(descriptor: &OwnedFd) -> rustix::io::Result<()> {
    use rustix::fs::SealFlags;
    rustix::fs::fcntl_add_seals(
        descriptor,
        SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    )
}

/// The name lives for the moment between two calls, and is at most 31 bytes long as macOS wants.
#[cfg(not(target_os = "linux"))]
fn anonymous_memory() -> rustix::io::Result<OwnedFd> {
    use rustix::fs::Mode;
    use rustix::shm::OFlags;
    use std::sync::atomic::{AtomicU32, Ordering};

    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("/faceau-{:x}-{number:x}", std::process::id());
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR;
        match rustix::shm::open(name.as_str(), flags, Mode::RUSR | Mode::WUSR) {
            // A killed process of the same number left it in that moment; it is nobody's.
            Err(rustix::io::Errno::EXIST) => {
                rustix::shm::unlink(name.as_str())?;
            }
            other => {
                let descriptor = other?;
                rustix::shm::unlink(name.as_str())?;
                return Ok(descriptor);
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn seal(_: &OwnedFd) -> rustix::io::Result<()> {
    Ok(())
}
