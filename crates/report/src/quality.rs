//! Whether a recording can be used: the strip over its whole time, the words, the warnings.

use faceau_drawing::{Axis, Scale, escape, line};
use faceau_summary::analysis::Analysis;
use faceau_summary::quality::Grade;

use crate::text::{drawing, table, two, with_unit};

/// What a frame is like; the worst of a cell of the strip wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FrameClass {
    /// A face, nearly frontal.
    Good,
    /// Turned by 5° to 10°.
    Slight,
    /// Turned by more than 10°.
    Turned,
    /// A face, but not surely.
    Unsure,
    /// No face.
    None,
}

pub(crate) const CLASSES: [(FrameClass, &str, &str); 5] = [
    (FrameClass::Good, "good", "face, turned by at most 5°"),
    (FrameClass::Slight, "slight", "turned by 5° to 10°"),
    (FrameClass::Turned, "turned", "turned by more than 10°"),
    (FrameClass::Unsure, "unsure", "not surely a face"),
    (FrameClass::None, "none", "no face"),
];

pub(crate) fn classes(a: &Analysis) -> Vec<Option<FrameClass>> {
    let yaw = a
        .recording
        .head_rotation
        .as_ref()
        .map(|rotation| &rotation[1]);
    (0..a.timeline.len())
        .map(|i| {
            Some(match yaw.map(|yaw| yaw[i].to_degrees().abs()) {
                _ if !a.recording.success[i] => FrameClass::None,
                _ if !a.timeline.valid[i] => FrameClass::Unsure,
                Some(yaw) if yaw > 10.0 => FrameClass::Turned,
                Some(yaw) if yaw > 5.0 => FrameClass::Slight,
                _ => FrameClass::Good,
            })
        })
        .collect()
}

/// The paths of a strip, one for each class that occurs.
pub(crate) fn strip(axis: &Axis, classes: &[Option<FrameClass>], y: f64, height: f64) -> String {
    let worst = axis.largest_by_column(classes);
    let mut html = String::new();
    for (class, name, _) in CLASSES {
        let there: Vec<bool> = worst.iter().map(|one| *one == Some(class)).collect();
        let path = axis.column_strip(&there, y, height);
        if !path.is_empty() {
            html += &format!("<path class=\"q-{name}\" d=\"{path}\"/>");
        }
    }
    html
}

/// The frame that shows the face best: the first good one, else the first that counts.
pub(crate) fn first_good(a: &Analysis) -> Option<usize> {
    let classes = classes(a);
    let first = |wanted: FrameClass| classes.iter().position(|class| *class == Some(wanted));
    first(FrameClass::Good)
        .or(first(FrameClass::Slight))
        .or(first(FrameClass::Turned))
}

pub(crate) const LEFT: f64 = 92.0;
pub(crate) const WIDTH: f64 = 900.0;

/// The section. `picture` is the face in a good frame.
pub(crate) fn section(a: &Analysis, picture: &str) -> String {
    let q = &a.quality;
    let (grade, reasons) = q.grade();
    let class = match grade {
        Grade::Good => "good",
        Grade::Usable => "usable",
        Grade::Poor => "poor",
    };
    let why = match reasons.is_empty() {
        true => String::new(),
        false => format!(": {}", escape(&reasons.join("; "))),
    };
    let mut html = format!(
        "<section><h2>Is it usable?</h2>\n<p class=\"grade {class}\"><b>{}</b>{why}</p>\n<div class=\"beside\">{picture}<div class=\"words\">",
        grade.word()
    );
    html += &table(
        "Share of the recording",
        &["", "", ""],
        &[
            vec![
                "frames that count".into(),
                with_unit(Some(q.valid_pct), "%"),
                "a face, measured surely enough".into(),
            ],
            vec![
                "nearly frontal".into(),
                with_unit(q.frontal_pct, "%"),
                "turned by at most 10° and raised or lowered by at most 15°".into(),
            ],
            vec![
                "longest gap".into(),
                with_unit(Some(q.longest_gap), "s"),
                "without a frame that counts".into(),
            ],
        ],
    );
    html += "</div></div>\n";
    html += &chart(a);
    if a.warnings.is_empty() {
        html += "<p>No warnings.</p>\n";
    } else {
        html += "<ul class=\"warnings\">";
        for warning in &a.warnings {
            html += &format!(
                "<li>{} <code>{}</code></li>",
                escape(&warning.sentence),
                warning.code
            );
        }
        html += "</ul>\n";
    }
    html + "</section>\n"
}

fn chart(a: &Analysis) -> String {
    let axis = Axis::new(a.timeline.times.clone(), LEFT, WIDTH, 900);
    let mut content = format!(
        "<text x=\"0\" y=\"11\">frames</text>{}",
        strip(&axis, &classes(a), 2.0, 12.0)
    );
    let mut height = 18.0;
    if let Some(rotation) = &a.recording.head_rotation {
        let yaw: Vec<Option<f32>> = a
            .timeline
            .valid_values(&rotation[1])
            .into_iter()
            .map(|value| value.map(f32::to_degrees))
            .collect();
        let scale = Scale::new(-30.0, 30.0, height, 40.0);
        let zero = scale.y(0.0);
        content += &format!(
            "<text x=\"0\" y=\"{:.1}\">yaw ±30°</text><path class=\"base\" d=\"M{LEFT} {zero:.1}h{WIDTH}\"/>\
             <path class=\"curve\" d=\"{}\"/>",
            height + 24.0,
            line(&axis, &yaw, &scale)
        );
        height += 44.0;
    }
    for action in &a.actions {
        let (from, to) = (axis.place(action.start), axis.place(action.end));
        content += &format!(
            "<path class=\"bracket\" d=\"M{from:.1} {height:.1}v6H{to:.1}v-6\"/><text class=\"small\" x=\"{from:.1}\" y=\"{:.1}\">{}</text>",
            height + 16.0,
            escape(&action.code)
        );
    }
    if !a.actions.is_empty() {
        height += 20.0;
    }
    let counts = shares(a);
    let says: Vec<String> = counts
        .iter()
        .map(|(says, share)| format!("{says}: {} %", two(Some(*share))))
        .collect();
    let mut html = drawing(
        1000.0,
        height,
        "wide",
        "Quality over the whole recording",
        &says.join("; "),
        &content,
    );
    html += "<p class=\"legend\">";
    for ((_, name, says), (_, share)) in CLASSES.iter().zip(&counts) {
        html += &format!(
            "<span><svg width=\"14\" height=\"10\" aria-hidden=\"true\"><path class=\"q-{name}\" d=\"M0 0h14v10h-14z\"/></svg> {says} ({} %)</span> ",
            two(Some(*share))
        );
    }
    html + "</p>\n"
}

/// Each class in words, with its share of the frames in %.
fn shares(a: &Analysis) -> Vec<(&'static str, f64)> {
    let classes = classes(a);
    let all = classes.len().max(1) as f64;
    let share = |class: FrameClass| {
        100.0 * classes.iter().filter(|one| **one == Some(class)).count() as f64 / all
    };
    CLASSES
        .iter()
        .map(|(class, _, says)| (*says, share(*class)))
        .collect()
}
