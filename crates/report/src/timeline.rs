//! When what happened: all action units, blinks, the head and the gaze over one time axis.

use std::fmt::Write as _;

use faceau_compare::action_units;
use faceau_drawing::{Axis, Scale, area, escape, line};
use faceau_summary::analysis::{Analysis, Event};
use faceau_summary::blinks::Kind;
use faceau_summary::geometry::Side;

use crate::quality::{LEFT, WIDTH};
use crate::text::{clock, drawing, folded, table, two};

/// Columns of the curves: each shows the smallest and the largest value of its frames.
const COLUMNS: usize = 750;
/// Height of an action unit's curve.
const ROW: f64 = 22.0;
/// Height of the curves of the head and the gaze.
const WIDE_ROW: f64 = 40.0;
/// Events in the table; the rest is in the table of events.
const MOST_EVENTS: usize = 200;

pub(crate) fn section(a: &Analysis) -> String {
    let events = a.all_events();
    let axis = Axis::new(a.timeline.times.clone(), LEFT, WIDTH, COLUMNS);
    let mut drawn = Drawn {
        a,
        axis: &axis,
        content: String::new(),
        height: if a.actions.is_empty() { 4.0 } else { 18.0 },
    };
    let top = drawn.height;
    drawn.action_units(&events);
    drawn.blinks();
    drawn.head_and_gaze();
    let content = drawn.framed(top);
    let height = drawn.height + 18.0;
    let count = events.iter().filter(|event| event.kind == "au").count();
    let says = format!(
        "{count} events of action units and {} closings of eyes in {:.1} seconds.",
        events.len() - count,
        a.timeline.seconds()
    );
    let mut html = String::from("<section class=\"flowing\"><h2>Timeline</h2>\n");
    html += &drawing(
        1000.0,
        height,
        "wide timeline",
        "All action units, blinks, head and gaze over time",
        &says,
        &content,
    );
    html += "<p class=\"legend\">Curves: intensity, 0 to 5. Bars beneath: events. Line below: where the \
             action unit counts as present. Grey from top to bottom: frames that do not count. \
             Blinks: higher is more closed. Left and right are the person's.</p>\n";
    html += &folded(
        &format!("Events in numbers ({})", events.len()),
        &events_table(&events),
    );
    html + "</section>\n"
}

struct Drawn<'a> {
    a: &'a Analysis,
    axis: &'a Axis,
    content: String,
    height: f64,
}

