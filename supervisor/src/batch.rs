//! All inputs of one call, one after another.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use faceau_shared::protocol::Setup;

use crate::cli::{Cli, word};
use crate::cores::sensible_workers;
use crate::events::{Event, EventReceiver};
use crate::identity::{Identity, InputIdentity, ModelIdentity, ProgramIdentity, ResultOptions};
use crate::input::{Input, InputError, expand};
use crate::job::{self, Context, JobError, JobReport, Outcome};
use crate::output::run_record::{
    FORMAT, FrameCounts, InputRecord, ModelRecord, NetworkRecord, OptionsRecord, Program,
    RunRecord, Timing,
};
use crate::output::{Columns, OutputError, OutputPaths, UnknownColumns};
use crate::pool::{Pool, WorkerCommand};
use crate::progress::{InputEnd, Progress, Verbosity};
use crate::setup::{self, Models};
use crate::signals;

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
                Exit::Code(if error.is::<UnknownColumns>() {
                    USAGE
                } else {
                    NOT_USABLE
                })
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
    columns: Columns,
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
        let columns = Columns::select(&cli.columns, models.place_eyes())?;
        let (sender, events) = mpsc::channel();
        signals::watch(&sender)?;
        let command = WorkerCommand {
            program,
            setup: Setup {
                provider: word(&cli.provider),
                models: models.pinned.set.clone(),
                redetect_every: cli.redetect,
                want_fhog: cli.hog,
                want_aligned: cli.aligned,
            },
            start_deadline: cli.start_timeout,
        };
        let batch = Self {
            cli,
            models,
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

    fn run_task(&mut self, task: &Task, progress: &mut Progress, events: &EventReceiver) -> Ended {
        match self.try_task(task, progress, events) {
            Ok(Stop { end, signal }) => {
                progress.input_ended(&task.path, &end);
                signal.map_or(Ended::Done, Ended::Stopped)
            }
            Err(error) => {
                let end = InputEnd {
                    status: "failed",
                    outputs: Vec::new(),
                    frames: 0,
                    successful: 0,
                    error: Some(error.text),
                };
                progress.input_ended(&task.path, &end);
                if error.fatal {
                    Ended::Fatal
                } else {
                    Ended::Failed
                }
            }
        }
    }

    fn try_task(
        &mut self,
        task: &Task,
        progress: &mut Progress,
        events: &EventReceiver,
    ) -> Result<Stop, TaskError> {
        let input = task.input.as_ref()?;
        let paths = self.output_paths(input)?;
        let identity = self.identity(input)?;
        let mut context = Context {
            pool: &mut self.pool,
            events,
            sender: &self.sender,
            progress: &mut *progress,
            models: &self.models.au,
            workers: self.workers,
            tracking: self.cli.tracking.into(),
            shortest_segment: self.models.shortest_segment(),
            columns: self.columns,
            frame_deadline: self.cli.frame_timeout,
            decoder_threads: decoder_threads(self.workers),
        };
        match job::run(&mut context, input, &paths)? {
            Outcome::Complete(report) => {
                let end = self.write(input, &identity, &paths, *report, true, progress)?;
                Ok(Stop { end, signal: None })
            }
            Outcome::Stopped { signal, report } => {
                let end = match report {
                    Some(report) if report.rows.rows() > 0 => {
                        self.write(input, &identity, &paths.partial(), *report, false, progress)?
                    }
                    _ => InputEnd {
                        status: "stopped",
                        outputs: Vec::new(),
                        frames: 0,
                        successful: 0,
                        error: None,
                    },
                };
                Ok(Stop {
                    end,
                    signal: Some(signal),
                })
            }
        }
    }

    /// Decides where an input's table goes and makes sure that it can.
    fn output_paths(&mut self, input: &Input) -> Result<OutputPaths, TaskError> {
        let csv = match &self.cli.output {
            Some(file) => file.clone(),
            None => self.cli.out_dir.join(format!("{}.csv", input.stem())),
        };
        if !self.written.insert(csv.clone()) {
            return Err(TaskError {
                text: format!(
                    "{}: another input of this call writes {} already; give it a call of its own \
                     with --output",
                    input.path().display(),
                    csv.display()
                ),
                fatal: false,
            });
        }
        let paths = OutputPaths::beside(csv, self.cli.extras());
        paths.prepare(self.cli.overwrite)?;
        Ok(paths)
    }

    /// Writes the table and its run record.
    fn write(
        &self,
        input: &Input,
        identity: &Identity,
        paths: &OutputPaths,
        mut report: JobReport,
        complete: bool,
        progress: &mut Progress,
    ) -> Result<InputEnd, OutputError> {
        if self.cli.verbosity() == Verbosity::Verbose {
            progress.info(&report.stages.to_text());
        }
        let frames = report.rows.rows();
        let record = self.record(input, identity, &report, complete);
        let series = report.temporal.finish();
        let series = series.map_err(OutputError::on(&paths.csv))?;
        let aus = |models: &[faceau_vision::au::models::AuModel]| -> Vec<u8> {
            models.iter().map(|model| model.au).collect()
        };
        report.rows.finish(
            &paths.csv,
            &aus(self.models.au.intensities()),
            &aus(self.models.au.presences()),
            series,
        )?;
        record.write(&paths.run_record())?;
        let mut outputs = vec![paths.csv.clone(), paths.run_record()];
        outputs.extend(report.extra.finish(paths)?);
        Ok(InputEnd {
            status: if complete { "done" } else { "partial" },
            outputs,
            frames,
            successful: report.successful,
            error: None,
        })
    }

    /// What decides the output of `input`.
    fn identity(&self, input: &Input) -> Result<Identity, InputError> {
        let files = self.models.pinned.set.files.iter();
        Ok(Identity {
            input: InputIdentity::of(input)?,
            options: ResultOptions {
                pipeline: self.models.pinned.set.set.name().to_owned(),
                tracking: word(&self.cli.tracking),
                provider: word(&self.cli.provider),
                redetect_every: self.cli.redetect,
                columns: self.columns.names(),
                hog: self.cli.hog,
                aligned: self.cli.aligned,
            },
            models: files
                .map(|file| ModelIdentity {
                    id: file.id.clone(),
                    sha256: file.sha256.to_string(),
                })
                .collect(),
            program: ProgramIdentity::this(),
        })
    }

    fn record(
        &self,
        input: &Input,
        identity: &Identity,
        report: &JobReport,
        complete: bool,
    ) -> RunRecord {
        let index = report.source.frame_index();
        let geometry = report.source.geometry();
        let worker = self.pool.report();
        let rows = report.rows.rows();
        RunRecord {
            format: FORMAT,
            program: Program {
                identity: identity.program.clone(),
                runtime: worker.map_or_else(String::new, |w| w.runtime.clone()),
            },
            complete,
            input: InputRecord {
                path: text(input.path()),
                identity: identity.input.clone(),
                width: geometry.width,
                height: geometry.height,
                frames: index.frames,
                seconds: report.source.seconds(index.frames.saturating_sub(1)),
                segments: report.segments,
                run_ons: report.run_ons,
                remarks: report.source.remarks(),
            },
            options: OptionsRecord {
                result: identity.options.clone(),
                workers: self.workers,
            },
            models: identity
                .models
                .iter()
                .map(|model| ModelRecord {
                    known: !self.models.pinned.unknown.contains(&model.id),
                    identity: model.clone(),
                })
                .collect(),
            networks: worker.map_or_else(Vec::new, |worker| {
                worker
                    .sessions
                    .iter()
                    .map(|session| NetworkRecord {
                        model: session.model.clone(),
                        provider: session.provider.clone(),
                    })
                    .collect()
            }),
            frames: FrameCounts {
                written: rows,
                successful: report.successful,
                analysed: report.analysed,
            },
            timing: Timing {
                seconds: report.seconds,
                frames_per_second: rows as f64 / report.seconds.max(1e-9),
                worker_startup_ms: worker.map_or(0.0, |w| w.startup_ms),
                workers_started: self.pool.starts(),
                stages: report.stages.rows(),
            },
            warnings: report.warnings.clone(),
        }
    }
}

/// How one input ended.
enum Ended {
    Done,
    Failed,
    Fatal,
    Stopped(i32),
}

/// An input that did not fail, and the signal that cut it short, if one did.
struct Stop {
    end: InputEnd,
    signal: Option<i32>,
}

/// Why an input failed, and whether the others would, too.
struct TaskError {
    text: String,
    fatal: bool,
}

impl From<InputError> for TaskError {
    fn from(error: InputError) -> Self {
        Self::from(&error)
    }
}

impl From<&InputError> for TaskError {
    fn from(error: &InputError) -> Self {
        Self {
            text: error.to_string(),
            fatal: false,
        }
    }
}

impl From<OutputError> for TaskError {
    fn from(error: OutputError) -> Self {
        Self {
            text: error.to_string(),
            fatal: false,
        }
    }
}

impl From<JobError> for TaskError {
    fn from(error: JobError) -> Self {
        Self {
            text: error.to_string(),
            fatal: error.ends_the_batch(),
        }
    }
}

/// Decoders share the cores that workers leave.
fn decoder_threads(workers: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / workers.max(1)).clamp(1, 4)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
