//! What a worker, its decoder and its tracker do, rightly or wrongly.

use super::super::*;
use super::world::{Message, Reply, World};
use crate::job::testing;
use faceau_measure::{Faces, Payload};
use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

/// What a tracker knows: a number that depends on every frame it has seen, and on where it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) seen: u32,
    pub(super) began: u32,
}

impl Memory {
    pub(super) fn afresh(frame: usize) -> Self {
        Self {
            seen: 0,
            began: frame as u32,
        }
    }

    pub(super) fn see(self, frame: usize) -> Self {
        let seen = self.seen.wrapping_mul(1_000_003) ^ (frame as u32 + 17);
        Self { seen, ..self }
    }

    /// The results of the frame just seen. Trackers agree when both have run for a while.
    pub(super) fn analysis(self, frame: usize, settling: usize) -> Payload {
        let settled = self.began == 0 || frame >= self.began as usize + settling;
        let place = frame as f32 + if settled { 1.0 } else { 6.0 };
        testing::one(place, [self.seen, self.began], &[])
    }

    pub(super) fn of(faces: Faces<'_>) -> Self {
        let [seen, began] = testing::memory(faces);
        Self { seen, began }
    }
}

/// One worker's process, ring and decoder.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) ready: bool,
    /// Does not answer any more.
    pub(super) hangs: bool,
    /// Its end is on its way to the supervisor.
    pub(super) ending: bool,
    pub(super) asked_to_leave: bool,
    pub(super) lane: Option<FakeLane>,
    pub(super) tracker: Option<Memory>,
    /// Frames given to it: slot, task, frame, what to begin with.
    pub(super) queue: VecDeque<(u32, TaskId, usize, Begin, Option<Memory>)>,
}

#[derive(Debug, Default)]
pub(super) struct FakeLane {
    pub(super) free: Vec<u32>,
    pub(super) orders: VecDeque<(TaskId, Range<usize>)>,
    /// Decoded and not decided about.
    pub(super) decoded: BTreeSet<u32>,
    /// With the worker.
    pub(super) busy: BTreeSet<u32>,
}

impl World {
    /// A process becomes ready, or a decoder fills a slot, or a worker answers: whatever comes next
    /// for the `pick`th process. `misdeed` is what it does wrong, if it can.
    pub(super) fn act(&mut self, pick: usize, decode: bool, misdeed: u8) {
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
}
