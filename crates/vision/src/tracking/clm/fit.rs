//! Fitting one landmark model (a face's, or an eye's) to an image, from coarse to fine experts.
//!
//! Every scale computes its response maps once, around where the landmarks are, then moves the
//! shape rigidly and then with deformation. Where to start, and whether the result is a face, is
//! decided elsewhere.

use std::sync::Arc;

use crate::grey::GreyImage;
use crate::model_file::ModelFileError;
use crate::shape::{ShapeModel, ShapeParameters};

use super::experts::{PatchExperts, Request, ResponseScratch, Responses, Similarity};
use super::optimiser::{Guide, LandmarkWeights, Search};
use super::parameters::{FitParameters, Windows};

/// A shape smaller than this (px per mm) is too small to be searched for.
const SMALLEST_SCALE: f64 = 0.25;
/// One smaller than this may be the last that is found, so that its likelihood is computed.
const SMALL_SCALE: f64 = 0.3;

/// A landmark model: a shape model, the patch experts of its landmarks, and how to fit it.
#[derive(Debug)]
pub struct LandmarkModel {
    shape: Arc<ShapeModel>,
    experts: PatchExperts,
    parameters: FitParameters,
    /// By scale and view.
    weights: Vec<Vec<LandmarkWeights>>,
}

/// A landmark model's place in an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Position and deformation of the shape.
    pub parameters: ShapeParameters,
    /// Landmarks in pixels: n x, then n y.
    pub landmarks: Vec<f32>,
    /// Mean logarithm of the visible landmarks' likelihoods.
    pub likelihood: f32,
    /// The view of the experts at the last scale.
    pub view: usize,
}

/// Buffers of [`LandmarkModel::fit`], reused from fit to fit and by any number of models.
#[derive(Debug, Clone, Default)]
pub struct FitBuffers {
    search: Search,
    responses: Responses,
    scratch: ResponseScratch,
    landmarks: Vec<f32>,
    reference: Vec<f32>,
    shape_3d: Vec<f64>,
}

impl LandmarkModel {
    /// Puts a model together.
    ///
    /// # Errors
    /// When shape model and experts are not about equally many landmarks, or there are no
    /// experts for a scale that the parameters ask for.
    pub fn new(
        shape: Arc<ShapeModel>,
        experts: PatchExperts,
        parameters: FitParameters,
    ) -> Result<Self, ModelFileError> {
        let context = "landmark model";
        if shape.landmarks() != experts.landmarks() {
            let (of_shape, of_experts) = (shape.landmarks(), experts.landmarks());
            let reason = format!("its shape has {of_shape} landmarks, its experts {of_experts}");
            return Err(ModelFileError::new(context, reason));
        }
        if experts.scales().is_empty() {
            return Err(ModelFileError::new(context, "it has no experts"));
        }
        let weights = |scale: usize, view: usize| {
            let visible = experts.visible(scale, view).iter();
            let confidences = experts.confidences(scale, view);
            let weight = |(&visible, &confidence): (&bool, &f32)| match visible {
                false => 0.0,
                true if parameters.confidence_weight == 0.0 => 1.0,
                true => f64::from(confidence),
            };
            LandmarkWeights::new(&shape, visible.zip(confidences).map(weight).collect())
        };
        let weights = (0..experts.scales().len())
            .map(|scale| {
                (0..experts.views(scale))
                    .map(|v| weights(scale, v))
                    .collect()
            })
            .collect();
        Ok(Self {
            weights,
            shape,
            experts,
            parameters,
        })
    }

    /// The shape model.
    pub fn shape(&self) -> &ShapeModel {
        &self.shape
    }

    /// The patch experts.
    pub fn experts(&self) -> &PatchExperts {
        &self.experts
    }

    /// How the model is fitted.
    pub fn parameters(&self) -> &FitParameters {
        &self.parameters
    }

    /// The weights of the landmarks in a view at a scale.
    ///
    /// # Panics
    /// When there is no such scale or view.
    pub fn weights(&self, scale: usize, view: usize) -> &LandmarkWeights {
        &self.weights[scale][view]
    }

