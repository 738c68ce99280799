//! How values become a line or a filled curve: each column of the drawing shows the smallest and the
//! largest value of its frames, so that no spike is lost.

use std::fmt::Write as _;

use crate::axis::Axis;
use crate::scale::Scale;

/// The data of a path along values. Gaps stay gaps, and a single value is a dot.
pub fn line(axis: &Axis, values: &[Option<f32>], scale: &Scale) -> String {
    let mut path = String::new();
    for run in runs(axis, values, scale) {
        let mut letter = 'M';
        for (x, y) in &run {
            // Writing into a string cannot fail.
            let _ = write!(path, "{letter}{x:.1} {y:.1}");
            letter = 'L';
        }
        if run.len() == 1 {
            path.push_str("h0");
        }
    }
    path
}

/// The data of a path around the area between values and the bottom of the scale.
pub fn area(axis: &Axis, values: &[Option<f32>], scale: &Scale) -> String {
    let mut path = String::new();
    let bottom = scale.y(scale.low);
    for run in runs(axis, values, scale) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        // What lies on the bottom throughout has no area.
        if run.iter().all(|(_, y)| (y - bottom).abs() < 0.05) {
            continue;
        }
        let _ = write!(path, "M{:.1} {bottom:.1}", first.0);
        for (i, (x, y)) in run.iter().enumerate() {
            let near = |other: Option<&(f64, f64)>| {
                other.is_some_and(|(_, other)| format!("{other:.1}") == format!("{y:.1}"))
            };
            // A point on a level line adds nothing.
            let level = i > 0 && near(run.get(i - 1)) && near(run.get(i + 1));
            if !level {
                let _ = write!(path, "L{x:.1} {y:.1}");
            }
        }
        let _ = write!(path, "L{:.1} {bottom:.1}z", last.0);
    }
    path
}

/// Points between gaps.
fn runs(axis: &Axis, values: &[Option<f32>], scale: &Scale) -> Vec<Vec<(f64, f64)>> {
    let mut runs = Vec::new();
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut column: Option<Extremes> = None;
    for (frame, value) in values.iter().enumerate() {
        let number = axis.column(frame);
        if let Some(done) = column.take_if(|c| value.is_none() || c.column != number) {
            done.draw(&mut run, axis, scale);
        }
        match value {
            None if run.is_empty() => {}
            None => runs.push(std::mem::take(&mut run)),
            Some(value) => column
                .get_or_insert(Extremes::new(number, frame, *value))
                .add(frame, *value),
        }
    }
    if let Some(done) = column {
        done.draw(&mut run, axis, scale);
    }
    if !run.is_empty() {
        runs.push(run);
    }
    runs
}

/// The smallest and the largest value of a column, and where they are.
struct Extremes {
    column: usize,
    low: (usize, f32),
    high: (usize, f32),
}

impl Extremes {
    fn new(column: usize, frame: usize, value: f32) -> Self {
        Self {
            column,
            low: (frame, value),
            high: (frame, value),
        }
    }

    fn add(&mut self, frame: usize, value: f32) {
        if value < self.low.1 {
            self.low = (frame, value);
        }
        if value > self.high.1 {
            self.high = (frame, value);
        }
    }

    fn draw(&self, run: &mut Vec<(f64, f64)>, axis: &Axis, scale: &Scale) {
        let (first, second) = if self.low.0 <= self.high.0 {
            (self.low, self.high)
        } else {
            (self.high, self.low)
        };
        run.push((axis.x(first.0), scale.y(first.1)));
        if first.0 != second.0 {
            run.push((axis.x(second.0), scale.y(second.1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn axis(frames: usize) -> Axis {
        let places = (1..=frames).map(|frame| frame as f64).collect();
        Axis::new(places, 0.0, 1000.0, 500)
    }

    fn scale(high: f32) -> Scale {
        Scale::new(0.0, high, 0.0, 120.0)
    }

    #[test]
    fn a_single_spike_in_a_long_video_is_drawn() {
        let mut values = vec![Some(0.0); 20_000];
        values[12_345] = Some(5.0);
        let axis = axis(20_000);
        let path = line(&axis, &values, &scale(5.0));
        let x = axis.x(12_345);
        assert!(path.contains(&format!("L{x:.1} 1.5")), "{path}");
        assert!(path.len() < 500 * 2 * 14);
        let filled = area(&axis, &values, &scale(5.0));
        assert!(
            filled.contains(&format!("L{x:.1} 1.5")) && filled.len() < 200,
            "{filled}"
        );
    }

    #[test]
    fn gaps_stay_gaps_and_single_points_are_dots() {
        let values = [
            Some(0.0),
            Some(1.0),
            None,
            Some(1.0),
            None,
            Some(0.0),
            Some(0.0),
        ];
        let path = line(&axis(7), &values, &scale(1.0));
        assert_eq!(path.matches('M').count(), 3, "{path}");
        assert_eq!(path.matches("h0").count(), 1, "{path}");
        assert!(
            path.starts_with("M0.0 118.5L166.7 1.5M500.0 1.5h0M833.3 118.5"),
            "{path}"
        );
        let filled = area(&axis(7), &values, &scale(1.0));
        assert_eq!(filled.matches('z').count(), 2, "{filled}");
    }

    proptest! {
        #[test]
        fn the_extremes_are_always_drawn(values in prop::collection::vec(0.0_f32..5.0, 1..3000)) {
            let axis = axis(values.len());
            let all: Vec<Option<f32>> = values.iter().copied().map(Some).collect();
            let path = line(&axis, &all, &scale(5.0));
            let high = values.iter().copied().fold(0.0, f32::max);
            let y = format!("{:.1}", scale(5.0).y(high));
            prop_assert!(path.contains(&y));
        }
    }
}
