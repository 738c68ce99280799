//! The landmark model of a whole face: the face itself, its parts, and the validator that judges
//! the result.
//!
//! "Detecting" here means placing the landmarks, given a start near the face; where that start
//! comes from is decided in [`super::hypotheses`] and [`super::video`].

use std::sync::Arc;

use crate::analysis::LANDMARKS;
use crate::grey::GreyImage;
use crate::model_file::ModelFileError;
use crate::shape::{ShapeModel, ShapeParameters};
use crate::stage::{Stage, StageClock};
use crate::tracking::validator::{CERTAINTY_THRESHOLD, Validator};

use super::experts::{ComponentIndex, PatchExperts, PatchExpertsError};
use super::fit::{FitBuffers, Fitted, LandmarkModel};
use super::index::{MainIndex, relative_to};
use super::parameters::{FitParameters, Windows};
use super::parts::{Part, RefineBuffers, refine};

/// A landmark model with its parts and its validator, which holds the buffers they work in.
#[derive(Debug)]
pub struct FaceModel {
    pub(super) main: LandmarkModel,
    parts: Vec<Part>,
    validator: Validator,
    fit: FitBuffers,
    refine: RefineBuffers,
}

/// A face's place in an image, and what the validator says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceFit {
    /// The 68 landmarks and the shape behind them.
    pub face: Fitted,
    /// The parts, in the order of the index.
    pub parts: Vec<Fitted>,
    /// The validator's certainty, 0 to 1.
    pub certainty: f32,
    /// Whether the certainty suffices.
    pub is_face: bool,
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

impl FaceModel {
    /// Reads the model that the index at the path `main` names, asking `read` for the content of
    /// every file: `main` itself, and what it names, relative to what `main` is relative to.
    ///
    /// # Errors
    /// When `read` fails, when a file is not what its format promises, or when the files do not
    /// belong together.
    pub fn load<E: Into<BoxedError>>(
        main: &str,
        read: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
    ) -> Result<Self, PatchExpertsError> {
        let index = MainIndex::parse(&text(main, read)?)?;
        let Some(validator) = &index.validator else {
            let reason = "it names no DetectionValidator";
            return Err(ModelFileError::new(main, reason).into());
        };
        let validator = Validator::parse(&bytes(&relative_to(main, validator), read)?)?;
        let face = relative_to(main, &index.model);
        let face = load_model(&face, read, |component| {
            Ok(FitParameters::face(component.kind))
        })?;
        let parts = index.parts.into_iter().map(|part| {
            let path = relative_to(main, &part.path);
            let model = MainIndex::parse(&text(&path, read)?)?.model;
            let model = load_model(&relative_to(&path, &model), read, |_| {
                FitParameters::part(&part.name).ok_or_else(|| {
                    ModelFileError::new(main, format!("unknown part `{}`", part.name))
                })
            })?;
            Ok(Part {
                name: part.name,
                model,
                mapping: part.mapping,
            })
        });
        let parts = parts.collect::<Result<Vec<_>, PatchExpertsError>>()?;
        Ok(Self::new(face, parts, validator)?)
    }

    /// Puts a model together.
    ///
    /// # Errors
    /// When the face has not 68 landmarks, or a part is mapped to landmarks that it has not.
    pub fn new(
        main: LandmarkModel,
        parts: Vec<Part>,
        validator: Validator,
    ) -> Result<Self, ModelFileError> {
        let context = "face model";
        let count = main.shape().landmarks();
        if count != LANDMARKS {
            let reason = format!("expected {LANDMARKS} landmarks, found {count}");
            return Err(ModelFileError::new(context, reason));
        }
        for part in &parts {
            let count = part.model.shape().landmarks();
            let mut mapping = part.mapping.iter();
            if mapping.any(|&(of_face, of_part)| of_face >= LANDMARKS || of_part >= count) {
                let reason = format!("part `{}` has not the landmarks it is mapped to", part.name);
                return Err(ModelFileError::new(context, reason));
            }
        }
        Ok(Self {
            main,
            parts,
            validator,
            fit: FitBuffers::default(),
            refine: RefineBuffers::default(),
        })
    }

