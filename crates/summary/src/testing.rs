//! Faces and tables that tests are made of.

use std::fmt::Write as _;

use crate::face_axis::Point;
use crate::recording::{ReadOptions, Recording};

/// 68 points of a symmetric face in front of x = 300, 100 px between the outer corners of the eyes,
/// with the eyes open by 12 px.
pub fn face_points() -> Vec<Point> {
    face_with_eyes(12.0, 12.0)
}

/// The same with the eyes (right, left) open by so many pixels.
pub fn face_with_eyes(right: f64, left: f64) -> Vec<Point> {
    let mut points = vec![[300.0, 200.0]; 68];
    let mut pair = |i: usize, j: usize, x: f64, y: f64| {
        points[i] = [300.0 - x, y];
        points[j] = [300.0 + x, y];
    };
    for (step, (i, j)) in (0..8).zip((9..=16).rev()).enumerate() {
        pair(i, j, 70.0 - 3.0 * step as f64, 200.0 + 12.0 * step as f64);
    }
    for (step, (i, j)) in (17..22).zip((22..27).rev()).enumerate() {
        pair(i, j, 55.0 - 9.0 * step as f64, 170.0);
    }
    pair(36, 45, 50.0, 200.0);
    pair(39, 42, 20.0, 200.0);
    pair(31, 35, 14.0, 245.0);
    pair(32, 34, 7.0, 247.0);
    for (i, j, x, y) in [
        (48, 54, 25.0, 270.0),
        (49, 53, 17.0, 263.0),
        (50, 52, 8.0, 260.0),
        (59, 55, 16.0, 280.0),
        (58, 56, 8.0, 284.0),
        (60, 64, 21.0, 270.0),
        (61, 63, 8.0, 267.0),
        (67, 65, 8.0, 273.0),
    ] {
        pair(i, j, x, y);
    }
    for (i, y) in [
        (8, 310.0),
        (27, 205.0),
        (28, 215.0),
        (29, 225.0),
        (30, 235.0),
        (33, 250.0),
        (51, 261.0),
        (57, 286.0),
        (62, 267.0),
        (66, 273.0),
    ] {
        points[i] = [300.0, y];
    }
    for (upper, lower, x, open) in [
        (37, 41, -40.0, right),
        (38, 40, -30.0, right),
        (43, 47, 30.0, left),
        (44, 46, 40.0, left),
    ] {
        points[upper] = [300.0 + x, 200.0 - open / 2.0];
        points[lower] = [300.0 + x, 200.0 + open / 2.0];
    }
    points
}

/// A table with chosen columns.
pub struct TableText {
    text: String,
}

impl TableText {
    /// With these columns behind frame, timestamp, confidence and success.
    pub fn new(columns: &[&str]) -> Self {
        let mut text = "frame,timestamp,confidence,success".to_owned();
        for column in columns {
            let _ = write!(text, ",{column}");
        }
        text.push('\n');
        Self { text }
    }

    /// Of landmarks (x_0 … y_67) and these columns.
    pub fn with_landmarks(columns: &[&str]) -> Self {
        let mut names: Vec<String> = (0..68).map(|i| format!("x_{i}")).collect();
        names.extend((0..68).map(|i| format!("y_{i}")));
        names.extend(columns.iter().map(|&name| name.to_owned()));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Self::new(&names)
    }

    /// Appends a frame that counts.
    pub fn row(&mut self, time: f64, values: &[f64]) {
        self.frame(time, true, values);
    }

    /// Appends a frame.
    pub fn frame(&mut self, time: f64, valid: bool, values: &[f64]) {
        let number = self.text.lines().count();
        let (confidence, success) = if valid { (0.98, 1) } else { (0.2, 0) };
        let _ = write!(self.text, "{number},{time:.4},{confidence},{success}");
        for value in values {
            let _ = write!(self.text, ",{value}");
        }
        self.text.push('\n');
    }

    /// Appends a frame with these landmarks, then these values.
    pub fn face(&mut self, time: f64, points: &[Point], values: &[f64]) {
        let mut all: Vec<f64> = points.iter().map(|point| point[0]).collect();
        all.extend(points.iter().map(|point| point[1]));
        all.extend(values);
        self.row(time, &all);
    }

    /// What was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Read back.
    pub fn recording(&self) -> Recording {
        read(&self.text).unwrap().remove(0)
    }
}

/// Reads a table from text.
pub fn read(text: &str) -> Result<Vec<Recording>, String> {
    let options = ReadOptions::default();
    Recording::parse(text.as_bytes(), std::path::Path::new("t.csv"), &options)
        .map_err(|error| error.to_string())
}
