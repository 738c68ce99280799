//! From landmarks and pixels to action units.
//!
//! A worker turns one frame into scores ([`analyser`]): it cuts out the aligned face
//! ([`alignment`], [`mask`]), describes it ([`fhog`], [`geometry`]) and scores the description with
//! linear models ([`models`]). What depends on other frames (running medians, offsets, smoothing)
//! happens where frames are back in order ([`temporal`]).

pub mod alignment;
pub mod analyser;
pub mod fhog;
pub mod geometry;
pub mod histogram;
pub mod mask;
mod median_terms;
pub mod models;
mod postprocessing;
pub mod predictor;
mod rank;
pub mod running_median;
mod score_log;
pub mod temporal;
