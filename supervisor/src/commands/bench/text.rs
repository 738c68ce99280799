//! A measurement as text for a terminal.

use std::fmt::Write as _;

use faceau_events::StageRow;

use super::report::{Report, RunFacts, Simulation};

use crate::progress::{stages_text, workers_text};

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
        "{}: {} frames of {}x{}, {} segments; pipeline {}{}",
        input.path.as_deref().unwrap_or("a drawn face"),
        input.frames,
        input.width,
        input.height,
        input.segments,
        report.pipeline,
        match report.pipeline.as_str() {
            "demo" => " (its models know only drawn faces)",
            _ => "",
        }
    );
    for network in &report.networks {
        let _ = writeln!(out, "network {network}");
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
        let before = old.and_then(|old| old.runs.iter().find(|old| old.workers == run.workers));
        if let Some(before) = before {
            stages_against(&mut out, &run.stages, &before.stages);
        }
        let _ = writeln!(
            out,
            "(decoding and supervisor, which is ordered stage, journal and output, in processor \
             time;\nthe others by the clock, so they grow where workers share cores)"
        );
    }
    if let Some(run) = report.runs.last() {
        let _ = writeln!(
            out,
            "\nwhat workers did and waited for, workers: {}; their rings take {:.0} MB",
            run.workers,
            run.ring_bytes as f64 / 1e6
        );
        out += &workers_text(&run.workers_time);
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
        "workers  frames/s  efficiency  seconds  program  start, ms  first, ms  supervisor, MB  \
         worker, MB"
    );
    let _ = writeln!(out, "{}", if old.is_some() { "  against" } else { "" });
    for run in &report.runs {
        let memory = |bytes: fn(&super::report::PeakMemory) -> u64| {
            let peak = run.peak_memory.as_ref();
            peak.map_or("–".to_owned(), |peak| (bytes(peak) >> 20).to_string())
        };
        let _ = write!(
            out,
            "{:>7}  {:>8.1}  {:>10}  {:>7.2}  {:>7.2}  {:>9.0}  {:>9}  {:>14}  {:>10}",
            run.workers,
            run.frames_per_second,
            efficiency(&report.runs, run)
                .map_or("–".to_owned(), |e| format!("{:.0} %", e * 100.0)),
            run.seconds,
            run.program_seconds,
            run.worker_startup_ms,
            (run.first_result_seconds)
                .map_or("–".to_owned(), |seconds| format!("{:.0}", seconds * 1e3)),
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

/// How the stages have changed.
fn stages_against(out: &mut String, now: &[StageRow], before: &[StageRow]) {
    let _ = writeln!(out, "against          ms/frame    before    ratio");
    for row in now {
        let Some(old) = before.iter().find(|old| old.stage == row.stage) else {
            continue;
        };
        if old.ms_per_frame > 0.0 {
            let _ = writeln!(
                out,
                "{:<14} {:>10.3} {:>9.3}   x{:.2}",
                row.stage,
                row.ms_per_frame,
                old.ms_per_frame,
                row.ms_per_frame / old.ms_per_frame
            );
        }
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
    let per_one = |rate: f64, count: usize| rate / count.max(1) as f64;
    let first = (simulation.threads.first())
        .map_or(1.0, |rate| per_one(rate.inferences_per_second, rate.count));
    for rate in &simulation.threads {
        let _ = writeln!(
            out,
            "{:>4} threads of one process   {:>9.1} inferences/s  x{:.2}",
            rate.count,
            rate.inferences_per_second,
            rate.inferences_per_second / first
        );
    }
    let first = simulation.processes.first().map_or((1.0, 1.0), |run| {
        (
            per_one(run.frames_per_second_at_work, run.count),
            per_one(run.frames_per_second, run.count),
        )
    });
    for run in &simulation.processes {
        let _ = writeln!(
            out,
            "{:>4} worker processes         {:>9.1} frames/s      x{:.2} at work, x{:.2} with start \
             and end",
            run.count,
            run.frames_per_second_at_work,
            run.frames_per_second_at_work / first.0,
            run.frames_per_second / first.1
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::bench::report::{SimulatedRate, SimulatedRun};

    #[test]
    fn a_simulation_is_called_one_and_compared_with_one_of_each() {
        let mut text = String::new();
        let rate = |count| SimulatedRate {
            count,
            inferences_per_second: 60.0,
        };
        let run = |count, rate| SimulatedRun {
            count,
            frames_per_second_at_work: rate,
            frames_per_second: rate / 2.0,
        };
        let simulation = Simulation {
            is_simulation: true,
            milliseconds_per_inference: 15,
            threads: vec![rate(2), rate(6)],
            processes: vec![run(2, 120.0), run(6, 342.0)],
        };
        simulated(&mut text, &simulation);
        assert!(text.contains("SIMULATION, not a measurement"), "{text}");
        assert!(
            text.contains("x2.00\n") && text.contains("x5.70 at work"),
            "{text}"
        );
    }
}
