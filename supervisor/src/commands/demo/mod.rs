//! `faceau-supervisor demo …`: the synthetic face.

mod export;
mod make;
mod size;

use clap::{Args, Subcommand};

use super::complain;
use crate::batch::Exit;

/// `demo`
#[derive(Debug, Args)]
#[command(after_help = "\
EXIT CODES:
  0    done
  1    something cannot be written
  2    the command line makes no sense
  130  stopped by Ctrl+C (other signals: 128 + their number)")]
pub struct DemoCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
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
            Action::Make(args) => make::run(args),
            Action::Export(args) => export::run(args),
        };
        done.unwrap_or_else(|error| {
            complain(&error);
            Exit::Code(BAD)
        })
    }
}
