//! The summary of a batch, read without passing anything over.

use std::path::Path;

pub use faceau_events::{BatchSummary as Batch, InputSummary as Entry};

/// Reads a summary.
///
/// # Panics
/// When it is not there, or not as it should be.
pub fn read(path: &Path) -> Batch {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    crate::strict::parse(&text)
}
