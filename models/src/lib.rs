//! Which model files faceau uses, where they lie and whether they are the right ones.
//!
//! The [`Manifest`] lists every file with its SHA-256, origin and licence; a [`Store`] finds the
//! files of a [`ModelSet`] on this machine; [`read_verified`] hands out their bytes once they are
//! what the manifest promises. What is inside a model file is not known here, and nothing is
//! downloaded.

mod error;
pub mod id;
mod manifest;
mod sha256;
mod state;
mod store;
mod verify;

pub use error::{AlteredFile, MissingFile, ModelsError};
pub use manifest::{Manifest, ModelFile, ModelSet, Origin};
pub use sha256::Sha256;
pub use state::FileState;
pub use store::{ResolvedFile, ResolvedSet, Store};
pub use verify::{PinnedSet, UnknownModels, VerifiedFile, pin, read_verified};
