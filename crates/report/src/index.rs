//! The index of a folder: a row for each recording, those that failed or wait too.
//!
//! Rows are kept as text, so that the index can be written anew after each recording of a night.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use faceau_drawing::{Axis, Page, escape, script_hash};
use faceau_summary::analysis::{Analysis, notice};
use faceau_summary::quality::Grade;

use crate::page::Report;
use crate::quality;
use crate::text::{clock, running_foot, two};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("index.js");
/// Columns of a row's strip.
const COLUMNS: usize = 120;

/// How far a recording is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Measured now.
    Done,
    /// Measured by an earlier run.
    DoneBefore,
    /// Not measured, and why.
    Failed(String),
    /// Cut short.
    Stopped,
    /// Being measured.
    InWork,
    /// Not begun.
    Waiting,
}

impl State {
    fn words(&self) -> String {
        match self {
            Self::Done => "done".into(),
            Self::DoneBefore => "done before".into(),
            Self::Failed(reason) => format!("failed: {}", escape(reason)),
            Self::Stopped => "stopped".into(),
            Self::InWork => "in work".into(),
            Self::Waiting => "waiting".into(),
        }
    }
}

/// A row of the index.
#[derive(Debug, Clone)]
pub struct Entry {
    name: String,
    folder: String,
    state: State,
    measured: Option<Measured>,
}

/// What is known of a recording that was measured.
#[derive(Debug, Clone)]
struct Measured {
    link: String,
    picture: String,
    seconds: f64,
    grade: Grade,
    strip: String,
    figures: [Option<f64>; 4],
    warnings: Vec<&'static str>,
    models: String,
    versions: String,
}

impl Entry {
    /// A recording of which nothing is known yet. `folder` is the sub-folder that it lies in.
    pub fn new(name: &str, folder: &str, state: State) -> Self {
        Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            state,
            measured: None,
        }
    }

    /// A recording with its page, which lies at `link` as seen from the index.
    pub fn measured(
        name: &str,
        folder: &str,
        state: State,
        a: &Analysis,
        report: &Report,
        link: &str,
    ) -> Self {
        let axis = Axis::new(a.timeline.times.clone(), 0.0, 120.0, COLUMNS);
        let number = |name: &str| report.row.get(name).and_then(|cell| cell.parse().ok());
        let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".into());
        Self {
            measured: Some(Measured {
                link: link.to_owned(),
                picture: report.thumbnail.clone(),
                seconds: a.timeline.seconds(),
                grade: a.quality.grade().0,
                strip: quality::strip(&axis, &quality::classes(a), 0.0, 8.0),
                figures: [
                    "expr_smile_pct",
                    "AU12_p95",
                    "blinks_per_min_both",
                    "head_turn_mean",
                ]
                .map(number),
                warnings: a.warnings.iter().map(|warning| warning.code).collect(),
                models: known(&a.recording.facts.models),
                versions: known(&a.recording.facts.version),
            }),
            ..Self::new(name, folder, state)
        }
    }

    fn html(&self) -> String {
        let Some(m) = &self.measured else {
            return format!(
                "<tr><td>–</td><td>{}</td><td>–</td><td>{}</td><td>–</td><td>–</td><td>–</td><td>–</td><td>–</td><td>–</td></tr>\n",
                escape(&self.name),
                self.state.words()
            );
        };
        let picture = if m.picture.is_empty() {
            "–"
        } else {
            &m.picture
        };
        let mut html = format!(
            "<tr><td>{picture}</td><td><a href=\"{}\">{}</a></td><td class=\"number\" data-key=\"{:.1}\">{}</td><td>{}</td>\
             <td data-key=\"{}\">{} <svg class=\"strip\" role=\"img\" viewBox=\"0 0 120 8\"><title>Quality over time: {}</title>{}</svg></td>",
            escape(&link_text(&m.link)),
            escape(&self.name),
            m.seconds,
            clock(m.seconds),
            self.state.words(),
            m.grade as u8,
            m.grade.word(),
            m.grade.word(),
            m.strip
        );
        for value in m.figures {
            let key = value.map_or_else(|| "-1".to_owned(), |value| value.to_string());
            let _ = write!(
                html,
                "<td class=\"number\" data-key=\"{key}\">{}</td>",
                two(value)
            );
        }
        let _ = writeln!(
            html,
            "<td data-key=\"{0}\" title=\"{1}\">{0}{2}</td></tr>",
            m.warnings.len(),
            m.warnings.join(" "),
            if m.warnings.is_empty() {
                String::new()
            } else {
                format!(": {}", m.warnings.join(", "))
            }
        );
        html
    }
}

