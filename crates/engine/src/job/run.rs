//! One job from looking through its input to its outcome.
//!
//! The work itself is done in `event_loop.rs`; here it is begun, and begun again when the input
//! turns out to be another than it said.

use std::time::{Duration, Instant};

use faceau_events::{Stage, WarningCode};
use faceau_shared::protocol::LogLevel;
use faceau_shared::timing;

use super::disk_space::{demand_room, wait_for_room};
use super::event_loop::{Job, Setback};
use super::outcome::{JobError, Outcome};
use super::pieces::PieceLog;
use super::policy::Settings;
use crate::events::{Event, EventReceiver, EventSender, Pause, TICK, WorkerEvent, WorkerId};
use crate::plan::{ShortestSegment, Tracking};
use crate::pool::{News, Pool};
use crate::reporter::Reporter;
use crate::trace::Trace;
use faceau_media::video::PlanMismatch;
use faceau_media::{Input, InputError, Reading, Remark, Source};
use faceau_outputs::{OutputPaths, TableDesign};

/// Inputs of fewer frames have no face at rest to be measured against. Less than a second of any
/// video.
const FEW_FRAMES: usize = 10;

/// What a job needs from the batch it belongs to.
pub struct Context<'a, 'o> {
    /// The workers.
    pub pool: &'a mut Pool,
    /// Where events come from.
    pub events: &'a EventReceiver,
    /// Where threads send events to.
    pub sender: &'a EventSender,
    /// Who is told.
    pub reporter: &'a mut Reporter<'o>,
    /// What the table is made of.
    pub table: &'a TableDesign,
    /// How workers are treated.
    pub settings: Settings,
    /// Keeps results, and gives back those of an earlier run.
    pub log: &'a mut dyn PieceLog,
    /// How videos are to be read.
    pub reading: Reading,
    /// How the video is cut.
    pub tracking: Tracking,
    /// How long segments must be.
    pub shortest_segment: ShortestSegment,
    /// Where it is written who did what when, if that is wanted.
    pub trace: &'a mut Trace,
}

impl Context<'_, '_> {
    /// Waits for the next event, for `wait` at most. Pauses the program and its workers when that
    /// is wanted.
    pub(super) fn next_event(&mut self, wait: Duration) -> Option<Event> {
        match self.events.next(wait)? {
            Event::Pause(Pause(wait)) => {
                self.pool.pause();
                wait();
                self.pool.go_on();
                None
            }
            event => Some(event),
        }
    }

    /// A worker has said something while there is nothing to do for it.
    pub(super) fn hear_idle(&mut self, id: WorkerId, event: WorkerEvent) -> Result<(), JobError> {
        match self.pool.handle(id, event, self.events.now())? {
            News::Lost { reason } => self.reporter.info(&format!("a worker is gone: {reason}")),
            News::Remark(level, text) => remark(self.reporter, level, &text),
            _ => {}
        }
        Ok(())
    }
}

