//! Where the worker program is: beside this one.

use std::path::PathBuf;

use faceau::setup::WORKER;

/// The worker program that was named, or the one beside this program.
pub fn program(named: Option<PathBuf>) -> PathBuf {
    named.unwrap_or_else(|| {
        std::env::current_exe()
            .ok()
            .and_then(|exe| exe.canonicalize().ok())
            .map_or_else(|| WORKER.into(), |exe| exe.with_file_name(WORKER))
    })
}
