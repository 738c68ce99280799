//! The event loop of one job: the one thread that owns its state.
//!
//! What is to be done is decided by [`super::policy`]; here the outside world is turned into its
//! events; its actions are carried out in [`actions`], and [`report`] sums it up.

mod actions;
mod report;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use faceau_events::{Stage, WarningCode};
use faceau_measure::{BadPayload, Payload, Pipeline};
use faceau_pipelines::Extras;
use faceau_shared::results::ResultLayout;
use faceau_shared::ring::{FreeSlot, RingError, RingLayout};
use faceau_shared::timing::{self, FrameTiming};

use report::CpuTimes;

use super::disk_space;
use super::lane::Lane;
use super::outcome::JobError;
use super::policy::{self, Action, Answer, Policy};
use super::profile::Profile;
use super::results::{Results, check};
use super::ring_size::{check_memory, ring_layout};
use super::run::{Context, remark};
use super::stages::StageTable;
use crate::events::{Event, LaneId, ReaderEvent, Stop, TICK, WorkerEvent, WorkerId};
use crate::plan::{self, Tracking};
use crate::pool::News;
use faceau_media::reader::ReadError;
use faceau_media::video::PlanMismatch;
use faceau_media::{Input, InputError, Source};
use faceau_outputs::{OutputError, OutputPaths};
use faceau_system::machine;

/// Frames that are marked as failed, and workers that are lost, are told of one by one up to so
/// many.
const MOST_WARNINGS: usize = 20;
/// How often workers' memory and the room on the disk are looked at, in ticks.
const TICKS_PER_MEASUREMENT: u32 = 10;

/// Why a job cannot simply go on.
pub(super) enum Setback {
    /// It is over.
    Fatal(JobError),
    /// A frame did not come as the index promised.
    IndexWrong(PlanMismatch),
}

impl<E: Into<JobError>> From<E> for Setback {
    fn from(error: E) -> Self {
        Self::Fatal(error.into())
    }
}

/// The state of a job, owned by the thread that calls.
pub(super) struct Job {
    input: PathBuf,
    paths: OutputPaths,
    source: Source,
    /// The shape of every worker's ring.
    ring: RingLayout,
    /// How a frame's results share their room in a slot.
    room: ResultLayout,
    extras: Extras,
    pipeline: Arc<dyn Pipeline>,
    policy: Policy,
    /// What is to be done; empty between events.
    actions: Vec<Action>,
    /// What follows from results that came.
    following: VecDeque<policy::Event<'static>>,
    lanes: BTreeMap<WorkerId, Lane>,
    results: Results,
    /// The answer being looked at: its slot, its results, how long each stage took, and its bytes as
    /// they come from the slot.
    /// Here so that they are allocated once.
    answered: Option<(WorkerId, FreeSlot)>,
    payload: Payload,
    stage_nanos: [u32; FrameTiming::MOST_STAGES],
    bytes: Vec<u8>,
    winds_down: bool,
    ticks: u32,
    segments: usize,
    analysed: u64,
    stages: StageTable,
    profile: Profile,
    first_result: Option<Instant>,
    rings: u64,
    cpu_at_start: CpuTimes,
    warnings: Vec<String>,
    losses: usize,
    failures_told: usize,
    stopped_by: Option<i32>,
    /// How often somebody has asked for the end.
    stops: u32,
}

