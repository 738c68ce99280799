//! `faceau-supervisor summarise TABLES…`: one row a video, and events, geometry and actions of each.

use std::path::PathBuf;

use clap::Args;

use super::{complain, print};
use crate::exit::Exit;
use crate::summaries::{FileOptions, MeasureOptions, Summaries, home_of, tables};

/// `summarise`
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct SummariseCommand {
    /// Tables (CSV) of this program, OpenFace or a program like it, or folders of them
    #[arg(value_name = "TABLE", required = true)]
    tables: Vec<PathBuf>,

    /// Folder for what is written [default: summary.csv in the first folder named, other files beside
    /// their tables]
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    files: FileOptions,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    measure: MeasureOptions,
}

const AFTER_HELP: &str = "\
EXAMPLES:
  faceau-supervisor summarise results/                            summary.csv, a row a video
  faceau-supervisor summarise a.csv --baseline 0..3 --events      and a.events.csv
  faceau-supervisor summarise results/ --actions coded/           and what was done in each action

summary.json beside it says what every column means. docs/summaries.md says what may be concluded.

EXIT CODES:
  0    every table was summarised
  1    at least one could not be; the others were
  2    the command line makes no sense
  3    nothing could be done";

/// Every table was summarised.
const DONE: i32 = 0;
/// At least one was not.
const SOME_FAILED: i32 = 1;
/// None was.
const FAILED: i32 = 3;

impl SummariseCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        Exit::Code(self.try_run().unwrap_or_else(|error| {
            complain(&error);
            FAILED
        }))
    }

    fn try_run(&self) -> anyhow::Result<i32> {
        let found = tables(&self.tables)?;
        let settings = self.measure.settings(self.files.clone())?;
        let home = self
            .out_dir
            .clone()
            .unwrap_or_else(|| home_of(&self.tables));
        let mut summaries = Summaries::in_folder(&home, settings)?;
        let mut failed = 0;
        for table in &found {
            let place = match &self.out_dir {
                Some(folder) => folder.join(&table.inner),
                None => table.path.clone(),
            };
            if let Err(error) = summaries.add(&table.path, &place) {
                complain(&error);
                failed += 1;
            }
        }
        summaries.write()?;
        let done = found.len() - failed;
        print(format_args!(
            "{done} of {} tables summarised: {}\n",
            found.len(),
            summaries.path().display()
        ))?;
        Ok(match (done, failed) {
            (_, 0) => DONE,
            (0, _) => FAILED,
            _ => SOME_FAILED,
        })
    }
}
