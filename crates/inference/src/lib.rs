//! Where neural networks run: ONNX Runtime.
//!
//! [`library`] finds and loads ONNX Runtime's shared library, [`provider`] names what it computes
//! on, [`place`] says how that is set up, and [`session`] opens a model as a
//! [`faceau_vision::network::Network`]. [`compiled`] keeps what providers make of networks, and
//! [`verify`] compares them with the processor. What the networks are for, where model files come
//! from, and what goes in and out of them is not known here.

mod assignment;
pub mod compiled;
pub mod coreml;
mod denormals;
pub mod library;
pub mod place;
pub mod prepared;
pub mod provider;
pub mod session;
pub mod verify;

pub use assignment::GraphShare;
pub use coreml::ComputeUnits;
pub use library::{Library, LibraryError};
pub use place::Place;
pub use provider::{Provider, ProviderChoice};
pub use session::{ChooseOutputs, CompiledFiles, NetworkOptions, OnnxNetwork, OpenError};
