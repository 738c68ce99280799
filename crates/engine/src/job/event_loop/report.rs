//! What a job has to show in the end, and where its time went.

use std::time::{Duration, Instant};

use faceau_shared::timing;

use super::Job;
use crate::events::{Event, LAST_STOP};
use crate::job::outcome::{JobError, JobReport, Outcome};
use crate::job::run::Context;
use crate::pool::Pool;

impl Job {
    pub(in crate::job) fn outcome(
        mut self,
        context: &mut Context<'_, '_>,
        started: Instant,
    ) -> Result<Outcome, JobError> {
        if self.stopped_by.is_some() {
            // What the impatient have asked for meanwhile.
            while let Some(event) = context.events.next(Duration::ZERO) {
                match event {
                    Event::Stop(stop) if stop.insists => self.stops += 1,
                    // That a worker has ended is said once: the pool would wait for it for ever.
                    // Whether others can still be started does not matter any more.
                    Event::Worker(id, event) => drop(context.hear_idle(id, event)),
                    _ => {}
                }
            }
        }
        let (before, now) = (self.cpu_at_start, CpuTimes::now(context.pool));
        let (looping, listening) = (
            now.event_loop - before.event_loop,
            now.listening - before.listening,
        );
        // What is left are the decoding threads, FFmpeg's own among them.
        self.stages.decoding_nanos =
            (now.process - before.process).saturating_sub(looping + listening);
        let profile = &mut self.profile;
        self.stages.supervisor_nanos =
            looping.saturating_sub(profile.reading_nanos + profile.messages_nanos);
        profile.messages_nanos += listening;
        self.stages.ring_nanos = profile.ring_nanos();
        self.stages.messages_nanos = profile.messages_nanos();
        let run_ons = self.results.merger().run_ons();
        let written = self.results.into_written();
        let frames = self.source.frame_index().frames;
        if let Some(first) = written.failed.first()
            && written.failed.len() == frames
        {
            return Err(JobError::Analysis {
                path: self.input,
                first: first.clone(),
            });
        }
        let all_there = written.table.frames() == frames;
        let report = Box::new(JobReport {
            segments: self.segments,
            run_ons,
            source: self.source,
            table: written.table,
            extra: written.extra,
            successful: written.successful,
            failed: written.failed,
            analysed: self.analysed,
            stages: self.stages,
            workers: self.profile.rows(),
            ring_bytes: self.rings,
            first_result_seconds: self
                .first_result
                .map(|first| first.saturating_duration_since(started).as_secs_f64()),
            seconds: started.elapsed().as_secs_f64(),
            warnings: self.warnings,
        });
        Ok(match self.stopped_by {
            Some(signal) if !all_there => Outcome::Stopped {
                signal,
                report: Some(report).filter(|_| self.stops < LAST_STOP),
            },
            signal => Outcome::Complete { report, signal },
        })
    }
}

/// Processor time when a job begins, to be compared with its end.
pub(super) struct CpuTimes {
    process: u64,
    event_loop: u64,
    /// The threads that listen to workers.
    listening: u64,
}

impl CpuTimes {
    pub(super) fn now(pool: &Pool) -> Self {
        Self {
            process: timing::processor_time_of_process(),
            event_loop: timing::processor_time(),
            listening: pool.listening_nanos(),
        }
    }
}
