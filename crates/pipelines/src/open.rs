//! What is handed in to open a pipeline: its files, and something that opens networks.

use std::error::Error;

use faceau_models::{ModelsError, ResolvedSet};
use faceau_vision::network::Network;

/// A pipeline cannot be opened, and trying again will not help.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file is not there, or another one.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// A file makes no sense.
    #[error("{file}: {reason}")]
    BadModel {
        /// What messages call the file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Options of another build.
    #[error("the options of the pipeline make no sense")]
    BadOptions,
    /// There is no such pipeline.
    #[error("`{0}` is no pipeline")]
    NoPipeline(String),
    /// A network cannot be opened; why.
    #[error("{0}")]
    Network(String),
}

/// Opens networks where they are to run.
pub trait OpenNetwork {
    /// The pipeline's files, each with the digest that it must have.
    fn models(&self) -> &ResolvedSet;

    /// Opens a network in the one file that it has.
    ///
    /// # Errors
    /// When that is not possible on the place where it is to run.
    fn network(&mut self, id: &str) -> Result<Box<dyn Network>, OpenError>;

    /// Opens a network that is run on pictures of one size for long, so that it can be opened anew
    /// for that size where there is a file for it.
    ///
    /// # Errors
    /// As [`network`](Self::network).
    fn network_by_size(&mut self, id: &str) -> Result<Box<dyn Network>, OpenError>;
}

/// Reads files of a set for a pipeline.
pub(crate) struct ModelFiles<'a>(pub &'a ResolvedSet);

impl ModelFiles<'_> {
    pub(crate) fn bytes(&self, id: &str) -> Result<Vec<u8>, OpenError> {
        Ok(self.0.read(id)?)
    }

    pub(crate) fn text(&self, id: &str) -> Result<String, OpenError> {
        Ok(String::from_utf8_lossy(&self.bytes(id)?).into_owned())
    }

    /// Says of which file an error is, with all its causes.
    pub(crate) fn bad<E: Error>(&self, id: &str) -> impl FnOnce(E) -> OpenError {
        let file = self.0.file(id).map_or_else(|| id.to_owned(), |f| f.name());
        move |error| {
            let mut reason = error.to_string();
            let mut cause = error.source();
            while let Some(next) = cause {
                let text = next.to_string();
                // Some messages hold their cause already.
                if !reason.ends_with(&text) {
                    reason = format!("{reason}: {text}");
                }
                cause = next.source();
            }
            OpenError::BadModel { file, reason }
        }
    }
}
