//! One run of the program as users start it, and what its record says.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use faceau_events::{NetworkRecord, StageRow, WorkerRow};
use serde::Deserialize;

use super::memory;
use super::report::RunFacts;
use crate::cli::ProviderArgs;
use crate::commands::child::run_watched;
use faceau::settings::{Choice, PipelineChoice};

/// Longer than anybody waits for a measurement.
const PATIENCE: Duration = Duration::from_secs(6 * 3600);
/// How often memory is looked at. Peaks are kept by the system, so only the last moments of a
/// process can escape.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How to analyse.
pub struct Analysis<'a> {
    pub pipeline: PipelineChoice,
    pub providers: &'a ProviderArgs,
    pub models: Option<&'a Path>,
    pub allow_unknown_models: bool,
    pub worker_program: Option<&'a Path>,
}

/// What a run record says, as far as it is of interest here.
#[derive(Debug, Deserialize)]
pub struct Record {
    pub program: RecordedProgram,
    pub input: RecordedInput,
    pub options: RecordedOptions,
    pub networks: Vec<NetworkRecord>,
    timing: RecordedTiming,
}

#[derive(Debug, Deserialize)]
pub struct RecordedProgram {
    pub runtime: String,
}

#[derive(Debug, Deserialize)]
pub struct RecordedInput {
    pub width: usize,
    pub height: usize,
    pub frames: usize,
    pub segments: usize,
}

#[derive(Debug, Deserialize)]
pub struct RecordedOptions {
    pub pipeline: String,
}

#[derive(Debug, Deserialize)]
struct RecordedTiming {
    seconds: f64,
    frames_per_second: f64,
    worker_startup_ms: f64,
    first_result_seconds: Option<f64>,
    ring_bytes: u64,
    stages: Vec<StageRow>,
    workers: Vec<WorkerRow>,
}

impl Analysis<'_> {
    /// Analyses a video with so many workers; `folder` takes the outputs. Every inference takes at
    /// least `simulated_inference` milliseconds, for a simulation; otherwise that is 0.
    pub fn run(
        &self,
        video: &Path,
        folder: &Path,
        workers: usize,
        simulated_inference: u16,
    ) -> anyhow::Result<(Record, RunFacts)> {
        let program = std::env::current_exe().context("this program does not know its file")?;
        let table = folder.join(format!("{workers}.csv"));
        let mut command = Command::new(program);
        command.args(["--quiet", "--progress", "none", "--pipeline"]);
        command
            .arg(self.pipeline.value_name())
            .args(self.providers.words());
        command.arg("--workers").arg(workers.to_string());
        command.arg("--output").arg(&table);
        command.arg("--force");
        if simulated_inference > 0 {
            let milliseconds = simulated_inference.to_string();
            command.arg("--simulated-inference").arg(milliseconds);
        }
        let mut with = |name: &str, value: Option<&OsStr>| {
            if let Some(value) = value {
                command.arg(name).arg(value);
            }
        };
        with("--models", self.models.map(Path::as_os_str));
        with("--worker-program", self.worker_program.map(Path::as_os_str));
        if self.allow_unknown_models {
            command.arg("--allow-unknown-models");
        }
        command.arg(video);

        let mut peak = None;
        let started = Instant::now();
        let output = run_watched(&mut command, PATIENCE, LOOK_EVERY, &mut |pid| {
            memory::look(pid, &mut peak);
        })?;
        let program_seconds = started.elapsed().as_secs_f64();
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            bail!(
                "a run with {workers} workers ended with {}: {}",
                output.status,
                words.trim()
            );
        }
        let record = table.with_extension("run.json");
        let record = fs::read(&record).with_context(|| record.display().to_string())?;
        let record: Record = serde_json::from_slice(&record)?;
        let facts = RunFacts {
            workers,
            program_seconds,
            seconds: record.timing.seconds,
            frames_per_second: record.timing.frames_per_second,
            worker_startup_ms: record.timing.worker_startup_ms,
            peak_memory: peak,
            first_result_seconds: record.timing.first_result_seconds,
            ring_bytes: record.timing.ring_bytes,
            stages: record.timing.stages.clone(),
            workers_time: record.timing.workers.clone(),
        };
        Ok((record, facts))
    }
}
