//! The world: what the policy, the staff and the merger ask for is done here, at once, and what comes
//! of it waits in a channel for its turn.

use super::super::*;
use super::process::{FakeLane, Memory, Process};
use crate::events::WorkerId;
use crate::job::merge::{Merger, Ordered};
use crate::job::pieces::Finding;
use crate::job::testing::Numbers;
use crate::plan::{Segment, ShortestSegment, Tracking, cut};
use crate::pool::worker_set::{self, Order, WorkerSet};
use faceau_measure::{Payload, Track};
use faceau_media::FrameIndex;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

pub(super) const FRAMES: usize = 330;
const SLOTS: usize = 3;
const FRAME_DEADLINE: Duration = Duration::from_secs(60);
const START_DEADLINE: Duration = Duration::from_secs(300);

/// What is on its way to the supervisor.
#[derive(Debug)]
pub(super) enum Message {
    Ready(WorkerId),
    Decoded(WorkerId, u64, InFlight),
    TaskRead(WorkerId, u64),
    Answer(WorkerId, u32, u64, Reply),
    Ended(WorkerId),
}

#[derive(Debug)]
pub(super) enum Reply {
    Good(Payload),
    Failed,
    Nonsense,
}

#[derive(Debug, PartialEq)]
pub(super) enum End {
    Complete,
    GivenUp,
    NoWorkers,
    Stopped,
}

pub(super) struct World {
    pub(super) policy: Policy,
    pub(super) set: WorkerSet,
    pub(super) merger: Merger,
    pub(super) segments: Vec<Segment>,
    pub(super) processes: BTreeMap<WorkerId, Process>,
    /// Counts lanes, so that late news of one that is gone can be told.
    pub(super) lanes: u64,
    pub(super) lane_numbers: BTreeMap<WorkerId, u64>,
    pub(super) channel: VecDeque<Message>,
    /// What follows from results, once all is done that was to be done.
    pub(super) following: VecDeque<Event<'static>>,
    pub(super) now: Moment,
    pub(super) settling: usize,
    /// Frames that bring down every worker.
    pub(super) poisoned: BTreeSet<usize>,
    /// Frames that no worker can analyse.
    pub(super) failing: BTreeSet<usize>,
    pub(super) memories: BTreeMap<TaskId, Payload>,
    pub(super) accidents: BTreeMap<(TaskId, usize), u32>,
    pub(super) written: Vec<(usize, Option<Memory>)>,
    pub(super) starts: usize,
    pub(super) end: Option<End>,
}

impl World {
    pub(super) fn new(
        workers: usize,
        settling: usize,
        poisoned: &[usize],
        failing: &[usize],
    ) -> Self {
        let index = FrameIndex {
            frames: FRAMES,
            entry_points: (0..FRAMES).collect(),
            breaks: Vec::new(),
        };
        let segments = cut(&index, Tracking::Segmented, ShortestSegment::QUICK_START);
        let mut policy = Policy::new(Settings {
            workers,
            frame_deadline: FRAME_DEADLINE,
            recycle_after: None,
            worker_memory: Some(1 << 30),
        });
        for (number, segment) in segments.iter().enumerate() {
            let task = Task::new(segment.seen(), segment.frames.clone());
            policy.add(TaskId::Segment(number), task);
        }
        let mut world = Self {
            policy,
            set: WorkerSet::new(START_DEADLINE),
            merger: Merger::new(segments.clone(), Arc::new(Numbers), &std::env::temp_dir())
                .unwrap(),
            segments,
            processes: BTreeMap::new(),
            lanes: 0,
            lane_numbers: BTreeMap::new(),
            channel: VecDeque::new(),
            following: VecDeque::new(),
            now: Moment::ZERO,
            settling,
            poisoned: poisoned.iter().copied().collect(),
            failing: failing.iter().copied().collect(),
            memories: BTreeMap::new(),
            accidents: BTreeMap::new(),
            written: Vec::new(),
            starts: 0,
            end: None,
        };
        world.feed(Event::Merged(0), None);
        world
    }

    pub(super) fn feed(&mut self, mut event: Event<'_>, reply: Option<Payload>) {
        loop {
            let mut actions = Vec::new();
            self.policy.handle(event, self.now, &mut actions);
            for action in actions {
                self.carry_out(action, reply.as_ref());
            }
            match self.following.pop_front() {
                Some(next) => event = next,
                None => break,
            }
        }
        if self.merger.is_complete() {
            self.end.get_or_insert(End::Complete);
        } else if self.policy.is_over() {
            self.end.get_or_insert(End::Stopped);
        }
    }

