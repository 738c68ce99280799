//! Which inputs there are and where their tables go, decided before any work.

use std::path::{Path, PathBuf};

use faceau_engine::journal::JobFolder;
use faceau_engine::reporter::Reporter;
use faceau_events::WarningCode;
use faceau_media::{Findings, Found, Input, InputError, ListError, PassedOver};
use faceau_outputs::{self as output, Place, distinct_tables};

use crate::settings::Settings;

/// What is named as inputs: videos, folders of videos, folders of images, patterns.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// What is named.
    pub names: Vec<PathBuf>,
    /// Whether sub-folders of folders are looked into, too.
    pub recursive: bool,
    /// A file that names more inputs, one a line; `-` is standard input.
    pub list: Option<PathBuf>,
    /// Whether everything that is passed over is told of by name.
    pub name_passed_over: bool,
}

impl<P: Into<PathBuf>> FromIterator<P> for Inputs {
    /// Inputs by their names.
    fn from_iter<T: IntoIterator<Item = P>>(names: T) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// What is asked for is something that cannot be.
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
    /// Whether each of these is told of by name.
    name_passed_over: bool,
}

/// An input, or why there is none where the user said.
pub(super) struct Task {
    /// The input's path; that of what was named if there is no input.
    pub path: PathBuf,
    /// The input, and the path of its table.
    pub work: Result<(Input, PathBuf), InputError>,
}

/// Whether the one table goes to standard output.
pub(super) fn writes_to_standard_output(settings: &Settings) -> bool {
    settings.output.as_deref() == Some(Path::new("-"))
}

impl Plan {
    /// Finds the inputs that are named.
    pub(super) fn of(inputs: &Inputs, settings: &Settings) -> anyhow::Result<Self> {
        let mut names = inputs.names.clone();
        if let Some(list) = &inputs.list {
            names.extend(faceau_media::read_list(list).map_err(PlanError::from)?);
        }
        let Findings {
            found,
            repeated,
            passed_over,
        } = faceau_media::find(&names, inputs.recursive);
        if settings.output.is_some() && found.len() > 1 {
            return Err(PlanError::OneOutput.into());
        }
        if writes_to_standard_output(settings) {
            let others = [
                (settings.standard_output_is_taken, "--progress json"),
                (settings.hog, "--hog"),
                (settings.aligned, "--aligned"),
            ];
            if let Some((_, option)) = others.into_iter().find(|(given, _)| *given) {
                return Err(PlanError::StandardOutput { option }.into());
            }
        }
        let place = |found: &Found| Some(Place::of(found, found.input.as_ref().ok()?));
        let places: Vec<Place> = found.iter().filter_map(place).collect();
        let mut tables = distinct_tables(&places).into_iter();
        let mut table = || match (&settings.output, tables.next()) {
            (Some(_), table) if writes_to_standard_output(settings) => {
                table.unwrap_or_default().with_extension("stdout.csv")
            }
            (Some(output), _) => output.clone(),
            (None, table) => settings.out_dir.join(table.unwrap_or_default()),
        };
        let tasks = found.into_iter().map(|found| Task {
            path: found.path,
            work: found.input.map(|input| (input, table())),
        });
        Ok(Self {
            tasks: tasks.collect(),
            repeated,
            passed_over,
            name_passed_over: inputs.name_passed_over,
        })
    }

    /// The numbers of the tasks, counted from 0, in the order in which they have their turn: as they
    /// were named, but last those on which a run has died, so that all others are done by then.
    pub(super) fn order(&self) -> Vec<usize> {
        let died = |task: &Task| match &task.work {
            Ok((_, csv)) if self.tasks.len() > 1 => {
                let csv = output::resolve(csv).unwrap_or_else(|_| csv.clone());
                JobFolder::starts_without_end(&csv) > 0
            }
            _ => false,
        };
        let (last, first): (Vec<usize>, Vec<usize>) =
            (0..self.tasks.len()).partition(|&number| died(&self.tasks[number]));
        [first, last].concat()
    }

    /// Tells the user what is left out: what was named twice is done once, and what is no input is
    /// passed over.
    pub(super) fn say_what_is_left_out(&self, reporter: &mut Reporter<'_>) {
        for (named, text) in PassedOver::said(&self.passed_over, self.name_passed_over) {
            reporter.warn(&named, WarningCode::PassedOver, &text);
        }
        self.say_repetitions(reporter);
    }

    fn say_repetitions(&self, reporter: &mut Reporter<'_>) {
        if let Some(first) = self.repeated.first() {
            let more = match self.repeated.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            reporter.warn(
                first,
                WarningCode::Repeated,
                &format!("named more than once, done once{more}"),
            );
        }
    }
}
