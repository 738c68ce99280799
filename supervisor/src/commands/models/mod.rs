//! `faceau-supervisor models …`: which model files there are, and getting them onto this machine.
//!
//! What files there are, where they belong and how they get there is `faceau-models`' business; here
//! it is asked for, agreed to and told.

mod convert;
mod import;
mod install;
mod licence;
mod list;
mod path;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faceau_models::{Manifest, Store};

use super::complain;
use crate::exit::Exit;

/// `models`
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLES:
  faceau-supervisor models install                   what the default pipeline needs (438 MB)
  faceau-supervisor models install openface-clnf     what OpenFace's older, smaller model needs
  faceau-supervisor models import ~/OpenFace         take the files out of an OpenFace folder
  faceau-supervisor models list                      what is there, and what for

EXIT CODES:
  0    done
  1    files are altered, or could not be fetched, read or written; stderr names them
  2    the command line makes no sense
  3    nothing was fetched, because the licences were not accepted")]
pub struct ModelsCommand {
    #[command(subcommand)]
    action: Action,

    /// Folder with the model files [default: $FACEAU_MODELS, else the user's data folder]
    #[arg(long, value_name = "DIR", global = true)]
    models: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the sets of model files, what each is for and whether it is there
    List(list::ListCommand),
    /// Fetch the files of sets from their official addresses
    Install(install::InstallCommand),
    /// Look into every file that is there
    Verify(verify::VerifyCommand),
    /// Print the folders in which model files are looked for, in that order
    Path,
    /// Take model files out of a folder, whatever they are called there
    Import(import::ImportCommand),
}

/// Everything is as it should be.
const GOOD: i32 = 0;
/// Something is not, or could not be done.
const BAD: i32 = 1;
/// The user did not agree.
const NOT_ACCEPTED: i32 = 3;

impl ModelsCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        self.run_with(Manifest::embedded())
    }

    /// Does it for the files of another manifest, which is for tests of this command.
    pub fn run_with(&self, manifest: &'static Manifest) -> Exit {
        let store = Store::of(manifest, self.models.as_deref());
        let done = match &self.action {
            Action::List(command) => command.run(&store),
            Action::Install(command) => command.run(&store),
            Action::Verify(command) => command.run(&store),
            Action::Path => path::run(&store),
            Action::Import(command) => command.run(&store),
        };
        Exit::Code(done.unwrap_or_else(|error| {
            complain(&error);
            BAD
        }))
    }
}

/// A size for people.
fn megabytes(bytes: u64) -> String {
    if bytes >= 1_000_000 {
        format!("{} MB", (bytes + 500_000) / 1_000_000)
    } else {
        format!("{} KB", bytes.div_ceil(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_round_numbers() {
        assert_eq!(megabytes(432_400_000), "432 MB");
        assert_eq!(megabytes(75_284), "76 KB");
        assert_eq!(megabytes(42), "1 KB");
    }
}
