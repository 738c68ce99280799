//! Which workers there should be: a state machine without clocks and processes.
//!
//! [`WorkerSet::handle`] takes an event and says what is to be done; [`super::Pool`] does it. Time comes
//! in with the event. What workers work on is not known here.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::events::{Moment, WorkerId};

/// Workers that may end before they are ready, in a row, before the program gives up.
pub const MOST_FAILED_STARTS: u32 = 3;
/// How long a worker may take to leave when it is asked to, and then when it is told to.
const GRACE: Duration = Duration::from_secs(3);
/// The first replacement comes at once, the next one after this time, then after twice as long, and
/// so on, as long as no frame is done.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// So many workers are wanted.
    Want(usize),
    /// A worker's program could not be run.
    NotStarted(WorkerId),
    /// A worker's sessions are open.
    Ready(WorkerId),
    /// A worker's process has ended.
    Ended(WorkerId),
    /// A worker cannot be trusted any more.
    MarkForKill(WorkerId),
    /// A worker is not needed any more; it has nothing to do.
    Retire(WorkerId),
    /// A frame was done, or given up.
    Progress,
    /// All are to leave.
    Dismiss,
    /// All are to go at once.
    DismissAtOnce,
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Start a worker.
    Start(WorkerId),
    /// Ask a worker to leave.
    AskToLeave(WorkerId),
    /// Send SIGTERM to a worker and what it has started.
    Terminate(WorkerId),
    /// Kill a worker and what it has started.
    Kill(WorkerId),
    /// The same, because it took too long to become ready.
    KillLate(WorkerId),
    /// Its end was expected: tell nobody.
    Left(WorkerId),
    /// Its end was not expected.
    Lost(WorkerId),
    /// Its end was the last of too many before a worker became ready.
    GiveUp(WorkerId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    /// Asked to leave.
    Asked,
    /// Told to leave.
    Terminated,
    /// Killed.
    Condemned {
        was_starting: bool,
    },
}

#[derive(Debug, Clone, Copy)]
struct Member {
    phase: Phase,
    since: Moment,
}

impl Member {
    fn stays(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Ready)
    }
}

/// The workers that there are.
#[derive(Debug)]
pub struct WorkerSet {
    start_deadline: Duration,
    members: BTreeMap<WorkerId, Member>,
    next_id: u32,
    wanted: usize,
    failed_starts: u32,
    /// Workers lost since a frame was last done.
    losses: u32,
    /// No worker is started before.
    not_before: Moment,
    dismissed: bool,
}

impl WorkerSet {
    /// Nobody yet. A worker that is not ready after `start_deadline` is killed.
    pub fn new(start_deadline: Duration) -> Self {
        Self {
            start_deadline,
            members: BTreeMap::new(),
            next_id: 0,
            wanted: 0,
            failed_starts: 0,
            losses: 0,
            not_before: Moment::ZERO,
            dismissed: false,
        }
    }

    /// Says what is to be done about `event`, in this order.
    pub fn handle(&mut self, event: Event, now: Moment, orders: &mut Vec<Order>) {
        match event {
            Event::Want(wanted) => {
                self.wanted = wanted;
                self.start_missing(now, orders);
            }
            Event::Ready(id) => {
                if let Some(member) = self.members.get_mut(&id)
                    && member.phase == Phase::Starting
                {
                    member.phase = Phase::Ready;
                    self.failed_starts = 0;
                }
            }
            Event::NotStarted(id) | Event::Ended(id) => self.ended(id, now, orders),
            Event::MarkForKill(id) => self.mark_for_kill(id, orders, Order::Kill(id)),
            Event::Retire(id) => self.ask_to_leave(id, now, orders),
            Event::Progress => self.losses = 0,
            Event::Dismiss => {
                self.dismissed = true;
                let ids: Vec<WorkerId> = self.members.keys().copied().collect();
                for id in ids {
                    self.ask_to_leave(id, now, orders);
                }
            }
            Event::DismissAtOnce => {
                self.dismissed = true;
                let ids: Vec<WorkerId> = self.members.keys().copied().collect();
                for id in ids {
                    self.mark_for_kill(id, orders, Order::Kill(id));
                }
            }
            Event::Tick => self.tick(now, orders),
        }
    }

    /// Workers whose end has not been seen.
    pub fn present(&self) -> usize {
        self.members.len()
    }

