//! The event loop of one job: the one thread that owns its state.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Instant;

use bytemuck::Zeroable;
use faceau_shared::protocol::{Begin, FrameTask};
use faceau_shared::ring::RingError;
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::extras::Extras;

use super::keeper::{Keeper, Kept};
use super::lane::{InFlight, Lane};
use super::merge::Merger;
use super::outcome::{JobError, JobReport, Outcome};
use super::run::{Context, TICK, remark};
use super::schedule::{AfterLoss, Schedule};
use super::stages::StageTable;
use super::task::{RunOn, TaskId};
use crate::cpu_time;
use crate::events::{DecodedFrame, Event, ReaderEvent, WorkerId};
use crate::input::reader::ReadError;
use crate::input::{Input, Source};
use crate::output::{ExtraOutputs, OutputError, OutputPaths, Table};
use crate::plan::{self, Segment, Tracking};
use crate::pool::{News, Pool};
use crate::progress::Tick;

/// Why a job cannot simply go on.
pub(super) enum Setback {
    /// It is over.
    Fatal(JobError),
    /// A frame that the index promised did not come; counted from 0.
    IndexWrong(usize),
}

impl<E: Into<JobError>> From<E> for Setback {
    fn from(error: E) -> Self {
        Self::Fatal(error.into())
    }
}

/// The state of a job, owned by the thread that calls.
pub(super) struct Job {
    input: PathBuf,
    csv: PathBuf,
    source: Source,
    segments: Vec<Segment>,
    /// Run-ons that wait or are under way.
    run_ons: BTreeMap<u32, RunOn>,
    schedule: Schedule,
    lanes: BTreeMap<WorkerId, Lane>,
    merger: Merger,
    table: Table,
    /// What is wanted of each frame beside its analysis.
    extras: Extras,
    /// Where it waits, if anything is.
    keeper: Option<Keeper>,
    /// Where it goes.
    extra: ExtraOutputs,
    /// The result being looked at; here so that it is allocated once. So are its bytes with extras
    /// as they come from the slot, and the extras as they come back from the keeper.
    analysis: Box<FrameAnalysis>,
    results: Vec<u8>,
    read_back: Vec<u8>,
    successful: usize,
    analysed: u64,
    stages: StageTable,
    cpu_at_start: CpuTimes,
    warnings: Vec<String>,
    stopped_by: Option<i32>,
    at_once: bool,
}

impl Job {
    pub(super) fn new(
        context: &mut Context<'_>,
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
        let extras = paths.extras();
        let keeper = (extras.bytes() > 0)
            .then(|| Keeper::create_in(paths.folder(), extras.bytes()))
            .transpose()
            .map_err(OutputError::on(&paths.csv))?;
        let segments = plan::cut(&index, tracking, context.shortest_segment);
        let workers = context.workers.min(segments.len());
        context.pool.grow_to(workers)?;
        for remark in source.remarks() {
            context.progress.warn(input.path(), &remark);
        }
        context
            .progress
            .input_started(input.path(), index.frames, source.geometry());
        Ok(Self {
            input: input.path().into(),
            csv: paths.csv.clone(),
            schedule: Schedule::new(segments.len()),
            merger: Merger::new(segments.clone()),
            segments,
            run_ons: BTreeMap::new(),
            lanes: BTreeMap::new(),
            table: Table::begin(context.table, paths.folder(), source.frame_rate())
                .map_err(OutputError::on(&paths.csv))?,
            extras,
            keeper,
            extra: ExtraOutputs::create(paths)?,
            analysis: Box::new(FrameAnalysis::zeroed()),
            results: vec![0; FrameAnalysis::BYTES + extras.bytes()],
            read_back: Vec::new(),
            successful: 0,
            analysed: 0,
            stages: StageTable::default(),
            cpu_at_start: CpuTimes::now(context.pool),
            warnings: warnings.iter().cloned().chain(source.remarks()).collect(),
            stopped_by: None,
            at_once: false,
            source,
        })
    }

