//! Bringing model files in: fetched from their official addresses, or taken from a folder.
//!
//! Nothing gets its final name before its content was checked, and what is there and right is left
//! alone. Asking people whether they accept a licence is the caller's business; [`Plan::origins`]
//! says which ones.

mod download;
mod http;
mod import;
mod part;
mod patience;
mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use http::Client;
pub use import::{Import, Taken, import};
pub use plan::{Plan, plan};

use crate::manifest::ModelFile;
use crate::{Content, ModelsError, Store};
use part::Part;

/// How patient to be with servers.
#[derive(Debug, Clone)]
pub struct Patience {
    /// How long a server may take to answer, or to send something more.
    pub silence: Duration,
    /// The pause before the second attempt; it doubles from attempt to attempt.
    pub pause: Duration,
    /// Attempts in a row that may bring nothing new.
    pub attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(60),
            pause: Duration::from_secs(1),
            attempts: 5,
        }
    }
}

/// Is told how it goes, and tells people.
pub trait Watcher {
    /// So many bytes of this file are here.
    fn bytes(&mut self, file: &ModelFile, here: u64);
    /// Something that explains why it takes longer.
    fn remark(&mut self, text: &str);
}

/// A file could not be brought in.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// There is no place for it, or no list of what is trusted.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// No address serves the file.
    #[error("{file} could not be fetched: {}", .reasons.join("; "))]
    Unobtainable {
        /// The file's name.
        file: String,
        /// What was wrong with each address.
        reasons: Vec<String>,
    },
    /// The disk has no room.
    #[error(
        "no room for {}: make some in {} (the file has {size} bytes) and run this again; what is \
         here of it is kept",
        .path.display(), .path.parent().unwrap_or(.path).display()
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// The system refuses.
    #[error("{}: {cause}", .path.display())]
    Local {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
}

impl InstallError {
    fn local(path: &Path, size: u64, cause: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        let path = path.to_owned();
        match cause.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::NoRoom { path, size },
            _ => Self::Local { path, cause },
        }
    }

    /// Whether every other file would meet the same.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Unobtainable { .. })
    }
}

/// Fetches files into a store.
#[derive(Debug)]
pub struct Installer<'a> {
    store: &'a Store,
    client: Client,
    patience: Patience,
    /// Servers that could not be reached, and why: not tried again for the next file.
    unreachable: BTreeMap<String, String>,
}

impl<'a> Installer<'a> {
    /// For this store. With `mirror`, an address such as `https://models.example.org/faceau`, all
    /// files come from there: each from its origin's folder in it, under the path that the manifest
    /// gives.
    #[must_use]
    pub fn new(store: &'a Store, mirror: Option<String>, patience: Patience) -> Self {
        Self {
            store,
            client: Client::new(mirror, patience.silence),
            patience,
            unreachable: BTreeMap::new(),
        }
    }

    /// Fetches one file to its place in the store; `false` if somebody else did so meanwhile.
    ///
    /// # Errors
    /// When no address serves the right bytes, or the system refuses.
    pub fn fetch(
        &mut self,
        file: &ModelFile,
        content: Content,
        watcher: &mut dyn Watcher,
    ) -> Result<bool, InstallError> {
        let home = self.store.home(file)?.path;
        let local = |error| InstallError::local(&home, content.size, error);
        let mut part = Part::open(&home, || {
            watcher.remark(&format!(
                "{} is being fetched by another process; waiting",
                file.name()
            ));
        })
        .map_err(local)?;
        if Content::of_file(&home).is_ok_and(|found| found == content) {
            part.discard().map_err(local)?;
            return Ok(false);
        }
        part.make_room(content.size).map_err(local)?;
        self.download(file, content, &mut part, watcher)?;
        part.settle().map_err(local)?;
        Ok(true)
    }
}
