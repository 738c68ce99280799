//! The run record: what made a table, so that its numbers can be explained years later.
//!
//! Its parts that decide the bytes of an output are also what a journal begins with.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Version of the record's layout.
pub const RECORD_FORMAT: u32 = 1;

/// Everything worth knowing of one job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunRecord {
    /// Version of this layout: [`RECORD_FORMAT`].
    pub format: u32,
    /// Program version and build.
    pub program: ProgramRecord,
    /// Whether all frames are in the table.
    pub complete: bool,
    /// The input.
    pub input: InputRecord,
    /// The options that decide the numbers.
    pub options: OptionsRecord,
    /// The model files.
    pub models: Vec<ModelRecord>,
    /// Where the networks ran.
    pub networks: Vec<NetworkRecord>,
    /// How many frames.
    pub frames: FrameCounts,
    /// How long it took.
    pub timing: Timing,
    /// What the user was warned of.
    pub warnings: Vec<String>,
}

/// The program that made an output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProgramRecord {
    /// Version and build.
    #[serde(flatten)]
    pub identity: ProgramIdentity,
    /// Inference engine with its version.
    pub runtime: String,
}

/// Version and build of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramIdentity {
    /// Version.
    pub version: String,
    /// Build: a digest of the sources.
    pub build: String,
}

/// The input of a job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputRecord {
    /// As given.
    pub path: String,
    /// What it is, by its content.
    pub identity: InputIdentity,
    /// Largest width of the frames in pixels, upright.
    pub width: usize,
    /// Largest height of the frames in pixels, upright.
    pub height: usize,
    /// Number of frames.
    pub frames: usize,
    /// Seconds from the first frame to the last.
    pub seconds: f64,
    /// Into how many segments it was cut.
    pub segments: usize,
    /// How many times a tracker had to run on into the next segment, a few frames each time.
    pub run_ons: u32,
    /// What decoded it; not for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<String>,
    /// What there is to say of a video alone.
    #[serde(flatten)]
    pub video: Option<VideoRecord>,
    /// The names of its images in the order of the frames; not for videos.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// What was noticed about it.
    pub remarks: Vec<String>,
    /// A word for each remark that stays the same from version to version.
    #[serde(default)]
    pub remark_codes: Vec<String>,
}

/// What there is to say of a video alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VideoRecord {
    /// Number of the track among those of pictures, counted from 1.
    pub track: usize,
    /// Width to height of a pixel of the first picture, as in `16:15`.
    pub pixel_aspect: String,
    /// Size of the first picture as stored: width, height.
    pub stored_size: [usize; 2],
    /// From which frame on (counted from 1) pictures have which size, where that changes on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<SizeRecord>,
    /// Time of the first frame on the file's own clock, in seconds; `null` where it has none.
    pub start_seconds: Option<f64>,
    /// Where that clock jumps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clock_jumps: Vec<JumpRecord>,
}

/// From a frame on, pictures have another size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeRecord {
    /// The first such frame, counted from 1.
    pub frame: usize,
    /// Its width in pixels, upright.
    pub width: usize,
    /// Its height in pixels, upright.
    pub height: usize,
}

/// The file's clock does not go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct JumpRecord {
    /// The first frame behind the jump, counted from 1.
    pub frame: usize,
    /// By how many seconds the clock moved; negative when it went back.
    pub seconds: f64,
}

/// Tells inputs apart by their content. Two with the same identity give the same results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputIdentity {
    /// `video`, `image` or `images`.
    pub kind: String,
    /// Number of files: 1, or how many images there are.
    pub files: usize,
    /// Bytes of all files together.
    pub bytes: u64,
    /// SHA-256, in hexadecimal, of names (of images), sizes and samples of all files in their
    /// order.
    pub sha256: String,
}

/// The options that decide the numbers, and how many workers there were, which does not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OptionsRecord {
    /// Those that decide the numbers.
    #[serde(flatten)]
    pub result: ResultOptions,
    /// Number of workers.
    pub workers: usize,
}

