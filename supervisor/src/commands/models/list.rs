//! `models list`: the sets, what each is for, and how much of it is there.

use std::collections::BTreeMap;
use std::fmt::Write;

use faceau_models::{FileState, Manifest, ModelSet, Store};

use super::{BAD, GOOD};
use crate::commands::print;

/// Prints one line for each set.
pub fn run(store: &Store) -> anyhow::Result<i32> {
    let manifest = Manifest::embedded();
    let mut states = BTreeMap::new();
    for file in manifest.files() {
        states.insert(file.id.as_str(), store.state(file)?);
    }
    let mut lines = String::new();
    for set in ModelSet::ALL {
        let count = Count::of(manifest.files_of(set).map(|file| &states[file.id.as_str()]));
        let purpose = manifest.purpose(set);
        writeln!(lines, "{:18} {:28} {purpose}", set.name(), count.to_text())?;
    }
    print(lines)?;
    let altered = Count::of(states.values()).altered;
    Ok(if altered == 0 { GOOD } else { BAD })
}

/// How many files of a set are in which state.
#[derive(Default)]
struct Count {
    files: usize,
    missing: usize,
    altered: usize,
}

impl Count {
    fn of<'a>(states: impl Iterator<Item = &'a FileState>) -> Self {
        let mut count = Self::default();
        for state in states {
            count.files += 1;
            match state {
                FileState::Installed { .. } | FileState::Trusted { .. } => {}
                FileState::Altered { .. } | FileState::Unknown { .. } => count.altered += 1,
                FileState::Missing => count.missing += 1,
            }
        }
        count
    }

    fn to_text(&self) -> String {
        match (self.missing, self.altered) {
            (0, 0) => "installed".to_owned(),
            (missing, 0) if missing == self.files => "missing".to_owned(),
            (missing, 0) => format!("{missing} of {} files missing", self.files),
            (0, altered) => format!("{altered} of {} files altered", self.files),
            (missing, altered) => format!("{missing} missing, {altered} altered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_described_by_what_is_wrong_with_it() {
        let text = |files, missing, altered| {
            Count {
                files,
                missing,
                altered,
            }
            .to_text()
        };
        assert_eq!(text(3, 0, 0), "installed");
        assert_eq!(text(3, 3, 0), "missing");
        assert_eq!(text(3, 1, 0), "1 of 3 files missing");
        assert_eq!(text(3, 0, 2), "2 of 3 files altered");
        assert_eq!(text(3, 2, 1), "2 missing, 1 altered");
    }
}
