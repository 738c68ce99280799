//! Which workers there are and how they come and go.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use faceau_shared::protocol::{
    FrameTask, FromWorker, LogLevel, ProtocolError, Setup, ToWorker, WorkerReport,
};
use faceau_shared::ring::Ring;

use super::process::Process;
use crate::events::{EventReceiver, EventSender, WorkerEvent, WorkerId};

/// Lines of a worker's standard error that are kept as its last words.
const LAST_WORDS: usize = 8;
/// Workers that may fail to start in a row before the program gives up.
const MOST_FAILED_STARTS: u32 = 2;
/// How long workers may take to leave when asked to.
const FAREWELL: Duration = Duration::from_secs(5);

/// How workers are started.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// What it is told first.
    pub setup: Setup,
    /// How long it may take until its sessions are open.
    pub start_deadline: Duration,
}

/// No worker can be had; the whole batch cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The program cannot be run.
    #[error("the worker program {} cannot be started: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A worker said why it cannot work.
    #[error("{0}")]
    Refused(String),
    /// The worker is not of this build.
    #[error(
        "the worker program {} does not belong to this program: {reason}; please build or install \
         both together",
        program.display()
    )]
    Stranger {
        /// The program.
        program: PathBuf,
        /// How that was noticed.
        reason: String,
    },
    /// Workers end before they are ready, again and again.
    #[error("workers end before they are ready: {reason}{}", last_words(words))]
    FailedStarts {
        /// How the last one ended.
        reason: String,
        /// What it wrote to its standard error.
        words: Vec<String>,
    },
}

/// Formats the end of a worker's standard error for a message.
pub(crate) fn last_words(words: &[String]) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("; its last words: {}", words.join(" | "))
    }
}

/// What an event means for whoever works with the pool.
#[derive(Debug)]
pub enum News {
    /// Nothing that concerns others.
    Nothing,
    /// A worker is ready for frames.
    Ready(WorkerId),
    /// A frame's results are in its slot.
    Done {
        /// The slot.
        slot: u32,
        /// The frame, counted from 1.
        frame: u64,
    },
    /// A frame could not be analysed.
    FrameFailed {
        /// The slot.
        slot: u32,
        /// The frame, counted from 1.
        frame: u64,
        /// Why.
        reason: String,
    },
    /// A remark for the user.
    Remark(LogLevel, String),
    /// A worker is gone, and its process has been reaped.
    Lost {
        /// How it ended, for the user.
        reason: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    /// Told to leave, or being killed.
    Leaving,
}

struct Member {
    process: Process,
    phase: Phase,
    since: Instant,
    words: VecDeque<String>,
    /// Why it is being killed, if it is.
    verdict: Option<String>,
}

/// The set of workers.
pub struct Pool {
    command: WorkerCommand,
    events: EventSender,
    members: BTreeMap<WorkerId, Member>,
    next_id: u32,
    failed_starts: u32,
    report: Option<WorkerReport>,
    starts: u32,
    listening_nanos: Arc<AtomicU64>,
}

impl Pool {
    /// An empty pool whose workers will send their events to `events`.
    pub fn new(command: WorkerCommand, events: EventSender) -> Self {
        Self {
            command,
            events,
            members: BTreeMap::new(),
            next_id: 0,
            failed_starts: 0,
            report: None,
            starts: 0,
            listening_nanos: Arc::default(),
        }
    }

    /// What the first worker that became ready said of its sessions.
    pub fn report(&self) -> Option<&WorkerReport> {
        self.report.as_ref()
    }

    /// How many worker processes were started so far.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Processor time spent on listening to workers so far, in nanoseconds.
    pub fn listening_nanos(&self) -> u64 {
        self.listening_nanos.load(Ordering::Relaxed)
    }

    /// Starts workers until there are `wanted`.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn grow_to(&mut self, wanted: usize) -> Result<(), PoolError> {
        let staying = |member: &&Member| member.phase != Phase::Leaving;
        while self.members.values().filter(staying).count() < wanted {
            let id = WorkerId(self.next_id);
            self.next_id += 1;
            self.starts += 1;
            let program = &self.command.program;
            let process = Process::start(id, program, &self.events, &self.listening_nanos)
                .map_err(|source| PoolError::Start {
                    program: program.clone(),
                    source,
                })?;
            let mut member = Member {
                process,
                phase: Phase::Starting,
                since: Instant::now(),
                words: VecDeque::new(),
                verdict: None,
            };
            // Should it already be dead, its end is an event of its own.
            let _ = member
                .process
                .say(&ToWorker::Setup(self.command.setup.clone()));
            self.members.insert(id, member);
        }
        Ok(())
    }

    /// Workers that are ready for frames.
    pub fn ready(&self) -> Vec<WorkerId> {
        let is_ready =
            |(id, member): (&WorkerId, &Member)| (member.phase == Phase::Ready).then_some(*id);
        self.members.iter().filter_map(is_ready).collect()
    }

