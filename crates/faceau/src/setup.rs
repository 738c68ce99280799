//! What must be in place before the first input: the models and the worker program.

use std::path::{Path, PathBuf};

use faceau_engine::plan::ShortestSegment;
use faceau_models::{
    FoundSet, ModelSet, ModelsError, PinnedSet, Precision, ResolvedSet, Store, UnknownModels, pin,
};
use faceau_outputs::{Columns, TableDesign};
use faceau_pipelines::{Definition, OpenError, Options, registry};

/// Nothing can be done.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Model files are missing.
    #[error(
        "{0}. To see faceau at work without any model file: faceau-supervisor demo run (its demo \
         models know only a synthetic face)"
    )]
    Missing(ModelsError),
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
    /// The pipeline cannot be set up.
    #[error(transparent)]
    Pipeline(OpenError),
    /// A pipeline that does not know its own columns.
    #[error("{0}")]
    Columns(String),
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

impl From<OpenError> for SetupError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Models(error) => error.into(),
            OpenError::BadModel { file, reason } => Self::BadModel { file, reason },
            other => Self::Pipeline(other),
        }
    }
}

/// Model files, checked, and what the supervisor itself needs of them.
pub struct Models {
    /// All files with the digests found.
    pub pinned: PinnedSet,
    /// The pipeline that needs them.
    pub definition: &'static dyn Definition,
}

impl Models {
    /// How long a segment must be for this pipeline's tracker.
    pub fn shortest_segment(&self) -> ShortestSegment {
        match self.definition.settles_quickly() {
            true => ShortestSegment::QUICK_START,
            false => ShortestSegment::SLOW_START,
        }
    }

    /// The table that the pipeline's results are written to.
    ///
    /// # Errors
    /// When a model file that results need cannot be read or makes no sense.
    pub fn table_design(
        &self,
        columns: &Columns,
        options: &Options,
    ) -> Result<TableDesign, SetupError> {
        let pipeline = self.definition.pipeline(&self.pinned.set, options)?;
        TableDesign::new(pipeline, columns).map_err(|error| SetupError::Columns(error.to_string()))
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
    Ok(Models {
        definition: registry::of(pinned.set.set)?,
        pinned,
    })
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
