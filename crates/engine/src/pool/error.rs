//! Why there are no workers.

use std::path::PathBuf;

/// No worker can be had; the whole batch cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The program cannot be run.
    #[error("the worker program {} cannot be started: {cause}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A worker said why it cannot work.
    #[error("{0}")]
    Refused(String),
    /// The worker is not of this build.
    #[error(
        "the worker program {} does not belong to this program: {reason}; please build or install \
         both together",
        program.display()
    )]
    Stranger {
        /// The program.
        program: PathBuf,
        /// How that was noticed.
        reason: String,
    },
    /// Workers end before they are ready, again and again.
    #[error("workers end before they are ready: {reason}{}", last_words(words))]
    FailedStarts {
        /// How the last one ended.
        reason: String,
        /// What it wrote to its standard error.
        words: Vec<String>,
    },
}

/// Formats the end of a worker's standard error for a message.
pub(super) fn last_words(words: &[String]) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("; its last words: {}", words.join(" | "))
    }
}
