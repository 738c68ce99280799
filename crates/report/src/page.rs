//! The page of a recording.

use faceau_compare::action_units as names;
use faceau_drawing::{Page, escape};
use faceau_summary::analysis::{Analysis, Event, notice};
use faceau_summary::face_axis::Point;
use faceau_summary::recording::TableError;
use faceau_summary::sheet::Row;

use crate::options::{Pictures, ReportOptions};
use crate::outline::outline;
use crate::text::{clock, facts, running_foot, two, with_unit};
use crate::{action_units, data, directions, quality, timeline, together};

const STYLE: &str = include_str!("style.css");
/// Pictures at the strongest moments.
const PEAKS: usize = 6;
/// Height of a picture.
const PICTURE: u32 = 240;

/// A page and what the index needs of it.
#[derive(Debug, Clone)]
pub struct Report {
    /// The page.
    pub html: String,
    /// The name of its file, without a folder.
    pub file_name: String,
    /// The face in a good frame, 64 px high; empty where there is none.
    pub(crate) thumbnail: String,
    /// The row of the summary.
    pub(crate) row: Row,
}

impl Report {
    /// Makes the page of a recording. Its landmarks are read from the table again where faces are
    /// drawn.
    ///
    /// # Errors
    /// When the table cannot be read any more.
    pub fn of(a: &Analysis, options: &ReportOptions) -> Result<Self, TableError> {
        let name = options.name(a);
        let row = a.row();
        let peaks = strongest(a);
        let mut frames = Vec::new();
        if options.pictures == Pictures::Outline && a.recording.geometry.is_some() {
            frames.extend(quality::first_good(a));
            frames.extend(peaks.iter().map(|event| event.frames[1]));
        }
        let mut points = a.recording.points(&frames)?.into_iter();
        let good = quality::first_good(a)
            .filter(|_| !frames.is_empty())
            .and_then(|_| points.next());
        let good = good.flatten();
        let draw = |height: u32| {
            let title = "Landmarks of the face that was measured";
            good.as_ref()
                .and_then(|points| outline(points, height, title, height > 100))
                .unwrap_or_default()
        };

        let mut body = head(a, &name);
        body += &quality::section(a, &draw(PICTURE));
        if a.quality.valid > 0 {
            body += &timeline::section(a);
            body += &action_units::section(a, &row);
            body += &together::section(a);
            body += &directions::section(a, &row);
            body += &peak_section(&peaks, points, options.pictures);
        } else {
            body += "<p>No face was measured in this recording.</p>\n";
        }
        body += &data::section(a, options);
        body += &format!(
            "<footer><span>{}</span> <span>{}</span></footer>",
            escape(&name),
            escape(notice())
        );
        let style = format!("{STYLE}{}", running_foot(&name, notice()));
        let page = Page {
            title: &name,
            style: &style,
            script_source: "",
            body: &body,
        };
        Ok(Self {
            html: page.html(),
            file_name: format!("{}.html", options.file_stem(a)),
            thumbnail: draw(64),
            row,
        })
    }
}

fn head(a: &Analysis, name: &str) -> String {
    let known = &a.recording.facts;
    let rate = a.quality.rate.map_or_else(
        || "not known".to_owned(),
        |(mean, low, high)| {
            format!(
                "{mean:.2} a second ({} to {})",
                two(Some(low)),
                two(Some(high))
            )
        },
    );
    let size = known.size.map_or_else(String::new, |(width, height)| {
        format!("{width}×{height} pixels")
    });
    let confidence = a.quality.confidence.map_or_else(
        || "not in the table".to_owned(),
        |(_, low, median)| format!("median {median:.2}, 5 % below {low:.2}"),
    );
    format!(
        "<header><h1>{}</h1>\n{}</header>\n",
        escape(name),
        facts(&[
            (
                "length",
                format!(
                    "{} ({} frames)",
                    clock(a.timeline.seconds()),
                    a.timeline.len()
                )
            ),
            ("frames", rate),
            ("picture", size),
            (
                "face",
                with_unit(
                    a.quality.canthal_median,
                    "px between the outer corners of the eyes"
                )
            ),
            ("confidence", confidence),
            ("pipeline", escape(known.pipeline.as_deref().unwrap_or(""))),
            ("models", escape(known.models.as_deref().unwrap_or(""))),
            ("sides", "left and right are the person's".into()),
            ("lengths", escape(&data::scale(a))),
        ])
    )
}

/// The strongest event of each action unit, the strongest first.
fn strongest(a: &Analysis) -> Vec<Event> {
    let mut best: Vec<Event> = Vec::new();
    for event in a
        .all_events()
        .into_iter()
        .filter(|event| event.kind == "au" && event.peak.is_some())
    {
        match best.iter_mut().find(|other| other.name == event.name) {
            Some(other) if other.peak < event.peak => *other = event,
            Some(_) => {}
            None => best.push(event),
        }
    }
    best.sort_by(|a, b| {
        let peak = |event: &Event| event.peak.unwrap_or_default();
        peak(b)
            .total_cmp(&peak(a))
            .then_with(|| a.name.cmp(&b.name))
    });
    best.truncate(PEAKS);
    best
}

fn peak_section(
    peaks: &[Event],
    mut points: impl Iterator<Item = Option<Vec<Point>>>,
    pictures: Pictures,
) -> String {
    if peaks.is_empty() {
        return "<section><h2>Peaks</h2><p>No action unit reaches 1.</p></section>\n".into();
    }
    let mut html = String::from("<section><h2>Peaks</h2>\n<div class=\"peaks\">");
    for event in peaks {
        let number = event.name.trim_start_matches("AU").parse().ok();
        let name = number.and_then(names::name).unwrap_or_default();
        let title = format!("Landmarks at the strongest {}", event.name);
        let points = points
            .next()
            .flatten()
            .filter(|_| pictures == Pictures::Outline);
        let picture = points.and_then(|points| outline(&points, 160, &title, true));
        html += &format!(
            "<figure>{}<figcaption><b>{}</b> {name}<br/>{} at {}</figcaption></figure>\n",
            picture.unwrap_or_default(),
            event.name,
            two(event.peak),
            clock(event.apex)
        );
    }
    html + "</div></section>\n"
}
