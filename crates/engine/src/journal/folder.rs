//! The folder of a job beside its output, `interview.faceau-job`: everything that the job keeps on
//! the disk before it is done lies in it, and goes with it.
//!
//! Who holds its lock may use it. The system takes the lock away when its holder dies, however
//! that happens, so a lock is never left over; a folder may be, and is then cleaned or continued
//! by the next run that writes the same output.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use faceau_outputs::job_folder;

const LOCK: &str = "lock";
const JOURNAL: &str = "journal";
/// How many runs in a row have begun to work here and have not come to any end, this one included.
const STARTS: &str = "starts";
/// There if the last run failed: what it left is worth something to the same command only.
const FAILED: &str = "failed";

/// A job's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another run is at work on the same output.
    #[error(
        "{}: another run {}is writing this output already; wait for it, or give this one another \
         output with --output",
        output.display(),
        pid.map_or_else(String::new, |pid| format!("(process {pid}) "))
    )]
    Taken {
        /// The output.
        output: PathBuf,
        /// The other run's process, if it has said so.
        pid: Option<u32>,
    },
    /// The system refuses.
    #[error(
        "{}: cannot be written: {}, where a job keeps what is not finished, cannot be used: {cause}",
        output.display(), path.display()
    )]
    Unusable {
        /// The output.
        output: PathBuf,
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// A job's folder, with its lock.
#[derive(Debug)]
pub struct JobFolder {
    path: PathBuf,
    _lock: File,
    /// Whether the file system knows locks.
    locked: bool,
    /// Whether this run has noted its start, or must leave the count as it is.
    starts: Starts,
}

/// What becomes of the count of starts when the folder is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Starts {
    /// It goes: this run has come to an end, whichever.
    Forget,
    /// It stays: nothing was begun.
    Keep,
}

impl JobFolder {
    /// The folder of the job that writes `output`.
    pub fn beside(output: &Path) -> PathBuf {
        job_folder(output)
    }

    /// Makes the folder if need be and takes its lock. What a killed run left in it is removed, but
    /// for its journal.
    ///
    /// # Errors
    /// When another run has the lock, or the system refuses.
    pub fn take(output: &Path) -> Result<Self, FolderError> {
        let path = Self::beside(output);
        let unusable = |cause| FolderError::Unusable {
            output: output.to_owned(),
            path: path.clone(),
            cause,
        };
        let lock_path = path.join(LOCK);
        loop {
            match fs::create_dir_all(&path) {
                // It was there, and its holder has just removed it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !is_file(&path) => {
                    continue;
                }
                made => made.map_err(unusable)?,
            }
            let opened = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&lock_path);
            let mut lock = match opened {
                // Its holder has just finished and removed the folder.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(unusable)?,
            };
            let locked = match lock.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    // Without a number the message is shorter.
                    let _ = lock.read_to_string(&mut text);
                    return Err(FolderError::Taken {
                        output: output.to_owned(),
                        pid: text.trim().parse().ok(),
                    });
                }
                // Some network file systems know no locks. Work there is better than none.
                Err(TryLockError::Error(_)) => false,
            };
            if !is_at(&lock, &lock_path) {
                continue;
            }
            let mut introduce = || {
                lock.set_len(0)?;
                lock.rewind()?;
                writeln!(lock, "{}", std::process::id())
            };
            // The number is for a message only, and a full disk is noticed by those who wait for it.
            let _ = introduce();
            let folder = Self {
                path,
                _lock: lock,
                locked,
                starts: Starts::Forget,
            };
            folder.clean();
            return Ok(folder);
        }
    }

    /// Removes the folder of the job that wrote `output`.
    ///
    /// # Errors
    /// When another run is at work in it, or the system refuses.
    pub fn discard(output: &Path) -> Result<(), FolderError> {
        if Self::beside(output).exists() {
            Self::take(output)?.remove();
        }
        Ok(())
    }

    /// Removes outputs that were not finished.
    fn clean(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if ![LOCK, JOURNAL, STARTS, FAILED]
                .iter()
                .any(|kept| name == *kept)
            {
                // Left there, it only takes room.
                let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
            }
        }
    }

    /// How many runs in a row have died while they worked on `output`, counting one that is still at
    /// work.
    pub fn starts_without_end(output: &Path) -> u32 {
        count_of_starts(&Self::beside(output))
    }

    /// Notes on the disk that work begins, in case the program does not live to its end.
    pub fn note_start(&self) {
        let count = self.deaths() + 1;
        let note = || {
            let mut file = File::create(self.path.join(STARTS))?;
            writeln!(file, "{count}")?;
            file.sync_all()
        };
        // A full disk is noticed by those who wait for it.
        let _: io::Result<()> = note();
    }

    /// How many runs in a row have died here. None is at work, as this one has the lock.
    pub fn deaths(&self) -> u32 {
        count_of_starts(&self.path)
    }

    /// Nothing was begun: the count of those who died stays.
    pub fn leave_alone(mut self) {
        self.starts = Starts::Keep;
    }

    /// Notes that the job failed, by itself and not by an interruption.
    pub fn note_failure(&self) {
        // Without the note, another input is refused here: safe, if a nuisance.
        let _ = File::create(self.path.join(FAILED));
    }

    /// Whether the last run failed. Asking forgets it: what follows is another run.
    pub fn take_failure(&self) -> bool {
        fs::remove_file(self.path.join(FAILED)).is_ok()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another run would really be kept out.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Where the journal lies.
    pub fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }

    /// Removes the folder with the journal: the job is done, or nothing in it is worth keeping.
    pub fn remove(self) {
        let _ = fs::remove_file(self.journal());
    }
}

