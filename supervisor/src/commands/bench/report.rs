//! What a measurement says, as it is printed and read again.

use faceau_events::{NetworkRecord, StageRow, WorkerRow};
use serde::{Deserialize, Serialize};

/// Version of the JSON.
pub const FORMAT: u32 = 1;

/// A measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Version of this layout.
    pub format: u32,
    /// The program's version.
    pub version: String,
    /// The program's build.
    pub build: String,
    /// What it was measured on.
    pub machine: MachineFacts,
    /// What it was measured with.
    pub input: InputFacts,
    /// The pipeline, by its models.
    pub pipeline: String,
    /// Where the networks ran.
    pub networks: Vec<NetworkRecord>,
    /// Frames per second that one reader decodes when nobody analyses.
    pub decoding: DecodeCeiling,
    /// One run for each number of workers.
    pub runs: Vec<RunFacts>,
    /// A simulation, if one was wanted.
    pub simulation: Option<Simulation>,
}

/// What it was measured on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MachineFacts {
    /// Operating system and architecture.
    pub system: String,
    /// The processor's name, if it is known.
    pub processor: Option<String>,
    /// Threads that can run at the same time.
    pub threads: usize,
    /// Vector instructions that help.
    pub vector_instructions: Vec<String>,
    /// Inference engine with its version.
    pub runtime: String,
    /// FFmpeg's version.
    pub ffmpeg: String,
}

/// What it was measured with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InputFacts {
    /// The video; nothing for a drawn one.
    pub path: Option<String>,
    /// Number of frames.
    pub frames: usize,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Into how many segments it was cut; more workers than these have nothing to do.
    pub segments: usize,
}

/// How fast one reader decodes when nobody analyses.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct DecodeCeiling {
    /// Frames decoded and converted in a second, on one thread.
    pub frames_per_second: f64,
}

/// A run with some number of workers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunFacts {
    /// Number of workers.
    pub workers: usize,
    /// Seconds of the whole program, from its start to its end.
    pub program_seconds: f64,
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// Frames per second in this time.
    pub frames_per_second: f64,
    /// Milliseconds until the first worker was ready.
    pub worker_startup_ms: f64,
    /// Peak memory in bytes, where the system tells.
    pub peak_memory: Option<PeakMemory>,
    /// Seconds from opening the input to the first result.
    #[serde(default)]
    pub first_result_seconds: Option<f64>,
    /// Bytes of the shared memory that frames went through, of all workers together.
    #[serde(default)]
    pub ring_bytes: u64,
    /// Time per frame, stage by stage: decoding and supervisor in processor time, others by the clock.
    pub stages: Vec<StageRow>,
    /// What each worker did with its time, and what it waited for.
    #[serde(default)]
    pub workers_time: Vec<WorkerRow>,
}

/// Peak resident memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeakMemory {
    /// Of the supervisor.
    pub supervisor: u64,
    /// Of the largest worker.
    pub worker: u64,
}

/// A simulation of an accelerator that does one inference at a time per process. It shows what
/// processes are good for, and says nothing about any real accelerator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Simulation {
    /// Always true, so that nobody takes the numbers for measurements.
    pub is_simulation: bool,
    /// Milliseconds that the stand-in takes for an inference.
    pub milliseconds_per_inference: u16,
    /// Threads of one process, which share its lock.
    pub threads: Vec<SimulatedRate>,
    /// Runs of this program with so many worker processes, each with a lock of its own.
    pub processes: Vec<SimulatedRun>,
}

/// A run of the program on simulated accelerators.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SimulatedRun {
    /// How many worker processes.
    pub count: usize,
    /// Frames per second of all workers together, from the first to the last frame of each.
    pub frames_per_second_at_work: f64,
    /// Frames per second from opening the input to the last result: with the start of workers, and
    /// with the end, where the last segments leave some without work.
    pub frames_per_second: f64,
}

/// Inferences per second of so many threads together.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SimulatedRate {
    /// How many threads.
    pub count: usize,
    /// Inferences per second.
    pub inferences_per_second: f64,
}
