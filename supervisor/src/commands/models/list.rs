//! `models list`: the sets, what each is for, and how much of it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use clap::Args;
use faceau_models::{FileState, ModelSet, ResolvedSet, Store};
use serde::Serialize;

use super::{BAD, GOOD};
use crate::commands::print;

/// Version of the JSON that `--json` prints.
const FORMAT: u32 = 1;

/// `models list`
#[derive(Debug, Args)]
pub struct ListCommand {
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    sets: Vec<Row<'a>>,
}

/// One set.
#[derive(Serialize)]
struct Row<'a> {
    id: &'static str,
    purpose: &'a str,
    /// `embedded` when it is part of the program; else `installed`, `incomplete`, `missing`, or
    /// `altered` when a file is not the right one.
    state: &'static str,
    /// Licences of its files.
    licences: BTreeSet<&'a str>,
    #[serde(flatten)]
    count: Count,
}

/// How many files of a set are in which state.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Count {
    files: usize,
    missing: usize,
    /// Not the listed ones, and not trusted.
    altered: usize,
}

impl ListCommand {
    /// Does it.
    pub fn run(&self, store: &Store) -> anyhow::Result<i32> {
        let manifest = store.manifest();
        // Sets share files.
        let mut states = BTreeMap::new();
        for file in manifest.files() {
            states.insert(file.id.as_str(), store.state(file)?);
        }
        let row = |set: ModelSet| {
            let files = manifest.files_of(set);
            let licences = manifest
                .files_of(set)
                .map(|file| file.origin.licence.as_str());
            let licences = licences.collect();
            let count = Count::of(files.map(|file| &states[file.id.as_str()]));
            Row {
                id: set.name(),
                purpose: manifest.purpose(set),
                state: count.state(),
                licences,
                count,
            }
        };
        let embedded = ModelSet::EMBEDDED.into_iter().filter_map(embedded);
        let rows: Vec<Row<'_>> = ModelSet::ALL.into_iter().map(row).chain(embedded).collect();
        let altered = rows.iter().any(|row| row.count.altered > 0);
        print(if self.json {
            let report = Report {
                format: FORMAT,
                sets: rows,
            };
            serde_json::to_string_pretty(&report)? + "\n"
        } else {
            text(&rows)?
        })?;
        Ok(if altered { BAD } else { GOOD })
    }
}

/// The row of a set that is part of the program.
fn embedded(set: ModelSet) -> Option<Row<'static>> {
    let (purpose, licence) = match set {
        ModelSet::FaceLandmarker => (
            "Google's Face Landmarker: 478 points and 52 coefficients of expression",
            "Apache-2.0",
        ),
        _ => (
            "knows only the synthetic face of the demo",
            "MIT or Apache-2.0",
        ),
    };
    Some(Row {
        id: set.name(),
        purpose,
        state: "embedded",
        licences: BTreeSet::from([licence]),
        count: Count {
            files: ResolvedSet::embedded(set)?.files.len(),
            ..Count::default()
        },
    })
}

fn text(rows: &[Row<'_>]) -> Result<String, std::fmt::Error> {
    let mut lines = String::new();
    for row in rows {
        let state = match row.state {
            "embedded" => "part of the program".to_owned(),
            _ => row.count.to_text(),
        };
        writeln!(lines, "{:18} {state:24} {}", row.id, row.purpose)?;
        for licence in &row.licences {
            writeln!(lines, "{:43} licence: {licence}", "")?;
        }
    }
    Ok(lines)
}

impl Count {
    fn of<'a>(states: impl Iterator<Item = &'a FileState>) -> Self {
        let mut count = Self::default();
        for state in states {
            count.files += 1;
            match state {
                FileState::Missing => count.missing += 1,
                state if state.is_good() => {}
                _ => count.altered += 1,
            }
        }
        count
    }

    fn state(self) -> &'static str {
        match (self.missing, self.altered) {
            (0, 0) => "installed",
            (missing, 0) if missing == self.files => "missing",
            (_, 0) => "incomplete",
            _ => "altered",
        }
    }

    fn to_text(self) -> String {
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
        for (missing, altered, text, state) in [
            (0, 0, "installed", "installed"),
            (3, 0, "missing", "missing"),
            (1, 0, "1 of 3 files missing", "incomplete"),
            (0, 2, "2 of 3 files altered", "altered"),
            (2, 1, "2 missing, 1 altered", "altered"),
        ] {
            let count = Count {
                files: 3,
                missing,
                altered,
            };
            assert_eq!((count.to_text().as_str(), count.state()), (text, state));
        }
    }
}
