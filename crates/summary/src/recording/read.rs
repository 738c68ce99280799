//! From a file to recordings: which columns are taken, what is refused, and frames without a row.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use faceau_compare::column::{Axis, Column, Measure};
use faceau_compare::table::{Cells, Problem, TableError};

use super::{Recording, RunFacts};
use crate::face_axis::Point;
use crate::geometry::{EYE_POINTS, FACE_POINTS, FramePoints, GeometryColumns};

/// How tables are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// Frames a second, for tables without times.
    pub fps: Option<f64>,
}

/// Frames without a row that are filled in between two that have one.
const MOST_MISSING: i64 = 1_000_000;

pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<Vec<Recording>, TableError> {
    let file = File::open(path).map_err(|source| TableError::of(path, Problem::Read(source)))?;
    parse(file, path, options)
}

pub(super) fn parse(
    from: impl Read,
    path: &Path,
    options: &ReadOptions,
) -> Result<Vec<Recording>, TableError> {
    let facts = RunFacts::beside(path);
    let result = Table::read(from, &facts).and_then(|table| table.recordings(options));
    let mut recordings = result.map_err(|problem| TableError::of(path, problem))?;
    for recording in &mut recordings {
        recording.table = path.to_owned();
        recording.facts = facts.clone();
    }
    Ok(recordings)
}

/// Where the value of a column goes.
#[derive(Clone, Copy)]
enum Target {
    Frame,
    Face,
    Time,
    Success,
    Confidence,
    Landmark(Axis, usize),
    EyeLandmark(Axis, usize),
    /// Number of a column that is kept as it is.
    Kept(usize),
}

/// A table of any number of faces.
struct Table {
    kept: Vec<Measure>,
    has_success: bool,
    has_confidence: bool,
    has_face: bool,
    has_eyes: bool,
    has_times: bool,
    has_frames: bool,
    notes: Vec<String>,
    faces: BTreeMap<i64, Face>,
    counts_from_zero: bool,
}

/// The rows of one face.
#[derive(Default)]
struct Face {
    frames: Vec<i64>,
    times: Vec<f64>,
    success: Vec<bool>,
    confidence: Vec<f32>,
    kept: Vec<Vec<f32>>,
    geometry: GeometryColumns,
    rows: Vec<Option<u64>>,
}

fn format(reason: impl Into<String>) -> Problem {
    Problem::Format(reason.into())
}

fn is_kept(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::Intensity(_)
            | Measure::Presence(_)
            | Measure::HeadPosition(_)
            | Measure::HeadRotation(_)
            | Measure::GazeAngle(_)
    )
}

/// Whether all of `count` points are there, with both coordinates.
fn complete(columns: &[Column], count: u8, point: impl Fn(Axis, u8) -> Measure) -> bool {
    let has = |measure| columns.contains(&Column::Measure(measure));
    (0..count).all(|i| has(point(Axis::X, i)) && has(point(Axis::Y, i)))
}

