//! Which action units are shown together: for each pair the seconds in which both are, and that over
//! the seconds in which either is (Jaccard's index).

use crate::cells::{number, push_line};
use crate::recording::Recording;
use crate::thresholds::PRESENT;
use crate::timeline::Timeline;

/// A pair of action units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The lower number.
    pub a: u8,
    /// The higher number.
    pub b: u8,
    /// Seconds in which both are at least 1.
    pub both: f64,
    /// Seconds in which either is.
    pub either: f64,
}

impl Pair {
    /// Both over either, 0 to 1; nothing if neither is ever shown.
    pub fn jaccard(&self) -> Option<f64> {
        (self.either > 0.0).then(|| self.both / self.either)
    }
}

/// All pairs of a recording's intensities.
pub fn pairs(recording: &Recording, timeline: &Timeline) -> Vec<Pair> {
    let aus: Vec<(&u8, &Vec<f32>)> = recording.intensities.iter().collect();
    let mut all = Vec::new();
    for (i, (a, of_a)) in aus.iter().enumerate() {
        for (b, of_b) in &aus[i + 1..] {
            let mut pair = Pair {
                a: **a,
                b: **b,
                both: 0.0,
                either: 0.0,
            };
            for frame in (0..timeline.len()).filter(|&frame| timeline.valid[frame]) {
                let shown = [of_a[frame], of_b[frame]].map(|value| f64::from(value) >= PRESENT);
                let weight = timeline.weights[frame];
                pair.both += if shown[0] && shown[1] { weight } else { 0.0 };
                pair.either += if shown[0] || shown[1] { weight } else { 0.0 };
            }
            all.push(pair);
        }
    }
    all
}

/// The pairs as a table.
pub fn csv(pairs: &[Pair]) -> String {
    let mut text = "au_a,au_b,seconds_both,seconds_either,jaccard\n".to_owned();
    for pair in pairs {
        let cells = [
            format!("AU{:02}", pair.a),
            format!("AU{:02}", pair.b),
            number(pair.both),
            number(pair.either),
            crate::cells::optional(pair.jaccard()),
        ];
        push_line(&mut text, cells.iter().map(String::as_str));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TableText;

    #[test]
    fn both_over_either() {
        let mut table = TableText::new(&["AU01_r", "AU02_r", "AU04_r"]);
        for frame in 0..100 {
            let shown = |yes: bool| if yes { 1.0 } else { 0.9 };
            table.row(
                f64::from(frame) * 0.04,
                &[shown(frame < 50), shown((25..75).contains(&frame)), 0.0],
            );
        }
        let recording = table.recording();
        let found = pairs(&recording, &recording.timeline(0.8));
        assert_eq!(found.len(), 3);
        assert!((found[0].both - 1.0).abs() < 1e-6 && (found[0].either - 3.0).abs() < 1e-6);
        assert!((found[0].jaccard().unwrap() - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(found[1].jaccard(), Some(0.0));
        assert!(
            csv(&found).contains("AU01,AU02,1,3,0.3333\n"),
            "{}",
            csv(&found)
        );
    }
}