    pub(super) fn manage(&mut self, event: worker_set::Event) -> Option<bool> {
        let mut orders = Vec::new();
        self.set.handle(event, self.now, &mut orders);
        let mut lost = None;
        for order in orders {
            match order {
                Order::Start(id) => {
                    self.starts += 1;
                    assert!(self.processes.insert(id, Process::default()).is_none());
                }
                Order::AskToLeave(id) => self.process(id).asked_to_leave = true,
                Order::Terminate(id) | Order::Kill(id) | Order::KillLate(id) => self.end(id),
                Order::Left(_) => lost = Some(false),
                Order::Lost(_) => lost = Some(true),
                Order::GiveUp(_) => self.end = Some(End::NoWorkers),
            }
        }
        lost
    }

    /// An action may only name workers whose end has not been told.
    pub(super) fn process(&mut self, id: WorkerId) -> &mut Process {
        self.processes.get_mut(&id).expect("the worker is there")
    }

    pub(super) fn end(&mut self, id: WorkerId) {
        let process = self.process(id);
        if !process.ending {
            process.ending = true;
            self.channel.push_back(Message::Ended(id));
        }
    }

    pub(super) fn carry_out(&mut self, action: Action, analysis: Option<&Payload>) {
        match action {
            Action::Want(workers) => {
                self.manage(worker_set::Event::Want(workers));
            }
            Action::OpenLane(id) => {
                self.lanes += 1;
                self.lane_numbers.insert(id, self.lanes);
                let process = self.process(id);
                assert!(process.ready && process.lane.is_none());
                process.lane = Some(FakeLane {
                    free: (0..SLOTS as u32).collect(),
                    ..FakeLane::default()
                });
            }
            Action::Read {
                worker,
                task,
                frames,
            } => {
                assert!(!frames.is_empty());
                let lane = self.process(worker).lane.as_mut().expect("a lane");
                lane.orders.push_back((task, frames));
            }
            Action::Dispatch {
                worker,
                slot,
                task,
                frame,
                begin,
            } => {
                let memory = self.memories.get(&task).map(|a| Memory::of(a.faces()));
                let process = self.process(worker);
                let lane = process.lane.as_mut().expect("a lane");
                assert!(lane.decoded.remove(&slot) && lane.busy.insert(slot));
                process.queue.push_back((slot, task, frame, begin, memory));
            }
            Action::Discard { worker, slot } => {
                let lane = self.process(worker).lane.as_mut().expect("a lane");
                assert!(lane.decoded.remove(&slot));
            }
            Action::Accept {
                worker,
                task,
                frame,
            } => {
                assert!(self.process(worker).ready);
                self.manage(worker_set::Event::Progress);
                let analysis = analysis.expect("an answer came");
                self.memories.insert(task, analysis.clone());
                self.accidents.remove(&(task, frame));
                self.take(task, frame, true);
            }
            Action::PassOver { task, frame, .. } => {
                assert!(
                    self.poisoned.contains(&frame) || self.failing.contains(&frame),
                    "frame {frame} is a good one"
                );
                self.manage(worker_set::Event::Progress);
                self.take(task, frame, false);
            }
            Action::MarkForKill { worker, .. } => {
                self.process(worker);
                self.manage(worker_set::Event::MarkForKill(worker));
            }
            Action::CloseLane(worker) => {
                // The worker may just have gone.
                if let Some(process) = self.processes.get_mut(&worker) {
                    process.lane = None;
                }
                self.lane_numbers.remove(&worker);
            }
            Action::Retire { worker, .. } => {
                assert!(self.process(worker).queue.is_empty());
                self.manage(worker_set::Event::Retire(worker));
            }
            Action::GiveUp { .. } => self.end = Some(End::GivenUp),
        }
    }

