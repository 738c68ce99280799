//! The run record, in types of the tests' own: when the program's drift, they do not parse.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// A `.run.json`. See the supervisor's own type for what each field means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // described where it is written
pub struct Record {
    pub format: u32,
    pub program: Program,
    pub complete: bool,
    pub input: Input,
    pub options: Options,
    pub models: Vec<Model>,
    pub networks: Vec<Network>,
    pub frames: Frames,
    pub timing: Timing,
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Program {
    pub version: String,
    pub build: String,
    pub runtime: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Input {
    pub path: String,
    pub identity: Identity,
    pub width: usize,
    pub height: usize,
    pub frames: usize,
    pub seconds: f64,
    pub segments: usize,
    pub run_ons: u32,
    pub decoder: Option<String>,
    pub track: Option<usize>,
    pub pixel_aspect: Option<String>,
    pub stored_size: Option<[usize; 2]>,
    #[serde(default)]
    pub sizes: Vec<Size>,
    pub start_seconds: Option<f64>,
    #[serde(default)]
    pub clock_jumps: Vec<Jump>,
    pub remarks: Vec<String>,
    pub remark_codes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Size {
    pub frame: usize,
    pub width: usize,
    pub height: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Jump {
    pub frame: usize,
    pub seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Identity {
    pub kind: String,
    pub files: usize,
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Options {
    pub pipeline: String,
    pub tracking: String,
    pub provider: String,
    #[serde(default)]
    pub provider_for: BTreeMap<String, String>,
    pub coreml_units: Option<String>,
    pub precision: String,
    pub decoder: String,
    pub pixel_aspect: String,
    pub clock: String,
    pub track: Option<u16>,
    pub fps: Option<String>,
    pub redetect_every: u32,
    pub openface3: Option<OpenFace3>,
    pub columns: Vec<String>,
    pub hog: bool,
    pub aligned: bool,
    pub workers: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Model {
    pub id: String,
    pub sha256: String,
    pub known: bool,
    pub variant: Option<Variant>,
    pub converted: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Variant {
    pub precision: String,
    pub sha256: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Network {
    pub model: String,
    pub provider: String,
    pub form: Option<String>,
    pub graph: Option<Graph>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Graph {
    pub partitions: usize,
    pub nodes: usize,
    pub nodes_on_cpu: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Frames {
    pub written: usize,
    pub successful: usize,
    pub analysed: u64,
    pub failed: Vec<FailedFrame>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FailedFrame {
    pub frame: u64,
    pub reason: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Timing {
    pub seconds: f64,
    pub frames_per_second: f64,
    pub worker_startup_ms: f64,
    pub workers_started: u32,
    pub first_result_seconds: Option<f64>,
    pub ring_bytes: u64,
    pub stages: Vec<Stage>,
    pub workers: Vec<Worker>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Worker {
    pub worker: u32,
    pub frames: u64,
    pub analysing: f64,
    pub inference: f64,
    pub waiting_for_frames: f64,
    pub decoding: f64,
    pub waiting_for_slots: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Stage {
    pub stage: String,
    pub ms_per_frame: f64,
    pub share: f64,
    pub median_ms: Option<f64>,
    pub p95_ms: Option<f64>,
}

/// What the OpenFace 3.0 pipeline was told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct OpenFace3 {
    pub face: String,
    pub landmarks: bool,
    pub au45: bool,
    pub compat: String,
}

impl Record {
    /// Reads a record.
    ///
    /// # Panics
    /// When it is not there, or not as it should be.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}
