//! Opening a network in one of its files on one place, and saying what came of it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use faceau_inference::compiled::{Compiled, Whole};
use faceau_inference::prepared::{self, Prepared};
use faceau_inference::{CompiledFiles, Library, NetworkOptions, OnnxNetwork, Place};
use faceau_models::ResolvedFile;
use faceau_shared::protocol::{GraphReport, SessionReport};

use crate::examination::Note;
use crate::networks::{Form, Known};

/// Networks of at least so many bytes are opened in a form that workers share.
const WORTH_PREPARING: u64 = 32 << 20;

/// What was opened while frames were analysed and has not been reported yet.
pub type OpenedLater = Rc<RefCell<Vec<SessionReport>>>;

/// Notes what was opened.
pub fn note(opened: &OpenedLater, report: SessionReport) {
    opened.borrow_mut().push(report);
}

/// What was noted since the last call. Without news, nothing is allocated.
pub fn take_notes(opened: &OpenedLater) -> Vec<SessionReport> {
    std::mem::take(&mut *opened.borrow_mut())
}

/// The engine, ready to open networks.
#[derive(Debug, Clone)]
pub struct Sessions {
    library: Library,
}

impl Sessions {
    /// With an engine that is loaded.
    pub fn new(library: Library) -> Self {
        Self { library }
    }

    /// Name and version of the engine.
    pub fn runtime(&self) -> String {
        format!("ONNX Runtime {}", self.library.version())
    }

    /// Opens a network in a file on a place.
    ///
    /// # Errors
    /// When the file or the place cannot be used.
    pub fn open(
        &self,
        known: &Known,
        file: &ResolvedFile,
        form: &Form,
        place: Place,
    ) -> anyhow::Result<(OnnxNetwork, SessionReport)> {
        let model = form.read(file)?;
        let started = Instant::now();
        let digest = form.digest();
        let folder = prepared::user_folder().filter(|_| form.content.size >= WORTH_PREPARING);
        // Kept until the network is open, so that nobody empties the folder meanwhile.
        let whole = self.compiled(known, form, place);
        let options = NetworkOptions {
            place,
            prepared: folder.as_deref().map(|folder| Prepared {
                folder,
                digest: &digest,
            }),
            compiled: whole.as_ref().map(|whole| CompiledFiles {
                folder: &whole.files,
                model: &digest,
            }),
            ..known.options()
        };
        let network = OnnxNetwork::open(&self.library, &model, &options)?;
        let report = SessionReport {
            model: known.id.to_owned(),
            place: place.to_string(),
            form: form.name.clone(),
            graph: network.graph().map(|graph| GraphReport {
                partitions: graph.partitions,
                nodes: graph.nodes,
                nodes_on_cpu: graph.nodes_on_cpu,
            }),
            open_ms: started.elapsed().as_secs_f64() * 1e3,
        };
        Ok((network, report))
    }

    /// What the provider has made of the file, if that is whole and was found to be right. Without
    /// it, the network is compiled for this process alone.
    fn compiled(&self, known: &Known, form: &Form, place: Place) -> Option<Whole> {
        if !place.keeps_compiled() {
            return None;
        }
        let label = form.label(known.id);
        let compiled = Compiled::of_user(&label, place, &self.library, &form.digest());
        let whole = compiled.look().ok()??;
        Note::read(&whole.mark)?.is_usable().then_some(whole)
    }
}
