//! The rows of the OpenFace 3.0 pipeline's table.
//!
//! All of a row is known as soon as its frame's turn comes: the smoothing of AU45, which is done
//! here, looks back only. There are two styles: that of this program's other tables, and that of
//! FaceMirror, to the byte. In both, what is not known is `nan`.

use std::io::Write;

use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::openface3::closure::Smoothing;
use faceau_vision::openface3::mtl::probabilities;
use faceau_vision::openface3::{Convention, EMOTION_NAMES, EMOTIONS, LANDMARKS};

use super::number::{push_f32, push_integer};
use super::{ColumnGroup, Columns};

/// The action units that have columns. Those that are never measured are there for readers that
/// expect them.
const AUS: [u8; 18] = [
    1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 25, 26, 45,
];
/// The one that comes from landmarks.
const CLOSURE: u8 = 45;
/// From this score on, an action unit is present.
const PRESENT: f32 = 0.5;
/// Digits behind the point of scores, probabilities, angles, and of positions in pixels.
const SCORE_DECIMALS: u32 = 4;
const PIXEL_DECIMALS: u32 = 2;

/// Which table.
#[derive(Debug, Clone, Copy)]
pub enum OpenFace3Style {
    /// This program's own.
    Own {
        /// With these columns.
        columns: Columns,
        /// Whether AU45 was wanted; landmarks may be known without that.
        closure: bool,
    },
    /// FaceMirror's.
    FaceMirror,
}

/// Writes the rows of a video, in order.
#[derive(Debug)]
pub struct OpenFace3Rows {
    style: OpenFace3Style,
    frame_rate: Option<f64>,
    smoothing: Smoothing,
}

impl OpenFace3Rows {
    /// Before the first frame. `frame_rate` is what the file says, in frames per second.
    pub fn new(style: OpenFace3Style, frame_rate: Option<f64>) -> Self {
        Self {
            style,
            frame_rate,
            smoothing: Smoothing::default(),
        }
    }

    /// The names of the columns.
    pub fn header(&self) -> String {
        let mut names: Vec<String> = ["frame", "face_id", "timestamp", "confidence", "success"]
            .map(str::to_owned)
            .into();
        let aus = |kind: char| AUS.map(|au| format!("AU{au:02}_{kind}"));
        match &self.style {
            OpenFace3Style::Own { columns, .. } => {
                if columns.has(ColumnGroup::Gaze) {
                    names.extend(["gaze_yaw", "gaze_pitch"].map(str::to_owned));
                }
                if columns.has(ColumnGroup::Emotion) {
                    names.push("emotion".into());
                    names.extend(EMOTION_NAMES.map(|name| format!("emotion_{name}")));
                }
                if columns.has(ColumnGroup::Landmarks2d) {
                    for axis in ["x", "y"] {
                        names.extend((0..LANDMARKS).map(|i| format!("{axis}_{i}")));
                    }
                }
                if columns.has(ColumnGroup::Aus) {
                    names.extend(aus('r').into_iter().chain(aus('c')));
                }
                names.join(columns.separator())
            }
            OpenFace3Style::FaceMirror => {
                names.extend(aus('r').into_iter().chain(aus('c')));
                names.join(",")
            }
        }
    }

    /// What ends each line, the header's too.
    pub fn line_end(&self) -> &'static str {
        match self.style {
            OpenFace3Style::Own { .. } => "\n",
            OpenFace3Style::FaceMirror => "\r\n",
        }
    }

    /// Appends the row of the next frame, counted from 0, without a line end.
    pub fn push_frame(
        &mut self,
        row: &mut Vec<u8>,
        frame: usize,
        seconds: f64,
        analysis: &FrameAnalysis,
    ) {
        let part = &analysis.openface3;
        let raw = (part.has_closure != 0).then_some(part.closure);
        let closure = self.smoothing.push(raw);
        match self.style {
            OpenFace3Style::Own {
                columns,
                closure: wanted,
            } => {
                let closure = closure.filter(|_| wanted);
                push_own(row, &columns, frame, seconds, analysis, closure);
            }
            OpenFace3Style::FaceMirror => self.push_as_facemirror(row, frame, analysis, closure),
        }
    }

    fn push_as_facemirror(
        &self,
        row: &mut Vec<u8>,
        frame: usize,
        analysis: &FrameAnalysis,
        closure: Option<f64>,
    ) {
        let success = analysis.success != 0;
        let confidence = if success { analysis.confidence } else { 0.0 };
        let seconds = self.frame_rate.map_or(0.0, |rate| frame as f64 / rate);
        // Writing into a vector cannot fail.
        let _ = write!(row, "{frame},0,");
        push_python(row, seconds);
        row.push(b',');
        push_python(row, confidence.into());
        let _ = write!(row, ",{}", u32::from(success));
        for au in AUS {
            let value = match score(au, analysis, Convention::FaceMirror) {
                _ if au == CLOSURE => closure.unwrap_or(f64::NAN),
                // Zeros were meant to stand for nothing, and look like a neutral face.
                Some(_) if !success => 0.0,
                Some(score) if score.is_finite() => f64::from(score).clamp(0.0, 5.0),
                _ => f64::NAN,
            };
            row.push(b',');
            push_python(row, value);
        }
        for _ in AUS {
            row.extend_from_slice(b",nan");
        }
    }
}