impl Table {
    fn read(from: impl Read, facts: &RunFacts) -> Result<Self, Problem> {
        let mut cells = Cells::open(from)?;
        let columns: Vec<Column> = cells.columns().collect();
        let mut notes = Vec::new();

        let of_98 = columns.contains(&Column::Measure(Measure::Landmark(Axis::X, 97)));
        let has_face = !of_98 && complete(&columns, FACE_POINTS as u8, Measure::Landmark);
        let has_eyes = has_face && complete(&columns, EYE_POINTS as u8, Measure::EyeLandmark);
        let named = |name: &str| cells.names().iter().any(|column| column == name);
        let scores = facts.pipeline.as_deref() == Some("openface3")
            || of_98
            || named("emotion")
            || named("gaze_yaw")
            || named("AU16_r");
        let likelihoods = columns
            .iter()
            .any(|column| matches!(column, Column::Likelihood(_)));
        if scores || likelihoods {
            notes.push(
                "its AU columns are scores from 0 to 1, not intensities from 0 to 5: only presences \
                 (_c) are summarised"
                    .into(),
            );
        }
        if of_98 {
            notes.push("its 98 landmarks are not the usual 68: no geometry, no blinks".into());
        }
        cells.only(|column| match column {
            Column::Likelihood(_) | Column::Other => false,
            Column::Measure(Measure::Intensity(_)) => !scores,
            Column::Measure(Measure::Landmark(..)) => has_face,
            Column::Measure(Measure::EyeLandmark(..)) => has_eyes,
            Column::Measure(measure) => is_kept(measure),
            _ => true,
        });

        let columns: Vec<Column> = cells.columns().collect();
        let mut kept = Vec::new();
        let targets: Vec<Target> = columns
            .iter()
            .map(|column| match *column {
                Column::Frame => Target::Frame,
                Column::FaceId => Target::Face,
                Column::Timestamp => Target::Time,
                Column::Success => Target::Success,
                Column::Confidence => Target::Confidence,
                Column::Measure(Measure::Landmark(axis, i)) => Target::Landmark(axis, i.into()),
                Column::Measure(Measure::EyeLandmark(axis, i)) => {
                    Target::EyeLandmark(axis, i.into())
                }
                Column::Measure(measure) => {
                    kept.push(measure);
                    Target::Kept(kept.len() - 1)
                }
                Column::Likelihood(_) | Column::Other => unreachable!("left out above"),
            })
            .collect();
        if kept.is_empty() && !has_face {
            return Err(format(
                "has nothing that can be summarised: no intensities AU01_r, presences AU01_c, \
                 68 landmarks x_0 … y_67, pose_Rx or gaze_angle_x",
            ));
        }
        let mut table = Self {
            has_success: columns.contains(&Column::Success),
            has_confidence: columns.contains(&Column::Confidence),
            has_times: columns.contains(&Column::Timestamp),
            has_frames: columns.contains(&Column::Frame),
            has_face,
            has_eyes,
            kept,
            notes,
            faces: BTreeMap::new(),
            counts_from_zero: false,
        };
        table.rows(&mut cells, &targets)?;
        Ok(table)
    }

    fn rows(&mut self, cells: &mut Cells<impl Read>, targets: &[Target]) -> Result<(), Problem> {
        let au25 = self
            .kept
            .iter()
            .position(|&measure| measure == Measure::Intensity(25));
        let mut points = FramePoints::default();
        let mut kept = vec![f32::NAN; self.kept.len()];
        let mut count: i64 = 0;
        while let Some(values) = cells.next_row()? {
            count += 1;
            let (mut frame, mut face, mut time) = (count as f64, 0.0, f64::NAN);
            let (mut success, mut confidence) = (1.0, f64::NAN);
            for (&value, target) in values.iter().zip(targets) {
                match *target {
                    Target::Frame => frame = value,
                    Target::Face => face = value,
                    Target::Time => time = value,
                    Target::Success => success = value,
                    Target::Confidence => confidence = value,
                    Target::Landmark(axis, i) => points.face[i][axis as usize] = value,
                    Target::EyeLandmark(axis, i) => points.eyes[i][axis as usize] = value,
                    Target::Kept(i) => kept[i] = value as f32,
                }
            }
            let line = cells.line();
            if frame.fract() != 0.0 || !(0.0..1e15).contains(&frame) {
                return Err(format(format!(
                    "line {line}: `{frame}` is not a frame's number"
                )));
            }
            if self.has_times && !time.is_finite() {
                return Err(format(format!(
                    "line {line}: `{time}` is not a time in seconds"
                )));
            }
            self.counts_from_zero |= frame == 0.0;
            let success = success > 0.5;
            let rows = self.faces.entry(face as i64).or_default();
            rows.kept.resize(self.kept.len(), Vec::new());
            let frame = frame as i64;
            match rows.frames.last() {
                Some(&last) if last == frame => {
                    return Err(format(format!("line {line}: frame {frame} has two rows")));
                }
                Some(&last) if last > frame => {
                    return Err(format(format!("line {line}: frames are not in order")));
                }
                _ => {}
            }
            if rows.times.last().is_some_and(|&last| last > time) {
                return Err(format(format!("line {line}: times are not in order")));
            }
            rows.frames.push(frame);
            rows.times.push(time);
            rows.success.push(success);
            rows.confidence.push(confidence as f32);
            rows.rows.push(Some(cells.byte()));
            for (column, &value) in rows.kept.iter_mut().zip(&kept) {
                column.push(value);
            }
            if self.has_face {
                let au25 = au25.map(|i| f64::from(kept[i]));
                let points = success.then_some(&points);
                rows.geometry.push(points, self.has_eyes, au25);
            }
        }
        if count == 0 {
            return Err(format("has a header but no rows"));
        }
        Ok(())
    }

