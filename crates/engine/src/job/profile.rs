//! What workers and their decoders did with their time, and what sharing it cost.
//!
//! Times by the clock, but for messages and what the event loop itself does: processor time.

use std::collections::BTreeMap;

use faceau_events::WorkerRow;
use faceau_shared::timing::FrameTiming;

use crate::events::{DecodeTimes, WorkerId};

/// The sums of a job, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    workers: BTreeMap<WorkerId, WorkerTimes>,
    /// Reading and checking results, in the event loop.
    pub reading_nanos: u64,
    /// Sending messages to workers and listening to them.
    pub messages_nanos: u64,
}

#[derive(Debug, Clone, Default)]
struct WorkerTimes {
    /// When its lane was opened: what it waited for before is not this job's.
    since: u64,
    frames: u64,
    analysing: u64,
    inference: u64,
    waiting: u64,
    sharing: u64,
    answering: u64,
    decoding: u64,
    decoder_waiting: u64,
}

impl Profile {
    /// A worker takes part from the moment `now` on.
    pub fn begin(&mut self, worker: WorkerId, now: u64) {
        self.workers.entry(worker).or_default().since = now;
    }

    /// A frame was decoded for a worker.
    pub fn decoded(&mut self, worker: WorkerId, times: DecodeTimes) {
        let sums = self.workers.entry(worker).or_default();
        sums.decoder_waiting += times.began.saturating_sub(times.waits_since);
        sums.decoding += times.ended.saturating_sub(times.began);
    }

    /// A worker has analysed a frame.
    pub fn analysed(&mut self, worker: WorkerId, timing: &FrameTiming) {
        let sums = self.workers.entry(worker).or_default();
        sums.frames += 1;
        sums.analysing += timing.analysing;
        sums.inference += timing.inference;
        sums.waiting += timing
            .waited
            .min(timing.received.saturating_sub(sums.since));
        sums.sharing += (timing.ended - timing.received).saturating_sub(timing.analysing);
        // The answer before the first may be of another job.
        if sums.frames > 1 {
            sums.answering += timing.answering;
        }
    }

    /// Taking slots, checking what is in them, and leaving results there: on both sides.
    pub fn ring_nanos(&self) -> u64 {
        let sharing = self.workers.values().map(|sums| sums.sharing);
        self.reading_nanos + sharing.sum::<u64>()
    }

    /// Saying and hearing that a frame or its result is there: on both sides.
    pub fn messages_nanos(&self) -> u64 {
        let answering = self.workers.values().map(|sums| sums.answering);
        self.messages_nanos + answering.sum::<u64>()
    }

    /// One row for each worker that got a frame.
    pub fn rows(&self) -> Vec<WorkerRow> {
        let took_part = self.workers.iter().filter(|(_, sums)| sums.frames > 0);
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        took_part
            .map(|(id, sums)| WorkerRow {
                worker: id.0,
                frames: sums.frames,
                analysing: seconds(sums.analysing),
                inference: seconds(sums.inference),
                waiting_for_frames: seconds(sums.waiting),
                decoding: seconds(sums.decoding),
                waiting_for_slots: seconds(sums.decoder_waiting),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    #[test]
    fn waiting_before_the_job_does_not_count() {
        let mut profile = Profile::default();
        let worker = WorkerId(3);
        profile.begin(worker, 900);
        let mut timing = FrameTiming::zeroed();
        (timing.received, timing.ended) = (1000, 2000);
        (timing.waited, timing.answering) = (700, 60);
        (timing.analysing, timing.inference) = (800, 300);
        profile.analysed(worker, &timing);
        (timing.received, timing.ended) = (2100, 3000);
        (timing.waited, timing.answering) = (50, 50);
        profile.analysed(worker, &timing);
        profile.begin(WorkerId(4), 0);
        assert_eq!(profile.ring_nanos(), 300);
        assert_eq!(profile.messages_nanos(), 50);
        let rows = profile.rows();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].worker, rows[0].frames), (3, 2));
        assert!((rows[0].waiting_for_frames - 150e-9).abs() < 1e-15);
        assert!((rows[0].inference - 600e-9).abs() < 1e-15);
    }
}
