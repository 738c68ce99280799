//! A worker's watch: when it waited, worked and answered, for the times behind a frame's results.

use std::time::Instant;

use bytemuck::Zeroable;
use faceau_shared::timing::{self, FrameTiming, Span, SpanOf};
use faceau_vision::stage::StageClock;

use crate::timed::InferenceLog;

/// Looks at the clock between the steps of the loop over frames.
pub struct Watch {
    inferences: InferenceLog,
    wants_spans: bool,
    timing: Box<FrameTiming>,
    /// When it began to wait for what comes next.
    waits_since: u64,
    /// Processor time of this thread when the results were in the slot.
    processor_time: u64,
    /// The moment of `timing.received`, by the clock that spans are measured with.
    received: Instant,
}

impl Watch {
    /// A worker that waits for its first frame from now on.
    pub fn start(inferences: InferenceLog, wants_spans: bool) -> Self {
        Self {
            inferences,
            wants_spans,
            timing: Box::new(FrameTiming::zeroed()),
            waits_since: timing::now(),
            processor_time: timing::processor_time(),
            received: Instant::now(),
        }
    }

    /// A frame's message has been read.
    pub fn received(&mut self) {
        self.inferences.clear();
        self.received = Instant::now();
        self.timing.received = timing::now();
        self.timing.waited = self.timing.received.saturating_sub(self.waits_since);
    }

    /// The results are in the slot: writes behind them when that came about. Stages were measured
    /// with `stages`.
    pub fn ended(&mut self, stages: &StageClock, room: &mut [u8]) {
        let since_received = |moment: Instant| {
            let passed = moment.saturating_duration_since(self.received);
            passed.as_nanos() as u64
        };
        let timing = &mut *self.timing;
        timing.clear_spans();
        let nanos = stages.nanos();
        timing.stages[..nanos.len()].copy_from_slice(&nanos);
        timing.analysing = nanos.into_iter().map(u64::from).sum();
        timing.inference = self.inferences.nanos().min(timing.analysing);
        if self.wants_spans {
            let mut offset = since_received(stages.started());
            for lap in stages.laps() {
                timing.push(Span::new(
                    SpanOf::Stage(lap.stage as u32),
                    offset,
                    lap.nanos,
                ));
                offset += lap.nanos;
            }
            self.inferences.each(|inference| {
                let offset = since_received(inference.began);
                timing.push(Span::new(
                    SpanOf::Inference(inference.network),
                    offset,
                    inference.nanos,
                ));
            });
        }
        timing.ended = timing.received + since_received(Instant::now());
        let bytes = timing.bytes();
        room[..bytes.len()].copy_from_slice(bytes);
        self.processor_time = timing::processor_time();
    }

    /// The answer has been sent, and nothing is to be done until the next message comes.
    pub fn answered(&mut self) {
        self.waits_since = timing::now();
        self.timing.answering = timing::processor_time().saturating_sub(self.processor_time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_vision::stage::Stage;

    #[test]
    fn a_frame_has_its_stages_one_after_another() {
        let mut watch = Watch::start(InferenceLog::default(), true);
        watch.received();
        let mut stages = StageClock::start();
        stages.lap(Stage::Landmarks);
        stages.lap(Stage::ShapeFit);
        let mut room = vec![0; FrameTiming::BYTES];
        watch.ended(&stages, &mut room);
        watch.answered();
        let timing = FrameTiming::read(&room, timing::now()).unwrap();
        let &[first, second] = timing.spans() else {
            panic!("{timing:?}");
        };
        assert_eq!(first.of(), SpanOf::Stage(Stage::Landmarks as u32));
        assert_eq!(second.offset, first.offset + first.nanos);
        assert_eq!(timing.analysing, first.nanos + second.nanos);
    }

    #[test]
    fn spans_are_left_out_where_nobody_wants_them() {
        let mut watch = Watch::start(InferenceLog::default(), false);
        watch.received();
        let mut stages = StageClock::start();
        stages.lap(Stage::Landmarks);
        let mut room = vec![0; FrameTiming::BYTES];
        watch.ended(&stages, &mut room);
        let timing = FrameTiming::read(&room, timing::now()).unwrap();
        assert!(timing.spans().is_empty());
    }
}
