//! OpenFace 2.2's pipeline: a tracker of 68 landmarks, the shape model, and 35 linear models of action
//! units. Its variants differ in the tracker.

mod analyser;
pub mod columns;
mod open;
pub mod record;
mod stage;

use std::io;
use std::sync::Arc;

use faceau_measure::{Face, Limits, OrderedStage, Payload, Pipeline, Schema, StageContext, Track};
use faceau_models::{ModelSet, ResolvedSet, id};
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::au::models::{AuModel, AuModels};

use crate::definition::{Analyser, Definition};
use crate::open::{ModelFiles, OpenError, OpenNetwork};
use crate::options::Options;
use faceau_vision::extras::Extras;
use stage::Stage;

/// OpenFace's tracker with the CE-CLM landmark model.
pub static CECLM: OpenFace2 = with_openface_tracker(ModelSet::OpenfaceCeclm, id::CECLM);
/// OpenFace's tracker with the CLNF landmark model.
pub static CLNF: OpenFace2 = with_openface_tracker(ModelSet::OpenfaceClnf, id::CLNF);
/// OpenFace's tracker with the CLM landmark model.
pub static CLM: OpenFace2 = with_openface_tracker(ModelSet::OpenfaceClm, id::CLM);
/// RetinaFace finds the face, PFLD its landmarks.
pub static PFLD: OpenFace2 = OpenFace2 {
    set: ModelSet::Pfld,
    tracker: Tracker::Pfld,
    caution: None,
};

const fn with_openface_tracker(set: ModelSet, index: &'static str) -> OpenFace2 {
    OpenFace2 {
        set,
        tracker: Tracker::OpenFace(index),
        caution: None,
    }
}

/// A variant of the pipeline.
#[derive(Debug)]
pub struct OpenFace2 {
    pub(crate) set: ModelSet,
    pub(crate) tracker: Tracker,
    pub(crate) caution: Option<&'static str>,
}

/// What follows the face.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tracker {
    /// RetinaFace and PFLD.
    Pfld,
    /// OpenFace's own, with the landmark model behind this index.
    OpenFace(&'static str),
}

impl Tracker {
    /// Whether it places landmarks on the eyes, so that it is known where these look.
    fn has_eyes(self) -> bool {
        matches!(self, Self::OpenFace(_))
    }
}

impl Definition for OpenFace2 {
    fn set(&self) -> ModelSet {
        self.set
    }

    fn networks(&self, _: &Options) -> Vec<&'static str> {
        match self.tracker {
            Tracker::Pfld => vec![id::RETINAFACE, id::PFLD],
            // It has kernels of its own.
            Tracker::OpenFace(_) => Vec::new(),
        }
    }

    fn settles_quickly(&self) -> bool {
        matches!(self.tracker, Tracker::Pfld)
    }

    fn caution(&self) -> Option<&'static str> {
        self.caution
    }

    fn extras(&self) -> Extras {
        Extras {
            fhog: true,
            aligned_face: true,
        }
    }

    fn own_schema(&self) -> Schema {
        columns::schema(
            self.tracker.has_eyes(),
            &columns::INTENSITIES,
            &columns::PRESENCES,
        )
    }

    fn pipeline(&self, models: &ResolvedSet, _: &Options) -> Result<Arc<dyn Pipeline>, OpenError> {
        let models = Arc::new(au_models(models)?);
        let has_eyes = self.tracker.has_eyes();
        Ok(Arc::new(OpenFace2Results::new(models, has_eyes)))
    }

    fn analyser(
        &self,
        networks: &mut dyn OpenNetwork,
        options: &Options,
    ) -> Result<Box<dyn Analyser>, OpenError> {
        open::open(self.tracker, networks, options)
    }
}

fn au_models(set: &ResolvedSet) -> Result<AuModels, OpenError> {
    let files = ModelFiles(set);
    let text = files.text(id::AU_VIDEO_PREDICTORS)?;
    let missing = || faceau_models::ModelsError::NotInSet {
        set: set.set,
        file: id::AU_VIDEO_PREDICTORS.to_owned(),
    };
    let list = set.file(id::AU_VIDEO_PREDICTORS).ok_or_else(missing)?;
    AuModels::load(&text, &mut |name| set.read_named_by(list, name))
        .map_err(files.bad(id::AU_VIDEO_PREDICTORS))
}

/// The pipeline with its AU models, as far as results are concerned.
#[derive(Debug)]
pub struct OpenFace2Results {
    models: Arc<AuModels>,
    has_eyes: bool,
    schema: Schema,
}

impl OpenFace2Results {
    /// With these models, and landmarks of the eyes or not.
    pub fn new(models: Arc<AuModels>, has_eyes: bool) -> Self {
        let numbers = |models: &[AuModel]| models.iter().map(|m| m.au).collect::<Vec<_>>();
        let intensities = numbers(models.intensities());
        let presences = numbers(models.presences());
        Self {
            schema: columns::schema(has_eyes, &intensities, &presences),
            models,
            has_eyes,
        }
    }
}

impl Pipeline for OpenFace2Results {
    fn limits(&self) -> Limits {
        record::limits(self.has_eyes)
    }

    fn nothing(&self, payload: &mut Payload) {
        record::encode(&FrameAnalysis::nothing(), Track(0), payload);
    }

    fn check(&self, face: Face<'_>) -> Result<(), &'static str> {
        record::check(face)
    }

    fn is_successful(&self, face: Face<'_>) -> bool {
        record::is_successful(face.values)
    }

    fn states_agree(&self, one: &[u8], other: &[u8]) -> bool {
        record::states_agree(one, other)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn ordered_stage(&self, context: &StageContext<'_>) -> io::Result<Box<dyn OrderedStage>> {
        let models = Arc::clone(&self.models);
        Ok(Box::new(Stage::new(models, self.has_eyes, context.folder)))
    }
}
