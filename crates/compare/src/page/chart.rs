//! One box of the page: curves, strips, and the values that the script shows under the pointer.
//!
//! However long the video, a curve has a fixed number of columns, and each column shows the smallest
//! and the largest value of its frames: no spike is lost.

use std::fmt::Write as _;

use faceau_drawing::{Axis, Scale, escape, line};
use serde_json::{Value, json};

use crate::column::Measure;
use crate::comparison::Matched;

/// Columns of a chart.
const COLUMNS: usize = 500;
/// Units of the drawing; a column is two of them wide.
const WIDTH: f64 = 2.0 * COLUMNS as f64;
const CURVE_HEIGHT: f64 = 120.0;
const STRIP_HEIGHT: f64 = 7.0;
const GAP: f64 = 3.0;

/// A value for each frame that both tables have; none where there is nothing to compare.
pub(super) struct Series(Vec<Option<f32>>);

impl Series {
    /// The frames themselves: numbers or seconds.
    pub(super) fn axis(matched: &Matched<'_>) -> Vec<f64> {
        let pairs = matched.join.pairs.iter();
        pairs.map(|&(i, _)| matched.label(i)).collect()
    }

    /// A column of both tables.
    pub(super) fn of(matched: &Matched<'_>, measure: Measure) -> Option<(Self, Self)> {
        let (a, b) = (matched.a.column(measure)?, matched.b.column(measure)?);
        let mut series = (Self::empty(matched), Self::empty(matched));
        for (place, (i, j)) in places(matched) {
            if a[i].is_finite() && b[j].is_finite() {
                series.0.0[place] = Some(a[i]);
                series.1.0[place] = Some(b[j]);
            }
        }
        Some(series)
    }

    /// One value per compared frame, by its place among them.
    pub(super) fn single(matched: &Matched<'_>, values: &[(usize, f64)]) -> Self {
        let mut series = Self::empty(matched);
        let places: Vec<usize> = places(matched).map(|(place, _)| place).collect();
        for &(compared, value) in values {
            series.0[places[compared]] = Some(value as f32);
        }
        series
    }

    fn empty(matched: &Matched<'_>) -> Self {
        Self(vec![None; matched.join.pairs.len()])
    }

    fn values(&self) -> impl Iterator<Item = f32> {
        self.0.iter().copied().flatten()
    }
}

/// The compared rows, each with its place among all pairs. Both are in the same order.
fn places(matched: &Matched<'_>) -> impl Iterator<Item = (usize, (usize, usize))> {
    let mut compared = matched.compared.iter().copied().peekable();
    let pairs = matched.join.pairs.iter().enumerate();
    pairs.filter_map(move |(place, &pair)| compared.next_if_eq(&pair).map(|pair| (place, pair)))
}

/// A box of the page.
pub(super) struct Chart {
    title: String,
    facts: String,
    /// The frames: numbers or seconds.
    keys: Vec<f64>,
    axis: Axis,
    drawing: String,
    height: f64,
    /// For each column the frame and the values where the tables differ most.
    readings: Vec<Option<(f64, f32, Option<f32>)>>,
}

impl Chart {
    pub(super) fn new(axis: &[f64], title: &str, facts: &str) -> Self {
        Self {
            title: title.to_owned(),
            facts: facts.to_owned(),
            keys: axis.to_owned(),
            axis: Axis::new(axis.to_owned(), 0.0, WIDTH, COLUMNS),
            drawing: String::new(),
            height: 0.0,
            readings: vec![None; COLUMNS],
        }
    }

    /// Adds the curves of both tables, on one scale.
    pub(super) fn with_curves(mut self, pair: Option<(Series, Series)>) -> Self {
        let Some((a, b)) = pair else { return self };
        let scale = Scale::of(a.values().chain(b.values()), 0.0, CURVE_HEIGHT);
        for (class, series) in [("a", &a), ("b", &b)] {
            let path = line(&self.axis, &series.0, &scale);
            let _ = write!(self.drawing, "<path class=\"{class}\" d=\"{path}\"/>");
        }
        let values = a.0.iter().zip(&b.0).map(|pair| match pair {
            (Some(a), Some(b)) => Some((*a, Some(*b))),
            _ => None,
        });
        self.readings = self.read(values, |a, b| (a - b.unwrap_or(a)).abs());
        self.close_curves(&scale);
        self
    }

