//! The stages a frame goes through inside a worker, and a stopwatch for them.
//!
//! The names here are the rows of the profile table; where the time goes is measured on every
//! frame, because a figure that needs a special build is never looked at.

use std::time::Instant;

/// One step of the work on a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Stage {
    /// Finding the face in the whole frame.
    Detection,
    /// Placing the 68 landmarks.
    Landmarks,
    /// Asking the validator whether the landmarks sit on a face.
    Validation,
    /// Fitting the shape model to the landmarks.
    ShapeFit,
    /// Head pose from the 2-D landmarks and the 3-D shape.
    Pose,
    /// Cutting out the aligned, masked face.
    Alignment,
    /// Computing the FHOG descriptor.
    Fhog,
    /// Scoring with the linear AU models, and binning for the running median.
    AuScores,
}

impl Stage {
    /// Number of stages.
    pub const COUNT: usize = 8;

    /// All stages, in the order a frame meets them.
    pub const ALL: [Stage; Stage::COUNT] = [
        Stage::Detection,
        Stage::Landmarks,
        Stage::Validation,
        Stage::ShapeFit,
        Stage::Pose,
        Stage::Alignment,
        Stage::Fhog,
        Stage::AuScores,
    ];

    /// Name for tables and records.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Detection => "detection",
            Stage::Landmarks => "landmarks",
            Stage::Validation => "validation",
            Stage::ShapeFit => "shape fit",
            Stage::Pose => "pose",
            Stage::Alignment => "alignment",
            Stage::Fhog => "FHOG",
            Stage::AuScores => "AU scores",
        }
    }
}

/// Adds up how long each stage of one frame took.
#[derive(Debug)]
pub struct StageClock {
    nanos: [u32; Stage::COUNT],
    last: Instant,
}

impl Default for StageClock {
    fn default() -> Self {
        Self::start()
    }
}

impl StageClock {
    /// Starts the watch with all stages at zero.
    pub fn start() -> Self {
        Self {
            nanos: [0; Stage::COUNT],
            last: Instant::now(),
        }
    }

    /// Books the time since the last call (or the start) on `stage`.
    pub fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        let spent = u32::try_from((now - self.last).as_nanos()).unwrap_or(u32::MAX);
        let slot = &mut self.nanos[stage as usize];
        *slot = slot.saturating_add(spent);
        self.last = now;
    }

    /// Nanoseconds per stage, indexed by `Stage as usize`.
    pub fn nanos(&self) -> [u32; Stage::COUNT] {
        self.nanos
    }
}