    fn recordings(mut self, options: &ReadOptions) -> Result<Vec<Recording>, Problem> {
        self.set_times(options)?;
        let first = i64::from(self.counts_from_zero);
        let several = self.several_faces();
        let all = self.faces.values();
        let ends = all
            .clone()
            .filter_map(|face| Some((*face.frames.first()?, face.times[0])));
        let begins = ends.min_by_key(|end| end.0);
        let ends = all.filter_map(|face| Some((*face.frames.last()?, *face.times.last()?)));
        let ends = ends.max_by_key(|end| end.0);
        let (Some(begins), Some(ends)) = (begins, ends) else {
            return Err(format("has a header but no rows"));
        };
        let faces = std::mem::take(&mut self.faces);
        let mut recordings = Vec::new();
        for (number, face) in faces {
            let face = face.with_all_frames(begins, ends, self.has_face)?;
            recordings.push(self.recording(number, face, first, several));
        }
        Ok(recordings)
    }

    /// Frames in which there is more than one face, as a share of all.
    fn several_faces(&self) -> f64 {
        if self.faces.len() < 2 {
            return 0.0;
        }
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for face in self.faces.values() {
            for &frame in &face.frames {
                *counts.entry(frame).or_default() += 1;
            }
        }
        let (first, last) = (counts.keys().next(), counts.keys().next_back());
        let frames = first.zip(last).map_or(1, |(first, last)| last - first + 1);
        counts.values().filter(|&&count| count > 1).count() as f64 / frames as f64
    }

    fn set_times(&mut self, options: &ReadOptions) -> Result<(), Problem> {
        if let Some(fps) = options
            .fps
            .filter(|_| self.has_frames || self.faces.len() == 1)
        {
            let first = i64::from(!self.counts_from_zero);
            for face in self.faces.values_mut() {
                face.times = face
                    .frames
                    .iter()
                    .map(|frame| (frame - first) as f64 / fps)
                    .collect();
            }
            return Ok(());
        }
        if !self.has_times {
            return Err(format(
                "has no `timestamp` column; if its rows are frames of a video, say with --fps how \
                 many there are in a second",
            ));
        }
        let mut times = self.faces.values().flat_map(|face| &face.times);
        let first = times.next().copied();
        let rows: usize = self.faces.values().map(|face| face.frames.len()).sum();
        if rows > self.faces.len() && times.all(|&time| Some(time) == first) {
            return Err(format(
                "all its rows have the same time, as those of single images have; if they are frames \
                 of a video, say with --fps how many there are in a second",
            ));
        }
        Ok(())
    }

    fn recording(&self, number: i64, mut face: Face, first: i64, several: f64) -> Recording {
        let mut intensities = BTreeMap::new();
        let mut presences = BTreeMap::new();
        let mut others: BTreeMap<Measure, Vec<f32>> = BTreeMap::new();
        for (&measure, column) in self.kept.iter().zip(std::mem::take(&mut face.kept)) {
            match measure {
                Measure::Intensity(au) => drop(intensities.insert(au, column)),
                Measure::Presence(au) => drop(presences.insert(au, column)),
                other => drop(others.insert(other, column)),
            }
        }
        let mut three = |axis: fn(u8) -> Measure| -> Option<[Vec<f32>; 3]> {
            let columns: Vec<Vec<f32>> = (0..3).map_while(|i| others.remove(&axis(i))).collect();
            columns.try_into().ok()
        };
        let (head_position, head_rotation) =
            (three(Measure::HeadPosition), three(Measure::HeadRotation));
        let gaze: Vec<Vec<f32>> = (0..2)
            .map_while(|i| others.remove(&Measure::GazeAngle(i)))
            .collect();
        let mut notes = self.notes.clone();
        if !self.has_success {
            notes.push("it does not say in which frames a face was found: all count".into());
        }
        Recording {
            table: Default::default(),
            face: number,
            len: face.frames.len(),
            frames: face.frames.iter().map(|frame| frame + first).collect(),
            times: face.times,
            success: face.success,
            confidence: self.has_confidence.then_some(face.confidence),
            intensities,
            presences,
            head_position,
            head_rotation,
            gaze: gaze.try_into().ok(),
            geometry: self.has_face.then_some(face.geometry),
            facts: RunFacts::default(),
            notes,
            several_faces: several,
            rows: face.rows,
        }
    }
}

