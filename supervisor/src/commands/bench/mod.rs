//! `faceau-supervisor bench`: how fast this machine is, with how many workers, and where the time
//! goes.
//!
//! Runs are real ones: the program starts itself, as users do, and reads what the run records say.

mod decode;
mod memory;
mod report;
mod run;
mod simulation;
mod text;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use faceau_demo::clip::{Clip, ClipOptions, frame_times};
use faceau_demo::film::Film;
use faceau_demo::ordered::all_threads;

use super::{complain, print};
use crate::cli::{ProviderArgs, choice};
use crate::exit::Exit;
use faceau::settings::{Choice, PipelineChoice};
use faceau_system::machine;
use report::{InputFacts, MachineFacts, Report};
use run::Analysis;

/// `bench`
#[derive(Debug, Args)]
#[command(after_help = "\
EXIT CODES:
  0    measured
  1    a run failed, or a file cannot be read or written
  2    the command line makes no sense")]
pub struct BenchCommand {
    /// Video to measure with [default: one of a drawn face]
    #[arg(value_name = "VIDEO")]
    video: Option<PathBuf>,

    /// Frames of the drawn video for each of the most workers; OpenFace's tracker needs 200
    #[arg(long, value_name = "N", default_value_t = 200, conflicts_with = "video",
          value_parser = clap::value_parser!(u32).range(10..=100_000))]
    frames: u32,

    /// Numbers of workers [default: 1, 2, 4, … up to the cores]
    #[arg(short, long, value_name = "N,N", value_delimiter = ',',
          value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Vec<u16>,

    /// How faces and landmarks are found; without any models, by the demo models
    #[arg(long, value_parser = choice::<PipelineChoice>(),
          default_value = PipelineChoice::Auto.value_name(), value_name = "NAME")]
    pipeline: PipelineChoice,

    #[command(flatten)]
    providers: ProviderArgs,

    /// Folder with the model files [default: $FACEAU_MODELS, else the user's data folder]
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,

    /// Use model files even if they are not the known ones
    #[arg(long)]
    allow_unknown_models: bool,

    /// Also simulate an accelerator that takes so long for an inference and does one at a time per
    /// process, as Core ML does; says nothing about a real one. On few cores, --pipeline demo leaves
    /// them more time
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    simulate_accelerator: Option<u16>,

    /// Print the measurements as JSON
    #[arg(long)]
    json: bool,

    /// Compare with an earlier measurement (what --json printed)
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// The worker program [default: faceau-worker beside this program]
    #[arg(long, value_name = "PROGRAM", hide = true)]
    worker_program: Option<PathBuf>,
}

/// Measured.
const MEASURED: i32 = 0;
/// Something failed.
const FAILED: i32 = 1;

