//! Opening a worker's side: the tracker, the shape model, the AU models.

use std::sync::Arc;

use faceau_models::id;
use faceau_vision::au::analyser::AuAnalyser;
use faceau_vision::au::mask::Triangulation;
use faceau_vision::pipeline::FrameAnalyser;
use faceau_vision::shape::{Intrinsics, ShapeModel};
use faceau_vision::tracking::LandmarkTracker;
use faceau_vision::tracking::clm::face_model::FaceModel;
use faceau_vision::tracking::clm::openface_tracker::OpenFaceTracker;
use faceau_vision::tracking::mtcnn::{Mtcnn, MtcnnNetworks};
use faceau_vision::tracking::pfld::Pfld;
use faceau_vision::tracking::pfld_tracker::{PfldTracker, PfldTrackerOptions};
use faceau_vision::tracking::retinaface::{RetinaFace, RetinaFaceOptions};
use faceau_vision::tracking::validator::Validator;

use super::analyser::OneFace;
use super::{Tracker, au_models};
use crate::definition::Analyser;
use crate::open::{ModelFiles, OpenError, OpenNetwork};
use crate::options::Options;

/// Opens everything that a worker needs.
pub(super) fn open(
    tracker: Tracker,
    networks: &mut dyn OpenNetwork,
    options: &Options,
) -> Result<Box<dyn Analyser>, OpenError> {
    let set = networks.models().clone();
    let files = ModelFiles(&set);
    let shape = ShapeModel::parse(&files.text(id::AU_PDM)?).map_err(files.bad(id::AU_PDM))?;
    let shape = Arc::new(shape);
    let has_eyes = tracker.has_eyes();
    let tracker: Box<dyn LandmarkTracker> = match tracker {
        Tracker::Pfld => pfld(&files, networks, &shape, options)?,
        Tracker::OpenFace(index) => openface(&files, index)?,
    };
    let triangulation = Triangulation::parse(&files.text(id::AU_TRIANGLES)?)
        .map_err(files.bad(id::AU_TRIANGLES))?;
    let models = Arc::new(au_models(&set)?);
    let aus = AuAnalyser::new(Arc::clone(&shape), triangulation, models)
        .map_err(files.bad(id::AU_PDM))?;
    let camera = Intrinsics {
        focal: options.camera.focal,
        cx: options.camera.cx,
        cy: options.camera.cy,
    };
    let analyser = FrameAnalyser::new(tracker, shape, aus, camera);
    Ok(Box::new(OneFace::new(analyser, has_eyes)))
}

fn pfld(
    files: &ModelFiles<'_>,
    networks: &mut dyn OpenNetwork,
    shape: &Arc<ShapeModel>,
    options: &Options,
) -> Result<Box<dyn LandmarkTracker>, OpenError> {
    let detector = networks.network_by_size(id::RETINAFACE)?;
    let landmarker = networks.network(id::PFLD)?;
    let validator =
        Validator::parse(&files.bytes(id::VALIDATOR_68)?).map_err(files.bad(id::VALIDATOR_68))?;
    let options = PfldTrackerOptions {
        detect_every: options.redetect_every,
        ..PfldTrackerOptions::default()
    };
    let tracker = PfldTracker::new(
        RetinaFace::new(detector, RetinaFaceOptions::default()),
        Pfld::new(landmarker),
        validator,
        Arc::clone(shape),
        options,
    );
    Ok(Box::new(tracker.map_err(files.bad(id::AU_PDM))?))
}

/// OpenFace's own tracker with the landmark model behind the index `main`.
fn openface(files: &ModelFiles<'_>, main: &str) -> Result<Box<dyn LandmarkTracker>, OpenError> {
    let set = files.0;
    let not_named = |id: &str| faceau_models::ModelsError::NotInSet {
        set: set.set,
        file: id.to_owned(),
    };
    let index = set.file(id::MTCNN).ok_or_else(|| not_named(id::MTCNN))?;
    let networks = MtcnnNetworks::load(&files.text(id::MTCNN)?, &mut |name| {
        set.read_named_by(index, name)
    })
    .map_err(files.bad(id::MTCNN))?;
    let file = set.file(main).ok_or_else(|| not_named(main))?;
    let model =
        FaceModel::load(&file.relative, &mut |path| set.read_at(path)).map_err(files.bad(main))?;
    let tracker = OpenFaceTracker::new(Mtcnn::new(networks), model).map_err(files.bad(main))?;
    Ok(Box::new(tracker))
}
