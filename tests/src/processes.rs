//! Which processes of a test are alive, as Linux tells it in `/proc`.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::DEADLINE;
use crate::program::MARK;

/// Process numbers of all that live with this mark in their environment. Zombies have none.
pub fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("{MARK}={mark}").into_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("Linux has /proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        // A process may end while we look.
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|&b| b == 0).any(|word| word == wanted) {
            found.push(pid);
        }
    }
    found
}

/// Waits until as many processes with this mark live.
///
/// # Panics
/// When that does not come about.
#[track_caller]
pub fn expect_marked(mark: &str, count: usize) -> Vec<u32> {
    let begin = Instant::now();
    loop {
        let alive = marked(mark);
        if alive.len() == count {
            return alive;
        }
        assert!(
            begin.elapsed() < DEADLINE,
            "{count} processes should live, these do: {alive:?}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Names in the system's folder of shared memory that are ours.
pub fn shared_memory_left() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/dev/shm") else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("faceau"))
        .collect()
}
