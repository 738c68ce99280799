//! One input's turn: from the input to its outputs, or to the reason why there are none.

use super::Batch;
use super::finished::{Standing, standing};
use super::plan::Task;
use crate::awake::Awake;
use crate::events::EventReceiver;
use crate::identity::Identity;
use crate::input::{Input, InputError, Stamp};
use crate::job::pieces::NoLog;
use crate::job::policy::Settings;
use crate::job::{self, Context, JobError, JobReport, Outcome};
use crate::output::{OutputError, OutputPaths};
use crate::progress::{InputEnd, Progress, Status, Verbosity};

impl Batch<'_> {
    /// Has an input its turn, whatever comes of it. Inputs are counted from 0.
    pub(super) fn run_task(
        &mut self,
        number: usize,
        task: &Task,
        progress: &mut Progress,
        events: &EventReceiver,
    ) -> (InputEnd, Verdict) {
        match self.try_task(number, task, progress, events) {
            Ok(Stop { end, signal }) => (end, signal.map_or(Verdict::GoOn, Verdict::Stopped)),
            Err(error) => {
                let verdict = if error.fatal {
                    Verdict::Fatal
                } else {
                    Verdict::GoOn
                };
                (InputEnd::failed(error.text), verdict)
            }
        }
    }

    fn try_task(
        &mut self,
        number: usize,
        task: &Task,
        progress: &mut Progress,
        events: &EventReceiver,
    ) -> Result<Stop, TaskError> {
        let (input, csv) = task.work.as_ref()?;
        let paths = OutputPaths::beside(csv.clone(), self.cli.extras());
        let stamp = Stamp::of(input)?;
        let identity = self.identity(input)?;
        if let Standing::Finished(frames) = standing(&paths, &identity, self.cli.force)? {
            let end = InputEnd::skipped(&paths, &frames);
            return Ok(Stop { end, signal: None });
        }
        paths.prepare()?;
        self.summary.work_begins(number, progress);
        self.stay_awake(progress);
        let mut context = Context {
            pool: &mut self.pool,
            events,
            sender: &self.sender,
            progress: &mut *progress,
            table: &self.table,
            settings: Settings {
                workers: self.workers,
                frame_deadline: self.cli.frame_timeout,
                recycle_after: self.cli.recycle_after,
                worker_memory: self.cli.worker_memory.map(|megabytes| megabytes << 20),
            },
            log: &mut NoLog,
            tracking: self.cli.tracking.into(),
            shortest_segment: self.models.shortest_segment(),
            decoder_threads: decoder_threads(self.workers),
        };
        let outcome = job::run(&mut context, input, &paths);
        let failed_otherwise = |error: &JobError| !error.ends_the_batch();
        if matches!(outcome, Ok(Outcome::Complete { .. }))
            || outcome.as_ref().is_err_and(failed_otherwise)
        {
            stamp.check(input)?;
        }
        match outcome? {
            Outcome::Complete { report, signal } => {
                let end = self.write(input, &identity, &paths, *report, true, progress)?;
                Ok(Stop { end, signal })
            }
            Outcome::Stopped { signal, report } => {
                let end = match report {
                    Some(report) if report.table.rows() > 0 => {
                        self.write(input, &identity, &paths.partial(), *report, false, progress)?
                    }
                    _ => InputEnd::stopped(),
                };
                Ok(Stop {
                    end,
                    signal: Some(signal),
                })
            }
        }
    }

    /// Keeps the machine awake from now on, unless the user does not want it.
    fn stay_awake(&mut self, progress: &mut Progress) {
        if self.cli.allow_sleep || self.awake.is_some() {
            return;
        }
        match Awake::hold() {
            Ok(awake) => self.awake = Some(awake),
            Err(error) => progress.info(&format!("the machine may fall asleep: {error}")),
        }
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
        let failed_frames = report.failed.len();
        let record = self.record(input, identity, &report, complete);
        report.table.finish(&paths.csv)?;
        record.write(&paths.run_record())?;
        let mut outputs = vec![paths.csv.clone(), paths.run_record()];
        outputs.extend(report.extra.finish(paths)?);
        Ok(InputEnd {
            status: if complete {
                Status::Done
            } else {
                Status::Partial
            },
            outputs,
            frames,
            successful: report.successful,
            failed_frames,
            seconds: report.seconds,
            error: None,
        })
    }
}

/// What follows from how an input ended.
pub(super) enum Verdict {
    /// The next one has its turn.
    GoOn,
    /// No other would fare better.
    Fatal,
    /// A signal ends everything.
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