    /// Interprets an event.
    ///
    /// # Errors
    /// When no worker will ever be ready.
    pub fn handle(&mut self, id: WorkerId, event: WorkerEvent) -> Result<News, PoolError> {
        let Some(member) = self.members.get_mut(&id) else {
            return Ok(News::Nothing);
        };
        match event {
            WorkerEvent::Wrote(line) => {
                if member.words.len() == LAST_WORDS {
                    member.words.pop_front();
                }
                let remark = News::Remark(LogLevel::Info, format!("worker {}: {line}", id.0));
                member.words.push_back(line);
                Ok(remark)
            }
            WorkerEvent::Said(message) => self.heard(id, message),
            WorkerEvent::Silent(error) => {
                let program = || self.command.program.clone();
                match error {
                    ProtocolError::Closed => {}
                    ProtocolError::Version { .. } | ProtocolError::Build { .. } => {
                        return Err(PoolError::Stranger {
                            program: program(),
                            reason: error.to_string(),
                        });
                    }
                    ProtocolError::Garbage(_) | ProtocolError::Io(_)
                        if member.phase == Phase::Starting =>
                    {
                        return Err(PoolError::Stranger {
                            program: program(),
                            reason: error.to_string(),
                        });
                    }
                    other => self.condemn(id, other.to_string()),
                }
                // A process that closed its socket is of no use any more, should it still run.
                if let Some(member) = self.members.get_mut(&id) {
                    member.process.kill();
                }
                Ok(News::Nothing)
            }
            WorkerEvent::Ended => self.ended(id),
        }
    }

    fn heard(&mut self, id: WorkerId, message: FromWorker) -> Result<News, PoolError> {
        let Some(member) = self.members.get_mut(&id) else {
            return Ok(News::Nothing);
        };
        match message {
            FromWorker::Ready(report) => {
                if member.phase == Phase::Starting {
                    member.phase = Phase::Ready;
                    self.failed_starts = 0;
                    self.report.get_or_insert(report);
                    return Ok(News::Ready(id));
                }
                Ok(News::Nothing)
            }
            FromWorker::Refused(reason) => Err(PoolError::Refused(reason)),
            FromWorker::Done { slot, frame } => Ok(News::Done { slot, frame }),
            FromWorker::FrameFailed {
                slot,
                frame,
                reason,
            } => Ok(News::FrameFailed {
                slot,
                frame,
                reason,
            }),
            FromWorker::Log(level, text) => Ok(News::Remark(level, text)),
        }
    }

    fn ended(&mut self, id: WorkerId) -> Result<News, PoolError> {
        let Some(mut member) = self.members.remove(&id) else {
            return Ok(News::Nothing);
        };
        let reason = match (member.verdict.take(), member.process.reap()) {
            (Some(verdict), _) => verdict,
            (None, Ok(status)) => describe_end(status),
            (None, Err(error)) => format!("its end could not be seen: {error}"),
        };
        let words: Vec<String> = member.words.into_iter().collect();
        if member.phase == Phase::Starting {
            self.failed_starts += 1;
            if self.failed_starts >= MOST_FAILED_STARTS {
                return Err(PoolError::FailedStarts { reason, words });
            }
        }
        Ok(News::Lost {
            reason: format!("{reason}{}", last_words(&words)),
        })
    }

    /// Kills a worker that cannot be trusted any more. Its end arrives as an event.
    pub fn condemn(&mut self, id: WorkerId, verdict: String) {
        if let Some(member) = self.members.get_mut(&id) {
            member.verdict.get_or_insert(verdict);
            member.process.kill();
        }
    }

    /// Condemns workers that take too long to become ready.
    pub fn enforce_start_deadline(&mut self, now: Instant) {
        let deadline = self.command.start_deadline;
        let late: Vec<WorkerId> = self
            .members
            .iter()
            .filter(|(_, m)| m.phase == Phase::Starting && now - m.since > deadline)
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.condemn(
                id,
                format!("not ready after {:.0} s", deadline.as_secs_f64()),
            );
        }
    }

    /// Gives a worker the ring from which its frames will come. A worker that is gone does not
    /// hear it; its end is an event of its own.
    pub fn attach(&mut self, id: WorkerId, ring: &Ring) {
        if let Some(member) = self.members.get_mut(&id) {
            let writer = member.process.writer();
            let _ = writer
                .send(&ToWorker::Attach(ring.layout()))
                .and_then(|()| writer.send_descriptor(ring.descriptor()));
        }
    }

    /// Gives a worker a frame, with the same reservation as [`Pool::attach`].
    pub fn dispatch(&mut self, id: WorkerId, task: FrameTask) {
        if let Some(member) = self.members.get_mut(&id) {
            let _ = member.process.say(&ToWorker::Frame(task));
        }
    }

    /// Sends all workers home: asks, waits a little, then kills. `events` is read until all are
    /// gone; what else comes is no longer of interest.
    pub fn dismiss(mut self, events: &EventReceiver) {
        // One that is still starting has nothing to finish and does not listen.
        self.members
            .retain(|_, member| member.phase != Phase::Starting);
        for member in self.members.values_mut() {
            member.phase = Phase::Leaving;
            let _ = member.process.say(&ToWorker::Stop);
        }
        let deadline = Instant::now() + FAREWELL;
        while !self.members.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            match events.recv_timeout(left) {
                Ok(crate::events::Event::Worker(id, WorkerEvent::Ended)) => {
                    let _ = self.ended(id);
                }
                Ok(crate::events::Event::Signal(_)) | Err(_) => break,
                Ok(_) => {}
            }
        }
        // Dropping the rest kills and reaps them.
    }
}

fn describe_end(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(0), _) => "it ended in the middle of its work".to_owned(),
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => {
            let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
            format!("it was ended by signal {signal} ({name})")
        }
        (None, None) => "it ended".to_owned(),
    }
}
