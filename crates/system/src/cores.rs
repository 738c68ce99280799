//! How many workers suit this machine.

use std::thread::available_parallelism;

/// One worker per core that is made for work: simultaneous threads of one core share its
/// arithmetic, and Apple's efficiency cores would be the ones everybody waits for.
pub fn sensible_workers() -> usize {
    let allowed = available_parallelism().map_or(1, usize::from);
    physical_cores()
        .map_or(allowed, |cores| cores.min(allowed))
        .max(1)
}

/// Cores of the fastest kind, as macOS counts them.
#[cfg(target_os = "macos")]
fn physical_cores() -> Option<usize> {
    ["hw.perflevel0.physicalcpu", "hw.physicalcpu"]
        .iter()
        .find_map(|name| {
            let output = std::process::Command::new("/usr/sbin/sysctl")
                .args(["-n", name])
                .output()
                .ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        })
}

/// Cores, each counted once however many threads it runs.
#[cfg(target_os = "linux")]
fn physical_cores() -> Option<usize> {
    let mut siblings = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir("/sys/devices/system/cpu").ok()?.flatten() {
        let file = entry.path().join("topology/thread_siblings_list");
        if let Ok(list) = std::fs::read_to_string(file) {
            siblings.insert(list);
        }
    }
    (!siblings.is_empty()).then_some(siblings.len())
}

#[cfg(not(any(target_os = "macos", target_os = "linux")))]
fn physical_cores() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_worker() {
        let workers = sensible_workers();
        assert!(workers >= 1);
        assert!(workers <= available_parallelism().map_or(1, usize::from));
    }
}
