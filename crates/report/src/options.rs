//! What is wanted of a page.

use faceau_summary::analysis::Analysis;
use sha2::{Digest, Sha256};

/// What stands for a face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pictures {
    /// Its landmarks, drawn on grey.
    #[default]
    Outline,
    /// Nothing.
    None,
}

/// What is wanted of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportOptions {
    /// What stands for a face.
    pub pictures: Pictures,
    /// The heading, in place of the file's name.
    pub title: Option<String>,
    /// Whether names of files are left out.
    pub hide_names: bool,
}

impl ReportOptions {
    /// What a recording is called on its page: a title, the file's name, or eight digits.
    pub fn name(&self, analysis: &Analysis) -> String {
        let recording = &analysis.recording;
        let name = match (&self.title, self.hide_names) {
            (Some(title), _) => title.clone(),
            (None, true) => Self::code(analysis),
            (None, false) => match &recording.facts.input {
                Some(input) => std::path::Path::new(input).file_name().map_or_else(
                    || recording.stem(),
                    |name| name.to_string_lossy().into_owned(),
                ),
                None => recording.stem(),
            },
        };
        match recording.face {
            0 => name,
            face => format!("{name}, face {face}"),
        }
    }

    /// The name of the page's file without its ending.
    pub fn file_stem(&self, analysis: &Analysis) -> String {
        let stem = match self.hide_names {
            true => Self::code(analysis),
            false => analysis.recording.stem(),
        };
        match analysis.recording.face {
            0 => stem,
            face => format!("{stem}.face{face}"),
        }
    }

    /// The first 8 digits of the input's SHA-256; where that is not known, of the table's name.
    fn code(analysis: &Analysis) -> String {
        let recording = &analysis.recording;
        let known = recording.facts.input_sha256.clone();
        let digest = known.unwrap_or_else(|| {
            let digest = Sha256::digest(recording.stem().as_bytes());
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        });
        digest.chars().take(8).collect()
    }
}
