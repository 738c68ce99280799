//! What a job does about what happens: a state machine without clocks, processes or pixels.
//!
//! [`Policy::handle`] takes an event and says what is to be done; `job/event_loop.rs` turns the
//! outside world into events and carries the actions out. Time comes in with the event. What the
//! results are worth is decided elsewhere, in `job/merge.rs`; which processes are started and
//! killed, in [`crate::pool`].

mod events;
mod lane;
mod stopping;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use faceau_shared::protocol::Begin;

use super::pieces::piece_of;
use crate::events::{Moment, WorkerId};
use crate::task::TaskId;
pub use events::{Action, Answer, Event, Settings};
use lane::{InFlight, Lane};
use stopping::Phase;
use tasks::{Blame, Tasks};
pub use tasks::{MOST_ATTEMPTS, MOST_DEADLY, Task};

/// A worker that waits for frames or has some.
#[derive(Debug, Default)]
struct Worker {
    lane: Option<Lane>,
    /// It will be killed; what it says does not count any more.
    condemned: bool,
    /// Frames it has given results for.
    frames: u64,
    /// Why it is to be replaced at the next end of a piece.
    due: Option<String>,
    /// That end has come: it gets no more frames.
    leaving: bool,
}

/// The state of a job, as far as it decides what is done next.
#[derive(Debug)]
pub struct Policy {
    settings: Settings,
    tasks: Tasks,
    workers: BTreeMap<WorkerId, Worker>,
    merged: usize,
    phase: Phase,
    wanted: usize,
}

