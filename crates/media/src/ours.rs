//! Names of what this program writes itself: outputs of an earlier run are not inputs, and nothing
//! that the user put there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Whether a file of this name can be the picture of an aligned face.
pub fn is_aligned_face(name: &str) -> bool {
    name.strip_prefix("frame_det_00_")
        .and_then(|rest| rest.strip_suffix(".bmp"))
        .is_some_and(|number| number.parse::<u64>().is_ok())
}

/// Endings of a run record, and of the folder of a job that is not done.
const RECORD: &str = ".run.json";
const JOB: &str = "faceau-job";
/// The account of a run with several inputs, if the user gives it no other name.
const BATCH: &str = "batch.json";

/// The outputs among the names of a folder: what lies beside a run record of its name.
pub(crate) struct Outputs {
    stems: BTreeSet<PathBuf>,
}

impl Outputs {
    /// Those among `paths`.
    pub(crate) fn among(paths: &[PathBuf]) -> Self {
        Self {
            stems: paths.iter().filter_map(|path| stem_of(path)).collect(),
        }
    }

    /// Whether `path` is one.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        let ending = path.extension().and_then(|ending| ending.to_str());
        stem_of(path).is_some()
            || ending == Some(JOB)
            || path.file_name().is_some_and(|name| name == BATCH)
            || (matches!(ending, Some("csv" | "hog"))
                && self.stems.contains(&path.with_extension("")))
    }
}

/// What a run record is called after.
fn stem_of(record: &Path) -> Option<PathBuf> {
    let stem = record.file_name()?.to_str()?.strip_suffix(RECORD)?;
    Some(record.with_file_name(stem))
}
