//! How much of a demo clip's truth the program found, and whether that is enough.
//!
//! Works on two tables, the clip's truth and what was measured; where they come from is not known
//! here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use faceau_compare::column::Measure;
use faceau_compare::comparison::{Comparison, Matched};
use serde::Serialize;

use super::truth::Sight;

/// An action unit moves if its true intensity reaches `SHOWN` in this share of the frames, or more.
const MOVES: f64 = 0.04;
/// From this true intensity on an action unit is shown.
const SHOWN: f32 = 1.0;
/// Of an action unit that moves in fewer clips than these nothing is promised: a single clip may be one
/// in which it is hidden, by a beard for instance.
const FEWEST_CLIPS: usize = 3;

/// What was found of the truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recovery {
    /// Frames of the clip.
    pub frames: usize,
    /// Frames in which the face is to be seen.
    pub visible: usize,
    /// Those of them in which it was found.
    pub found: usize,
    /// Frames without a face.
    pub absent: usize,
    /// Those of them in which one was found.
    pub mistaken: usize,
    /// Mean distance of the landmarks from the true ones, as a share of the distance between the
    /// outer corners of the eyes.
    pub landmark_error: Option<f64>,
    /// The action units, by number.
    pub action_units: Vec<AuRecovery>,
}

/// What was found of an action unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuRecovery {
    /// Its number.
    pub au: u8,
    /// Its name.
    pub name: Option<&'static str>,
    /// Whether it is shown long enough to be correlated with.
    pub moves: bool,
    /// Correlation of the measured intensity with the true one.
    pub r: Option<f64>,
    /// Mean absolute difference of the intensities.
    pub mae: Option<f64>,
    /// The share of frames in which the presence is right.
    pub presence: Option<f64>,
}

/// What is enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The largest landmark error.
    pub landmark_error: f64,
    /// The smallest correlation of an action unit, on average over several clips in which it moves.
    pub r: f64,
    /// The smallest correlation within a clip, on average over the action units that move in it.
    pub mean_r: f64,
    /// The smallest share of visible faces that are found.
    pub found: f64,
    /// The largest share of frames without a face in which one is found.
    pub mistaken: f64,
}

impl Limits {
    /// What the demo models promise, as long as the head is turned by 25 degrees at most.
    pub const PROMISED: Self = Self {
        landmark_error: 0.03,
        r: 0.9,
        mean_r: 0.85,
        found: 0.99,
        mistaken: 0.01,
    };
}

impl Recovery {
    /// Of a clip: `matched` are its truth (first) and what was measured, `comparison` what they
    /// differ in, `sight` says of each row of the truth whether the face is to be seen.
    pub fn of(matched: &Matched<'_>, comparison: &Comparison, sight: &[Sight]) -> Self {
        let measured = matched.b;
        let mut recovery = Self {
            frames: matched.join.pairs.len(),
            visible: 0,
            found: 0,
            absent: 0,
            mistaken: 0,
            landmark_error: (comparison.landmarks.as_ref())
                .and_then(|points| points.relative.as_ref())
                .map(|relative| relative.mean),
            action_units: Vec::new(),
        };
        for &(i, j) in &matched.join.pairs {
            let found = usize::from(measured.succeeded(j));
            match sight[i] {
                Sight::Visible => {
                    recovery.visible += 1;
                    recovery.found += found;
                }
                Sight::Partly => {}
                Sight::Gone => {
                    recovery.absent += 1;
                    recovery.mistaken += found;
                }
            }
        }
        let mut aus: Vec<u8> = (comparison.intensities.iter().map(|au| au.au))
            .chain(comparison.presences.iter().map(|au| au.au))
            .collect();
        aus.sort_unstable();
        aus.dedup();
        recovery.action_units = aus
            .into_iter()
            .map(|au| {
                let intensity = comparison.intensities.iter().find(|found| found.au == au);
                let presence = comparison.presences.iter().find(|found| found.au == au);
                AuRecovery {
                    au,
                    name: faceau_compare::action_units::name(au),
                    moves: moves(matched, au),
                    r: intensity.and_then(|found| found.r),
                    mae: intensity.map(|found| found.mad),
                    presence: presence.map(|found| found.equal),
                }
            })
            .collect();
        recovery
    }

