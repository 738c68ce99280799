//! One frame through the pipeline's networks: the worker's whole view of it.

use bytemuck::Zeroable;

use super::Convention;
use super::closure::{self, Bounds, eye_ratios};
use super::face::{FaceFinder, Found};
use super::mtl::Mtl;
use super::star::{Star, StarCrop};
use crate::analysis::FrameAnalysis;
use crate::image::BgrView;
use crate::network::{Network, NetworkError};
use crate::stage::{Stage, StageClock};
use crate::tracking::pixel_box::PixelBox;

/// Analyses the frames of a segment, in order.
#[derive(Debug)]
pub struct OpenFace3Analyser<N> {
    faces: FaceFinder<N>,
    mtl: Mtl<N>,
    /// Where landmarks and AU45 are wanted.
    star: Option<Star<N>>,
    convention: Convention,
    /// The last face, which is reported on frames without one.
    last: [f32; 4],
    clock: StageClock,
}

impl<N: Network> OpenFace3Analyser<N> {
    /// Puts the networks together. Without `star` there are neither landmarks nor AU45.
    pub fn new(
        faces: FaceFinder<N>,
        mtl: Mtl<N>,
        star: Option<Star<N>>,
        convention: Convention,
    ) -> Self {
        Self {
            faces,
            mtl,
            star,
            convention,
            last: [0.0; 4],
            clock: StageClock::start(),
        }
    }

    /// Forgets the frames so far: the next is the first of a segment.
    pub fn begin_segment(&mut self) {
        self.faces.reset();
        self.last = [0.0; 4];
    }

    /// Goes on where another analyser of the same kind and settings left off: `last` is what it
    /// made of the frame before the next.
    pub fn resume_after(&mut self, last: &FrameAnalysis) {
        self.faces.resume(last);
        self.last = last.openface3.face;
    }

    /// Analyses the next frame and overwrites all of `out`.
    ///
    /// # Errors
    /// When a network cannot be run. `out` is then zeros but for the time it took.
    pub fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        out: &mut FrameAnalysis,
    ) -> Result<(), NetworkError> {
        *out = FrameAnalysis::zeroed();
        let mut clock = std::mem::take(&mut self.clock);
        clock.restart();
        let analysed = self.find_and_rate(frame, &mut clock, out);
        if analysed.is_err() {
            *out = FrameAnalysis::zeroed();
        }
        out.stage_nanos = clock.nanos();
        self.clock = clock;
        analysed
    }

    /// Where the time of the frame analysed last went.
    pub fn clock(&self) -> &StageClock {
        &self.clock
    }

    fn find_and_rate(
        &mut self,
        frame: &BgrView<'_>,
        clock: &mut StageClock,
        out: &mut FrameAnalysis,
    ) -> Result<(), NetworkError> {
        let found = self.faces.find(frame)?;
        clock.lap(Stage::Detection);
        if let Some(found) = found {
            self.rate(frame, found, clock, out)?;
        }
        let part = &mut out.openface3;
        let landmarks = (part.has_landmarks != 0).then_some(&part.landmarks);
        self.faces.record(out.success != 0, landmarks);
        if out.success != 0 {
            self.last = part.face;
        }
        part.face = self.last;
        out.tracker = self.faces.memory();
        Ok(())
    }

    /// What the networks say of a face; nothing when it lies outside the frame.
    fn rate(
        &mut self,
        frame: &BgrView<'_>,
        found: Found,
        clock: &mut StageClock,
        out: &mut FrameAnalysis,
    ) -> Result<(), NetworkError> {
        let Some(pixels) = PixelBox::of_box(&found.face) else {
            return Ok(());
        };
        let Some(inside) = pixels.within(frame) else {
            return Ok(());
        };
        let ratings = self.mtl.rate(frame, inside)?;
        clock.lap(Stage::AuScores);
        let part = &mut out.openface3;
        part.aus = ratings.aus;
        part.emotions = ratings.emotions;
        part.gaze = ratings.gaze;
        let face = found.face;
        part.face = [face.left, face.top, face.right, face.bottom];
        out.confidence = found.score.clamp(0.0, 1.0);
        (out.success, out.au_success) = (1, 1);
        // The landmarks' crop may reach beyond the frame.
        if let (Some(star), Some(crop)) = (&mut self.star, StarCrop::of_box(pixels)) {
            star.locate(frame, crop, &mut part.landmarks)?;
            if part.landmarks.iter().all(|value| value.is_finite()) {
                part.has_landmarks = 1;
                let ratios = eye_ratios(&part.landmarks, self.convention);
                if let Some(raw) = closure::raw(ratios, Bounds::of(self.convention)) {
                    (part.has_closure, part.closure) = (1, raw);
                }
            } else {
                part.landmarks.fill(0.0);
            }
            clock.lap(Stage::Landmarks);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "analyser_tests.rs"]
mod tests;
