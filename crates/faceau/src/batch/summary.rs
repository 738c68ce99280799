//! How each input of the batch ended, in a file after every input, so that it tells the truth so far
//! whatever happens.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use faceau_events::{
    BatchSummary, Counts, End, InputEnd, InputSummary, PROGRAM, SUMMARY_FORMAT, Status, WarningCode,
};
use serde::Deserialize;

use super::plan::Plan;
use crate::settings::Settings;
use faceau_engine::reporter::{Reporter, text};
use faceau_outputs::{resolve, write_whole};

/// Name of the file if the user gives none.
const NAME: &str = "batch.json";

/// The file that the user named for the summary cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{}: the summary cannot be written here: {reason}", path.display())]
pub(super) struct SummaryError {
    path: PathBuf,
    reason: String,
}

/// Keeps account of all inputs.
pub(super) struct BatchFile {
    file: Option<PathBuf>,
    account: BatchSummary,
}

/// Enough of a file to see whether it is ours.
#[derive(Deserialize)]
struct Mark {
    program: String,
}

impl BatchFile {
    /// All inputs wait.
    pub(super) fn begin(
        plan: &Plan,
        settings: &Settings,
        reporter: &mut Reporter<'_>,
    ) -> anyhow::Result<Self> {
        let several = plan.tasks.len() > 1;
        let mut file = match &settings.summary {
            Some(file) => Some(file.clone()),
            None => several.then(|| settings.out_dir.join(NAME)),
        };
        if let Some(path) = &file
            && let Err(reason) = check_ours(path)
        {
            let error = SummaryError {
                path: path.clone(),
                reason,
            };
            if settings.summary.is_some() {
                return Err(error.into());
            }
            reporter.warn_all(
                WarningCode::Summary,
                &format!("{error}; --summary names another file"),
            );
            file = None;
        }
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        let waiting = plan.tasks.iter().map(|task| text(&task.path));
        let mut account = BatchSummary::default();
        account.format = SUMMARY_FORMAT;
        account.program = PROGRAM.into();
        account.version = env!("CARGO_PKG_VERSION").into();
        account.started = started.map_or(0, |since| since.as_secs());
        account.inputs = waiting.map(InputSummary::waiting).collect();
        Ok(Self { file, account })
    }

    /// Work on an input begins. Inputs are counted from 0.
    pub(super) fn work_begins(&mut self, number: usize, reporter: &mut Reporter<'_>) {
        self.account.inputs[number].status = Status::Running;
        self.write(reporter);
    }

    /// An input has ended.
    pub(super) fn input_ended(
        &mut self,
        number: usize,
        end: &InputEnd,
        reporter: &mut Reporter<'_>,
    ) {
        let entry = &mut self.account.inputs[number];
        // One that needed no work ends within no time; the next one's beginning tells of it.
        let worked = entry.status == Status::Running;
        entry.status = end.status;
        entry.outputs.clone_from(&end.outputs);
        (entry.frames, entry.successful) = (end.frames, end.successful);
        entry.failed_frames = end.failed_frames;
        entry.seconds = end.seconds;
        entry.reason.clone_from(&end.error);
        entry.code = end.code;
        if worked {
            self.write(reporter);
        }
    }

    /// How many inputs ended in which way so far.
    pub(super) fn counts(&self) -> Counts {
        let count = |wanted: &[Status]| {
            let statuses = self.account.inputs.iter().map(|entry| entry.status);
            statuses.filter(|status| wanted.contains(status)).count()
        };
        let mut counts = Counts::default();
        counts.done = count(&[Status::Done]);
        counts.skipped = count(&[Status::Skipped]);
        counts.partial = count(&[Status::Partial]);
        counts.failed = count(&[Status::Failed]);
        counts.not_done = count(&[Status::Stopped, Status::Waiting, Status::Running]);
        counts
    }

    /// The batch is over.
    pub(super) fn end(&mut self, exit_code: i32, reporter: &mut Reporter<'_>) -> End {
        self.account.exit_code = Some(exit_code);
        self.write(reporter);
        let mut end = End::default();
        end.counts = self.counts();
        end.exit_code = exit_code;
        end.summary = self.file.as_deref().map(text);
        end
    }

    /// How each input ended so far.
    pub(super) fn account(&self) -> &BatchSummary {
        &self.account
    }

    fn write(&mut self, reporter: &mut Reporter<'_>) {
        self.account.counts = self.counts();
        let Some(file) = &self.file else {
            return;
        };
        let written = folder_of(file).and_then(|()| {
            write_whole(file, |file| {
                use std::io::Write;
                serde_json::to_writer_pretty(&mut *file, &self.account)?;
                writeln!(file)
            })
            .map_err(io::Error::other)
        });
        if let Err(error) = written {
            reporter.warn_all(
                WarningCode::Summary,
                &format!("there will be no summary: {error}"),
            );
            self.file = None;
        }
    }
}

/// The file is about to be replaced: it must be one of ours, or none.
fn check_ours(path: &Path) -> Result<(), String> {
    if path == Path::new("-") {
        return Err("it is written anew after every input, which only a file can be".into());
    }
    resolve(path).map_err(|error| error.to_string())?;
    match fs::read(path) {
        Ok(content) => match serde_json::from_slice::<Mark>(&content) {
            Ok(mark) if mark.program == PROGRAM => Ok(()),
            _ => Err("there is a file that is no summary of this program".into()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn folder_of(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batch.json");
        assert_eq!(check_ours(&path), Ok(()));
        fs::write(&path, r#"{"program": "faceau-supervisor", "format": 0}"#).unwrap();
        assert_eq!(check_ours(&path), Ok(()));
        for foreign in ["", "[]", r#"{"program": "another"}"#] {
            fs::write(&path, foreign).unwrap();
            assert!(check_ours(&path).is_err(), "{foreign}");
        }
    }
}
