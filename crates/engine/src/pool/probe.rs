//! A worker process that tries networks out and analyses nothing: what is asked of it and what it
//! says. It may hang or crash, which is an answer, too.

use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use faceau_shared::protocol::{Examination, FromWorker, ProtocolError, Station, ToWorker, Trial};

use super::error::PoolError;
use super::lifecycle::LastWords;
use super::process::Process;
use crate::events::{Event, EventReceiver, EventSender, Pause, TICK, WorkerEvent, WorkerId};
use faceau_system::process::describe_end;

/// How an examination ended.
#[derive(Debug, PartialEq)]
pub enum End {
    /// Everything was tried.
    Finished,
    /// The process was killed because this trial took too long.
    Late(Station),
    /// The process ended during this trial.
    Died(Station, String),
    /// A signal wants the program to end.
    Stopped(i32),
}

/// Starts examinations.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The worker program.
    pub program: &'a Path,
    /// How long one trial may take.
    pub deadline: Duration,
    /// Where the process's threads send events to.
    pub sender: &'a EventSender,
    /// Where they come from. Nothing else may be going on.
    pub events: &'a EventReceiver,
}

impl Probe<'_> {
    /// Has everything tried that is asked for; that may be nothing but something to remember. Calls `begun` and `tried` before and after each.
    ///
    /// # Errors
    /// When the worker program cannot be run, is of another build, or ends before the first trial.
    pub fn examine(
        &self,
        examination: Examination,
        begun: &mut dyn FnMut(&Station),
        tried: &mut dyn FnMut(Trial),
    ) -> Result<End, PoolError> {
        let id = next_id();
        let mut left = examination.trials.len();
        let start = Process::start(id, self.program, self.sender, &Arc::<AtomicU64>::default());
        let mut process = start.map_err(|cause| PoolError::Start {
            program: self.program.to_owned(),
            cause,
        })?;
        // Should it already be dead, its end is an event of its own.
        let _ = process.say(&ToWorker::Examine(examination));
        let mut words = LastWords::default();
        let mut current: Option<Station> = None;
        let mut since = self.events.now();
        loop {
            let event = self.events.next(TICK);
            if self.events.now().saturating_sub(since) > self.deadline {
                process.kill();
                let seconds = self.deadline.as_secs_f64();
                return match current {
                    Some(station) => Ok(End::Late(station)),
                    None => Err(PoolError::FailedStarts {
                        reason: format!("not ready after {seconds:.0} s"),
                        words: words.into_lines(),
                    }),
                };
            }
            match event {
                Some(Event::Worker(from, event)) if from == id => match event {
                    WorkerEvent::Said(FromWorker::Examining(station)) => {
                        since = self.events.now();
                        begun(&station);
                        current = Some(station);
                    }
                    WorkerEvent::Said(FromWorker::Examined(trial)) => {
                        left = left.saturating_sub(1);
                        tried(trial);
                        if left == 0 {
                            let _ = process.say(&ToWorker::Stop);
                            // Dropping the process ends it, if it is not gone by itself.
                            return Ok(End::Finished);
                        }
                    }
                    WorkerEvent::Said(FromWorker::Refused(reason)) => {
                        return Err(PoolError::Refused(reason));
                    }
                    WorkerEvent::Said(_) => {}
                    WorkerEvent::Wrote(line) => words.push(line),
                    WorkerEvent::Silent(ProtocolError::Closed) => process.kill(),
                    WorkerEvent::Silent(error) => {
                        return Err(PoolError::Stranger {
                            program: self.program.to_owned(),
                            reason: error.to_string(),
                        });
                    }
                    WorkerEvent::Ended => {
                        let end = process.reap();
                        if left == 0 && end.as_ref().is_ok_and(ExitStatus::success) {
                            return Ok(End::Finished);
                        }
                        let reason = match end {
                            Ok(status) => describe_end(status),
                            Err(error) => format!("its end could not be seen: {error}"),
                        };
                        return match current {
                            Some(station) => {
                                Ok(End::Died(station, format!("{reason}{}", words.to_text())))
                            }
                            None => Err(PoolError::FailedStarts {
                                reason,
                                words: words.into_lines(),
                            }),
                        };
                    }
                },
                Some(Event::Stop(stop)) => return Ok(End::Stopped(stop.cause)),
                Some(Event::Pause(Pause(wait))) => {
                    process.pause();
                    wait();
                    process.go_on();
                }
                _ => {}
            }
        }
    }
}

/// Counts down, so that no worker of a pool has the same number.
fn next_id() -> WorkerId {
    static NEXT: AtomicU32 = AtomicU32::new(u32::MAX);
    WorkerId(NEXT.fetch_sub(1, Ordering::Relaxed))
}
