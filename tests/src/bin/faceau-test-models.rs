//! `faceau-supervisor models …` for the model files of a test: the same command line and the same
//! code, but the manifest is read from a file. The product has no way to exchange its manifest.

use clap::Parser;
use faceau_models::Manifest;
use faceau_supervisor::commands::{Command, Program};
use faceau_supervisor::exit::Exit;

/// Names the file with the manifest.
const MANIFEST: &str = "FACEAU_TEST_MANIFEST";

fn main() {
    let path = std::env::var(MANIFEST).expect("the test names its manifest");
    let text = std::fs::read_to_string(path).expect("the test has written its manifest");
    let manifest = Manifest::parse(&text).expect("the test's manifest is valid");
    let manifest = Box::leak(Box::new(manifest));
    let Some(Command::Models(models)) = Program::parse().command else {
        panic!("only `models` is tested with this");
    };
    match models.run_with(manifest) {
        Exit::Code(code) => std::process::exit(code),
        Exit::Signal(_) => unreachable!("it has no handler for signals"),
    }
}
