//! A stand-in for an accelerator that does one inference at a time per process.
//!
//! Core ML holds a lock in each process; this machine may have no Core ML. Workers hold such a lock
//! while a stand-in "computes", once as threads of one process and once as processes, so that one
//! can see what the program's shape is good for. It is a simulation and is called so everywhere.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use super::report::{SimulatedRate, Simulation};
use crate::commands::child::run_within;

/// Inferences of each thread or process; long enough to make starting not count.
const INFERENCES: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(3600);

/// Simulates with so many threads and with so many processes.
pub fn run(worker: &Path, milliseconds: u16, counts: &[usize]) -> anyhow::Result<Simulation> {
    let rates = |rate: fn(&Path, u16, usize) -> anyhow::Result<f64>| {
        let rate = |&count: &usize| {
            Ok(SimulatedRate {
                count,
                inferences_per_second: rate(worker, milliseconds, count)?,
            })
        };
        counts.iter().map(rate).collect::<anyhow::Result<Vec<_>>>()
    };
    Ok(Simulation {
        is_simulation: true,
        milliseconds_per_inference: milliseconds,
        threads: rates(process)?,
        processes: rates(processes)?,
    })
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

/// So many processes side by side: inferences per second of all.
fn processes(worker: &Path, milliseconds: u16, count: usize) -> anyhow::Result<f64> {
    std::thread::scope(|scope| {
        let start = |_| scope.spawn(|| process(worker, milliseconds, 1));
        let all: Vec<_> = (0..count).map(start).collect();
        let mut sum = 0.0;
        for one in all {
            match one.join() {
                Ok(rate) => sum += rate?,
                Err(_) => bail!("a thread that waited for a worker failed"),
            }
        }
        Ok(sum)
    })
}
