//! The pool: what [`super::worker_set`] decides, done with processes.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use faceau_shared::protocol::{
    FrameTask, FromWorker, LogLevel, ProtocolError, SessionReport, Setup, ToWorker, WorkerReport,
};
use faceau_shared::ring::Ring;

use super::error::{PoolError, last_words};
use super::probe::Probe;
use super::process::Process;
use super::worker_set::{self, Order, WorkerSet};
use crate::events::{Event, EventReceiver, EventSender, Moment, TICK, WorkerEvent, WorkerId};
use faceau_system::process::describe_end;
use faceau_system::resident::resident;

/// Lines of a worker's standard error that are kept as its last words.
const LAST_WORDS: usize = 8;

/// The last lines of a worker's standard error.
#[derive(Debug, Default)]
pub(super) struct LastWords(VecDeque<String>);

impl LastWords {
    pub(super) fn push(&mut self, line: String) {
        if self.0.len() == LAST_WORDS {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.0.into_iter().collect()
    }

    /// For the end of a message.
    pub(super) fn to_text(&self) -> String {
        last_words(&Vec::from_iter(self.0.iter().cloned()))
    }
}

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
    /// A worker is gone that was not asked to leave, and its process has been reaped.
    Lost {
        /// How it ended, for the user.
        reason: String,
    },
}

struct Member {
    process: Process,
    words: LastWords,
    /// Why it is being killed, if it is.
    reason: Option<String>,
    report: Option<WorkerReport>,
}

/// The set of workers.
pub struct Pool {
    command: WorkerCommand,
    events: EventSender,
    set: WorkerSet,
    members: BTreeMap<WorkerId, Member>,
    /// What is to be done; empty between calls.
    orders: Vec<Order>,
    report: Option<WorkerReport>,
    /// What results depend on, as it was when the first worker became ready.
    engine: Option<String>,
    starts: u32,
    listening_nanos: Arc<AtomicU64>,
}

impl Pool {
    /// An empty pool whose workers will send their events to `events`.
    pub fn new(command: WorkerCommand, events: EventSender) -> Self {
        Self {
            set: WorkerSet::new(command.start_deadline),
            command,
            events,
            members: BTreeMap::new(),
            orders: Vec::new(),
            report: None,
            engine: None,
            starts: 0,
            listening_nanos: Arc::default(),
        }
    }

    /// How workers are set up.
    pub fn setup(&self) -> &Setup {
        &self.command.setup
    }

    /// Sets up workers that start from now on with networks at these places.
    pub fn place_networks(&mut self, places: BTreeMap<String, String>) {
        self.command.setup.places = places;
    }

    /// What starts examinations with this pool's program.
    pub fn probe<'a>(&'a self, events: &'a EventReceiver) -> Probe<'a> {
        Probe {
            program: &self.command.program,
            deadline: self.command.start_deadline,
            sender: &self.events,
            events,
        }
    }

    /// What the numbers depend on: the engine, and where networks run.
    pub fn engine(&self) -> Option<&str> {
        self.engine.as_deref()
    }

    /// What the first worker that became ready said of its sessions, and which were opened for the
    /// frames that came.
    pub fn report(&self) -> Option<&WorkerReport> {
        self.report.as_ref()
    }

    /// A worker's process, and what it said of itself when it was ready.
    pub fn member(&self, id: WorkerId) -> Option<(u32, &WorkerReport)> {
        let member = self.members.get(&id)?;
        Some((member.process.pid(), member.report.as_ref()?))
    }

    /// How many worker processes were started so far.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Processor time spent on listening to workers so far, in nanoseconds.
    pub fn listening_nanos(&self) -> u64 {
        self.listening_nanos.load(Ordering::Relaxed)
    }

    /// Workers that are ready for frames.
    pub fn ready(&self) -> Vec<WorkerId> {
        let ids = self.members.keys().copied();
        ids.filter(|&id| self.set.is_ready(id)).collect()
    }

    /// Resident bytes of a worker that is ready for frames.
    pub fn resident(&self, id: WorkerId) -> Option<u64> {
        let member = self.members.get(&id)?;
        resident(member.process.pid())
    }

