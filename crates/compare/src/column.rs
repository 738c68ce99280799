//! What a column holds, by its name.
//!
//! The names are OpenFace's. Spaces around them do not count: OpenFace itself writes them after each
//! comma. py-feat's `AU01` without a suffix is an intensity, too, on another scale.

use std::fmt;

/// A direction in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Axis {
    /// To the right, in pixels.
    X,
    /// Downwards, in pixels.
    Y,
}

/// A column that can be compared. Those that neither measure nor identify (the parameters of a shape
/// model, points in millimetres that follow from them) are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// How strong an action unit is: 0 to 5.
    Intensity(u8),
    /// Whether an action unit is there: 0 or 1.
    Presence(u8),
    /// A point of the face.
    Landmark(Axis, u8),
    /// A point of the eyes.
    EyeLandmark(Axis, u8),
    /// Position of the head in millimetres; axis 0 to 2.
    HeadPosition(u8),
    /// Rotation of the head in radians; axis 0 to 2.
    HeadRotation(u8),
    /// Where an eye (0 or 1) looks, as a unit vector; axis 0 to 2.
    Gaze(u8, u8),
    /// Where both eyes look, in radians: 0 to the side, 1 up and down.
    GazeAngle(u8),
}

/// What a column's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The frame's number.
    Frame,
    /// Which of several faces.
    FaceId,
    /// Seconds.
    Timestamp,
    /// How sure the program is of the face, 0 to 1.
    Confidence,
    /// Whether the face was tracked.
    Success,
    /// Something to compare.
    Measure(Measure),
    /// An intensity on a scale from 0 to 1, as py-feat writes it.
    Likelihood(u8),
    /// Anything else.
    Other,
}

impl Column {
    /// Reads a name, without spaces around it.
    pub fn parse(name: &str) -> Self {
        match name {
            "frame" => Self::Frame,
            "face_id" => Self::FaceId,
            "timestamp" => Self::Timestamp,
            "confidence" => Self::Confidence,
            "success" => Self::Success,
            _ => action_unit(name)
                .or_else(|| measure(name).map(Self::Measure))
                .unwrap_or(Self::Other),
        }
    }
}

fn action_unit(name: &str) -> Option<Column> {
    let rest = name.strip_prefix("AU")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = rest.split_at(digits);
    let number = number.parse().ok()?;
    match suffix {
        "_r" => Some(Column::Measure(Measure::Intensity(number))),
        "_c" => Some(Column::Measure(Measure::Presence(number))),
        "" => Some(Column::Likelihood(number)),
        _ => None,
    }
}

fn measure(name: &str) -> Option<Measure> {
    let axis3 = |axis: &str| {
        ["x", "y", "z"]
            .into_iter()
            .zip(0..)
            .find_map(|(name, i)| (name == axis).then_some(i))
    };
    if let Some(point) = name.strip_prefix("eye_lmk_") {
        return point_of(point).map(|(axis, i)| Measure::EyeLandmark(axis, i));
    }
    if let Some(angle) = name.strip_prefix("gaze_angle_") {
        return axis3(angle).filter(|&i| i < 2).map(Measure::GazeAngle);
    }
    if let Some(gaze) = name.strip_prefix("gaze_") {
        let (eye, axis) = gaze.split_once('_')?;
        let eye = eye.parse().ok().filter(|&eye| eye < 2)?;
        return axis3(axis).map(|axis| Measure::Gaze(eye, axis));
    }
    if let Some(axis) = name.strip_prefix("pose_T") {
        return axis3(axis).map(Measure::HeadPosition);
    }
    if let Some(axis) = name.strip_prefix("pose_R") {
        return axis3(axis).map(Measure::HeadRotation);
    }
    point_of(name).map(|(axis, i)| Measure::Landmark(axis, i))
}

/// `x_12`, `y_12`. Capital letters are points in millimetres.
fn point_of(name: &str) -> Option<(Axis, u8)> {
    let (axis, number) = name.split_once('_')?;
    let axis = match axis {
        "x" => Axis::X,
        "y" => Axis::Y,
        _ => return None,
    };
    Some((axis, number.parse().ok()?))
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const AXES: [char; 3] = ['x', 'y', 'z'];
        let axis_of = |axis: &Axis| if *axis == Axis::X { 'x' } else { 'y' };
        match self {
            Self::Intensity(au) => write!(f, "AU{au:02}_r"),
            Self::Presence(au) => write!(f, "AU{au:02}_c"),
            Self::Landmark(axis, i) => write!(f, "{}_{i}", axis_of(axis)),
            Self::EyeLandmark(axis, i) => write!(f, "eye_lmk_{}_{i}", axis_of(axis)),
            Self::HeadPosition(axis) => write!(f, "pose_T{}", AXES[usize::from(*axis)]),
            Self::HeadRotation(axis) => write!(f, "pose_R{}", AXES[usize::from(*axis)]),
            Self::Gaze(eye, axis) => write!(f, "gaze_{eye}_{}", AXES[usize::from(*axis)]),
            Self::GazeAngle(axis) => write!(f, "gaze_angle_{}", AXES[usize::from(*axis)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openfaces_names_are_known() {
        for (name, measure) in [
            ("AU01_r", Measure::Intensity(1)),
            ("AU28_c", Measure::Presence(28)),
            ("x_0", Measure::Landmark(Axis::X, 0)),
            ("y_67", Measure::Landmark(Axis::Y, 67)),
            ("eye_lmk_y_55", Measure::EyeLandmark(Axis::Y, 55)),
            ("pose_Tz", Measure::HeadPosition(2)),
            ("pose_Rx", Measure::HeadRotation(0)),
            ("gaze_1_z", Measure::Gaze(1, 2)),
            ("gaze_angle_y", Measure::GazeAngle(1)),
        ] {
            assert_eq!(Column::parse(name), Column::Measure(measure), "{name}");
            assert_eq!(measure.to_string(), name);
        }
        assert_eq!(Column::parse("AU12"), Column::Likelihood(12));
        assert_eq!(Column::parse("timestamp"), Column::Timestamp);
    }

    #[test]
    fn others_are_left_alone() {
        for name in [
            "X_3",
            "x_256",
            "x_-1",
            "y_",
            "p_rx",
            "p_12",
            "eye_lmk_X_3",
            "eye_lmk_x_",
            "gaze_2_x",
            "gaze_angle_z",
            "pose_Tw",
            "AU",
            "AU1000_r",
            "AU01_x",
            "Pitch",
            "",
        ] {
            assert_eq!(Column::parse(name), Column::Other, "{name}");
        }
    }
}
