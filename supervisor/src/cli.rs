//! The command line of the main job: `faceau-supervisor video…`. Commands that do something else
//! have theirs in [`crate::commands`].

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use faceau_models::{ModelSet, Precision};
use faceau_vision::extras::Extras;

use crate::camera::CameraArgs;
use crate::output::ColumnGroup;
use crate::pipeline::OpenFace3Args;
use crate::placement::ProviderArgs;
use crate::plan::Tracking;
use crate::progress::{Style, Verbosity};
use crate::video_args::VideoArgs;
use faceau_media::video::{Decoder, DecoderWish, Hardware};

/// What is wanted of videos: inputs, outputs, pipeline, workers.
#[derive(Debug, Args)]
pub struct Cli {
    /// Videos, folders of videos, folders of images, or patterns such as 'study/**/*.mp4'
    #[arg(required_unless_present = "from_file", value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// Look into the sub-folders of folders, too
    #[arg(short, long)]
    pub recursive: bool,

    /// A file that names more inputs, one a line; - is standard input
    #[arg(long, value_name = "LIST")]
    pub from_file: Option<PathBuf>,

    /// Number of worker processes [default: one per performance core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// Table to write (only with a single input)
    #[arg(short, long, value_name = "FILE", conflicts_with = "out_dir")]
    pub output: Option<PathBuf>,

    /// Folder for the tables, each named after its input and in the same sub-folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out_dir: PathBuf,

    /// Where to write how each input ended [default: batch.json in DIR if there are several]
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Which columns the tables have [default: all that the pipeline knows]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "GROUPS")]
    pub columns: Vec<ColumnGroup>,

    /// What stands between the columns of tables [default: openface]
    #[arg(long, value_enum, value_name = "STYLE")]
    pub header: Option<HeaderChoice>,

    /// Also write each frame's HOG descriptor, in OpenFace's format, to a .hog file beside the table
    #[arg(long)]
    pub hog: bool,

    /// Also write each frame's aligned face, as a bitmap, into a folder beside the table
    #[arg(long)]
    pub aligned: bool,

    /// Do inputs again that are done, and replace outputs that exist
    #[arg(long, alias = "overwrite")]
    pub force: bool,

    /// Throw away unfinished work of an earlier run on the same output and begin anew
    #[arg(long)]
    pub restart: bool,

    /// How faces and landmarks are found
    #[arg(long, value_enum, default_value_t = PipelineChoice::Auto, value_name = "NAME")]
    pub pipeline: PipelineChoice,

    /// Whether a video may be cut into segments that are analysed side by side
    #[arg(long, value_enum, default_value_t = TrackingChoice::Segmented, value_name = "MODE")]
    pub tracking: TrackingChoice,

    /// Look for the face in the whole frame every N frames; 0 = only when it is lost [default: 0,
    /// with --pipeline openface3 1]
    #[arg(long, value_name = "N")]
    pub redetect: Option<u32>,

    /// Folder with the model files [default: $FACEAU_MODELS, else the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,

    /// Use model files even if they are not the known ones
    #[arg(long)]
    pub allow_unknown_models: bool,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    pub providers: ProviderArgs,

    /// Let the machine go to sleep while there is work
    #[arg(long)]
    pub allow_sleep: bool,

    /// How progress is shown: a bar on stderr, or JSON events on stdout
    #[arg(long, value_enum, default_value_t = ProgressChoice::Auto, value_name = "STYLE")]
    pub progress: ProgressChoice,

    /// Say more: what workers remark, and where the time went
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,

    /// Say where the time of each input went, stage by stage, and what workers waited for
    #[arg(long)]
    pub profile: bool,

    /// Write down what every process did when, for ui.perfetto.dev: about 2 kB for each frame
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Say nothing but errors
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub quiet: bool,

    /// Seconds that a worker may take for one frame before it is replaced
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub frame_timeout: Duration,

    /// Seconds that a worker may take to open its models
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub start_timeout: Duration,

    /// Replace each worker after this many frames
    #[arg(long, value_name = "FRAMES", value_parser = clap::value_parser!(u64).range(1..))]
    pub recycle_after: Option<u64>,

    /// Replace a worker that takes more memory than this, in megabytes
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..1 << 40))]
    pub worker_memory: Option<u64>,

    /// What neural networks compute with; fp16 and int8 take variants that scripts/quantize made, and
    /// change results
    #[arg(long, value_enum, default_value_t = PrecisionChoice::Fp32, value_name = "NAME")]
    pub precision: PrecisionChoice,

    /// What decodes videos. Hardware can be faster for large ones; its pixels differ a little, and so
    /// do results
    #[arg(long, value_enum, default_value_t = DecoderChoice::Software, value_name = "NAME")]
    pub decoder: DecoderChoice,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    pub camera: CameraArgs,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    pub video: VideoArgs,

    #[allow(missing_docs)] // said on its fields
    #[command(flatten)]
    pub openface3: OpenFace3Args,

    /// Have every inference take at least so long, one at a time in each worker: a simulation
    #[arg(long, value_name = "MS", hide = true, default_value_t = 0,
          value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub simulated_inference: u16,

    /// Folder into which workers write what goes into their networks, for calibration
    #[arg(long, value_name = "DIR", hide = true)]
    pub dump_inputs: Option<PathBuf>,

    /// The worker program [default: faceau-worker beside this program]
    #[arg(long, value_name = "PROGRAM", hide = true)]
    pub worker_program: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number <= 1e6 {
        Ok(Duration::from_secs_f64(number))
    } else {
        Err("not between 0 and 1000000".to_owned())
    }
}

