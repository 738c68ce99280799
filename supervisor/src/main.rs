//! The program that users run: `faceau-supervisor video.mp4`.

use clap::Parser;
use faceau_supervisor::commands::Program;
use faceau_supervisor::exit::Exit;
use faceau_supervisor::signals;

fn main() {
    match Program::parse().run() {
        Exit::Code(code) => std::process::exit(code),
        Exit::Signal(signal) => signals::die_by(signal),
    }
}
