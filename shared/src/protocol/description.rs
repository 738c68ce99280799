//! What a worker says of itself when it is asked outside of a job: `faceau-worker --describe`.
//!
//! It is JSON on standard output, so that a program of another build can read it, too.

use serde::{Deserialize, Serialize};

use super::build_id;

/// A worker program, described by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerDescription {
    /// Its build; see [`build_id`].
    pub build: String,
    /// The inference engine that it would use, or why there is none.
    pub engine: Result<EngineDescription, String>,
}

/// An inference engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineDescription {
    /// The file that was loaded.
    pub path: String,
    /// Its version.
    pub version: String,
    /// Names of the providers that it was built with.
    pub providers: Vec<String>,
}

impl WorkerDescription {
    /// Of this build, with the engine that was found.
    pub fn ours(engine: Result<EngineDescription, String>) -> Self {
        Self {
            build: build_id().to_owned(),
            engine,
        }
    }
}
