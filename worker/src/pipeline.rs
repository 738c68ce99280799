//! The pipeline of a worker: one of two chains from pixels to a frame's analysis, which the loop
//! over frames need not tell apart.

use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::extras::Extras;
use faceau_vision::image::BgrView;
use faceau_vision::network::{Network, NetworkError};
use faceau_vision::openface3::OpenFace3Analyser;
use faceau_vision::pipeline::FrameAnalyser;
use faceau_vision::stage::StageClock;
use faceau_vision::tracking::LandmarkTracker;

/// Analyses frames, in order.
pub enum Pipeline {
    /// A tracker of 68 landmarks and OpenFace 2.2's AU models.
    OpenFace2(Box<FrameAnalyser<Box<dyn LandmarkTracker>>>),
    /// OpenFace 3.0's networks.
    OpenFace3(Box<OpenFace3Analyser<Box<dyn Network>>>),
}

impl Pipeline {
    /// Forgets the frames so far: the next is the first of a segment.
    pub fn begin_segment(&mut self) {
        match self {
            Self::OpenFace2(analyser) => analyser.begin_segment(),
            Self::OpenFace3(analyser) => analyser.begin_segment(),
        }
    }

    /// Goes on where another one of the same kind left off.
    pub fn resume_after(&mut self, last: &FrameAnalysis) {
        match self {
            Self::OpenFace2(analyser) => analyser.resume_after(last),
            Self::OpenFace3(analyser) => analyser.resume_after(last),
        }
    }

    /// Analyses the next frame, of number `number` counted from 1, and overwrites all of `out`.
    ///
    /// # Errors
    /// When a network cannot be run.
    pub fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        number: u64,
        out: &mut FrameAnalysis,
    ) -> Result<(), NetworkError> {
        match self {
            Self::OpenFace2(analyser) => analyser.analyse(frame, number, out),
            Self::OpenFace3(analyser) => analyser.analyse(frame, out),
        }
    }

    /// Where the time of the frame analysed last went.
    pub fn clock(&self) -> &StageClock {
        match self {
            Self::OpenFace2(analyser) => analyser.clock(),
            Self::OpenFace3(analyser) => analyser.clock(),
        }
    }

    /// Writes the extras of the frame analysed last; zeros where the pipeline makes none.
    pub fn write_extras(&self, extras: Extras, analysis: &FrameAnalysis, out: &mut [u8]) {
        match self {
            Self::OpenFace2(analyser) => analyser.write_extras(extras, analysis, out),
            Self::OpenFace3(_) => out[..extras.bytes()].fill(0),
        }
    }
}