/// The options that shape the result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultOptions {
    /// The pipeline.
    pub pipeline: String,
    /// How segments were tracked.
    pub tracking: String,
    /// The provider asked for.
    pub provider: String,
    /// Other providers for single networks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provider_for: BTreeMap<String, String>,
    /// Which parts of the chip Core ML may use, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coreml_units: Option<String>,
    /// What networks computed with: `fp32`, `fp16` or `int8`.
    #[serde(default = "full_precision")]
    pub precision: String,
    /// What videos were to be decoded with.
    #[serde(default = "software")]
    pub decoder: String,
    /// What became of pixels that are not square.
    #[serde(default = "shown")]
    pub pixel_aspect: String,
    /// Where times counted from.
    #[serde(default = "first")]
    pub clock: String,
    /// The track of pictures that was asked for, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<usize>,
    /// Frames per second of files without times, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<String>,
    /// Frames between forced detections; 0 = only when needed.
    pub redetect_every: u32,
    /// What the OpenFace 3.0 pipeline was told, where it was the one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openface3: Option<OpenFace3Options>,
    /// What was given of the camera.
    #[serde(flatten)]
    pub camera: CameraOptions,
    /// Groups of columns of the table.
    pub columns: Vec<String>,
    /// What stands between the columns, where it is not a comma and a space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Whether there is a HOG file.
    pub hog: bool,
    /// Whether there are aligned faces.
    pub aligned: bool,
}

/// What records of earlier versions mean.
fn full_precision() -> String {
    "fp32".to_owned()
}

/// What records of earlier versions mean.
fn software() -> String {
    "software".to_owned()
}

/// What records of earlier versions mean, for all videos but those whose pixels are not square.
fn shown() -> String {
    "shown".to_owned()
}

/// What records of earlier versions mean.
fn first() -> String {
    "first".to_owned()
}

/// What the OpenFace 3.0 pipeline is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenFace3Options {
    /// Where the face is: `detect` or `whole-frame`.
    pub face: String,
    /// Whether landmarks were placed.
    pub landmarks: bool,
    /// Whether AU45 was measured.
    pub au45: bool,
    /// The earlier program whose results these are to equal, `none` for none.
    pub compat: String,
}

impl OpenFace3Options {
    /// Whether results are to be FaceMirror's.
    pub fn as_facemirror(&self) -> bool {
        self.compat == "facemirror"
    }
}

/// What was given of the camera, in pixels of the picture as it is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CameraOptions {
    /// Focal length along x.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fx: Option<f64>,
    /// Focal length along y, where it is not that along x.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fy: Option<f64>,
    /// Principal point, x.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cx: Option<f64>,
    /// Principal point, y.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cy: Option<f64>,
}

impl CameraOptions {
    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A model file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ModelRecord {
    /// The file, with its digest.
    #[serde(flatten)]
    pub identity: ModelIdentity,
    /// Whether that is the digest of the known file.
    pub known: bool,
    /// SHA-256 of the files that were made of it when it was installed and that workers could use.
    pub converted: Vec<String>,
}

/// A model file by its content, original or converted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// Identifier in the manifest.
    pub id: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// The variant in another precision that was used in its stead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<VariantIdentity>,
}

/// A network in another precision, as its record of provenance says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantIdentity {
    /// The precision.
    pub precision: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Where a network ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NetworkRecord {
    /// Identifier of its model.
    pub model: String,
    /// The provider that was really used; for Core ML with the parts of the chip if these were not
    /// all, as in `coreml/gpu`.
    pub provider: String,
    /// The size of input that it was opened for, if that was fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// How it was divided between the provider and the processor; not for the processor itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<Graph>,
}

/// As in `retinaface for 640x480 on coreml: 1 part, 0 of 87 operations left to the cpu`.
impl fmt::Display for NetworkRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.model)?;
        if let Some(form) = &self.form {
            write!(f, " for {form}")?;
        }
        write!(f, " on {}", self.provider)?;
        match self.graph {
            Some(graph) => write!(f, ": {graph}"),
            None => Ok(()),
        }
    }
}

