//! `--summarise` and `--report`: what is made of each table right after it was written.
//!
//! It watches the work as any observer does and passes everything on. It reads finished tables and can
//! hurt none: what fails here is a warning.

use std::path::{Path, PathBuf};

use faceau_events::{
    BatchSummary, Event, InputEnd, Observer, RunRecord, Status, Warning, WarningCode,
};
use faceau_report::State;

use crate::reports::{PageOptions, Reports};
use crate::summaries::{Settings, Summaries};

/// An observer that makes summaries and pages, and tells another one of everything.
pub struct AfterEach<'a> {
    observer: &'a mut dyn Observer,
    summaries: Option<Summaries>,
    wants_report: bool,
    reports: Option<Reports>,
    paths: Vec<PathBuf>,
    home: PathBuf,
}

impl<'a> AfterEach<'a> {
    /// Makes a summary in `home`, the folder of the tables, and pages if they are wanted.
    ///
    /// # Errors
    /// When there is a `summary.csv` that is not ours.
    pub fn new(
        observer: &'a mut dyn Observer,
        home: &Path,
        wants_report: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            observer,
            summaries: Some(Summaries::in_folder(home, Settings::default())?),
            wants_report,
            reports: None,
            paths: Vec::new(),
            home: home.to_owned(),
        })
    }

    fn input_ended(&mut self, end: &InputEnd) {
        let Some(number) = end.input.checked_sub(1) else {
            return;
        };
        let state = match end.status {
            Status::Done => State::Done,
            Status::Skipped => State::DoneBefore,
            Status::Failed => State::Failed(end.error.clone().unwrap_or_default()),
            _ => State::Stopped,
        };
        let is_done = matches!(state, State::Done | State::DoneBefore);
        // The table comes first among the outputs.
        let table = end.outputs.first().filter(|_| is_done).map(PathBuf::from);
        match table.map(|table| self.add(number, &table, &state)) {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                self.set(number, state);
                self.warn(Some(&end.path), &format!("it has no summary: {error:#}"));
            }
            None => self.set(number, state),
        }
        if let Some(Err(error)) = self.summaries.as_ref().map(Summaries::write) {
            self.summaries = None;
            self.warn(None, &format!("there will be no summary: {error:#}"));
        }
    }

    fn add(&mut self, number: usize, table: &Path, state: &State) -> anyhow::Result<()> {
        let Some(summaries) = &mut self.summaries else {
            return Ok(());
        };
        let analyses = summaries.add(table, table)?;
        if let Some(reports) = &mut self.reports {
            reports.add(number, &inner(&self.home, table), state, &analyses)?;
        }
        Ok(())
    }

    fn set(&mut self, number: usize, state: State) {
        if let (Some(reports), Some(path)) = (&mut self.reports, self.paths.get(number)) {
            reports.set(number, path, state);
        }
    }

    fn write_index(&mut self) {
        if let Some(Err(error)) = self.reports.as_ref().map(Reports::write_index) {
            self.reports = None;
            self.warn(None, &format!("there will be no report: {error:#}"));
        }
    }

    fn warn(&mut self, path: Option<&str>, message: &str) {
        let mut warning = Warning::default();
        warning.code = WarningCode::Report;
        warning.path = path.map(str::to_owned);
        warning.message = message.into();
        self.observer.event(&Event::Warning(warning));
    }
}

impl Observer for AfterEach<'_> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Start(start) if self.wants_report => {
                // Sub-folders are known when tables are.
                let names = start.paths.iter().map(|path| file_name(Path::new(path)));
                self.paths = names.collect();
                let options = PageOptions::default().report_options(None);
                self.reports = Some(Reports::in_folder(&self.home, options, &self.paths));
                self.write_index();
            }
            Event::InputStart(start) if start.input > 0 => {
                self.set(start.input - 1, State::InWork);
                self.write_index();
            }
            Event::InputEnd(end) => {
                self.input_ended(end);
                self.write_index();
            }
            _ => {}
        }
        self.observer.event(event);
    }

    fn remark(&mut self, text: &str) {
        self.observer.remark(text);
    }

    fn record(&mut self, record: &RunRecord) {
        self.observer.record(record);
    }

    fn summary(&mut self, summary: &BatchSummary) {
        self.observer.summary(summary);
    }
}

fn file_name(path: &Path) -> PathBuf {
    path.file_name()
        .map_or_else(|| path.to_owned(), PathBuf::from)
}

/// A table's path as seen from the folder of the outputs.
fn inner(home: &Path, table: &Path) -> PathBuf {
    match table.strip_prefix(home) {
        Ok(inner) => inner.to_owned(),
        Err(_) => file_name(table),
    }
}