impl Face {
    /// Puts frames without a face where the numbers have holes, so that every face has all frames of
    /// the table. `begins` and `ends` are the first and the last frame of the table with their times.
    fn with_all_frames(
        self,
        begins: (i64, f64),
        ends: (i64, f64),
        has_face: bool,
    ) -> Result<Self, Problem> {
        let whole = ends.0 - begins.0 + 1 == self.frames.len() as i64;
        if whole {
            return Ok(self);
        }
        let mut all = Self::default();
        all.kept.resize(self.kept.len(), Vec::new());
        let mut last = (begins.0 - 1, None::<f64>);
        let rows = self.frames.len();
        let mut geometry = self.geometry.frames();
        for row in 0..=rows {
            let next = match self.frames.get(row) {
                Some(&frame) => (frame, self.times[row]),
                None => (ends.0 + 1, ends.1),
            };
            let missing = next.0 - last.0 - 1;
            if missing > MOST_MISSING {
                return Err(format(format!(
                    "{missing} frames are missing between frame {} and frame {}",
                    last.0, next.0
                )));
            }
            for i in 1..=missing {
                let share = i as f64 / (missing + i64::from(row < rows)) as f64;
                let from = last.1.unwrap_or(begins.1);
                // Before the first row the table's first frame is at its own time.
                let time = match last.1 {
                    None => from + (next.1 - from) * (i - 1) as f64 / missing as f64,
                    Some(from) => from + (next.1 - from) * share,
                };
                all.push_missing(last.0 + i, time, has_face);
            }
            if row < rows {
                all.frames.push(next.0);
                all.times.push(next.1);
                all.success.push(self.success[row]);
                all.confidence.push(self.confidence[row]);
                all.rows.push(self.rows[row]);
                for (to, from) in all.kept.iter_mut().zip(&self.kept) {
                    to.push(from[row]);
                }
                if has_face && let Some(frame) = geometry.next() {
                    all.geometry.push_frame(&frame);
                }
            }
            last = (next.0, Some(next.1));
        }
        Ok(all)
    }

    fn push_missing(&mut self, frame: i64, time: f64, has_face: bool) {
        self.frames.push(frame);
        self.times.push(time);
        self.success.push(false);
        self.confidence.push(f32::NAN);
        self.rows.push(None);
        for column in &mut self.kept {
            column.push(f32::NAN);
        }
        if has_face {
            self.geometry.push(None, false, None);
        }
    }
}

/// Reads the landmarks of single rows again.
pub(super) fn points(
    path: &Path,
    rows: &[Option<u64>],
    frames: &[usize],
) -> Result<Vec<Option<Vec<Point>>>, TableError> {
    let problem = |problem| TableError::of(path, problem);
    let open = || File::open(path).map_err(|source| problem(Problem::Read(source)));
    let header = Cells::open(open()?).map_err(problem)?;
    let names = header.names().join(",");
    let mut found = Vec::new();
    for &frame in frames {
        let Some(Some(byte)) = rows.get(frame).copied() else {
            found.push(None);
            continue;
        };
        let mut file = open()?;
        file.seek(SeekFrom::Start(byte))
            .map_err(|source| problem(Problem::Read(source)))?;
        // The row again, below its header.
        let text = format!("{names}\n");
        let mut cells =
            Cells::open(text.as_bytes().chain(BufReader::new(file))).map_err(problem)?;
        cells.only(|column| matches!(column, Column::Measure(Measure::Landmark(..))));
        let columns: Vec<Column> = cells.columns().collect();
        let mut points = vec![[f64::NAN; 2]; FACE_POINTS];
        if let Some(values) = cells.next_row().map_err(problem)? {
            for (&value, column) in values.iter().zip(&columns) {
                if let Column::Measure(Measure::Landmark(axis, i)) = column
                    && let Some(point) = points.get_mut(usize::from(*i))
                {
                    point[*axis as usize] = value;
                }
            }
        }
        let whole = points.iter().flatten().all(|value| value.is_finite());
        found.push(whole.then_some(points));
    }
    Ok(found)
}
