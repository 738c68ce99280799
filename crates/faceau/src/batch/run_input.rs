//! One input's turn: from the input to its outputs, or to the reason why there are none.

use faceau_events::{FrameCounts, InputEnd, Stage, Status, WarningCode};
use faceau_shared::timing;

use super::Batch;
use super::failure::Failure;
use super::plan::{self, Task};
use super::up_to_date::{Standing, standing};
use faceau_engine::events::EventReceiver;
use faceau_engine::identity::{Identity, RecordedRun};
use faceau_engine::job::policy::Settings as JobSettings;
use faceau_engine::job::{self, Context, JobError, JobReport, Outcome};
use faceau_engine::journal::{JobFolder, Journal, JournalError};
use faceau_engine::placement::{self, Note, Placed, PlacementError};
use faceau_engine::reporter::{Reporter, text};
use faceau_media::{Input, Stamp};
use faceau_outputs::{self as output, OutputError, OutputPaths, write_record};
use faceau_system::awake::Awake;

/// Runs that may die one after the other on one of several inputs, before it is passed over. One may
/// have been a power cut.
const MOST_DEATHS: u32 = 2;

impl Batch<'_> {
    /// Has an input its turn, whatever comes of it. Inputs are counted from 0.
    pub(super) fn run_task(
        &mut self,
        number: usize,
        task: &Task,
        reporter: &mut Reporter<'_>,
        events: &EventReceiver,
    ) -> (InputEnd, Then) {
        match self.try_task(number, task, reporter, events) {
            Ok(Stop { end, signal }) => (end, signal.map_or(Then::GoOn, Then::Stopped)),
            Err(error) => {
                let then = if error.fatal { Then::Fatal } else { Then::GoOn };
                (InputEnd::failed(error.code, error.text), then)
            }
        }
    }

    fn try_task(
        &mut self,
        number: usize,
        task: &Task,
        reporter: &mut Reporter<'_>,
        events: &EventReceiver,
    ) -> Result<Stop, Failure> {
        let (input, csv) = task.work.as_ref()?;
        let paths = if plan::writes_to_standard_output(self.settings) {
            OutputPaths::to_standard_output(csv.clone())
        } else {
            OutputPaths::beside(output::resolve(csv)?, self.settings.extras())
        };
        let stamp = Stamp::of(input)?;
        faceau_media::check_self_contained(input)?;
        let reading = timing::now();
        let identity = self.identity(input)?;
        self.trace.did("read the input", reading);
        // On standard output nothing is there.
        let force = self.settings.force || paths.is_standard_output();
        let standing = standing(&paths, &identity, force);
        if let Ok(Standing::Finished(frames)) = standing {
            // Of a run that was killed just before its end. If another is at work, it stays.
            let _ = JobFolder::discard(&paths.csv);
            let end = skipped(&paths, &frames);
            return Ok(Stop { end, signal: None });
        }
        let mut journal = self.journal(input, &paths, &identity, reporter)?;
        if !journal.was_publishing() {
            standing?;
        }
        paths.prepare()?;
        self.summary.work_begins(number, reporter);
        self.stay_awake(reporter);
        let work = Work {
            input,
            stamp,
            identity,
            paths,
        };
        let ended = self.work(&work, &mut journal, reporter, events);
        match &ended {
            Ok(Stop { end, .. }) if end.status == Status::Done => journal.done(),
            // What was read of it is not of one recording.
            Err(_) if work.input_changed() => journal.done(),
            // Going on would end in the same way, and another input may want the same output.
            Err(error) if error.undecodable => journal.done(),
            _ => {
                let left = match &ended {
                    Err(error) if !error.fatal => journal.leave_failed(),
                    _ => journal.leave(),
                };
                if let Some(folder) = left {
                    reporter.warn(
                        input.path(),
                        WarningCode::WorkKept,
                        &format!(
                            "what is known so far is kept in {}; the same command goes on from \
                             there, with --restart it begins anew",
                            folder.display()
                        ),
                    );
                }
            }
        }
        ended
    }

    /// Takes the output for this run alone, and opens the journal of its work.
    fn journal(
        &self,
        input: &Input,
        paths: &OutputPaths,
        identity: &Identity,
        reporter: &mut Reporter<'_>,
    ) -> Result<Journal, Failure> {
        let folder = JobFolder::take(&paths.csv).map_err(JournalError::from)?;
        if !folder.is_locked() {
            let warning = "this file system knows no locks; take care that no other run writes \
                           the same output";
            reporter.warn(input.path(), WarningCode::NoLocks, warning);
        }
        // A single input cannot be in the way of others, so it is tried as often as it is named.
        if self.several {
            let again = self.settings.force || self.settings.restart;
            if folder.deaths() >= MOST_DEATHS && !again {
                let place = folder.path().to_owned();
                folder.leave_alone();
                return Err(Failure::deadly(input, MOST_DEATHS, &place));
            }
            folder.note_start();
        }
        Ok(Journal::open(folder, identity, self.settings.restart)?)
    }

    /// Analyses an input and writes its outputs, as often as the disk turns out to be full.
    fn work(
        &mut self,
        work: &Work<'_>,
        journal: &mut Journal,
        reporter: &mut Reporter<'_>,
        events: &EventReceiver,
    ) -> Result<Stop, Failure> {
        let (input, paths) = (work.input, &work.paths);
        if let Some(signal) = self.place_networks(reporter, events)? {
            return Ok(Stop::without_outputs(signal));
        }
        loop {
            let outcome = job::run(&mut self.context(journal, reporter, events), input, paths);
            let failed_otherwise = |error: &JobError| !error.ends_the_batch();
            if matches!(outcome, Ok(Outcome::Complete { .. }))
                || outcome.as_ref().is_err_and(failed_otherwise)
            {
                work.stamp.check(input)?;
            }
            let (report, signal) = match outcome? {
                Outcome::Complete { report, signal } => (report, signal),
                Outcome::Stopped { signal, report } => match report {
                    Some(report) if report.table.frames() > 0 => (report, Some(signal)),
                    _ => return Ok(Stop::without_outputs(signal)),
                },
            };
            let frames = report.source.frame_index().frames;
            let writing = timing::now();
            reporter.stage_begins(input.path(), Stage::Writing);
            let written = self.write(work, *report, journal, reporter);
            self.trace.did("write the outputs", writing);
            let stopped = match written {
                Ok(end) => return Ok(Stop { end, signal }),
                Err(error) if !error.is_full_disk() => return Err(error.into()),
                // Everything is in the journal.
                Err(_) if signal.is_some() => signal,
                Err(error) => {
                    let mut context = self.context(journal, reporter, events);
                    job::wait_for_room(&mut context, paths, frames, &error)?
                }
            };
            if let Some(signal) = stopped {
                return Ok(Stop::without_outputs(signal));
            }
        }
    }

    /// Finds out where networks run, before the first worker starts. Returns the signal that came
    /// before that was known.
    fn place_networks(
        &mut self,
        reporter: &mut Reporter<'_>,
        events: &EventReceiver,
    ) -> Result<Option<i32>, PlacementError> {
        let Some(wishes) = self.wishes.take() else {
            return Ok(None);
        };
        let warnings = &mut self.placement_warnings;
        let mut say = |note| match note {
            Note::Warning(text) => {
                reporter.warn_all(WarningCode::Provider, &text);
                warnings.push(text);
            }
            Note::Info(text) => reporter.info(&text),
        };
        let setup = self.pool.setup();
        let probe = self.pool.probe(events);
        match placement::settle(wishes, setup, probe, &mut say)? {
            Placed::At(places) => {
                self.pool.place_networks(places);
                Ok(None)
            }
            Placed::Stopped(signal) => Ok(Some(signal)),
        }
    }

    /// What a job needs from the batch.
    fn context<'a, 'o>(
        &'a mut self,
        journal: &'a mut Journal,
        reporter: &'a mut Reporter<'o>,
        events: &'a EventReceiver,
    ) -> Context<'a, 'o> {
        Context {
            pool: &mut self.pool,
            events,
            sender: &self.sender,
            reporter,
            table: &self.table,
            settings: JobSettings {
                workers: self.workers,
                frame_deadline: self.settings.frame_timeout,
                recycle_after: self.settings.recycle_after,
                worker_memory: self.settings.worker_memory,
            },
            log: journal,
            reading: self.settings.reading,
            tracking: self.settings.tracking,
            shortest_segment: self.models.shortest_segment(),
            trace: &mut self.trace,
        }
    }

    /// Keeps the machine awake from now on, unless the user does not want it.
    fn stay_awake(&mut self, reporter: &mut Reporter<'_>) {
        if self.settings.allow_sleep || self.awake.is_some() {
            return;
        }
        match Awake::hold() {
            Ok(awake) => self.awake = Some(awake),
            Err(error) => reporter.info(&format!("the machine may fall asleep: {error}")),
        }
    }

    /// Writes what there is of the outputs. The run record is the last to appear: where it says
    /// that an output is complete, everything is in its place.
    fn write(
        &self,
        work: &Work<'_>,
        report: JobReport,
        journal: &mut Journal,
        reporter: &mut Reporter<'_>,
    ) -> Result<InputEnd, OutputError> {
        let frames = report.table.frames();
        let complete = frames == report.source.frame_index().frames;
        if work.paths.is_standard_output() {
            return write_to_standard_output(&work.paths, report, complete);
        }
        let partial = work.paths.partial();
        let paths = if complete { &work.paths } else { &partial };
        let failed_frames = report.failed.len();
        let record = self.record(work.input, &work.identity, &report, complete);
        reporter.record(&record);
        if complete {
            journal.publish().map_err(OutputError::on(&paths.csv))?;
        }
        paths.remove_record()?;
        let extra = report.extra.finish(paths)?;
        report.table.finish(paths)?;
        write_record(&record, paths)?;
        if complete {
            work.remove_partial();
        }
        let mut outputs = vec![text(&paths.csv), text(&paths.run_record())];
        outputs.extend(extra.iter().map(|path| text(path)));
        let mut end = InputEnd::without_outputs(if complete {
            Status::Done
        } else {
            Status::Partial
        });
        end.outputs = outputs;
        (end.frames, end.successful) = (frames, report.successful);
        end.failed_frames = failed_frames;
        end.seconds = report.seconds;
        Ok(end)
    }
}

