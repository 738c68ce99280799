//! What outlasts a power cut: names in folders, and the content of many files at once.

#[cfg_attr(unix, path = "unix.rs")]
mod sys;

use std::io;
use std::path::Path;

/// Makes sure that names in a folder outlast a power cut.
///
/// # Errors
/// When the system cannot.
pub fn flush_folder(folder: &Path) -> io::Result<()> {
    sys::flush_folder(folder)
}

/// Makes sure that all files of a folder outlast a power cut, all at once where the system can.
///
/// # Errors
/// When the system cannot.
pub fn flush_files(folder: &Path) -> io::Result<()> {
    sys::flush_files(folder)
}