    /// The landmark model of the whole face.
    pub fn face(&self) -> &LandmarkModel {
        &self.main
    }

    /// The parts, in the order of the index.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What is known before any face was found.
    pub fn nothing(&self) -> FaceFit {
        FaceFit {
            face: self.main.nothing(),
            parts: self.parts.iter().map(|part| part.model.nothing()).collect(),
            certainty: 0.0,
            is_face: false,
        }
    }

    /// Fits the face alone, from where `fit` has it: no parts, no verdict. False when it became
    /// too small.
    pub fn fit_face(
        &mut self,
        grey: &GreyImage<'_>,
        windows: &Windows,
        clock: &mut StageClock,
        fit: &mut FaceFit,
    ) -> bool {
        let fitted = self.main.fit(grey, windows, &mut self.fit, &mut fit.face);
        clock.lap(Stage::Landmarks);
        fitted
    }

    /// Fits the face from where `fit` has it, refines its parts, and asks the validator. Returns
    /// whether there is a face, as `fit.is_face` says.
    pub fn detect(
        &mut self,
        grey: &GreyImage<'_>,
        windows: &Windows,
        clock: &mut StageClock,
        fit: &mut FaceFit,
    ) -> bool {
        let fitted = self.fit_face(grey, windows, clock, fit);
        refine(
            &self.parts,
            grey,
            &self.main,
            (&mut fit.face, &mut fit.parts),
            (&mut self.fit, &mut self.refine),
            clock,
        );
        fit.certainty = if fitted {
            self.certainty(grey, &fit.face)
        } else {
            0.0
        };
        clock.lap(Stage::Validation);
        fit.is_face = fit.certainty > CERTAINTY_THRESHOLD;
        fit.is_face
    }

    fn certainty(&mut self, grey: &GreyImage<'_>, face: &Fitted) -> f32 {
        let [_, rx, ry, rz, _, _] = face.parameters.global;
        let Ok(landmarks) = face.landmarks.as_slice().try_into() else {
            return 0.0;
        };
        self.validator
            .certainty(grey.frame(), landmarks, [rx, ry, rz])
    }

    /// Puts the undeformed face into a box (left, top, width, height in pixels), turned by
    /// `rotation` (Euler angles in rad).
    pub(super) fn put_in_box(&self, area: [f32; 4], rotation: [f32; 3], out: &mut ShapeParameters) {
        out.local.clear();
        out.local.resize(self.main.shape().modes(), 0.0);
        *out = self.main.shape().box_to_global(area, rotation, &out.local);
    }
}

fn load_model<E: Into<BoxedError>>(
    path: &str,
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
    parameters: impl FnOnce(&ComponentIndex) -> Result<FitParameters, ModelFileError>,
) -> Result<LandmarkModel, PatchExpertsError> {
    let index = ComponentIndex::parse(&text(path, read)?)?;
    let shape = ShapeModel::parse(&text(&relative_to(path, &index.shape_model), read)?)?;
    let parameters = parameters(&index)?;
    let experts = PatchExperts::load(&index, &mut |file| read(&relative_to(path, file)))?;
    Ok(LandmarkModel::new(Arc::new(shape), experts, parameters)?)
}

fn bytes<E: Into<BoxedError>>(
    path: &str,
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, PatchExpertsError> {
    read(path).map_err(|error| PatchExpertsError::File {
        path: path.to_owned(),
        source: error.into(),
    })
}

fn text<E: Into<BoxedError>>(
    path: &str,
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
) -> Result<String, PatchExpertsError> {
    let reason = "it is not a text file";
    String::from_utf8(bytes(path, read)?).map_err(|_| ModelFileError::new(path, reason).into())
}
