//! A measurement as text for a terminal.

use std::fmt::Write as _;

use super::report::{Report, RunFacts, Simulation};
use crate::job::stages_text;

/// All of it; with what changed since `old`, if there is one.
pub fn report(report: &Report, old: Option<&Report>) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let machine = &report.machine;
    let _ = writeln!(
        out,
        "{}, {} threads, {} ({}); {}, FFmpeg {}",
        machine.processor.as_deref().unwrap_or("unknown processor"),
        machine.threads,
        machine.vector_instructions.join(", "),
        machine.system,
        machine.runtime,
        machine.ffmpeg
    );
    let input = &report.input;
    let _ = writeln!(
        out,
        "{}: {} frames of {}x{}, {} segments; pipeline {}",
        input.path.as_deref().unwrap_or("a drawn face"),
        input.frames,
        input.width,
        input.height,
        input.segments,
        report.pipeline
    );
    for network in &report.networks {
        let _ = writeln!(out, "network {} on {}", network.model, network.provider);
    }
    let _ = writeln!(
        out,
        "decoding alone, one thread: {:.1} frames per second\n",
        report.decoding.frames_per_second
    );
    runs(&mut out, report, old);
    if let Some(run) = report.runs.first() {
        let _ = writeln!(out, "\ntime per frame, workers: {}", run.workers);
        out += &stages_text(&run.stages);
        let _ = writeln!(
            out,
            "(decoding and supervisor, which is ring, messages, ordered stage and output, in \
             processor time;\nthe others by the clock, so they grow where workers share cores)"
        );
    }
    if let Some(most) = report.runs.iter().map(|run| run.workers).max()
        && most > input.segments
    {
        let _ = writeln!(
            out,
            "\nnote: the video has {} segments, so more workers than that have nothing to do",
            input.segments
        );
    }
    if let Some(simulation) = &report.simulation {
        simulated(&mut out, simulation);
    }
    out
}

fn runs(out: &mut String, report: &Report, old: Option<&Report>) {
    let _ = write!(
        out,
        "workers  frames/s  efficiency  seconds  program  start, ms  supervisor, MB  worker, MB"
    );
    let _ = writeln!(out, "{}", if old.is_some() { "  against" } else { "" });
    for run in &report.runs {
        let memory = |bytes: fn(&super::report::PeakMemory) -> u64| {
            let peak = run.peak_memory.as_ref();
            peak.map_or("–".to_owned(), |peak| (bytes(peak) >> 20).to_string())
        };
        let _ = write!(
            out,
            "{:>7}  {:>8.1}  {:>10}  {:>7.2}  {:>7.2}  {:>9.0}  {:>14}  {:>10}",
            run.workers,
            run.frames_per_second,
            efficiency(&report.runs, run)
                .map_or("–".to_owned(), |e| format!("{:.0} %", e * 100.0)),
            run.seconds,
            run.program_seconds,
            run.worker_startup_ms,
            memory(|peak| peak.supervisor),
            memory(|peak| peak.worker)
        );
        if let Some(old) = old {
            let before = old.runs.iter().find(|before| before.workers == run.workers);
            let change = before.map_or("–".to_owned(), |before| {
                format!("x{:.2}", run.frames_per_second / before.frames_per_second)
            });
            let _ = write!(out, "  {change:>7}");
        }
        let _ = writeln!(out);
    }
    if let Some(old) = old
        && (old.input.frames, old.input.width, &old.pipeline)
            != (report.input.frames, report.input.width, &report.pipeline)
    {
        let _ = writeln!(
            out,
            "note: the other measurement is of another video or pipeline"
        );
    }
}

/// Frames per second of a worker, compared with a single one's.
fn efficiency(runs: &[RunFacts], run: &RunFacts) -> Option<f64> {
    let single = runs.iter().find(|run| run.workers == 1)?;
    Some(run.frames_per_second / (single.frames_per_second * run.workers as f64))
}

fn simulated(out: &mut String, simulation: &Simulation) {
    let _ = writeln!(
        out,
        "\nSIMULATION, not a measurement of any device: an accelerator that takes {} ms for an \
         inference\nand does one at a time in each process",
        simulation.milliseconds_per_inference
    );
    for (what, rates) in [
        ("threads of one process", &simulation.threads),
        ("processes", &simulation.processes),
    ] {
        let first = rates
            .first()
            .map_or(1.0, |rate| rate.inferences_per_second / rate.count as f64);
        for rate in rates {
            let _ = writeln!(
                out,
                "{:>4} {what:<24} {:>9.1} inferences/s  x{:.2}",
                rate.count,
                rate.inferences_per_second,
                rate.inferences_per_second / first
            );
        }
    }
}
