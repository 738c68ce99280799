//! Where the time of a job went, stage by stage.

use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::stage::Stage;
use serde::Serialize;

/// Time per stage, summed over frames.
#[derive(Debug, Clone, Default)]
pub struct StageTable {
    frames: u64,
    /// Processor time of decoding and conversion.
    pub decoding_nanos: u64,
    worker_nanos: [u64; Stage::COUNT],
    /// Processor time of the supervisor without decoding.
    pub supervisor_nanos: u64,
}

/// One row of the table.
#[derive(Debug, Clone, Serialize)]
pub struct StageRow {
    /// The stage.
    pub stage: &'static str,
    /// Milliseconds per frame.
    pub ms_per_frame: f64,
    /// Share of the sum, 0 to 1.
    pub share: f64,
}

impl StageTable {
    /// Adds one analysed frame, lead-ins included: they cost the same.
    pub fn add_frame(&mut self, analysis: &FrameAnalysis) {
        self.frames += 1;
        for (sum, nanos) in self.worker_nanos.iter_mut().zip(analysis.stage_nanos) {
            *sum += u64::from(nanos);
        }
    }

    /// The table, in the order a frame goes through the stages.
    pub fn rows(&self) -> Vec<StageRow> {
        let stages = Stage::ALL
            .iter()
            .map(|&stage| (stage.name(), self.worker_nanos[stage as usize]));
        let all: Vec<(&'static str, u64)> = std::iter::once(("decoding", self.decoding_nanos))
            .chain(stages)
            .chain([("supervisor", self.supervisor_nanos)])
            .collect();
        let total: u64 = all.iter().map(|(_, nanos)| nanos).sum();
        all.into_iter()
            .map(|(stage, nanos)| StageRow {
                stage,
                ms_per_frame: nanos as f64 / 1e6 / self.frames.max(1) as f64,
                share: nanos as f64 / total.max(1) as f64,
            })
            .collect()
    }

    /// The table as text for a terminal.
    pub fn to_text(&self) -> String {
        use std::fmt::Write;
        let mut text = String::from("stage           ms/frame   share\n");
        let rows = self.rows();
        for row in &rows {
            // Writing into a string cannot fail.
            let _ = writeln!(
                text,
                "{:<14} {:>9.3} {:>6.1}%",
                row.stage,
                row.ms_per_frame,
                100.0 * row.share
            );
        }
        let sum: f64 = rows.iter().map(|row| row.ms_per_frame).sum();
        let _ = writeln!(text, "{:<14} {sum:>9.3}", "all");
        text
    }
}
