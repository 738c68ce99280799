//! `compare DIR DIR`: all tables of two folders, paired by their names.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;

use super::{CompareCommand, FORMAT, Json, Judged, MET, NOT_MET, UNREADABLE, print_json};
use crate::commands::{complain, print};

#[derive(Serialize)]
struct Folders {
    pairs: Vec<Pair>,
    /// Tables that only the first folder has.
    only_in_a: Vec<String>,
    /// Tables that only the second folder has.
    only_in_b: Vec<String>,
    /// Whether everything required is met; nothing when nothing is required.
    met: Option<bool>,
}

#[derive(Serialize)]
struct Pair {
    /// The tables' name in both folders.
    name: String,
    #[serde(flatten)]
    result: PairResult,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PairResult {
    Compared(Box<Judged>),
    Failed { error: String },
}

impl CompareCommand {
    /// Compares what has the same name in both folders. A table that cannot be read does not stop
    /// the others. Where something is required, a table without a partner does not meet it.
    pub(super) fn folders(&self) -> anyhow::Result<i32> {
        let (in_a, in_b) = (tables(&self.a)?, tables(&self.b)?);
        let mut pairs = Vec::new();
        for name in in_a.intersection(&in_b) {
            let pair = Pair {
                name: name.display().to_string(),
                result: match self.pair(name) {
                    Ok(judged) => PairResult::Compared(Box::new(judged)),
                    Err(error) => PairResult::Failed {
                        error: format!("{error:#}"),
                    },
                },
            };
            if !self.json {
                say(&pair)?;
            }
            pairs.push(pair);
        }
        if pairs.is_empty() {
            bail!(
                "no table (.csv) has the same name in {} and {}",
                self.a.display(),
                self.b.display()
            );
        }
        let alone = |one: &BTreeSet<PathBuf>, other: &BTreeSet<PathBuf>| -> Vec<String> {
            let alone = one.difference(other);
            alone.map(|name| name.display().to_string()).collect()
        };
        let only_in_a = alone(&in_a, &in_b);
        let only_in_b = alone(&in_b, &in_a);
        let code = code(&pairs);
        let complete = only_in_a.is_empty() && only_in_b.is_empty();
        let folders = Folders {
            met: (!self.require.is_empty()).then_some(code == MET && complete),
            pairs,
            only_in_a,
            only_in_b,
        };
        if self.json {
            print_json(&Json {
                format: FORMAT,
                content: &folders,
            })?;
        } else {
            print(folders.summary())?;
        }
        Ok(match (code, folders.met) {
            (MET, Some(false)) => NOT_MET,
            (code, _) => code,
        })
    }

    fn pair(&self, name: &Path) -> anyhow::Result<Judged> {
        let (a, b) = self.read(&self.a.join(name), &self.b.join(name))?;
        Ok(Judged::of(&self.matched(&a, &b)?, &self.require))
    }
}

impl Folders {
    fn summary(&self) -> String {
        let mut text = String::new();
        for (folder, alone) in [("A", &self.only_in_a), ("B", &self.only_in_b)] {
            if !alone.is_empty() {
                text += &format!("only in {folder}: {}\n", alone.join(", "));
            }
        }
        let count = self.pairs.len();
        text += &match self.met {
            None => format!("{count} pairs compared\n"),
            Some(true) => format!("met: all of {count} pairs\n"),
            Some(false) => format!(
                "NOT MET: {} of {count} pairs, {} tables without a partner\n",
                self.pairs
                    .iter()
                    .filter(|pair| pair_code(pair) != MET)
                    .count(),
                self.only_in_a.len() + self.only_in_b.len()
            ),
        };
        text
    }
}

fn say(pair: &Pair) -> io::Result<()> {
    match &pair.result {
        PairResult::Compared(judged) => {
            print(format_args!("{}: {}\n", pair.name, judged.verdict()))
        }
        PairResult::Failed { error } => {
            complain(&anyhow::anyhow!("{error}"));
            Ok(())
        }
    }
}

fn pair_code(pair: &Pair) -> i32 {
    match &pair.result {
        PairResult::Compared(judged) => judged.code(),
        PairResult::Failed { .. } => UNREADABLE,
    }
}

/// The worst of all.
fn code(pairs: &[Pair]) -> i32 {
    pairs.iter().map(pair_code).max().unwrap_or(MET)
}

/// The tables of a folder and of the folders in it, by their paths from there.
fn tables(folder: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let path = folder.join(&inner);
        let cannot = || format!("{}: cannot be read", path.display());
        for entry in fs::read_dir(&path).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            let name = inner.join(entry.file_name());
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type().with_context(cannot)?.is_dir() {
                folders.push(name);
            } else if name
                .extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("csv"))
            {
                found.insert(name);
            }
        }
    }
    Ok(found)
}
