//! Does the machine have what a run takes: processor, memory, files, disk?

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use faceau_shared::ring::{Ring, RingError, RingLayout};
use rustix::process::{Resource, getrlimit};

use super::Finding;
use faceau_system::machine;

/// A worker with its ring and its sessions needs about this much, whatever the video's length.
const BYTES_PER_WORKER: u64 = 200 << 20;
/// Open files of a worker's line: socket, memory, video, pipes; and of everything else.
const FILES_PER_WORKER: u64 = 12;
const FILES_BESIDE: u64 = 64;
/// An hour at 60 frames a second makes a table of nearly 1 GB, and needs as much while it is made.
const ROOMY: u64 = 2 << 30;
/// A frame of video, full HD.
const FRAME_BYTES: usize = 1920 * 1080 * 3;
const SLOTS: u32 = 8;
const RESULT_BYTES: usize = 1 << 16;

/// Looks at all of it.
pub fn check(workers: usize, out_dir: &Path) -> Vec<Finding> {
    let mut findings = vec![
        processor(workers),
        shared_memory(workers),
        memory(workers, machine::available_memory()),
        open_files(workers),
        folder("results", out_dir, "name another folder with --out-dir"),
    ];
    let temporary = std::env::temp_dir();
    findings.push(folder(
        "temporary files",
        &temporary,
        "set TMPDIR to another folder",
    ));
    if let Some(cache) = dirs::cache_dir() {
        let cache = cache.join("faceau");
        findings.push(folder("cache", &cache, "make it writable"));
    }
    findings
}

fn processor(workers: usize) -> Finding {
    const NAME: &str = "processor";
    let instructions = machine::vector_instructions();
    let found = format!(
        "{} ({}), {} threads, vector instructions: {}; workers by default or as asked: {workers}",
        machine::processor().unwrap_or_else(|| "unknown".into()),
        std::env::consts::ARCH,
        machine::threads(),
        match instructions.is_empty() {
            true => "none that help".into(),
            false => instructions.join(", "),
        }
    );
    if instructions.is_empty() {
        let fix =
            "it works, but slowly; a processor with AVX2 (since 2013) is several times faster";
        Finding::warning(NAME, found, fix)
    } else {
        Finding::ok(NAME, found)
    }
}

/// Makes the rings that so many workers need, and writes a frame into each.
fn shared_memory(workers: usize) -> Finding {
    const NAME: &str = "shared memory";
    let make = || -> Result<usize, RingError> {
        let layout = RingLayout::new(SLOTS, FRAME_BYTES, RESULT_BYTES)?;
        let mut rings = Vec::new();
        for _ in 0..workers {
            let (ring, slots) = Ring::create(layout)?;
            if let Some(slot) = slots.into_iter().next() {
                slot.fill().pixels().fill(1);
            }
            rings.push(ring);
        }
        Ok(layout.total_bytes() * workers)
    };
    match make() {
        Ok(bytes) => Finding::ok(
            NAME,
            format!(
                "{} for {workers} workers and full-HD video can be had",
                size(bytes as u64)
            ),
        ),
        Err(error) => Finding::bad(
            NAME,
            error.to_string(),
            "use fewer workers (--workers 1); in a container, allow more memory",
        ),
    }
}

fn memory(workers: usize, available: Option<u64>) -> Finding {
    const NAME: &str = "memory";
    let needed = BYTES_PER_WORKER * workers as u64;
    match available {
        None => Finding::skipped(NAME, "this system does not tell how much is free"),
        Some(free) if free < needed => Finding::warning(
            NAME,
            format!(
                "{} free, {workers} workers need about {}",
                size(free),
                size(needed)
            ),
            format!(
                "close other programs, or use --workers {}",
                (free / BYTES_PER_WORKER).max(1)
            ),
        ),
        Some(free) => Finding::ok(
            NAME,
            format!(
                "{} free, {workers} workers need about {}",
                size(free),
                size(needed)
            ),
        ),
    }
}

fn open_files(workers: usize) -> Finding {
    const NAME: &str = "open files";
    let needed = FILES_BESIDE + FILES_PER_WORKER * workers as u64;
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < needed => Finding::bad(
            NAME,
            format!("{limit} are allowed, {workers} workers need about {needed}"),
            format!(
                "raise the limit in this shell: ulimit -n {}",
                needed.next_power_of_two()
            ),
        ),
        limit => Finding::ok(
            NAME,
            format!(
                "{} are allowed, {workers} workers need about {needed}",
                limit.map_or("any number".to_owned(), |limit| limit.to_string())
            ),
        ),
    }
}

/// Whether files can be made in a folder, which need not exist yet, and how much room there is.
fn folder(name: &'static str, folder: &Path, other: &str) -> Finding {
    let place = existing(folder);
    let shown = folder.display();
    let free = || -> io::Result<u64> {
        tempfile::tempfile_in(&place)?;
        let disk = rustix::fs::statvfs(&place)?;
        Ok(disk.f_bavail * disk.f_frsize)
    };
    match free() {
        Ok(free) if free < ROOMY => Finding::warning(
            name,
            format!("{shown}: {} free on this disk", size(free)),
            format!(
                "make room ({} are enough for an hour of video), or {other}",
                size(ROOMY)
            ),
        ),
        Ok(free) => Finding::ok(
            name,
            format!("{shown} can be written to, {} free", size(free)),
        ),
        Err(error) => Finding::bad(
            name,
            format!("{shown} cannot be written to: {error}"),
            other.to_owned(),
        ),
    }
}

/// The folder itself, or the nearest one above it that exists.
fn existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let exists = absolute.ancestors().find(|path| fs::metadata(path).is_ok());
    exists.map_or_else(|| folder.to_owned(), Path::to_owned)
}

fn size(bytes: u64) -> String {
    match bytes {
        ..0x4000_0000 => format!("{} MB", bytes >> 20),
        _ => format!("{:.1} GB", bytes as f64 / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn scarce_memory_is_a_warning_with_a_number() {
        let found = memory(4, Some(500 << 20));
        assert_eq!(found.status, Status::Warning);
        assert!(found.fix.unwrap().ends_with("--workers 2"));
        assert_eq!(memory(4, Some(5 << 30)).status, Status::Ok);
        assert_eq!(memory(4, None).status, Status::Skipped);
    }

    #[test]
    fn shared_memory_is_really_made() {
        let found = shared_memory(2);
        assert_eq!(found.status, Status::Ok, "{found:?}");
    }

    #[test]
    fn a_folder_is_judged_by_what_is_there_of_it() {
        let there = tempfile::tempdir().unwrap();
        let found = folder("results", &there.path().join("not/yet"), "x");
        assert_ne!(found.status, Status::Bad, "{found:?}");
        assert!(!there.path().join("not").exists());
        let file = there.path().join("file");
        fs::write(&file, "").unwrap();
        let found = folder("results", &file, "name another");
        assert_eq!(
            (found.status, found.fix.as_deref()),
            (Status::Bad, Some("name another"))
        );
    }
}