/// The outputs are there already, with as many frames.
fn skipped(paths: &OutputPaths, frames: &FrameCounts) -> InputEnd {
    let more = paths.hog.iter().chain(&paths.aligned);
    let mut end = InputEnd::without_outputs(Status::Skipped);
    end.outputs = vec![text(&paths.csv), text(&paths.run_record())];
    end.outputs.extend(more.map(|path| text(path)));
    (end.frames, end.successful) = (frames.written, frames.successful);
    end.failed_frames = frames.failed.len();
    end
}

/// Writes the table to standard output once it is whole. What is not remains for a later run.
fn write_to_standard_output(
    paths: &OutputPaths,
    report: JobReport,
    complete: bool,
) -> Result<InputEnd, OutputError> {
    if !complete {
        return Ok(InputEnd::without_outputs(Status::Stopped));
    }
    let mut end = InputEnd::without_outputs(Status::Done);
    (end.frames, end.failed_frames) = (report.table.frames(), report.failed.len());
    let unseen = paths.in_workshop()?;
    report.table.finish(&unseen)?;
    output::copy_to_standard_output(&unseen.csv)?;
    end.outputs = vec!["-".into()];
    end.successful = report.successful;
    end.seconds = report.seconds;
    Ok(end)
}

/// An input and what is to be made of it.
struct Work<'a> {
    input: &'a Input,
    /// What it was when work began.
    stamp: Stamp,
    identity: Identity,
    paths: OutputPaths,
}

impl Work<'_> {
    /// Whether the input is there and not what it was. One that is gone may come back.
    fn input_changed(&self) -> bool {
        self.stamp.check(self.input).is_err() && Stamp::of(self.input).is_ok()
    }

    /// Removes the outputs of an earlier run of the same work that was stopped: they are of no use
    /// once it is done.
    fn remove_partial(&self) {
        let partial = self.paths.partial();
        let run = RecordedRun::read(&partial.run_record());
        if run
            .is_some_and(|run| !run.complete && self.identity.differences(&run.identity).is_empty())
        {
            partial.remove();
        }
    }
}

/// What follows from how an input ended.
pub(super) enum Then {
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

impl Stop {
    fn without_outputs(signal: i32) -> Self {
        Self {
            end: InputEnd::without_outputs(Status::Stopped),
            signal: Some(signal),
        }
    }
}
