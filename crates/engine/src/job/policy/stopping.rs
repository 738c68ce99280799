//! How a job ends before its time: pieces in flight are finished, within limits, or dropped.

use std::time::Duration;

use super::lane::Lane;
use super::{Action, Policy};
use crate::events::Moment;
use crate::job::pieces::piece_of;

/// How much longer than expected the pieces in flight may take.
const GRACE: Duration = Duration::from_secs(5);

/// Where a job is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Tasks are given out.
    Working,
    /// Only pieces that were in flight go on.
    Finishing {
        /// And not longer than this.
        until: Moment,
    },
    /// Nothing is given out; only answers are waited for.
    WindingDown,
    /// Nothing is waited for.
    Dropped,
}

impl Policy {
    /// Whether the job has been stopped, or winds down, and there is nothing to wait for.
    pub fn is_over(&self) -> bool {
        match self.phase {
            Phase::Working => false,
            Phase::Finishing { .. } => self.lanes().all(|(_, left)| left == 0),
            Phase::WindingDown => {
                let mut lanes = self.workers.values().filter_map(|w| w.lane.as_ref());
                !lanes.any(|lane| lane.is_busy())
            }
            Phase::Dropped => true,
        }
    }

    /// How long the pieces in flight will take at most at the speed so far; `None` if it is not
    /// known.
    pub fn time_to_finish(&self) -> Option<Duration> {
        let lanes = self.lanes().filter(|(_, left)| *left > 0);
        lanes
            .map(|(lane, left)| lane.time_for(left))
            .max()
            .unwrap_or(Some(Duration::ZERO))
    }

    /// The lanes, and how many frames are missing in what they must finish.
    fn lanes(&self) -> impl Iterator<Item = (&Lane, usize)> {
        let workers = self.workers.values().filter(|worker| !worker.condemned);
        workers.filter_map(|worker| {
            let lane = worker.lane.as_ref()?;
            let left = lane.ends_at.and_then(|(task, end)| {
                let next = self.tasks.get(task)?.next;
                Some(end.saturating_sub(next))
            });
            Some((lane, left.unwrap_or(0)))
        })
    }

    /// Somebody wants an end. The first time what is in flight may be finished, then not.
    pub(super) fn stop(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if !matches!(self.phase, Phase::Working) {
            self.drop_everything(actions);
            return;
        }
        for worker in self.workers.values_mut() {
            let Some(lane) = worker.lane.as_mut().filter(|_| !worker.leaving) else {
                continue;
            };
            let Some((id, task)) = lane.task().and_then(|id| Some((id, self.tasks.get(id)?)))
            else {
                continue;
            };
            let piece = piece_of(&task.counted, task.next);
            let has_begun = lane.in_flight.front().is_some_and(|frame| frame.task == id)
                || task.next > piece.start;
            lane.ends_at = has_begun.then_some((id, piece.end));
        }
        let expected = self.time_to_finish().unwrap_or(Duration::ZERO);
        self.phase = Phase::Finishing {
            until: now + expected + GRACE,
        };
        self.want(actions);
    }

    /// Ends the wait for pieces in flight when it has become too long.
    pub(super) fn enforce_end(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if let Phase::Finishing { until } = self.phase
            && now > until
        {
            self.drop_everything(actions);
        }
    }

    /// Waits for nothing any more. Workers that are at work will not hear that they can leave, so
    /// they are killed.
    fn drop_everything(&mut self, actions: &mut Vec<Action>) {
        self.phase = Phase::Dropped;
        let is_busy = |worker: &super::Worker| worker.lane.as_ref().is_some_and(Lane::is_busy);
        let busy = self.workers.iter().filter(|(_, worker)| is_busy(worker));
        let busy: Vec<_> = busy.map(|(id, _)| *id).collect();
        for id in busy {
            self.mark_for_kill(id, "its work is not wanted any more".to_owned(), actions);
        }
    }
}
