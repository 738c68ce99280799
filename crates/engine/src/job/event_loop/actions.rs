//! Doing what the policy says: messages to workers, orders to decoders, results taken.

use std::time::Instant;

use faceau_events::WarningCode;
use faceau_shared::protocol::{Begin, FrameTask};
use faceau_shared::timing;

use super::{Job, MOST_WARNINGS, Setback};
use crate::events::{DecodedFrame, WorkerId};
use crate::job::lane::Lane;
use crate::job::outcome::JobError;
use crate::job::policy::{self, Action};
use crate::job::run::Context;
use crate::task::TaskId;

impl Job {
    /// Has the policy decide about an event, and does what follows.
    pub(super) fn feed(
        &mut self,
        context: &mut Context<'_, '_>,
        mut event: policy::Event<'_>,
    ) -> Result<(), Setback> {
        loop {
            let mut actions = std::mem::take(&mut self.actions);
            self.policy
                .handle(event, context.events.now(), &mut actions);
            let done = actions
                .drain(..)
                .try_for_each(|action| self.carry_out(context, action));
            self.actions = actions;
            done?;
            // Not before everything is done that was to be done: it may be overtaken by this.
            match self.following.pop_front() {
                Some(next) => event = next,
                None => return Ok(()),
            }
        }
    }

    fn carry_out(&mut self, context: &mut Context<'_, '_>, action: Action) -> Result<(), Setback> {
        let now = context.events.now();
        match action {
            Action::Want(workers) => context.pool.want(workers, now)?,
            Action::OpenLane(worker) => {
                let lane = Lane::open(worker, &self.source, self.ring, context.sender)?;
                context.pool.attach(worker, lane.ring());
                self.profile.begin(worker, timing::now());
                if let Some((pid, report)) = context.pool.member(worker) {
                    context.trace.worker(worker, pid, report);
                }
                let open = self.lanes.len() as u64 + 1;
                self.rings = self.rings.max(open * self.ring.total_bytes() as u64);
                self.lanes.insert(worker, lane);
            }
            Action::Read {
                worker,
                task,
                frames,
            } => {
                if let Some(lane) = self.lanes.get_mut(&worker) {
                    lane.read(task, frames);
                }
            }
            Action::Dispatch {
                worker,
                slot,
                begin,
                ..
            } => self.dispatch(context, worker, slot, begin),
            Action::Discard { worker, slot } => {
                if let Some(lane) = self.lanes.get_mut(&worker) {
                    lane.take_decoded(slot);
                }
            }
            Action::Accept { task, frame, .. } => {
                self.recycle();
                self.analysed += 1;
                self.first_result.get_or_insert_with(Instant::now);
                self.stages.add_frame(&self.stage_nanos);
                context.pool.progress(now)?;
                self.take(context, task, frame, None)?;
            }
            Action::PassOver {
                task,
                frame,
                reason,
            } => {
                self.recycle();
                context.pool.progress(now)?;
                self.take(context, task, frame, Some(&reason))?;
            }
            Action::MarkForKill { worker, reason } => {
                context.pool.mark_for_kill(worker, reason, now)?
            }
            Action::CloseLane(worker) => {
                self.lanes.remove(&worker);
            }
            Action::Retire { worker, reason } => {
                context
                    .reporter
                    .info(&format!("worker {} is replaced: {reason}", worker.0));
                context.pool.retire(worker, now)?;
            }
            Action::GiveUp {
                first,
                last,
                reason,
            } => {
                return Err(Setback::Fatal(JobError::Deadly {
                    path: self.input.clone(),
                    first,
                    last,
                    reason,
                }));
            }
        }
        Ok(())
    }

    fn dispatch(&mut self, context: &mut Context<'_, '_>, id: WorkerId, slot: u32, begin: Begin) {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        let Some(decoded) = lane.take_decoded(slot) else {
            return;
        };
        let DecodedFrame {
            frame,
            task,
            mut slot,
            width,
            height,
            stride,
            planes,
            unreadable,
            ..
        } = decoded;
        if begin == Begin::Resume
            && let Some(last) = self.results.memory(task)
        {
            slot.write_results(last.bytes());
        }
        let frame_task = FrameTask {
            slot: slot.index(),
            frame: frame as u64 + 1,
            begin,
            width: width as u32,
            height: height as u32,
            stride: stride as u32,
            planes,
        };
        // From here on the slot is the worker's, whether or not it lives to read the message.
        lane.lend(slot.dispatch(), unreadable);
        let cpu = timing::processor_time();
        context.pool.dispatch(id, frame_task);
        self.profile.messages_nanos += timing::processor_time() - cpu;
    }

    fn recycle(&mut self) {
        if let Some((worker, slot)) = self.answered.take()
            && let Some(lane) = self.lanes.get_mut(&worker)
        {
            lane.recycle(slot);
        }
    }

    /// Takes the result of a frame: what was just looked at, or the reason why there is none.
    fn take(
        &mut self,
        context: &mut Context<'_, '_>,
        task: TaskId,
        frame: usize,
        failure: Option<&str>,
    ) -> Result<(), Setback> {
        if self.winds_down {
            return Ok(());
        }
        let extras = self.room.split(&self.bytes).map_or(&[][..], |[_, e, _]| e);
        let faces = self.payload.faces();
        let extras = &extras[..faces.len() * self.extras.bytes()];
        let finding = failure.map_or(Ok(faces), Err);
        self.results
            .take(task, frame, finding, extras, context.log)?;
        self.after_results(context)
    }

    /// Does what follows from results: run-ons, and words to the user.
    pub(super) fn after_results(&mut self, context: &mut Context<'_, '_>) -> Result<(), Setback> {
        if let Some((number, frames)) = self.results.take_run_on()? {
            self.following
                .push_back(policy::Event::RunOn { number, frames });
        }
        while let Some(failed) = self.results.written().failed.get(self.failures_told) {
            let warning = format!(
                "frame {} could not be analysed and is marked as failed: {}",
                failed.frame, failed.reason
            );
            self.failures_told += 1;
            let code = WarningCode::FrameFailed;
            self.warn_at_most(context, code, self.failures_told, warning);
        }
        let merged = self.results.merger().passed();
        self.following.push_back(policy::Event::Merged(merged));
        Ok(())
    }

    /// Warns of something that has happened `times` times now, unless that is too often.
    pub(super) fn warn_at_most(
        &mut self,
        context: &mut Context<'_, '_>,
        code: WarningCode,
        times: usize,
        mut warning: String,
    ) {
        if times == MOST_WARNINGS {
            warning.push_str(" (no more of these are shown)");
        }
        if times <= MOST_WARNINGS {
            context.reporter.warn(&self.input, code, &warning);
            self.warnings.push(warning);
        } else {
            context.reporter.info(&warning);
        }
    }
}
