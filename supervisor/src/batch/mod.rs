//! All inputs of one call, one after another.

mod one;
mod record;

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::mpsc;

use faceau_shared::protocol::Setup;

use crate::cli::{Cli, word};
use crate::cores::sensible_workers;
use crate::events::{Event, EventReceiver};
use crate::input::{Input, InputError, expand};
use crate::output::{Columns, TableDesign, UnknownColumns};
use crate::pipeline::{OpenFace3Options, PipelineOptions, UnsuitableOptions};
use crate::pool::{Pool, WorkerCommand};
use crate::progress::Progress;
use crate::setup::{self, Models};
use crate::signals;
use one::Ended;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With an exit code of the table in `--help`.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Every input was done.
const ALL_DONE: i32 = 0;
/// At least one input failed.
const SOME_FAILED: i32 = 1;
/// The command line makes no sense.
const USAGE: i32 = 2;
/// Nothing could be done.
const NOT_USABLE: i32 = 3;

/// One argument's inputs, or why there are none.
struct Task {
    path: PathBuf,
    input: Result<Input, InputError>,
}

/// Does everything the command line asks for.
pub fn run(cli: &Cli) -> Exit {
    let tasks = tasks(&cli.inputs);
    let workers = cli.workers.map_or_else(sensible_workers, usize::from);
    let style = cli.progress_style(std::io::stderr().is_terminal());
    let mut progress = Progress::new(style, cli.verbosity(), tasks.len(), workers);

    let exit = if cli.output.is_some() && tasks.len() > 1 {
        progress.error("--output takes a single input; use --out-dir for several");
        Exit::Code(USAGE)
    } else {
        match Batch::begin(cli, workers, &mut progress) {
            Ok((batch, events)) => return batch.run(&tasks, &mut progress, &events),
            Err(error) => {
                progress.error(&error.to_string());
                let usage = error.is::<UnknownColumns>() || error.is::<UnsuitableOptions>();
                Exit::Code(if usage { USAGE } else { NOT_USABLE })
            }
        }
    };
    if let Exit::Code(code) = exit {
        progress.ended(0, 0, code);
    }
    exit
}

fn tasks(arguments: &[PathBuf]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for path in arguments {
        match expand(path) {
            Ok(inputs) => tasks.extend(inputs.into_iter().map(|input| Task {
                path: input.path().to_owned(),
                input: Ok(input),
            })),
            Err(error) => tasks.push(Task {
                path: path.clone(),
                input: Err(error),
            }),
        }
    }
    tasks
}

struct Batch<'a> {
    cli: &'a Cli,
    models: Models,
    options: PipelineOptions,
    columns: Columns,
    table: TableDesign,
    pool: Pool,
    sender: mpsc::Sender<Event>,
    workers: usize,
    done: usize,
    failed: usize,
    /// Tables written so far, so that no two inputs write the same one.
    written: BTreeSet<PathBuf>,
}

impl<'a> Batch<'a> {
    fn begin(
        cli: &'a Cli,
        workers: usize,
        progress: &mut Progress,
    ) -> anyhow::Result<(Self, EventReceiver)> {
        let program = setup::worker_program(cli.worker_program.as_deref())?;
        let models = setup::models(
            cli.models.as_deref(),
            cli.pipeline.candidates(),
            cli.allow_unknown_models,
        )?;
        progress.info(&format!("pipeline: {}", models.pinned.set.set));
        if !models.pinned.unknown.is_empty() {
            let unknown = &models.pinned.unknown;
            let named = unknown.iter().take(3).map(String::as_str);
            progress.warn_all(&format!(
                "{} model files are not the known ones (the run record names them): {}{}",
                unknown.len(),
                named.collect::<Vec<_>>().join(", "),
                if unknown.len() > 3 { ", …" } else { "" }
            ));
        }
        let options = PipelineOptions::of(cli, models.pinned.set.set)?;
        let columns = Columns::select(&cli.columns, models.known_columns())?;
        let (sender, events) = mpsc::channel();
        signals::watch(&sender)?;
        let command = WorkerCommand {
            program,
            setup: Setup {
                provider: word(&cli.provider),
                models: models.pinned.set.clone(),
                redetect_every: options.redetect_every,
                openface3: options.openface3.as_ref().map(OpenFace3Options::setup),
                want_fhog: cli.hog,
                want_aligned: cli.aligned,
            },
            start_deadline: cli.start_timeout,
        };
        let batch = Self {
            cli,
            table: models.table_design(columns, &options),
            models,
            options,
            columns,
            pool: Pool::new(command, sender.clone()),
            sender,
            workers,
            done: 0,
            failed: 0,
            written: BTreeSet::new(),
        };
        Ok((batch, events))
    }

    fn run(mut self, tasks: &[Task], progress: &mut Progress, events: &EventReceiver) -> Exit {
        let mut exit = None;
        for task in tasks {
            progress.next_input();
            let end = self.run_task(task, progress, events);
            match end {
                Ended::Done => self.done += 1,
                Ended::Failed => self.failed += 1,
                Ended::Fatal => exit = Some(Exit::Code(NOT_USABLE)),
                Ended::Stopped(signal) => exit = Some(Exit::Signal(signal)),
            }
            if exit.is_some() {
                break;
            }
        }
        let exit = exit.unwrap_or(Exit::Code(if self.failed == 0 {
            ALL_DONE
        } else {
            SOME_FAILED
        }));
        let code = match exit {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        };
        progress.ended(self.done, self.failed, code);
        self.pool.dismiss(events);
        exit
    }
}
