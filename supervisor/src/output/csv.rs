//! The columns of OpenFace 2.2's CSV, in its order and number formats.
//!
//! Separator is a comma and a space, also in the header. Gaze and eye landmarks are left out
//! where the pipeline does not know them, rather than filled with zeros.

use std::io::Write;

use faceau_vision::analysis::{FrameAnalysis, INTENSITIES, LANDMARKS, PRESENCES, SHAPE_MODES};

use super::number::{push_f32, push_integer};

/// Names of the columns before the AUs, which are known as soon as a frame is analysed.
fn frame_columns() -> Vec<String> {
    let mut names: Vec<String> = ["frame", "face_id", "timestamp", "confidence", "success"]
        .map(str::to_owned)
        .into();
    names.extend(["Tx", "Ty", "Tz", "Rx", "Ry", "Rz"].map(|axis| format!("pose_{axis}")));
    for axis in ["x", "y", "X", "Y", "Z"] {
        names.extend((0..LANDMARKS).map(|i| format!("{axis}_{i}")));
    }
    names.extend(["scale", "rx", "ry", "rz", "tx", "ty"].map(|name| format!("p_{name}")));
    names.extend((0..SHAPE_MODES).map(|i| format!("p_{i}")));
    names
}

/// The header line. `intensities` and `presences` are the AU numbers in the order of the models.
pub fn header(intensities: &[u8], presences: &[u8]) -> String {
    let mut names = frame_columns();
    names.extend(intensities.iter().map(|au| format!("AU{au:02}_r")));
    names.extend(presences.iter().map(|au| format!("AU{au:02}_c")));
    names.join(", ")
}

/// Appends the columns before the AUs for frame `frame` (counted from 1), without a line end.
pub(super) fn push_frame(row: &mut Vec<u8>, frame: u64, seconds: f64, analysis: &FrameAnalysis) {
    push_integer(row, frame);
    // The face's number is always 0: one face is followed.
    // Writing into a vector cannot fail.
    let _ = write!(row, ", 0, {seconds:.3}");
    separated(row, analysis.confidence, 2);
    row.extend_from_slice(b", ");
    push_integer(row, analysis.success.into());
    let (translation, rotation) = analysis.pose.split_at(3);
    for value in translation {
        let _ = write!(row, ", {value:.1}");
    }
    for value in rotation {
        let _ = write!(row, ", {value:.3}");
    }
    for &value in analysis.landmarks.iter().chain(&analysis.landmarks_3d) {
        separated(row, value, 1);
    }
    for &value in analysis.global.iter().chain(&analysis.local) {
        separated(row, value, 3);
    }
}

fn separated(row: &mut Vec<u8>, value: f32, decimals: u32) {
    row.extend_from_slice(b", ");
    push_f32(row, value, decimals);
}

/// Appends the AU columns with their line end.
pub(super) fn push_aus(
    row: &mut Vec<u8>,
    intensities: &[f64; INTENSITIES],
    presences: &[f64; PRESENCES],
) {
    for value in intensities.iter().chain(presences) {
        let _ = write!(row, ", {value:.2}");
    }
    row.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    const INTENSITY_AUS: [u8; INTENSITIES] =
        [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45];
    const PRESENCE_AUS: [u8; PRESENCES] = [
        1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45,
    ];

    #[test]
    fn header_and_rows_have_the_same_columns() {
        let header = header(&INTENSITY_AUS, &PRESENCE_AUS);
        let mut row = Vec::new();
        push_frame(&mut row, 12, 0.4004, &FrameAnalysis::zeroed());
        push_aus(&mut row, &[0.125; INTENSITIES], &[1.0; PRESENCES]);
        let row = String::from_utf8(row).unwrap();
        assert!(row.starts_with("12, 0, 0.400, 0.00, 0, 0.0, "), "{row}");
        assert!(row.ends_with(", 1.00\n"));
        let columns = header.split(", ").count();
        // OpenFace's 714 less 8 of gaze and 280 of eye landmarks.
        assert_eq!(columns, 714 - 8 - 280);
        assert_eq!(row.split(", ").count(), columns);
        assert!(header.starts_with("frame, face_id, timestamp, confidence, success, pose_Tx"));
        assert!(header.contains("AU45_r, AU01_c"));
        assert!(header.ends_with("AU28_c, AU45_c"));
    }
}