impl Job {
    pub(super) fn new(
        context: &mut Context<'_, '_>,
        input: &Input,
        source: Source,
        paths: &OutputPaths,
        warnings: &[String],
    ) -> Result<Self, JobError> {
        let index = source.frame_index();
        let tracking = match &source {
            Source::Video { index, .. } if !index.by_time => Tracking::Sequential,
            _ => context.tracking,
        };
        let segments = plan::cut(&index, tracking, context.shortest_segment);
        let count = segments.len();
        let workers = context.settings.workers.min(count);
        let geometry = source.geometry();
        let pipeline = context.table.pipeline();
        let room = ResultLayout::new(&pipeline.limits(), paths.extras().bytes());
        let ring = ring_layout(geometry, room, workers).map_err(RingError::from)?;
        check_memory(input.path(), geometry, ring, workers, machine::memory())?;
        let mut results = Results::new(source.clone(), segments, paths, context.table)?;
        context
            .reporter
            .input_started(input.path(), index.frames, source.geometry());
        context.reporter.info(&format!(
            "frames go through rings of {} slots, {:.0} MB for each of at most {workers} workers",
            ring.slots(),
            ring.total_bytes() as f64 / 1e6
        ));
        let mut policy = Policy::new(context.settings.clone());
        for (id, task) in results.begin(context.log)? {
            policy.add(id, task);
        }
        let known = results.merger().frames_known();
        if known > 0 {
            context.reporter.resumed(known);
        }
        let extras = paths.extras();
        Ok(Self {
            input: input.path().into(),
            paths: paths.clone(),
            ring,
            extras,
            policy,
            actions: Vec::new(),
            following: VecDeque::new(),
            lanes: BTreeMap::new(),
            results,
            answered: None,
            payload: Payload::new(pipeline.limits().record),
            stage_nanos: [0; FrameTiming::MOST_STAGES],
            bytes: vec![0; room.bytes()],
            room,
            pipeline,
            winds_down: false,
            ticks: 0,
            segments: count,
            analysed: 0,
            stages: StageTable::default(),
            profile: Profile::default(),
            first_result: None,
            rings: 0,
            cpu_at_start: CpuTimes::now(context.pool),
            warnings: (warnings.iter().cloned())
                .chain(source.remarks().iter().map(ToString::to_string))
                .collect(),
            losses: 0,
            failures_told: 0,
            stopped_by: None,
            stops: 0,
            source,
        })
    }

    /// Works until all segments are complete, the job has been stopped, or it fails.
    pub(super) fn work(&mut self, context: &mut Context<'_, '_>) -> Result<(), Setback> {
        self.after_results(context)?;
        // With this, what has just been noted is taken up, too.
        self.feed(context, policy::Event::Tick)?;
        for id in context.pool.ready() {
            self.welcome(context, id)?;
        }
        let mut next_tick = Instant::now() + TICK;
        while !self.results.merger().is_complete() && !self.policy.is_over() {
            let wait = next_tick.saturating_duration_since(Instant::now());
            match context.next_event(wait) {
                Some(Event::Stop(stop)) => self.stop(context, stop)?,
                Some(event) => self.handle(context, event)?,
                None => {}
            }
            let now = Instant::now();
            if now >= next_tick {
                next_tick = now + TICK;
                self.tick(context)?;
                self.show_progress(context);
            }
        }
        self.show_progress(context);
        Ok(())
    }

    /// Lets workers finish the frames they have; no more are given out. Afterwards every worker is
    /// free for another job. A signal that comes only now is left for whoever comes next.
    pub(super) fn drain(&mut self, context: &mut Context<'_, '_>) -> Result<(), JobError> {
        self.winds_down = true;
        let mut late_stop = None;
        let mut next = self.feed(context, policy::Event::WindDown);
        loop {
            match next {
                Err(Setback::Fatal(error)) if error.ends_the_batch() => return Err(error),
                // The job is ending anyway, and for a better reason than this one.
                Ok(()) | Err(_) => {}
            }
            if self.policy.is_over() {
                break;
            }
            next = match context.next_event(TICK) {
                Some(Event::Stop(stop)) => {
                    if late_stop.replace(stop).is_some() {
                        break;
                    }
                    Ok(())
                }
                // What cannot be decoded does not matter any more.
                Some(Event::Reader(_, ReaderEvent::Failed(_) | ReaderEvent::TaskRead)) => Ok(()),
                Some(event) => self.handle(context, event),
                None => Ok(()),
            }
            .and_then(|()| self.tick(context));
        }
        self.lanes.clear();
        if let Some(stop) = late_stop {
            // The receiver is `context.events`.
            let _ = context.sender.send(Event::Stop(stop));
        }
        Ok(())
    }