    /// The share of visible faces that were found; 1 without any.
    pub fn found_share(&self) -> f64 {
        share(self.found, self.visible).unwrap_or(1.0)
    }

    /// The share of frames without a face in which one was found; 0 without any.
    pub fn mistaken_share(&self) -> f64 {
        share(self.mistaken, self.absent).unwrap_or(0.0)
    }

    /// The mean correlation of the action units that move, where there are some.
    pub fn mean_r(&self) -> Option<f64> {
        let moving = self.action_units.iter().filter(|au| au.moves);
        let found: Vec<f64> = moving.filter_map(|au| au.r).collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    }

    /// What is not enough, one line each; nothing when all is.
    pub fn shortcomings(&self, limits: &Limits) -> Vec<String> {
        let mut lines = Vec::new();
        if self.found_share() < limits.found {
            lines.push(format!(
                "the face was found in {} of {} frames that show it",
                self.found, self.visible
            ));
        }
        if self.mistaken_share() > limits.mistaken {
            lines.push(format!(
                "a face was found in {} of {} frames that show none",
                self.mistaken, self.absent
            ));
        }
        match self.landmark_error {
            Some(error) if error > limits.landmark_error => lines.push(format!(
                "landmarks are off by {:.2} % of the eye distance",
                100.0 * error
            )),
            None if self.visible > 0 => lines.push("no landmarks were found".to_owned()),
            _ => {}
        }
        if let Some(mean) = self.mean_r().filter(|&mean| mean < limits.mean_r) {
            lines.push(format!("the mean correlation is {mean:.3}"));
        }
        lines
    }

    /// A table for people.
    pub fn to_text(&self) -> String {
        let mut text = "AU                             r     MAE   presence right\n".to_owned();
        for au in &self.action_units {
            let number = |value: Option<f64>, scale: f64, decimals: usize| {
                value.map_or("–".to_owned(), |v| format!("{:.decimals$}", scale * v))
            };
            // Without movement there is nothing to correlate with.
            let r = if au.moves { au.r } else { None };
            // Writing into a string cannot fail.
            let _ = writeln!(
                text,
                "AU{:02} {:22} {:>6}  {:>6}   {:>6} %",
                au.au,
                au.name.unwrap_or_default(),
                number(r, 1.0, 3),
                number(au.mae, 1.0, 2),
                number(au.presence, 100.0, 1),
            );
        }
        if let Some(error) = self.landmark_error {
            let percent = 100.0 * error;
            let _ = writeln!(text, "landmarks: off by {percent:.2} % of the eye distance");
        }
        let _ = writeln!(
            text,
            "face found in {} of the {} frames that show one",
            self.found, self.visible
        );
        if self.absent > 0 {
            let _ = writeln!(
                text,
                "face found in {} of the {} frames that show none",
                self.mistaken, self.absent
            );
        }
        text
    }
}

/// How well an action unit is measured in the clips in which it moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AuOverClips {
    /// Its number.
    pub au: u8,
    /// In how many clips it moves.
    pub clips: usize,
    /// Its mean correlation with the truth.
    pub mean_r: f64,
    /// The smallest one.
    pub least_r: f64,
}