impl Policy {
    /// A job that has not begun, without tasks.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            tasks: Tasks::default(),
            workers: BTreeMap::new(),
            merged: 0,
            phase: Phase::Working,
            wanted: 0,
        }
    }

    /// A task more, before the job begins.
    pub fn add(&mut self, id: TaskId, task: Task) {
        self.tasks.add(id, task);
    }

    /// Says what is to be done about `event`, in this order.
    pub fn handle(&mut self, event: Event<'_>, now: Moment, actions: &mut Vec<Action>) {
        match event {
            Event::Ready(id) => {
                self.workers.insert(id, Worker::default());
                self.employ(now, actions);
            }
            Event::Lost { worker, reason } => self.lost(worker, reason, now, actions),
            Event::TaskRead(id) => {
                if let Some(lane) = self.lane(id) {
                    lane.reading = false;
                }
                self.employ(now, actions);
            }
            Event::Decoded {
                worker,
                task,
                frame,
                slot,
            } => self.decoded(worker, InFlight { task, frame, slot }, now, actions),
            Event::Answered {
                worker,
                slot,
                frame,
                answer,
            } => self.answered(worker, slot, frame, answer, now, actions),
            Event::RunOn { number, frames } => {
                let mut task = Task::new(frames.clone(), frames);
                task.has_memory = true;
                self.tasks.add(TaskId::RunOn(number), task);
                self.employ(now, actions);
            }
            Event::Merged(frames) => {
                self.merged = frames;
                self.employ(now, actions);
            }
            Event::Resident { worker, bytes } => self.measured(worker, bytes),
            Event::Stop => self.stop(now, actions),
            Event::WindDown => {
                self.phase = Phase::WindingDown;
                self.want(actions);
            }
            Event::Tick => self.tick(now, actions),
        }
    }

    fn lane(&mut self, id: WorkerId) -> Option<&mut Lane> {
        self.workers.get_mut(&id)?.lane.as_mut()
    }

    /// Says how many workers there is work for, if that has changed for the better.
    fn want(&mut self, actions: &mut Vec<Action>) {
        let wanted = match self.phase {
            Phase::Working => self.settings.workers.min(self.tasks.unfinished()),
            _ => 0,
        };
        self.wanted = wanted;
        actions.push(Action::Want(wanted));
    }

    /// Gives tasks to workers that have nothing more to read.
    fn employ(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if !matches!(self.phase, Phase::Working) {
            return;
        }
        if self.wanted < self.settings.workers.min(self.tasks.unfinished()) {
            self.want(actions);
        }
        // Those without work first: the others only read ahead.
        for idle in [true, false] {
            for (&id, worker) in &mut self.workers {
                if worker.condemned || worker.leaving {
                    continue;
                }
                let is_idle = worker.lane.as_ref().is_none_or(Lane::is_idle);
                if is_idle != idle || worker.lane.as_ref().is_some_and(|lane| !lane.takes_tasks()) {
                    continue;
                }
                let Some(task) = self.tasks.take_next(self.merged, self.settings.workers) else {
                    return;
                };
                let Some(state) = self.tasks.get(task) else {
                    continue;
                };
                let frames = state.rest();
                if worker.lane.is_none() {
                    actions.push(Action::OpenLane(id));
                }
                let lane = worker.lane.get_or_insert_with(|| Lane::new(now));
                lane.assign(task, frames.clone());
                actions.push(Action::Read {
                    worker: id,
                    task,
                    frames,
                });
            }
        }
    }

    fn decoded(&mut self, id: WorkerId, frame: InFlight, now: Moment, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        let Some(lane) = &mut worker.lane else {
            return;
        };
        let InFlight { task, slot, .. } = frame;
        let wanted = !worker.condemned
            && !worker.leaving
            && match &self.phase {
                Phase::Working => true,
                Phase::Finishing { .. } => lane.must_finish(task, frame.frame),
                Phase::WindingDown | Phase::Dropped => false,
            };
        let begin = self.tasks.get(task).and_then(|state| {
            let is_first = lane.begins_with(task, frame.frame)?;
            Some(match (is_first, state.has_memory) {
                (false, _) => Begin::GoOn,
                (true, false) => Begin::Afresh,
                (true, true) => Begin::Resume,
            })
        });
        let Some(begin) = begin.filter(|_| wanted) else {
            actions.push(Action::Discard { worker: id, slot });
            return;
        };
        actions.push(Action::Dispatch {
            worker: id,
            slot,
            task,
            frame: frame.frame,
            begin,
        });
        lane.dispatched(frame, now);
    }

    fn answered(
        &mut self,
        id: WorkerId,
        slot: u32,
        frame: u64,
        answer: Answer<'_>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(worker) = self.workers.get_mut(&id).filter(|w| !w.condemned) else {
            return;
        };
        let in_flight = worker.lane.as_mut().and_then(|lane| {
            let InFlight {
                slot: ours,
                frame: number,
                ..
            } = *lane.in_flight.front()?;
            // Counted from 1, and a worker works on what it has in order.
            (ours == slot && frame == number as u64 + 1).then_some(lane)
        });
        let Some(lane) = in_flight else {
            let reason =
                format!("it answered for frame {frame} in slot {slot}, which it did not have");
            self.mark_for_kill(id, reason, actions);
            return;
        };
        if let Answer::Nonsense(reason) = answer {
            let reason = format!("its results for frame {frame} make no sense: {reason}");
            self.mark_for_kill(id, reason, actions);
            return;
        }
        let Some(InFlight { task, frame, .. }) = lane.returned(now) else {
            return;
        };
        match answer {
            Answer::Good => actions.push(Action::Accept {
                worker: id,
                task,
                frame,
            }),
            Answer::Failed(reason) => actions.push(Action::PassOver {
                task,
                frame,
                reason: reason.to_owned(),
            }),
            Answer::Nonsense(_) => {}
        }
        worker.frames += 1;
        let counted = self.tasks.get(task).map(|state| state.counted.clone());
        let complete = self.tasks.advance(task, answer == Answer::Good);
        if complete {
            lane.task_completed();
        }
        let most_frames = self.settings.recycle_after.unwrap_or(u64::MAX);
        if worker.frames >= most_frames {
            worker
                .due
                .get_or_insert_with(|| format!("it has done {} frames", worker.frames));
        }
        let piece_ends = counted.is_none_or(|counted| piece_of(&counted, frame).end == frame + 1);
        if worker.due.is_some() && (complete || piece_ends) {
            worker.leaving = true;
        }
        if worker.leaving {
            self.let_leave(id, now, actions);
        } else if complete {
            self.employ(now, actions);
        }
    }

    /// A worker that gets no more frames leaves when it has given back those it has.
    fn let_leave(&mut self, id: WorkerId, now: Moment, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get(&id) else {
            return;
        };
        if worker.lane.as_ref().is_some_and(Lane::is_busy) || !worker.leaving {
            return;
        }
        let Some(worker) = self.workers.remove(&id) else {
            return;
        };
        if let Some(lane) = worker.lane {
            actions.push(Action::CloseLane(id));
            for task in lane.tasks() {
                self.tasks.put_back(task);
            }
        }
        actions.push(Action::Retire {
            worker: id,
            reason: worker.due.unwrap_or_default(),
        });
        self.want(actions);
        self.employ(now, actions);
    }

    fn mark_for_kill(&mut self, id: WorkerId, reason: String, actions: &mut Vec<Action>) {
        if let Some(worker) = self.workers.get_mut(&id)
            && !worker.condemned
        {
            worker.condemned = true;
            actions.push(Action::MarkForKill { worker: id, reason });
        }
    }

    /// A worker's process is gone: its lane goes too, its tasks wait again.
    fn lost(&mut self, id: WorkerId, reason: &str, now: Moment, actions: &mut Vec<Action>) {
        let lane = self.workers.remove(&id).and_then(|worker| worker.lane);
        if let Some(lane) = lane {
            actions.push(Action::CloseLane(id));
            if matches!(self.phase, Phase::Working)
                && let Some(&InFlight { task, frame, .. }) = lane.in_flight.front()
            {
                self.blame(task, frame, reason, actions);
            }
            for task in lane.tasks() {
                self.tasks.put_back(task);
            }
        }
        self.want(actions);
        self.employ(now, actions);
    }

    /// A worker was lost on a frame.
    fn blame(&mut self, task: TaskId, frame: usize, reason: &str, actions: &mut Vec<Action>) {
        match self.tasks.blame(task) {
            Blame::TryAgain => {}
            Blame::PassOver => {
                actions.push(Action::PassOver {
                    task,
                    frame,
                    reason: format!(
                        "it brought down {MOST_ATTEMPTS} workers in a row; the last one: {reason}"
                    ),
                });
                self.tasks.advance(task, false);
            }
            Blame::GiveUp => actions.push(Action::GiveUp {
                first: frame + 1 - MOST_DEADLY as usize,
                last: frame,
                reason: reason.to_owned(),
            }),
        }
    }

    fn measured(&mut self, id: WorkerId, bytes: u64) {
        let most = self.settings.worker_memory.unwrap_or(u64::MAX);
        if bytes <= most {
            return;
        }
        let Some(worker) = self.workers.get_mut(&id).filter(|w| !w.condemned) else {
            return;
        };
        // In megabytes, as on the command line.
        let reason = || format!("it takes {} MB of memory", bytes >> 20);
        worker.due.get_or_insert_with(reason);
    }

    fn tick(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let deadline = self.settings.frame_deadline;
        let silent: Vec<(WorkerId, usize)> = self
            .workers
            .iter()
            .filter(|(_, worker)| !worker.condemned)
            .filter_map(|(id, worker)| {
                let (frame, since) = worker.lane.as_ref()?.waiting_for()?;
                (now.saturating_sub(since) > deadline).then_some((*id, frame))
            })
            .collect();
        for (id, frame) in silent {
            let reason = format!(
                "it gave no answer for {:.0} s on frame {}",
                deadline.as_secs_f64(),
                frame + 1
            );
            self.mark_for_kill(id, reason, actions);
        }
        self.enforce_end(now, actions);
    }
}