    /// The undeformed shape at the image's origin, facing the camera, one pixel per millimetre,
    /// without landmarks: where OpenFace starts from.
    pub fn nothing(&self) -> Fitted {
        let n = self.shape.landmarks();
        Fitted {
            parameters: ShapeParameters {
                global: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                local: vec![0.0; self.shape.modes()],
            },
            landmarks: vec![0.0; 2 * n],
            likelihood: f32::NEG_INFINITY,
            view: 0,
        }
    }

    /// Fits the model to `grey` from where `fitted` has it, with the experts of those scales
    /// whose window is not 0, and leaves everything in `fitted`. False when the shape became too
    /// small.
    pub fn fit(
        &self,
        grey: &GreyImage<'_>,
        windows: &Windows,
        buffers: &mut FitBuffers,
        fitted: &mut Fitted,
    ) -> bool {
        let mut large_enough = true;
        let scales = self.experts.scales();
        for (scale, &window) in windows.iter().enumerate().take(scales.len()) {
            if window == 0 {
                continue;
            }
            let next = windows.get(scale + 1).copied().unwrap_or(0);
            let last = scale + 1 == scales.len() || next == 0;
            let size = self.fit_at(grey, scale, window, last, buffers, fitted);
            if size < SMALLEST_SCALE {
                large_enough = false;
                break;
            }
        }
        self.project(buffers, fitted);
        large_enough
    }

    /// One scale; returns the size of the shape afterwards, in px per mm.
    fn fit_at(
        &self,
        grey: &GreyImage<'_>,
        scale: usize,
        window: usize,
        last: bool,
        buffers: &mut FitBuffers,
        fitted: &mut Fitted,
    ) -> f64 {
        let FitBuffers {
            search,
            responses,
            scratch,
            landmarks,
            reference,
            shape_3d,
        } = buffers;
        let scales = self.experts.scales();
        search.begin(&self.shape, &fitted.parameters, landmarks);
        let Fitted {
            parameters,
            likelihood,
            view,
            ..
        } = fitted;
        // The same deformed shape, upright and as large as the experts were trained on.
        shape_3d.resize(3 * self.shape.landmarks(), 0.0);
        reference.resize(landmarks.len(), 0.0);
        self.shape.shape_3d(&parameters.local, shape_3d);
        let upright = [scales[scale] as f32, 0.0, 0.0, 0.0, 0.0, 0.0];
        self.shape.project(shape_3d, &upright, reference);
        let reference_from_image = Similarity::between(landmarks, reference);

        let [_, rx, ry, rz, _, _] = parameters.global;
        *view = self.experts.view_for(scale, [rx, ry, rz]);
        let request = Request {
            scale,
            view: *view,
            window,
            landmarks,
            image_from_reference: reference_from_image.inverse(),
        };
        self.experts.respond(scratch, grey, &request, responses);
        let guide = Guide {
            responses,
            reference_from_image,
            weights: &self.weights[scale][*view],
            parameters: self.parameters.at_scale(scale, scales),
        };
        search.move_rigidly(&self.shape, &guide);
        let judged = last || search.scale() < SMALL_SCALE;
        search.deform(&self.shape, &guide);
        if judged {
            *likelihood = search.likelihood(&guide);
        }
        search.parameters(&self.shape, parameters);
        search.scale()
    }

    /// Sets the landmarks that belong to the parameters.
    pub fn project(&self, buffers: &mut FitBuffers, fitted: &mut Fitted) {
        let shape_3d = &mut buffers.shape_3d;
        shape_3d.resize(3 * self.shape.landmarks(), 0.0);
        let Fitted {
            parameters,
            landmarks,
            ..
        } = fitted;
        landmarks.resize(2 * self.shape.landmarks(), 0.0);
        self.shape.shape_3d(&parameters.local, shape_3d);
        self.shape.project(shape_3d, &parameters.global, landmarks);
    }
}