impl AuOverClips {
    /// Of all action units that move in any of these clips, by number.
    pub fn all<'a>(clips: impl IntoIterator<Item = &'a Recovery>) -> Vec<Self> {
        let mut found: BTreeMap<u8, Vec<f64>> = BTreeMap::new();
        for au in clips.into_iter().flat_map(|clip| &clip.action_units) {
            // Presence is all that there is of some. What never stirs correlates with nothing.
            if au.moves && au.mae.is_some() {
                found.entry(au.au).or_default().push(au.r.unwrap_or(0.0));
            }
        }
        let over = |(au, all): (u8, Vec<f64>)| Self {
            au,
            clips: all.len(),
            mean_r: all.iter().sum::<f64>() / all.len() as f64,
            least_r: all.iter().copied().fold(f64::INFINITY, f64::min),
        };
        found.into_iter().map(over).collect()
    }

    /// What is not enough, where it is not.
    pub fn shortcoming(&self, limits: &Limits) -> Option<String> {
        (self.clips >= FEWEST_CLIPS && self.mean_r < limits.r).then(|| {
            format!(
                "AU{:02}: mean correlation {:.3} over {} clips",
                self.au, self.mean_r, self.clips
            )
        })
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Whether the action unit is shown in enough of the frames that are compared.
fn moves(matched: &Matched<'_>, au: u8) -> bool {
    let Some(truth) = matched.a.column(Measure::Intensity(au)) else {
        return false;
    };
    let shown = matched.compared.iter().filter(|&&(i, _)| truth[i] >= SHOWN);
    share(shown.count(), matched.compared.len()).is_some_and(|share| share >= MOVES)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use faceau_compare::table::Table;

    use super::*;

    /// 20 frames: the face is away in the last five, AU12 rises and falls, AU04 is still.
    fn truth() -> String {
        let points = |axis: &str| -> String { (0..68).map(|i| format!(", {axis}_{i}")).collect() };
        let mut text = format!(
            "frame, success, AU04_r, AU12_r, AU12_c{}{}\n",
            points("x"),
            points("y")
        );
        for frame in 1..=20 {
            let strength = (f64::from(frame) / 4.0).sin().abs() * 4.0;
            let there = u8::from(frame <= 15);
            let present = u8::from(strength >= 1.0);
            let places: String = (0..136).map(|i| format!(", {}", 3 * i)).collect();
            let _ = writeln!(text, "{frame}, {there}, 0.5, {strength}, {present}{places}");
        }
        text
    }

    fn recovery(measured: &str) -> Recovery {
        let table = |text: &str| Table::parse(text.as_bytes(), Path::new("t.csv"), None).unwrap();
        let (truth, measured) = (table(&truth()), table(measured));
        let matched = Matched::new(&truth, &measured, None, false).unwrap();
        let sight = |row| {
            if truth.succeeded(row) {
                Sight::Visible
            } else {
                Sight::Gone
            }
        };
        let sight: Vec<Sight> = (0..truth.rows).map(sight).collect();
        Recovery::of(&matched, &Comparison::of(&matched), &sight)
    }

    #[test]
    fn the_truth_itself_is_enough() {
        let recovery = recovery(&truth());
        assert_eq!(recovery.shortcomings(&Limits::PROMISED), [""; 0]);
        assert_eq!((recovery.visible, recovery.found), (15, 15));
        assert_eq!((recovery.absent, recovery.mistaken), (5, 0));
        let [still, moving] = &recovery.action_units[..] else {
            panic!("{recovery:?}");
        };
        assert!(!still.moves && moving.moves);
        assert!(moving.r.unwrap() > 0.999_999 && moving.presence == Some(1.0));
        let text = recovery.to_text();
        assert!(text.contains("AU12 lip corner puller"), "{text}");
        assert!(text.contains("15 of the 15"), "{text}");
    }

    #[test]
    fn each_shortcoming_is_named() {
        // Found where there is none, missed where there is one, and AU12 the wrong way round.
        let wrong: String = truth()
            .lines()
            .enumerate()
            .map(|(frame, line)| {
                let mut cells: Vec<String> = line.split(", ").map(str::to_owned).collect();
                if frame > 0 {
                    cells[1] = u8::from(frame != 3).to_string();
                    let strength: f64 = cells[3].parse().unwrap();
                    cells[3] = (5.0 - strength).to_string();
                }
                cells.join(", ") + "\n"
            })
            .collect();
        let lines = recovery(&wrong).shortcomings(&Limits::PROMISED);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("14 of 15"), "{lines:?}");
        assert!(lines[1].contains("5 of 5"), "{lines:?}");
        assert!(lines[2].contains("mean correlation"), "{lines:?}");
        let (right, wrong) = (recovery(&truth()), recovery(&wrong));
        let over = |clips: &[&Recovery]| match AuOverClips::all(clips.iter().copied())[..] {
            [au] => au,
            _ => panic!("AU12 alone moves"),
        };
        let au = over(&[&right, &wrong, &right, &wrong]);
        assert_eq!((au.au, au.clips), (12, 4));
        assert!(au.mean_r.abs() < 1e-6 && au.least_r < -0.999_999);
        let said = au.shortcoming(&Limits::PROMISED).unwrap();
        assert!(said.contains("AU12: mean correlation"), "{said}");
        assert_eq!(over(&[&right; 4]).shortcoming(&Limits::PROMISED), None);
        // Two clips are too few to say.
        assert_eq!(over(&[&right, &wrong]).shortcoming(&Limits::PROMISED), None);
    }
}