    /// Wants `wanted` workers. Missing ones are started, now or when it is time; those that are
    /// too many stay.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn want(&mut self, wanted: usize, now: Moment) -> Result<(), PoolError> {
        self.decide(worker_set::Event::Want(wanted), now)
            .map(|_| ())
    }

    /// Does what time demands: start workers whose time has come, kill those that take too long to
    /// start or to leave.
    ///
    /// # Errors
    /// When no worker will ever be ready.
    pub fn tick(&mut self, now: Moment) -> Result<(), PoolError> {
        self.decide(worker_set::Event::Tick, now).map(|_| ())
    }

    /// A frame was done: workers that are lost from now on are not lost in vain.
    pub fn progress(&mut self, now: Moment) -> Result<(), PoolError> {
        self.decide(worker_set::Event::Progress, now).map(|_| ())
    }

    /// Has a worker leave that has nothing to do.
    ///
    /// # Errors
    /// As for [`Pool::tick`].
    pub fn retire(&mut self, id: WorkerId, now: Moment) -> Result<(), PoolError> {
        self.decide(worker_set::Event::Retire(id), now).map(|_| ())
    }

    /// Kills a worker that cannot be trusted any more. Its end arrives as an event.
    ///
    /// # Errors
    /// As for [`Pool::tick`].
    pub fn mark_for_kill(
        &mut self,
        id: WorkerId,
        reason: String,
        now: Moment,
    ) -> Result<(), PoolError> {
        if let Some(member) = self.members.get_mut(&id) {
            member.reason.get_or_insert(reason);
        }
        self.decide(worker_set::Event::MarkForKill(id), now)
            .map(|_| ())
    }

    /// Interprets an event.
    ///
    /// # Errors
    /// When no worker will ever be ready.
    pub fn handle(
        &mut self,
        id: WorkerId,
        event: WorkerEvent,
        now: Moment,
    ) -> Result<News, PoolError> {
        let Some(member) = self.members.get_mut(&id) else {
            return Ok(News::Nothing);
        };
        match event {
            WorkerEvent::Wrote(line) => {
                let remark = News::Remark(LogLevel::Info, format!("worker {}: {line}", id.0));
                member.words.push(line);
                Ok(remark)
            }
            WorkerEvent::Said(message) => self.heard(id, message, now),
            WorkerEvent::Silent(error) => {
                let is_stranger = match error {
                    ProtocolError::Version { .. } | ProtocolError::Build { .. } => true,
                    ProtocolError::Garbage(_) | ProtocolError::Io(_) => self.set.is_starting(id),
                    ProtocolError::Closed => false,
                };
                if is_stranger {
                    return Err(PoolError::Stranger {
                        program: self.command.program.clone(),
                        reason: error.to_string(),
                    });
                }
                if !matches!(error, ProtocolError::Closed) {
                    member.reason.get_or_insert(error.to_string());
                }
                // A process that closed its socket is of no use any more, should it still run.
                member.process.kill();
                Ok(News::Nothing)
            }
            WorkerEvent::Ended => Ok(self
                .decide(worker_set::Event::Ended(id), now)?
                .unwrap_or(News::Nothing)),
        }
    }

    fn heard(&mut self, id: WorkerId, message: FromWorker, now: Moment) -> Result<News, PoolError> {
        match message {
            FromWorker::Ready(report) => {
                if !self.set.is_starting(id) {
                    return Ok(News::Nothing);
                }
                self.decide(worker_set::Event::Ready(id), now)?;
                if self.report.is_none() {
                    self.engine = Some(report.engine());
                    self.report = Some(report.clone());
                }
                if let Some(member) = self.members.get_mut(&id) {
                    member.report = Some(report);
                }
                Ok(News::Ready(id))
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
            FromWorker::Opened(session) => {
                self.opened(session);
                Ok(News::Nothing)
            }
            // Only said by workers that were told to examine.
            FromWorker::Examining(_) | FromWorker::Examined(_) => Ok(News::Nothing),
            FromWorker::Log(level, text) => Ok(News::Remark(level, text)),
        }
    }

    /// A network was opened for the frames that came: that is where it really runs.
    fn opened(&mut self, session: SessionReport) {
        let sessions = self
            .report
            .iter_mut()
            .flat_map(|report| &mut report.sessions);
        for known in sessions.filter(|known| known.model == session.model) {
            *known = session.clone();
        }
    }

    /// Has the set decide about an event, and does what follows.
    fn decide(&mut self, event: worker_set::Event, now: Moment) -> Result<Option<News>, PoolError> {
        let mut orders = std::mem::take(&mut self.orders);
        self.set.handle(event, now, &mut orders);
        let mut news = None;
        let mut position = 0;
        // Starts that fail add to the orders.
        while let Some(&order) = orders.get(position) {
            position += 1;
            news = self.carry_out(order, now, &mut orders)?.or(news);
        }
        orders.clear();
        self.orders = orders;
        Ok(news)
    }

    fn carry_out(
        &mut self,
        order: Order,
        now: Moment,
        orders: &mut Vec<Order>,
    ) -> Result<Option<News>, PoolError> {
        match order {
            Order::Start(id) => {
                if let Err(cause) = self.start(id) {
                    let failed = worker_set::Event::NotStarted(id);
                    let before = orders.len();
                    self.set.handle(failed, now, orders);
                    if orders[before..].contains(&Order::GiveUp(id)) {
                        return Err(PoolError::Start {
                            program: self.command.program.clone(),
                            cause,
                        });
                    }
                }
            }
            Order::AskToLeave(id) => {
                if let Some(member) = self.members.get_mut(&id) {
                    let _ = member.process.say(&ToWorker::Stop);
                }
            }
            Order::Terminate(id) => self.with(id, Process::terminate),
            Order::Kill(id) => self.with(id, Process::kill),
            Order::KillLate(id) => {
                let seconds = self.command.start_deadline.as_secs_f64();
                if let Some(member) = self.members.get_mut(&id) {
                    let reason = format!("not ready after {seconds:.0} s");
                    member.reason.get_or_insert(reason);
                    member.process.kill();
                }
            }
            Order::Left(id) => {
                self.members.remove(&id);
            }
            Order::Lost(id) => {
                // One that could not be started was never a member.
                return Ok(self.reap_member(id).map(|(reason, words)| News::Lost {
                    reason: format!("{reason}{}", last_words(&words)),
                }));
            }
            Order::GiveUp(id) => {
                let (reason, words) = self.reap_member(id).unwrap_or_default();
                return Err(PoolError::FailedStarts { reason, words });
            }
        }
        Ok(None)
    }

    fn start(&mut self, id: WorkerId) -> std::io::Result<()> {
        let program = &self.command.program;
        let process = Process::start(id, program, &self.events, &self.listening_nanos)?;
        self.starts += 1;
        let mut member = Member {
            process,
            words: LastWords::default(),
            reason: None,
            report: None,
        };
        // Should it already be dead, its end is an event of its own.
        let _ = member
            .process
            .say(&ToWorker::Setup(self.command.setup.clone()));
        self.members.insert(id, member);
        Ok(())
    }

    fn with(&mut self, id: WorkerId, act: impl FnOnce(&mut Process)) {
        if let Some(member) = self.members.get_mut(&id) {
            act(&mut member.process);
        }
    }

    /// Reaps a worker whose process has ended; says how, and its last words.
    fn reap_member(&mut self, id: WorkerId) -> Option<(String, Vec<String>)> {
        let mut member = self.members.remove(&id)?;
        let reason = match (member.reason.take(), member.process.reap()) {
            (Some(reason), _) => reason,
            (None, Ok(status)) => describe_end(status),
            (None, Err(error)) => format!("its end could not be seen: {error}"),
        };
        Some((reason, member.words.into_lines()))
    }

    /// Gives a worker the ring from which its frames will come. A worker that is gone does not
    /// hear it; its end is an event of its own.
    pub fn attach(&mut self, id: WorkerId, ring: &Ring) {
        self.with(id, |process| {
            let writer = process.writer();
            let _ = writer
                .send(&ToWorker::Attach(ring.layout()))
                .and_then(|()| writer.send_descriptor(ring.descriptor()));
        });
    }

    /// Gives a worker a frame, with the same reservation as [`Pool::attach`].
    pub fn dispatch(&mut self, id: WorkerId, task: FrameTask) {
        self.with(id, |process| {
            let _ = process.say(&ToWorker::Frame(task));
        });
    }

    /// Stops all workers where they are.
    pub fn pause(&mut self) {
        for member in self.members.values_mut() {
            member.process.pause();
        }
    }

    /// Lets them go on.
    pub fn go_on(&mut self) {
        for member in self.members.values_mut() {
            member.process.go_on();
        }
    }

    /// Sends all workers home: asks, waits a little, tells, waits, kills. `events` is
    /// read until all are gone; what else comes is no longer of interest, but a signal ends the
    /// patience.
    pub fn dismiss(mut self, events: &EventReceiver) {
        let mut ended = self.decide(worker_set::Event::Dismiss, events.now());
        while self.set.present() > 0 && ended.is_ok() {
            ended = match events.next(TICK) {
                Some(Event::Worker(id, WorkerEvent::Ended)) => {
                    self.decide(worker_set::Event::Ended(id), events.now())
                }
                Some(Event::Stop(_)) => self.decide(worker_set::Event::DismissAtOnce, events.now()),
                _ => self.decide(worker_set::Event::Tick, events.now()),
            };
        }
        // Dropping the rest kills and reaps them.
    }
}
