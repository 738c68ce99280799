//! A stand-in for an accelerator that does one inference at a time per process.
//!
//! Core ML holds a lock in each process; this machine may have no Core ML. Workers hold such a lock
//! while a stand-in "computes", once as threads of one process and once as the workers of real runs,
//! so that one can see what the program's shape is good for. It is a simulation and is called so
//! everywhere.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use super::report::{RunFacts, SimulatedRate, SimulatedRun, Simulation};
use super::run::Record;
use crate::commands::child::run_within;

/// Inferences of each thread; long enough to make starting not count.
const INFERENCES: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(3600);

/// Simulates with so many threads and with so many processes; `analyse` makes a run with so many
/// workers on this accelerator.
pub fn run(
    worker: &Path,
    milliseconds: u16,
    counts: &[usize],
    analyse: &dyn Fn(usize) -> anyhow::Result<(Record, RunFacts)>,
) -> anyhow::Result<Simulation> {
    let (mut threads, mut processes) = (Vec::new(), Vec::new());
    for &count in counts {
        threads.push(SimulatedRate {
            count,
            inferences_per_second: process(worker, milliseconds, count)?,
        });
        let (_, run) = analyse(count)?;
        processes.push(SimulatedRun {
            count,
            frames_per_second_at_work: rate_at_work(&run),
            frames_per_second: run.frames_per_second,
        });
    }
    Ok(Simulation {
        is_simulation: true,
        milliseconds_per_inference: milliseconds,
        threads,
        processes,
    })
}

/// Frames per second of all workers together, each while it was at work.
fn rate_at_work(run: &RunFacts) -> f64 {
    let rates = run.workers_time.iter().map(|row| {
        let at_work = row.analysing + row.waiting_for_frames;
        row.frames as f64 / at_work.max(1e-9)
    });
    rates.sum()
}

/// One process with so many threads: inferences per second.
fn process(worker: &Path, milliseconds: u16, threads: usize) -> anyhow::Result<f64> {
    let mut command = Command::new(worker);
    command.arg("--simulate-accelerator");
    let numbers = [u32::from(milliseconds), threads as u32, INFERENCES];
    command.args(numbers.map(|number| number.to_string()));
    let output = run_within(&mut command, PATIENCE)?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{} cannot simulate: {}", worker.display(), words.trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.trim().parse();
    rate.with_context(|| format!("{} said `{}`", worker.display(), text.trim()))
}
