//! What the program does besides its main job: `faceau-supervisor models …` and the like.
//!
//! One file or folder for each command: its part of the command line and the code that runs it.
//! A command returns an error for `error: …` on stderr; what it prints on stdout is its result.

mod bench;
mod child;
mod compare;
mod demo;
mod doctor;
mod licences;
mod models;
mod report;
mod summarise;

use std::fmt::Display;
use std::io::{self, Write};

use clap::{Parser, Subcommand};

use crate::cli::Cli;
use crate::exit::Exit;

/// Measure facial action units (AUs) in videos of faces.
///
/// For each video a table is written (CSV, one row per frame) with the columns of OpenFace 2.2:
/// 17 AU intensities, 18 AU presences, 68 landmarks in 2-D and 3-D, head pose and shape
/// parameters. Beside it lies a run record (`.run.json`) that says how the table was made.
#[derive(Debug, Parser)]
#[command(name = "faceau-supervisor", version, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
EXAMPLES:
  faceau-supervisor interview.mp4                    writes interview.csv here
  faceau-supervisor --out-dir results videos/*.mov   one table per video, in results/
  faceau-supervisor --workers 4 frames/              a folder of images, in natural order
  faceau-supervisor -r --out-dir results study/      all videos below a folder, mirrored in results/
  faceau-supervisor models install                   fetches the model files that it needs
  faceau-supervisor doctor                           is everything there that a run needs?

A file or folder with the name of a command is given with its folder, so ./models.

EXIT CODES:
  0    every input was done, now or before
  1    at least one input failed; the others were done
  2    the command line makes no sense
  3    nothing could be done: models, ONNX Runtime or the worker program are not usable
  130  stopped by Ctrl+C (other signals: 128 + their number)")]
pub struct Program {
    /// The main job, when no command is named.
    #[command(flatten)]
    pub analysis: Cli,

    /// Print the licences of the program and of the models that are part of it
    #[arg(long, exclusive = true)]
    pub licences: bool,

    /// Something else.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Program {
    /// Does it.
    #[must_use]
    pub fn run(&self) -> Exit {
        match &self.command {
            Some(command) => command.run(),
            None if self.licences => licences::run(),
            None => self.analysis.run(),
        }
    }
}

/// Everything but the main job.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure how fast this machine is, and where the time goes
    Bench(bench::BenchCommand),
    /// Say how far two tables of the same video are apart
    Compare(compare::CompareCommand),
    /// Make pictures of a synthetic face whose action units are known
    Demo(demo::DemoCommand),
    /// Look at everything that a run needs, and say how to mend it
    Doctor(doctor::DoctorCommand),
    /// Get, list and check the model files
    Models(models::ModelsCommand),
    /// Make a page for each recording, and an index of a folder, from finished tables
    Report(report::ReportCommand),
    /// Say in one row a video what finished tables hold; events, blinks, geometry, actions
    Summarise(summarise::SummariseCommand),
}

impl Command {
    /// Does it.
    pub fn run(&self) -> Exit {
        match self {
            Self::Bench(command) => command.run(),
            Self::Compare(command) => command.run(),
            Self::Demo(command) => command.run(),
            Self::Doctor(command) => command.run(),
            Self::Models(command) => command.run(),
            Self::Report(command) => command.run(),
            Self::Summarise(command) => command.run(),
        }
    }
}

/// Prints a command's result. That nobody reads on (`… | head`) is no error.
///
/// # Errors
/// When standard output cannot be written.
fn print(result: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match write!(stdout, "{result}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Says what went wrong, in one line.
pub(crate) fn complain(error: &anyhow::Error) {
    // Nobody is left to tell when this fails.
    let _ = writeln!(io::stderr(), "error: {error:#}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Program::command().debug_assert();
    }

    #[test]
    fn licences_are_asked_for_alone() {
        assert!(
            Program::try_parse_from(["x", "--licences"])
                .unwrap()
                .licences
        );
        assert!(Program::try_parse_from(["x", "--licences", "a.mp4"]).is_err());
        assert!(Program::try_parse_from(["x"]).is_err());
    }

    #[test]
    fn inputs_and_commands_are_told_apart() {
        let parse = |args: &[&str]| Program::try_parse_from([&["x"], args].concat());
        let videos = parse(&["a.mp4", "models"]).unwrap();
        assert!(videos.command.is_none());
        assert_eq!(videos.analysis.inputs.len(), 2);
        assert!(parse(&["./models"]).unwrap().command.is_none());
        let Some(Command::Models(_)) = parse(&["models", "list"]).unwrap().command else {
            panic!("a command");
        };
        // A command comes first: behind an option, a word is an input.
        assert!(parse(&["-v", "models"]).unwrap().command.is_none());
        for nonsense in [&["models"][..], &["models", "a.mp4"]] {
            assert!(parse(nonsense).is_err(), "{nonsense:?}");
        }
    }
}
