//! The command line of the main job: `faceau-supervisor video…`. Commands that do something else
//! have theirs in [`crate::commands`].

mod camera;
mod choice;
mod pipeline;
mod providers;
mod video;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use faceau_media::video::{Decoder, DecoderWish};
use faceau_models::Precision;

use crate::after_each::AfterEach;
use crate::commands::complain;
use crate::exit::Exit;
use crate::progress::{Progress, Style, Verbosity};
use crate::{signals, worker};
use faceau::settings::{Choice, HeaderChoice, PipelineChoice, Settings};
use faceau::{Inputs, Session, exit_code};
use faceau_engine::plan::Tracking;
use faceau_outputs::ColumnGroup;

pub use camera::CameraArgs;
pub use choice::choice;
pub use pipeline::OpenFace3Args;
pub use providers::ProviderArgs;
pub use video::VideoArgs;

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
    #[arg(long, value_parser = choice::<ColumnGroup>(), value_delimiter = ',', value_name = "GROUPS")]
    pub columns: Vec<ColumnGroup>,

    /// What stands between the columns of tables [default: openface]
    #[arg(long, value_parser = choice::<HeaderChoice>(), value_name = "STYLE")]
    pub header: Option<HeaderChoice>,

    /// Also write each frame's HOG descriptor, in OpenFace's format, to a .hog file beside the table
    #[arg(long)]
    pub hog: bool,

    /// Also write each frame's aligned face, as a bitmap, into a folder beside the table
    #[arg(long)]
    pub aligned: bool,

    /// Also write summary.csv, a row a video, into DIR
    #[arg(long)]
    pub summarise: bool,

    /// Also make a page for each video and an index, in DIR/report; with summary.csv
    #[arg(long)]
    pub report: bool,

    /// Do inputs again that are done, and replace outputs that exist
    #[arg(long, alias = "overwrite")]
    pub force: bool,

    /// Throw away unfinished work of an earlier run on the same output and begin anew
    #[arg(long)]
    pub restart: bool,

    /// How faces and landmarks are found
    #[arg(long, value_parser = choice::<PipelineChoice>(),
          default_value = PipelineChoice::Auto.value_name(), value_name = "NAME")]
    pub pipeline: PipelineChoice,

    /// Whether a video may be cut into segments that are analysed side by side. In either mode the
    /// openface pipelines count the first face as a success whatever its confidence, as OpenFace does:
    /// success in that frame says nothing
    #[arg(long, value_parser = choice::<Tracking>(),
          default_value = Tracking::Segmented.value_name(), value_name = "MODE")]
    pub tracking: Tracking,

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
    #[arg(long, value_parser = choice::<Precision>(),
          default_value = Precision::Fp32.value_name(), value_name = "NAME")]
    pub precision: Precision,

    /// What decodes videos. Hardware can be faster for large ones; its pixels differ a little, and so
    /// do results
    #[arg(long, value_parser = choice::<DecoderWish>(),
          default_value = DecoderWish::Only(Decoder::Software).value_name(), value_name = "NAME")]
    pub decoder: DecoderWish,

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
    /// Does everything that is asked for.
    pub fn run(&self) -> Exit {
        let style = self.progress_style(std::io::stderr().is_terminal());
        let mut progress = Progress::new(style, self.verbosity(), self.profile);
        let inputs = Inputs {
            names: self.inputs.clone(),
            recursive: self.recursive,
            list: self.from_file.clone(),
            name_passed_over: self.verbosity() == Verbosity::Verbose,
        };
        let mut session = Session::new(self.settings());
        signals::watch(session.handle());
        let ran = match self.summarise || self.report {
            false => session.run(&inputs, &mut progress),
            true => match AfterEach::new(&mut progress, &self.home(), self.report) {
                Ok(mut after_each) => session.run(&inputs, &mut after_each),
                Err(error) => {
                    complain(&error);
                    return Exit::Code(exit_code::USAGE);
                }
            },
        };
        match ran {
            Ok(summary) => match (summary.stopped, summary.batch.exit_code) {
                (Some(signal), _) => Exit::Signal(signal),
                (None, code) => Exit::Code(code.unwrap_or(exit_code::NOT_USABLE)),
            },
            Err(error) => Exit::Code(error.exit_code()),
        }
    }

    /// The folder of the tables.
    fn home(&self) -> PathBuf {
        let folder = match &self.output {
            Some(output) => output.parent().map(PathBuf::from).unwrap_or_default(),
            None => self.out_dir.clone(),
        };
        match folder.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => folder,
        }
    }

    /// What is wanted, without how it is shown.
    pub fn settings(&self) -> Settings {
        Settings {
            workers: self.workers.map(usize::from),
            output: self.output.clone(),
            standard_output_is_taken: self.progress == ProgressChoice::Json,
            out_dir: self.out_dir.clone(),
            summary: self.summary.clone(),
            columns: self.columns.clone(),
            header: self.header.unwrap_or_default(),
            camera: self.camera.options(),
            hog: self.hog,
            aligned: self.aligned,
            force: self.force,
            restart: self.restart,
            pipeline: self.pipeline,
            tracking: self.tracking,
            redetect_every: self.redetect,
            models: self.models.clone(),
            allow_unknown_models: self.allow_unknown_models,
            providers: self.providers.settings(),
            precision: self.precision,
            reading: self.video.reading(self.decoder),
            openface3: self.openface3.settings(),
            allow_sleep: self.allow_sleep,
            frame_timeout: self.frame_timeout,
            start_timeout: self.start_timeout,
            recycle_after: self.recycle_after,
            worker_memory: self.worker_memory.map(|megabytes| megabytes << 20),
            trace: self.trace.clone(),
            simulated_inference: self.simulated_inference,
            dump_inputs: self.dump_inputs.clone(),
            worker_program: Some(worker::program(self.worker_program.clone())),
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
        assert_eq!(json.settings().providers.provider.value_name(), "auto");
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
