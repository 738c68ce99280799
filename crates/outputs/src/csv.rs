//! Rows as lines of comma-separated text, whatever the columns are: the one writer of all tables.
//!
//! What stands between cells, and how many digits a number has, the schema says. What is not known is
//! `nan`.

use faceau_measure::{Fields, Kind, Schema, Text};

use super::number::{push_f32, push_f64, push_integer, push_shortest};

/// Columns beside each other whose values are written in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    kind: Kind,
    text: Text,
    count: usize,
}

/// Writes rows of a schema.
#[derive(Debug)]
pub struct CsvRows<'a> {
    schema: &'a Schema,
    separator: &'static str,
    runs: Vec<Run>,
}

impl<'a> CsvRows<'a> {
    /// Will write these columns, with another separator than theirs if there is one.
    pub fn new(schema: &'a Schema, separator: Option<&'static str>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for column in schema.columns() {
            let run = Run {
                kind: column.kind,
                text: column.text,
                count: 1,
            };
            match runs.last_mut() {
                Some(last) if (last.kind, last.text) == (run.kind, run.text) => last.count += 1,
                _ => runs.push(run),
            }
        }
        Self {
            schema,
            separator: separator.unwrap_or(schema.layout().separator),
            runs,
        }
    }

    /// The header's line.
    pub fn header(&self) -> Vec<u8> {
        let columns = self.schema.columns().iter();
        let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
        (names.join(self.separator) + self.schema.layout().line_end).into_bytes()
    }

    /// Appends the line of the row in `bytes`, which has exactly these columns.
    pub fn push(&self, bytes: &[u8], line: &mut Vec<u8>) {
        let mut fields = Fields::of(bytes);
        for (number, run) in self.runs.iter().enumerate() {
            for place in 0..run.count {
                if number + place > 0 {
                    line.extend_from_slice(self.separator.as_bytes());
                }
                // A row that is too short is not one of this schema; nothing is read beyond it.
                if push_cell(run, &mut fields, line).is_none() {
                    return;
                }
            }
        }
        line.extend_from_slice(self.schema.layout().line_end.as_bytes());
    }
}

