//! Refining parts of the face (its inner features, the eyes) with landmark models of their own.
//!
//! A part starts from the face's landmarks and gives its landmarks back to the face, whose shape
//! is then fitted to them anew. A small face is not refined; its parts are only placed.

use crate::grey::GreyImage;
use crate::shape::{FitScratch, ShapeParameters};
use crate::stage::{Stage, StageClock};

use super::fit::{FitBuffers, Fitted, LandmarkModel};

/// A part is fitted when the face is larger than this share of the size that the part's coarsest
/// experts were trained on.
const LEAST_RELATIVE_SCALE: f64 = 0.9;

/// A part of the face.
#[derive(Debug)]
pub struct Part {
    /// What OpenFace calls it.
    pub name: String,
    /// Its landmark model.
    pub model: LandmarkModel,
    /// Which landmark of the face is which landmark of the part.
    pub mapping: Vec<(usize, usize)>,
}

/// Buffers for [`refine`], reused from frame to frame.
#[derive(Debug, Clone, Default)]
pub struct RefineBuffers {
    fit: FitScratch,
    landmarks: Vec<f32>,
    parameters: ShapeParameters,
}

impl Part {
    /// Whether a face of this scale (px per mm) is large enough for the part to be fitted.
    pub fn is_refined_at(&self, scale: f64) -> bool {
        scale > LEAST_RELATIVE_SCALE * self.model.experts().scales()[0]
    }

    /// Fits the part's shape to the landmarks that `face` knows, without looking at the image.
    /// False when they determine none; `fitted` is then left as it was.
    fn place(
        &self,
        face: &Fitted,
        fit: &mut FitBuffers,
        buffers: &mut RefineBuffers,
        fitted: &mut Fitted,
    ) -> bool {
        let n = self.model.shape().landmarks();
        let landmarks = &mut buffers.landmarks;
        landmarks.clear();
        landmarks.resize(2 * n, 0.0);
        copy_mapped(&self.mapping, &face.landmarks, landmarks, |pair| pair);
        let shape = self.model.shape();
        let placed = shape.fit(landmarks, &mut buffers.fit, &mut buffers.parameters);
        if placed.is_ok() {
            std::mem::swap(&mut fitted.parameters, &mut buffers.parameters);
            self.model.project(fit, fitted);
        }
        placed.is_ok()
    }
}

/// Copies x and y of landmark a of `from` to landmark b of `to` for every pair (a, b) that `order`
/// makes of a pair of the mapping.
fn copy_mapped(
    mapping: &[(usize, usize)],
    from: &[f32],
    to: &mut [f32],
    order: impl Fn((usize, usize)) -> (usize, usize),
) {
    let (of_from, of_to) = (from.len() / 2, to.len() / 2);
    for (a, b) in mapping.iter().copied().map(order) {
        to[b] = from[a];
        to[of_to + b] = from[of_from + a];
    }
}

/// Places or fits all `parts` of `face`, one `fitted` for each, and when any was fitted, the shape
/// of the face to the landmarks that the parts then have; where parts overlap, the last one's
/// count.
///
/// A part is started from the face alone: nothing of the last frame's part survives.
pub fn refine(
    parts: &[Part],
    grey: &GreyImage<'_>,
    model: &LandmarkModel,
    (face, fitted): (&mut Fitted, &mut [Fitted]),
    (fit, buffers): (&mut FitBuffers, &mut RefineBuffers),
    clock: &mut StageClock,
) {
    let mut any_refined = false;
    let scale = face.parameters.scale();
    for (part, fitted) in parts.iter().zip(&mut *fitted) {
        let placed = part.place(face, fit, buffers, fitted);
        clock.lap(Stage::ShapeFit);
        if placed && part.is_refined_at(scale) {
            let windows = part.model.parameters().initial_windows;
            part.model.fit(grey, &windows, fit, fitted);
            any_refined = true;
            clock.lap(Stage::Landmarks);
        }
    }
    if !any_refined {
        return;
    }
    for (part, fitted) in parts.iter().zip(&*fitted) {
        let landmarks = &mut face.landmarks;
        copy_mapped(&part.mapping, &fitted.landmarks, landmarks, |(a, b)| (b, a));
    }
    let parameters = &mut buffers.parameters;
    let refitted = model
        .shape()
        .fit(&face.landmarks, &mut buffers.fit, parameters);
    if refitted.is_ok() {
        std::mem::swap(&mut face.parameters, parameters);
    }
    model.project(fit, face);
    clock.lap(Stage::ShapeFit);
}
