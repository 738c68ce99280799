//! Peak memory of a running supervisor and its workers, where the system tells (Linux).

use std::fs;

use super::report::PeakMemory;

/// Looks at a supervisor and its children, and keeps the largest values in `peak`.
pub fn look(supervisor: u32, peak: &mut Option<PeakMemory>) {
    let Some(own) = peak_of(supervisor) else {
        return;
    };
    let largest = children(supervisor).into_iter().filter_map(peak_of).max();
    let before = peak.unwrap_or(PeakMemory {
        supervisor: 0,
        worker: 0,
    });
    *peak = Some(PeakMemory {
        supervisor: before.supervisor.max(own),
        worker: before.worker.max(largest.unwrap_or(0)),
    });
}

/// Largest resident memory that a process had so far, in bytes.
fn peak_of(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Processes that any thread of a process started.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = threads.flatten().filter_map(|thread| {
        // Gone with its thread, or not compiled into this kernel.
        fs::read_to_string(thread.path().join("children")).ok()
    });
    let lists: Vec<String> = lists.collect();
    let numbers = lists.iter().flat_map(|list| list.split_whitespace());
    numbers.filter_map(|number| number.parse().ok()).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_and_its_children_are_seen() {
        let mut child = Command::new("/bin/cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Once it answers it has memory of its own.
        let mut echo = [0];
        child.stdin.as_mut().unwrap().write_all(b"?").unwrap();
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut echo)
            .unwrap();
        let mut peak = None;
        look(std::process::id(), &mut peak);
        let seen = peak.unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            seen.supervisor > 1 << 20 && seen.worker > 1 << 16,
            "{seen:?}"
        );
        look(u32::MAX, &mut peak);
        assert_eq!(peak, Some(seen));
    }
}
