//! `faceau-supervisor demo …`: the synthetic face.

mod check;
mod export;
mod make;
mod recovery;
mod run;
mod size;
mod trial;
mod truth;

use clap::{Args, Subcommand};

use super::complain;
use crate::exit::Exit;

/// `demo`
#[derive(Debug, Args)]
#[command(after_help = "\
EXIT CODES:
  0    done
  1    something cannot be written; check: the models do not keep their promise
  2    the command line makes no sense
  130  stopped by Ctrl+C (other signals: 128 + their number)")]
pub struct DemoCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// See the program at work without any model file: make a demo video, measure it with the demo
    /// models that are part of the program, and compare with the truth
    Run(run::RunArgs),
    /// Check the demo models on clips that they were not trained on
    Check(check::CheckArgs),
    /// Make a video of a synthetic face, with the truth about every frame beside it
    Make(make::MakeArgs),
    /// Write random stills of synthetic faces and their truth as NumPy arrays, for training
    Export(export::ExportArgs),
}

/// Done.
const GOOD: i32 = 0;
/// Something could not be done.
const BAD: i32 = 1;

impl DemoCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        let done = match &self.action {
            Action::Run(args) => run::run(args),
            Action::Check(args) => check::run(args),
            Action::Make(args) => make::run(args),
            Action::Export(args) => export::run(args),
        };
        done.unwrap_or_else(|error| {
            complain(&error);
            Exit::Code(BAD)
        })
    }
}
