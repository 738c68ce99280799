//! Flushing as POSIX knows it.

#[cfg(not(target_os = "linux"))]
use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;

pub fn flush_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot, and need not.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

#[cfg(target_os = "linux")]
pub fn flush_files(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
pub fn flush_files(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        // Without the drive's own cache, which would take minutes for ten thousand files.
        rustix::fs::fsync(File::open(entry?.path())?)?;
    }
    flush_folder(folder)
}
