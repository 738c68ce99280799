//! Policy, staff and merger together in a world without processes in which anything can go wrong:
//! every frame is written once and in order, every job ends, and what is written does not depend on
//! what went wrong.

use super::*;
use crate::events::WorkerId;
use crate::input::FrameIndex;
use crate::job::keeper::Kept;
use crate::job::merge::Merger;
use crate::job::pieces::Finding;
use crate::plan::{Segment, ShortestSegment, Tracking, cut};
use crate::pool::staff::{self, Order, Staff};
use bytemuck::Zeroable;
use faceau_vision::analysis::FrameAnalysis;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::time::Duration;

const FRAMES: usize = 330;
const SLOTS: usize = 3;
const FRAME_DEADLINE: Duration = Duration::from_secs(60);
const START_DEADLINE: Duration = Duration::from_secs(300);

/// What a tracker knows: a number that depends on every frame it has seen, and on where it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Memory {
    seen: u32,
    began: u32,
}

impl Memory {
    fn afresh(frame: usize) -> Self {
        Self {
            seen: 0,
            began: frame as u32,
        }
    }

    fn see(self, frame: usize) -> Self {
        let seen = self.seen.wrapping_mul(1_000_003) ^ (frame as u32 + 17);
        Self { seen, ..self }
    }

    /// The analysis of the frame just seen. Trackers agree when both have run for a while.
    fn analysis(self, frame: usize, settling: usize) -> Box<FrameAnalysis> {
        let mut analysis = Box::new(FrameAnalysis::zeroed());
        let settled = self.began == 0 || frame >= self.began as usize + settling;
        analysis.success = 1;
        analysis.landmarks[3] = frame as f32 + if settled { 0.0 } else { 5.0 };
        analysis.tracker.rest[..2].copy_from_slice(&[self.seen, self.began]);
        analysis
    }

    fn of(analysis: &FrameAnalysis) -> Self {
        let [seen, began, ..] = analysis.tracker.rest;
        Self { seen, began }
    }
}

/// One worker's process, ring and decoder.
#[derive(Debug, Default)]
struct Process {
    ready: bool,
    /// Does not answer any more.
    hangs: bool,
    /// Its end is on its way to the supervisor.
    ending: bool,
    asked_to_leave: bool,
    lane: Option<FakeLane>,
    tracker: Option<Memory>,
    /// Frames given to it: slot, task, frame, what to begin with.
    queue: VecDeque<(u32, TaskId, usize, Begin, Option<Memory>)>,
}

#[derive(Debug, Default)]
struct FakeLane {
    free: Vec<u32>,
    orders: VecDeque<(TaskId, Range<usize>)>,
    /// Decoded and not decided about.
    decoded: BTreeSet<u32>,
    /// With the worker.
    busy: BTreeSet<u32>,
}

/// What is on its way to the supervisor.
#[derive(Debug)]
enum Message {
    Ready(WorkerId),
    Decoded(WorkerId, u64, InFlight),
    TaskRead(WorkerId, u64),
    Answer(WorkerId, u32, u64, Reply),
    Ended(WorkerId),
}

#[derive(Debug)]
enum Reply {
    Good(Box<FrameAnalysis>),
    Failed,
    Nonsense,
}

#[derive(Debug, PartialEq)]
enum End {
    Complete,
    GivenUp,
    NoWorkers,
    Stopped,
}

struct World {
    policy: Policy,
    staff: Staff,
    merger: Merger,
    segments: Vec<Segment>,
    processes: BTreeMap<WorkerId, Process>,
    /// Counts lanes, so that late news of one that is gone can be told.
    lanes: u64,
    lane_numbers: BTreeMap<WorkerId, u64>,
    channel: VecDeque<Message>,
    /// What follows from results, once all is done that was to be done.
    following: VecDeque<Event<'static>>,
    now: Moment,
    settling: usize,
    /// Frames that bring down every worker.
    poisoned: BTreeSet<usize>,
    /// Frames that no worker can analyse.
    failing: BTreeSet<usize>,
    memories: BTreeMap<TaskId, Box<FrameAnalysis>>,
    accidents: BTreeMap<(TaskId, usize), u32>,
    written: Vec<(usize, Option<Memory>)>,
    starts: usize,
    end: Option<End>,
}

