//! Where the time of a job went, stage by stage.

use faceau_events::StageRow;
use faceau_shared::timing::FrameTiming;
use faceau_vision::stage::Stage;

use super::durations::Durations;

/// Time per stage, summed over frames.
#[derive(Debug, Clone, Default)]
pub struct StageTable {
    frames: u64,
    /// Processor time of decoding and conversion.
    pub decoding_nanos: u64,
    worker_nanos: [u64; Stage::COUNT],
    worker_durations: [Durations; Stage::COUNT],
    /// Putting frames and results into slots and taking them out, beside the pixels themselves.
    pub ring_nanos: u64,
    /// Messages between the supervisor and workers, on both sides.
    pub messages_nanos: u64,
    /// Processor time of the supervisor without all of these.
    pub supervisor_nanos: u64,
}

impl StageTable {
    /// Adds one analysed frame, lead-ins included: they cost the same. `nanos` are those of each stage.
    pub fn add_frame(&mut self, nanos: &[u32; FrameTiming::MOST_STAGES]) {
        self.frames += 1;
        for (sum, nanos) in self.worker_nanos.iter_mut().zip(*nanos) {
            *sum += u64::from(nanos);
        }
        for (durations, nanos) in self.worker_durations.iter_mut().zip(*nanos) {
            durations.add(nanos);
        }
    }

    /// The table, in the order a frame goes through the stages.
    pub fn rows(&self) -> Vec<StageRow> {
        let stages = Stage::ALL.iter().map(|&stage| {
            let place = stage as usize;
            let durations = &self.worker_durations[place];
            (stage.name(), self.worker_nanos[place], Some(durations))
        });
        let all: Vec<(&str, u64, Option<&Durations>)> =
            std::iter::once(("decoding", self.decoding_nanos, None))
                .chain(stages)
                .chain([
                    ("ring", self.ring_nanos, None),
                    ("messages", self.messages_nanos, None),
                    ("supervisor", self.supervisor_nanos, None),
                ])
                .collect();
        let total: u64 = all.iter().map(|(_, nanos, _)| nanos).sum();
        all.into_iter()
            .map(|(stage, nanos, durations)| StageRow {
                stage: stage.to_owned(),
                ms_per_frame: nanos as f64 / 1e6 / self.frames.max(1) as f64,
                share: nanos as f64 / total.max(1) as f64,
                median_ms: durations.and_then(|durations| durations.quantile_ms(0.5)),
                p95_ms: durations.and_then(|durations| durations.quantile_ms(0.95)),
            })
            .collect()
    }
}
