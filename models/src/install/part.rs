//! A file that is not whole yet: `<name>.part` beside its place, locked, so that two processes do
//! not write the same one, and kept when interrupted, so that the next attempt goes on from there.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::{Content, files};

/// An open, locked part of a file.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    path: PathBuf,
    home: PathBuf,
    length: u64,
}

impl Part {
    /// Opens the part that belongs to `home`, new or left behind, creating folders on the way.
    /// `on_wait` is called before waiting for a process that has it open.
    pub fn open(home: &Path, mut on_wait: impl FnMut()) -> io::Result<Self> {
        if let Some(folder) = home.parent() {
            fs::create_dir_all(folder)?;
        }
        let path = with_ending(home, ".part");
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    on_wait();
                    file.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever had it may have renamed or removed it: then this is not the file any more.
            let ours = file.metadata()?;
            let there = match fs::metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                other => other?,
            };
            if (ours.dev(), ours.ino()) == (there.dev(), there.ino()) {
                let mut part = Self {
                    length: ours.len(),
                    file,
                    path,
                    home: home.to_owned(),
                };
                part.file.seek(SeekFrom::End(0))?;
                return Ok(part);
            }
        }
    }

    /// Bytes that are here.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Adds what comes next.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Adds all of another file, as a clone of it where the disk can do that.
    pub fn copy(&mut self, source: &mut File) -> io::Result<()> {
        self.length += io::copy(source, &mut self.file)?;
        Ok(())
    }

    /// Forgets everything.
    pub fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.length = 0;
        Ok(())
    }

    /// What is here, read back from the file.
    pub fn content(&mut self) -> io::Result<Content> {
        self.file.rewind()?;
        let content = Content::of_all(&mut self.file)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(content)
    }

    /// Makes sure that the disk has room for a file of `size` bytes, as far as it can tell.
    pub fn make_room(&self, size: u64) -> io::Result<()> {
        let disk = rustix::fs::fstatvfs(&self.file)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < size.saturating_sub(self.length) {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Gives the file its final name, for good. What had that name is kept beside it as
    /// `<name>.altered`.
    pub fn settle(self) -> io::Result<()> {
        self.file.sync_all()?;
        match fs::rename(&self.home, with_ending(&self.home, ".altered")) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(&self.path, &self.home)?;
        files::sync_folder_of(&self.home)
    }

    /// Removes it.
    pub fn discard(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // An empty part is of no use to the next attempt. It may have its final name by now.
        if self.length == 0 {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn open(home: &Path) -> Part {
        Part::open(home, || {}).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_part_is_gone_on_with_until_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("deep/model.dat");
        open(&home).append(b"ab").unwrap();
        assert_eq!(names(home.parent().unwrap()), ["model.dat.part"]);
        let mut part = open(&home);
        assert_eq!(part.len(), 2);
        part.append(b"c").unwrap();
        assert_eq!(part.content().unwrap(), Content::of(b"abc"));
        part.append(b"d").unwrap();
        part.settle().unwrap();
        assert_eq!(fs::read(&home).unwrap(), b"abcd");
        assert_eq!(names(home.parent().unwrap()), ["model.dat"]);
    }

    #[test]
    fn what_had_the_name_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("model.dat");
        fs::write(&home, b"mine").unwrap();
        let mut part = open(&home);
        part.append(b"theirs").unwrap();
        part.restart().unwrap();
        part.append(b"right").unwrap();
        part.settle().unwrap();
        assert_eq!(names(dir.path()), ["model.dat", "model.dat.altered"]);
        assert_eq!(fs::read(home).unwrap(), b"right");
    }

    #[test]
    fn nothing_is_left_of_a_part_without_bytes() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(&dir.path().join("model.dat")));
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn the_second_waits_for_the_first_and_gets_a_new_part() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("model.dat");
        let mut first = open(&home);
        first.append(b"abc").unwrap();
        let (waiting, waits) = std::sync::mpsc::channel();
        let second = thread::spawn({
            let home = home.clone();
            move || {
                let part = Part::open(&home, || waiting.send(()).unwrap()).unwrap();
                (part.len(), home.exists())
            }
        });
        waits.recv().unwrap();
        first.settle().unwrap();
        assert_eq!(second.join().unwrap(), (0, true));
    }
}
