//! `faceau-worker --describe`: which build this is, and which inference engine it finds.
//!
//! The engine is looked for from where the worker program lies, so only the worker itself can tell.

use std::io::{self, Write};
use std::process::ExitCode;

use faceau_inference::{Provider, library};
use faceau_shared::protocol::{EngineDescription, WorkerDescription};

/// Prints the description as JSON.
pub fn print() -> ExitCode {
    let engine = library::load().map(|library| EngineDescription {
        path: library.path().display().to_string(),
        version: library.version().to_owned(),
        providers: Provider::ALL
            .into_iter()
            .filter(|provider| provider.is_built_in(&library))
            .map(|provider| provider.name().to_owned())
            .collect(),
    });
    let description = WorkerDescription::ours(engine.map_err(|error| error.to_string()));
    let printed = serde_json::to_string(&description)
        .map_err(io::Error::from)
        .and_then(|text| writeln!(io::stdout(), "{text}"));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