/// Leaves the journal behind, if there is one, for a later run to go on with.
impl Drop for JobFolder {
    fn drop(&mut self) {
        self.clean();
        if self.starts == Starts::Forget {
            let _ = fs::remove_file(self.path.join(STARTS));
        }
        if !self.journal().exists() {
            let _ = fs::remove_file(self.path.join(FAILED));
        }
        // The lock goes last, so that nobody finds the folder half empty and free.
        let _ = fs::remove_file(self.path.join(LOCK));
        // It stays if the journal is in it, or a count.
        let _ = fs::remove_dir(&self.path);
    }
}

/// A count that a power cut has torn was one at least.
fn count_of_starts(folder: &Path) -> u32 {
    let count = fs::read_to_string(folder.join(STARTS));
    count.map_or(0, |text| text.trim().parse().unwrap_or(1))
}

/// Whether something that is no folder lies at `path`.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| !there.is_dir())
}

/// Whether `path` still leads to `file`.
fn is_at(file: &File, path: &Path) -> bool {
    let number = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => number(open) == number(there),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_can_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.csv");
        let first = JobFolder::take(&output).unwrap();
        assert!(first.path().ends_with("a.faceau-job"));
        let error = JobFolder::take(&output).unwrap_err();
        let expected = format!("process {}", std::process::id());
        assert!(error.to_string().contains(&expected), "{error}");
        assert!(JobFolder::discard(&output).is_err());
        drop(first);
        let second = JobFolder::take(&output).unwrap();
        second.remove();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        JobFolder::discard(&output).unwrap();
    }

    #[test]
    fn what_was_not_finished_goes_and_the_journal_stays() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.csv");
        let path = JobFolder::beside(&output);
        fs::create_dir_all(path.join("faces")).unwrap();
        fs::write(path.join("faces/1.bmp"), "").unwrap();
        fs::write(path.join("a.hog"), "").unwrap();
        fs::write(path.join(JOURNAL), "kept").unwrap();
        // A lock file that nobody holds is no lock.
        fs::write(path.join(LOCK), "1").unwrap();
        let taken = JobFolder::take(&output).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
        drop(taken);
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        assert_eq!(fs::read(path.join(JOURNAL)).unwrap(), b"kept");
        JobFolder::discard(&output).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn those_who_die_are_counted_until_one_comes_to_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.csv");
        let die = || {
            let taken = JobFolder::take(&output).unwrap();
            let before = taken.deaths();
            taken.note_start();
            // As when the process is gone: nothing is cleaned up, but the system frees the lock.
            taken._lock.unlock().unwrap();
            std::mem::forget(taken);
            before
        };
        assert_eq!(JobFolder::starts_without_end(&output), 0);
        assert_eq!((die(), die()), (0, 1));
        assert_eq!(JobFolder::starts_without_end(&output), 2);
        JobFolder::take(&output).unwrap().leave_alone();
        assert_eq!(JobFolder::starts_without_end(&output), 2);
        fs::write(JobFolder::beside(&output).join(STARTS), "").unwrap();
        assert_eq!(JobFolder::starts_without_end(&output), 1);
        let taken = JobFolder::take(&output).unwrap();
        taken.note_start();
        drop(taken);
        assert_eq!(JobFolder::starts_without_end(&output), 0);
        assert!(!JobFolder::beside(&output).exists());
    }

    /// Of many that want it at once, one has it at any moment, and each has it in the end.
    #[test]
    fn they_take_turns() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.csv");
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut turns = 0;
                    while turns < 50 {
                        match JobFolder::take(&output) {
                            Ok(taken) => {
                                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                                turns += 1;
                                inside.fetch_sub(1, Ordering::SeqCst);
                                taken.remove();
                            }
                            Err(FolderError::Taken { .. }) => std::thread::yield_now(),
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
        });
    }
}