/// A path as it stands in a link.
fn link_text(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => text.push(byte as char),
            byte if byte.is_ascii_alphanumeric() => text.push(byte as char),
            byte => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// The index of a folder.
#[derive(Debug, Clone, Default)]
pub struct IndexPage {
    /// The rows, in the order of the inputs.
    pub entries: Vec<Entry>,
}

impl IndexPage {
    /// The page.
    pub fn html(&self) -> String {
        let mut body = String::from("<header><h1>Recordings</h1>\n");
        body += &self.summary();
        body += "</header>\n<table class=\"index\"><thead><tr>";
        for name in [
            "face",
            "recording",
            "length",
            "state",
            "quality",
            "smile, % of time",
            "AU12, 95 %",
            "blinks / min",
            "head turn, °/s",
            "warnings",
        ] {
            let _ = write!(body, "<th scope=\"col\">{name}</th>");
        }
        body += "</tr></thead><tbody>\n";
        let mut folder = "";
        for entry in &self.entries {
            // Where the table of what was not measured would lie is not known.
            let known = entry.measured.is_some() || !entry.folder.is_empty();
            if known && entry.folder != folder {
                folder = &entry.folder;
                let name = if folder.is_empty() { "." } else { folder };
                let _ = writeln!(
                    body,
                    "<tr class=\"folder\"><th colspan=\"10\">{}</th></tr>",
                    escape(name)
                );
            }
            body += &entry.html();
        }
        let _ = write!(
            body,
            "</tbody></table>\n<p class=\"legend\">Smile: time with AU12 at 1 or more. Intensities of different \
             people are not on one scale.</p>\n<footer>{}</footer>\n<script>{SCRIPT}</script>",
            escape(notice())
        );
        let style = format!("{STYLE}{}", running_foot("Recordings", notice()));
        let page = Page {
            title: "Recordings",
            style: &style,
            script_source: &script_hash(SCRIPT),
            body: &body,
        };
        page.html()
    }

    fn summary(&self) -> String {
        let count = |wanted: &dyn Fn(&Entry) -> bool| {
            self.entries.iter().filter(|entry| wanted(entry)).count()
        };
        let done = count(&|entry| matches!(entry.state, State::Done | State::DoneBefore));
        let failed = count(&|entry| matches!(entry.state, State::Failed(_)));
        let measured = || {
            self.entries
                .iter()
                .filter_map(|entry| entry.measured.as_ref())
        };
        let poor = measured().filter(|m| m.grade == Grade::Poor).count();
        let minutes = measured().map(|m| m.seconds).sum::<f64>() / 60.0;
        let mut html = format!(
            "<p>{} recordings: {done} done, {failed} failed, {poor} poor; {minutes:.1} minutes.</p>\n",
            self.entries.len()
        );
        let versions: BTreeSet<&str> = measured().map(|m| m.versions.as_str()).collect();
        if !versions.is_empty() {
            let listed: Vec<&str> = versions.into_iter().collect();
            html += &format!(
                "<p>Measured by version: {}.</p>\n",
                escape(&listed.join(", "))
            );
        }
        let models: BTreeSet<&str> = measured().map(|m| m.models.as_str()).collect();
        if models.len() > 1 {
            html += "<p><b>These recordings were measured with different models; their figures are not to be \
                     compared.</b></p>\n";
        }
        html
    }
}
