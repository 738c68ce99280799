//! Summaries of finished tables, as files: which tables there are, what is computed of each, where
//! it goes. The numbers are the work of `faceau-summary`.

mod options;
mod tables;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use faceau_summary::actions::{Action, MarkedActions, find_for};
use faceau_summary::analysis::{Analysis, notice};
use faceau_summary::export::{bids, elan};
use faceau_summary::recording::Recording;
use faceau_summary::sheet::{self, Row};
use faceau_summary::{cooccurrence, thresholds};
use serde::{Deserialize, Serialize};

use faceau_outputs::write_whole;

pub use options::{Export, FileOptions, MeasureOptions, Settings};
pub use tables::{home_of, tables};

/// Version of `summary.json`.
const FORMAT: u32 = 1;
/// What marks `summary.json` as ours.
const PROGRAM: &str = "faceau-supervisor";
/// The table of one row a video and face.
pub const SUMMARY: &str = "summary.csv";
/// What its columns mean.
pub const DESCRIPTION: &str = "summary.json";

/// The summary of a folder while it grows.
pub struct Summaries {
    settings: Settings,
    folder: PathBuf,
    rows: Vec<Row>,
    tables: Vec<TableRecord>,
}

/// What `summary.json` says of a table.
#[derive(Debug, Serialize)]
struct TableRecord {
    table: String,
    /// What could not be taken from it.
    notes: Vec<String>,
    /// Why it has no row.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct Description<'a> {
    format: u32,
    program: &'static str,
    version: &'static str,
    notice: &'static str,
    columns: &'a [sheet::ColumnInfo],
    thresholds: Vec<Threshold>,
    tables: &'a [TableRecord],
}

#[derive(Serialize)]
struct Threshold {
    name: &'static str,
    value: f64,
    meaning: &'static str,
}

/// Enough of a file to see whether it is ours.
#[derive(Deserialize)]
struct Mark {
    program: String,
}

impl Summaries {
    /// A summary that will lie in `folder`.
    ///
    /// # Errors
    /// When there is a `summary.csv` that is not ours.
    pub fn in_folder(folder: &Path, settings: Settings) -> anyhow::Result<Self> {
        let (table, description) = (folder.join(SUMMARY), folder.join(DESCRIPTION));
        let ours = || {
            let text = std::fs::read(&description).ok()?;
            let mark = serde_json::from_slice::<Mark>(&text).ok()?;
            (mark.program == PROGRAM).then_some(())
        };
        if table.exists() && ours().is_none() {
            bail!(
                "{}: is there and is no summary of this program; move it, or name another folder \
                 with --out-dir",
                table.display()
            );
        }
        Ok(Self {
            settings,
            folder: folder.to_owned(),
            rows: Vec::new(),
            tables: Vec::new(),
        })
    }

    /// The analyses of a table, one for each face in it. Their rows are added to the summary, and
    /// the files that are wanted of each are written beside `place` (the table's own path, or where
    /// it would lie in another folder). A table that cannot be used is noted.
    ///
    /// # Errors
    /// When the table or its actions cannot be used, or a file cannot be written.
    pub fn add(&mut self, table: &Path, place: &Path) -> anyhow::Result<Vec<Analysis>> {
        let name = table.display().to_string();
        match self.analyse(table, place) {
            Ok((analyses, notes)) => {
                self.rows.extend(analyses.iter().map(Analysis::row));
                self.tables.push(TableRecord {
                    table: name,
                    notes,
                    error: None,
                });
                Ok(analyses)
            }
            Err(error) => {
                self.tables.push(TableRecord {
                    table: name,
                    notes: Vec::new(),
                    error: Some(format!("{error:#}")),
                });
                Err(error)
            }
        }
    }

