//! The program that users run: `faceau-supervisor video.mp4`.

use clap::Parser;
use faceau_supervisor::batch::{self, Exit};
use faceau_supervisor::cli::Cli;
use faceau_supervisor::signals;

fn main() {
    match batch::run(&Cli::parse()) {
        Exit::Code(code) => std::process::exit(code),
        Exit::Signal(signal) => signals::die_by(signal),
    }
}
