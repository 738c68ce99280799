//! Opening everything a worker needs: the inference engine, its sessions, the models.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use faceau_inference::prepared::{self, Prepared};
use faceau_inference::{
    ChooseOutputs, NetworkOptions, OnnxNetwork, Provider, ProviderChoice, library,
};
use faceau_models::{Content, ModelSet, ResolvedFile, id};
use faceau_shared::protocol::{
    LogLevel, OpenFace3Setup, ProtocolError, SessionReport, Setup, WorkerReport,
};
use faceau_vision::au::analyser::AuAnalyser;
use faceau_vision::au::mask::Triangulation;
use faceau_vision::au::models::AuModels;
use faceau_vision::openface3::face::FaceFinder;
use faceau_vision::openface3::mtl::{self, Mtl};
use faceau_vision::openface3::star::{self, Star};
use faceau_vision::openface3::{Convention, OpenFace3Analyser};
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

use crate::by_size::BySize;
use crate::pipeline::Pipeline;
use crate::simulation::Device;
use crate::timed::{InferenceLog, Timed};

/// Networks of at least so many bytes are opened in a form that workers share.
const WORTH_PREPARING: u64 = 32 << 20;

/// Tells the supervisor something.
type Log<'a> = dyn FnMut(LogLevel, String) -> Result<(), ProtocolError> + 'a;

/// Opens the pipeline that `setup` describes. Its networks note their inferences in `inferences`.
pub fn open(
    setup: &Setup,
    inferences: &InferenceLog,
    log: &mut Log<'_>,
) -> anyhow::Result<(Pipeline, WorkerReport)> {
    let mut opening = Opening {
        setup,
        log,
        inferences,
        provider: setup.provider.parse()?,
        library: library::load()?,
        report: WorkerReport::default(),
    };
    opening.report.runtime = format!("ONNX Runtime {}", opening.library.version());
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

    /// What messages call the file.
    fn name(&self, id: &str) -> String {
        self.file(id)
            .map_or_else(|_| id.to_owned(), ResolvedFile::name)
    }

    fn network(
        &mut self,
        id: &str,
        outputs: &[&str],
        dimensions: &[(&str, usize)],
    ) -> anyhow::Result<Timed<OnnxNetwork>> {
        self.open_network(&NetworkOptions {
            name: id,
            outputs,
            dimensions,
            ..NetworkOptions::default()
        })
    }

    /// What is opened of a network, and what it holds: the form that runs faster, where the
    /// installation made one, else the file itself.
    fn content(&self, id: &str) -> anyhow::Result<Content> {
        let file = self.file(id)?;
        let converted = file.converted("");
        Ok(converted.map_or(file.content, |converted| converted.content))
    }

    /// A network of which `choose` tells the outputs.
    fn network_with(
        &mut self,
        id: &str,
        choose: ChooseOutputs,
    ) -> anyhow::Result<Timed<OnnxNetwork>> {
        let content = self.content(id)?;
        let digest = content.sha256.to_string();
        let folder = prepared::user_folder().filter(|_| content.size >= WORTH_PREPARING);
        let prepared = folder.as_deref().map(|folder| Prepared {
            folder,
            digest: &digest,
        });
        self.open_network(&NetworkOptions {
            name: id,
            choose: Some(choose),
            prepared,
            ..NetworkOptions::default()
        })
    }

    /// Opens a network on the provider that is wanted.
    fn open_network(&mut self, options: &NetworkOptions<'_>) -> anyhow::Result<Timed<OnnxNetwork>> {
        let id = options.name;
        // As `content` has it.
        let model = match self.file(id)?.converted("") {
            Some(converted) => converted.read()?,
            None => self.bytes(id)?,
        };
        let started = Instant::now();
        let options = NetworkOptions {
            provider: self.provider,
            ..options.clone()
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
        if let Some(reason) = network.unprepared() {
            let text = format!("the network `{id}` takes more memory than it need: {reason}");
            (self.log)(LogLevel::Info, text)?;
        }
        self.report.sessions.push(SessionReport {
            model: id.to_owned(),
            provider: network.provider().to_string(),
            open_ms: started.elapsed().as_secs_f64() * 1e3,
        });
        let number = self.report.sessions.len() - 1;
        let device = Device::simulated(self.setup.simulated_inference_ms);
        Ok(Timed::new(network, number, self.inferences, device))
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
        Ok(FrameAnalyser::new(tracker, shape, aus, None))
    }

    /// OpenFace 3.0's networks; those that are not asked for are not opened.
    fn openface3(
        &mut self,
        options: OpenFace3Setup,
    ) -> anyhow::Result<OpenFace3Analyser<Timed<OnnxNetwork>>> {
        let convention = if options.as_facemirror {
            Convention::FaceMirror
        } else {
            Convention::AsTrained
        };
        let faces = if options.whole_frame {
            FaceFinder::WholeFrame
        } else {
            let network = self.network(
                id::RETINAFACE,
                &RetinaFace::<Timed<OnnxNetwork>>::OUTPUTS,
                &[],
            )?;
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
        let mtl = Mtl::new(self.network_with(id::OPENFACE3_MTL, mtl::choose_outputs)?);
        let star = options
            .landmarks
            .then(|| self.network_with(id::OPENFACE3_STAR, star::choose_outputs))
            .transpose()?
            .map(|network| Star::new(network, convention));
        Ok(OpenFace3Analyser::new(faces, mtl, star, convention))
    }

    /// RetinaFace; on Core ML, opened for the size of the frames where there is a file for it.
    fn detector(&mut self) -> anyhow::Result<BySize<Timed<OnnxNetwork>>> {
        const OUTPUTS: [&str; 3] = RetinaFace::<Timed<OnnxNetwork>>::OUTPUTS;
        let any = self.network(id::RETINAFACE, &OUTPUTS, &[])?;
        let provider = any.network().provider();
        let sized = match provider {
            Provider::CoreMl => self.file(id::RETINAFACE)?.converted.clone(),
            _ => Vec::new(),
        };
        let (library, like_any) = (self.library.clone(), any.like());
        let open = move |shape: &[usize]| {
            let &[_, _, height, width] = shape else {
                return None;
            };
            // As `faceau-conversion` calls it.
            let variant = format!("{width}x{height}");
            let model = sized.iter().find(|one| one.variant == variant)?.read();
            let options = NetworkOptions {
                name: id::RETINAFACE,
                provider: ProviderChoice::Named(provider),
                outputs: &OUTPUTS,
                ..NetworkOptions::default()
            };
            // The network for all sizes is open already, so nothing is lost.
            let network = OnnxNetwork::open(&library, &model.ok()?, &options).ok()?;
            Some(like_any(network))
        };
        Ok(BySize::new(any, Box::new(open)))
    }

    fn pfld_tracker(
        &mut self,
        shape: &Arc<ShapeModel>,
    ) -> anyhow::Result<PfldTracker<BySize<Timed<OnnxNetwork>>, Timed<OnnxNetwork>>> {
        let detector = self.detector()?;
        let landmarker = self.network(
            id::PFLD,
            &[Pfld::<Timed<OnnxNetwork>>::OUTPUT],
            &[(Pfld::<Timed<OnnxNetwork>>::BATCH_DIMENSION, 1)],
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
