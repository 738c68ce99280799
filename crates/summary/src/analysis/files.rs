//! Tables of a single recording: events and frame-by-frame geometry.

use super::Analysis;
use crate::blinks::Kind;
use crate::cells::{number, optional, push_line};
use crate::geometry::{self, Side, Unit};

/// A line of the table of events.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `au`, `blink` or `closure`.
    pub kind: &'static str,
    /// `AU12`, `blink` or `closure`.
    pub name: String,
    /// Of which side.
    pub side: Side,
    /// Seconds.
    pub onset: f64,
    /// Seconds.
    pub apex: f64,
    /// Seconds.
    pub offset: f64,
    /// Places of the first frame, the strongest and the last one.
    pub frames: [usize; 3],
    /// The strongest value.
    pub peak: Option<f64>,
    /// The mean value.
    pub mean: Option<f64>,
    /// How fast it rises, per second.
    pub rise: Option<f64>,
    /// Whether a gap cuts it.
    pub cut: bool,
}

pub(super) fn all_events(a: &Analysis) -> Vec<Event> {
    let mut all: Vec<Event> = a
        .events
        .iter()
        .map(|event| Event {
            kind: "au",
            name: format!("AU{:02}", event.au),
            side: Side::Both,
            onset: event.onset,
            apex: event.apex,
            offset: event.offset,
            frames: event.frames,
            peak: event.peak,
            mean: event.mean,
            rise: event.rise,
            cut: event.cut,
        })
        .collect();
    for closing in a.blinks.iter().flat_map(|blinks| &blinks.closings) {
        let kind = match closing.kind {
            Kind::Blink => "blink",
            Kind::Closure => "closure",
        };
        all.push(Event {
            kind,
            name: kind.to_owned(),
            side: closing.side,
            onset: closing.onset,
            apex: closing.apex,
            offset: closing.offset,
            frames: closing.frames,
            peak: closing.peak,
            mean: closing.mean,
            rise: None,
            cut: false,
        });
    }
    all.sort_by(|a, b| {
        let names = || a.name.cmp(&b.name).then(a.side.cmp(&b.side));
        a.onset.total_cmp(&b.onset).then_with(names)
    });
    all
}

pub(super) fn events_csv(a: &Analysis) -> String {
    let mut text = "kind,name,side,onset,apex,offset,duration,onset_frame,apex_frame,offset_frame,\
                    peak,mean,rise,cut,action\n"
        .to_owned();
    for event in all_events(a) {
        let frames = event
            .frames
            .map(|place| a.recording.frames[place].to_string());
        let [first, strongest, last] = frames;
        let cells = [
            event.kind.to_owned(),
            event.name,
            event.side.name().to_owned(),
            number(event.onset),
            number(event.apex),
            number(event.offset),
            number(event.offset - event.onset),
            first,
            strongest,
            last,
            optional(event.peak),
            optional(event.mean),
            optional(event.rise),
            u8::from(event.cut).to_string(),
            a.action_at(event.apex).unwrap_or_default().to_owned(),
        ];
        push_line(&mut text, cells.iter().map(String::as_str));
    }
    text
}

pub(super) fn measures_csv(a: &Analysis) -> String {
    let Some(geometry) = &a.recording.geometry else {
        return String::new();
    };
    let columns: Vec<_> = geometry::columns().collect();
    let names: Vec<String> = columns.iter().map(geometry::GeometryColumn::name).collect();
    let mut text = String::new();
    let fixed = ["frame", "timestamp", "valid", "unit", "canthal_px"];
    let eyes = ["closure_right", "closure_left"];
    let names = names.iter().map(String::as_str);
    push_line(&mut text, fixed.into_iter().chain(names).chain(eyes));
    let closures = a.blinks.as_ref().filter(|blinks| blinks.scale_known);
    let pixel = a.scale.of_pixel();
    for i in 0..a.timeline.len() {
        let valid = a.timeline.valid[i];
        let mut cells = vec![
            a.recording.frames[i].to_string(),
            number(a.timeline.times[i]),
            u8::from(valid).to_string(),
            a.scale.unit().to_owned(),
            number(geometry.canthal[i].into()),
        ];
        cells.extend(columns.iter().map(|column| {
            let value = f64::from(geometry.values(column)[i]);
            let known = valid && value.is_finite();
            optional(known.then_some(match column.measure.unit {
                Unit::Length => value * pixel,
                Unit::Degrees | Unit::Ratio => value,
            }))
        }));
        cells.extend(
            (0..2).map(|eye| optional(closures.and_then(|c| c.closure[eye][i]).map(f64::from))),
        );
        push_line(&mut text, cells.iter().map(String::as_str));
    }
    text
}

/// What stands in everything that shows numbers of people.
pub fn notice() -> &'static str {
    "Measurements by software, not a medical device, not a diagnosis or a grade. Read with the \
     recording."
}
