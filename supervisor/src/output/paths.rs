//! Where outputs go, and how a file appears under its name: whole, or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Ending of files that are being written. One that is found belongs to a run that was killed.
const UNFINISHED: &str = ".faceau-unfinished";

/// An output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// There is a file already.
    #[error("{}: exists already; use --overwrite to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The files of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPaths {
    /// The CSV.
    pub csv: PathBuf,
}

impl OutputPaths {
    /// The run record beside the CSV.
    pub fn run_record(&self) -> PathBuf {
        self.csv.with_extension("run.json")
    }

    /// Where rows go that are right but not all: the run was stopped before the end.
    pub fn partial(&self) -> Self {
        Self {
            csv: self.csv.with_extension("partial.csv"),
        }
    }

    /// Makes sure before any work that the outputs can be written.
    ///
    /// # Errors
    /// When the CSV exists and is not to be replaced, or its folder cannot be written to.
    pub fn prepare(&self, overwrite: bool) -> Result<(), OutputError> {
        let failed = |source| OutputError::Write {
            path: self.csv.clone(),
            source,
        };
        if self.csv.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if self.csv.exists() && !overwrite {
            return Err(OutputError::Exists {
                path: self.csv.clone(),
            });
        }
        let folder = folder_of(&self.csv);
        fs::create_dir_all(folder).map_err(failed)?;
        for path in [self.csv.clone(), self.run_record()] {
            remove_left_over(&path);
        }
        tempfile::tempfile_in(folder).map_err(failed)?;
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Name under which `path` is written by the process `pid` until it is whole.
fn unfinished(path: &Path, pid: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{pid}{UNFINISHED}"))
}

/// Removes what killed runs left unfinished of the same output. Other runs that live are let be.
fn remove_left_over(path: &Path) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let Ok(entries) = fs::read_dir(folder_of(path)) else {
        return;
    };
    for entry in entries.flatten() {
        let found = entry.file_name();
        let pid = found
            .to_str()
            .and_then(|found| found.strip_prefix(&prefix))
            .and_then(|rest| rest.strip_suffix(UNFINISHED))
            .and_then(|pid| pid.parse::<i32>().ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid
            && rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
        {
            // Left there, it does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Writes a file under another name and renames it once it is whole and on the disk.
///
/// # Errors
/// When the system refuses; then there is nothing under `path` that was not there before.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), OutputError> {
    let temporary = unfinished(path, std::process::id());
    let attempt = || -> io::Result<()> {
        let mut writer = BufWriter::with_capacity(1 << 18, File::create(&temporary)?);
        write(&mut writer)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        fs::rename(&temporary, path)
    };
    attempt().map_err(|source| {
        let _ = fs::remove_file(&temporary);
        OutputError::Write {
            path: path.to_owned(),
            source,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let failed = write_whole(&path, |w| {
            w.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("a.csv"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        write_whole(&path, |w| w.write_all(b"whole")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn an_output_that_exists_is_not_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let paths = OutputPaths {
            csv: folder.path().join("a.csv"),
        };
        paths.prepare(false).unwrap();
        fs::write(&paths.csv, b"old").unwrap();
        assert!(matches!(
            paths.prepare(false),
            Err(OutputError::Exists { .. })
        ));
        paths.prepare(true).unwrap();
        assert_eq!(paths.run_record(), folder.path().join("a.run.json"));
        assert_eq!(paths.partial().csv, folder.path().join("a.partial.csv"));
    }

    #[test]
    fn what_killed_runs_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = OutputPaths {
            csv: folder.path().join("a.csv"),
        };
        // No process has this number: it is above what any system gives out.
        let dead = unfinished(&paths.csv, 0x3fff_fffe);
        let alive = unfinished(&paths.csv, std::process::id());
        fs::write(&dead, b"").unwrap();
        fs::write(&alive, b"").unwrap();
        paths.prepare(false).unwrap();
        assert!(!dead.exists());
        assert!(alive.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        let paths = OutputPaths {
            csv: folder.path().join("file/a.csv"),
        };
        assert!(matches!(
            paths.prepare(false),
            Err(OutputError::Write { .. })
        ));
    }
}