    fn handle(&mut self, context: &mut Context<'_, '_>, event: Event) -> Result<(), Setback> {
        match event {
            Event::Reader(lane, event) => self.read(context, lane, event),
            Event::Worker(worker, event) => self.hear(context, worker, event),
            Event::Indexed(_) | Event::Stop(_) | Event::Pause(_) => Ok(()),
        }
    }

    /// A decoder has done something. Those of lanes that are gone are not listened to.
    fn read(
        &mut self,
        context: &mut Context<'_, '_>,
        id: LaneId,
        event: ReaderEvent,
    ) -> Result<(), Setback> {
        let worker = id.worker;
        let Some(lane) = self.lanes.get_mut(&worker).filter(|lane| lane.id() == id) else {
            return Ok(());
        };
        match event {
            ReaderEvent::Decoded(decoded) => {
                let event = policy::Event::Decoded {
                    worker,
                    task: decoded.task,
                    frame: decoded.frame,
                    slot: decoded.slot.index(),
                };
                self.profile.decoded(worker, decoded.times);
                let frame = decoded.frame as u64 + 1;
                context.trace.decoded(worker, frame, decoded.times);
                lane.decoded(decoded);
                self.feed(context, event)
            }
            ReaderEvent::TaskRead => self.feed(context, policy::Event::TaskRead(worker)),
            ReaderEvent::Failed(ReadError::Input(error)) => Err(error.into()),
            ReaderEvent::Failed(ReadError::Mismatch(mismatch)) => {
                Err(Setback::IndexWrong(mismatch))
            }
            ReaderEvent::Failed(ReadError::Buffer(error)) => {
                let (path, reason) = (self.input.clone(), error.to_string());
                Err(InputError::Decoding { path, reason }.into())
            }
        }
    }

    fn hear(
        &mut self,
        context: &mut Context<'_, '_>,
        worker: WorkerId,
        event: WorkerEvent,
    ) -> Result<(), Setback> {
        let now = context.events.now();
        match context.pool.handle(worker, event, now)? {
            News::Nothing => Ok(()),
            News::Ready(id) => self.welcome(context, id),
            News::Done { slot, frame } => self.answer(context, worker, slot, frame, None),
            News::FrameFailed {
                slot,
                frame,
                reason,
            } => self.answer(context, worker, slot, frame, Some(&reason)),
            News::Remark(level, text) => {
                remark(context.reporter, level, &text);
                Ok(())
            }
            News::Lost { reason } => {
                let and_then = if self.winds_down || self.stopped_by.is_some() {
                    ""
                } else {
                    " and will be replaced"
                };
                self.losses += 1;
                let warning = format!("a worker is gone{and_then}: {reason}");
                self.warn_at_most(context, WarningCode::WorkerLost, self.losses, warning);
                self.feed(
                    context,
                    policy::Event::Lost {
                        worker,
                        reason: &reason,
                    },
                )
            }
        }
    }

    /// A worker waits for frames. Its results must be of the same kind as those that are known.
    fn welcome(&mut self, context: &mut Context<'_, '_>, id: WorkerId) -> Result<(), Setback> {
        if let Some(engine) = context.pool.engine() {
            let earlier = context.log.made_with(engine);
            if let Some(then) = earlier.map_err(OutputError::on(&self.paths.csv))? {
                return Err(Setback::Fatal(JobError::OtherEngine {
                    folder: self.paths.workshop().to_owned(),
                    then,
                    now: engine.to_owned(),
                }));
            }
        }
        self.feed(context, policy::Event::Ready(id))
    }

