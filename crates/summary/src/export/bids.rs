//! BIDS: events as `_events.tsv` with its sidecar, and the head's movement as `_motion.tsv` with
//! `_channels.tsv` and `_motion.json`. Naming the folders and files of a whole data set (subject,
//! task) is the user's.

use serde_json::{Value, json};

use crate::analysis::{Analysis, notice};
use crate::cells::{number, optional};
use crate::geometry::Side;

/// A file: what is added to the table's name, and its content.
pub type File = (&'static str, String);

/// All files of a recording; those of the head only if there is head pose.
pub fn files(analysis: &Analysis) -> Vec<File> {
    let mut files = vec![
        ("_events.tsv", events(analysis)),
        ("_events.json", pretty(&sidecar())),
    ];
    if let Some(motion) = motion(analysis) {
        files.push(("_motion.tsv", motion));
        files.push(("_channels.tsv", channels()));
        files.push(("_motion.json", pretty(&motion_sidecar(analysis))));
    }
    files
}

fn or_none(cell: String) -> String {
    if cell.is_empty() { "n/a".into() } else { cell }
}

/// Sorted by onset: actions as `action/BS`, events as `AU12`, blinks as `blink/right`.
fn events(a: &Analysis) -> String {
    let mut lines: Vec<(f64, String)> = Vec::new();
    for action in &a.actions {
        let name = format!("action/{}", action.code);
        let duration = number(action.end - action.start);
        lines.push((
            action.start,
            format!("{}\t{duration}\t{name}\tn/a\tn/a\n", number(action.start)),
        ));
    }
    for event in a.all_events() {
        let name = match event.side {
            Side::Both => event.name.clone(),
            side => format!("{}/{}", event.name, side.name()),
        };
        let cells = [
            number(event.onset),
            number(event.offset - event.onset),
            name,
            or_none(optional(event.peak)),
            or_none(number(event.apex)),
        ];
        lines.push((event.onset, format!("{}\n", cells.join("\t"))));
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let mut text = "onset\tduration\ttrial_type\tpeak\tapex\n".to_owned();
    text.extend(lines.into_iter().map(|line| line.1));
    text
}

fn sidecar() -> Value {
    json!({
        "onset": {"Description": "Beginning", "Units": "s"},
        "duration": {"Description": "Duration", "Units": "s"},
        "trial_type": {
            "LongName": "Kind of event",
            "Description": "action/CODE: an action that was marked; AUnn: an action unit was shown; \
                            blink/SIDE, closure/SIDE: an eye closed. Sides are the person's.",
        },
        "peak": {
            "Description": "Largest value: intensity of an action unit from 0 to 5, closure of an eye \
                            from 0 to 1",
        },
        "apex": {"Description": "Moment of the largest value", "Units": "s"},
        "GeneratedBy": [{"Name": "faceau", "Version": env!("CARGO_PKG_VERSION"), "Description": notice()}],
    })
}

const POSE: [(&str, &str, &str, &str); 6] = [
    ("head_pos_x", "x", "POS", "mm"),
    ("head_pos_y", "y", "POS", "mm"),
    ("head_pos_z", "z", "POS", "mm"),
    ("head_ornt_x", "x", "ORNT", "rad"),
    ("head_ornt_y", "y", "ORNT", "rad"),
    ("head_ornt_z", "z", "ORNT", "rad"),
];

/// One row a frame, without a header.
fn motion(a: &Analysis) -> Option<String> {
    let position = a.recording.head_position.as_ref()?;
    let rotation = a.recording.head_rotation.as_ref()?;
    let first = a.timeline.times.first().copied().unwrap_or_default();
    let mut text = String::new();
    for i in 0..a.timeline.len() {
        let value = |column: &Vec<f32>| match a.timeline.valid[i] {
            true => or_none(number(f64::from(column[i]))),
            false => "n/a".into(),
        };
        let mut cells: Vec<String> = position.iter().chain(rotation).map(value).collect();
        cells.push(number(a.timeline.times[i] - first));
        text += &format!("{}\n", cells.join("\t"));
    }
    Some(text)
}

fn channels() -> String {
    let mut text = "name\tcomponent\ttype\ttracked_point\tunits\n".to_owned();
    for (name, component, kind, units) in POSE {
        text += &format!("{name}\t{component}\t{kind}\thead\t{units}\n");
    }
    text + "latency\tn/a\tLATENCY\tn/a\ts\n"
}

fn motion_sidecar(a: &Analysis) -> Value {
    json!({
        "SamplingFrequency": a.timeline.rate(),
        "TaskName": "n/a",
        "TrackingSystemName": "faceau",
        "SoftwareVersions": a.recording.facts.version,
        "MotionChannelCount": POSE.len(),
        "POSChannelCount": 3,
        "ORNTChannelCount": 3,
        "LATENCYChannelCount": 1,
        "MissingValues": "n/a",
        "RotationOrder": "XYZ",
        "RotationRule": "right-hand",
        "SpatialAxes": "RDF",
        "Description": "Pose of the head relative to the camera; mm are those of an average head.",
    })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::MarkedActions;
    use crate::analysis::Wishes;
    use crate::testing::TableText;

    #[test]
    fn events_are_sorted_and_say_what_is_not_known() {
        let mut table = TableText::new(&[
            "AU12_r", "AU28_c", "pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz",
        ]);
        for frame in 0..100 {
            let shown = f64::from(u8::from((40..80).contains(&frame)));
            table.frame(
                f64::from(frame) * 0.04,
                frame != 3,
                &[2.0 * shown, shown, 1.0, 2.0, 700.0, 0.1, 0.2, 0.3],
            );
        }
        let recording = table.recording();
        let actions = MarkedActions::parse("action,start,end\nBS,1,3.5\n", None).unwrap();
        let actions = actions.in_recording(&recording);
        let analysis = Analysis::of(recording, actions, &Wishes::default());
        let files = files(&analysis);
        let names: Vec<&str> = files.iter().map(|file| file.0).collect();
        assert_eq!(
            names,
            [
                "_events.tsv",
                "_events.json",
                "_motion.tsv",
                "_channels.tsv",
                "_motion.json"
            ]
        );
        let lines: Vec<&str> = files[0].1.lines().collect();
        assert_eq!(lines[0], "onset\tduration\ttrial_type\tpeak\tapex");
        assert_eq!(lines[1], "1\t2.5\taction/BS\tn/a\tn/a");
        assert!(
            lines[2].contains("\tAU12\t2\t") || lines[3].contains("\tAU12\t2\t"),
            "{lines:?}"
        );
        assert!(files[0].1.contains("\tAU28\tn/a\t"), "{lines:?}");
        let motion: Vec<&str> = files[2].1.lines().collect();
        assert_eq!(motion.len(), 100);
        assert_eq!(motion[0], "1\t2\t700\t0.1\t0.2\t0.3\t0");
        assert_eq!(motion[3], "n/a\tn/a\tn/a\tn/a\tn/a\tn/a\t0.12");
        assert_eq!(files[3].1.lines().count(), 8);
        // What is exported can be read again as actions.
        let again = MarkedActions::parse(&files[0].1, None).unwrap();
        let again = again.in_recording(&analysis.recording);
        assert_eq!(again, analysis.actions);
    }
}
