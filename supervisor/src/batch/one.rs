//! One input's turn: from the input to its outputs, or to the reason why there are none.

use super::{Batch, Task};
use crate::events::EventReceiver;
use crate::identity::Identity;
use crate::input::{Input, InputError};
use crate::job::{self, Context, JobError, JobReport, Outcome};
use crate::output::{OutputError, OutputPaths};
use crate::progress::{InputEnd, Progress, Verbosity};

impl Batch<'_> {
    pub(super) fn run_task(
        &mut self,
        task: &Task,
        progress: &mut Progress,
        events: &EventReceiver,
    ) -> Ended {
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
            table: &self.table,
            workers: self.workers,
            tracking: self.cli.tracking.into(),
            shortest_segment: self.models.shortest_segment(),
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
                    Some(report) if report.table.rows() > 0 => {
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
        report: JobReport,
        complete: bool,
        progress: &mut Progress,
    ) -> Result<InputEnd, OutputError> {
        if self.cli.verbosity() == Verbosity::Verbose {
            progress.info(&report.stages.to_text());
        }
        let frames = report.table.rows();
        let record = self.record(input, identity, &report, complete);
        report.table.finish(&paths.csv)?;
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
}

/// How one input ended.
pub(super) enum Ended {
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
