//! `demo run`: what users see who have no models yet: a clip is made, measured and compared with its
//! truth.

use std::path::{Path, PathBuf};

use clap::Args;

use super::make::MakeArgs;
use super::recovery::Limits;
use super::trial::{Ended, Trial};
use crate::commands::print;
use crate::exit::Exit;

/// `demo run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// How long the clip is
    #[arg(long, value_name = "S", default_value_t = 20.0, value_parser = length)]
    seconds: f32,

    /// Which clip: the same number gives the same person, actions and pictures
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Number of worker processes [default: one per performance core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,

    /// Folder for the clip and everything that is made of it
    #[arg(long, value_name = "DIR", default_value = "faceau-demo")]
    out_dir: PathBuf,
}

/// Reads the length of a clip.
///
/// # Errors
/// When it is not a sensible number of seconds.
pub fn length(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(seconds) if (0.5..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("give seconds, from 0.5 to 3600".to_owned()),
    }
}

/// Makes, measures, compares and tells.
///
/// # Errors
/// When files cannot be read or written.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(&args.out_dir)?;
    let name = format!("demo-{}-{}s.mp4", args.seed, args.seconds);
    let video = args.out_dir.join(name);
    let trial = Trial {
        make: MakeArgs::plain(video.clone(), args.seconds, args.seed),
        video,
        workers: args.workers,
        quiet: false,
    };
    let recovery = match trial.run()? {
        Ended::Measured(recovery) => recovery,
        Ended::Not(exit) => return Ok(exit),
    };
    let verdict = match &recovery.shortcomings(&Limits::PROMISED)[..] {
        [] => "everything was recovered as it should be".to_owned(),
        lines => format!("not as it should be: {}", lines.join("; ")),
    };
    print(format_args!(
        "\nWhat the program measured of the truth (r: correlation; MAE: mean absolute difference, of 0 \
         to 5):\n\n{}{verdict}\n\n{}\n",
        recovery.to_text(),
        afterwards(&trial)
    ))?;
    Ok(Exit::Code(0))
}

/// Where everything is, and what this was not.
fn afterwards(trial: &Trial) -> String {
    let name = |path: &Path| path.display().to_string();
    format!(
        "clip    {}\ntruth   {}\ntable   {}\ncurves  {} (open it in a browser)\n\n\
         The demo models know only this synthetic face. For videos of people, install real models:\n  \
         faceau-supervisor models list        which there are\n  \
         faceau-supervisor models install     how to get them\n\
         and then run\n  faceau-supervisor your-video.mp4     (or scripts/run your-video.mp4)",
        name(&trial.video),
        name(&trial.truth()),
        name(&trial.table()),
        name(&trial.page()),
    )
}