/// The network's score of an action unit, if it is one that it rates.
fn score(au: u8, analysis: &FrameAnalysis, convention: Convention) -> Option<f32> {
    let numbers = convention.action_units();
    let place = numbers.iter().position(|&number| number == au)?;
    Some(analysis.openface3.aus[place])
}

fn push_own(
    row: &mut Vec<u8>,
    columns: &Columns,
    frame: usize,
    seconds: f64,
    analysis: &FrameAnalysis,
    closure: Option<f64>,
) {
    let part = &analysis.openface3;
    let success = analysis.success != 0;
    let known = |value: f32| if success { value } else { f32::NAN };
    push_integer(row, frame as u64 + 1);
    // Writing into a vector cannot fail.
    let separator = columns.separator();
    let _ = write!(row, "{separator}0{separator}{seconds:.3}");
    let push_value = |row: &mut Vec<u8>, value: f32, decimals| {
        row.extend_from_slice(separator.as_bytes());
        if value.is_finite() {
            push_f32(row, value, decimals);
        } else {
            row.extend_from_slice(b"nan");
        }
    };
    push_value(row, analysis.confidence, SCORE_DECIMALS);
    row.extend_from_slice(separator.as_bytes());
    push_integer(row, analysis.success.into());
    if columns.has(ColumnGroup::Gaze) {
        for angle in part.gaze {
            push_value(row, known(angle), SCORE_DECIMALS);
        }
    }
    if columns.has(ColumnGroup::Emotion) {
        let probabilities = probabilities(&part.emotions);
        let likeliest = likeliest(&probabilities).filter(|_| success);
        let name = likeliest.map_or("nan", |place| EMOTION_NAMES[place]);
        let _ = write!(row, "{separator}{name}");
        for probability in probabilities {
            push_value(row, known(probability), SCORE_DECIMALS);
        }
    }
    if columns.has(ColumnGroup::Landmarks2d) {
        for &value in &part.landmarks {
            let known = if part.has_landmarks != 0 {
                value
            } else {
                f32::NAN
            };
            push_value(row, known, PIXEL_DECIMALS);
        }
    }
    if columns.has(ColumnGroup::Aus) {
        let scores = AUS.map(|au| {
            let score = score(au, analysis, Convention::AsTrained);
            score.map_or(f32::NAN, known)
        });
        for (au, score) in AUS.into_iter().zip(scores) {
            let value = match closure {
                Some(closure) if au == CLOSURE => closure as f32,
                _ => score,
            };
            push_value(row, value, SCORE_DECIMALS);
        }
        for score in scores {
            let present = if score.is_finite() {
                f32::from(u8::from(score >= PRESENT))
            } else {
                f32::NAN
            };
            push_value(row, present, 2);
        }
    }
}

/// The place of the largest of the probabilities, if they are numbers.
fn likeliest(probabilities: &[f32; EMOTIONS]) -> Option<usize> {
    let finite = probabilities.iter().all(|p| p.is_finite());
    let places = 0..EMOTIONS;
    places
        .reduce(|best, next| {
            if probabilities[next] > probabilities[best] {
                next
            } else {
                best
            }
        })
        .filter(|_| finite)
}

