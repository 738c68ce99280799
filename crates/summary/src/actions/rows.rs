//! What was measured in each action: where it was strongest, for how long, and how far action units
//! and geometry went from the rest.
//!
//! Action units are of the whole face (`both`); geometry has a row for each side. Rows of the halves'
//! action units and indices between the sides need tables of half faces, which do not exist yet.

use super::{Action, ActionKeys, KeyTable};
use crate::analysis::{Analysis, INTENSITIES};
use crate::cells::{number, optional, push_line};
use crate::geometry::{self, MEASURES, Side, Unit};
use crate::statistics::median_of_neighbours;
use crate::thresholds::{
    ACTION_MEDIAN_FRAMES, ACTION_MEDIAN_SECONDS, EYE_CLOSED, LATENCY, NO_MOVEMENT_AU,
    NO_MOVEMENT_LENGTH, PLATEAU, PLATEAU_FRAMES,
};
use crate::timeline::Run;

/// A value in the action, at rest, and the difference.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Change {
    /// In the action.
    pub act: Option<f64>,
    /// At rest.
    pub rest: Option<f64>,
}

impl Change {
    /// act − rest, not cut at 0.
    pub fn deviation(&self) -> Option<f64> {
        Some(self.act? - self.rest?)
    }
}

/// The strongest moment of an action and the frames around it.
#[derive(Debug, Clone, PartialEq)]
struct Plateau {
    apex: usize,
    frames: Vec<usize>,
    latency: f64,
}

/// A row: an action on a side.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionRow {
    /// The recording.
    pub video: String,
    /// The action's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Which of the actions with this code, from 1.
    pub occurrence: usize,
    /// From when on, in seconds.
    pub start: f64,
    /// Until when.
    pub end: f64,
    /// Of which side.
    pub side: Side,
    /// Number of the strongest frame and its time.
    pub apex: Option<(i64, f64)>,
    /// Beginning and seconds of the plateau.
    pub plateau: Option<(f64, f64)>,
    /// Whether there are too few frames for one.
    pub no_plateau: bool,
    /// Seconds from the start to where half of the peak is reached.
    pub latency: Option<f64>,
    /// Intensities, in the order of [`INTENSITIES`]; of `both` only.
    pub intensities: Vec<Change>,
    /// Geometry, in the order of [`MEASURES`].
    pub geometry: Vec<Change>,
    /// The unit of lengths.
    pub unit: &'static str,
    /// Frontal time in the action, in %.
    pub frontal_pct: Option<f64>,
    /// Frames of the action that count, in %.
    pub valid_pct: Option<f64>,
    /// Whether nothing moved.
    pub no_movement: Option<bool>,
    /// Whether the action units stand for one that is not measured.
    pub proxy: bool,
    /// What is known of the rest.
    pub baseline_quality: &'static str,
}

impl ActionRow {
    /// The rows of all actions of a recording.
    pub fn all(analysis: &Analysis, keys: &KeyTable) -> Vec<Self> {
        let mut rows = Vec::new();
        for (i, action) in analysis.actions.iter().enumerate() {
            let before = analysis.actions[..i]
                .iter()
                .filter(|other| other.code == action.code);
            let occurrence = before.count() + 1;
            rows.extend(of_action(
                analysis,
                action,
                keys.get(&action.code),
                occurrence,
            ));
        }
        rows
    }

    /// The change of a measure of geometry.
    pub fn measure(&self, name: &str) -> Option<Change> {
        let place = MEASURES.iter().position(|measure| measure.name == name)?;
        self.geometry.get(place).copied()
    }

    /// How much narrower the eye is than at rest, in %.
    fn narrowing(&self, codes: &[&str]) -> Option<f64> {
        let fissure = self
            .measure("fissure")
            .filter(|_| codes.contains(&self.code.as_str()))?;
        let rest = fissure.rest.filter(|rest| *rest > 0.0)?;
        Some(100.0 * (1.0 - fissure.act? / rest))
    }