    /// What `Results` does with a result.
    pub(super) fn take(&mut self, task: TaskId, frame: usize, analysed: bool) {
        let counted = match task {
            TaskId::Segment(number) => self.segments[number].frames.start,
            TaskId::RunOn(_) => 0,
        };
        if frame + 1 < counted {
            return;
        }
        let memory = self.memories.get(&task).cloned();
        let finding = match &memory {
            Some(payload) if analysed || frame < counted => Finding::Analysed(payload.faces()),
            _ => Finding::Failed("it is poisoned"),
        };
        let written = &mut self.written;
        let mut sink = |ordered: Ordered<'_>| {
            let memory = match ordered.finding {
                Finding::Analysed(faces) => {
                    // One face in all the video, whoever has followed it.
                    assert_eq!(ordered.tracks, [Track(0)]);
                    Some(Memory::of(faces))
                }
                Finding::Failed(_) => None,
            };
            written.push((ordered.frame, memory));
            Ok::<(), std::io::Error>(())
        };
        (self.merger.accept(task, frame, finding, None, &mut sink)).unwrap();
        if let Some(run_on) = self.merger.take_request() {
            let task = TaskId::RunOn(run_on.number);
            self.memories.insert(task, (*run_on.after).clone());
            let event = Event::RunOn {
                number: run_on.number,
                frames: run_on.frames,
            };
            self.following.push_back(event);
        }
        let merged = Event::Merged(self.merger.passed());
        self.following.push_back(merged);
    }

    /// The supervisor takes the next message.
    pub(super) fn receive(&mut self) -> bool {
        let Some(message) = self.channel.pop_front() else {
            return false;
        };
        match message {
            Message::Ready(id) => {
                if self.set.is_starting(id) {
                    self.manage(worker_set::Event::Ready(id));
                    self.process(id).ready = true;
                    self.feed(Event::Ready(id), None);
                }
            }
            Message::Decoded(worker, lane, InFlight { task, frame, slot }) => {
                if self.lane_numbers.get(&worker) == Some(&lane) {
                    let lane = self.process(worker).lane.as_mut().unwrap();
                    lane.decoded.insert(slot);
                    let event = Event::Decoded {
                        worker,
                        task,
                        frame,
                        slot,
                    };
                    self.feed(event, None);
                }
            }
            Message::TaskRead(worker, lane) => {
                if self.lane_numbers.get(&worker) == Some(&lane) {
                    self.feed(Event::TaskRead(worker), None);
                }
            }
            Message::Answer(worker, slot, frame, reply) => {
                let lane = self
                    .processes
                    .get_mut(&worker)
                    .and_then(|p| p.lane.as_mut());
                let had = lane.is_some_and(|lane| lane.busy.remove(&slot));
                let (answer, analysis) = match reply {
                    Reply::Good(analysis) => (Answer::Good, Some(analysis)),
                    Reply::Failed => (Answer::Failed("no"), None),
                    Reply::Nonsense => (Answer::Nonsense("NaN"), None),
                };
                let before = self.written.len();
                let event = Event::Answered {
                    worker,
                    slot,
                    frame,
                    answer,
                };
                self.feed(event, analysis);
                assert!(had || self.written.len() == before);
                if let Some(lane) = self
                    .processes
                    .get_mut(&worker)
                    .and_then(|p| p.lane.as_mut())
                    && had
                {
                    lane.free.push(slot);
                }
            }
            Message::Ended(worker) => {
                let lost = self.manage(worker_set::Event::Ended(worker));
                self.processes.remove(&worker);
                if lost == Some(true) {
                    let reason = "it died";
                    self.feed(Event::Lost { worker, reason }, None);
                }
            }
        }
        true
    }

    pub(super) fn tick(&mut self, time: Duration) {
        self.now += time;
        self.manage(worker_set::Event::Tick);
        self.feed(Event::Tick, None);
    }

    /// One step of a story.
    pub(super) fn step(&mut self, (kind, pick, misdeed): (u8, usize, u8)) {
        match kind {
            0..40 => self.act(pick, true, misdeed),
            40..80 => self.act(pick, false, misdeed),
            80..97 => {
                self.receive();
            }
            97 => self.tick(Duration::from_millis(100)),
            98 => {
                let worker = WorkerId(pick as u32);
                let bytes = u64::from(misdeed) << 28;
                self.feed(Event::Resident { worker, bytes }, None);
            }
            _ => {
                // So much time does not pass without a sign of those that work.
                for pick in 0..8 {
                    self.act(pick, false, 0);
                }
                while self.receive() {}
                self.tick(Duration::from_secs(20));
            }
        }
    }

    /// From here on nothing goes wrong but what always does.
    pub(super) fn finish(&mut self) {
        for round in 0.. {
            if self.end.is_some() {
                return;
            }
            assert!(
                round < 200_000,
                "the job does not end: {:#?} {:#?} {:#?}",
                self.policy,
                self.set,
                self.processes
            );
            for pick in 0..8 {
                self.act(pick, true, 0);
                self.act(pick, false, 0);
            }
            while self.receive() {}
            // Often enough that no good worker is taken for a silent one.
            self.tick(Duration::from_millis(100));
        }
    }

    /// What is written when nothing goes wrong but what always does, by one worker.
    pub(super) fn undisturbed(settling: usize, poisoned: &[usize], failing: &[usize]) -> Self {
        let mut world = Self::new(1, settling, poisoned, failing);
        world.finish();
        world
    }

    pub(super) fn frames_written(&self) -> Vec<usize> {
        self.written.iter().map(|(frame, _)| *frame).collect()
    }
}
