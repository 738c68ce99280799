//! Which inputs there are and where their tables go, decided before any work.

use std::path::{Path, PathBuf};

use crate::cli::{Cli, ProgressChoice};
use crate::output::{Place, distinct_tables};
use crate::progress::{Progress, Verbosity};
use faceau_media::{Findings, Found, Input, InputError, ListError, PassedOver};

/// The command line asks for something that cannot be.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    /// The list of inputs cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// One table for several inputs.
    #[error("--output takes a single input; use --out-dir for several")]
    OneOutput,
    /// Standard output is wanted for two things, or for what it cannot take.
    #[error(
        "--output - writes the table to standard output, which does not go together with \
         {option}; give --output a file"
    )]
    StandardOutput {
        /// The other option.
        option: &'static str,
    },
}

/// Everything that is to be done.
pub(super) struct Plan {
    /// The inputs in the order in which they have their turn.
    pub tasks: Vec<Task>,
    /// Inputs that were named more than once.
    repeated: Vec<PathBuf>,
    /// What is no input.
    passed_over: Vec<PassedOver>,
}

/// An input, or why there is none where the user said.
pub(super) struct Task {
    /// The input's path; that of what was named if there is no input.
    pub path: PathBuf,
    /// The input, and the path of its table.
    pub work: Result<(Input, PathBuf), InputError>,
}

/// Whether the one table goes to standard output.
pub(super) fn writes_to_standard_output(cli: &Cli) -> bool {
    cli.output.as_deref() == Some(Path::new("-"))
}

impl Plan {
    /// Finds the inputs that the command line names.
    pub(super) fn of(cli: &Cli) -> anyhow::Result<Self> {
        let mut names = cli.inputs.clone();
        if let Some(list) = &cli.from_file {
            names.extend(faceau_media::read_list(list).map_err(PlanError::from)?);
        }
        let Findings {
            found,
            repeated,
            passed_over,
        } = faceau_media::find(&names, cli.recursive);
        if cli.output.is_some() && found.len() > 1 {
            return Err(PlanError::OneOutput.into());
        }
        if writes_to_standard_output(cli) {
            let others = [
                (cli.progress == ProgressChoice::Json, "--progress json"),
                (cli.hog, "--hog"),
                (cli.aligned, "--aligned"),
            ];
            if let Some((_, option)) = others.into_iter().find(|(given, _)| *given) {
                return Err(PlanError::StandardOutput { option }.into());
            }
        }
        let place = |found: &Found| Some(Place::of(found, found.input.as_ref().ok()?));
        let places: Vec<Place> = found.iter().filter_map(place).collect();
        let mut tables = distinct_tables(&places).into_iter();
        let mut table = || match (&cli.output, tables.next()) {
            (Some(_), table) if writes_to_standard_output(cli) => {
                table.unwrap_or_default().with_extension("stdout.csv")
            }
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
            passed_over,
        })
    }

    /// Tells the user what is left out: what was named twice is done once, and what is no input is
    /// passed over.
    pub(super) fn say_what_is_left_out(&self, progress: &mut Progress, verbosity: Verbosity) {
        let all_names = verbosity == Verbosity::Verbose;
        for (named, text) in PassedOver::said(&self.passed_over, all_names) {
            progress.warn(&named, &text);
        }
        self.say_repetitions(progress);
    }

    fn say_repetitions(&self, progress: &mut Progress) {
        if let Some(first) = self.repeated.first() {
            let more = match self.repeated.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            progress.warn(first, &format!("named more than once, done once{more}"));
        }
    }
}
