//! Opening everything a worker needs: the inference engine, its sessions, the models.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use faceau_inference::{NetworkOptions, OnnxNetwork, ProviderChoice, library};
use faceau_models::{ModelSet, ResolvedFile, id};
use faceau_shared::protocol::{LogLevel, ProtocolError, SessionReport, Setup, WorkerReport};
use faceau_vision::au::analyser::AuAnalyser;
use faceau_vision::au::mask::Triangulation;
use faceau_vision::au::models::AuModels;
use faceau_vision::pipeline::FrameAnalyser;
use faceau_vision::shape::ShapeModel;
use faceau_vision::tracking::LandmarkTracker;
use faceau_vision::tracking::clm::face_model::FaceModel;
use faceau_vision::tracking::clm::openface_tracker::OpenFaceTracker;
use faceau_vision::tracking::mtcnn::{Mtcnn, MtcnnNetworks};
use faceau_vision::tracking::pfld::Pfld;
use faceau_vision::tracking::pfld_tracker::{PfldTracker, PfldTrackerOptions};
use faceau_vision::tracking::retinaface::{RetinaFace, RetinaFaceOptions};
use faceau_vision::tracking::validator::Validator;

/// The pipeline of one worker.
pub type Analyser = FrameAnalyser<Box<dyn LandmarkTracker>>;

/// Tells the supervisor something.
type Log<'a> = dyn FnMut(LogLevel, String) -> Result<(), ProtocolError> + 'a;

/// Opens the pipeline that `setup` describes.
pub fn open(setup: &Setup, log: &mut Log<'_>) -> anyhow::Result<(Analyser, WorkerReport)> {
    let mut opening = Opening {
        setup,
        log,
        provider: setup.provider.parse()?,
        library: library::load()?,
        report: WorkerReport::default(),
    };
    opening.report.runtime = format!("ONNX Runtime {}", opening.library.version());

    let shape = Arc::new(
        ShapeModel::parse(&opening.text(id::AU_PDM)?).with_context(|| opening.name(id::AU_PDM))?,
    );
    let tracker: Box<dyn LandmarkTracker> = match setup.models.set {
        ModelSet::Pfld => Box::new(opening.pfld_tracker(&shape)?),
        ModelSet::OpenfaceClnf => Box::new(opening.openface_tracker(id::CLNF)?),
        ModelSet::OpenfaceCeclm => Box::new(opening.openface_tracker(id::CECLM)?),
        ModelSet::OpenfaceClm => Box::new(opening.openface_tracker(id::CLM)?),
        other => bail!("`{other}` is no pipeline"),
    };
    let triangulation = Triangulation::parse(&opening.text(id::AU_TRIANGLES)?)
        .with_context(|| opening.name(id::AU_TRIANGLES))?;
    let models = Arc::new(opening.au_models()?);
    let aus = AuAnalyser::new(Arc::clone(&shape), triangulation, models)
        .with_context(|| opening.name(id::AU_PDM))?;
    let analyser = FrameAnalyser::new(tracker, shape, aus, None);
    Ok((analyser, opening.report))
}

struct Opening<'a, 'b> {
    setup: &'a Setup,
    log: &'a mut Log<'b>,
    provider: ProviderChoice,
    library: library::Library,
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

    /// The file's path, for messages.
    fn name(&self, id: &str) -> String {
        self.file(id)
            .map_or_else(|_| id.to_owned(), |file| file.path.display().to_string())
    }

    fn network(
        &mut self,
        id: &str,
        outputs: &[&str],
        dimensions: &[(&str, usize)],
    ) -> anyhow::Result<OnnxNetwork> {
        let model = self.bytes(id)?;
        let started = Instant::now();
        let options = NetworkOptions {
            name: id,
            provider: self.provider,
            outputs,
            choose: None,
            dimensions,
        };
        let network =
            OnnxNetwork::open(&self.library, &model, &options).with_context(|| self.name(id))?;
        if let Some(reason) = network.fallback() {
            let text = format!(
                "the network `{id}` runs on {}: {reason}",
                network.provider()
            );
            (self.log)(LogLevel::Warning, text)?;
        }
        self.report.sessions.push(SessionReport {
            model: id.to_owned(),
            provider: network.provider().to_string(),
            open_ms: started.elapsed().as_secs_f64() * 1e3,
        });
        Ok(network)
    }

    fn pfld_tracker(
        &mut self,
        shape: &Arc<ShapeModel>,
    ) -> anyhow::Result<PfldTracker<OnnxNetwork, OnnxNetwork>> {
        let detector = self.network(id::RETINAFACE, &RetinaFace::<OnnxNetwork>::OUTPUTS, &[])?;
        let landmarker = self.network(
            id::PFLD,
            &[Pfld::<OnnxNetwork>::OUTPUT],
            &[(Pfld::<OnnxNetwork>::BATCH_DIMENSION, 1)],
        )?;
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
