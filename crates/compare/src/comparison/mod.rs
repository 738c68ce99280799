//! What differs between two tables, measured.
//!
//! A difference is the second table's value minus the first's. By default only frames count in which
//! both found a face: without one, programs repeat old values or write zeros.

mod measures;

use serde::Serialize;

use crate::column::Measure;
use crate::join::{By, Join, JoinError};
use crate::points::{self, PointDifferences};
use crate::statistics::Spread;
use crate::table::Table;
use measures::Unit;

/// Two tables and which of their rows belong together.
#[derive(Debug)]
pub struct Matched<'a> {
    /// The first table.
    pub a: &'a Table,
    /// The second table.
    pub b: &'a Table,
    /// All rows that belong together, and those that are alone.
    pub join: Join,
    /// The rows that are compared.
    pub compared: Vec<(usize, usize)>,
}

impl<'a> Matched<'a> {
    /// Brings the rows of two tables together. With `all_frames`, those without a face count, too.
    ///
    /// # Errors
    /// When the tables have no columns to join them by.
    pub fn new(
        a: &'a Table,
        b: &'a Table,
        by: Option<By>,
        all_frames: bool,
    ) -> Result<Self, JoinError> {
        let join = Join::of(a, b, by)?;
        let counts = |&&(i, j): &&(usize, usize)| all_frames || a.succeeded(i) && b.succeeded(j);
        let compared = join.pairs.iter().filter(counts).copied().collect();
        Ok(Self {
            a,
            b,
            join,
            compared,
        })
    }

    /// What a row of the first table is called: its frame's number or its time.
    pub fn label(&self, row: usize) -> f64 {
        key(self.a, self.join.by, row)
    }

    /// A column's values in both tables, in the rows that are compared and where both have one.
    pub fn values(&self, measure: Measure) -> Option<Vec<(usize, f64, f64)>> {
        let (a, b) = (self.a.column(measure)?, self.b.column(measure)?);
        let both = self
            .compared
            .iter()
            .map(|&(i, j)| (i, a[i].into(), b[j].into()));
        Some(
            both.filter(|(_, a, b): &(_, f64, f64)| a.is_finite() && b.is_finite())
                .collect(),
        )
    }
}

fn key(table: &Table, by: By, row: usize) -> f64 {
    match by {
        By::Frame => table
            .frames
            .as_ref()
            .map_or(f64::NAN, |frames| frames[row] as f64),
        By::Time => table.times.as_ref().map_or(f64::NAN, |times| times[row]),
    }
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first table.
    pub a: TableFacts,
    /// The second table.
    pub b: TableFacts,
    /// How their rows met.
    pub joined: Joined,
    /// Whether they found a face in the same frames; nothing if a table does not tell.
    pub success: Option<Success>,
    /// Intensities of action units, by number.
    pub intensities: Vec<IntensityDifference>,
    /// Presences of action units, by number.
    pub presences: Vec<PresenceDifference>,
    /// Points of the face.
    pub landmarks: Option<PointDifferences>,
    /// Points of the eyes.
    pub eye_landmarks: Option<PointDifferences>,
    /// Rotation of the head about x, y, z in degrees.
    pub head_rotation_degrees: Vec<AxisDifference>,
    /// Position of the head in millimetres.
    pub head_position_mm: Vec<AxisDifference>,
    /// Angle between the directions in which an eye looks, in degrees, for each eye.
    pub gaze_degrees: Vec<Spread>,
    /// Difference of the common gaze angles x, y in degrees.
    pub gaze_angle_degrees: Vec<AxisDifference>,
    /// Columns that only the first table has.
    pub columns_only_in_a: Vec<String>,
    /// Columns that only the second table has.
    pub columns_only_in_b: Vec<String>,
    /// What a reader should know, in words.
    pub notes: Vec<String>,
}

/// A table as such.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableFacts {
    /// Its file.
    pub path: String,
    /// Its rows.
    pub rows: usize,
    /// Its rows in which a face was found.
    pub successful: usize,
}

impl TableFacts {
    fn of(table: &Table) -> Self {
        Self {
            path: table.name.clone(),
            rows: table.rows,
            successful: (0..table.rows).filter(|&row| table.succeeded(row)).count(),
        }
    }
}

/// How rows met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Joined {
    /// By frames or by times.
    pub by: By,
    /// Frames that are in both.
    pub frames: usize,
    /// Those of them that are compared.
    pub compared: usize,
    /// Frames that only the first table has.
    pub only_in_a: Alone,
    /// Frames that only the second table has.
    pub only_in_b: Alone,
}

/// Frames without a partner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alone {
    /// How many.
    pub frames: usize,
    /// From where to where, both ends included: numbers of frames, or seconds.
    pub ranges: Vec<[f64; 2]>,
}

