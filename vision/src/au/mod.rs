//! From landmarks and pixels to action units.
//!
//! A worker turns one frame into scores ([`AuAnalyser`]): it cuts out the aligned face
//! ([`alignment`], [`mask`]), describes it ([`fhog`], [`geometry`]) and scores the description with
//! linear models ([`models`]). What depends on other frames (running medians, offsets, smoothing)
//! happens where frames are back in order ([`temporal`]).

pub mod alignment;
pub mod fhog;
pub mod geometry;
pub mod mask;
