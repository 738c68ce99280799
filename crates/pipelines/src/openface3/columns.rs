//! The columns of the OpenFace 3.0 pipeline's table, and of FaceMirror's.

use faceau_measure::{Group, Kind, Schema, TextLayout};
use faceau_vision::openface3::{EMOTION_NAMES, LANDMARKS};

use crate::columns::{AUS, Columns, EMOTION, GAZE, LANDMARKS_2D, Like, OPENFACE, aus, numbered};

/// The action units that have columns. Those that are never measured are there for readers that
/// expect them.
pub(super) const COLUMN_AUS: [u8; 18] = [
    1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 25, 26, 45,
];

const INTENSITY: &str = "How present an action unit is, 0 to 1; of AU45 how far the eyes are shut, \
                         0 to 5";
const PRESENCE: &str = "Presence of an action unit, 0 or 1";

/// This program's own.
pub(super) fn own() -> Schema {
    let mut columns = Columns::default();
    columns.add_frame(
        "Number of the frame, from 1",
        Like::doubles(Group::FRAME, 3, "s"),
        Like::singles(Group::FRAME, 4, ""),
    );
    let angle = Like::singles(GAZE, 4, "rad");
    columns.one(
        angle.about("Yaw of the gaze, to the left of the picture"),
        "gaze_yaw",
    );
    columns.one(angle.about("Pitch of the gaze, upward"), "gaze_pitch");
    let likeliest = Like {
        kind: Kind::Word(&EMOTION_NAMES),
        ..Like::wholes(EMOTION).about("The likeliest emotion")
    };
    columns.one(likeliest, "emotion");
    let probability = Like::singles(EMOTION, 4, "").about("Probability of an emotion");
    columns.add(
        probability,
        EMOTION_NAMES.map(|name| format!("emotion_{name}")),
    );
    let point = Like::singles(LANDMARKS_2D, 2, "px").about("Landmark in the picture");
    for axis in ["x", "y"] {
        columns.add(point, numbered(axis, LANDMARKS));
    }
    let au = |digits, about| Like::singles(AUS, digits, "").about(about);
    columns.add(au(4, INTENSITY), aus(&COLUMN_AUS, 'r'));
    columns.add(au(2, PRESENCE), aus(&COLUMN_AUS, 'c'));
    Schema::new(columns.0, OPENFACE)
}

/// FaceMirror's, to the byte.
pub(super) fn facemirror() -> Schema {
    let number = |group| Like::doubles(group, 0, "").shortest();
    let mut columns = Columns::default();
    columns.add_frame(
        "Number of the frame, from 0",
        Like {
            unit: "s",
            ..number(Group::FRAME)
        },
        number(Group::FRAME),
    );
    columns.add(number(AUS).about(INTENSITY), aus(&COLUMN_AUS, 'r'));
    columns.add(number(AUS).about("Not known"), aus(&COLUMN_AUS, 'c'));
    let layout = TextLayout {
        separator: ",",
        line_end: "\r\n",
    };
    Schema::new(columns.0, layout)
}
