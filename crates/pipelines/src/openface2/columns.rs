//! The columns of OpenFace 2.2's table, in its order and number formats.

use faceau_measure::{Group, Schema};
use faceau_vision::analysis::{LANDMARKS, SHAPE_MODES};
use faceau_vision::gaze::EYE_LANDMARKS;

use crate::columns::{
    AUS, Columns, EYES, GAZE, LANDMARKS_2D, LANDMARKS_3D, Like, OPENFACE, PARAMS, POSE, aus,
    numbered,
};

/// The action units of OpenFace's intensity models.
pub const INTENSITIES: [u8; 17] = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45];
/// The action units of OpenFace's presence models.
pub const PRESENCES: [u8; 18] = [
    1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45,
];

/// All columns, without those of the eyes where there are none. `intensities` and `presences` are the
/// AU numbers in the order of the models.
pub fn schema(has_eyes: bool, intensities: &[u8], presences: &[u8]) -> Schema {
    let mut columns = Columns::default();
    columns.add_frame(
        "Number of the frame, from 1",
        Like::doubles(Group::FRAME, 3, "s"),
        Like::singles(Group::FRAME, 2, ""),
    );
    if has_eyes {
        add_eyes(&mut columns);
    }
    let head = Like::doubles(POSE, 1, "mm").about("Position of the head before the camera");
    columns.add(head, ["Tx", "Ty", "Tz"].map(|axis| format!("pose_{axis}")));
    let turn = Like::doubles(POSE, 3, "rad").about("Rotation of the head about an axis");
    columns.add(turn, ["Rx", "Ry", "Rz"].map(|axis| format!("pose_{axis}")));
    let point = Like::singles(LANDMARKS_2D, 1, "px").about("Landmark in the picture");
    for axis in ["x", "y"] {
        columns.add(point, numbered(axis, LANDMARKS));
    }
    let point = Like::singles(LANDMARKS_3D, 1, "mm").about("Landmark before the camera");
    for axis in ["X", "Y", "Z"] {
        columns.add(point, numbered(axis, LANDMARKS));
    }
    let like = |unit, about| Like::singles(PARAMS, 3, unit).about(about);
    columns.one(like("px/mm", "Scale of the shape model"), "p_scale");
    let turn = like("rad", "Rotation of the shape model about an axis");
    columns.add(turn, ["rx", "ry", "rz"].map(|axis| format!("p_{axis}")));
    let place = like("px", "Position of the shape model in the picture");
    columns.add(place, ["tx", "ty"].map(|axis| format!("p_{axis}")));
    let mode = like("mm", "Weight of a mode of the face's shape");
    columns.add(mode, numbered("p", SHAPE_MODES));
    let au = |about| Like::doubles(AUS, 2, "").about(about);
    columns.add_late(
        au("Intensity of an action unit, 0 to 5"),
        aus(intensities, 'r'),
    );
    columns.add_late(
        au("Presence of an action unit, 0 or 1"),
        aus(presences, 'c'),
    );
    Schema::new(columns.0, OPENFACE)
}

fn add_eyes(columns: &mut Columns) {
    let direction = Like::singles(GAZE, 6, "").about("Where an eye looks, a unit vector");
    for eye in ["0", "1"] {
        columns.add(
            direction,
            ["x", "y", "z"].map(|axis| format!("gaze_{eye}_{axis}")),
        );
    }
    let angle = Like::singles(GAZE, 3, "rad").about("Angle of the mean gaze");
    columns.add(angle, ["x", "y"].map(|axis| format!("gaze_angle_{axis}")));
    let point = Like::singles(EYES, 1, "px").about("Landmark of an eye in the picture");
    for axis in ["eye_lmk_x", "eye_lmk_y"] {
        columns.add(point, numbered(axis, 2 * EYE_LANDMARKS));
    }
    let point = Like::singles(EYES, 1, "mm").about("Landmark of an eye before the camera");
    for axis in ["eye_lmk_X", "eye_lmk_Y", "eye_lmk_Z"] {
        columns.add(point, numbered(axis, 2 * EYE_LANDMARKS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_in_openfaces_order() {
        let eyes = 2 * 3 + 2 + 56 * 5;
        let schema = schema(true, &INTENSITIES, &PRESENCES);
        assert_eq!(schema.columns().len(), 714);
        assert_eq!(schema.late().len(), 35);
        let without = super::schema(false, &INTENSITIES, &PRESENCES);
        assert_eq!(without.columns().len(), 714 - eyes);
        let names: Vec<&str> = schema.columns().iter().map(|c| &*c.name).collect();
        let header = names.join(", ");
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
    }

    #[test]
    fn groups_have_their_columns() {
        let schema = schema(true, &INTENSITIES, &PRESENCES);
        for (group, count) in [
            ("aus", 35),
            ("eyes", 280),
            ("landmarks3d", 204),
            ("pose", 6),
            ("params", 40),
        ] {
            let some = schema.select(&[group]).unwrap();
            assert_eq!(some.schema().columns().len(), 5 + count, "{group}");
        }
    }
}