impl Cli {
    /// What is wanted of each frame beside its numbers.
    pub fn extras(&self) -> Extras {
        Extras {
            fhog: self.hog,
            aligned_face: self.aligned,
        }
    }

    /// How much to say.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }

    /// Whether tables are written without the space after the comma.
    pub fn plain_tables(&self) -> bool {
        self.header == Some(HeaderChoice::Plain)
    }

    /// How to show progress; a bar only makes sense on a terminal.
    pub fn progress_style(&self, stderr_is_terminal: bool) -> Style {
        match self.progress {
            ProgressChoice::Bar => Style::Bar,
            ProgressChoice::Json => Style::Json,
            ProgressChoice::None => Style::None,
            ProgressChoice::Auto if stderr_is_terminal && !self.quiet => Style::Bar,
            ProgressChoice::Auto => Style::None,
        }
    }
}

/// `--pipeline`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PipelineChoice {
    /// The best one whose models are installed: openface, else pfld
    Auto,
    /// OpenFace's own tracker, with the CE-CLM model if it is installed, else with CLNF
    Openface,
    /// OpenFace's own tracker with the CE-CLM landmark model
    OpenfaceCeclm,
    /// OpenFace's own tracker with the CLNF landmark model
    OpenfaceClnf,
    /// OpenFace's own tracker with the CLM landmark model
    OpenfaceClm,
    /// RetinaFace finds the face, PFLD its landmarks: fast
    Pfld,
    /// As pfld, with models that are part of the program and know only the synthetic demo face
    Demo,
    /// OpenFace 3.0's networks: presence of 8 action units, AU45, emotion, gaze, 98 landmarks
    Openface3,
}

impl PipelineChoice {
    /// The model sets that will do, the best one first.
    pub fn candidates(self) -> &'static [ModelSet] {
        use ModelSet::{Demo, Openface3, OpenfaceCeclm, OpenfaceClm, OpenfaceClnf, Pfld};
        match self {
            Self::Auto => &[OpenfaceCeclm, OpenfaceClnf, Pfld],
            Self::Openface => &[OpenfaceCeclm, OpenfaceClnf],
            Self::OpenfaceCeclm => &[OpenfaceCeclm],
            Self::OpenfaceClnf => &[OpenfaceClnf],
            Self::OpenfaceClm => &[OpenfaceClm],
            Self::Pfld => &[Pfld],
            Self::Demo => &[Demo],
            Self::Openface3 => &[Openface3],
        }
    }
}

/// `--header`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HeaderChoice {
    /// A comma and a space, as in OpenFace's tables, in the header and in rows
    Openface,
    /// A comma alone, as most readers expect: names and words then begin without a space
    Plain,
}

