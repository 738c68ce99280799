//! Where frames lie from left to right, and strips along them.

use std::fmt::Write as _;

/// Frames along the width of a drawing. However many there are, the drawing has a fixed number of
/// columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    places: Vec<f64>,
    left: f64,
    width: f64,
    columns: usize,
}

impl Axis {
    /// Frames at these times (or numbers), ascending, over a width that begins at `left`.
    pub fn new(places: Vec<f64>, left: f64, width: f64, columns: usize) -> Self {
        Self {
            places,
            left,
            width,
            columns: columns.max(1),
        }
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Where a frame is.
    pub fn x(&self, frame: usize) -> f64 {
        self.place(self.places[frame])
    }

    /// Where a time is.
    pub fn place(&self, time: f64) -> f64 {
        let (Some(first), Some(last)) = (self.places.first(), self.places.last()) else {
            return self.left;
        };
        if last > first {
            self.left + (time - first) / (last - first) * self.width
        } else {
            self.left + self.width / 2.0
        }
    }

    /// The column of a frame.
    pub fn column(&self, frame: usize) -> usize {
        let share = (self.x(frame) - self.left) / self.width;
        ((share * self.columns as f64) as usize).min(self.columns - 1)
    }

    /// For each column the largest value of its frames; a frame reaches to the next one. Columns
    /// without a frame that has a value have none.
    pub fn largest_by_column<T: Ord + Copy>(&self, values: &[Option<T>]) -> Vec<Option<T>> {
        let mut columns = vec![None; self.columns];
        for (frame, value) in values.iter().enumerate() {
            if value.is_none() {
                continue;
            }
            let start = self.column(frame);
            let end = if frame + 1 < values.len() {
                self.column(frame + 1)
            } else {
                self.columns
            };
            for column in &mut columns[start..end.max(start + 1).min(self.columns)] {
                *column = (*column).max(*value);
            }
        }
        columns
    }

    /// Rectangles where something is present, `y` from the top and `height` high: the data of a path.
    pub fn strip(&self, present: &[bool], y: f64, height: f64) -> String {
        let values: Vec<Option<()>> = present.iter().map(|yes| yes.then_some(())).collect();
        let columns: Vec<bool> = self
            .largest_by_column(&values)
            .iter()
            .map(Option::is_some)
            .collect();
        self.column_strip(&columns, y, height)
    }

    /// The same of the columns themselves.
    pub fn column_strip(&self, columns: &[bool], y: f64, height: f64) -> String {
        let unit = self.width / self.columns as f64;
        let mut path = String::new();
        let mut column = 0;
        while column < columns.len() {
            let run = columns[column..].iter().take_while(|yes| **yes).count();
            if run > 0 {
                let (x, width) = (self.left + unit * column as f64, unit * run as f64);
                // Writing into a string cannot fail.
                let _ = write!(
                    path,
                    "M{} {y:.0}h{}v{height}h-{}z",
                    short(x),
                    short(width),
                    short(width)
                );
            }
            column += run.max(1);
        }
        path
    }
}

/// With at most one digit behind the point.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(frames: usize) -> Axis {
        let places = (1..=frames).map(|frame| frame as f64).collect();
        Axis::new(places, 0.0, 1000.0, 500)
    }

    #[test]
    fn strips_cover_what_is_present() {
        let strip = |present: &[bool]| axis(present.len()).strip(present, 0.0, 7.0);
        assert_eq!(strip(&[true, true, false, false]), "M0 0h666v7h-666z");
        let mut present = vec![false; 20_000];
        present[10_000] = true;
        assert_eq!(strip(&present), "M500 0h2v7h-2z");
        assert_eq!(strip(&[false, false]), "");
    }

    #[test]
    fn the_worst_of_a_column_counts() {
        let mut values = vec![Some(1); 20_000];
        values[7] = Some(3);
        values[19_999] = None;
        let columns = axis(20_000).largest_by_column(&values);
        assert_eq!(
            (columns[0], columns[1], columns[499]),
            (Some(3), Some(1), Some(1))
        );
        assert_eq!(axis(1).column(0), 250);
    }
}