    /// Works until all segments are complete, a signal comes, or the job fails.
    pub(super) fn work(&mut self, context: &mut Context<'_>) -> Result<(), Setback> {
        for id in context.pool.ready() {
            self.employ(context, id)?;
        }
        let mut next_tick = Instant::now() + TICK;
        while !self.merger.is_complete() {
            let wait = next_tick.saturating_duration_since(Instant::now());
            match context.events.recv_timeout(wait) {
                Ok(Event::Signal(signal)) => {
                    self.stopped_by = Some(signal);
                    context.progress.warn_all(
                        "stopping as soon as the frames in flight are done; once more stops at once",
                    );
                    self.show_progress(context, "stopping");
                    return Ok(());
                }
                Ok(event) => self.handle(context, event)?,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            let now = Instant::now();
            if now >= next_tick {
                next_tick = now + TICK;
                self.enforce_deadlines(context, now);
                self.show_progress(context, "analysing");
            }
        }
        self.show_progress(context, "analysing");
        Ok(())
    }

    /// Lets workers finish the frames they have; no more are given out. Afterwards every worker is
    /// free for another job. A signal that comes only now is left for whoever comes next.
    pub(super) fn drain(&mut self, context: &mut Context<'_>) -> Result<(), JobError> {
        let mut late_signal = None;
        while self.lanes.values().any(Lane::is_busy) {
            match context.events.recv_timeout(TICK) {
                Ok(Event::Signal(signal)) if self.stopped_by.is_some() => {
                    self.stopped_by = Some(signal);
                    self.at_once = true;
                    break;
                }
                Ok(Event::Signal(signal)) => {
                    if late_signal.replace(signal).is_some() {
                        break;
                    }
                }
                Ok(Event::Reader(..)) => {}
                Ok(event) => match self.handle(context, event) {
                    Ok(()) | Err(Setback::IndexWrong(_)) => {}
                    Err(Setback::Fatal(error)) if error.ends_the_batch() => return Err(error),
                    // The job is ending anyway, and for a better reason than this one.
                    Err(Setback::Fatal(_)) => {}
                },
                Err(_) => {}
            }
            self.enforce_deadlines(context, Instant::now());
        }
        self.lanes.clear();
        if let Some(signal) = late_signal {
            // The receiver is `context.events`.
            let _ = context.sender.send(Event::Signal(signal));
        }
        Ok(())
    }

    fn handle(&mut self, context: &mut Context<'_>, event: Event) -> Result<(), Setback> {
        match event {
            Event::Reader(worker, ReaderEvent::Decoded(frame)) => {
                self.dispatch(context, worker, frame);
            }
            Event::Reader(worker, ReaderEvent::TaskRead) => self.assign(worker),
            Event::Reader(worker, ReaderEvent::Failed(error)) => {
                if self.lanes.contains_key(&worker) {
                    return Err(match error {
                        ReadError::Input(error) => error.into(),
                        ReadError::Mismatch(mismatch) => Setback::IndexWrong(mismatch.wanted),
                    });
                }
            }
            Event::Worker(worker, event) => {
                let news = context.pool.handle(worker, event)?;
                self.react(context, worker, news)?;
            }
            Event::Indexed(_) | Event::Signal(_) => {}
        }
        Ok(())
    }

    fn react(
        &mut self,
        context: &mut Context<'_>,
        worker: WorkerId,
        news: News,
    ) -> Result<(), Setback> {
        match news {
            News::Nothing => {}
            News::Ready(id) => self.employ(context, id)?,
            News::Done { slot, frame } => self.done(context, worker, slot, frame)?,
            News::FrameFailed {
                slot,
                frame,
                reason,
            } => {
                let lane = self.lanes.get_mut(&worker);
                if let Some(in_flight) = lane.and_then(|lane| lane.returned(slot, frame)) {
                    drop(in_flight);
                    return Err(Setback::Fatal(JobError::Analysis {
                        path: self.input.clone(),
                        frame,
                        reason,
                    }));
                }
            }
            News::Remark(level, text) => remark(context.progress, level, &text),
            News::Lost { reason } => self.lost(context, worker, reason)?,
        }
        Ok(())
    }

    /// Gives a worker a lane and its first segment.
    fn employ(&mut self, context: &mut Context<'_>, id: WorkerId) -> Result<(), RingError> {
        if !self.schedule.has_waiting() || self.lanes.contains_key(&id) {
            return Ok(());
        }
        let lane = Lane::open(
            id,
            &self.source,
            self.extras,
            context.decoder_threads,
            context.sender,
        )?;
        context.pool.attach(id, lane.ring());
        self.lanes.insert(id, lane);
        self.assign(id);
        Ok(())
    }

    /// Has a lane read the next task. The worker may still have frames of the one before, so that
    /// it does not wait while the decoder finds its place.
    fn assign(&mut self, id: WorkerId) {
        if self.lanes.contains_key(&id)
            && let Some(task) = self.schedule.take_next()
        {
            let frames = self.frames_of(task);
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.read(task, frames);
            }
        }
    }