/// `--tracking`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrackingChoice {
    /// Segments side by side, each with a lead-in
    Segmented,
    /// The whole video by one worker, from the first frame to the last
    Sequential,
}

impl From<TrackingChoice> for Tracking {
    fn from(choice: TrackingChoice) -> Self {
        match choice {
            TrackingChoice::Segmented => Self::Segmented,
            TrackingChoice::Sequential => Self::Sequential,
        }
    }
}

/// `--decoder`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecoderChoice {
    /// Hardware where it can decode the video, otherwise software
    Auto,
    /// FFmpeg's own decoders: the same pixels on every machine
    Software,
    /// Apple's
    Videotoolbox,
    /// Intel's and AMD's, on Linux
    Vaapi,
    /// NVIDIA's
    Nvdec,
}

impl From<DecoderChoice> for DecoderWish {
    fn from(choice: DecoderChoice) -> Self {
        Self::Only(match choice {
            DecoderChoice::Auto => return Self::Auto,
            DecoderChoice::Software => Decoder::Software,
            DecoderChoice::Videotoolbox => Decoder::Hardware(Hardware::VideoToolbox),
            DecoderChoice::Vaapi => Decoder::Hardware(Hardware::Vaapi),
            DecoderChoice::Nvdec => Decoder::Hardware(Hardware::Nvdec),
        })
    }
}

/// `--precision`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrecisionChoice {
    /// 32-bit floats, as the models were published
    Fp32,
    /// 16-bit floats
    Fp16,
    /// 8-bit integers
    Int8,
}

impl From<PrecisionChoice> for Precision {
    fn from(choice: PrecisionChoice) -> Self {
        match choice {
            PrecisionChoice::Fp32 => Self::Fp32,
            PrecisionChoice::Fp16 => Self::Fp16,
            PrecisionChoice::Int8 => Self::Int8,
        }
    }
}

/// `--progress`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressChoice {
    /// A bar if stderr is a terminal
    Auto,
    /// A bar on stderr
    Bar,
    /// Events on stdout, one JSON object a line
    Json,
    /// Nothing
    None,
}

/// The word that stands for a choice on the command line and in records.
pub fn word(choice: &impl ValueEnum) -> String {
    choice
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Program;
    use clap::Parser;

    fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
        Program::try_parse_from(args).map(|program| program.analysis)
    }

    #[test]
    fn a_bar_needs_a_terminal() {
        let parse = |args: &[&str]| parse(&[&["x", "a.mp4"], args].concat()).unwrap();
        assert_eq!(parse(&[]).progress_style(true), Style::Bar);
        assert_eq!(parse(&[]).progress_style(false), Style::None);
        assert_eq!(parse(&["-q"]).progress_style(true), Style::None);
        let json = parse(&["--progress", "json"]);
        assert_eq!(json.progress_style(false), Style::Json);
        assert_eq!(word(&json.providers.provider), "auto");
    }

    #[test]
    fn columns_are_a_list() {
        let cli = parse(&["x", "--columns", "pose,landmarks2d", "a.mp4"]).unwrap();
        assert_eq!(cli.columns, [ColumnGroup::Pose, ColumnGroup::Landmarks2d]);
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [
            &["x"][..],
            &["x", "a.mp4", "--workers", "0"],
            &["x", "a.mp4", "-o", "a.csv", "--out-dir", "b"],
            &["x", "a.mp4", "--frame-timeout", "-3"],
            &["x", "a.mp4", "-q", "-v"],
            &["x", "a.mp4", "--columns", "pose,nose"],
            &["x", "a.mp4", "--columns", ""],
            &["x", "a.mp4", "--header", "pretty"],
            &["x", "a.mp4", "--compat", "facemirror", "--header", "plain"],
            &["x", "a.mp4", "--fx", "0"],
            &["x", "a.mp4", "--fx", "inf"],
            &["x", "a.mp4", "--cx", "wide"],
            &["x", "a.mp4", "--fy", "500"],
            &["x", "a.mp4", "--fps", "0"],
            &["x", "a.mp4", "--fps", "fast"],
            &["x", "a.mp4", "--track", "0"],
        ] {
            assert!(parse(args).is_err(), "{args:?}");
        }
    }
}
