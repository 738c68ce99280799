//! The rows of a CSV: which columns are read, and what is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::Table;
use super::cells::{Cells, Problem};
use crate::column::{Column, Measure};

/// All rows of a file, of whatever face.
#[derive(Default)]
pub(super) struct Rows {
    count: usize,
    frames: Option<Vec<f64>>,
    face_ids: Option<Vec<f64>>,
    times: Option<Vec<f64>>,
    success: Option<Vec<f64>>,
    unit_scale: bool,
    columns: BTreeMap<Measure, Vec<f32>>,
}

/// Where the cells of a column go.
enum Target {
    Frame,
    FaceId,
    Time,
    Success,
    Measure(Measure),
}

impl Rows {
    pub(super) fn read(from: impl Read) -> Result<Self, Problem> {
        let mut cells = Cells::open(from)?;
        cells.only(|column| column != Column::Confidence);
        let (mut rows, targets) = Self::for_columns(cells.columns())?;
        while let Some(values) = cells.next_row()? {
            rows.push(values, &targets);
        }
        if rows.count == 0 {
            return Err(Problem::Format("has a header but no rows".into()));
        }
        Ok(rows)
    }

    /// Where the cells of these columns go.
    fn for_columns(columns: impl Iterator<Item = Column>) -> Result<(Self, Vec<Target>), Problem> {
        let mut rows = Self::default();
        let mut targets = Vec::new();
        for column in columns {
            let target = match column {
                Column::Frame => {
                    rows.frames = Some(Vec::new());
                    Target::Frame
                }
                Column::FaceId => {
                    rows.face_ids = Some(Vec::new());
                    Target::FaceId
                }
                Column::Timestamp => {
                    rows.times = Some(Vec::new());
                    Target::Time
                }
                Column::Success => {
                    rows.success = Some(Vec::new());
                    Target::Success
                }
                Column::Measure(measure) => Target::Measure(measure),
                Column::Likelihood(au) => {
                    rows.unit_scale = true;
                    Target::Measure(Measure::Intensity(au))
                }
                Column::Confidence | Column::Other => continue,
            };
            if let Target::Measure(measure) = target {
                rows.columns.insert(measure, Vec::new());
            }
            targets.push(target);
        }
        if rows.frames.is_none() && rows.times.is_none() {
            return Err(Problem::Format(
                "has neither a `frame` nor a `timestamp` column, so it is not a table of a video \
                 as OpenFace writes it"
                    .into(),
            ));
        }
        if rows.columns.is_empty() {
            return Err(Problem::Format(
                "has no column that can be compared: no AU01_r, AU01_c, x_0, pose_Rx or gaze_0_x"
                    .into(),
            ));
        }
        Ok((rows, targets))
    }

    fn push(&mut self, values: &[f64], targets: &[Target]) {
        for (&value, target) in values.iter().zip(targets) {
            let column = match target {
                Target::Frame => &mut self.frames,
                Target::FaceId => &mut self.face_ids,
                Target::Time => &mut self.times,
                Target::Success => &mut self.success,
                Target::Measure(measure) => {
                    if let Some(column) = self.columns.get_mut(measure) {
                        column.push(value as f32);
                    }
                    continue;
                }
            };
            column.get_or_insert_default().push(value);
        }
        self.count += 1;
    }

    /// Leaves the rows of one face.
    pub(super) fn of_face(mut self, face: Option<i64>) -> Result<Self, Problem> {
        let Some(ids) = self.face_ids.take() else {
            return match face {
                Some(face) if face != 0 => Err(Problem::Format(format!(
                    "has no `face_id` column, so there is no face {face} to choose"
                ))),
                _ => Ok(self),
            };
        };
        let there: BTreeSet<i64> = ids.iter().map(|&id| id as i64).collect();
        let listed = || {
            let names: Vec<String> = there.iter().take(8).map(i64::to_string).collect();
            let more = if there.len() > 8 { ", …" } else { "" };
            format!("{}{more}", names.join(", "))
        };
        let chosen = match face {
            Some(face) if there.contains(&face) => face,
            Some(face) => {
                return Err(Problem::Format(format!(
                    "has no face {face}; its `face_id` column has {}",
                    listed()
                )));
            }
            None if there.len() == 1 => return Ok(self),
            None => {
                return Err(Problem::Format(format!(
                    "has rows of several faces (`face_id` {}); choose one with --face",
                    listed()
                )));
            }
        };
        let keep: Vec<bool> = ids.iter().map(|&id| id as i64 == chosen).collect();
        let series = [&mut self.frames, &mut self.times, &mut self.success];
        for series in series.into_iter().flatten() {
            retain(series, &keep);
        }
        for column in self.columns.values_mut() {
            retain(column, &keep);
        }
        self.count = keep.iter().filter(|&&kept| kept).count();
        Ok(self)
    }

    pub(super) fn into_table(self, name: String) -> Result<Table, Problem> {
        let mut frames = None;
        let mut counts_from_zero = false;
        if let Some(numbers) = self.frames {
            if let Some(row) = numbers
                .iter()
                .position(|n| n.fract() != 0.0 || !(0.0..1e15).contains(n))
            {
                return Err(Problem::Format(format!(
                    "row {}: `{}` is not a frame's number",
                    row + 1,
                    numbers[row]
                )));
            }
            counts_from_zero = numbers.contains(&0.0);
            let first = i64::from(counts_from_zero);
            let numbers: Vec<i64> = numbers.iter().map(|&n| n as i64 + first).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(Problem::Format(format!(
                    "frame {} has two rows",
                    twice[0] - first
                )));
            }
            frames = Some(numbers);
        }
        if let Some(times) = &self.times
            && let Some(row) = times.iter().position(|time| !time.is_finite())
        {
            return Err(Problem::Format(format!(
                "row {}: `{}` is not a time in seconds",
                row + 1,
                times[row]
            )));
        }
        Ok(Table {
            name,
            rows: self.count,
            frames,
            counts_from_zero,
            times: self.times,
            success: self
                .success
                .map(|values| values.iter().map(|&value| value > 0.5).collect()),
            unit_scale: self.unit_scale,
            columns: self.columns,
        })
    }
}

fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| keep.next().is_some_and(|&kept| kept));
}
