//! How values become a line of the drawing: the scale, the extremes of a column, the pen.

use std::fmt::Write as _;

/// Height of a curve in units of the drawing.
pub(super) const CURVE_HEIGHT: f64 = 120.0;

/// From values to the height of the drawing.
pub(super) struct Scale {
    pub(super) low: f32,
    pub(super) high: f32,
}

impl Scale {
    pub(super) fn of(values: impl Iterator<Item = f32>) -> Self {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for value in values {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // What is never negative begins at 0.
        if low >= 0.0 {
            low = 0.0;
        }
        if high <= low {
            high = low + 1.0;
        }
        Self { low, high }
    }

    pub(super) fn y(&self, value: f32) -> f64 {
        let share = f64::from((value - self.low) / (self.high - self.low));
        // Half a stroke stays inside.
        1.5 + (1.0 - share) * (CURVE_HEIGHT - 3.0)
    }

    pub(super) fn words(&self) -> String {
        format!("scale {:.2} to {:.2}", self.low, self.high)
    }
}

/// The smallest and the largest value of a column, and where they are.
pub(super) struct Extremes {
    column: usize,
    low: (usize, f32),
    high: (usize, f32),
}

impl Extremes {
    pub(super) fn new(column: usize, place: usize, value: f32) -> Self {
        Self {
            column,
            low: (place, value),
            high: (place, value),
        }
    }

    /// The column that this is of.
    pub(super) fn column(&self) -> usize {
        self.column
    }

    pub(super) fn add(&mut self, place: usize, value: f32) {
        if value < self.low.1 {
            self.low = (place, value);
        }
        if value > self.high.1 {
            self.high = (place, value);
        }
    }

    pub(super) fn draw(
        &self,
        pen: &mut Pen,
        path: &mut String,
        x: &dyn Fn(usize) -> f64,
        scale: &Scale,
    ) {
        let (first, second) = if self.low.0 <= self.high.0 {
            (self.low, self.high)
        } else {
            (self.high, self.low)
        };
        pen.to(path, x(first.0), scale.y(first.1));
        if first.0 != second.0 {
            pen.to(path, x(second.0), scale.y(second.1));
        }
    }
}

/// Draws lines without lifting, and dots where there is a single point.
#[derive(Default)]
pub(super) struct Pen {
    points: usize,
}

impl Pen {
    pub(super) fn to(&mut self, path: &mut String, x: f64, y: f64) {
        let letter = if self.points == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{letter}{x:.1} {y:.1}");
        self.points += 1;
    }

    pub(super) fn lift(&mut self, path: &mut String) {
        if self.points == 1 {
            path.push_str("h0");
        }
        self.points = 0;
    }
}
