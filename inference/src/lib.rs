//! Where neural networks run: ONNX Runtime.
//!
//! [`library`] finds and loads ONNX Runtime's shared library, [`provider`] chooses what it computes
//! on, and [`session`] opens a model as a [`faceau_vision::network::Network`]. What the networks
//! are for, where model files come from, and what goes in and out of them is not known here.

mod denormals;
pub mod library;
pub mod prepared;
pub mod provider;
pub mod session;

pub use library::{Library, LibraryError};
pub use provider::{Provider, ProviderChoice};
pub use session::{ChooseOutputs, NetworkOptions, OnnxNetwork, OpenError};
