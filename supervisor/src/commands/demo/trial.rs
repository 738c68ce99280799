//! One trial: a demo clip, measured by the ordinary main job with the demo models, and compared with
//! its truth.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Parser;
use faceau_compare::comparison::{Comparison, Matched};
use faceau_compare::page;
use faceau_compare::table::Table;

use super::make::{self, MakeArgs};
use super::recovery::Recovery;
use super::truth::Truth;
use crate::commands::Program;
use crate::exit::Exit;
use faceau_outputs::write_whole;

/// What a trial works on, and where.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The clip.
    pub video: PathBuf,
    /// How to make it where it is not there yet.
    pub make: MakeArgs,
    /// Number of worker processes; the main job's own choice if nothing is said.
    pub workers: Option<u16>,
    /// Whether the main job says nothing but errors.
    pub quiet: bool,
}

/// How a trial ended.
#[derive(Debug)]
pub enum Ended {
    /// The clip was measured.
    Measured(Recovery),
    /// The main job failed or was stopped.
    Not(Exit),
}

impl Trial {
    /// The folder for all files.
    fn folder(&self) -> &Path {
        self.video.parent().unwrap_or(Path::new("."))
    }

    /// The measured table.
    pub fn table(&self) -> PathBuf {
        self.video.with_extension("csv")
    }

    /// The truth.
    pub fn truth(&self) -> PathBuf {
        self.video.with_extension("truth.csv")
    }

    /// The page with the curves.
    pub fn page(&self) -> PathBuf {
        self.video.with_extension("html")
    }

    /// Makes the clip if it is not there, measures it, and writes the page.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn run(&self) -> anyhow::Result<Ended> {
        if !(self.video.is_file() && self.truth().is_file()) {
            match make::run(&self.make)? {
                Exit::Code(0) => {}
                other => return Ok(Ended::Not(other)),
            }
        }
        match Program::try_parse_from(self.arguments())?.analysis.run() {
            Exit::Code(0) => {}
            other => return Ok(Ended::Not(other)),
        }
        let truth = Truth::read(&self.truth())?;
        let measured = Table::read(&self.table(), None)?;
        let matched = Matched::new(&truth.table, &measured, None, false)?;
        let comparison = Comparison::of(&matched);
        let page = page::html(&matched, &comparison, &[]);
        write_whole(&self.page(), |file| file.write_all(page.as_bytes()))?;
        Ok(Ended::Measured(Recovery::of(
            &matched,
            &comparison,
            &truth.sight,
        )))
    }

    /// The command line of the main job, as a user would type it.
    fn arguments(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["faceau-supervisor".into()];
        words.extend(["--pipeline", "demo", "--overwrite", "--out-dir"].map(OsString::from));
        words.push(self.folder().into());
        if let Some(workers) = self.workers {
            words.extend(["--workers".into(), workers.to_string().into()]);
        }
        if self.quiet {
            words.push("--quiet".into());
        }
        words.push(self.video.clone().into());
        words
    }
}