impl Drawn<'_> {
    fn label(&mut self, y: f64, text: &str) {
        // Writing into a string cannot fail.
        let _ = write!(
            self.content,
            "<text x=\"0\" y=\"{y:.1}\">{}</text>",
            escape(text)
        );
    }

    fn path(&mut self, class: &str, data: &str) {
        if !data.is_empty() {
            let _ = write!(self.content, "<path class=\"{class}\" d=\"{data}\"/>");
        }
    }

    fn action_units(&mut self, events: &[Event]) {
        let recording = &self.a.recording;
        let mut aus: Vec<u8> = recording
            .intensities
            .keys()
            .chain(recording.presences.keys())
            .copied()
            .collect();
        aus.sort_unstable();
        aus.dedup();
        for au in aus {
            let name = format!("AU{au:02}");
            let has_curve = recording.intensities.contains_key(&au);
            let row = if has_curve { ROW } else { 4.0 };
            self.label(self.height + if has_curve { 16.0 } else { 9.0 }, &name);
            if let Some(values) = recording.intensities.get(&au) {
                let scale = Scale::new(0.0, 5.0, self.height, row);
                let values = self.a.timeline.valid_values(values);
                let filled = area(self.axis, &values, &scale);
                self.path("au", &filled);
                let base = scale.y(0.0);
                self.path("base", &format!("M{LEFT} {base:.1}h{WIDTH}"));
            }
            let mut shown = vec![false; self.axis.len()];
            for event in events
                .iter()
                .filter(|event| event.kind == "au" && event.name == name)
            {
                shown[event.frames[0]..=event.frames[2]].fill(true);
            }
            let bars = self.axis.strip(&shown, self.height + row + 1.0, 3.0);
            self.path("event", &bars);
            if let Some(values) = recording.presences.get(&au) {
                let present: Vec<bool> = (values.iter().zip(&self.a.timeline.valid))
                    .map(|(value, valid)| *valid && *value > 0.5)
                    .collect();
                let ticks = self.axis.strip(&present, self.height + row + 5.0, 1.0);
                self.path("presence", &ticks);
            }
            self.height += row + 9.0;
        }
    }

    fn blinks(&mut self) {
        let Some(blinks) = &self.a.blinks else { return };
        for (side, label, class) in [
            (Side::Right, "△ right eye", "right"),
            (Side::Left, "○ left eye", "left"),
        ] {
            self.label(self.height + 13.0, label);
            let bottom = self.height + 17.0;
            let (mut ticks, mut closed) = (String::new(), String::new());
            for closing in blinks
                .closings
                .iter()
                .filter(|closing| closing.side == side)
            {
                let size = 15.0 * closing.peak.unwrap_or(1.0).clamp(0.2, 1.0);
                match closing.kind {
                    Kind::Blink => {
                        let x = self.axis.place(closing.apex);
                        let _ = write!(ticks, "M{x:.1} {bottom:.0}v-{size:.1}");
                    }
                    Kind::Closure => {
                        let (from, to) = (
                            self.axis.place(closing.onset),
                            self.axis.place(closing.offset),
                        );
                        let _ = write!(
                            closed,
                            "M{from:.1} {bottom:.0}v-{size:.1}H{to:.1}v{size:.1}z"
                        );
                    }
                }
            }
            self.path(&format!("tick {class}"), &ticks);
            self.path(&format!("closed {class}"), &closed);
            self.path("base", &format!("M{LEFT} {bottom:.1}h{WIDTH}"));
            self.height += 22.0;
        }
    }

    fn head_and_gaze(&mut self) {
        let recording = &self.a.recording;
        let names = ["pitch", "yaw", "roll"].into_iter();
        let angles = recording.head_rotation.iter().flatten().zip(names);
        let gaze = recording.gaze.iter().flatten().zip(["gaze x", "gaze y"]);
        for (column, name) in angles.chain(gaze) {
            let degrees: Vec<Option<f32>> = self
                .a
                .timeline
                .valid_values(column)
                .into_iter()
                .map(|value| value.map(f32::to_degrees))
                .collect();
            let most = degrees
                .iter()
                .flatten()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            // A scale of whole tens on both sides of 0.
            let most = (most / 10.0).ceil().max(1.0) * 10.0;
            let scale = Scale::new(-most, most, self.height, WIDE_ROW);
            let zero = scale.y(0.0);
            self.label(self.height + 18.0, name);
            let _ = write!(
                self.content,
                "<text class=\"small\" x=\"0\" y=\"{:.1}\">±{most:.0}°</text>",
                self.height + 30.0
            );
            self.path("base", &format!("M{LEFT} {zero:.1}h{WIDTH}"));
            let curve = line(self.axis, &degrees, &scale);
            self.path("curve", &curve);
            self.height += WIDE_ROW + 4.0;
        }
    }

    /// With what lies behind and around it: frames that do not count, actions, the time.
    fn framed(&self, top: f64) -> String {
        let invalid: Vec<bool> = self.a.timeline.valid.iter().map(|valid| !valid).collect();
        let mut all = format!(
            "<path class=\"invalid\" d=\"{}\"/>",
            self.axis.strip(&invalid, top, self.height - top)
        );
        for action in &self.a.actions {
            let (from, to) = (self.axis.place(action.start), self.axis.place(action.end));
            let _ = write!(
                all,
                "<path class=\"action\" d=\"M{from:.1} 2V{0:.1}H{to:.1}V2z\"/><text class=\"small\" x=\"{1:.1}\" y=\"12\">{2}</text>",
                self.height,
                from + 2.0,
                escape(&action.code)
            );
        }
        all += &self.content;
        let (Some(first), seconds) = (self.a.timeline.times.first(), self.a.timeline.seconds())
        else {
            return all;
        };
        let step = tick_step(seconds);
        let mut tick = (first / step).ceil() * step;
        while tick <= first + seconds + 1e-9 {
            let x = self.axis.place(tick);
            let _ = write!(
                all,
                "<path class=\"base\" d=\"M{x:.1} {0:.1}v4\"/><text class=\"small\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{1:.1}\">{2}</text>",
                self.height,
                self.height + 14.0,
                time_label(tick, step)
            );
            tick += step;
        }
        all
    }
}

/// A step of the time axis that gives at most a dozen ticks.
fn tick_step(seconds: f64) -> f64 {
    let steps = [
        0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0,
    ];
    steps
        .into_iter()
        .find(|step| seconds / step <= 12.0)
        .unwrap_or(7200.0)
}

fn time_label(seconds: f64, step: f64) -> String {
    match step {
        step if step < 1.0 => format!("{seconds:.1} s"),
        step if step < 60.0 && seconds < 60.0 => format!("{seconds:.0} s"),
        _ => format!("{:.0}:{:02.0}", (seconds / 60.0).floor(), seconds % 60.0),
    }
}

fn events_table(events: &[Event]) -> String {
    let rows: Vec<Vec<String>> = events
        .iter()
        .take(MOST_EVENTS)
        .map(|event| {
            let name = event
                .name
                .strip_prefix("AU")
                .and_then(|number| number.parse().ok());
            let name = name.and_then(action_units::name).unwrap_or_default();
            let side = match event.side {
                Side::Both => "",
                side => side.name(),
            };
            vec![
                format!("{} {}{side}", event.name, name),
                clock(event.onset),
                clock(event.apex),
                two(Some(event.offset - event.onset)),
                two(event.peak),
            ]
        })
        .collect();
    let more = match events.len().saturating_sub(MOST_EVENTS) {
        0 => String::new(),
        more => format!("<p>and {more} more; summarise --events writes them all.</p>"),
    };
    table(
        "Events in order of their beginnings",
        &["what", "begins", "apex", "seconds", "peak"],
        &rows,
    ) + &more
}