    /// AU17 in actions that it does not belong to.
    fn chin(&self) -> Option<f64> {
        let own = ["PL", "BC"].contains(&self.code.as_str());
        let place = INTENSITIES.iter().position(|&au| au == 17)?;
        self.intensities.get(place).filter(|_| !own)?.deviation()
    }

    /// The rows as a table.
    pub fn csv(rows: &[Self]) -> String {
        let mut names: Vec<String> = [
            "video",
            "action",
            "name",
            "occurrence",
            "start",
            "end",
            "side",
            "apex_frame",
            "apex",
            "plateau_start",
            "plateau_seconds",
            "no_plateau",
            "latency",
        ]
        .map(str::to_owned)
        .into();
        let three = |name: &str| ["act", "rest", "dev"].map(|what| format!("{name}_{what}"));
        names.extend(
            INTENSITIES
                .iter()
                .flat_map(|au| three(&format!("AU{au:02}"))),
        );
        names.push("unit".into());
        names.extend(MEASURES.iter().flat_map(|measure| three(measure.name)));
        names.extend(
            [
                "narrowing_smile",
                "narrowing_pucker",
                "mouth_in_closure",
                "chin",
                "frontal_pct",
                "valid_pct",
                "no_movement",
                "proxy",
                "baseline_quality",
            ]
            .map(str::to_owned),
        );
        let mut text = String::new();
        push_line(&mut text, names.iter().map(String::as_str));
        for row in rows {
            push_line(&mut text, row.cells().iter().map(String::as_str));
        }
        text
    }

    fn cells(&self) -> Vec<String> {
        let flag = |yes: bool| u8::from(yes).to_string();
        let mut cells = vec![
            self.video.clone(),
            self.code.clone(),
            self.name.clone(),
            self.occurrence.to_string(),
            number(self.start),
            number(self.end),
            self.side.name().to_owned(),
            self.apex
                .map_or_else(String::new, |apex| apex.0.to_string()),
            optional(self.apex.map(|apex| apex.1)),
            optional(self.plateau.map(|plateau| plateau.0)),
            optional(self.plateau.map(|plateau| plateau.1)),
            flag(self.no_plateau),
            optional(self.latency),
        ];
        let three = |change: &Change| [change.act, change.rest, change.deviation()].map(optional);
        let none = Change::default();
        let intensities = (0..INTENSITIES.len()).map(|i| self.intensities.get(i).unwrap_or(&none));
        cells.extend(intensities.flat_map(three));
        cells.push(self.unit.to_owned());
        cells.extend(self.geometry.iter().flat_map(three));
        let closing = ["ES", "ET"].contains(&self.code.as_str());
        let mouth = self
            .measure("commissure")
            .filter(|_| closing)
            .and_then(|c| c.deviation());
        cells.extend([
            optional(self.narrowing(&["SS", "BS"])),
            optional(self.narrowing(&["PL", "SO"])),
            optional(mouth),
            optional(self.chin()),
            optional(self.frontal_pct),
            optional(self.valid_pct),
            self.no_movement.map_or_else(String::new, flag),
            flag(self.proxy),
            self.baseline_quality.to_owned(),
        ]);
        cells
    }
}