    /// The frames a worker sees that is given `task`.
    fn frames_of(&self, task: TaskId) -> Range<usize> {
        match task {
            TaskId::Segment(number) => self.segments[number].seen(),
            TaskId::RunOn(number) => self
                .run_ons
                .get(&number)
                .map_or(0..0, |run_on| run_on.frames.clone()),
        }
    }

    /// Gives work that has come up to workers that have none.
    fn employ_idle(&mut self, context: &mut Context<'_>) -> Result<(), RingError> {
        for id in context.pool.ready() {
            match self.lanes.get(&id) {
                Some(lane) if lane.is_idle() => self.assign(id),
                Some(_) => {}
                None => self.employ(context, id)?,
            }
        }
        Ok(())
    }

    fn dispatch(&mut self, context: &mut Context<'_>, id: WorkerId, mut frame: DecodedFrame) {
        let is_first = frame.frame == self.frames_of(frame.task).start;
        let begin = match frame.task {
            _ if !is_first => Begin::GoOn,
            TaskId::Segment(_) => Begin::Afresh,
            TaskId::RunOn(number) => {
                let after = &*self.run_ons[&number].after;
                frame.slot.write_results(bytemuck::bytes_of(after));
                Begin::Resume
            }
        };
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        let task = FrameTask {
            slot: frame.slot.index(),
            frame: frame.frame as u64 + 1,
            begin,
            width: frame.width as u32,
            height: frame.height as u32,
            stride: frame.stride as u32,
        };
        // From here on the slot is the worker's, whether or not it lives to read the message.
        lane.dispatched(InFlight {
            slot: frame.slot.dispatch(),
            task: frame.task,
            frame: frame.frame,
        });
        context.pool.dispatch(id, task);
    }

    fn done(
        &mut self,
        context: &mut Context<'_>,
        id: WorkerId,
        slot: u32,
        frame: u64,
    ) -> Result<(), Setback> {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return Ok(());
        };
        let Some(in_flight) = lane.returned(slot, frame) else {
            context.pool.condemn(
                id,
                format!("it answered for frame {frame} in slot {slot}, which it did not have"),
            );
            return Ok(());
        };
        let slot = in_flight.slot.done();
        slot.read_results(&mut self.results);
        lane.recycle(slot.release());
        let (analysis, extras) = self.results.split_at(FrameAnalysis::BYTES);
        bytemuck::bytes_of_mut(&mut *self.analysis).copy_from_slice(analysis);
        let checked = self.analysis.check();
        if let Err(reason) = checked.and_then(|()| self.extras.check(extras)) {
            context.pool.condemn(
                id,
                format!("its results for frame {frame} make no sense: {reason}"),
            );
            return Ok(());
        }
        self.analysed += 1;
        self.stages.add_frame(&self.analysis);