/// Appends a number as Python's `repr` writes it: the shortest text that reads back as the same
/// number.
fn push_python(row: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    // Writing into a vector cannot fail.
    let _ = if value.is_nan() {
        write!(row, "nan")
    } else if size != 0.0 && !(1e-4..1e16).contains(&size) && size.is_finite() {
        // One digit before the point, and an exponent of at least two digits.
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { '-' } else { '+' };
        let exponent = exponent.trim_start_matches('-');
        write!(row, "{digits}e{sign}{exponent:0>2}")
    } else {
        write!(row, "{value:?}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(columns: Columns) -> OpenFace3Style {
        OpenFace3Style::Own {
            columns,
            closure: true,
        }
    }
    use bytemuck::Zeroable;

    fn seen() -> FrameAnalysis {
        let mut analysis = FrameAnalysis::zeroed();
        (analysis.success, analysis.confidence) = (1, 0.975);
        let part = &mut analysis.openface3;
        part.aus = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, f32::NAN];
        part.emotions[3] = 5.0;
        part.gaze = [0.125, -0.25];
        part.landmarks = std::array::from_fn(|i| i as f32 / 4.0);
        (part.has_landmarks, part.has_closure, part.closure) = (1, 1, 3.0);
        analysis
    }

    fn rows(style: OpenFace3Style, frames: &[FrameAnalysis]) -> Vec<Vec<(String, String)>> {
        let mut rows = OpenFace3Rows::new(style, Some(30.0));
        let separator = match style {
            OpenFace3Style::Own { .. } => ", ",
            OpenFace3Style::FaceMirror => ",",
        };
        let names: Vec<String> = rows.header().split(separator).map(str::to_owned).collect();
        let mut read = |(number, analysis): (usize, &FrameAnalysis)| {
            let mut row = Vec::new();
            rows.push_frame(&mut row, number, number as f64 / 25.0, analysis);
            let row = String::from_utf8(row).unwrap();
            let cells: Vec<String> = row.split(separator).map(str::to_owned).collect();
            assert_eq!(cells.len(), names.len());
            names.iter().cloned().zip(cells).collect()
        };
        frames.iter().enumerate().map(&mut read).collect()
    }

    fn cell<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
        let found = row.iter().find(|(n, _)| n == name);
        &found.unwrap_or_else(|| panic!("no column {name}")).1
    }

    #[test]
    fn our_own_table_says_what_was_measured() {
        let style = own(Columns::known_to_openface3());
        let table = rows(style, &[seen(), FrameAnalysis::zeroed(), seen()]);
        assert_eq!(table[0].len(), 5 + 2 + 9 + 196 + 36);
        for (name, value) in [
            ("frame", "1"),
            ("timestamp", "0.000"),
            ("confidence", "0.9750"),
            ("success", "1"),
            ("gaze_pitch", "-0.2500"),
            ("emotion", "surprise"),
            ("x_1", "0.25"),
            ("y_97", "48.75"),
            ("AU09_r", "0.5000"),
            ("AU12_r", "0.6000"),
            ("AU26_r", "nan"),
            ("AU15_r", "nan"),
            ("AU45_r", "3.0000"),
            ("AU06_c", "0.00"),
            ("AU09_c", "1.00"),
            ("AU26_c", "nan"),
            ("AU45_c", "nan"),
        ] {
            assert_eq!(cell(&table[0], name), value, "{name}");
        }
        let lost = &table[1];
        assert_eq!(
            (cell(lost, "success"), cell(lost, "confidence")),
            ("0", "0.0000")
        );
        assert!(lost[5..].iter().all(|(_, value)| value == "nan"));
        assert_eq!(cell(&table[2], "timestamp"), "0.080");
    }

    #[test]
    fn a_plain_table_is_the_same_without_the_spaces() {
        let written = |columns| {
            let mut rows = OpenFace3Rows::new(own(columns), Some(30.0));
            let mut text = rows.header().into_bytes();
            rows.push_frame(&mut text, 0, 0.0, &seen());
            String::from_utf8(text).unwrap()
        };
        let spaced = written(Columns::known_to_openface3());
        let plain = written(Columns::known_to_openface3().plain());
        assert_eq!(plain, spaced.replace(", ", ","));
        assert!(!plain.contains(' '));
    }

    #[test]
    fn columns_can_be_chosen() {
        let wanted = [ColumnGroup::Aus];
        let columns = Columns::select(&wanted, Columns::known_to_openface3()).unwrap();
        let table = rows(own(columns), &[seen()]);
        assert_eq!(table[0].len(), 41);
    }

    #[test]
    fn facemirrors_table_is_its_own_to_the_byte() {
        let mut rows = OpenFace3Rows::new(OpenFace3Style::FaceMirror, Some(15.0));
        assert!(
            rows.header()
                .starts_with("frame,face_id,timestamp,confidence,success,AU01_r")
        );
        assert_eq!(rows.line_end(), "\r\n");
        let mut row = Vec::new();
        rows.push_frame(&mut row, 1, 9.0, &seen());
        let expected = "1,0,0.06666666666666667,0.9750000238418579,1,0.10000000149011612,\
                        0.20000000298023224,0.30000001192092896,nan,0.4000000059604645,nan,nan,nan,\
                        0.5,nan,0.6000000238418579,nan,nan,0.699999988079071,nan,nan,nan,3.0"
            .to_owned()
            + &",nan".repeat(18);
        assert_eq!(String::from_utf8(row).unwrap(), expected);
        let mut row = Vec::new();
        rows.push_frame(&mut row, 2, 9.0, &FrameAnalysis::zeroed());
        let expected = "2,0,0.13333333333333333,0.0,0,0.0,0.0,0.0,nan,0.0,nan,nan,nan,\
                        0.0,nan,0.0,nan,nan,0.0,nan,0.0,nan,nan"
            .to_owned()
            + &",nan".repeat(18);
        assert_eq!(String::from_utf8(row).unwrap(), expected);
    }

    #[test]
    fn au45_is_smoothed_over_measured_frames() {
        let style = own(Columns::known_to_openface3());
        let mut open = seen();
        open.openface3.closure = 0.0;
        let table = rows(style, &[seen(), FrameAnalysis::zeroed(), open]);
        let au45: Vec<&str> = table.iter().map(|row| cell(row, "AU45_r")).collect();
        assert_eq!(au45, ["3.0000", "nan", "1.0000"]);
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5e-05"),
            (1e-10, "1e-10"),
            (1e16, "1e+16"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (f64::NAN, "nan"),
        ] {
            let mut row = Vec::new();
            push_python(&mut row, value);
            assert_eq!(String::from_utf8(row).unwrap(), text);
        }
    }
}