#[inline]
fn push_cell(run: &Run, fields: &mut Fields<'_>, line: &mut Vec<u8>) -> Option<()> {
    match (run.kind, run.text) {
        (Kind::Single, Text::Digits(digits)) => {
            push_f32(line, fields.f32()?, digits.into());
        }
        (Kind::Double, Text::Digits(digits)) => push_f64(line, fields.f64()?, digits.into()),
        (Kind::Single, Text::Shortest) => push_shortest(line, fields.f32()?.into()),
        (Kind::Double, Text::Shortest) => push_shortest(line, fields.f64()?),
        (Kind::Whole, _) => push_integer(line, fields.u64()?),
        (Kind::Word(words), _) => {
            let place = fields.u32()? as usize;
            line.extend_from_slice(words.get(place).unwrap_or(&"nan").as_bytes());
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_measure::{
        Face, FrameIndex, FrameTime, Payload, Pipeline, Row, StageContext, Track, Value, Values,
    };
    use faceau_pipelines::openface2::{OpenFace2Results, record as record2};
    use faceau_pipelines::openface3::{OpenFace3Results, record as record3};
    use faceau_pipelines::{OpenFace3, openface2};
    use faceau_vision::analysis::FrameAnalysis;
    use std::sync::Arc;

    /// The lines that a stage makes of frames, each 40 ms after the one before, with the header.
    fn lines(
        pipeline: &dyn Pipeline,
        frames: &[Payload],
        separator: Option<&'static str>,
    ) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let context = StageContext {
            folder: folder.path(),
            frame_rate: Some(15.0),
        };
        let mut stage = pipeline.ordered_stage(&context).unwrap();
        let csv = CsvRows::new(pipeline.schema(), separator);
        let mut rows = Vec::new();
        for (index, payload) in frames.iter().enumerate() {
            let mut row = Row::default();
            let time = FrameTime {
                index: FrameIndex(index),
                seconds: index as f64 / 25.0,
            };
            let face = payload.faces().iter().next().unwrap();
            stage.push(time, Track(0), face, &mut row).unwrap();
            rows.push(row);
        }
        let mut late = stage.finish().unwrap();
        let mut lines = vec![csv.header()];
        for row in &mut rows {
            late.next(Track(0), row).unwrap();
            let mut line = Vec::new();
            csv.push(row.bytes(), &mut line);
            lines.push(line);
        }
        let text = |line: Vec<u8>| String::from_utf8(line).unwrap();
        lines.into_iter().map(text).collect()
    }

    fn payload(
        encode: fn(&FrameAnalysis, Track, &mut Payload),
        analysis: &FrameAnalysis,
    ) -> Payload {
        let mut payload = Payload::new(0);
        encode(analysis, Track(0), &mut payload);
        payload
    }

    fn openface2(has_eyes: bool) -> OpenFace2Results {
        let models = Arc::new(faceau_vision::testing::au_models());
        OpenFace2Results::new(models, has_eyes)
    }

    #[test]
    fn header_and_rows_have_the_same_columns() {
        let nothing = payload(record2::encode, &FrameAnalysis::nothing());
        for has_eyes in [true, false] {
            let pipeline = openface2(has_eyes);
            let lines = lines(&pipeline, std::slice::from_ref(&nothing), None);
            let count = pipeline.schema().columns().len();
            for line in &lines {
                assert_eq!(line.split(", ").count(), count);
                assert!(line.ends_with('\n'));
            }
            assert!(
                lines[1].starts_with("1, 0, 0.000, 0.00, 0, 0.0"),
                "{}",
                lines[1]
            );
        }
    }

    /// What OpenFace wrote, read and written again, is the same text: names, order and formats.
    #[test]
    fn a_table_of_openfaces_is_written_as_it_was() {
        let Some(reference) = std::env::var_os("FACEAU_REFERENCE") else {
            eprintln!("skipped: FACEAU_REFERENCE is not set; it names a folder with data");
            return;
        };
        let path = std::path::Path::new(&reference).join("openface/default.csv");
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        let schema = openface2::columns::schema(
            true,
            &openface2::columns::INTENSITIES,
            &openface2::columns::PRESENCES,
        );
        let csv = CsvRows::new(&schema, None);
        let header = String::from_utf8(csv.header()).unwrap();
        assert_eq!(lines.next().unwrap(), header.trim_end());
        for line in lines {
            let mut row = Row::default();
            for (column, cell) in schema.columns().iter().zip(line.split(", ")) {
                match column.kind {
                    Kind::Whole => row.whole(cell.parse().unwrap()),
                    Kind::Single => row.singles(&[cell.parse().unwrap()]),
                    Kind::Double => row.doubles(&[cell.parse().unwrap()]),
                    Kind::Word(_) => panic!("there are no words in it"),
                }
            }
            let mut written = Vec::new();
            csv.push(row.bytes(), &mut written);
            assert_eq!(String::from_utf8(written).unwrap().trim_end(), line);
        }
    }

    fn seen() -> FrameAnalysis {
        let mut analysis = FrameAnalysis::nothing();
        (analysis.success, analysis.confidence) = (1, 0.975);
        let part = &mut analysis.openface3;
        part.aus = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, f32::NAN];
        part.emotions[3] = 5.0;
        part.gaze = [0.125, -0.25];
        part.landmarks = std::array::from_fn(|i| i as f32 / 4.0);
        (part.has_landmarks, part.has_closure, part.closure) = (1, 1, 3.0);
        analysis
    }

    fn openface3(
        as_facemirror: bool,
        frames: &[FrameAnalysis],
        separator: Option<&'static str>,
    ) -> Vec<String> {
        let pipeline = OpenFace3Results::new(OpenFace3 {
            as_facemirror,
            ..OpenFace3::default()
        });
        let frames: Vec<Payload> = frames.iter().map(|a| payload(record3::encode, a)).collect();
        lines(&pipeline, &frames, separator)
    }

    /// The cell of a row in the column of this name.
    fn cell<'a>(lines: &'a [String], row: usize, name: &str) -> &'a str {
        let mut names = lines[0].trim_end().split(", ");
        let place = names.position(|n| n == name);
        let place = place.unwrap_or_else(|| panic!("no column {name}"));
        lines[1 + row].trim_end().split(", ").nth(place).unwrap()
    }

    #[test]
    fn our_own_table_says_what_was_measured() {
        let table = openface3(false, &[seen(), FrameAnalysis::nothing(), seen()], None);
        assert_eq!(table[0].split(", ").count(), 5 + 2 + 9 + 196 + 36);
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
            assert_eq!(cell(&table, 0, name), value, "{name}");
        }
        assert_eq!(
            (cell(&table, 1, "success"), cell(&table, 1, "confidence")),
            ("0", "0.0000")
        );
        let mut lost = table[2].trim_end().split(", ").skip(5);
        assert!(lost.all(|value| value == "nan"));
        assert_eq!(cell(&table, 2, "timestamp"), "0.080");
    }

    #[test]
    fn a_plain_table_is_the_same_without_the_spaces() {
        let spaced = openface3(false, &[seen()], None).concat();
        let plain = openface3(false, &[seen()], Some(",")).concat();
        assert_eq!(plain, spaced.replace(", ", ","));
        assert!(!plain.contains(' '));
    }

    #[test]
    fn facemirrors_table_is_its_own_to_the_byte() {
        let nothing = FrameAnalysis::nothing();
        let lines = openface3(true, &[nothing, seen(), nothing], None);
        assert!(lines[0].starts_with("frame,face_id,timestamp,confidence,success,AU01_r"));
        assert!(lines[0].ends_with("AU45_c\r\n"));
        let expected = "1,0,0.06666666666666667,0.9750000238418579,1,0.10000000149011612,\
                        0.20000000298023224,0.30000001192092896,nan,0.4000000059604645,nan,nan,nan,\
                        0.5,nan,0.6000000238418579,nan,nan,0.699999988079071,nan,nan,nan,3.0"
            .to_owned()
            + &",nan".repeat(18)
            + "\r\n";
        assert_eq!(lines[2], expected);
        let expected = "2,0,0.13333333333333333,0.0,0,0.0,0.0,0.0,nan,0.0,nan,nan,nan,\
                        0.0,nan,0.0,nan,nan,0.0,nan,0.0,nan,nan"
            .to_owned()
            + &",nan".repeat(18)
            + "\r\n";
        assert_eq!(lines[3], expected);
    }

    #[test]
    fn au45_is_smoothed_over_measured_frames() {
        let mut open = seen();
        open.openface3.closure = 0.0;
        let table = openface3(false, &[seen(), FrameAnalysis::nothing(), open], None);
        let au45 = [0, 1, 2].map(|row| cell(&table, row, "AU45_r"));
        assert_eq!(au45, ["3.0000", "nan", "1.0000"]);
    }

    /// Rows can also be read by their columns, which is what other formats do.
    #[test]
    fn rows_are_numbers_before_they_are_text() {
        let pipeline = openface2(false);
        let folder = tempfile::tempdir().unwrap();
        let context = StageContext {
            folder: folder.path(),
            frame_rate: None,
        };
        let mut stage = pipeline.ordered_stage(&context).unwrap();
        let mut analysis = FrameAnalysis::nothing();
        analysis.pose[1] = 12.345_678;
        let payload = payload(record2::encode, &analysis);
        let face: Face<'_> = payload.faces().iter().next().unwrap();
        let mut row = Row::default();
        let time = FrameTime {
            index: FrameIndex(11),
            seconds: 0.4,
        };
        stage.push(time, Track(3), face, &mut row).unwrap();
        let values: Vec<_> = Values::of(pipeline.schema().early(), row.bytes()).collect();
        let value = |name: &str| values.iter().find(|(c, _)| c.name == name).unwrap().1;
        assert_eq!(value("frame"), Value::Whole(12));
        assert_eq!(value("face_id"), Value::Whole(3));
        assert_eq!(value("timestamp"), Value::Double(0.4));
        assert_eq!(value("pose_Ty"), Value::Double(12.345_678));
    }
}