        let (table, source) = (&mut self.table, &self.source);
        let successful = &mut self.successful;
        let kept = self.keeper.as_mut().map(|keeper| keeper.keep(extras));
        let kept = kept.transpose().map_err(OutputError::on(&self.csv))?;
        let (keeper, extra, read_back) = (&self.keeper, &mut self.extra, &mut self.read_back);
        let merged = self.merger.accept(
            in_flight.task,
            in_flight.frame,
            &self.analysis,
            kept,
            &mut |frame, analysis: &FrameAnalysis, kept: Option<&Kept>| -> io::Result<()> {
                *successful += usize::from(analysis.success != 0);
                let number = frame as u64 + 1;
                if let (Some(keeper), Some(kept)) = (keeper, kept) {
                    keeper.read(kept, read_back)?;
                    extra.push(number, analysis.success != 0, read_back)?;
                }
                table.push(frame, source.seconds(frame), analysis)
            },
        );
        merged.map_err(OutputError::on(&self.csv))?;
        if in_flight.frame + 1 == self.frames_of(in_flight.task).end {
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.task_completed();
            }
            if let TaskId::RunOn(number) = in_flight.task {
                self.run_ons.remove(&number);
            }
        }
        if let Some(run_on) = self.merger.take_request() {
            self.schedule.add(TaskId::RunOn(run_on.number));
            self.run_ons.insert(run_on.number, run_on);
            self.employ_idle(context)?;
        }
        Ok(())
    }

    /// A worker's process is gone: its lane goes too, its segments wait again.
    fn lost(
        &mut self,
        context: &mut Context<'_>,
        id: WorkerId,
        reason: String,
    ) -> Result<(), Setback> {
        let tasks = self
            .lanes
            .remove(&id)
            .map_or_else(Vec::new, |mut lane| lane.tasks().to_vec());
        let warning = format!("a worker is gone and will be replaced: {reason}");
        context.progress.warn(&self.input, &warning);
        self.warnings.push(warning);
        if let AfterLoss::GiveUp(task) = self.schedule.worker_lost(&tasks) {
            let frames = self.frames_of(task);
            return Err(Setback::Fatal(JobError::Deadly {
                path: self.input.clone(),
                first: frames.start,
                last: frames.end.saturating_sub(1),
                reason,
            }));
        }
        // The replacement is employed once it is ready; workers without work take over now.
        let wanted = context.workers.min(self.segments.len());
        context.pool.grow_to(wanted)?;
        self.employ_idle(context)?;
        Ok(())
    }

    fn enforce_deadlines(&mut self, context: &mut Context<'_>, now: Instant) {
        context.pool.enforce_start_deadline(now);
        for (id, lane) in &self.lanes {
            if let Some((frame, since)) = lane.waiting_for()
                && now.saturating_duration_since(since) > context.frame_deadline
            {
                let verdict = format!(
                    "it gave no answer for {:.0} s on frame {}",
                    context.frame_deadline.as_secs_f64(),
                    frame + 1
                );
                context.pool.condemn(*id, verdict);
            }
        }
    }

    fn show_progress(&self, context: &mut Context<'_>, stage: &'static str) {
        context.progress.tick(&Tick {
            done: self.merger.frames_known(),
            stage,
        });
    }

    pub(super) fn outcome(mut self, pool: &Pool, started: Instant) -> Outcome {
        let (before, now) = (self.cpu_at_start, CpuTimes::now(pool));
        self.stages.supervisor_nanos = now.supervising - before.supervising;
        // What is left are the decoding threads, FFmpeg's own among them.
        self.stages.decoding_nanos =
            (now.process - before.process).saturating_sub(self.stages.supervisor_nanos);
        let all_there = self.table.rows() == self.source.frame_index().frames;
        let report = Box::new(JobReport {
            segments: self.segments.len(),
            run_ons: self.merger.run_ons(),
            source: self.source,
            table: self.table,
            extra: self.extra,
            successful: self.successful,
            analysed: self.analysed,
            stages: self.stages,
            seconds: started.elapsed().as_secs_f64(),
            warnings: self.warnings,
        });
        match self.stopped_by {
            Some(signal) if !all_there => Outcome::Stopped {
                signal,
                report: Some(report).filter(|_| !self.at_once),
            },
            _ => Outcome::Complete(report),
        }
    }
}

/// Processor time when a job begins, to be compared with its end.
struct CpuTimes {
    process: u64,
    /// The event loop and the threads that listen to workers.
    supervising: u64,
}

impl CpuTimes {
    fn now(pool: &Pool) -> Self {
        Self {
            process: cpu_time::of_this_process(),
            supervising: cpu_time::of_this_thread() + pool.listening_nanos(),
        }
    }
}
