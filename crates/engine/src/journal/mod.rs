//! The journal of a job: what is known already, kept on the disk piece by piece, so that the same
//! command goes on where a crash, a power cut or Ctrl+C has ended it.
//!
//! It lies in the job's folder beside the output and begins with the [`Identity`] of the work; a
//! run that would do anything else is refused. `docs/journal.md` describes the file. What results
//! mean, and when a piece is one, is decided in [`crate::job`].

mod blocks;
mod contents;
mod folder;
mod records;
mod writer;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use faceau_measure::Limits;

use crate::identity::{Difference, Identity};
use crate::job::pieces::{Found, PieceLog};
use crate::plan::Segment;
use crate::task::TaskId;
use blocks::Beginning;
use contents::{Contents, Plan};
use records::{Part, PartReader};
use writer::Writer;

pub use folder::{FolderError, JobFolder};

/// What blocks are.
mod kind {
    /// The identity of the work, as JSON; the first block.
    pub const IDENTITY: u8 = 1;
    /// How the input is cut, as JSON; before the first part.
    pub const PLAN: u8 = 2;
    /// Results of some frames.
    pub const PART: u8 = 3;
    /// From here on outputs may lie under their names. No content.
    pub const PUBLISHING: u8 = 4;
    /// What the networks run on, as text; before the first part that was made with it.
    pub const ENGINE: u8 = 5;
}

/// A job's journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Its folder cannot.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It is of other work.
    #[error(
        "{}: holds unfinished work that this command cannot continue: {}; give --restart to throw \
         it away and begin anew, or do as before to finish it",
        path.display(),
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    OtherWork {
        /// The job's folder.
        path: PathBuf,
        /// In what it differs.
        differences: Vec<Difference>,
    },
    /// It is no journal, or one of another version.
    #[error(
        "{}: {what}; give --restart to throw it away and begin anew",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The system refuses.
    #[error("{}: the journal cannot be read or written: {cause}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// The journal of a job that is at work.
#[derive(Debug)]
pub struct Journal {
    /// There until the journal is dropped.
    folder: Option<JobFolder>,
    file: Arc<File>,
    contents: Contents,
    by_decoding: bool,
    writer: Option<Writer>,
    /// The part of each task that is being filled.
    open: BTreeMap<TaskId, Part>,
    /// Whether work has begun, so that there is more in the file than there was at first.
    begun: bool,
    /// Whether there is something that a later run could go on with.
    worth_keeping: bool,
}

impl Journal {
    /// Opens the journal of the work that `identity` decides, or begins one. With `restart`,
    /// whatever is there is thrown away; what a job left that failed only if it is of other work.
    ///
    /// # Errors
    /// When there is one of other work, or the system refuses.
    pub fn open(
        folder: JobFolder,
        identity: &Identity,
        restart: bool,
    ) -> Result<Self, JournalError> {
        let path = folder.journal();
        let failed = folder.take_failure();
        let system = |cause| JournalError::System {
            path: path.clone(),
            cause,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(restart)
            .open(&path)
            .map_err(system)?;
        let mut contents = match blocks::beginning(&file).map_err(system)? {
            Beginning::Journal => Contents::read(&file).map_err(system)?,
            Beginning::Torn => Contents::default(),
            Beginning::OtherVersion(_) if failed => Contents::default(),
            Beginning::OtherVersion(version) => {
                return Err(JournalError::Foreign {
                    path,
                    what: format!("unfinished work of another version (format {version})"),
                });
            }
            Beginning::Foreign => {
                return Err(JournalError::Foreign {
                    path,
                    what: "not a journal of this program".into(),
                });
            }
        };
        match &contents.identity {
            Some(earlier) => {
                let differences = identity.differences(earlier);
                if differences.is_empty() {
                    // A torn block at the end goes, so that the next one can follow.
                    file.set_len(contents.end).map_err(system)?;
                } else if contents.is_worth_keeping() && !failed {
                    return Err(JournalError::OtherWork {
                        path: folder.path().to_owned(),
                        differences,
                    });
                } else {
                    contents = begin(&file, folder.path(), identity).map_err(system)?;
                }
            }
            None => contents = begin(&file, folder.path(), identity).map_err(system)?,
        }
        Ok(Self {
            by_decoding: contents.plan.as_ref().is_some_and(|plan| plan.by_decoding),
            worth_keeping: contents.is_worth_keeping(),
            folder: Some(folder),
            file: Arc::new(file),
            contents,
            writer: None,
            open: BTreeMap::new(),
            begun: false,
        })
    }

    /// The folder in which a job keeps everything that is not finished.
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), JobFolder::path)
    }

    /// Whether outputs had begun to appear under their names when an earlier run ended. What lies
    /// there is then of the same work.
    pub fn was_publishing(&self) -> bool {
        self.contents.publishing
    }

    /// Outputs are about to appear under their names: says so on the disk before they do.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn publish(&mut self) -> io::Result<()> {
        self.settle()?;
        if !self.contents.publishing {
            self.append(kind::PUBLISHING, &[])?;
            self.contents.publishing = true;
            self.worth_keeping = true;
        }
        Ok(())
    }

    /// All outputs are in place: the journal goes, and its folder.
    pub fn done(mut self) {
        self.worth_keeping = false;
    }

    /// The job has failed by itself. What is known is kept for the same command, which may fare better,
    /// and is not in the way of another. Returns the folder if there was something to keep.
    pub fn leave_failed(self) -> Option<PathBuf> {
        if let Some(folder) = self.folder.as_ref().filter(|_| self.worth_keeping) {
            folder.note_failure();
        }
        self.leave()
    }

    /// The job has ended without its outputs. What is known is kept for a later run. Returns the
    /// folder if there was something to keep.
    pub fn leave(self) -> Option<PathBuf> {
        self.worth_keeping.then(|| self.folder().to_owned())
    }

    /// Waits until the thread that appends has nothing to do and is gone.
    fn settle(&mut self) -> io::Result<()> {
        self.open.clear();
        if let Some(writer) = self.writer.take() {
            self.contents.end = writer.finish()?;
        }
        Ok(())
    }

    /// Appends a block and flushes it. Only while no thread appends.
    fn append(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let mut block = Vec::new();
        blocks::wrap(kind, content, &mut block);
        self.file.write_all_at(&block, self.contents.end)?;
        self.file.sync_data()?;
        self.contents.end += block.len() as u64;
        Ok(())
    }

    /// Forgets all but the identity, and notes a plan.
    fn begin_anew(&mut self, plan: Plan) -> io::Result<()> {
        self.file.set_len(self.contents.identity_end)?;
        self.contents.end = self.contents.identity_end;
        self.contents.parts.clear();
        self.contents.publishing = false;
        self.contents.engine = None;
        self.append(kind::PLAN, &serde_json::to_vec(&plan)?)?;
        self.contents.plan = Some(plan);
        Ok(())
    }
}