fn of_action(
    a: &Analysis,
    action: &Action,
    keys: Option<&ActionKeys>,
    occurrence: usize,
) -> Vec<ActionRow> {
    let run = a.timeline.frames_between(action.start, action.end);
    let has_keys = keys.is_some_and(|keys| !keys.aus.is_empty());
    let found = keys
        .filter(|_| has_keys)
        .and_then(|keys| plateau(a, action, keys, &run));
    let enough = found
        .as_ref()
        .filter(|plateau| plateau.frames.len() >= PLATEAU_FRAMES);
    // An action without key action units, such as the rest, is measured as a whole.
    let frames: Vec<usize> = match (has_keys, enough) {
        (true, Some(plateau)) => plateau.frames.clone(),
        (true, None) => Vec::new(),
        (false, _) => run.clone().filter(|&i| a.timeline.valid[i]).collect(),
    };
    let valid = run.clone().filter(|&i| a.timeline.valid[i]).count();
    let pixel = a.scale.of_pixel();
    let sides = match &a.recording.geometry {
        Some(_) => &[Side::Both, Side::Left, Side::Right][..],
        None => &[Side::Both],
    };
    let mut rows: Vec<ActionRow> = sides
        .iter()
        .map(|&side| ActionRow {
            video: a.recording.stem(),
            code: action.code.clone(),
            name: keys.map_or_else(String::new, |keys| keys.name.clone()),
            occurrence,
            start: action.start,
            end: action.end,
            side,
            apex: found
                .as_ref()
                .map(|p| (a.recording.frames[p.apex], a.timeline.times[p.apex])),
            plateau: enough.map(|p| {
                let span = p.frames[0]..p.frames[p.frames.len() - 1] + 1;
                (a.timeline.times[span.start], a.timeline.duration(&span))
            }),
            no_plateau: has_keys && enough.is_none(),
            latency: found.as_ref().map(|p| p.latency),
            intensities: match side {
                Side::Both => intensities(a, &frames),
                _ => Vec::new(),
            },
            geometry: MEASURES
                .iter()
                .map(|measure| {
                    let column = geometry::column(measure.name, side);
                    let columns = column.zip(a.recording.geometry.as_ref());
                    columns.map_or_else(Change::default, |(column, geometry)| {
                        let unit = if measure.unit == Unit::Length {
                            pixel
                        } else {
                            1.0
                        };
                        let change = change(a, geometry.values(&column), &frames);
                        let scaled =
                            |value: Option<f64>| value.map(|v| v * unit).filter(|v| v.is_finite());
                        Change {
                            act: scaled(change.act),
                            rest: scaled(change.rest),
                        }
                    })
                })
                .collect(),
            unit: a.scale.unit(),
            frontal_pct: frontal(a, &run),
            valid_pct: (!run.is_empty()).then(|| 100.0 * valid as f64 / run.len() as f64),
            no_movement: None,
            proxy: keys.is_some_and(|keys| keys.proxy),
            baseline_quality: a
                .baseline
                .as_ref()
                .map_or("", |baseline| baseline.quality.name()),
        })
        .collect();
    let no_movement = keys
        .filter(|_| has_keys)
        .and_then(|keys| no_movement(&rows, keys));
    for row in &mut rows {
        row.no_movement = no_movement;
    }
    rows
}

fn intensities(a: &Analysis, frames: &[usize]) -> Vec<Change> {
    let of = |au: &u8| match a.recording.intensities.get(au) {
        Some(values) => change(a, values, frames),
        None => Change::default(),
    };
    INTENSITIES.iter().map(of).collect()
}

/// The mean of frames, and the median at rest.
fn change(a: &Analysis, values: &[f32], frames: &[usize]) -> Change {
    let here = frames
        .iter()
        .map(|&i| (f64::from(values[i]), a.timeline.weights[i]));
    let here: crate::statistics::Weighted = here.collect();
    Change {
        act: here.mean(),
        rest: a
            .baseline
            .as_ref()
            .and_then(|baseline| baseline.median(values, &a.timeline)),
    }
}

fn frontal(a: &Analysis, run: &Run) -> Option<f64> {
    let [pitch, yaw, _] = a.recording.head_rotation.as_ref()?;
    let frames = run.clone().filter(|&i| a.timeline.valid[i]);
    let so = frames.map(|i| {
        let frontal = f64::from(yaw[i].abs().to_degrees()) <= crate::thresholds::FRONTAL_YAW
            && f64::from(pitch[i].abs().to_degrees()) <= crate::thresholds::FRONTAL_PITCH;
        (f64::from(u8::from(frontal)), a.timeline.weights[i])
    });
    so.collect::<crate::statistics::Weighted>()
        .percent(|value| value > 0.5)
}