    fn analyse(&self, table: &Path, place: &Path) -> anyhow::Result<(Vec<Analysis>, Vec<String>)> {
        let recordings = Recording::read(table, &self.settings.reading)?;
        let several = recordings.len() > 1;
        let mut notes = Vec::new();
        let mut analyses = Vec::new();
        for recording in recordings {
            let (actions, left_out) = self.actions(&recording)?;
            for note in recording.notes.iter().chain(&left_out) {
                if !notes.contains(note) {
                    notes.push(note.clone());
                }
            }
            let analysis = Analysis::of(recording, actions, &self.settings.wishes);
            let place = match several {
                true => face_path(place, analysis.recording.face),
                false => place.to_owned(),
            };
            self.settings.files.write(&analysis, &place)?;
            analyses.push(analysis);
        }
        Ok((analyses, notes))
    }

    /// The actions of a recording, and what had to be left out of them.
    fn actions(&self, recording: &Recording) -> anyhow::Result<(Vec<Action>, Vec<String>)> {
        let Some(given) = &self.settings.actions else {
            return Ok((Vec::new(), Vec::new()));
        };
        let file = match given.is_dir() {
            true => find_for(given, &recording.stem()),
            false => Some(given.clone()),
        };
        let Some(file) = file else {
            let note = format!("no actions in {} have its name", given.display());
            return Ok((Vec::new(), vec![note]));
        };
        let marked = MarkedActions::read(&file, self.settings.tier.as_deref())?;
        Ok((marked.in_recording(recording), marked.notes))
    }

    /// Writes `summary.csv` and `summary.json`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("{}: cannot be made", self.folder.display()))?;
        let all = thresholds::in_force(&self.settings.wishes.thresholds).into_iter();
        let thresholds = all.map(|(name, value, meaning)| Threshold {
            name,
            value,
            meaning,
        });
        let description = Description {
            format: FORMAT,
            program: PROGRAM,
            version: env!("CARGO_PKG_VERSION"),
            notice: notice(),
            columns: self.rows.first().map_or(&[], |row| &row.columns),
            thresholds: thresholds.collect(),
            tables: &self.tables,
        };
        // The description first: it says that the table beside it is ours.
        write_whole(&self.folder.join(DESCRIPTION), |file| {
            serde_json::to_writer_pretty(&mut *file, &description)?;
            writeln!(file)
        })?;
        write_text(&self.folder.join(SUMMARY), &sheet::csv(&self.rows))
    }

    /// Where the summary lies.
    pub fn path(&self) -> PathBuf {
        self.folder.join(SUMMARY)
    }
}

/// `a.csv` of face 2 is `a.face2.csv`.
fn face_path(place: &Path, face: i64) -> PathBuf {
    place.with_extension(format!("face{face}.csv"))
}

impl FileOptions {
    /// Writes what is wanted of a recording beside `place`.
    fn write(&self, analysis: &Analysis, place: &Path) -> anyhow::Result<()> {
        let text = |ending: &str, text: &str| write_text(&place.with_extension(ending), text);
        if self.events {
            text("events.csv", &analysis.events_csv())?;
        }
        if self.measures && analysis.recording.geometry.is_some() {
            text("measures.csv", &analysis.measures_csv())?;
        }
        if self.cooccurrence {
            text("cooccurrence.csv", &cooccurrence::csv(&analysis.pairs()))?;
        }
        if !analysis.actions.is_empty() {
            text("actions.csv", &analysis.actions_csv())?;
        }
        for export in &self.export {
            match export {
                Export::Bids => {
                    let stem = place.with_extension("");
                    for (ending, content) in bids::files(analysis) {
                        let mut path = stem.clone().into_os_string();
                        path.push(ending);
                        write_text(Path::new(&path), &content)?;
                    }
                }
                Export::Elan => {
                    let media = analysis.recording.facts.input.as_deref();
                    let media = media.and_then(|media| {
                        let name = Path::new(media).file_name()?.to_string_lossy().into_owned();
                        Some(format!("./{name}"))
                    });
                    text("eaf", &elan::file(analysis, media.as_deref()))?;
                }
            }
        }
        Ok(())
    }
}

/// Writes a text so that it appears whole or not at all, and makes its folder.
///
/// # Errors
/// When the system refuses.
pub fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent()
        && !folder.as_os_str().is_empty()
    {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display()))?;
    }
    write_whole(path, |file| file.write_all(text.as_bytes()))?;
    Ok(())
}
