//! The demo pipeline: that of PFLD with models that are part of the program and know only the
//! synthetic face.

use faceau_models::ModelSet;

use crate::openface2::{OpenFace2, Tracker};

/// The pipeline.
pub static DEMO: OpenFace2 = OpenFace2 {
    set: ModelSet::Demo,
    tracker: Tracker::Pfld,
    caution: Some(
        "the demo models know only the synthetic face of demo videos: what they say of real faces \
         means nothing. For those, install real models (faceau-supervisor models list shows which \
         there are) and leave out --pipeline demo",
    ),
};
