//! How each input of the batch ended: for people at the end, and in a file after every input, so
//! that it tells the truth so far whatever happens.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::cli::Cli;
use crate::output::{resolve, write_whole};
use crate::progress::{Counts, Ending, InputEnd, Progress, Status};

/// Version of the file's layout.
const FORMAT: u32 = 1;
/// Name of the file if the user gives none.
const NAME: &str = "batch.json";
/// What marks the file as ours.
const PROGRAM: &str = "faceau-supervisor";

/// The file that the user named for the summary cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{}: the summary cannot be written here: {reason}", path.display())]
pub(super) struct SummaryError {
    path: PathBuf,
    reason: String,
}

/// Keeps account of all inputs.
pub(super) struct Summary {
    file: Option<PathBuf>,
    account: Account,
}

/// What is in the file. `docs/progress.md` describes it.
#[derive(Serialize)]
struct Account {
    format: u32,
    program: &'static str,
    version: &'static str,
    /// Seconds since 1970 at which the batch began.
    started: u64,
    /// `null` as long as it is going on, or if it was killed.
    exit_code: Option<i32>,
    counts: Counts,
    inputs: Vec<Entry>,
}

/// One input.
#[derive(Serialize)]
struct Entry {
    path: String,
    status: Status,
    outputs: Vec<String>,
    frames: usize,
    successful: usize,
    failed_frames: usize,
    seconds: f64,
    reason: Option<String>,
}

/// Enough of a file to see whether it is ours.
#[derive(Deserialize)]
struct Mark {
    program: String,
}

impl Summary {
    /// All inputs wait.
    pub(super) fn begin(plan: &Plan, cli: &Cli, progress: &mut Progress) -> anyhow::Result<Self> {
        let several = plan.tasks.len() > 1;
        let mut file = match &cli.summary {
            Some(file) => Some(file.clone()),
            None => several.then(|| cli.out_dir.join(NAME)),
        };
        if let Some(path) = &file
            && let Err(reason) = check_ours(path)
        {
            let error = SummaryError {
                path: path.clone(),
                reason,
            };
            if cli.summary.is_some() {
                return Err(error.into());
            }
            progress.warn_all(&format!("{error}; --summary names another file"));
            file = None;
        }
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        let waiting = plan.tasks.iter().map(|task| Entry {
            path: text(&task.path),
            status: Status::Waiting,
            outputs: Vec::new(),
            frames: 0,
            successful: 0,
            failed_frames: 0,
            seconds: 0.0,
            reason: None,
        });
        Ok(Self {
            file,
            account: Account {
                format: FORMAT,
                program: PROGRAM,
                version: env!("CARGO_PKG_VERSION"),
                started: started.map_or(0, |since| since.as_secs()),
                exit_code: None,
                counts: Counts::default(),
                inputs: waiting.collect(),
            },
        })
    }

    /// Work on an input begins. Inputs are counted from 0.
    pub(super) fn work_begins(&mut self, number: usize, progress: &mut Progress) {
        self.account.inputs[number].status = Status::Running;
        self.write(progress);
    }

    /// An input has ended.
    pub(super) fn input_ended(&mut self, number: usize, end: &InputEnd, progress: &mut Progress) {
        let entry = &mut self.account.inputs[number];
        // One that needed no work ends within no time; the next one's beginning tells of it.
        let worked = entry.status == Status::Running;
        entry.status = end.status;
        entry.outputs = end.outputs.iter().map(|path| text(path)).collect();
        (entry.frames, entry.successful) = (end.frames, end.successful);
        entry.failed_frames = end.failed_frames;
        entry.seconds = end.seconds;
        entry.reason = end.error.clone();
        if worked {
            self.write(progress);
        }
    }

    /// How many inputs ended in which way so far.
    pub(super) fn counts(&self) -> Counts {
        let count = |wanted: &[Status]| {
            let statuses = self.account.inputs.iter().map(|entry| entry.status);
            statuses.filter(|status| wanted.contains(status)).count()
        };
        Counts {
            done: count(&[Status::Done]),
            skipped: count(&[Status::Skipped]),
            partial: count(&[Status::Partial]),
            failed: count(&[Status::Failed]),
            not_done: count(&[Status::Stopped, Status::Waiting, Status::Running]),
        }
    }

    /// The batch is over.
    pub(super) fn end(&mut self, exit_code: i32, progress: &mut Progress) -> Ending {
        self.account.exit_code = Some(exit_code);
        self.write(progress);
        let several = self.account.inputs.len() > 1;
        Ending {
            counts: self.counts(),
            exit_code,
            summary: self.file.clone(),
            table: several.then(|| table(&self.account.inputs, self.file.as_deref())),
        }
    }

    fn write(&mut self, progress: &mut Progress) {
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
            progress.warn_all(&format!("there will be no summary: {error}"));
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

/// What people read in the morning: a line for each input.
fn table(inputs: &[Entry], file: Option<&Path>) -> String {
    use std::fmt::Write;
    let mut text = String::from("status      frames   faces   frames/s  input\n");
    for entry in inputs {
        let status = match entry.status {
            Status::Skipped => "skipped",
            status => status.for_people(),
        };
        let share = 100.0 * entry.successful as f64 / entry.frames.max(1) as f64;
        let speed = match entry.seconds {
            seconds if seconds > 0.0 => format!("{:.1}", entry.frames as f64 / seconds),
            _ => "-".to_owned(),
        };
        let (frames, share) = match entry.frames {
            0 => ("-".to_owned(), "-".to_owned()),
            frames => (frames.to_string(), format!("{share:.1}%")),
        };
        let input = match &entry.reason {
            // Reasons name the input themselves, mostly.
            Some(reason) if reason.contains(&entry.path) => reason.clone(),
            Some(reason) => format!("{}: {reason}", entry.path),
            None if entry.failed_frames > 0 => {
                let failed = entry.failed_frames;
                format!(
                    "{} (frames that could not be analysed: {failed})",
                    entry.path
                )
            }
            None => entry.path.clone(),
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{status:<9} {frames:>8} {share:>7} {speed:>10}  {input}"
        );
    }
    if let Some(file) = file {
        let _ = write!(text, "summary: {}", file.display());
    } else {
        text.pop();
    }
    text
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_input() {
        let entry = |path: &str, status, frames, successful, reason: Option<&str>| Entry {
            path: path.into(),
            status,
            outputs: Vec::new(),
            frames,
            successful,
            failed_frames: usize::from(path == "a.mp4"),
            seconds: if frames > 0 { 10.0 } else { 0.0 },
            reason: reason.map(str::to_owned),
        };
        let inputs = [
            entry("a.mp4", Status::Done, 200, 150, None),
            entry("b.mp4", Status::Failed, 0, 0, Some("b.mp4: no frames")),
            entry("c.mp4", Status::Failed, 0, 0, Some("disk full")),
            entry("d.mp4", Status::Waiting, 0, 0, None),
        ];
        let expected = "\
status      frames   faces   frames/s  input
done           200   75.0%       20.0  a.mp4 (frames that could not be analysed: 1)
failed           -       -          -  b.mp4: no frames
failed           -       -          -  c.mp4: disk full
not begun        -       -          -  d.mp4
summary: out/batch.json";
        assert_eq!(table(&inputs, Some(Path::new("out/batch.json"))), expected);
        assert_eq!(table(&inputs[..1], None).lines().count(), 2);
    }

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
