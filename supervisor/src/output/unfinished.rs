//! How an output appears under its name: whole, or not at all.
//!
//! It is written under another name beside where it is to be, and renamed when it is complete. One
//! that is found later belongs to a run that was killed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::OutputError;

/// Ending of what is being written.
const UNFINISHED: &str = ".faceau-unfinished";

/// The folder that `path` is in.
pub(super) fn folder_of(path: &Path) -> &Path {
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
pub(super) fn remove_left_over(path: &Path) {
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
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    }
}

/// A file that is being written. It goes when this is dropped.
#[derive(Debug)]
pub struct Unfinished {
    writer: BufWriter<File>,
    temporary: Temporary,
}

/// Removed when dropped, if it is still there.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0).or_else(|_| fs::remove_dir_all(&self.0));
    }
}

impl Unfinished {
    /// Begins a file that is to be `path`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let temporary = unfinished(path, std::process::id());
        let file = File::create(&temporary).map_err(OutputError::on(path))?;
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 18, file),
            temporary: Temporary(temporary),
        })
    }

    /// Where the content goes.
    pub fn writer(&mut self) -> &mut BufWriter<File> {
        &mut self.writer
    }

    /// The content is complete: once it is on the disk, the file appears at `path`, which is in the
    /// folder where it was begun, in place of one that is there.
    ///
    /// # Errors
    /// When the system refuses; then there is nothing at `path` that was not there before.
    pub fn finish(mut self, path: &Path) -> Result<(), OutputError> {
        let mut attempt = || -> io::Result<()> {
            self.writer.flush()?;
            self.writer.get_ref().sync_all()?;
            fs::rename(&self.temporary.0, path)
        };
        attempt().map_err(OutputError::on(path))
    }
}

/// A folder that is being filled. It goes with its content when this is dropped.
#[derive(Debug)]
pub struct UnfinishedFolder(Temporary);

impl UnfinishedFolder {
    /// Begins a folder that is to be `path`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let temporary = unfinished(path, std::process::id());
        // Only a process of this number, which is this one, could still want one of that name.
        let _ = fs::remove_dir_all(&temporary);
        fs::create_dir(&temporary).map_err(OutputError::on(path))?;
        Ok(Self(Temporary(temporary)))
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.0.0
    }

    /// The folder is complete and appears at `path`, which is beside where it was begun, in place
    /// of one that is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn finish(self, path: &Path) -> Result<(), OutputError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let old = Temporary(unfinished(
            &path.with_file_name(format!("{name}.old")),
            std::process::id(),
        ));
        match fs::rename(path, &old.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.map_err(OutputError::on(path))?,
        }
        fs::rename(self.path(), path).map_err(|error| {
            // The old one is better than none.
            let _ = fs::rename(&old.0, path);
            OutputError::on(path)(error)
        })
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
    let mut file = Unfinished::create(path)?;
    write(file.writer()).map_err(OutputError::on(path))?;
    file.finish(path)
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
    fn what_killed_runs_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        // No process has this number: it is above what any system gives out.
        let dead = unfinished(&path, 0x3fff_fffe);
        let alive = unfinished(&path, std::process::id());
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("face.bmp"), b"").unwrap();
        fs::write(&alive, b"").unwrap();
        remove_left_over(&path);
        assert!(!dead.exists());
        assert!(alive.exists());
    }

    #[test]
    fn a_folder_appears_whole_and_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces");
        for content in ["first", "second"] {
            let unfinished = UnfinishedFolder::create(&path).unwrap();
            fs::write(unfinished.path().join("a"), content).unwrap();
            unfinished.finish(&path).unwrap();
            assert_eq!(fs::read_to_string(path.join("a")).unwrap(), content);
        }
        let dropped = UnfinishedFolder::create(&path).unwrap();
        fs::write(dropped.path().join("a"), "third").unwrap();
        drop(dropped);
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