/// The signal of an action: the mean of its action units, or how far the eye that closes less is shut.
fn signal(a: &Analysis, keys: &ActionKeys) -> Option<Vec<f32>> {
    let closures = a
        .blinks
        .as_ref()
        .filter(|blinks| keys.closes_eyes && blinks.scale_known);
    if let Some(blinks) = closures {
        let values = (0..a.timeline.len()).map(|i| blinks.both_closed(i).unwrap_or(f32::NAN));
        return Some(values.collect());
    }
    let columns: Vec<&Vec<f32>> = keys
        .aus
        .iter()
        .map(|au| a.recording.intensities.get(au))
        .collect::<Option<_>>()?;
    let mean =
        |i: usize| columns.iter().map(|column| column[i]).sum::<f32>() / columns.len() as f32;
    Some((0..a.timeline.len()).map(mean).collect())
}

fn plateau(a: &Analysis, action: &Action, keys: &ActionKeys, run: &Run) -> Option<Plateau> {
    let valid = a.timeline.valid_values(&signal(a, keys)?);
    let frames = ACTION_MEDIAN_SECONDS / a.timeline.step.max(1e-6);
    // An odd number of frames.
    let width = ACTION_MEDIAN_FRAMES.max(2 * (frames / 2.0).round() as usize + 1);
    let smooth = median_of_neighbours(&valid[run.clone()], width);
    let mut strongest: Option<(usize, f32)> = None;
    for (i, value) in smooth.iter().enumerate() {
        if let Some(value) = *value
            && strongest.is_none_or(|(_, most)| value > most)
        {
            strongest = Some((i, value));
        }
    }
    let (apex, peak) = strongest.filter(|(_, peak)| *peak > 0.0)?;
    let above =
        |i: usize, share: f64| smooth[i].is_none_or(|v| f64::from(v) >= share * f64::from(peak));
    let mut first = apex;
    while first > 0 && above(first - 1, PLATEAU) {
        first -= 1;
    }
    let mut last = apex;
    while last + 1 < smooth.len() && above(last + 1, PLATEAU) {
        last += 1;
    }
    let blinking = |i: usize| {
        let closure = a.blinks.as_ref().and_then(|blinks| blinks.both_closed(i));
        !keys.closes_eyes && closure.is_some_and(|closure| f64::from(closure) > EYE_CLOSED)
    };
    let frames = (first..=last)
        .filter(|&i| smooth[i].is_some())
        .map(|i| run.start + i);
    let reached = (0..smooth.len()).find(|&i| smooth[i].is_some() && above(i, LATENCY))?;
    Some(Plateau {
        apex: run.start + apex,
        frames: frames.filter(|&i| !blinking(i)).collect(),
        latency: a.timeline.times[run.start + reached] - action.start,
    })
}