/// How a network is divided between a provider and the processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// Connected parts that the provider has taken.
    pub partitions: usize,
    /// Operations of the network.
    pub nodes: usize,
    /// Of these, operations left to the processor.
    pub nodes_on_cpu: usize,
}

/// As in `1 part, 0 of 87 operations left to the cpu`.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = if self.partitions == 1 {
            "part"
        } else {
            "parts"
        };
        write!(
            f,
            "{} {parts}, {} of {} operations left to the cpu",
            self.partitions, self.nodes_on_cpu, self.nodes
        )
    }
}

/// How many frames.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FrameCounts {
    /// Rows in the table.
    pub written: usize,
    /// Rows with success 1.
    pub successful: usize,
    /// Frames analysed, lead-ins and repetitions included.
    pub analysed: u64,
    /// Rows without an analysis, and why.
    #[serde(default)]
    pub failed: Vec<FailedFrame>,
}

/// A frame that could not be analysed; its row says that there is no face.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedFrame {
    /// The frame, counted from 1.
    pub frame: u64,
    /// Why it could not be analysed.
    pub reason: String,
}

/// How long a job took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Timing {
    /// Seconds from opening the input to the last result.
    pub seconds: f64,
    /// Frames of the input per second.
    pub frames_per_second: f64,
    /// Milliseconds until the first worker was ready.
    pub worker_startup_ms: f64,
    /// Worker processes started, replacements included.
    pub workers_started: u32,
    /// Seconds from opening the input to the first frame that was known.
    pub first_result_seconds: Option<f64>,
    /// Bytes of the shared memory that frames went through, of all workers together.
    pub ring_bytes: u64,
    /// Where the time went.
    pub stages: Vec<StageRow>,
    /// What each worker did with it.
    pub workers: Vec<WorkerRow>,
}

/// The time that one stage of the work took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StageRow {
    /// The stage.
    pub stage: String,
    /// Milliseconds per frame.
    pub ms_per_frame: f64,
    /// Share of the sum, 0 to 1.
    pub share: f64,
    /// Half of the frames take no longer, in milliseconds; known of the workers' stages.
    pub median_ms: Option<f64>,
    /// 95 % of the frames take no longer, in milliseconds.
    pub p95_ms: Option<f64>,
}

/// What one worker and its decoder did in a job, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerRow {
    /// The worker's number.
    pub worker: u32,
    /// Frames that it analysed.
    pub frames: u64,
    /// It analysed them.
    pub analysing: f64,
    /// Of that, it waited for networks to be run: on the processor, or by an accelerator.
    pub inference: f64,
    /// It waited for frames.
    pub waiting_for_frames: f64,
    /// Its decoder decoded.
    pub decoding: f64,
    /// Its decoder waited for slots, so it was ahead of the worker.
    pub waiting_for_slots: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_described() {
        let mut network = NetworkRecord {
            model: "retinaface".into(),
            provider: "coreml".into(),
            ..NetworkRecord::default()
        };
        assert_eq!(network.to_string(), "retinaface on coreml");
        network.form = Some("640x480".into());
        network.graph = Some(Graph {
            partitions: 1,
            nodes: 87,
            nodes_on_cpu: 0,
        });
        assert_eq!(
            network.to_string(),
            "retinaface for 640x480 on coreml: 1 part, 0 of 87 operations left to the cpu"
        );
    }

    #[test]
    fn records_of_earlier_versions_are_read() {
        let old = r#"{"pipeline":"pfld","tracking":"segmented","provider":"auto",
                      "redetect_every":0,"columns":[],"hog":false,"aligned":false}"#;
        let options: ResultOptions = serde_json::from_str(old).unwrap();
        assert_eq!(
            (&*options.precision, &*options.decoder),
            ("fp32", "software")
        );
    }
}
