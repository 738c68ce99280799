//! A finished table, and what its run record says: the columns that summaries are made of.
//!
//! A table is read once, row by row, and about 0.3 kB are kept of a row (of 4 to 5 kB): landmarks
//! become the geometry of their frame at once. [`Recording::points`] reads single rows again.

mod facts;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use faceau_compare::table::TableError;
pub use facts::RunFacts;
pub use read::ReadOptions;

use crate::face_axis::Point;
use crate::geometry::GeometryColumns;
use crate::timeline::Timeline;

/// How a frame's confidence is judged is a threshold; everything else is as the table says.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The table's file.
    pub table: PathBuf,
    /// Which face of it (`face_id`); 0 where there is one only.
    pub face: i64,
    /// Number of frames, those without a row in a table of several faces included.
    pub len: usize,
    /// Numbers of the frames, from 1.
    pub frames: Vec<i64>,
    /// Seconds.
    pub times: Vec<f64>,
    /// Whether the program found the face. True where the table does not tell.
    pub success: Vec<bool>,
    /// How sure it was, 0 to 1; NaN in frames without a row.
    pub confidence: Option<Vec<f32>>,
    /// Intensities of action units, 0 to 5.
    pub intensities: BTreeMap<u8, Vec<f32>>,
    /// Presences of action units, 0 or 1.
    pub presences: BTreeMap<u8, Vec<f32>>,
    /// Position of the head in mm of an average head: x, y, z.
    pub head_position: Option<[Vec<f32>; 3]>,
    /// Rotation of the head in radians: pitch, yaw, roll.
    pub head_rotation: Option<[Vec<f32>; 3]>,
    /// Gaze in radians: to the side, up and down.
    pub gaze: Option<[Vec<f32>; 2]>,
    /// What follows from 68 landmarks, frame by frame.
    pub geometry: Option<GeometryColumns>,
    /// What the run record says.
    pub facts: RunFacts,
    /// What had to be left out of the table, in words.
    pub notes: Vec<String>,
    /// Share of the frames in which there are rows of more than one face, 0 to 1.
    pub several_faces: f64,
    /// Where each frame's row begins in the file; nothing for frames without a row.
    rows: Vec<Option<u64>>,
}

impl Recording {
    /// Reads a table: one recording for each face in it, in the order of their numbers.
    ///
    /// # Errors
    /// When the file cannot be read or is no such table; the message says what is wrong with it.
    pub fn read(path: &Path, options: &ReadOptions) -> Result<Vec<Self>, TableError> {
        read::read(path, options)
    }

    /// The same from anything; `path` is what messages call it.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn parse(
        from: impl std::io::Read,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<Vec<Self>, TableError> {
        read::parse(from, path, options)
    }

