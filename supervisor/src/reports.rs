//! The folder of reports: a page for each recording and the index, which is written anew after each of
//! them. What is on the pages is the work of `faceau-report`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use faceau_report::{Entry, IndexPage, Pictures, Report, ReportOptions, State};
use faceau_summary::analysis::Analysis;

use crate::summaries::write_text;

/// The folder's name.
const FOLDER: &str = "report";
/// The index's name.
const INDEX: &str = "index.html";

/// How pages look.
#[derive(Debug, Clone, Default, Args)]
pub struct PageOptions {
    /// What stands for a face: its landmarks, or nothing
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    images: Images,

    /// Leave out the names of files; the first 8 digits of a recording's SHA-256 stand for it
    #[arg(long)]
    hide_names: bool,
}

/// `--images`
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Images {
    /// 68 points drawn on grey
    #[default]
    Outline,
    /// No picture
    None,
}

impl PageOptions {
    /// What they mean; `title` is the heading in place of a file's name.
    pub fn report_options(&self, title: Option<String>) -> ReportOptions {
        ReportOptions {
            pictures: match self.images {
                Images::Outline => Pictures::Outline,
                Images::None => Pictures::None,
            },
            title,
            hide_names: self.hide_names,
        }
    }
}

/// A folder of reports while it grows: some rows of the index for each input.
pub struct Reports {
    folder: PathBuf,
    options: ReportOptions,
    entries: Vec<Vec<Entry>>,
}

impl Reports {
    /// In the sub-folder `report` of `home`, for inputs of these names (paths from `home`), which all
    /// wait.
    pub fn in_folder(home: &Path, options: ReportOptions, inputs: &[PathBuf]) -> Self {
        let mut reports = Self {
            folder: home.join(FOLDER),
            options,
            entries: vec![Vec::new(); inputs.len()],
        };
        for (number, input) in inputs.iter().enumerate() {
            reports.set(number, input, State::Waiting);
        }
        reports
    }

    /// Says how far an input is of which there are no numbers.
    pub fn set(&mut self, number: usize, input: &Path, state: State) {
        let (name, folder, state) = match (self.options.hide_names, state) {
            // Reasons name files.
            (true, State::Failed(_)) => {
                let state = State::Failed("summary.json says why".into());
                (format!("recording {}", number + 1), String::new(), state)
            }
            (true, state) => (format!("recording {}", number + 1), String::new(), state),
            (false, state) => (file_name(input), folder_of(input), state),
        };
        self.entries[number] = vec![Entry::new(&name, &folder, state)];
    }

    /// Writes the pages of an input, whose table lies at `inner` as seen from the folder of all tables.
    ///
    /// # Errors
    /// When the table cannot be read again, or a page cannot be written.
    pub fn add(
        &mut self,
        number: usize,
        inner: &Path,
        state: &State,
        analyses: &[Analysis],
    ) -> anyhow::Result<()> {
        let mut entries = Vec::new();
        for analysis in analyses {
            let report = Report::of(analysis, &self.options)?;
            let place = match self.options.hide_names {
                true => PathBuf::from(&report.file_name),
                false => inner.with_file_name(&report.file_name),
            };
            write_text(&self.folder.join(&place), &report.html)?;
            let folder = match self.options.hide_names {
                true => String::new(),
                false => folder_of(inner),
            };
            entries.push(Entry::measured(
                &self.options.name(analysis),
                &folder,
                state.clone(),
                analysis,
                &report,
                &link(&place),
            ));
        }
        self.entries[number] = entries;
        Ok(())
    }

    /// Writes the index as it is now.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_index(&self) -> anyhow::Result<()> {
        let page = IndexPage {
            entries: self.entries.concat(),
        };
        write_text(&self.index(), &page.html())
    }

    /// Where the index lies.
    pub fn index(&self) -> PathBuf {
        self.folder.join(INDEX)
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn folder_of(path: &Path) -> String {
    path.parent()
        .map_or_else(String::new, |folder| folder.to_string_lossy().into_owned())
}

/// With slashes on every system.
fn link(path: &Path) -> String {
    let parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.collect::<Vec<_>>().join("/")
}
