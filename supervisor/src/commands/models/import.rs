//! `models import`: takes model files out of a folder.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use faceau_models::Store;
use faceau_models::install::import;

use super::convert::convert_all;
use super::{BAD, GOOD};
use crate::commands::{complain, print};

/// How many files that were not taken are named.
const NAMED_AT_MOST: usize = 10;

/// `models import`
#[derive(Debug, Args)]
pub struct ImportCommand {
    /// The folder; its subfolders are looked into, too. Nothing in it is moved or changed
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Also take files that have the name of a model file but not the content that faceau knows,
    /// and use them from now on; run records name them
    #[arg(long)]
    trust: bool,
}

impl ImportCommand {
    /// Does it.
    pub fn run(&self, store: &Store) -> anyhow::Result<i32> {
        let done = import(store, &self.folder, self.trust)?;
        convert_all(store)?;
        let mut lines = String::new();
        for taken in &done.taken {
            let how = if taken.trusted { "trusted" } else { "taken" };
            writeln!(lines, "{how}: {} from {}", taken.id, taken.from.display())?;
        }
        let named = done.unknown.iter().take(NAMED_AT_MOST);
        for path in named {
            writeln!(lines, "not known: {}", path.display())?;
        }
        if done.unknown.len() > NAMED_AT_MOST {
            let more = done.unknown.len() - NAMED_AT_MOST;
            writeln!(lines, "not known: {more} more files")?;
        }
        writeln!(
            lines,
            "{} files brought in, {} were there already",
            done.taken.len(),
            done.present
        )?;
        print(lines)?;
        for path in &done.untrusted {
            complain(&anyhow::anyhow!(
                "{} has the name of a model file but is not the one that faceau knows; --trust takes \
                 it all the same",
                path.display()
            ));
        }
        Ok(if done.untrusted.is_empty() { GOOD } else { BAD })
    }
}
