//! Processor time, to say what the supervisor itself costs.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of processor time of the calling thread.
pub use faceau_shared::timing::processor_time as of_this_thread;

/// Nanoseconds of processor time of this process with all its threads, children not included.
pub fn of_this_process() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
