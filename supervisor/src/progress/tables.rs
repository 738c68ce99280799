//! Where the time of a job went, as tables for a terminal.

use std::fmt::Write as _;

use faceau_events::{StageRow, WorkerRow};

/// A stage table as text for a terminal.
pub fn stages_text(rows: &[StageRow]) -> String {
    let mut text = String::from("stage           ms/frame   share    median      95 %\n");
    let optional =
        |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:>9.3}"));
    for row in rows {
        let line = format!(
            "{:<14} {:>9.3} {:>6.1}% {:>9} {:>9}",
            row.stage,
            row.ms_per_frame,
            100.0 * row.share,
            optional(row.median_ms),
            optional(row.p95_ms)
        );
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let sum: f64 = rows.iter().map(|row| row.ms_per_frame).sum();
    let _ = writeln!(text, "{:<14} {sum:>9.3}", "all");
    text
}

/// A table of what workers did as text for a terminal.
pub fn workers_text(rows: &[WorkerRow]) -> String {
    let mut text = String::from(
        "seconds of                worker                    its decoder\n\
         worker  frames  analysing  (inference)  no frame   decoding  no slot\n",
    );
    for row in rows {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{:>6}  {:>6}  {:>9.2}  {:>11.2}  {:>8.2}   {:>8.2}  {:>7.2}",
            row.worker,
            row.frames,
            row.analysing,
            row.inference,
            row.waiting_for_frames,
            row.decoding,
            row.waiting_for_slots
        );
    }
    text
}
