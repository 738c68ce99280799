//! Opening everything a worker needs: the inference engine, its sessions, the models.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use faceau_inference::{OnnxNetwork, Place, library};
use faceau_models::{ModelSet, ResolvedFile, id};
use faceau_shared::protocol::{
    LogLevel, OpenFace3Setup, ProtocolError, SessionReport, Setup, WorkerReport,
};
use faceau_vision::au::analyser::AuAnalyser;
use faceau_vision::au::mask::Triangulation;
use faceau_vision::au::models::AuModels;
use faceau_vision::network::Network;
use faceau_vision::openface3::face::FaceFinder;
use faceau_vision::openface3::mtl::Mtl;
use faceau_vision::openface3::star::Star;
use faceau_vision::openface3::{Convention, OpenFace3Analyser};
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

use crate::by_size::BySize;
use crate::networks::{Known, known};
use crate::pipeline::Pipeline;
use crate::sessions::{self, OpenedLater, Sessions};
use crate::simulation::Device;
use crate::tap::Tapped;
use crate::timed::{InferenceLog, Timed};

/// A network of a worker: it notes when it ran, and can show what went in.
type WorkerNetwork = Timed<Tapped<OnnxNetwork>>;

/// Tells the supervisor something.
type Log<'a> = dyn FnMut(LogLevel, String) -> Result<(), ProtocolError> + 'a;

/// Opens the pipeline that `setup` describes. Its networks note their inferences in `inferences`, and
/// what they open later in `opened_later`.
pub fn open(
    setup: &Setup,
    inferences: &InferenceLog,
    opened_later: &OpenedLater,
    log: &mut Log<'_>,
) -> anyhow::Result<(Pipeline, WorkerReport)> {
    let mut opening = Opening {
        setup,
        opened_later,
        log,
        inferences,
        sessions: Sessions::new(library::load()?),
        report: WorkerReport::default(),
    };
    opening.report.runtime = opening.sessions.runtime();
    let pipeline = match setup.openface3 {
        Some(options) => Pipeline::OpenFace3(Box::new(opening.openface3(options)?)),
        None => Pipeline::OpenFace2(Box::new(opening.openface2()?)),
    };
    Ok((pipeline, opening.report))
}

struct Opening<'a, 'b> {
    setup: &'a Setup,
    log: &'a mut Log<'b>,
    inferences: &'a InferenceLog,
    opened_later: &'a OpenedLater,
    sessions: Sessions,
    report: WorkerReport,
}

impl Opening<'_, '_> {
    fn file(&self, id: &str) -> anyhow::Result<&ResolvedFile> {
        self.setup
            .models
            .file(id)
            .ok_or_else(|| anyhow!("the supervisor did not name the model `{id}`"))
    }

    /// The supervisor has pinned each file's digest, so that what is read here is what it saw.
    fn bytes(&self, id: &str) -> anyhow::Result<Vec<u8>> {
        Ok(self.setup.models.read(id)?)
    }