/// Analyses `input`. Outputs are not written yet, but that they can be has been made sure of.
///
/// # Errors
/// When the job cannot be done. Workers that survive are ready for the next job then.
pub fn run(
    context: &mut Context<'_, '_>,
    input: &Input,
    paths: &OutputPaths,
) -> Result<Outcome, JobError> {
    let started = Instant::now();
    // A worker opens its sessions while the input is looked through.
    context.pool.want(1, context.events.now())?;
    let mut warnings = Vec::new();
    let mut told = Vec::new();
    let stopped = |signal| {
        Ok(Outcome::Stopped {
            signal,
            report: None,
        })
    };
    let indexing = timing::now();
    let mut source = match index(context, input)? {
        Indexed::Source(source) => source,
        Indexed::Stopped(signal) => return stopped(signal),
    };
    context.trace.did("look through the input", indexing);
    demand_room(context, &source, paths)?;
    let frames = source.frame_index().frames;
    if frames < FEW_FRAMES && context.table.is_relative_to_input() {
        let few = match frames {
            1 => "there is only one".to_owned(),
            _ => format!("there are only {frames}"),
        };
        let warning = format!(
            "intensities of action units are relative to this input's own frames, and {few}: they \
             say nothing of how strong an expression is"
        );
        context
            .reporter
            .warn(input.path(), WarningCode::FewFrames, &warning);
        warnings.push(warning);
    }
    loop {
        let analysing = timing::now();
        match attempt(context, input, source.clone(), paths, &warnings, &mut told) {
            Ok(job) => {
                context.trace.did("analyse", analysing);
                return job.outcome(context, started);
            }
            Err(Setback::Fatal(JobError::Output(error))) if error.is_full_disk() => {
                let frames = source.frame_index().frames;
                if let Some(signal) = wait_for_room(context, paths, frames, &error)? {
                    return stopped(signal);
                }
            }
            Err(Setback::Fatal(error)) => return Err(error),
            Err(Setback::IndexWrong(mismatch)) if !context.log.by_decoding() => {
                context.log.count_by_decoding();
                match mismatch {
                    PlanMismatch::Missing { wanted } => {
                        let warning = format!(
                            "frame {} is promised by the file but cannot be decoded; starting \
                             again with the frames that can",
                            wanted + 1
                        );
                        context
                            .reporter
                            .warn(input.path(), WarningCode::IndexWrong, &warning);
                        warnings.push(warning);
                    }
                    // A remark of the new index tells it.
                    PlanMismatch::OtherShape { .. } => {}
                }
                source = match index(context, input)? {
                    Indexed::Source(source) => source,
                    Indexed::Stopped(signal) => return stopped(signal),
                };
            }
            Err(Setback::IndexWrong(mismatch)) => {
                return Err(JobError::Input(InputError::Decoding {
                    path: input.path().into(),
                    reason: format!("{mismatch}, which it was before"),
                }));
            }
        }
    }
}

/// Does what is not known yet, and leaves the workers free for another attempt or job.
fn attempt(
    context: &mut Context<'_, '_>,
    input: &Input,
    source: Source,
    paths: &OutputPaths,
    warnings: &[String],
    told: &mut Vec<Remark>,
) -> Result<Job, Setback> {
    for remark in source.remarks() {
        if !told.contains(&remark) {
            context.reporter.noticed(input.path(), &remark);
            told.push(remark);
        }
    }
    let mut job = Job::new(context, input, source, paths, warnings)?;
    let outcome = job.work(context);
    // After a stop, workers have nothing more to do: they are sent home as they are.
    if !job.is_stopped() {
        job.drain(context)?;
    }
    outcome.map(|()| job)
}

enum Indexed {
    Source(Source),
    Stopped(i32),
}

/// Looks through the input on another thread, so that a signal is heard meanwhile.
fn index(context: &mut Context<'_, '_>, input: &Input) -> Result<Indexed, JobError> {
    let by_decoding = context.log.by_decoding();
    context.reporter.stage_begins(input.path(), Stage::Reading);
    let (sender, wanted, reading) = (context.sender.clone(), input.clone(), context.reading);
    std::thread::Builder::new()
        .name("index".into())
        .spawn(move || {
            let source = if by_decoding {
                Source::open_by_decoding(&wanted, &reading)
            } else {
                Source::open(&wanted, &reading)
            };
            // Nobody listens any more when the program is ending.
            let _ = sender.send(Event::Indexed(Box::new(source)));
        })
        .map_err(|cause| InputError::Unreadable {
            path: input.path().into(),
            cause,
        })?;
    loop {
        match context.next_event(TICK) {
            Some(Event::Indexed(source)) => return Ok(Indexed::Source((*source)?)),
            Some(Event::Stop(stop)) => return Ok(Indexed::Stopped(stop.cause)),
            Some(Event::Worker(id, event)) => context.hear_idle(id, event)?,
            // From a lane that is gone.
            Some(Event::Reader(..) | Event::Pause(_)) | None => {}
        }
        context.pool.tick(context.events.now())?;
    }
}

pub(super) fn remark(reporter: &mut Reporter<'_>, level: LogLevel, text: &str) {
    match level {
        LogLevel::Warning => reporter.warn_all(WarningCode::Worker, text),
        LogLevel::Info => reporter.info(text),
    }
}