/// Whether neither the action units nor the lengths of an action moved on either side; nothing
/// without a rest or without values.
fn no_movement(rows: &[ActionRow], keys: &ActionKeys) -> Option<bool> {
    let both = rows.iter().find(|row| row.side == Side::Both)?;
    let mut deviations = Vec::new();
    for au in &keys.aus {
        let place = INTENSITIES.iter().position(|other| other == au)?;
        deviations.push(both.intensities.get(place)?.deviation()? / NO_MOVEMENT_AU);
    }
    for row in rows {
        let changes = keys.geometry.iter().filter_map(|name| row.measure(name));
        deviations.extend(changes.filter_map(|c| Some(c.deviation()?.abs() / NO_MOVEMENT_LENGTH)));
    }
    (!deviations.is_empty()).then(|| deviations.iter().all(|share| *share < 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::MarkedActions;
    use crate::analysis::Wishes;
    use crate::testing::{TableText, face_points};

    /// Rest until 2 s, then from 2 to 6 s a smile that rises from 3 s on to 2.0 and stays, with both
    /// corners of the mouth 6 px out; AU04 falls from 0.8 to 0.3 in it.
    fn smile() -> Analysis {
        let mut table =
            TableText::with_landmarks(&["AU04_r", "AU12_r", "pose_Rx", "pose_Ry", "pose_Rz"]);
        for frame in 0..240 {
            let t = f64::from(frame) / 30.0;
            let share = if t < 6.0 {
                ((t - 3.0) / 0.5).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let mut points = face_points();
            points[48][0] -= 6.0 * share;
            points[54][0] += 6.0 * share;
            table.face(
                t,
                &points,
                &[0.8 - 0.5 * share, 0.2 + 1.8 * share, 0.0, 0.05, 0.0],
            );
        }
        let recording = table.recording();
        let text = "action,start,end\nBL,0,2\nBS,2,6\nRE,6.5,7.5\nQQ,7.5,8\n";
        let actions = MarkedActions::parse(text, None)
            .unwrap()
            .in_recording(&recording);
        Analysis::of(recording, actions, &Wishes::default())
    }

    fn rows<'a>(analysis: &'a Analysis, code: &str) -> Vec<&'a ActionRow> {
        analysis
            .action_rows
            .iter()
            .filter(|row| row.code == code)
            .collect()
    }

    fn intensity(row: &ActionRow, au: u8) -> Change {
        row.intensities[INTENSITIES.iter().position(|&other| other == au).unwrap()]
    }

    #[test]
    fn a_smile_has_a_plateau_a_latency_and_deviations() {
        let analysis = smile();
        let smile = rows(&analysis, "BS");
        assert_eq!(smile.len(), 3);
        let both = smile[0];
        assert_eq!(
            (both.side, both.occurrence, both.no_plateau),
            (Side::Both, 1, false)
        );
        let (start, seconds) = both.plateau.unwrap();
        // 0.7 of 2.0 is reached two thirds into the rise.
        assert!(
            (start - 3.35).abs() < 0.05 && (seconds - 2.65).abs() < 0.05,
            "{both:?}"
        );
        assert!((both.latency.unwrap() - (3.22 - 2.0)).abs() < 0.05);
        let au12 = intensity(both, 12);
        assert!((au12.rest.unwrap() - 0.2).abs() < 1e-6);
        assert!((au12.deviation().unwrap() - 1.77).abs() < 0.05, "{au12:?}");
        // A decrease stays one.
        assert!((intensity(both, 4).deviation().unwrap() + 0.49).abs() < 0.02);
        assert_eq!(both.no_movement, Some(false));
        assert!((both.frontal_pct.unwrap() - 100.0).abs() < 1e-9);
        for row in &smile[1..] {
            let out = row.measure("lip_out").unwrap().deviation().unwrap();
            assert!(
                (out - 5.9).abs() < 0.1 && row.unit == "canthal_pct",
                "{out}"
            );
            assert!(row.intensities.is_empty());
        }
        assert!(smile[1].narrowing(&["BS"]).unwrap().abs() < 1e-6);
    }

    #[test]
    fn what_did_not_move_or_is_not_measured_says_so() {
        let analysis = smile();
        // There is no AU01 in the table, so there is no signal and no plateau.
        let brows = rows(&analysis, "RE");
        assert!(brows[0].no_plateau && brows[0].no_movement.is_none() && brows[0].apex.is_none());
        let rest = rows(&analysis, "BL")[0];
        assert!(!rest.no_plateau && intensity(rest, 12).act.is_some());
        assert_eq!(rest.baseline_quality, "neutral");
        assert_eq!(rows(&analysis, "QQ")[0].name, "");
        assert!(
            analysis
                .row()
                .get("warnings")
                .unwrap()
                .contains("scale_unknown")
        );
    }

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        let csv = smile().actions_csv();
        let widths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        assert_eq!(csv.lines().count(), 1 + 4 * 3);
    }
}
