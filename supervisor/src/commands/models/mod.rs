//! `faceau-supervisor models …`: which model files there are and where they lie.

mod list;
mod path;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faceau_models::Store;

use super::complain;
use crate::batch::Exit;

/// `models`
#[derive(Debug, Args)]
#[command(after_help = "\
EXIT CODES:
  0    done
  1    files are altered or cannot be read
  2    the command line makes no sense")]
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
    List,
    /// Print the folders in which model files are looked for, in that order
    Path,
}

/// Everything is as it should be.
const GOOD: i32 = 0;
/// Something is not, or could not be done.
const BAD: i32 = 1;

impl ModelsCommand {
    /// Does it.
    pub fn run(&self) -> Exit {
        let store = Store::locate(self.models.as_deref());
        let done = match &self.action {
            Action::List => list::run(&store),
            Action::Path => path::run(&store),
        };
        Exit::Code(done.unwrap_or_else(|error| {
            complain(&error);
            BAD
        }))
    }
}