    /// Whether a worker waits for frames or works.
    pub fn is_ready(&self, id: WorkerId) -> bool {
        self.members
            .get(&id)
            .is_some_and(|member| member.phase == Phase::Ready)
    }

    /// Whether a worker has not said that it is ready.
    pub fn is_starting(&self, id: WorkerId) -> bool {
        self.members
            .get(&id)
            .is_some_and(|member| member.phase == Phase::Starting)
    }

    fn start_missing(&mut self, now: Moment, orders: &mut Vec<Order>) {
        if self.dismissed || now < self.not_before {
            return;
        }
        // One that is being killed is replaced when its end has been seen.
        let is_going = |m: &Member| matches!(m.phase, Phase::Asked | Phase::Terminated);
        let staying = self.members.values().filter(|m| !is_going(m)).count();
        for _ in staying..self.wanted {
            let id = WorkerId(self.next_id);
            self.next_id += 1;
            let member = Member {
                phase: Phase::Starting,
                since: now,
            };
            self.members.insert(id, member);
            orders.push(Order::Start(id));
        }
    }

    fn ended(&mut self, id: WorkerId, now: Moment, orders: &mut Vec<Order>) {
        let Some(member) = self.members.remove(&id) else {
            return;
        };
        if matches!(member.phase, Phase::Asked | Phase::Terminated) || self.dismissed {
            orders.push(Order::Left(id));
            return;
        }
        self.losses += 1;
        self.not_before = now + pause_after(self.losses);
        let started = !matches!(
            member.phase,
            Phase::Starting | Phase::Condemned { was_starting: true }
        );
        self.failed_starts += u32::from(!started);
        orders.push(if !started && self.failed_starts >= MOST_FAILED_STARTS {
            Order::GiveUp(id)
        } else {
            Order::Lost(id)
        });
        // Whether it is replaced is for whoever wants workers to say, or for the next tick.
    }

    fn mark_for_kill(&mut self, id: WorkerId, orders: &mut Vec<Order>, order: Order) {
        if let Some(member) = self.members.get_mut(&id)
            && !matches!(member.phase, Phase::Condemned { .. })
        {
            let was_starting = member.phase == Phase::Starting;
            // One that was to leave is not missed.
            if member.stays() {
                member.phase = Phase::Condemned { was_starting };
            }
            orders.push(order);
        }
    }

    fn ask_to_leave(&mut self, id: WorkerId, now: Moment, orders: &mut Vec<Order>) {
        let Some(member) = self.members.get_mut(&id).filter(|member| member.stays()) else {
            return;
        };
        orders.push(Order::AskToLeave(id));
        let is_starting = member.phase == Phase::Starting;
        member.phase = Phase::Asked;
        member.since = now;
        if is_starting {
            // It does not listen yet, and has nothing to finish.
            member.phase = Phase::Terminated;
            orders.push(Order::Terminate(id));
        }
    }

    fn tick(&mut self, now: Moment, orders: &mut Vec<Order>) {
        let mut late = Vec::new();
        for (&id, member) in &mut self.members {
            let waited = now.saturating_sub(member.since);
            match member.phase {
                Phase::Starting if waited > self.start_deadline => late.push(id),
                Phase::Asked if waited > GRACE => {
                    member.phase = Phase::Terminated;
                    member.since = now;
                    orders.push(Order::Terminate(id));
                }
                Phase::Terminated if waited > GRACE => {
                    member.since = now;
                    orders.push(Order::Kill(id));
                }
                _ => {}
            }
        }
        for id in late {
            self.mark_for_kill(id, orders, Order::KillLate(id));
        }
        self.start_missing(now, orders);
    }
}

