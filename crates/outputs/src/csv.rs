//! The columns of OpenFace 2.2's CSV, in its order and number formats.
//!
//! Separator is a comma and a space, also in the header, unless a plain table is wanted. Groups of columns that the pipeline does
//! not know are left out, rather than filled with zeros.

use std::io::Write;

use faceau_vision::analysis::{FrameAnalysis, INTENSITIES, LANDMARKS, PRESENCES, SHAPE_MODES};
use faceau_vision::gaze::EYE_LANDMARKS;

use super::number::{push_f32, push_integer};
use super::{ColumnGroup, Columns};

/// Names of the columns before the AUs, which are known as soon as a frame is analysed.
fn frame_columns(columns: &Columns) -> Vec<String> {
    let mut names: Vec<String> = ["frame", "face_id", "timestamp", "confidence", "success"]
        .map(str::to_owned)
        .into();
    let mut add = |group, group_names: &mut dyn Iterator<Item = String>| {
        if columns.has(group) {
            names.extend(group_names);
        }
    };
    let axes = |prefix: &'static str, axes: &'static [&'static str], count: usize| {
        axes.iter()
            .flat_map(move |axis| (0..count).map(move |i| format!("{prefix}{axis}_{i}")))
    };
    let gaze = [
        "0_x", "0_y", "0_z", "1_x", "1_y", "1_z", "angle_x", "angle_y",
    ];
    add(
        ColumnGroup::Gaze,
        &mut gaze.iter().map(|name| format!("gaze_{name}")),
    );
    add(
        ColumnGroup::Eyes,
        &mut axes("eye_lmk_", &["x", "y", "X", "Y", "Z"], 2 * EYE_LANDMARKS),
    );
    let pose = ["Tx", "Ty", "Tz", "Rx", "Ry", "Rz"];
    add(
        ColumnGroup::Pose,
        &mut pose.iter().map(|name| format!("pose_{name}")),
    );
    add(
        ColumnGroup::Landmarks2d,
        &mut axes("", &["x", "y"], LANDMARKS),
    );
    add(
        ColumnGroup::Landmarks3d,
        &mut axes("", &["X", "Y", "Z"], LANDMARKS),
    );
    let global = ["scale", "rx", "ry", "rz", "tx", "ty"].map(str::to_owned);
    let modes = (0..SHAPE_MODES).map(|i| i.to_string());
    add(
        ColumnGroup::Params,
        &mut global
            .into_iter()
            .chain(modes)
            .map(|name| format!("p_{name}")),
    );
    names
}

/// Number of columns.
pub(super) fn count(columns: &Columns) -> usize {
    let aus = INTENSITIES + PRESENCES;
    frame_columns(columns).len()
        + if columns.has(ColumnGroup::Aus) {
            aus
        } else {
            0
        }
}

/// The header line. `intensities` and `presences` are the AU numbers in the order of the models.
pub(super) fn header(columns: &Columns, intensities: &[u8], presences: &[u8]) -> String {
    let mut names = frame_columns(columns);
    if columns.has(ColumnGroup::Aus) {
        names.extend(intensities.iter().map(|au| format!("AU{au:02}_r")));
        names.extend(presences.iter().map(|au| format!("AU{au:02}_c")));
    }
    names.join(columns.separator())
}

/// Appends the columns before the AUs for frame `frame` (counted from 1), without a line end.
pub(super) fn push_frame(
    row: &mut Vec<u8>,
    columns: &Columns,
    frame: u64,
    seconds: f64,
    analysis: &FrameAnalysis,
) {
    push_integer(row, frame);
    // The face's number is always 0: one face is followed.
    // Writing into a vector cannot fail.
    let separator = columns.separator();
    let _ = write!(row, "{separator}0{separator}{seconds:.3}");
    let push_all = |row: &mut Vec<u8>, values: &[f32], decimals| {
        for &value in values {
            row.extend_from_slice(separator.as_bytes());
            push_f32(row, value, decimals);
        }
    };
    push_all(row, &[analysis.confidence], 2);
    row.extend_from_slice(separator.as_bytes());
    push_integer(row, analysis.success.into());
    if columns.has(ColumnGroup::Gaze) {
        push_all(row, analysis.gaze.as_flattened(), 6);
        push_all(row, &analysis.gaze_angle, 3);
    }
    if columns.has(ColumnGroup::Eyes) {
        push_all(row, &analysis.eye_landmarks, 1);
        push_all(row, &analysis.eye_landmarks_3d, 1);
    }
    if columns.has(ColumnGroup::Pose) {
        let (translation, rotation) = analysis.pose.split_at(3);
        for value in translation {
            let _ = write!(row, "{separator}{value:.1}");
        }
        for value in rotation {
            let _ = write!(row, "{separator}{value:.3}");
        }
    }
    if columns.has(ColumnGroup::Landmarks2d) {
        push_all(row, &analysis.landmarks, 1);
    }
    if columns.has(ColumnGroup::Landmarks3d) {
        push_all(row, &analysis.landmarks_3d, 1);
    }
    if columns.has(ColumnGroup::Params) {
        push_all(row, &analysis.global, 3);
        push_all(row, &analysis.local, 3);
    }
}