/// Begins a journal in `file`, whatever was in it.
fn begin(file: &File, folder: &Path, identity: &Identity) -> io::Result<Contents> {
    let mut bytes = blocks::header().to_vec();
    let mut block = Vec::new();
    blocks::wrap(kind::IDENTITY, &serde_json::to_vec(identity)?, &mut block);
    bytes.extend_from_slice(&block);
    file.set_len(0)?;
    file.write_all_at(&bytes, 0)?;
    file.sync_all()?;
    // The file's own name, too, must outlast a power cut.
    File::open(folder)?.sync_all()?;
    let end = bytes.len() as u64;
    Ok(Contents {
        identity: Some(identity.clone()),
        identity_end: end,
        end,
        ..Contents::default()
    })
}

impl Drop for Journal {
    fn drop(&mut self) {
        // A failure was said when it came, or does not matter any more.
        let _ = self.settle();
        if let Some(folder) = self.folder.take()
            && !self.worth_keeping
        {
            folder.remove();
        }
    }
}

impl PieceLog for Journal {
    fn by_decoding(&self) -> bool {
        self.by_decoding
    }

    fn count_by_decoding(&mut self) {
        self.by_decoding = true;
    }

    fn bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    fn begin(
        &mut self,
        segments: &[Segment],
        limits: &Limits,
        known: &mut dyn FnMut(&Found<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            // What could not be written is done again; that it could not was said when it came.
            let _ = self.settle();
            self.contents = Contents::read(&self.file)?;
            self.file.set_len(self.contents.end)?;
        }
        let plan = Plan::of(segments, self.by_decoding);
        if self.contents.plan.as_ref() == Some(&plan) {
            let (mut reader, mut content) = (PartReader::default(), Vec::new());
            for part in &self.contents.parts {
                blocks::read_again(&self.file, part.place, &mut content)?;
                reader.read(&content, limits, known)?;
            }
        } else {
            self.begin_anew(plan)?;
        }
        self.writer = Some(Writer::start(Arc::clone(&self.file), self.contents.end)?);
        Ok(())
    }

    fn made_with(&mut self, engine: &str) -> io::Result<Option<String>> {
        match (&self.contents.engine, &self.writer) {
            (Some(earlier), _) if earlier == engine => {}
            (Some(earlier), _) if !self.contents.parts.is_empty() => {
                return Ok(Some(earlier.clone()));
            }
            (_, Some(writer)) => {
                writer.append_block(kind::ENGINE, engine.into())?;
                self.contents.engine = Some(engine.to_owned());
            }
            (_, None) => {}
        }
        Ok(None)
    }

    fn found(&mut self, found: &Found<'_>) -> io::Result<()> {
        let Some(writer) = &self.writer else {
            return Ok(());
        };
        let part = self
            .open
            .entry(found.task)
            .or_insert_with(|| Part::new(found.task, found.frame, writer.buffer()));
        part.push(found);
        if part.is_full()
            && let Some(part) = self.open.remove(&found.task)
        {
            let next = Part::new(found.task, part.next_frame(), writer.buffer());
            writer.append(part, false)?;
            self.open.insert(found.task, next);
        }
        Ok(())
    }

    fn piece_complete(&mut self, task: TaskId, _: Range<usize>) -> io::Result<()> {
        if let (Some(part), Some(writer)) = (self.open.remove(&task), &self.writer) {
            writer.append(part, true)?;
            self.worth_keeping = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