    fn text(&self, id: &str) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(id)?).into_owned())
    }

    /// What messages call the file.
    fn name(&self, id: &str) -> String {
        self.file(id)
            .map_or_else(|_| id.to_owned(), ResolvedFile::name)
    }

    fn known(id: &str) -> anyhow::Result<&'static Known> {
        known(id).ok_or_else(|| anyhow!("there is no network `{id}`"))
    }

    /// Where a network is to run.
    fn place(&self, id: &str) -> anyhow::Result<Place> {
        let place = self.setup.places.get(id);
        Ok(place.map_or(Ok(Place::CPU), |place| place.parse())?)
    }

    /// Opens a network in the one file that it has on the place where it is to run.
    fn network(&mut self, id: &str) -> anyhow::Result<WorkerNetwork> {
        let (known, place) = (Self::known(id)?, self.place(id)?);
        let file = self.file(id)?;
        let form = known.for_all_sizes(file);
        let opened = self.sessions.open(known, file, &form, place);
        let (network, report) = opened.with_context(|| self.name(id))?;
        if let Some(reason) = network.unprepared() {
            let text = format!("the network `{id}` takes more memory than it need: {reason}");
            (self.log)(LogLevel::Info, text)?;
        }
        Ok(self.timed(network, report))
    }

    /// Has a network note its inferences, and reports it.
    fn timed(&mut self, network: OnnxNetwork, report: SessionReport) -> WorkerNetwork {
        self.report.sessions.push(report);
        let number = self.report.sessions.len() - 1;
        let network = Tapped::new(network, self.setup.dump_inputs.as_deref());
        let device = Device::simulated(self.setup.simulated_inference_ms);
        Timed::new(network, number, self.inferences, device)
    }

    /// A tracker of 68 landmarks and OpenFace 2.2's AU models.
    fn openface2(&mut self) -> anyhow::Result<FrameAnalyser<Box<dyn LandmarkTracker>>> {
        let shape = Arc::new(
            ShapeModel::parse(&self.text(id::AU_PDM)?).with_context(|| self.name(id::AU_PDM))?,
        );
        let tracker: Box<dyn LandmarkTracker> = match self.setup.models.set {
            ModelSet::Pfld | ModelSet::Demo => Box::new(self.pfld_tracker(&shape)?),
            ModelSet::OpenfaceClnf => Box::new(self.openface_tracker(id::CLNF)?),
            ModelSet::OpenfaceCeclm => Box::new(self.openface_tracker(id::CECLM)?),
            ModelSet::OpenfaceClm => Box::new(self.openface_tracker(id::CLM)?),
            other => bail!("`{other}` is no pipeline"),
        };
        let triangulation = Triangulation::parse(&self.text(id::AU_TRIANGLES)?)
            .with_context(|| self.name(id::AU_TRIANGLES))?;
        let models = Arc::new(self.au_models()?);
        let aus = AuAnalyser::new(Arc::clone(&shape), triangulation, models)
            .with_context(|| self.name(id::AU_PDM))?;
        let given = self.setup.camera;
        let camera = Intrinsics {
            focal: given.focal,
            cx: given.cx,
            cy: given.cy,
        };
        Ok(FrameAnalyser::new(tracker, shape, aus, camera))
    }

    /// OpenFace 3.0's networks; those that are not asked for are not opened.
    fn openface3(
        &mut self,
        options: OpenFace3Setup,
    ) -> anyhow::Result<OpenFace3Analyser<Box<dyn Network>>> {
        let convention = if options.as_facemirror {
            Convention::FaceMirror
        } else {
            Convention::AsTrained
        };
        let faces = if options.whole_frame {
            FaceFinder::WholeFrame
        } else {
            let network: Box<dyn Network> = Box::new(self.detector()?);
            let mut look = RetinaFaceOptions::default();
            if options.as_facemirror {
                look.longest_side = usize::MAX;
            }
            let detector = RetinaFace::new(network, look);
            match self.setup.redetect_every {
                1 => FaceFinder::every_frame(detector, convention),
                every => FaceFinder::follow(detector, every),
            }
        };
        let mtl: Box<dyn Network> = Box::new(self.network(id::OPENFACE3_MTL)?);
        let mtl = Mtl::new(mtl);
        let star = match options.landmarks {
            true => {
                let network: Box<dyn Network> = Box::new(self.network(id::OPENFACE3_STAR)?);
                Some(Star::new(network, convention))
            }
            false => None,
        };
        Ok(OpenFace3Analyser::new(faces, mtl, star, convention))
    }

    /// RetinaFace. On a place that wants fixed sizes, it is opened there for the size of the frames
    /// where there is a file for it; frames of other sizes are looked at on the processor.
    fn detector(&mut self) -> anyhow::Result<BySize<WorkerNetwork>> {
        let (known, place) = (Self::known(id::RETINAFACE)?, self.place(id::RETINAFACE)?);
        let file = self.file(id::RETINAFACE)?.clone();
        let mut forms = known.forms(&file, place);
        forms.retain(|form| !form.name.is_empty());
        if forms.is_empty() {
            let any = self.network(id::RETINAFACE)?;
            return Ok(BySize::new(any, Box::new(|_| None)));
        }
        let form = known.for_all_sizes(&file);
        let opened = self.sessions.open(known, &file, &form, Place::CPU);
        let (any, general) = opened.with_context(|| self.name(id::RETINAFACE))?;
        // Where it will run, as far as is known before the first frame.
        let planned = SessionReport {
            place: place.to_string(),
            ..general.clone()
        };
        let any = self.timed(any, planned);
        let (sessions, opened_later) = (self.sessions.clone(), self.opened_later.clone());
        let like_any = any.like();
        let open = move |shape: &[usize]| {
            let form = forms.iter().find(|form| form.shape() == shape);
            // The network for all sizes is open already, so nothing is lost.
            let opened = form.and_then(|form| sessions.open(known, &file, form, place).ok());
            let (network, report) = match opened {
                Some((network, report)) => (Some(like_any(Tapped::new(network, None))), report),
                None => (None, general.clone()),
            };
            sessions::note(&opened_later, report);
            network
        };
        Ok(BySize::new(any, Box::new(open)))
    }

    fn pfld_tracker(
        &mut self,
        shape: &Arc<ShapeModel>,
    ) -> anyhow::Result<PfldTracker<BySize<WorkerNetwork>, WorkerNetwork>> {
        let detector = self.detector()?;
        let landmarker = self.network(id::PFLD)?;
        let validator = Validator::parse(&self.bytes(id::VALIDATOR_68)?)
            .with_context(|| self.name(id::VALIDATOR_68))?;
        let options = PfldTrackerOptions {
            detect_every: self.setup.redetect_every,
            ..PfldTrackerOptions::default()
        };
        PfldTracker::new(
            RetinaFace::new(detector, RetinaFaceOptions::default()),
            Pfld::new(landmarker),
            validator,
            Arc::clone(shape),
            options,
        )
        .with_context(|| self.name(id::AU_PDM))
    }

    /// OpenFace's own tracker with the landmark model behind the index `main`.
    fn openface_tracker(&mut self, main: &str) -> anyhow::Result<OpenFaceTracker<Mtcnn>> {
        let models = &self.setup.models;
        let index = self.file(id::MTCNN)?;
        let networks = MtcnnNetworks::load(&self.text(id::MTCNN)?, &mut |name| {
            models.read_named_by(index, name)
        })
        .with_context(|| self.name(id::MTCNN))?;
        let model = FaceModel::load(&self.file(main)?.relative, &mut |path| models.read_at(path))
            .with_context(|| self.name(main))?;
        let tracker =
            OpenFaceTracker::new(Mtcnn::new(networks), model).with_context(|| self.name(main))?;
        Ok(tracker)
    }

    fn au_models(&self) -> anyhow::Result<AuModels> {
        let list = self.file(id::AU_VIDEO_PREDICTORS)?;
        let text = self.text(id::AU_VIDEO_PREDICTORS)?;
        AuModels::load(&text, &mut |name| {
            self.setup.models.read_named_by(list, name)
        })
        .with_context(|| self.name(id::AU_VIDEO_PREDICTORS))
    }
}