/// Appends the AU columns, if there are to be any, and the line end.
pub(super) fn push_aus(
    row: &mut Vec<u8>,
    columns: &Columns,
    intensities: &[f64; INTENSITIES],
    presences: &[f64; PRESENCES],
) {
    if columns.has(ColumnGroup::Aus) {
        let separator = columns.separator();
        for value in intensities.iter().chain(presences) {
            let _ = write!(row, "{separator}{value:.2}");
        }
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

    fn table(columns: &Columns) -> (String, String) {
        let header = header(columns, &INTENSITY_AUS, &PRESENCE_AUS);
        let mut row = Vec::new();
        push_frame(&mut row, columns, 12, 0.4004, &FrameAnalysis::zeroed());
        push_aus(&mut row, columns, &[0.125; INTENSITIES], &[1.0; PRESENCES]);
        (header, String::from_utf8(row).unwrap())
    }

    #[test]
    fn header_and_rows_have_the_same_columns() {
        let eyes = 2 * 3 + 2 + 56 * 5;
        for (columns, count) in [
            (Columns::known(true), 714),
            (Columns::known(false), 714 - eyes),
            (
                Columns::select(&[ColumnGroup::Aus], Columns::known(true)).unwrap(),
                5 + 35,
            ),
            (
                Columns::select(&[ColumnGroup::Eyes], Columns::known(true)).unwrap(),
                5 + 280,
            ),
            (
                Columns::select(&[ColumnGroup::Landmarks3d], Columns::known(false)).unwrap(),
                5 + 204,
            ),
        ] {
            let (header, row) = table(&columns);
            assert_eq!(header.split(", ").count(), count, "{columns:?}");
            assert_eq!(columns.count(), count);
            assert_eq!(row.split(", ").count(), count, "{columns:?}");
            assert!(row.starts_with("12, 0, 0.400, 0.00, 0, 0.0") || count == 40);
            assert!(row.ends_with('\n'));
        }
    }

    #[test]
    fn columns_are_in_openfaces_order() {
        let (header, row) = table(&Columns::known(true));
        assert!(header.starts_with(
            "frame, face_id, timestamp, confidence, success, gaze_0_x, gaze_0_y, gaze_0_z, gaze_1_x"
        ));
        for neighbours in [
            "gaze_1_z, gaze_angle_x, gaze_angle_y, eye_lmk_x_0",
            "eye_lmk_x_55, eye_lmk_y_0",
            "eye_lmk_y_55, eye_lmk_X_0",
            "eye_lmk_Z_55, pose_Tx, pose_Ty, pose_Tz, pose_Rx, pose_Ry, pose_Rz, x_0",
            "y_67, X_0",
            "Z_67, p_scale, p_rx, p_ry, p_rz, p_tx, p_ty, p_0",
            "p_33, AU01_r",
            "AU45_r, AU01_c",
        ] {
            assert!(header.contains(neighbours), "{neighbours}");
        }
        assert!(header.ends_with("AU28_c, AU45_c"));
        assert!(
            row.starts_with("12, 0, 0.400, 0.00, 0, 0.000000, "),
            "{row}"
        );
        assert!(row.ends_with(", 1.00\n"));
    }

    #[test]
    fn a_plain_table_is_the_same_without_the_spaces() {
        let (header, row) = table(&Columns::known(true));
        let (plain_header, plain_row) = table(&Columns::known(true).plain());
        assert_eq!(plain_header, header.replace(", ", ","));
        assert_eq!(plain_row, row.replace(", ", ","));
        assert!(!plain_header.contains(' ') && !plain_row.contains(' '));
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
        let columns = Columns::known(true);
        assert_eq!(
            lines.next().unwrap(),
            header(&columns, &INTENSITY_AUS, &PRESENCE_AUS)
        );
        for line in lines {
            let values: Vec<f64> = line.split(", ").map(|v| v.parse().unwrap()).collect();
            let mut rest = &values[..];
            let mut take = |count: usize| {
                let (taken, left) = rest.split_at(count);
                rest = left;
                taken
            };
            let copy = |to: &mut [f32], from: &[f64]| {
                to.iter_mut()
                    .zip(from)
                    .for_each(|(to, &from)| *to = from as f32);
            };
            let mut a = FrameAnalysis::zeroed();
            let (first, seconds) = (take(2)[0], take(1)[0]);
            copy(std::slice::from_mut(&mut a.confidence), take(1));
            a.success = take(1)[0] as u32;
            copy(a.gaze.as_flattened_mut(), take(6));
            copy(&mut a.gaze_angle, take(2));
            copy(&mut a.eye_landmarks, take(112));
            copy(&mut a.eye_landmarks_3d, take(168));
            a.pose.copy_from_slice(take(6));
            copy(&mut a.landmarks, take(136));
            copy(&mut a.landmarks_3d, take(204));
            copy(&mut a.global, take(6));
            copy(&mut a.local, take(34));
            let mut row = Vec::new();
            push_frame(&mut row, &columns, first as u64, seconds, &a);
            let (intensities, presences) = (take(17), take(18));
            push_aus(
                &mut row,
                &columns,
                intensities.try_into().unwrap(),
                presences.try_into().unwrap(),
            );
            assert_eq!(String::from_utf8(row).unwrap().trim_end(), line);
        }
    }
}
