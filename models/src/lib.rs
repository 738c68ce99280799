//! Which model files faceau uses, where they lie and whether they are the right ones.
//!
//! The [`Manifest`] lists every file with its content, origin and licence; a [`Store`] finds the
//! files of a [`ModelSet`] on this machine; [`pin`] looks into them, and a [`ResolvedSet`] hands out
//! their bytes, those and no others. With the feature `install`, [`install`] brings files in. What is
//! inside a model file is not known here.

mod content;
mod converted;
mod demo;
mod embedded;
mod error;
pub mod face_landmarker;
mod files;
pub mod id;
#[cfg(feature = "install")]
pub mod install;
mod manifest;
mod resolved;
mod sha256;
mod state;
mod store;
mod trust;
mod variant;
mod verify;

pub use content::Content;
pub use converted::Converted;
pub use embedded::is_listed;
pub use error::{AlteredFile, MissingFile, ModelsError};
pub use manifest::{Conversion, Manifest, ModelFile, ModelSet, Origin};
pub use resolved::{Location, ResolvedFile, ResolvedSet};
pub use sha256::Sha256;
pub use state::FileState;
pub use store::{FoundFile, FoundSet, Home, Store};
pub use variant::{Precision, Variant};
pub use verify::{PinnedSet, UnknownModels, pin};