    /// The 68 landmarks of these frames, read from the file again; nothing for a frame without them.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn points(&self, frames: &[usize]) -> Result<Vec<Option<Vec<Point>>>, TableError> {
        read::points(&self.table, &self.rows, frames)
    }

    /// The table's name without its folder and ending.
    pub fn stem(&self) -> String {
        self.table
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }

    /// Which frames count and for how long: success, and a confidence of at least `min_confidence`
    /// where the table has one.
    pub fn timeline(&self, min_confidence: f64) -> Timeline {
        let counts = |i: usize| {
            let sure = self.confidence.as_ref().is_none_or(|confidence| {
                // 0.8 as a single is a little more than 0.8.
                f64::from(confidence[i]) >= min_confidence - 1e-6
            });
            self.success[i] && sure
        };
        Timeline::new(self.times.clone(), (0..self.len).map(counts).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TableText, face_points, read};

    #[test]
    fn both_separators_words_and_gaps_are_understood() {
        let plain = "frame,timestamp,confidence,success,AU01_r,AU01_c,pose_Ry\n\
                     1,0,0.98,1,0.5,1,0.1\n2,0.04,0.98,1,nan,0,\n";
        let spaced = plain.replace(',', ", ");
        let mut recording = read(&spaced).unwrap().remove(0);
        // Where rows begin in the file differs, nothing else (and NaN equals nothing).
        let mut other = read(plain).unwrap().remove(0);
        for one in [&mut recording, &mut other] {
            one.rows.clear();
        }
        assert_eq!(format!("{recording:?}"), format!("{other:?}"));
        assert_eq!(recording.frames, [1, 2]);
        assert!(recording.intensities[&1][1].is_nan());
        assert_eq!(recording.head_rotation, None);
        assert_eq!(recording.timeline(0.8).valid, [true, true]);
        assert_eq!(recording.timeline(0.99).valid, [false, false]);
    }

    #[test]
    fn pyfaceaus_table_has_no_confidence_and_counts_from_zero() {
        let text = "frame,timestamp,success,AU12_r\n0,0.0,True,1.5\n1,0.5,False,0.0\n";
        let recording = read(text).unwrap().remove(0);
        assert_eq!(recording.frames, [1, 2]);
        assert_eq!(recording.timeline(0.8).valid, [true, false]);
        assert_eq!(recording.confidence, None);
    }

    #[test]
    fn scores_are_not_taken_for_intensities() {
        let text = "frame, face_id, timestamp, confidence, success, gaze_yaw, emotion, AU12_r, AU45_r, AU12_c\n\
                    1, 0, 0.0, 0.99, 1, 0.1, happy, 0.9, 4.0, 1\n";
        let recording = read(text).unwrap().remove(0);
        assert!(recording.intensities.is_empty());
        assert_eq!(recording.presences[&12], [1.0]);
        assert!(
            recording.notes[0].contains("scores from 0 to 1"),
            "{:?}",
            recording.notes
        );
        let text = "frame,timestamp,AU12\n0,0,0.5\n1,0.1,0.5\n";
        let error = read(text).unwrap_err();
        assert!(error.contains("nothing that can be summarised"), "{error}");
    }

    #[test]
    fn each_face_is_a_recording_of_its_own() {
        let text = "frame,face_id,timestamp,success,AU01_r\n\
                    1,0,0,1,0.1\n1,2,0,1,0.2\n2,0,0.1,1,0.3\n4,0,0.3,1,0.5\n4,2,0.3,1,0.6\n";
        let faces = read(text).unwrap();
        assert_eq!(
            faces.iter().map(|face| face.face).collect::<Vec<_>>(),
            [0, 2]
        );
        assert_eq!(faces[0].frames, [1, 2, 3, 4]);
        assert_eq!(faces[0].success, [true, true, false, true]);
        assert!((faces[0].times[2] - 0.2).abs() < 1e-12);
        assert_eq!(faces[1].success, [true, false, false, true]);
        assert_eq!(faces[1].several_faces, 2.0 / 4.0);
        assert!(faces[1].intensities[&1][1].is_nan());
    }

    #[test]
    fn what_is_no_table_is_refused_with_a_reason() {
        for (text, part) in [
            ("", "is empty"),
            ("frame,timestamp,AU01_r\n", "no rows"),
            ("face,confidence,AU01_r\n0,1,1\n", "no `timestamp`"),
            ("frame,AU01_r\n1,2\n", "--fps"),
            ("frame,timestamp,AU01_r\n1,0,2\n2,0,2\n", "--fps"),
            (
                "frame,timestamp,nose\n1,0,2\n",
                "nothing that can be summarised",
            ),
            ("frame;timestamp;AU01_r\n1;0;2\n", "commas"),
            ("frame,timestamp,AU01_r\n1,0,2\n2,1\n", "line 3 has 2 cells"),
            (
                "frame,timestamp,AU01_r\n1,0,oops\n",
                "line 2, column `AU01_r`: `oops`",
            ),
            (
                "frame,timestamp,AU01_r\n7,0,2\n7,1,2\n",
                "frame 7 has two rows",
            ),
            ("frame,timestamp,AU01_r\n7,0,2\n6,1,2\n", "not in order"),
            ("frame,timestamp,AU01_r\n1,1,2\n2,0.5,2\n", "not in order"),
            ("frame,timestamp,AU01_r\n1,nan,2\n", "not a time"),
            ("frame,timestamp,AU01_r\n1.5,0,2\n", "not a frame's number"),
            ("frame,timestamp,AU01_r\n1,0,2\n900000000,1,2\n", "missing"),
        ] {
            let error = read(text).unwrap_err();
            assert!(
                error.starts_with("t.csv: ") && error.contains(part),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn times_can_be_made_of_frame_numbers() {
        let options = ReadOptions { fps: Some(25.0) };
        let text = "frame,AU01_r\n1,2\n2,2\n";
        let recordings = Recording::parse(text.as_bytes(), Path::new("t.csv"), &options).unwrap();
        assert_eq!(recordings[0].times, [0.0, 0.04]);
    }

    #[test]
    fn single_frames_points_are_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut table = TableText::with_landmarks(&["AU12_r"]);
        for frame in 0..40 {
            let mut points = face_points();
            points[3] = [f64::from(frame), 7.5];
            table.face(f64::from(frame) * 0.04, &points, &[1.0]);
        }
        std::fs::write(&path, format!("\u{feff}{}", table.text())).unwrap();
        let recording = Recording::read(&path, &ReadOptions::default())
            .unwrap()
            .remove(0);
        let points = recording.points(&[31, 0]).unwrap();
        assert_eq!(points[0].as_ref().unwrap()[3], [31.0, 7.5]);
        assert_eq!(points[1].as_ref().unwrap()[3], [0.0, 7.5]);
    }
}
