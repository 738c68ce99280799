//! From values to heights of a drawing.

/// The values at the bottom and at the top of a curve, and where these are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The value at the bottom.
    pub low: f32,
    /// The value at the top.
    pub high: f32,
    /// Where the top is, in units of the drawing.
    pub top: f64,
    /// From the top to the bottom.
    pub height: f64,
}

impl Scale {
    /// A fixed scale.
    pub fn new(low: f32, high: f32, top: f64, height: f64) -> Self {
        Self {
            low,
            high,
            top,
            height,
        }
    }

    /// A scale that holds all these values; what is never negative begins at 0.
    pub fn of(values: impl Iterator<Item = f32>, top: f64, height: f64) -> Self {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for value in values {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if low >= 0.0 {
            low = 0.0;
        }
        if high <= low {
            high = low + 1.0;
        }
        Self::new(low, high, top, height)
    }

    /// Where a value is. What lies beyond the scale is drawn at its end.
    pub fn y(&self, value: f32) -> f64 {
        let share = f64::from((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        // Half a stroke stays inside.
        self.top + 1.5 + (1.0 - share) * (self.height - 3.0)
    }

    /// As in `scale 0.00 to 5.00`.
    pub fn words(&self) -> String {
        format!("scale {:.2} to {:.2}", self.low, self.high)
    }
}
