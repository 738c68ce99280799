//! What lies where an output is to go: a regular file is replaced, a link followed, anything else
//! left alone.
//!
//! Outputs appear by renaming. That would put a file in the place of a pipe or a device, and for a
//! user who may do everything in that of `/dev/stdout`.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::OutputError;

/// Links that lead to each other, before they are taken for a circle.
const MOST_LINKS: usize = 40;

/// Where a file under the name `path` really goes.
///
/// # Errors
/// When something is there that is no regular file. A folder is let pass: it is refused where it is
/// in the way.
pub fn resolve(path: &Path) -> Result<PathBuf, OutputError> {
    // What it leads to decides, also by ways that only the system knows, as in `/proc/self/fd`.
    if let Ok(metadata) = fs::metadata(path)
        && let Some(what) = special(&metadata.file_type())
    {
        return Err(OutputError::NoFile {
            path: path.into(),
            what,
        });
    }
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = place.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(OutputError::on(path)(io::Error::other(
        "its links lead in a circle",
    )))
}

/// Refuses `path` if it is a link or no regular file. A folder is let pass.
pub(super) fn demand_plain(path: &Path) -> Result<(), OutputError> {
    let Ok(metadata) = path.symlink_metadata() else {
        return Ok(());
    };
    let kind = metadata.file_type();
    let what = special(&kind).or(kind.is_symlink().then_some("a link"));
    match what {
        Some(what) => Err(OutputError::NoFile {
            path: path.into(),
            what,
        }),
        None => Ok(()),
    }
}

fn special(kind: &fs::FileType) -> Option<&'static str> {
    if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        None
    }
}

/// Copies the table at `path` to standard output.
///
/// # Errors
/// When it cannot be read, or nobody reads it any more.
pub fn copy_to_standard_output(path: &Path) -> Result<(), OutputError> {
    let copy = || {
        let mut out = io::stdout().lock();
        io::copy(&mut fs::File::open(path)?, &mut out)?;
        out.flush()
    };
    copy().map_err(|error: io::Error| {
        let name = Path::new("standard output");
        match error.kind() {
            // Whoever reads has seen enough; half of it cannot be taken back, nor tried again.
            ErrorKind::BrokenPipe => {
                OutputError::on(name)(io::Error::other("its reader is gone before the end"))
            }
            _ => OutputError::on(name)(io::Error::other(error.to_string())),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn links_are_followed_and_what_is_no_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        fs::write(at("data/t.csv"), "old").unwrap();
        symlink("data/t.csv", at("t.csv")).unwrap();
        symlink(at("t.csv"), at("twice.csv")).unwrap();
        symlink("data/new.csv", at("new.csv")).unwrap();
        symlink("circle.csv", at("circle.csv")).unwrap();
        assert_eq!(resolve(&at("plain.csv")).unwrap(), at("plain.csv"));
        assert_eq!(resolve(&at("t.csv")).unwrap(), at("data/t.csv"));
        assert_eq!(resolve(&at("twice.csv")).unwrap(), at("data/t.csv"));
        assert_eq!(resolve(&at("new.csv")).unwrap(), at("data/new.csv"));
        let error = |path: &Path| resolve(path).unwrap_err().to_string();
        assert!(error(&at("circle.csv")).contains("circle"));

        let _socket = UnixListener::bind(at("s")).unwrap();
        symlink("s", at("to-s.csv")).unwrap();
        for (path, word) in [
            (at("s"), "a socket"),
            (at("to-s.csv"), "a socket"),
            (PathBuf::from("/dev/null"), "a device"),
        ] {
            assert!(error(&path).contains(word), "{}", error(&path));
            assert!(path.exists());
        }
        assert!(demand_plain(&at("data/t.csv")).is_ok());
        assert!(demand_plain(&at("nothing")).is_ok());
        let link = demand_plain(&at("t.csv")).unwrap_err().to_string();
        assert!(link.contains("a link"), "{link}");
    }
}
