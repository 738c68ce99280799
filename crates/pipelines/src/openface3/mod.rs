//! The OpenFace 3.0 pipeline: RetinaFace, the multi-task network, and STAR's 98 landmarks.

mod analyser;
mod columns;
pub mod record;
mod stage;

use std::io;
use std::sync::Arc;

use faceau_measure::{Face, Limits, OrderedStage, Payload, Pipeline, Schema, StageContext, Track};
use faceau_models::{ModelSet, ResolvedSet, id};
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::extras::Extras;

use crate::definition::{Analyser, Definition};
use crate::open::{OpenError, OpenNetwork};
use crate::options::{OpenFace3 as Wishes, Options};
use stage::Stage;

/// The pipeline.
pub static OPENFACE3: OpenFace3 = OpenFace3;

/// The pipeline, which has no variants.
#[derive(Debug)]
pub struct OpenFace3;

impl Definition for OpenFace3 {
    fn set(&self) -> ModelSet {
        ModelSet::Openface3
    }

    fn unneeded_models(&self, options: &Options) -> Vec<&'static str> {
        let Wishes {
            whole_frame,
            landmarks,
            ..
        } = options.openface3;
        [
            (whole_frame, id::RETINAFACE),
            (!landmarks, id::OPENFACE3_STAR),
        ]
        .into_iter()
        .filter_map(|(unneeded, id)| unneeded.then_some(id))
        .collect()
    }

    fn networks(&self, options: &Options) -> Vec<&'static str> {
        let unneeded = self.unneeded_models(options);
        let all = [id::RETINAFACE, id::OPENFACE3_MTL, id::OPENFACE3_STAR];
        all.into_iter()
            .filter(|id| !unneeded.contains(id))
            .collect()
    }

    fn settles_quickly(&self) -> bool {
        true
    }

    fn extras(&self) -> Extras {
        Extras::default()
    }

    fn own_schema(&self) -> Schema {
        columns::own()
    }

    fn pipeline(&self, _: &ResolvedSet, options: &Options) -> Result<Arc<dyn Pipeline>, OpenError> {
        Ok(Arc::new(OpenFace3Results::new(options.openface3)))
    }

    fn analyser(
        &self,
        networks: &mut dyn OpenNetwork,
        options: &Options,
    ) -> Result<Box<dyn Analyser>, OpenError> {
        analyser::open(networks, options)
    }
}

/// The pipeline as far as results are concerned.
#[derive(Debug)]
pub struct OpenFace3Results {
    options: Wishes,
    schema: Schema,
}

impl OpenFace3Results {
    /// With these options.
    pub fn new(options: Wishes) -> Self {
        Self {
            schema: match options.as_facemirror {
                true => columns::facemirror(),
                false => columns::own(),
            },
            options,
        }
    }
}

impl Pipeline for OpenFace3Results {
    fn limits(&self) -> Limits {
        record::LIMITS
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
        Ok(Box::new(Stage::new(self.options, context.frame_rate)))
    }
}
