//! Actions from files: FaceMirror's coded tables and its JSON, plain CSV and TSV, BIDS events, ELAN.
//! Which of them a file is, its content says.

use std::path::{Path, PathBuf};

use csv::ReaderBuilder;
use serde::Deserialize;

use super::Action;
use crate::recording::Recording;

/// Why actions cannot be read. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum ActionsError {
    /// The system refuses.
    #[error("{}: cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// There are no actions in it.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
}

/// When an action is, as its file says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    /// From a second up to another one.
    Seconds(f64, f64),
    /// From a frame to another one, both in, counted from 1.
    Frames(i64, i64),
    /// From a row of the table to another one, both in, counted from 0.
    Rows(usize, usize),
}

/// Actions as a file says them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MarkedActions {
    actions: Vec<(String, When)>,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

/// Codes that FaceMirror writes for ranges that nobody has coded.
const UNCODED: [&str; 5] = ["", "TBC", "NM", "SO_SE", "STOP"];

/// The file with a table's actions in a folder, by the table's name.
pub fn find_for(folder: &Path, stem: &str) -> Option<PathBuf> {
    let names = [
        format!("{stem}_left_mirrored_coded.csv"),
        format!("{stem}_coded.csv"),
        format!("{stem}.eaf"),
        format!("{stem}_events.tsv"),
        format!("{stem}_actions.csv"),
        format!("{stem}_actions.tsv"),
        format!("{stem}_actions.json"),
        format!("{stem}_actions.eaf"),
    ];
    names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

impl MarkedActions {
    /// Reads a file. `tier` is the tier of an ELAN file that holds actions.
    ///
    /// # Errors
    /// When it cannot be read or has no actions in a known form.
    pub fn read(path: &Path, tier: Option<&str>) -> Result<Self, ActionsError> {
        let text = std::fs::read(path).map_err(|cause| ActionsError::Read {
            path: path.to_owned(),
            cause,
        })?;
        let text = String::from_utf8_lossy(&text);
        Self::parse(&text, tier).map_err(|reason| ActionsError::Format {
            path: path.to_owned(),
            reason,
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// When it has no actions in a known form.
    pub fn parse(text: &str, tier: Option<&str>) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        match text.bytes().next() {
            None => Err("is empty".into()),
            Some(b'<') => elan(text, tier),
            Some(b'[' | b'{') => json(text),
            Some(_) => table(text),
        }
    }

    /// The actions in a recording, in order of their beginnings.
    pub fn in_recording(&self, recording: &Recording) -> Vec<Action> {
        let timeline = recording.timeline(0.0);
        let place = |frame: i64| recording.frames.partition_point(|&other| other < frame);
        let span = |first: usize, end: usize| {
            let (first, end) = (first.min(timeline.len()), end.min(timeline.len()));
            (first < end).then(|| {
                let start = timeline.times[first];
                (start, start + timeline.duration(&(first..end)))
            })
        };
        let mut all: Vec<Action> = self
            .actions
            .iter()
            .filter_map(|(code, when)| {
                let (start, end) = match *when {
                    When::Seconds(start, end) => (start, end),
                    When::Frames(first, last) => span(place(first), place(last + 1))?,
                    When::Rows(first, last) => span(first, last + 1)?,
                };
                Some(Action {
                    code: code.clone(),
                    start,
                    end,
                })
            })
            .collect();
        all.sort_by(|a, b| a.start.total_cmp(&b.start));
        all
    }

    fn push(&mut self, code: &str, when: When) {
        self.actions.push((code.trim().to_owned(), when));
    }
}

/// FaceMirror's project: frames from 0, both ends in.
fn json(text: &str) -> Result<MarkedActions, String> {
    #[derive(Deserialize)]
    struct Range {
        action: String,
        start: i64,
        end: i64,
        #[serde(default)]
        status: Option<String>,
    }
    let ranges: Vec<Range> = serde_json::from_str(text).map_err(|error| {
        format!(
            "is JSON but no list of {{\"action\", \"start\", \"end\"}} with frame numbers: {error}"
        )
    })?;
    let mut marked = MarkedActions::default();
    let mut left_out = 0;
    for range in ranges {
        let doubtful = range.status.as_deref() == Some("confirm_needed");
        if doubtful || UNCODED.contains(&range.action.trim()) {
            left_out += 1;
            continue;
        }
        marked.push(&range.action, When::Frames(range.start + 1, range.end + 1));
    }
    if left_out > 0 {
        marked.notes.push(format!(
            "{left_out} ranges are left out: to be coded, near misses, not confirmed"
        ));
    }
    Ok(marked)
}

/// A CSV or TSV: the header says which.
fn table(text: &str) -> Result<MarkedActions, String> {
    let header = text.lines().next().unwrap_or_default();
    let tabs = header.contains('\t');
    let mut reader = ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(str::to_owned).collect(),
        Err(error) => return Err(error.to_string()),
    };
    let place = |name: &str| {
        names
            .iter()
            .position(|column| column.eq_ignore_ascii_case(name))
    };
    let columns = |names: [&str; 3]| Some([place(names[0])?, place(names[1])?, place(names[2])?]);
    let mut marked = MarkedActions::default();
    let kind = if let Some(found) = columns(["trial_type", "onset", "duration"]) {
        (found, 'b')
    } else if let Some(found) = columns(["action", "start", "end"]) {
        (found, 's')
    } else if let Some(found) = columns(["action", "start_frame", "end_frame"]) {
        (found, 'f')
    } else if let Some(action) = place("action") {
        ([action; 3], 'c')
    } else {
        return Err(
            "has no actions: it takes the columns action, start, end (seconds), or action, \
             start_frame, end_frame, or onset, duration, trial_type, or a table with an action in each \
             row"
                .into(),
        );
    };
    let ([code, from, to], kind) = kind;
    let mut coded: Vec<String> = Vec::new();
    let mut events = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let code = record.get(code).unwrap_or_default().to_owned();
        if kind == 'c' {
            coded.push(code);
            continue;
        }
        let number = |column: usize| -> Result<f64, String> {
            let cell = record.get(column).unwrap_or_default();
            let finite = cell.parse::<f64>().ok().filter(|value| value.is_finite());
            finite.ok_or_else(|| {
                format!(
                    "line {}, column `{}`: `{cell}` is not a number",
                    row + 2,
                    names[column]
                )
            })
        };
        if UNCODED.contains(&code.as_str()) || code == "n/a" {
            continue;
        }
        let (from, to) = (number(from)?, number(to)?);
        let when = match kind {
            'b' => When::Seconds(from, from + to),
            's' => When::Seconds(from, to),
            _ => When::Frames(from as i64, to as i64),
        };
        events.push((code, when));
    }
    // Of a folder that this program exported: its actions only, not what it measured.
    let ours = events.iter().any(|(code, _)| code.starts_with("action/"));
    for (code, when) in events {
        match code.strip_prefix("action/") {
            Some(code) => marked.push(code, when),
            None if !ours => marked.push(&code, when),
            None => {}
        }
    }
    let mut row = 0;
    while row < coded.len() {
        let length = coded[row..]
            .iter()
            .take_while(|code| **code == coded[row])
            .count();
        if !UNCODED.contains(&coded[row].as_str()) {
            marked.push(&coded[row], When::Rows(row, row + length - 1));
        }
        row += length;
    }
    Ok(marked)
}

/// ELAN: annotations of a tier between time slots in ms.
fn elan(text: &str, tier: Option<&str>) -> Result<MarkedActions, String> {
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        ..Default::default()
    };
    let document = roxmltree::Document::parse_with_options(text, options)
        .map_err(|error| format!("is no ELAN file: {error}"))?;
    let root = document.root_element();
    if !root.has_tag_name("ANNOTATION_DOCUMENT") {
        return Err("is XML but no ELAN file (ANNOTATION_DOCUMENT)".into());
    }
    let slots: std::collections::BTreeMap<&str, f64> = root
        .descendants()
        .filter(|node| node.has_tag_name("TIME_SLOT"))
        .filter_map(|slot| {
            let ms: f64 = slot.attribute("TIME_VALUE")?.parse().ok()?;
            Some((slot.attribute("TIME_SLOT_ID")?, ms / 1000.0))
        })
        .collect();
    let tiers: Vec<roxmltree::Node<'_, '_>> = root
        .children()
        .filter(|node| node.has_tag_name("TIER"))
        .collect();
    let name =
        |node: &roxmltree::Node<'_, '_>| node.attribute("TIER_ID").unwrap_or_default().to_owned();
    let wanted = tier.unwrap_or("action");
    let found = tiers.iter().find(|node| name(node) == wanted);
    let chosen = match (found, tier, tiers.as_slice()) {
        (Some(found), _, _) => found,
        (None, None, [only]) => only,
        _ => {
            let names: Vec<String> = tiers.iter().map(name).collect();
            return Err(format!(
                "has no tier `{wanted}`; choose one with --tier: {}",
                names.join(", ")
            ));
        }
    };
    let mut marked = MarkedActions::default();
    for annotation in chosen
        .descendants()
        .filter(|node| node.has_tag_name("ALIGNABLE_ANNOTATION"))
    {
        let slot = |which: &str| {
            annotation
                .attribute(which)
                .and_then(|id| slots.get(id).copied())
        };
        let value = annotation
            .descendants()
            .find(|node| node.has_tag_name("ANNOTATION_VALUE"));
        let code = value
            .and_then(|value| value.text())
            .unwrap_or_default()
            .trim()
            .to_owned();
        if let (Some(from), Some(to)) = (slot("TIME_SLOT_REF1"), slot("TIME_SLOT_REF2"))
            && !UNCODED.contains(&code.as_str())
        {
            marked.push(&code, When::Seconds(from, to));
        }
    }
    Ok(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TableText;

    fn recording() -> Recording {
        let mut table = TableText::new(&["AU12_r"]);
        for frame in 0..100 {
            table.row(f64::from(frame) * 0.04, &[0.0]);
        }
        table.recording()
    }

    /// RE from frame 11 to 20 (from 1), BS from 31 to 60.
    fn formats() -> Vec<String> {
        let code = |row: usize| match row {
            10..20 => "RE",
            30..60 => "BS",
            _ => "",
        };
        let coded = (0..100).map(|row| format!("{row},{},{}\n", row as f64 * 0.04, code(row)));
        vec![
            format!("frame,timestamp,action\n{}", coded.collect::<String>()),
            r#"[{"action": "RE", "start": 10, "end": 19, "status": "confirmed"},
                {"action": "TBC", "start": 20, "end": 29},
                {"action": "WN", "start": 20, "end": 29, "status": "confirm_needed"},
                {"action": "BS", "start": 30, "end": 59}]"#
                .into(),
            "action,start,end\nRE,0.4,0.8\nBS,1.2,2.4\n".into(),
            "action\tstart_frame\tend_frame\nRE\t11\t20\nBS\t31\t60\n".into(),
            "onset\tduration\ttrial_type\n0.4\t0.4\tRE\n1.2\t1.2\tBS\n".into(),
            "onset\tduration\ttrial_type\n0.4\t0.4\taction/RE\n1.2\t1.2\taction/BS\n1\t1\tAU12\n".into(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ANNOTATION_DOCUMENT><TIME_ORDER>\
             <TIME_SLOT TIME_SLOT_ID=\"a\" TIME_VALUE=\"400\"/><TIME_SLOT TIME_SLOT_ID=\"b\" TIME_VALUE=\"800\"/>\
             <TIME_SLOT TIME_SLOT_ID=\"c\" TIME_VALUE=\"1200\"/><TIME_SLOT TIME_SLOT_ID=\"d\" TIME_VALUE=\"2400\"/>\
             </TIME_ORDER><TIER TIER_ID=\"coding\"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1=\"a\" \
             TIME_SLOT_REF2=\"b\"><ANNOTATION_VALUE>RE</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\
             <ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1=\"c\" TIME_SLOT_REF2=\"d\"><ANNOTATION_VALUE>BS\
             </ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>".into(),
        ]
    }

    #[test]
    fn all_formats_say_the_same() {
        let recording = recording();
        for text in formats() {
            let actions = MarkedActions::parse(&text, None)
                .unwrap()
                .in_recording(&recording);
            let codes: Vec<&str> = actions.iter().map(|action| action.code.as_str()).collect();
            assert_eq!(codes, ["RE", "BS"], "{text}");
            for (action, (start, end)) in actions.iter().zip([(0.4, 0.8), (1.2, 2.4)]) {
                assert!(
                    (action.start - start).abs() < 1e-6 && (action.end - end).abs() < 1e-6,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn frames_from_0_and_from_1_differ_by_one() {
        let parse = |text: &str| {
            MarkedActions::parse(text, None)
                .unwrap()
                .in_recording(&recording())
        };
        let json = parse(r#"[{"action": "RE", "start": 11, "end": 20}]"#);
        let csv = parse("action,start_frame,end_frame\nRE,11,20\n");
        assert!((json[0].start - csv[0].start - 0.04).abs() < 1e-9);
    }

    #[test]
    fn what_is_left_out_is_said() {
        let marked = MarkedActions::parse(&formats()[1], None).unwrap();
        assert!(
            marked.notes[0].starts_with("2 ranges"),
            "{:?}",
            marked.notes
        );
    }

    #[test]
    fn what_has_no_actions_is_refused() {
        for (text, part) in [
            ("", "empty"),
            ("frame,AU12_r\n1,2\n", "action, start, end"),
            ("{\"a\": 1}", "no list"),
            ("<html/>", "no ELAN file"),
            ("action,start,end\nRE,x,2\n", "line 2, column `start`: `x`"),
        ] {
            let error = MarkedActions::parse(text, None).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        let error = MarkedActions::parse(&formats()[6], Some("other")).unwrap_err();
        assert!(error.contains("coding"), "{error}");
    }

    #[test]
    fn files_are_found_by_the_tables_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find_for(folder.path(), "a"), None);
        let path = folder.path().join("a_actions.json");
        std::fs::write(&path, "[]").unwrap();
        assert_eq!(find_for(folder.path(), "a"), Some(path));
    }
}