impl BenchCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        Exit::Code(match self.measure() {
            Ok(()) => MEASURED,
            Err(error) => {
                complain(&error);
                FAILED
            }
        })
    }

    fn measure(&self) -> anyhow::Result<()> {
        // What cannot be read is better known before minutes of work.
        let old = self.against.as_deref().map(read_report).transpose()?;
        let folder = tempfile::tempdir().context("there is no room for temporary files")?;
        let drawn = folder.path().join("drawn.mp4");
        let video = match &self.video {
            Some(video) => video,
            None => {
                self.say("drawing a video");
                let most = self.worker_counts().into_iter().max().unwrap_or(1);
                draw(&drawn, self.frames as usize * most)?;
                &drawn
            }
        };
        self.say("decoding");
        let decoding = decode::ceiling(video)?;
        let analysis = Analysis {
            pipeline: self.pipeline(),
            providers: &self.providers,
            models: self.models.as_deref(),
            allow_unknown_models: self.allow_unknown_models,
            worker_program: self.worker_program.as_deref(),
        };
        let mut runs = Vec::new();
        for workers in self.worker_counts() {
            self.say(&format!("analysing with {workers} workers"));
            runs.push(analysis.run(video, folder.path(), workers, 0)?);
        }
        let simulation = match self.simulate_accelerator {
            Some(milliseconds) => {
                self.say("simulating an accelerator");
                let program = faceau::setup::worker_program(Some(&crate::worker::program(
                    self.worker_program.clone(),
                )))?;
                let run = |workers| analysis.run(video, folder.path(), workers, milliseconds);
                let counts = self.worker_counts();
                Some(simulation::run(&program, milliseconds, &counts, &run)?)
            }
            None => None,
        };
        let Some((first, _)) = runs.first() else {
            bail!("--workers names no number of workers");
        };
        let report = Report {
            format: report::FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: faceau_shared::protocol::build_id().to_owned(),
            machine: MachineFacts {
                system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
                processor: machine::processor(),
                threads: machine::threads(),
                vector_instructions: machine::vector_instructions()
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
                runtime: first.program.runtime.clone(),
                ffmpeg: super::doctor::ffmpeg_version(),
            },
            input: InputFacts {
                path: self.video.as_ref().map(|path| path.display().to_string()),
                frames: first.input.frames,
                width: first.input.width,
                height: first.input.height,
                segments: first.input.segments,
            },
            pipeline: first.options.pipeline.clone(),
            networks: first.networks.clone(),
            decoding,
            runs: runs.into_iter().map(|(_, run)| run).collect(),
            simulation,
        };
        if self.json {
            print(format_args!("{}\n", serde_json::to_string_pretty(&report)?))?;
        } else {
            print(text::report(&report, old.as_ref()))?;
        }
        Ok(())
    }

    /// The pipeline that is asked for; the demo models where no others are installed.
    fn pipeline(&self) -> PipelineChoice {
        let is_left_open = self.pipeline == PipelineChoice::Auto && self.models.is_none();
        if is_left_open && !faceau::setup::is_any_installed(self.pipeline.candidates()) {
            return PipelineChoice::Demo;
        }
        self.pipeline
    }

    /// What is being done, for people who wait.
    fn say(&self, what: &str) {
        if !self.json {
            // Nobody is left to tell when this fails.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{what} …\n"));
        }
    }

    fn worker_counts(&self) -> Vec<usize> {
        if !self.workers.is_empty() {
            return self.workers.iter().copied().map(usize::from).collect();
        }
        let cores = faceau_system::cores::sensible_workers();
        let mut counts: Vec<usize> = (0..).map(|n| 1 << n).take_while(|&n| n < cores).collect();
        counts.push(cores);
        counts
    }
}

fn read_report(path: &Path) -> anyhow::Result<Report> {
    let shown = path.display();
    let text = fs::read(path).with_context(|| format!("{shown}: cannot be read"))?;
    let report: Report = serde_json::from_slice(&text)
        .with_context(|| format!("{shown}: is not what `bench --json` prints"))?;
    if report.format != report::FORMAT {
        bail!(
            "{shown}: is of another version of this program (format {})",
            report.format
        );
    }
    Ok(report)
}

fn draw(path: &Path, frames: usize) -> anyhow::Result<()> {
    const FRAME_RATE: f64 = 30.0;
    const SEED: u64 = 1;
    let options = ClipOptions {
        width: 640,
        height: 480,
        seconds: frames as f32 / FRAME_RATE as f32,
        faces: 1,
        most_angle: 15.0,
        absent: Vec::new(),
        occluded: Vec::new(),
        restless: false,
    };
    let film = Film {
        video: Some(path.to_owned()),
        images: None,
        truth: path.with_extension("truth.csv"),
        times: frame_times(frames, FRAME_RATE, false, SEED),
        frame_rate: FRAME_RATE,
        quarters: 0,
        threads: all_threads(),
    };
    film.make(&Clip::new(&options, SEED), |_| ControlFlow::Continue(()))
        .context("the video cannot be drawn")?;
    Ok(())
}