    /// Looks at a worker's answer before it is decided what it is worth.
    fn answer(
        &mut self,
        context: &mut Context<'_, '_>,
        worker: WorkerId,
        slot: u32,
        frame: u64,
        failure: Option<&str>,
    ) -> Result<(), Setback> {
        let began = timing::now();
        let busy = self.lanes.get_mut(&worker);
        // Without a slot, nothing is worth anything; that is noticed by the numbers.
        let mut answer = Answer::Good;
        let unreadable;
        if let Some((busy, no_pixels)) = busy.and_then(|lane| {
            let no_pixels = lane.take_unreadable(slot);
            Some((lane.take_back(slot)?, no_pixels))
        }) {
            unreadable = no_pixels;
            let free = match (failure, unreadable.as_deref()) {
                (Some(reason), known) => {
                    answer = Answer::Failed(known.unwrap_or(reason));
                    busy.reclaim()
                }
                (None, Some(_)) => {
                    answer = Answer::Nonsense("there were no pixels");
                    busy.reclaim()
                }
                (None, None) => {
                    let (cpu, done) = (timing::processor_time(), busy.done());
                    done.read_results(&mut self.bytes);
                    if let Err(reason) = self.look() {
                        answer = Answer::Nonsense(reason);
                    }
                    self.stage_nanos.fill(0);
                    let times = self.room.split(&self.bytes).map_or(&[][..], |[.., t]| t);
                    if let Some(timing) = FrameTiming::read(times, began) {
                        self.stage_nanos = timing.stages;
                        self.profile.analysed(worker, &timing);
                        if let Some((pid, report)) = context.pool.member(worker) {
                            context.trace.analysed(pid, report, frame, &timing);
                        }
                    }
                    self.profile.reading_nanos += timing::processor_time() - cpu;
                    done.release()
                }
            };
            self.answered = Some((worker, free));
        }
        let fed = self.feed(
            context,
            policy::Event::Answered {
                worker,
                slot,
                frame,
                answer,
            },
        );
        // The slot of an answer that did not count is never used again.
        self.answered = None;
        context.trace.took(frame, began);
        fed
    }

    /// Looks at the results in `bytes`: whether they can be those of a frame.
    fn look(&mut self) -> Result<(), &'static str> {
        let [payload, extras, _] = self.room.split(&self.bytes).ok_or("they are too few")?;
        let read = self.payload.read(payload, &self.pipeline.limits());
        read.map_err(|BadPayload(reason)| reason)?;
        let faces = self.payload.faces();
        check(&*self.pipeline, faces)?;
        (0..faces.len()).try_for_each(|place| self.extras.check(self.extras.of_face(place, extras)))
    }

    /// A signal came: at first pieces in flight are finished, then dropped, then nothing counts any
    /// more.
    fn stop(&mut self, context: &mut Context<'_, '_>, stop: Stop) -> Result<(), Setback> {
        if self.stopped_by.is_some() && !stop.insists {
            return Ok(());
        }
        let is_first = self.stopped_by.replace(stop.cause).is_none();
        self.stops += 1;
        self.feed(context, policy::Event::Stop)?;
        if is_first {
            context.reporter.stopping(self.policy.time_to_finish());
            self.show_progress(context);
        }
        Ok(())
    }

    fn tick(&mut self, context: &mut Context<'_, '_>) -> Result<(), Setback> {
        self.ticks = self.ticks.wrapping_add(1);
        let now = context.events.now();
        context.pool.tick(now)?;
        if self.ticks.is_multiple_of(TICKS_PER_MEASUREMENT) && !self.winds_down {
            disk_space::watch(&self.paths)?;
        }
        if context.settings.worker_memory.is_some()
            && self.ticks.is_multiple_of(TICKS_PER_MEASUREMENT)
        {
            for worker in context.pool.ready() {
                if let Some(bytes) = context.pool.resident(worker) {
                    self.feed(context, policy::Event::Resident { worker, bytes })?;
                }
            }
        }
        if let Some(error) = context.trace.flush() {
            context
                .reporter
                .warn_all(WarningCode::Trace, &error.to_string());
        }
        self.feed(context, policy::Event::Tick)
    }

    fn show_progress(&self, context: &mut Context<'_, '_>) {
        let stage = if self.stopped_by.is_some() {
            Stage::Stopping
        } else {
            Stage::Analysing
        };
        context
            .reporter
            .tick(self.results.merger().frames_known(), stage);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped_by.is_some()
    }
}
