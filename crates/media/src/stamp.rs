//! Whether an input is still the file it was when work on it began.
//!
//! Recordings go on, cards are pulled out, servers go away: what was read of such a file is not
//! one recording, and its table would be worth nothing.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Input, InputError};

/// What the file system says of an input's files at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Vec<FileStamp>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct FileStamp {
    device: u64,
    number: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
}

impl Stamp {
    /// Looks at all files of `input`.
    ///
    /// # Errors
    /// When one is not there.
    pub fn of(input: &Input) -> Result<Self, InputError> {
        let stamp = |path| FileStamp::of(path).map_err(|source| unreadable(path, source));
        let files = input.files().iter().map(|path| stamp(path.as_path()));
        files.collect::<Result<_, _>>().map(Self)
    }

    /// Makes sure that `input`, of which this is an earlier stamp, is the same still.
    ///
    /// # Errors
    /// Says what happened to which file.
    pub fn check(&self, input: &Input) -> Result<(), InputError> {
        for (path, before) in input.files().iter().zip(&self.0) {
            let change = match FileStamp::of(path) {
                Ok(now) => before.change(&now),
                Err(error) => Some(format!("is gone: {error}")),
            };
            if let Some(change) = change {
                let path = path.clone();
                return Err(InputError::Changed { path, change });
            }
        }
        Ok(())
    }
}

impl FileStamp {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self {
            device: metadata.dev(),
            number: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }

    /// What happened from this moment until `now`.
    fn change(&self, now: &Self) -> Option<String> {
        if (self.device, self.number) != (now.device, now.number) {
            Some("was replaced by another file".into())
        } else if self.size != now.size {
            let (then, now) = (self.size, now.size);
            Some(format!("had {then} bytes and has {now} now"))
        } else if self.modified != now.modified {
            Some("was written to".into())
        } else {
            None
        }
    }
}

fn unreadable(path: &Path, cause: io::Error) -> InputError {
    let path = path.into();
    match cause.kind() {
        io::ErrorKind::NotFound => InputError::Missing { path },
        _ => InputError::Unreadable { path, cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn what_happens_to_a_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        fs::write(&path, "video").unwrap();
        let input = Input::Video(path.clone());
        let stamp = Stamp::of(&input).unwrap();
        stamp.check(&input).unwrap();
        let expect = |word: &str| {
            let error = stamp.check(&input).unwrap_err().to_string();
            assert!(error.contains("a.mp4") && error.contains(word), "{error}");
        };

        let file = fs::File::options().append(true).open(&path).unwrap();
        let before = file.metadata().unwrap().modified().unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(2))
            .unwrap();
        expect("was written to");
        file.set_len(3).unwrap();
        expect("had 5 bytes and has 3 now");
        file.set_len(5).unwrap();
        file.set_modified(before).unwrap();
        stamp.check(&input).unwrap();
        fs::write(folder.path().join("b"), "video").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        expect("replaced");
        fs::remove_file(&path).unwrap();
        expect("is gone");
        assert!(matches!(Stamp::of(&input), Err(InputError::Missing { .. })));
    }
}
