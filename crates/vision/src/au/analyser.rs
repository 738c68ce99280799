//! One frame's AU scores from its pixels, its landmarks and the fitted shape.

use std::sync::Arc;

use super::alignment::{ALIGNED_SIZE, alignment, transform};
use super::fhog::Fhog;
use super::geometry;
use super::histogram::{FHOG_BINS, GEOMETRY_BINS};
use super::mask::Triangulation;
use super::models::AuModels;
use super::temporal::updates_medians;
use crate::analysis::{FHOG_LEN, FrameAnalysis, GEOMETRY_LEN, LANDMARKS, SHAPE_MODES};
use crate::image::BgrView;
use crate::model_file::ModelFileError;
use crate::shape::{ShapeModel, ShapeParameters};
use crate::stage::{Stage, StageClock};
use crate::warp::AffineWarp;

/// Scores frames, one by one; keeps nothing of one frame for the next but its buffers.
#[derive(Debug, Clone)]
pub struct AuAnalyser {
    shape: Arc<ShapeModel>,
    triangulation: Triangulation,
    models: Arc<AuModels>,
    warp: AffineWarp,
    mask: Vec<bool>,
    face: Vec<u8>,
    describer: Fhog,
    fhog: Box<[f32; FHOG_LEN]>,
    geometry: Box<[f64; GEOMETRY_LEN]>,
}

impl AuAnalyser {
    /// Puts the models together.
    ///
    /// # Errors
    /// When the shape model has not 68 landmarks and 34 modes.
    pub fn new(
        shape: Arc<ShapeModel>,
        triangulation: Triangulation,
        models: Arc<AuModels>,
    ) -> Result<Self, ModelFileError> {
        let size = (shape.landmarks(), shape.modes());
        if size != (LANDMARKS, SHAPE_MODES) {
            return Err(ModelFileError::new(
                "shape model for AUs",
                format!(
                    "expected {LANDMARKS} landmarks and {SHAPE_MODES} modes, found {} and {}",
                    size.0, size.1
                ),
            ));
        }
        Ok(Self {
            shape,
            triangulation,
            models,
            warp: AffineWarp::new(ALIGNED_SIZE, ALIGNED_SIZE),
            mask: vec![false; ALIGNED_SIZE * ALIGNED_SIZE],
            face: vec![0; 3 * ALIGNED_SIZE * ALIGNED_SIZE],
            describer: Fhog::new(),
            fhog: Box::new([0.0; FHOG_LEN]),
            geometry: Box::new([0.0; GEOMETRY_LEN]),
        })
    }

    /// Scores a frame and fills the scores, the bins (on frames that update the medians) and
    /// `au_success` of `out`, which is all-zero there.
    ///
    /// `landmarks` are 68 x, then 68 y, in pixels; `parameters` are the plain fit to them;
    /// `frame_number` counts from 1.
    ///
    /// # Panics
    /// When `parameters` has not 34 mode weights.
    pub fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        landmarks: &[f32; 2 * LANDMARKS],
        parameters: &ShapeParameters,
        frame_number: u64,
        clock: &mut StageClock,
        out: &mut FrameAnalysis,
    ) {
        let [.., tx, ty] = parameters.global;
        let map = alignment(landmarks, self.shape.mean(), [tx, ty]);
        self.triangulation
            .mask(&transform(&map, landmarks), &mut self.mask);
        self.warp.run(frame, &map, &self.mask, &mut self.face);
        clock.lap(Stage::Alignment);
        self.describer.describe(&self.face, &mut self.fhog);
        clock.lap(Stage::Fhog);
        geometry::describe(&self.shape, &parameters.local, &mut self.geometry);
        out.au_success = 1;
        out.scores = self.models.base_scores(&self.fhog, &self.geometry);
        if updates_medians(frame_number) {
            out.has_bins = 1;
            for (bin, &value) in out.fhog_bins.iter_mut().zip(self.fhog.iter()) {
                *bin = FHOG_BINS.bin(value.into());
            }
            for (bin, &value) in out.geometry_bins.iter_mut().zip(self.geometry.iter()) {
                *bin = GEOMETRY_BINS.bin(value);
            }
        }
        clock.lap(Stage::AuScores);
    }

    /// The aligned, masked face of the last frame: 112 rows of 112 B, G, R pixels.
    pub fn aligned_face(&self) -> &[u8] {
        &self.face
    }

    /// The FHOG descriptor of the last frame.
    pub fn fhog(&self) -> &[f32; FHOG_LEN] {
        &self.fhog
    }
}
