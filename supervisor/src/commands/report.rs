//! `faceau-supervisor report TABLES…`: a page for each recording and an index, from finished tables.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};
use faceau_report::State;

use super::{complain, print};
use crate::exit::Exit;
use crate::reports::{PageOptions, Reports};
use crate::summaries::{FileOptions, MeasureOptions, Summaries, home_of, tables};

/// `report`
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ReportCommand {
    /// Tables (CSV) of this program, OpenFace or a program like it, or folders of them
    #[arg(value_name = "TABLE", required = true)]
    tables: Vec<PathBuf>,

    /// Folder in which the folder `report` and summary.csv are made [default: the first folder named]
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    /// For whom the pages are
    #[arg(long = "for", value_enum, default_value_t, value_name = "READER")]
    reader: Reader,

    /// The heading of the page, with a single table
    #[arg(long, value_name = "TEXT", conflicts_with = "hide_names")]
    title: Option<String>,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    page: PageOptions,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    measure: MeasureOptions,
}

/// `--for`
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Reader {
    /// Somebody who computes with the table
    #[default]
    Research,
}

const AFTER_HELP: &str = "\
EXAMPLES:
  faceau-supervisor report results/            results/report/index.html and a page a recording
  faceau-supervisor report a.csv --baseline 0..3 --images none

The pages are single files: they need no network, no script and nothing beside them. A browser prints
them. docs/reports.md says what is on them and what is not claimed.

EXIT CODES:
  0    every table has a page
  1    at least one has none; the others have
  2    the command line makes no sense
  3    nothing could be done";

/// Every table has a page.
const DONE: i32 = 0;
/// At least one has none.
const SOME_FAILED: i32 = 1;
/// None has.
const FAILED: i32 = 3;

impl ReportCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        Exit::Code(self.try_run().unwrap_or_else(|error| {
            complain(&error);
            FAILED
        }))
    }

    fn try_run(&self) -> anyhow::Result<i32> {
        let Reader::Research = self.reader;
        let found = tables(&self.tables)?;
        if self.title.is_some() && found.len() > 1 {
            bail!("--title is for a single table");
        }
        let settings = self.measure.settings(FileOptions::default())?;
        let home = self
            .out_dir
            .clone()
            .unwrap_or_else(|| home_of(&self.tables));
        let mut summaries = Summaries::in_folder(&home, settings)?;
        let inner: Vec<PathBuf> = found.iter().map(|table| table.inner.clone()).collect();
        let options = self.page.report_options(self.title.clone());
        let mut reports = Reports::in_folder(&home, options, &inner);
        let mut failed = 0;
        for (number, table) in found.iter().enumerate() {
            let place = home.join(&table.inner);
            let made = summaries
                .add(&table.path, &place)
                .and_then(|analyses| reports.add(number, &table.inner, &State::Done, &analyses));
            if let Err(error) = made {
                complain(&error);
                reports.set(number, &table.inner, State::Failed(format!("{error:#}")));
                failed += 1;
            }
        }
        summaries.write()?;
        reports.write_index()?;
        let done = found.len() - failed;
        print(format_args!(
            "{done} of {} recordings: {}\n",
            found.len(),
            reports.index().display()
        ))?;
        Ok(match (done, failed) {
            (_, 0) => DONE,
            (0, _) => FAILED,
            _ => SOME_FAILED,
        })
    }
}
