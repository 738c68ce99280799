//! `faceau-supervisor compare A B`: how far two tables, or two folders of tables, are apart.
//!
//! Measuring and judging is the work of `faceau-compare`; here are files and exit codes.

mod folders;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use faceau_compare::comparison::{Comparison, Matched};
use faceau_compare::join::By;
use faceau_compare::requirement::{self, Judgement, Requirement};
use faceau_compare::table::Table;
use faceau_compare::{page, text};
use serde::Serialize;

use super::{complain, print};
use crate::exit::Exit;
use faceau_outputs::write_whole;

/// `compare`
#[derive(Debug, Args)]
#[command(after_help = after_help(), after_long_help = after_help())]
pub struct CompareCommand {
    /// The first table (CSV), or a folder of tables
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The second table, or a folder with tables of the same names
    #[arg(value_name = "B")]
    b: PathBuf,

    /// What must hold for exit code 0, such as r=0.95,mad=0.2,landmarks=3px
    #[arg(long, value_name = "NAME=LIMIT", value_delimiter = ',')]
    require: Vec<Requirement>,

    /// What rows are joined by [default: frame, or else time]
    #[arg(long, value_enum, value_name = "COLUMN")]
    by: Option<JoinBy>,

    /// Compare frames without a face, too
    #[arg(long)]
    all_frames: bool,

    /// Which face, where tables have several: its face_id, or one for each table as in 0,2
    #[arg(long, value_name = "ID", value_delimiter = ',', num_args = 1..=2)]
    face: Vec<i64>,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Also write a page with the curves of both tables laid over each other
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// `--by`
#[derive(Debug, Clone, Copy, ValueEnum)]
enum JoinBy {
    /// The frame's number
    Frame,
    /// The nearest time, within half a frame
    Time,
}

fn after_help() -> String {
    let names = requirement::names().map(|(name, meaning)| format!("  {name:<26} {meaning}\n"));
    format!(
        "WHAT CAN BE REQUIRED (% of landmarks is of the distance between the eyes' outer corners):\n\
         {}\n\
         EXAMPLES:\n  \
         faceau-supervisor compare openface/a.csv faceau/a.csv --html a.html\n  \
         faceau-supervisor compare old/ new/ --require r=0.99,mad=0.02,success=100%\n\n\
         EXIT CODES:\n  \
         0    compared, and everything required is met\n  \
         1    something required is not met\n  \
         2    the command line makes no sense\n  \
         3    a table cannot be read or joined, or the page cannot be written",
        names.collect::<String>()
    )
}

/// Everything required is met.
const MET: i32 = 0;
/// Something is not.
const NOT_MET: i32 = 1;
/// The command line makes no sense.
const USAGE: i32 = 2;
/// A table cannot be read.
const UNREADABLE: i32 = 3;

/// Version of the JSON that `--json` prints.
const FORMAT: u32 = 1;

impl CompareCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        let done = match (self.a.is_dir(), self.b.is_dir()) {
            (true, true) if self.html.is_some() => {
                complain(&anyhow!("--html shows one pair of tables, not folders"));
                Ok(USAGE)
            }
            (true, true) => self.folders(),
            (false, false) => self.files(),
            _ => {
                complain(&anyhow!(
                    "compare takes two tables or two folders, not one of each"
                ));
                Ok(USAGE)
            }
        };
        Exit::Code(done.unwrap_or_else(|error| {
            complain(&error);
            UNREADABLE
        }))
    }

    fn files(&self) -> anyhow::Result<i32> {
        let (a, b) = self.read(&self.a, &self.b)?;
        let matched = self.matched(&a, &b)?;
        let judged = Judged::of(&matched, &self.require);
        if let Some(file) = &self.html {
            let page = page::html(&matched, &judged.comparison, &judged.requirements);
            write_whole(file, |writer| writer.write_all(page.as_bytes()))?;
        }
        if self.json {
            print_json(&Json {
                format: FORMAT,
                content: &judged,
            })?;
        } else {
            let report = text::report(&judged.comparison);
            let verdict = judged.verdict();
            print(format_args!("{report}{verdict}\n"))?;
        }
        Ok(judged.code())
    }

    /// Both tables, each with the face that is meant.
    fn read(&self, a: &Path, b: &Path) -> anyhow::Result<(Table, Table)> {
        let face_a = self.face.first().copied();
        let face_b = self.face.last().copied();
        Ok((Table::read(a, face_a)?, Table::read(b, face_b)?))
    }

    fn matched<'a>(&self, a: &'a Table, b: &'a Table) -> anyhow::Result<Matched<'a>> {
        let by = self.by.map(|by| match by {
            JoinBy::Frame => By::Frame,
            JoinBy::Time => By::Time,
        });
        Ok(Matched::new(a, b, by, self.all_frames)?)
    }
}

/// A comparison and what was required of it.
#[derive(Debug, Serialize)]
struct Judged {
    #[serde(flatten)]
    comparison: Comparison,
    requirements: Vec<Judgement>,
    /// Whether all are met; nothing when there are none.
    met: Option<bool>,
}

impl Judged {
    fn of(matched: &Matched<'_>, required: &[Requirement]) -> Self {
        let comparison = Comparison::of(matched);
        let judge = |requirement: &Requirement| requirement.judge(&comparison);
        let requirements: Vec<Judgement> = required.iter().map(judge).collect();
        let all = requirements.iter().all(|judgement| judgement.met);
        Self {
            met: (!requirements.is_empty()).then_some(all),
            comparison,
            requirements,
        }
    }

    fn code(&self) -> i32 {
        if self.met == Some(false) {
            NOT_MET
        } else {
            MET
        }
    }

    /// What it comes to, in one line.
    fn verdict(&self) -> String {
        match self.met {
            None => text::summary(&self.comparison),
            Some(_) => text::verdict(&self.requirements),
        }
    }
}

#[derive(Serialize)]
struct Json<T: Serialize> {
    format: u32,
    #[serde(flatten)]
    content: T,
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    print(format_args!("{text}\n"))?;
    Ok(())
}
