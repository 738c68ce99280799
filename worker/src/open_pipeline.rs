//! Opening the pipeline that the supervisor names: the inference engine, its sessions, the models.

use anyhow::{Context, anyhow};
use faceau_inference::{OnnxNetwork, Place, library};
use faceau_models::{ResolvedFile, ResolvedSet};
use faceau_pipelines::{Analyser, OpenError, OpenNetwork, Options, registry};
use faceau_shared::protocol::{LogLevel, ProtocolError, SessionReport, Setup, WorkerReport};
use faceau_vision::network::Network;

use crate::by_size::BySize;
use crate::networks::{Known, known};
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
) -> anyhow::Result<(Box<dyn Analyser>, WorkerReport)> {
    let mut opening = Opening {
        setup,
        opened_later,
        log,
        inferences,
        sessions: Sessions::new(library::load()?),
        report: WorkerReport::default(),
    };
    opening.report.runtime = opening.sessions.runtime();
    let options = Options::from_bytes(&setup.options).ok_or(OpenError::BadOptions)?;
    let analyser = registry::of(setup.models.set)?.analyser(&mut opening, &options)?;
    Ok((analyser, opening.report))
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

    /// Opens a network that is run on pictures of one size for long. On a place that wants fixed
    /// sizes, it is opened there for the size of the frames where there is a file for it; frames of
    /// other sizes are looked at on the processor.
    fn network_by_size(&mut self, id: &str) -> anyhow::Result<BySize<WorkerNetwork>> {
        let (known, place) = (Self::known(id)?, self.place(id)?);
        let file = self.file(id)?.clone();
        let mut forms = known.forms(&file, place);
        forms.retain(|form| !form.name.is_empty());
        if forms.is_empty() {
            let any = self.network(id)?;
            return Ok(BySize::new(any, Box::new(|_| None)));
        }
        let form = known.for_all_sizes(&file);
        let opened = self.sessions.open(known, &file, &form, Place::CPU);
        let (any, general) = opened.with_context(|| self.name(id))?;
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
}

/// An error with all its causes, as the supervisor is told it.
fn in_words(error: anyhow::Error) -> OpenError {
    OpenError::Network(format!("{error:#}"))
}

impl OpenNetwork for Opening<'_, '_> {
    fn models(&self) -> &ResolvedSet {
        &self.setup.models
    }

    fn network(&mut self, id: &str) -> Result<Box<dyn Network>, OpenError> {
        let network = Opening::network(self, id).map_err(in_words)?;
        Ok(Box::new(network))
    }

    fn network_by_size(&mut self, id: &str) -> Result<Box<dyn Network>, OpenError> {
        let network = Opening::network_by_size(self, id).map_err(in_words)?;
        Ok(Box::new(network))
    }
}
