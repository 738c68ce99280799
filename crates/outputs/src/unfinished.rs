//! How an output appears under its name: whole, or not at all.
//!
//! It is written elsewhere on the same disk, flushed, and renamed when it is complete: a job's
//! outputs in the job's own folder, which goes with the job; a lone file under another name beside
//! where it is to be. One of those that is found later belongs to a run that was killed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use faceau_system::durable::{flush_files, flush_folder};
use faceau_system::process;

use super::OutputError;
use super::destination::resolve;

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
            .and_then(|pid| pid.parse::<u32>().ok());
        if let Some(pid) = pid
            && !process::is_alive(pid)
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
    /// Begins a file that is to be `path`, in the folder `workshop` on the same disk.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(path: &Path, workshop: &Path) -> Result<Self, OutputError> {
        Self::at(path, workshop.join(path.file_name().unwrap_or_default()))
    }

    fn at(path: &Path, temporary: PathBuf) -> Result<Self, OutputError> {
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

    /// The content is complete: once it is on the disk, the file appears at `path`, which is on the
    /// disk where it was begun, in place of one that is there.
    ///
    /// # Errors
    /// When the system refuses; then there is nothing at `path` that was not there before.
    pub fn finish(mut self, path: &Path) -> Result<(), OutputError> {
        let mut attempt = || -> io::Result<()> {
            self.writer.flush()?;
            self.writer.get_ref().sync_all()?;
            fs::rename(&self.temporary.0, path)?;
            flush_folder(folder_of(path))
        };
        attempt().map_err(OutputError::on(path))
    }
}

/// A folder that is being filled. It goes with its content when this is dropped.
#[derive(Debug)]
pub struct UnfinishedFolder(Temporary);

impl UnfinishedFolder {
    /// Begins a folder that is to be `path`, in the folder `workshop` on the same disk.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(path: &Path, workshop: &Path) -> Result<Self, OutputError> {
        let temporary = workshop.join(path.file_name().unwrap_or_default());
        fs::create_dir(&temporary).map_err(OutputError::on(path))?;
        Ok(Self(Temporary(temporary)))
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.0.0
    }

    /// The folder is complete: once its files are on the disk it appears at `path`, which is on the
    /// disk where it was begun, in place of one that is there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn finish(self, path: &Path) -> Result<(), OutputError> {
        flush_files(self.path()).map_err(OutputError::on(path))?;
        let old = Temporary(self.path().with_extension("old"));
        match fs::rename(path, &old.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.map_err(OutputError::on(path))?,
        }
        fs::rename(self.path(), path).map_err(|error| {
            // The old one is better than none.
            let _ = fs::rename(&old.0, path);
            OutputError::on(path)(error)
        })?;
        flush_folder(folder_of(path)).map_err(OutputError::on(path))
    }
}

/// Writes a job's file in the folder `workshop`; it appears at `path` once it is whole and on the
/// disk.
///
/// # Errors
/// When the system refuses; then there is nothing under `path` that was not there before.
pub(super) fn write_in(
    workshop: &Path,
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), OutputError> {
    let mut file = Unfinished::create(path, workshop)?;
    write(file.writer()).map_err(OutputError::on(path))?;
    file.finish(path)
}

/// Writes a lone file under another name and renames it once it is whole and on the disk. A link is
/// followed.
///
/// # Errors
/// When what is there is no file, or the system refuses; then there is nothing under `path` that was not there before.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), OutputError> {
    let path = &resolve(path)?;
    remove_left_over(path);
    let mut file = Unfinished::at(path, unfinished(path, std::process::id()))?;
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
    fn a_job_s_file_is_written_in_its_workshop() {
        let [folder, workshop] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let path = folder.path().join("a.csv");
        write_in(workshop.path(), &path, |w| {
            assert!(workshop.path().join("a.csv").exists());
            w.write_all(b"whole")
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(workshop.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_appears_whole_and_takes_the_place_of_another() {
        let [folder, workshop] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let path = folder.path().join("faces");
        for content in ["first", "second"] {
            let unfinished = UnfinishedFolder::create(&path, workshop.path()).unwrap();
            fs::write(unfinished.path().join("a"), content).unwrap();
            unfinished.finish(&path).unwrap();
            assert_eq!(fs::read_to_string(path.join("a")).unwrap(), content);
        }
        let dropped = UnfinishedFolder::create(&path, workshop.path()).unwrap();
        fs::write(dropped.path().join("a"), "third").unwrap();
        drop(dropped);
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(workshop.path()).unwrap().count(), 0);
    }
}
