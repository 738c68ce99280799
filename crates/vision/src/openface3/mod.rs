//! The OpenFace 3.0 pipeline: RetinaFace finds the face, one multi-task network (MTL) rates eight
//! action units, the emotion and the gaze, and STAR places 98 landmarks, from which the closure of
//! the eyes (AU45) follows (Hu et al. 2025, "OpenFace 3.0"; Zhou et al. 2023, "STAR loss").
//!
//! [`analyser`] looks at one frame and fills its part
//! of a [`FrameAnalysis`](crate::analysis::FrameAnalysis); [`closure`] also holds the
//! one thing that needs frames in order, the smoothing of AU45. Nothing of OpenFace 2.2's chain
//! (shape model, FHOG, linear models) is used here.

pub mod analyser;
mod analysis;
pub mod closure;
pub mod conventions;
pub mod face;
pub mod mtl;
mod relation;
pub mod star;

pub use analyser::OpenFace3Analyser;
pub use analysis::OpenFace3Analysis;
pub use conventions::Convention;

/// Number of landmarks that STAR places: those of the WFLW data set.
pub const LANDMARKS: usize = 98;
/// Number of action units that MTL rates.
pub const AUS: usize = 8;
/// Number of emotions that MTL tells apart.
pub const EMOTIONS: usize = 8;
/// The emotions, in MTL's order.
pub const EMOTION_NAMES: [&str; EMOTIONS] = [
    "neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt",
];
