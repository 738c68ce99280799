//! What the integration tests share. They run the real programs, on videos and models that they
//! make themselves, so that the whole path is proven without a single downloaded model.
//!
//! A test takes a [`program::Bench`] (a temporary folder with tiny models), draws an input with
//! [`video`], runs the supervisor with the real worker or with the worker [`double`], and looks at
//! what is left: [`table`], [`record`], [`events`].

use std::time::Duration;

/// When a test gives up waiting for what will come about however busy the machine is. No measure of
/// anything.
pub const DEADLINE: Duration = Duration::from_secs(300);

pub mod batch;
pub mod demo;
pub mod double;
pub mod driving;
pub mod events;
pub mod http;
pub mod manifest;
pub mod models;
pub mod odd_video;
pub mod onnx;
pub mod openface3;
pub mod pipelines;
#[cfg(target_os = "linux")]
pub mod processes;
pub mod program;
pub mod record;
pub mod results;
pub mod strict;
pub mod table;
pub mod trace;
pub mod video;