impl Alone {
    fn of(table: &Table, by: By, rows: &[usize]) -> Self {
        let mut ranges: Vec<[f64; 2]> = Vec::new();
        let mut previous = None;
        for &row in rows {
            let key = key(table, by, row);
            match (ranges.last_mut(), previous) {
                (Some(range), Some(before))
                    if before + 1 == row && (by == By::Time || range[1] + 1.0 == key) =>
                {
                    range[1] = key;
                }
                _ => ranges.push([key, key]),
            }
            previous = Some(row);
        }
        Self {
            frames: rows.len(),
            ranges,
        }
    }
}

/// In which of the frames of both a face was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Success {
    /// Frames of both.
    pub frames: usize,
    /// Frames in which both or neither found one.
    pub equal: usize,
    /// Frames in which only the first found one.
    pub only_in_a: usize,
    /// Frames in which only the second found one.
    pub only_in_b: usize,
}

/// The intensity of an action unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntensityDifference {
    /// Its number.
    pub au: u8,
    /// Its name.
    pub name: Option<&'static str>,
    /// Frames in which both tables have a value.
    pub frames: usize,
    /// Pearson's correlation; nothing when it does not vary in one of the tables.
    pub r: Option<f64>,
    /// Mean absolute difference.
    pub mad: f64,
    /// The largest absolute difference.
    pub max: f64,
    /// The first frame (or second) of the largest difference; nothing when there is none.
    pub max_at: Option<f64>,
    /// Mean difference.
    pub bias: f64,
    /// Whether it never varies in the first table.
    pub constant_in_a: bool,
    /// Whether it never varies in the second table.
    pub constant_in_b: bool,
}

/// The presence of an action unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PresenceDifference {
    /// Its number.
    pub au: u8,
    /// Its name.
    pub name: Option<&'static str>,
    /// Frames in which both tables have a value.
    pub frames: usize,
    /// Frames in which they differ.
    pub flips: usize,
    /// The share of frames in which they are equal.
    pub equal: f64,
    /// Cohen's κ; nothing when both say the same in every frame.
    pub kappa: Option<f64>,
    /// The share of frames in which it is present in the first table.
    pub share_in_a: f64,
    /// The share of frames in which it is present in the second table.
    pub share_in_b: f64,
}

/// Differences along or about an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AxisDifference {
    /// x, y or z.
    pub axis: char,
    /// Sizes of the differences.
    pub size: Spread,
    /// Mean difference.
    pub bias: f64,
    /// Pearson's correlation; nothing when one does not vary.
    pub r: Option<f64>,
}

impl Comparison {
    /// Measures everything that both tables have.
    pub fn of(matched: &Matched<'_>) -> Self {
        let (a, b) = (matched.a, matched.b);
        let join = &matched.join;
        let mut notes = measures::notes(matched);
        let names = |table: &Table, other: &Table| -> Vec<String> {
            let alone = table.measures().filter(|&m| other.column(m).is_none());
            alone.map(|measure| measure.to_string()).collect()
        };
        let columns_only_in_a = names(a, b);
        let columns_only_in_b = names(b, a);
        Self {
            a: TableFacts::of(a),
            b: TableFacts::of(b),
            joined: Joined {
                by: join.by,
                frames: join.pairs.len(),
                compared: matched.compared.len(),
                only_in_a: Alone::of(a, join.by, &join.only_a),
                only_in_b: Alone::of(b, join.by, &join.only_b),
            },
            success: measures::success(matched),
            intensities: measures::intensities(matched),
            presences: measures::presences(matched),
            landmarks: points::face(matched, &mut notes),
            eye_landmarks: points::eyes(matched),
            head_rotation_degrees: measures::axes(matched, 3, Measure::HeadRotation, Unit::Radians),
            head_position_mm: measures::axes(matched, 3, Measure::HeadPosition, Unit::Millimetres),
            gaze_degrees: (0..2)
                .filter_map(|eye| measures::gaze(matched, eye))
                .collect(),
            gaze_angle_degrees: measures::axes(matched, 2, Measure::GazeAngle, Unit::Radians),
            columns_only_in_a,
            columns_only_in_b,
            notes,
        }
    }
}

impl Comparison {
    /// The mean of the correlations that there are, and of how many.
    pub fn mean_r(&self) -> Option<(f64, usize)> {
        mean(self.intensities.iter().filter_map(|au| au.r))
    }

    /// The mean of the intensities' mean absolute differences.
    pub fn mean_mad(&self) -> Option<f64> {
        mean(self.intensities.iter().map(|au| au.mad)).map(|(mean, _)| mean)
    }

    /// The share of presences that are equal, over all action units and frames.
    pub fn presences_equal(&self) -> Option<f64> {
        let frames: usize = self.presences.iter().map(|p| p.frames).sum();
        let flips: usize = self.presences.iter().map(|p| p.flips).sum();
        (frames > 0).then(|| (frames - flips) as f64 / frames as f64)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<(f64, usize)> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| (sum / count as f64, count))
}

#[cfg(test)]
mod tests;
