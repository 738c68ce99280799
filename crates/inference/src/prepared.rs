//! Large networks in a form that processes share: optimised and packed as the engine wants them,
//! in files that it maps into memory instead of copying them.
//!
//! A session that is opened from a model's own file holds the weights once as read and once as
//! packed, all private; six workers would hold six times 300 MB of OpenFace 3.0's networks. The
//! first one to open a network writes what the engine made of it; from then on all map that file,
//! which the system holds once. The graph is the same, and so are its results. It fits one version
//! of the engine and one kind of processor, which are a part of its name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use crate::library::Library;

/// Name of the graph and of the weights in the folder of a prepared network.
const GRAPH: &str = "network.onnx";
const WEIGHTS: &str = "weights.bin";
/// Begins the names of folders that are being filled.
const UNFINISHED: &str = ".unfinished-";
/// Weights smaller than this stay in the graph.
const SMALLEST: &str = "1024";

/// Where a network's prepared form is kept.
#[derive(Debug, Clone, Copy)]
pub struct Prepared<'a> {
    /// The folder of all prepared networks; made when it is missing.
    pub folder: &'a Path,
    /// Digest of the model that the network is opened from.
    pub digest: &'a str,
}

/// The folder for prepared networks in the user's cache folder, if there is one.
pub fn user_folder() -> Option<PathBuf> {
    Some(dirs::cache_dir()?.join("faceau/networks"))
}

impl Prepared<'_> {
    /// Name of the folder of this network for this engine and this processor.
    fn name(&self, network: &str, library: &Library) -> String {
        format!(
            "{network}-{}-{}-{}",
            self.digest.get(..16).unwrap_or(self.digest),
            library.version(),
            processor()
        )
    }

    /// Opens `network` in its prepared form, which is made of `model` when there is none.
    /// `configure` gives a builder with everything set but optimisation.
    pub(crate) fn open(
        &self,
        network: &str,
        library: &Library,
        model: &[u8],
        configure: impl Fn() -> ort::Result<SessionBuilder>,
    ) -> Result<Session, String> {
        let place = self.folder.join(self.name(network, library));
        if !place.exists() {
            fs::create_dir_all(self.folder).map_err(|e| describe(self.folder, &e))?;
            // One process makes it; the others wait.
            let lock = self.folder.join(".lock");
            let guard = File::create(&lock).map_err(|e| describe(&lock, &e))?;
            guard.lock().map_err(|e| describe(&lock, &e))?;
            if !place.exists() {
                self.tidy(network);
                self.prepare(&place, model, &configure)?;
            }
        }
        let session = configure()
            .and_then(|builder| {
                Ok(builder.with_optimization_level(GraphOptimizationLevel::Disable)?)
            })
            // A plan of all memory would hold each activation's place for ever.
            .and_then(|builder| Ok(builder.with_memory_pattern(false)?))
            .and_then(|mut builder| builder.commit_from_file(place.join(GRAPH)));
        session.map_err(|error| {
            // Whatever is wrong with it, the next one makes it anew.
            let _ = fs::remove_dir_all(&place);
            format!("{}: {error}", place.display())
        })
    }

    /// Writes the prepared form to `place`, which appears when it is whole.
    fn prepare(
        &self,
        place: &Path,
        model: &[u8],
        configure: &impl Fn() -> ort::Result<SessionBuilder>,
    ) -> Result<(), String> {
        let unfinished = self
            .folder
            .join(format!("{UNFINISHED}{}", std::process::id()));
        let made = fs::create_dir(&unfinished)
            .map_err(|e| describe(&unfinished, &e))
            .and_then(|()| write_optimised(&unfinished, model, configure))
            .and_then(|()| flush(&unfinished).map_err(|e| describe(&unfinished, &e)))
            .and_then(|()| fs::rename(&unfinished, place).map_err(|e| describe(place, &e)));
        if made.is_err() {
            // What cannot be removed now is when the next network is prepared.
            let _ = fs::remove_dir_all(&unfinished);
        }
        made
    }

    /// Removes what nobody needs any more: older forms of this network, and what was left
    /// unfinished. Processes that have mapped a file keep it. Called with the lock held.
    fn tidy(&self, network: &str) {
        let Ok(entries) = fs::read_dir(self.folder) else {
            return;
        };
        let older = format!("{network}-");
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(UNFINISHED) || name.starts_with(&older) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Has the engine write its optimised graph and packed weights into `folder`.
fn write_optimised(
    folder: &Path,
    model: &[u8],
    configure: &impl Fn() -> ort::Result<SessionBuilder>,
) -> Result<(), String> {
    let session = configure().and_then(|builder| {
        let mut builder = builder
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_optimized_model_path(folder.join(GRAPH))?;
        for (key, value) in [
            (
                "session.optimized_model_external_initializers_file_name",
                WEIGHTS,
            ),
            (
                "session.optimized_model_external_initializers_min_size_in_bytes",
                SMALLEST,
            ),
            ("session.save_external_prepacked_constant_initializers", "1"),
        ] {
            builder = builder.with_config_entry(key, value)?;
        }
        builder.commit_from_memory(model)
    });
    session.map(drop).map_err(|error| error.to_string())
}

/// Makes sure that the files of a folder are on the disk before their name says that they are.
fn flush(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(folder)?.sync_all()
}

fn describe(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// What the engine's choice of kernels depends on.
pub(crate) fn processor() -> String {
    let mut name = std::env::consts::ARCH.to_owned();
    for (feature, there) in features() {
        if there {
            name.push('-');
            name.push_str(feature);
        }
    }
    name
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<(&'static str, bool)> {
    vec![
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<(&'static str, bool)> {
    use std::arch::is_aarch64_feature_detected;
    vec![
        ("dotprod", is_aarch64_feature_detected!("dotprod")),
        ("fp16", is_aarch64_feature_detected!("fp16")),
        ("i8mm", is_aarch64_feature_detected!("i8mm")),
        ("bf16", is_aarch64_feature_detected!("bf16")),
    ]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<(&'static str, bool)> {
    Vec::new()
}
