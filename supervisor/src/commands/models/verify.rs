//! `models verify`: looks into every file that is there.

use std::fmt::Write;

use clap::Args;
use faceau_models::{Content, FileState, ModelFile, ModelSet, ResolvedSet, Store};
use serde::Serialize;

use super::{BAD, GOOD};
use crate::commands::print;

/// Version of the JSON that `--json` prints.
const FORMAT: u32 = 1;

/// `models verify`
#[derive(Debug, Args)]
pub struct VerifyCommand {
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    format: u32,
    files: Vec<Row<'a>>,
    /// Files that are part of the program, and what they hold.
    embedded: Vec<EmbeddedRow>,
}

/// One file of the program.
#[derive(Serialize)]
struct EmbeddedRow {
    id: String,
    set: &'static str,
    content: Content,
    /// Whether that is what the program was built with.
    is_right: bool,
}

/// One file of the manifest.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    /// One of the words of [`word`].
    state: &'static str,
    /// Where it lies, if it is there.
    path: Option<String>,
    /// What the manifest lists.
    expected: Option<Content>,
    /// What it holds, if that is not what the manifest lists.
    found: Option<Content>,
}

impl VerifyCommand {
    /// Does it.
    pub fn run(&self, store: &Store) -> anyhow::Result<i32> {
        let mut rows = Vec::new();
        let mut bad = false;
        for file in store.manifest().files() {
            let state = store.state(file)?;
            bad |= !state.is_good() && state != FileState::Missing;
            rows.push(row(file, &state));
        }
        let embedded = embedded();
        bad |= embedded.iter().any(|row| !row.is_right);
        print(if self.json {
            let report = Report {
                format: FORMAT,
                files: rows,
                embedded,
            };
            serde_json::to_string_pretty(&report)? + "\n"
        } else {
            text(&rows)? + &embedded_text(&embedded)
        })?;
        Ok(if bad { BAD } else { GOOD })
    }
}

/// The files that are part of the program, read and compared with what they should be.
fn embedded() -> Vec<EmbeddedRow> {
    let sets = ModelSet::EMBEDDED.into_iter();
    let sets = sets.filter_map(|set| Some((set, ResolvedSet::embedded(set)?)));
    sets.flat_map(|(set, resolved)| {
        resolved.files.into_iter().map(move |file| EmbeddedRow {
            set: set.name(),
            content: file.content,
            is_right: file.read().is_ok() && faceau_models::is_listed(set, &file),
            id: file.id,
        })
    })
    .collect()
}

fn embedded_text(rows: &[EmbeddedRow]) -> String {
    let mut lines = String::new();
    for row in rows.iter().filter(|row| !row.is_right) {
        lines += &format!(
            "altered: {} of the program, found {}\n",
            row.id, row.content
        );
    }
    let right = rows.iter().filter(|row| row.is_right).count();
    lines
        + &format!(
            "{} files are part of the program, {right} of them as they should be\n",
            rows.len()
        )
}

/// The word for a state.
pub(super) fn word(state: &FileState) -> &'static str {
    match state {
        FileState::Installed { .. } => "installed",
        FileState::Trusted { .. } => "trusted",
        FileState::Altered { .. } => "altered",
        FileState::Unknown { .. } => "unknown",
        FileState::Unreadable { .. } => "unreadable",
        FileState::Missing => "missing",
    }
}

fn row<'a>(file: &'a ModelFile, state: &FileState) -> Row<'a> {
    Row {
        id: &file.id,
        state: word(state),
        path: state.path().map(|path| path.display().to_string()),
        expected: file.content,
        found: match state {
            FileState::Trusted { found, .. }
            | FileState::Altered { found, .. }
            | FileState::Unknown { found, .. } => Some(*found),
            _ => None,
        },
    }
}

/// A line for each file that is there and not the listed one, and the sum.
fn text(rows: &[Row<'_>]) -> Result<String, std::fmt::Error> {
    let mut lines = String::new();
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    for row in rows {
        let Some(path) = row.path.as_ref().filter(|_| row.state != "installed") else {
            continue;
        };
        write!(lines, "{}: {path}", row.state)?;
        if let Some(expected) = row.expected {
            write!(lines, ", expected {expected}")?;
        }
        match row.found {
            Some(found) => writeln!(lines, ", found {found}")?,
            None => writeln!(lines)?,
        }
    }
    let there = rows.len() - count("missing");
    let good = count("installed") + count("trusted");
    writeln!(
        lines,
        "{there} files are there, {good} of them as they should be"
    )?;
    Ok(lines)
}
