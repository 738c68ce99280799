//! One frame through the pipeline's networks: the worker's whole view of it.

use bytemuck::Zeroable;

use super::closure::{self, Bounds, eye_ratios};
use super::face::{FaceFinder, Found, PixelBox};
use super::mtl::Mtl;
use super::star::{Star, StarCrop};
use super::{Convention, OpenFace3Analysis};
use crate::image::BgrView;
use crate::network::{Network, NetworkError};
use crate::stage::{Stage, StageClock};

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
        }
    }

    /// Forgets the frames so far: the next is the first of a segment.
    pub fn begin_segment(&mut self) {
        self.faces.reset();
        self.last = [0.0; 4];
    }

    /// Goes on where another analyser of the same kind and settings left off: `last` is what it
    /// made of the frame before the next.
    pub fn resume_after(&mut self, last: &OpenFace3Analysis) {
        self.faces.resume(last);
        self.last = last.face;
    }

    /// Analyses the next frame and overwrites all of `out`.
    ///
    /// # Errors
    /// When a network cannot be run. `out` is then all zeros.
    pub fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        out: &mut OpenFace3Analysis,
    ) -> Result<(), NetworkError> {
        *out = OpenFace3Analysis::zeroed();
        let mut clock = StageClock::start();
        let found = self.faces.find(frame)?;
        clock.lap(Stage::Detection);
        let mut analysis = OpenFace3Analysis::zeroed();
        if let Some(found) = found {
            self.rate(frame, found, &mut clock, &mut analysis)?;
        }
        let landmarks = (analysis.has_landmarks != 0).then_some(&analysis.landmarks);
        self.faces.record(analysis.success != 0, landmarks);
        if analysis.success != 0 {
            self.last = analysis.face;
        }
        analysis.face = self.last;
        analysis.tracker = self.faces.memory();
        analysis.stage_nanos = clock.nanos();
        *out = analysis;
        Ok(())
    }

    /// What the networks say of a face; nothing when it lies outside the frame.
    fn rate(
        &mut self,
        frame: &BgrView<'_>,
        found: Found,
        clock: &mut StageClock,
        out: &mut OpenFace3Analysis,
    ) -> Result<(), NetworkError> {
        let Some(pixels) = PixelBox::of_box(&found.face) else {
            return Ok(());
        };
        let Some(inside) = pixels.within(frame) else {
            return Ok(());
        };
        let ratings = self.mtl.rate(frame, inside)?;
        clock.lap(Stage::AuScores);
        out.aus = ratings.aus;
        out.emotions = ratings.emotions;
        out.gaze = ratings.gaze;
        let face = found.face;
        out.face = [face.left, face.top, face.right, face.bottom];
        out.confidence = found.score.clamp(0.0, 1.0);
        out.success = 1;
        // The landmarks' crop may reach beyond the frame.
        if let (Some(star), Some(crop)) = (&mut self.star, StarCrop::of_box(pixels)) {
            star.locate(frame, crop, &mut out.landmarks)?;
            if out.landmarks.iter().all(|value| value.is_finite()) {
                out.has_landmarks = 1;
                let ratios = eye_ratios(&out.landmarks, self.convention);
                if let Some(raw) = closure::raw(ratios, Bounds::of(self.convention)) {
                    (out.has_closure, out.closure) = (1, raw);
                }
            } else {
                out.landmarks.fill(0.0);
            }
            clock.lap(Stage::Landmarks);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "analyser_tests.rs"]
mod tests;