    /// Adds a curve of distances.
    pub(super) fn with_distance(mut self, distances: Series) -> Self {
        let scale = Scale::of(distances.values(), 0.0, CURVE_HEIGHT);
        let path = line(&self.axis, &distances.0, &scale);
        let _ = write!(self.drawing, "<path class=\"d\" d=\"{path}\"/>");
        let values = distances
            .0
            .iter()
            .map(|value| value.map(|value| (value, None)));
        self.readings = self.read(values, |distance, _| distance);
        self.close_curves(&scale);
        self
    }

    /// Adds strips that show where something is present.
    pub(super) fn with_strips(mut self, pair: Option<(Series, Series)>) -> Self {
        let Some((a, b)) = pair else { return self };
        let yes = |value: &Option<f32>| value.is_some_and(|value| value > 0.5);
        let strips: [(&str, Vec<bool>); 3] = [
            ("a", a.0.iter().map(yes).collect()),
            ("b", b.0.iter().map(yes).collect()),
            (
                "x",
                a.0.iter()
                    .zip(&b.0)
                    .map(|(a, b)| yes(a) != yes(b))
                    .collect(),
            ),
        ];
        for (class, present) in strips {
            let path = self.axis.strip(&present, self.height, STRIP_HEIGHT);
            let _ = write!(self.drawing, "<path class=\"strip {class}\" d=\"{path}\"/>");
            self.height += STRIP_HEIGHT + GAP;
        }
        self
    }

    /// What the script knows of this chart: for each column `[frame, value, other value]`.
    pub(super) fn data(&self) -> Value {
        let round = |value: f32| (f64::from(value) * 1000.0).round() / 1000.0;
        let readings = self.readings.iter().map(|reading| match reading {
            None => json!(0),
            Some((key, a, Some(b))) => json!([key, round(*a), round(*b)]),
            Some((key, value, None)) => json!([key, round(*value)]),
        });
        readings.collect()
    }

    pub(super) fn to_html(&self) -> String {
        format!(
            "<figure><figcaption><b>{}</b> <span>{}</span> <output></output></figcaption>\n\
             <svg viewBox=\"0 0 {WIDTH} {:.0}\" preserveAspectRatio=\"none\" role=\"img\">{}\
             <line class=\"pointer\" x1=\"-9\" x2=\"-9\" y1=\"0\" y2=\"100%\"/></svg></figure>\n",
            escape(&self.title),
            escape(&self.facts),
            self.height.max(1.0),
            self.drawing
        )
    }

    /// Writes the ends of the scale and makes room for what comes below.
    fn close_curves(&mut self, scale: &Scale) {
        let _ = write!(
            self.drawing,
            "<line class=\"base\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{0}\" y2=\"{0}\"/>",
            self.height + CURVE_HEIGHT
        );
        self.facts = match self.facts.is_empty() {
            true => scale.words(),
            false => format!("{} · {}", self.facts, scale.words()),
        };
        self.height += CURVE_HEIGHT + GAP;
    }

    /// For each column the reading that is largest by `size`.
    fn read(
        &self,
        values: impl Iterator<Item = Option<(f32, Option<f32>)>>,
        size: impl Fn(f32, Option<f32>) -> f32,
    ) -> Vec<Option<(f64, f32, Option<f32>)>> {
        let mut readings: Vec<Option<(f64, f32, Option<f32>)>> = vec![None; COLUMNS];
        for (place, value) in values.enumerate() {
            let Some((a, b)) = value else { continue };
            let reading = &mut readings[self.axis.column(place)];
            if reading.is_none_or(|(_, old_a, old_b)| size(a, b) > size(old_a, old_b)) {
                *reading = Some((self.keys[place], a, b));
            }
        }
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(frames: usize) -> Chart {
        let axis: Vec<f64> = (1..=frames).map(|frame| frame as f64).collect();
        Chart::new(&axis, "t", "")
    }

    #[test]
    fn the_reading_of_a_column_is_its_largest_difference() {
        let mut a = vec![Some(1.0); 5000];
        a[7] = Some(3.0);
        let b = vec![Some(1.0); 5000];
        let chart = chart(5000).with_curves(Some((Series(a), Series(b))));
        let data = chart.data();
        assert_eq!(data[0], json!([8.0, 3.0, 1.0]));
        assert_eq!(data.as_array().unwrap().len(), COLUMNS);
    }
}