/// How long no worker is started after so many losses without a frame done in between.
fn pause_after(losses: u32) -> Duration {
    match losses {
        0 | 1 => Duration::ZERO,
        _ => {
            let doublings = (losses - 2).min(16);
            LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(doublings))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(300);

    struct Bench {
        set: WorkerSet,
        now: Moment,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                set: WorkerSet::new(DEADLINE),
                now: Moment::ZERO,
            }
        }

        fn after(&mut self, time: Duration, event: Event) -> Vec<Order> {
            self.now += time;
            let mut orders = Vec::new();
            self.set.handle(event, self.now, &mut orders);
            orders
        }

        fn now(&mut self, event: Event) -> Vec<Order> {
            self.after(Duration::ZERO, event)
        }
    }

    fn id(number: u32) -> WorkerId {
        WorkerId(number)
    }

    #[test]
    fn a_lost_worker_is_replaced_at_once_and_then_ever_later() {
        let mut bench = Bench::new();
        assert_eq!(bench.now(Event::Want(1)), [Order::Start(id(0))]);
        bench.now(Event::Ready(id(0)));
        assert_eq!(bench.now(Event::Ended(id(0))), [Order::Lost(id(0))]);
        assert_eq!(bench.now(Event::Want(1)), [Order::Start(id(1))]);
        let mut pauses = Vec::new();
        for number in 1..12 {
            bench.now(Event::Ready(id(number)));
            assert_eq!(
                bench.now(Event::Ended(id(number))),
                [Order::Lost(id(number))]
            );
            let before = bench.now;
            let tenth = Duration::from_millis(10);
            while bench.after(tenth, Event::Tick) != [Order::Start(id(number + 1))] {}
            pauses.push(bench.now - before);
        }
        assert_eq!(pauses[0], FIRST_PAUSE);
        assert!(pauses.is_sorted());
        assert_eq!(pauses.last(), Some(&LONGEST_PAUSE));
        bench.now(Event::Ready(id(12)));
        bench.now(Event::Progress);
        assert_eq!(bench.now(Event::Ended(id(12))), [Order::Lost(id(12))]);
        assert_eq!(bench.now(Event::Tick), [Order::Start(id(13))]);
    }

    #[test]
    fn failed_starts_in_a_row_end_it() {
        let mut bench = Bench::new();
        bench.now(Event::Want(1));
        assert_eq!(bench.now(Event::Ended(id(0))), [Order::Lost(id(0))]);
        bench.after(LONGEST_PAUSE, Event::Tick);
        assert_eq!(bench.now(Event::NotStarted(id(1))), [Order::Lost(id(1))]);
        bench.after(LONGEST_PAUSE, Event::Tick);
        let late = bench.after(DEADLINE + GRACE, Event::Tick);
        assert_eq!(late, [Order::KillLate(id(2))]);
        assert_eq!(bench.now(Event::Ended(id(2))), [Order::GiveUp(id(2))]);
    }

    #[test]
    fn leaving_is_asked_for_then_demanded_then_forced() {
        let mut bench = Bench::new();
        bench.now(Event::Want(2));
        bench.now(Event::Ready(id(0)));
        let [first, second] = [id(0), id(1)];
        let orders = bench.now(Event::Dismiss);
        let expected = [
            Order::AskToLeave(first),
            Order::AskToLeave(second),
            // Still starting.
            Order::Terminate(second),
        ];
        assert_eq!(orders, expected);
        let step = GRACE + Duration::from_millis(1);
        let orders = bench.after(step, Event::Tick);
        assert_eq!(orders, [Order::Terminate(first), Order::Kill(second)]);
        assert_eq!(
            bench.after(step, Event::Tick).first(),
            Some(&Order::Kill(first))
        );
        assert_eq!(bench.now(Event::Ended(first)), [Order::Left(first)]);
        assert_eq!(bench.now(Event::Ended(second)), [Order::Left(second)]);
        assert_eq!(bench.set.present(), 0);
        // Nobody comes after the dismissal.
        assert_eq!(bench.now(Event::Want(3)), []);
    }

    #[test]
    fn a_retired_worker_is_replaced_and_not_missed() {
        let mut bench = Bench::new();
        bench.now(Event::Want(1));
        bench.now(Event::Ready(id(0)));
        assert_eq!(bench.now(Event::Retire(id(0))), [Order::AskToLeave(id(0))]);
        assert_eq!(bench.now(Event::Want(1)), [Order::Start(id(1))]);
        assert_eq!(bench.now(Event::Ended(id(0))), [Order::Left(id(0))]);
    }

    #[test]
    fn while_none_are_wanted_none_are_replaced() {
        let mut bench = Bench::new();
        bench.now(Event::Want(1));
        bench.now(Event::Ready(id(0)));
        bench.now(Event::Want(0));
        assert_eq!(bench.now(Event::Ended(id(0))), [Order::Lost(id(0))]);
        assert_eq!(bench.after(LONGEST_PAUSE, Event::Tick), []);
    }
}