impl World {
    fn new(workers: usize, settling: usize, poisoned: &[usize], failing: &[usize]) -> Self {
        let index = FrameIndex {
            frames: FRAMES,
            entry_points: (0..FRAMES).collect(),
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
            staff: Staff::new(START_DEADLINE),
            merger: Merger::new(segments.clone(), &std::env::temp_dir()).unwrap(),
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

    fn feed(&mut self, mut event: Event<'_>, reply: Option<Box<FrameAnalysis>>) {
        loop {
            let mut actions = Vec::new();
            self.policy.handle(event, self.now, &mut actions);
            for action in actions {
                self.carry_out(action, reply.as_deref());
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

    fn manage(&mut self, event: staff::Event) -> Option<bool> {
        let mut orders = Vec::new();
        self.staff.handle(event, self.now, &mut orders);
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
    fn process(&mut self, id: WorkerId) -> &mut Process {
        self.processes.get_mut(&id).expect("the worker is there")
    }

    fn end(&mut self, id: WorkerId) {
        let process = self.process(id);
        if !process.ending {
            process.ending = true;
            self.channel.push_back(Message::Ended(id));
        }
    }

    fn carry_out(&mut self, action: Action, analysis: Option<&FrameAnalysis>) {
        match action {
            Action::Want(workers) => {
                self.manage(staff::Event::Want(workers));
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
                let memory = self.memories.get(&task).map(|a| Memory::of(a));
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
                self.manage(staff::Event::Progress);
                let analysis = analysis.expect("an answer came");
                self.memories.insert(task, Box::new(*analysis));
                self.accidents.remove(&(task, frame));
                self.take(task, frame, true);
            }
            Action::PassOver { task, frame, .. } => {
                assert!(
                    self.poisoned.contains(&frame) || self.failing.contains(&frame),
                    "frame {frame} is a good one"
                );
                self.manage(staff::Event::Progress);
                self.take(task, frame, false);
            }
            Action::Condemn { worker, .. } => {
                self.process(worker);
                self.manage(staff::Event::Condemn(worker));
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
                self.manage(staff::Event::Retire(worker));
            }
            Action::GiveUp { .. } => self.end = Some(End::GivenUp),
        }
    }

    /// What `Results` does with a result.
    fn take(&mut self, task: TaskId, frame: usize, analysed: bool) {
        let counted = match task {
            TaskId::Segment(number) => self.segments[number].frames.start,
            TaskId::RunOn(_) => 0,
        };
        if frame + 1 < counted {
            return;
        }
        let memory = self.memories.get(&task).cloned();
        let finding = match &memory {
            Some(analysis) if analysed || frame < counted => Finding::Analysed(analysis),
            _ => Finding::Failed("it is poisoned"),
        };
        let written = &mut self.written;
        let mut sink = |frame: usize, finding: Finding<'_>, _: Option<&Kept>| {
            let memory = match finding {
                Finding::Analysed(analysis) => Some(Memory::of(analysis)),
                Finding::Failed(_) => None,
            };
            written.push((frame, memory));
            Ok::<(), std::io::Error>(())
        };
        (self.merger.accept(task, frame, finding, None, &mut sink)).unwrap();
        if let Some(run_on) = self.merger.take_request() {
            let task = TaskId::RunOn(run_on.number);
            self.memories.insert(task, Box::new(*run_on.after));
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
    fn receive(&mut self) -> bool {
        let Some(message) = self.channel.pop_front() else {
            return false;
        };
        match message {
            Message::Ready(id) => {
                if self.staff.is_starting(id) {
                    self.manage(staff::Event::Ready(id));
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
                let lost = self.manage(staff::Event::Ended(worker));
                self.processes.remove(&worker);
                if lost == Some(true) {
                    let reason = "it died";
                    self.feed(Event::Lost { worker, reason }, None);
                }
            }
        }
        true
    }

    /// A process becomes ready, or a decoder fills a slot, or a worker answers: whatever comes next
    /// for the `pick`th process. `misdeed` is what it does wrong, if it can.
    fn act(&mut self, pick: usize, decode: bool, misdeed: u8) {
        let alive: Vec<WorkerId> = self
            .processes
            .iter()
            .filter(|(_, process)| !process.ending)
            .map(|(id, _)| *id)
            .collect();
        let Some(&id) = alive.get(pick % alive.len().max(1)) else {
            return;
        };
        let (settling, poisoned, failing) = (self.settling, &self.poisoned, &self.failing);
        let process = self.processes.get_mut(&id).unwrap();
        // Decoders are not in the worker.
        if process.hangs && !(decode && process.ready) {
            return;
        }
        if !process.hangs && process.asked_to_leave && process.queue.is_empty() {
            self.end(id);
            return;
        }
        if !process.ready {
            match misdeed {
                // Not too often in a row.
                1 if self.starts.is_multiple_of(3) => self.end(id),
                _ => self.channel.push_back(Message::Ready(id)),
            }
            return;
        }
        if decode {
            let number = self.lane_numbers.get(&id).copied().unwrap_or_default();
            let Some(lane) = &mut process.lane else {
                return;
            };
            let Some((task, frames)) = lane.orders.front_mut() else {
                return;
            };
            let task = *task;
            if let Some(slot) = lane.free.pop() {
                let frame = frames.start;
                frames.start += 1;
                let is_last = frames.start == frames.end;
                let decoded = InFlight { task, frame, slot };
                self.channel
                    .push_back(Message::Decoded(id, number, decoded));
                if is_last {
                    lane.orders.pop_front();
                    self.channel.push_back(Message::TaskRead(id, number));
                }
            }
            return;
        }
        let Some(&(slot, task, frame, begin, memory)) = process.queue.front() else {
            // A death between frames, if none is on its way.
            let mut messages = self.channel.iter();
            let is_coming = |m: &Message| matches!(m, Message::Decoded(to, ..) if *to == id);
            if misdeed == 1 && !messages.any(is_coming) {
                self.end(id);
            }
            return;
        };
        if poisoned.contains(&frame) {
            self.end(id);
            return;
        }
        // Two accidents on one frame are bad luck; a third would make the frame a bad one.
        let accidents = self.accidents.entry((task, frame)).or_default();
        let misdeed = if *accidents < 2 { misdeed } else { 0 };
        *accidents += u32::from((1..=5).contains(&misdeed));
        match misdeed {
            1 => return self.end(id),
            2 => {
                process.hangs = true;
                return;
            }
            3 => {
                let reply = Reply::Nonsense;
                let message = Message::Answer(id, slot, frame as u64 + 1, reply);
                self.channel.push_back(message);
                process.hangs = true;
                return;
            }
            4 => {
                let reply = Reply::Good(Memory::afresh(0).analysis(0, 0));
                let message = Message::Answer(id, slot + 1, frame as u64 + 1, reply);
                self.channel.push_back(message);
                process.hangs = true;
                return;
            }
            5 => {
                let reply = Reply::Good(Memory::afresh(0).analysis(0, 0));
                let message = Message::Answer(id, slot, frame as u64, reply);
                self.channel.push_back(message);
                process.hangs = true;
                return;
            }
            _ => {}
        }
        process.queue.pop_front();
        let before = match begin {
            Begin::GoOn => process.tracker.expect("it has seen a frame"),
            Begin::Afresh => Memory::afresh(frame),
            Begin::Resume => memory.expect("there is something to go on from"),
        };
        process.tracker = Some(before);
        let reply = if failing.contains(&frame) {
            Reply::Failed
        } else {
            let after = before.see(frame);
            process.tracker = Some(after);
            Reply::Good(after.analysis(frame, settling))
        };
        self.channel
            .push_back(Message::Answer(id, slot, frame as u64 + 1, reply));
        let next = process
            .queue
            .front()
            .map(|&(_, task, frame, ..)| (task, frame));
        let next = next.filter(|next| self.accidents.get(next).is_none_or(|&count| count < 2));
        if misdeed == 6
            && let Some(next) = next
        {
            // Once more, which is once too often; the next frame is blamed.
            let reply = Reply::Good(Memory::afresh(0).analysis(0, 0));
            let message = Message::Answer(id, slot, frame as u64 + 1, reply);
            self.channel.push_back(message);
            process.hangs = true;
            *self.accidents.entry(next).or_default() += 1;
        }
    }

    fn tick(&mut self, time: Duration) {
        self.now += time;
        self.manage(staff::Event::Tick);
        self.feed(Event::Tick, None);
    }

    /// One step of a story.
    fn step(&mut self, (kind, pick, misdeed): (u8, usize, u8)) {
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
    fn finish(&mut self) {
        for round in 0.. {
            if self.end.is_some() {
                return;
            }
            assert!(
                round < 200_000,
                "the job does not end: {:#?} {:#?} {:#?}",
                self.policy,
                self.staff,
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
    fn undisturbed(settling: usize, poisoned: &[usize], failing: &[usize]) -> Self {
        let mut world = Self::new(1, settling, poisoned, failing);
        world.finish();
        world
    }

    fn frames_written(&self) -> Vec<usize> {
        self.written.iter().map(|(frame, _)| *frame).collect()
    }
}

fn story() -> impl Strategy<Value = Vec<(u8, usize, u8)>> {
    // Most of the time, nothing goes wrong.
    let misdeed = prop_oneof![20 => Just(0_u8), 1 => 1_u8..7];
    proptest::collection::vec((0_u8..100, 0_usize..8, misdeed), 0..3000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_goes_wrong_the_same_is_written(
        story in story(),
        workers in 1_usize..5,
        settling in 0_usize..120,
        poisoned in proptest::collection::vec(0_usize..FRAMES, 0..3),
        failing in proptest::collection::vec(0_usize..FRAMES, 0..4),
    ) {
        let undisturbed = World::undisturbed(settling, &poisoned, &failing);
        prop_assert_eq!(&undisturbed.end, &Some(End::Complete));
        prop_assert_eq!(undisturbed.frames_written(), (0..FRAMES).collect::<Vec<_>>());
        for (frame, memory) in &undisturbed.written {
            let is_bad = poisoned.contains(frame) || failing.contains(frame);
            prop_assert_eq!(memory.is_none(), is_bad, "frame {}", frame);
        }

        let mut world = World::new(workers, settling, &poisoned, &failing);
        for step in story {
            if world.end.is_none() {
                world.step(step);
            }
        }
        world.finish();
        if world.end != Some(End::NoWorkers) {
            prop_assert_eq!(&world.end, &Some(End::Complete));
            prop_assert_eq!(&world.written, &undisturbed.written);
        }
        // Each worker lost was lost for a reason, and replaced once.
        prop_assert!(world.starts < 3000 / 20 + 100, "{} starts", world.starts);
    }

    #[test]
    fn a_stop_ends_a_job_soon_and_keeps_what_is_merged(
        story in story(),
        rest in story(),
        workers in 1_usize..5,
        stops in 1_u32..3,
    ) {
        let undisturbed = World::undisturbed(5, &[], &[]);
        let mut world = World::new(workers, 5, &[], &[]);
        for step in story {
            if world.end.is_none() {
                world.step(step);
            }
        }
        let (starts, since) = (world.starts, world.now);
        for _ in 0..stops {
            if world.end.is_none() {
                world.feed(Event::Stop, None);
            }
        }
        if stops == 2 {
            prop_assert!(world.end.is_some());
        }
        for step in rest {
            if world.end.is_none() {
                world.step(step);
            }
        }
        // Also when every worker hangs.
        for process in world.processes.values_mut() {
            process.hangs = true;
        }
        let mut rounds = 0;
        while world.end.is_none() && rounds < 100_000 {
            while world.receive() {}
            world.tick(Duration::from_millis(100));
            rounds += 1;
        }
        prop_assert!(world.end.is_some(), "still at work after {:?}", world.now - since);
        prop_assert_eq!(world.starts, starts, "a worker is started in vain");
        let count = world.written.len();
        prop_assert_eq!(&world.written[..], &undisturbed.written[..count]);
    }
}

#[test]
fn a_job_on_which_no_worker_lives_is_given_up() {
    let poisoned: Vec<usize> = (0..FRAMES).collect();
    let world = World::undisturbed(5, &poisoned, &[]);
    assert_eq!(world.end, Some(End::GivenUp));
    assert!(world.starts <= (MOST_ATTEMPTS * MOST_DEADLY + 1) as usize);
}

#[test]
fn frames_that_cannot_be_analysed_cost_no_worker() {
    let failing: Vec<usize> = (0..FRAMES).collect();
    let world = World::undisturbed(5, &[], &failing);
    assert_eq!(world.end, Some(End::Complete));
    assert_eq!(world.starts, 1);
    assert!(world.written.iter().all(|(_, memory)| memory.is_none()));
}

#[test]
fn workers_are_recycled_at_the_end_of_a_piece() {
    let undisturbed = World::undisturbed(5, &[], &[]);
    let mut world = World::new(1, 5, &[], &[]);
    world.policy.settings.recycle_after = Some(50);
    world.finish();
    assert_eq!(world.written, undisturbed.written);
    // Every segment is one piece here.
    assert_eq!(world.starts, world.segments.len());
}

#[test]
fn a_worker_with_too_much_memory_is_replaced() {
    let mut world = World::new(1, 5, &[], &[]);
    for _ in 0..30 {
        world.act(0, true, 0);
        world.act(0, false, 0);
        while world.receive() {}
    }
    let event = Event::Resident {
        worker: WorkerId(0),
        bytes: 2 << 30,
    };
    world.feed(event, None);
    world.finish();
    assert_eq!(world.end, Some(End::Complete));
    assert_eq!(world.starts, 2);
}
