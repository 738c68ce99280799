//! Which inputs there are and where their tables go, decided before any work.

use std::path::PathBuf;

use crate::cli::Cli;
use crate::output::{Place, distinct_tables};
use crate::progress::Progress;
use faceau_media::{Findings, Found, Input, InputError, ListError};

/// The command line asks for something that cannot be.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    /// The list of inputs cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// One table for several inputs.
    #[error("--output takes a single input; use --out-dir for several")]
    OneOutput,
}

/// Everything that is to be done.
pub(super) struct Plan {
    /// The inputs in the order in which they have their turn.
    pub tasks: Vec<Task>,
    /// Inputs that were named more than once.
    repeated: Vec<PathBuf>,
}

/// An input, or why there is none where the user said.
pub(super) struct Task {
    /// The input's path; that of what was named if there is no input.
    pub path: PathBuf,
    /// The input, and the path of its table.
    pub work: Result<(Input, PathBuf), InputError>,
}

impl Plan {
    /// Finds the inputs that the command line names.
    pub(super) fn of(cli: &Cli) -> anyhow::Result<Self> {
        let mut names = cli.inputs.clone();
        if let Some(list) = &cli.from_file {
            names.extend(faceau_media::read_list(list).map_err(PlanError::from)?);
        }
        let Findings { found, repeated } = faceau_media::find(&names, cli.recursive);
        if cli.output.is_some() && found.len() > 1 {
            return Err(PlanError::OneOutput.into());
        }
        let place = |found: &Found| Some(Place::of(found, found.input.as_ref().ok()?));
        let places: Vec<Place> = found.iter().filter_map(place).collect();
        let mut tables = distinct_tables(&places).into_iter();
        let mut table = || match (&cli.output, tables.next()) {
            (Some(output), _) => output.clone(),
            (None, table) => cli.out_dir.join(table.unwrap_or_default()),
        };
        let tasks = found.into_iter().map(|found| Task {
            path: found.path,
            work: found.input.map(|input| (input, table())),
        });
        Ok(Self {
            tasks: tasks.collect(),
            repeated,
        })
    }

    /// Tells the user that what was named twice is done once.
    pub(super) fn say_repetitions(&self, progress: &mut Progress) {
        if let Some(first) = self.repeated.first() {
            let more = match self.repeated.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            progress.warn(first, &format!("named more than once, done once{more}"));
        }
    }
}
