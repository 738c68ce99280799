//! The run record, read without passing anything over.

use std::path::Path;

pub use faceau_events::{JumpRecord, RunRecord as Record, SizeRecord, VideoRecord};

/// Reads a record.
///
/// # Panics
/// When it is not there, or not as it should be.
pub fn read(path: &Path) -> Record {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    crate::strict::parse(&text)
}
