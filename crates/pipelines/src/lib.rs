//! The pipelines: chains from pixels to a table's columns, a folder each.
//!
//! A folder holds what a pipeline needs ([`Definition`]), a worker's side that looks at frames
//! ([`Analyser`]), the layout in which its results travel, its columns, and its ordered stage. The
//! [`registry`] lists them; nothing outside this library asks which pipeline it deals with. How
//! networks are opened is handed in ([`OpenNetwork`]); processes, slots and files of tables are not
//! known here.

mod closeness;
mod columns;
mod definition;
pub mod demo;
mod open;
pub mod openface2;
pub mod openface3;
mod options;
pub mod registry;

pub use definition::{Analyser, Definition};
pub use faceau_vision::extras::Extras;
pub use open::{OpenError, OpenNetwork};
pub use options::{Camera, OpenFace3, Options};
