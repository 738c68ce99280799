//! One job from looking through its input to its outcome.
//!
//! The work itself is done in [`super::active`]; here it is begun, and begun again when the input
//! turns out to be another than it said.

use std::time::{Duration, Instant};

use faceau_shared::protocol::LogLevel;

use super::active::{Job, Setback};
use super::outcome::{JobError, Outcome};
use crate::events::{Event, EventReceiver, EventSender};
use crate::input::{Input, InputError, Source};
use crate::output::{OutputPaths, TableDesign};
use crate::plan::{ShortestSegment, Tracking};
use crate::pool::{News, Pool};
use crate::progress::Progress;

/// How often deadlines are looked at and progress is shown.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// What a job needs from the batch it belongs to.
pub struct Context<'a> {
    /// The workers.
    pub pool: &'a mut Pool,
    /// Where events come from.
    pub events: &'a EventReceiver,
    /// Where threads send events to.
    pub sender: &'a EventSender,
    /// What the user sees.
    pub progress: &'a mut Progress,
    /// What the table is made of.
    pub table: &'a TableDesign,
    /// Number of workers wanted.
    pub workers: usize,
    /// How the video is cut.
    pub tracking: Tracking,
    /// How long segments must be.
    pub shortest_segment: ShortestSegment,
    /// How long a worker may be silent while it has a frame.
    pub frame_deadline: Duration,
    /// Threads per decoder.
    pub decoder_threads: usize,
}

/// Analyses `input`. Outputs are not written yet, but that they can be has been made sure of.
///
/// # Errors
/// When the job cannot be done. Workers that survive are ready for the next job then.
pub fn run(
    context: &mut Context<'_>,
    input: &Input,
    paths: &OutputPaths,
) -> Result<Outcome, JobError> {
    let started = Instant::now();
    // A worker opens its sessions while the input is looked through.
    context.pool.grow_to(1)?;
    let mut warnings = Vec::new();
    let mut by_decoding = false;
    loop {
        let source = match index(context, input, by_decoding)? {
            Indexed::Source(source) => source,
            Indexed::Stopped(signal) => {
                return Ok(Outcome::Stopped {
                    signal,
                    report: None,
                });
            }
        };
        let mut job = Job::new(context, input, source, paths, &warnings)?;
        let outcome = job.work(context);
        job.drain(context)?;
        match outcome {
            Ok(()) => return Ok(job.outcome(context.pool, started)),
            Err(Setback::Fatal(error)) => return Err(error),
            Err(Setback::IndexWrong(frame)) if !by_decoding => {
                by_decoding = true;
                let warning = format!(
                    "frame {} is promised by the file but cannot be decoded; starting again with \
                     the frames that can",
                    frame + 1
                );
                context.progress.warn(input.path(), &warning);
                warnings.push(warning);
            }
            Err(Setback::IndexWrong(frame)) => {
                return Err(JobError::Input(InputError::Decoding {
                    path: input.path().into(),
                    reason: format!("frame {} comes and goes", frame + 1),
                }));
            }
        }
    }
}

enum Indexed {
    Source(Source),
    Stopped(i32),
}

/// Looks through the input on another thread, so that a signal is heard meanwhile.
fn index(context: &mut Context<'_>, input: &Input, by_decoding: bool) -> Result<Indexed, JobError> {
    context.progress.indexing(input.path());
    let (sender, wanted) = (context.sender.clone(), input.clone());
    std::thread::Builder::new()
        .name("index".into())
        .spawn(move || {
            let source = if by_decoding {
                Source::open_by_decoding(&wanted)
            } else {
                Source::open(&wanted)
            };
            // Nobody listens any more when the program is ending.
            let _ = sender.send(Event::Indexed(Box::new(source)));
        })
        .map_err(|source| InputError::Unreadable {
            path: input.path().into(),
            source,
        })?;
    loop {
        match context.events.recv_timeout(TICK) {
            Ok(Event::Indexed(source)) => return Ok(Indexed::Source((*source)?)),
            Ok(Event::Signal(signal)) => return Ok(Indexed::Stopped(signal)),
            Ok(Event::Worker(id, event)) => {
                let news = context.pool.handle(id, event)?;
                match news {
                    News::Lost { reason } => {
                        context
                            .progress
                            .info(&format!("a worker is gone: {reason}"));
                        context.pool.grow_to(1)?;
                    }
                    News::Remark(level, text) => remark(context.progress, level, &text),
                    _ => {}
                }
            }
            // From a lane that is gone.
            Ok(Event::Reader(..)) | Err(_) => {}
        }
        context.pool.enforce_start_deadline(Instant::now());
    }
}

pub(super) fn remark(progress: &mut Progress, level: LogLevel, text: &str) {
    match level {
        LogLevel::Warning => progress.warn_all(text),
        LogLevel::Info => progress.info(text),
    }
}
