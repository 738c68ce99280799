//! How the run record is written: beside the table, whole or not at all.

use faceau_events::RunRecord;

use super::unfinished::write_in;
use super::{OutputError, OutputPaths};

/// Writes the record beside the table of `paths`.
///
/// # Errors
/// When the system refuses.
pub fn write_record(record: &RunRecord, paths: &OutputPaths) -> Result<(), OutputError> {
    use std::io::Write;
    write_in(paths.workshop(), &paths.run_record(), |file| {
        serde_json::to_writer_pretty(&mut *file, record)?;
        writeln!(file)
    })
}
