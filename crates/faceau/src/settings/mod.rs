//! What is wanted of a run, whoever asks for it: a command line, a program, a test.
//!
//! [`Settings::default`] is a sensible run; each field says what it changes. No command line is
//! known here; one fills these.

pub mod choice;
mod pipeline;
mod providers;

use std::path::PathBuf;
use std::time::Duration;

use faceau_events::CameraOptions;
use faceau_media::Reading;
use faceau_models::Precision;
use faceau_pipelines::Extras;

use faceau_engine::plan::Tracking;
use faceau_outputs::ColumnGroup;

pub use choice::{Choice, HeaderChoice};
pub use pipeline::{
    CompatChoice, FaceChoice, OpenFace3Settings, PipelineChoice, PipelineOptions, UnsuitableOptions,
};
pub use providers::{Exception, NoException, ProviderSettings};

/// What is wanted of inputs: outputs, pipeline, workers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Number of worker processes; one per performance core if nothing is said.
    pub workers: Option<usize>,
    /// The table to write, if there is a single input; `-` is standard output.
    pub output: Option<PathBuf>,
    /// Whether standard output is in use for something else, such as events, so that no table can go
    /// there.
    pub standard_output_is_taken: bool,
    /// Folder for the tables, each named after its input and in the same sub-folder.
    pub out_dir: PathBuf,
    /// Where to write how each input ended; `batch.json` in `out_dir` if there are several and
    /// nothing is said.
    pub summary: Option<PathBuf>,
    /// The columns that tables have; all that the pipeline knows if none is named.
    pub columns: Vec<ColumnGroup>,
    /// What stands between the columns.
    pub header: HeaderChoice,
    /// What is known of the camera; what is not given is assumed for each frame's size.
    pub camera: CameraOptions,
    /// Whether each frame's HOG descriptor is written to a `.hog` file beside the table.
    pub hog: bool,
    /// Whether each frame's aligned face is written as a bitmap into a folder beside the table.
    pub aligned: bool,
    /// Whether inputs that are done are done again, and outputs that exist are replaced.
    pub force: bool,
    /// Whether unfinished work of an earlier run on the same output is thrown away.
    pub restart: bool,
    /// How faces and landmarks are found.
    pub pipeline: PipelineChoice,
    /// Whether a video may be cut into segments that are analysed side by side.
    pub tracking: Tracking,
    /// Frames from one look for the face in the whole frame to the next; 0 = only when it is lost. If
    /// nothing is said, 1 for `openface3` and 0 for all others.
    pub redetect_every: Option<u32>,
    /// Folder with the model files; `$FACEAU_MODELS`, else the user's data folder, if nothing is said.
    pub models: Option<PathBuf>,
    /// Whether model files are used even if they are not the known ones.
    pub allow_unknown_models: bool,
    /// Where networks run.
    pub providers: ProviderSettings,
    /// What networks compute with.
    pub precision: Precision,
    /// How videos are read: what decodes them, pixels that are not square, tracks, times.
    pub reading: Reading,
    /// What only the OpenFace 3.0 pipeline is told.
    pub openface3: OpenFace3Settings,
    /// Whether the machine may go to sleep while there is work.
    pub allow_sleep: bool,
    /// How long a worker may take for one frame before it is replaced.
    pub frame_timeout: Duration,
    /// How long a worker may take to open its models.
    pub start_timeout: Duration,
    /// Each worker is replaced after this many frames.
    pub recycle_after: Option<u64>,
    /// A worker that takes more memory than this, in bytes, is replaced.
    pub worker_memory: Option<u64>,
    /// File into which it is written what every process did when, for ui.perfetto.dev.
    pub trace: Option<PathBuf>,
    /// Every inference takes at least so many milliseconds, one at a time in each worker: a
    /// simulation, 0 for none.
    pub simulated_inference: u16,
    /// Folder into which workers write what goes into their networks, for calibration.
    pub dump_inputs: Option<PathBuf>,
    /// The worker program.
    pub worker_program: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: None,
            output: None,
            standard_output_is_taken: false,
            out_dir: ".".into(),
            summary: None,
            columns: Vec::new(),
            header: HeaderChoice::Openface,
            camera: CameraOptions::default(),
            hog: false,
            aligned: false,
            force: false,
            restart: false,
            pipeline: PipelineChoice::Auto,
            tracking: Tracking::Segmented,
            redetect_every: None,
            models: None,
            allow_unknown_models: false,
            providers: ProviderSettings::default(),
            precision: Precision::Fp32,
            reading: Reading::default(),
            openface3: OpenFace3Settings::default(),
            allow_sleep: false,
            frame_timeout: Duration::from_secs(60),
            start_timeout: Duration::from_secs(300),
            recycle_after: None,
            worker_memory: None,
            trace: None,
            simulated_inference: 0,
            dump_inputs: None,
            worker_program: None,
        }
    }
}

impl Settings {
    /// What is wanted of each frame beside its numbers.
    pub fn extras(&self) -> Extras {
        Extras {
            fhog: self.hog,
            aligned_face: self.aligned,
        }
    }
}
