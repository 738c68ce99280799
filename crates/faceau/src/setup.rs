//! What must be in place before the first input: the models and the worker program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::settings::PipelineOptions;
use faceau_engine::plan::ShortestSegment;
use faceau_models::{
    FoundSet, ModelSet, ModelsError, PinnedSet, Precision, ResolvedSet, Store, UnknownModels, id,
    pin,
};
use faceau_outputs::{Columns, OpenFace3Style, TableDesign};
use faceau_vision::au::models::{AuModels, AuModelsError};

/// Nothing can be done.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Model files are missing.
    #[error(
        "{0}. To see faceau at work without any model file: faceau-supervisor demo run (its demo \
         models know only a synthetic face)"
    )]
    Missing(#[source] ModelsError),
    /// Model files are not the right ones, or cannot be read.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// A model file makes no sense.
    #[error("{file}: {reason}")]
    BadModel {
        /// What messages call the file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no worker program.
    #[error(
        "the worker program {} is missing; it belongs beside faceau-supervisor, please build or \
         install both together",
        path.display()
    )]
    NoWorker {
        /// Where it should be.
        path: PathBuf,
    },
}

/// Model files, checked, and what the supervisor itself needs of them.
pub struct Models {
    /// All files with the digests found.
    pub pinned: PinnedSet,
    /// OpenFace 2.2's AU models, for the ordered stage of pipelines that use them.
    pub au: Option<Arc<AuModels>>,
}

impl Models {
    /// How long a segment must be for this pipeline's tracker.
    pub fn shortest_segment(&self) -> ShortestSegment {
        match self.pinned.set.set {
            ModelSet::Pfld | ModelSet::Demo | ModelSet::Openface3 => ShortestSegment::QUICK_START,
            _ => ShortestSegment::SLOW_START,
        }
    }

    /// What users must know of these models before they look at a table.
    pub fn caution(&self) -> Option<&'static str> {
        (self.pinned.set.set == ModelSet::Demo).then_some(
            "the demo models know only the synthetic face of demo videos: what they say of real \
             faces means nothing. For those, install real models (faceau-supervisor models list \
             shows which there are) and leave out --pipeline demo",
        )
    }

    /// The columns that the pipeline knows.
    pub fn known_columns(&self) -> Columns {
        match self.pinned.set.set {
            ModelSet::Openface3 => Columns::known_to_openface3(),
            // Those that place landmarks on the eyes, so that they know where these look.
            ModelSet::OpenfaceClnf | ModelSet::OpenfaceCeclm | ModelSet::OpenfaceClm => {
                Columns::known(true)
            }
            _ => Columns::known(false),
        }
    }

    /// The table that the pipeline's results are written to.
    pub fn table_design(&self, columns: Columns, options: &PipelineOptions) -> TableDesign {
        match (&self.au, &options.openface3) {
            (Some(models), _) => TableDesign::OpenFace2 {
                models: Arc::clone(models),
                columns,
            },
            (None, Some(options)) if options.as_facemirror() => {
                TableDesign::OpenFace3(OpenFace3Style::FaceMirror)
            }
            (None, options) => TableDesign::OpenFace3(OpenFace3Style::Own {
                columns,
                closure: options.as_ref().is_some_and(|options| options.au45),
            }),
        }
    }
}

/// Finds and checks the models of the first of `candidates` of which all files are there, but for
/// those that `unneeded` names, with networks in the `precision` that is wanted.
///
/// # Errors
/// When files are missing (of the last candidate, which asks for least), altered or malformed.
pub fn models(
    folder: Option<&Path>,
    candidates: &[ModelSet],
    unneeded: impl Fn(ModelSet) -> Vec<&'static str>,
    allow_unknown: bool,
    precision: Precision,
) -> Result<Models, SetupError> {
    let unknown = if allow_unknown {
        UnknownModels::Allow
    } else {
        UnknownModels::Refuse
    };
    let store = Store::locate(folder);
    let mut pinned = match candidates {
        [ModelSet::Demo] => PinnedSet {
            set: ResolvedSet::demo(),
            unknown: Vec::new(),
        },
        _ => pin(&find(&store, candidates, unneeded)?, unknown)?,
    };
    store.use_precision(&mut pinned.set, precision)?;
    let au = match pinned.set.set {
        ModelSet::Openface3 => None,
        _ => Some(Arc::new(au_models(&pinned)?)),
    };
    Ok(Models { pinned, au })
}

/// Whether there are files of any of `candidates`' sets where files are looked for by default, in such
/// a number that one of these can be tried.
pub fn is_any_installed(candidates: &[ModelSet]) -> bool {
    !matches!(
        find(&Store::locate(None), candidates, |_| Vec::new()),
        Err(SetupError::Missing(_))
    )
}

/// The first set of which all files are there.
fn find(
    store: &Store,
    candidates: &[ModelSet],
    unneeded: impl Fn(ModelSet) -> Vec<&'static str>,
) -> Result<FoundSet, SetupError> {
    let mut found = Err(ModelsError::Manifest("no pipeline was asked for".into()));
    for &set in candidates {
        found = store.resolve_without(set, &unneeded(set));
        if found.is_ok() {
            break;
        }
    }
    found.map_err(|error| match error {
        ModelsError::Missing { .. } => SetupError::Missing(error),
        other => other.into(),
    })
}

fn au_models(pinned: &PinnedSet) -> Result<AuModels, SetupError> {
    let set = &pinned.set;
    let list = set
        .file(id::AU_VIDEO_PREDICTORS)
        .ok_or_else(|| ModelsError::NotInSet {
            set: set.set,
            file: id::AU_VIDEO_PREDICTORS.to_owned(),
        })?;
    let text = set.read(id::AU_VIDEO_PREDICTORS)?;
    let text = String::from_utf8_lossy(&text);
    AuModels::load(&text, &mut |name| set.read_named_by(list, name)).map_err(|error| {
        SetupError::BadModel {
            file: list.name(),
            reason: with_cause(&error),
        }
    })
}

fn with_cause(error: &AuModelsError) -> String {
    match error {
        AuModelsError::File { source, .. } => format!("{error}: {source}"),
        AuModelsError::Format(_) => error.to_string(),
    }
}

/// The name of the worker program.
pub const WORKER: &str = "faceau-worker";

/// Finds the worker program: the one named, or the one on the path.
///
/// # Errors
/// When there is none.
pub fn worker_program(named: Option<&Path>) -> Result<PathBuf, SetupError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => std::env::var_os("PATH")
            .and_then(|path| {
                let mut places = std::env::split_paths(&path).map(|folder| folder.join(WORKER));
                places.find(|place| place.is_file())
            })
            .unwrap_or_else(|| PathBuf::from(WORKER)),
    };
    if path.is_file() {
        Ok(path)
    } else {
        Err(SetupError::NoWorker { path })
    }
}
