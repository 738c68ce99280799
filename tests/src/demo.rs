//! Demo clips: made by the program, measured by the program, and what is true about them.
//!
//! Nothing here needs a model file: the demo models are part of the program.

use std::path::{Path, PathBuf};

use crate::program::{Bench, Supervisor};
use crate::table::Table;

/// A clip and its truth in the folder of a test.
#[derive(Debug)]
pub struct Clip {
    /// The video.
    pub video: PathBuf,
    /// What is true about it.
    pub truth: Truth,
}

impl Clip {
    /// Has the program make `name` with the given options.
    pub fn make(bench: &Bench, name: &str, options: &[&str]) -> Self {
        let video = bench.path(name);
        bench
            .bare()
            .args(["demo", "make", "--out"])
            .arg(&video)
            .args(options)
            .run()
            .expect_code(0);
        let truth = Truth::read(&video.with_extension("truth.csv"));
        Self { video, truth }
    }

    /// The main job on this clip with the demo models.
    pub fn measure(&self, bench: &Bench) -> Supervisor {
        bench
            .bare()
            .args(["--pipeline", "demo", "--columns", "landmarks2d,pose,aus"])
            .arg(&self.video)
    }
}

/// What is true about a clip: one row per frame and face.
#[derive(Debug)]
pub struct Truth {
    header: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Truth {
    /// Reads the table.
    ///
    /// # Panics
    /// When it is not there or not such a table.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = text.lines();
        let header = lines.next().expect("it has a header").split(',');
        let number = |cell: &str| cell.parse().expect("a number");
        Self {
            header: header.map(str::to_owned).collect(),
            rows: lines
                .map(|line| line.split(',').map(number).collect())
                .collect(),
        }
    }

    /// A column of one face, one value per frame.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn column(&self, name: &str, face: usize) -> Vec<f64> {
        let place = |name: &str| self.header.iter().position(|n| n == name);
        let of = place(name).unwrap_or_else(|| panic!("there is no column {name}"));
        let id = place("face_id").expect("a truth says whose");
        let rows = self.rows.iter().filter(|row| row[id] == face as f64);
        rows.map(|row| row[of]).collect()
    }

    /// How far a frame's (counted from 0) landmarks in a table are from one face's, in mean, as a
    /// share of the distance between the outer corners of its eyes.
    pub fn landmark_error(&self, table: &Table, face: usize, frame: usize) -> f64 {
        let point = |column: &dyn Fn(&str) -> f64, i: usize| {
            (column(&format!("x_{i}")), column(&format!("y_{i}")))
        };
        let truth = |name: &str| self.column(name, face)[frame];
        let measured = |name: &str| table.column(name)[frame];
        let apart = |(ax, ay): (f64, f64), (bx, by): (f64, f64)| (ax - bx).hypot(ay - by);
        let eyes = apart(point(&truth, 36), point(&truth, 45));
        let sum: f64 = (0..68)
            .map(|i| apart(point(&truth, i), point(&measured, i)))
            .sum();
        sum / 68.0 / eyes
    }
}

/// Pearson's correlation.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}
