//! ONNX files as data: the messages of the format, and a way to write networks node by node.
//!
//! Nothing is checked here; ONNX Runtime says what it thinks of a network.

mod build;
pub mod messages;

pub use build::{Attribute, Network, Size};
