//! Geometry of the face, frame by frame, from 68 landmarks: heights of brows, eyes and lips, where
//! the corners of the mouth are, in pixels and relative to the face's own axis.
//!
//! Roll of the head is removed by the axis; yaw and pitch are not. «Right» and «left» are the
//! patient's: in a recording that is no mirror image the right side is on the picture's left.

use crate::face_axis::{FaceAxis, Point};

/// Landmarks of a face.
pub const FACE_POINTS: usize = 68;
/// Landmarks of both eyes.
pub const EYE_POINTS: usize = 56;

/// The landmarks of a frame, in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct FramePoints {
    /// Of the face.
    pub face: [Point; FACE_POINTS],
    /// Of the eyes: 28 of the right one, then 28 of the left one.
    pub eyes: [Point; EYE_POINTS],
}

impl Default for FramePoints {
    fn default() -> Self {
        Self {
            face: [[f64::NAN; 2]; FACE_POINTS],
            eyes: [[f64::NAN; 2]; EYE_POINTS],
        }
    }
}

/// What kind of number a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Pixels here; in tables mm or % of the distance of the outer corners of the eyes.
    Length,
    /// Degrees.
    Degrees,
    /// A ratio.
    Ratio,
}

/// Which side a measure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// One value for the face.
    Both,
    /// The patient's left.
    Left,
    /// The patient's right.
    Right,
}

impl Side {
    /// As it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Left => "left",
            Self::Right => "right",
        }
    }
}

/// A measure of both sides or of the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaceMeasure {
    /// Its name in tables.
    pub name: &'static str,
    /// What kind of number it is.
    pub unit: Unit,
    /// What it is, in words, with the landmarks of the right and the left side.
    pub meaning: &'static str,
    /// Whether there is a value for each side.
    pub sided: bool,
}

macro_rules! measures {
    ($($name:ident $unit:ident $sided:literal $meaning:literal)*) => {
        /// All measures, in the order of the tables.
        pub const MEASURES: &[FaceMeasure] = &[$(FaceMeasure {
            name: stringify!($name),
            unit: Unit::$unit,
            meaning: $meaning,
            sided: $sided,
        }),*];
    };
}

measures! {
    brow Length true "height of the brow (19 / 24) above the middle of the eye's corners"
    fissure Length true "opening of the eye: mean of 37-41, 38-40 / 43-47, 44-46 along the axis"
    mrd1 Length true "iris centre to the upper lid (37, 38 / 43, 44)"
    mrd2 Length true "iris centre to the lower lid (40, 41 / 46, 47)"
    commissure Length true "distance of the corner of the mouth (48 / 54) from point 57"
    smile_angle Degrees true "90 + angle of the corner above the perpendicular to the axis, from point 57"
    lip_out Length true "distance of the corner of the mouth (48 / 54) from the axis, outward"
    upper_lip Length true "upper lip (50 / 52) below the line of the eyes"
    lower_lip Length true "lower lip (58 / 56) below the line of the eyes"
    dental Length true "opening of the inner lips (61-67 / 63-65); 0 where AU25 is below 1"
    ala Length true "wing of the nose (31 / 35) below the line of the eyes"
    ear Ratio true "height of the eye over its width"
    commissure_height Length false "how much lower the right corner of the mouth is than the left one"
    centre_shift Length false "middle of the mouth (51, 57) off the axis, to the left positive"
}

/// A measure of a side: which column of [`GeometryColumns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeometryColumn {
    /// The measure.
    pub measure: FaceMeasure,
    /// The side.
    pub side: Side,
    /// Its place among all columns.
    pub place: usize,
}

impl GeometryColumn {
    /// Its name in a table of one row a frame: `brow_right`, `centre_shift`.
    pub fn name(&self) -> String {
        match self.side {
            Side::Both => self.measure.name.to_owned(),
            side => format!("{}_{}", self.measure.name, side.name()),
        }
    }
}

/// All columns: of each measure the right and the left side, or the one value.
pub fn columns() -> impl Iterator<Item = GeometryColumn> {
    let sides = |measure: &FaceMeasure| match measure.sided {
        true => &[Side::Right, Side::Left][..],
        false => &[Side::Both][..],
    };
    let all = MEASURES
        .iter()
        .flat_map(move |measure| sides(measure).iter().map(move |side| (*measure, *side)));
    all.enumerate()
        .map(|(place, (measure, side))| GeometryColumn {
            measure,
            side,
            place,
        })
}

/// The column of a measure and side.
pub fn column(name: &str, side: Side) -> Option<GeometryColumn> {
    columns().find(|column| column.measure.name == name && column.side == side)
}

/// Number of columns.
const COUNT: usize = 26;

/// The values of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameGeometry {
    /// One for each of [`columns`]; NaN where there is none. Lengths are in pixels.
    pub values: [f32; COUNT],
    /// Distance of the outer corners of the eyes in pixels.
    pub canthal: f32,
    /// The wider horizontal diameter of both irises in pixels.
    pub iris: f32,
    /// Distance of the irises' centres in pixels.
    pub pupils: f32,
}

const NOTHING: FrameGeometry = FrameGeometry {
    values: [f32::NAN; COUNT],
    canthal: f32::NAN,
    iris: f32::NAN,
    pupils: f32::NAN,
};

fn distance(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn middle(points: &[Point]) -> Point {
    let n = points.len() as f64;
    let sum = |axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / n;
    [sum(0), sum(1)]
}

/// Height of an eye over its width, of its six landmarks in their usual order.
fn eye_ratio(points: &[Point]) -> f64 {
    (distance(points[1], points[5]) + distance(points[2], points[4]))
        / (2.0 * distance(points[0], points[3]))
}

/// The numbers of a side's landmarks.
struct SidePoints {
    eye: usize,
    brow: usize,
    /// Upper and lower points of the lids, one above the other.
    lids: [(usize, usize); 2],
    mouth_corner: usize,
    upper_lip: usize,
    lower_lip: usize,
    inner_lips: (usize, usize),
    ala: usize,
    iris: usize,
    /// 1 if `FaceAxis::rightward` is outward here.
    outward: f64,
}

const RIGHT: SidePoints = SidePoints {
    eye: 36,
    brow: 19,
    lids: [(37, 41), (38, 40)],
    mouth_corner: 48,
    upper_lip: 50,
    lower_lip: 58,
    inner_lips: (61, 67),
    ala: 31,
    iris: 0,
    outward: 1.0,
};

const LEFT: SidePoints = SidePoints {
    eye: 42,
    brow: 24,
    lids: [(43, 47), (44, 46)],
    mouth_corner: 54,
    upper_lip: 52,
    lower_lip: 56,
    inner_lips: (63, 65),
    ala: 35,
    iris: 28,
    outward: -1.0,
};

impl FrameGeometry {
    /// Of a frame's landmarks; `au25` is the intensity of AU25, if the table has it.
    pub fn of(points: &FramePoints, has_eyes: bool, au25: Option<f64>) -> Self {
        let face = &points.face;
        let mut all = NOTHING;
        let Some(axis) = FaceAxis::of(face) else {
            return all;
        };
        let eyes = has_eyes.then_some(&points.eyes);
        let eye_line = axis.along(middle(&[face[36], face[39], face[42], face[45]]));
        let sides = [RIGHT, LEFT].map(|side| side.values(face, eyes, &axis, eye_line, au25));
        for (i, (right, left)) in sides[0].iter().zip(&sides[1]).enumerate() {
            all.values[2 * i] = *right as f32;
            all.values[2 * i + 1] = *left as f32;
        }
        all.values[COUNT - 2] = (axis.along(face[48]) - axis.along(face[54])) as f32;
        all.values[COUNT - 1] =
            -((axis.rightward(face[51]) + axis.rightward(face[57])) / 2.0) as f32;
        all.canthal = distance(face[36], face[45]) as f32;
        if let Some(eyes) = eyes {
            let diameter = |iris: usize| distance(eyes[iris], eyes[iris + 4]);
            all.iris = diameter(RIGHT.iris).max(diameter(LEFT.iris)) as f32;
            let centre = |iris: usize| middle(&eyes[iris..iris + 8]);
            all.pupils = distance(centre(RIGHT.iris), centre(LEFT.iris)) as f32;
        }
        all
    }
}

impl SidePoints {
    /// In the order of [`MEASURES`].
    fn values(
        &self,
        face: &[Point; FACE_POINTS],
        eyes: Option<&[Point; EYE_POINTS]>,
        axis: &FaceAxis,
        eye_line: f64,
        au25: Option<f64>,
    ) -> [f64; 12] {
        let along = |i: usize| axis.along(face[i]);
        let corner = face[self.mouth_corner];
        let corners = middle(&[face[self.eye], face[self.eye + 3]]);
        let upper = (along(self.lids[0].0) + along(self.lids[1].0)) / 2.0;
        let lower = (along(self.lids[0].1) + along(self.lids[1].1)) / 2.0;
        let iris = eyes.map(|eyes| axis.along(middle(&eyes[self.iris..self.iris + 8])));
        let up = axis.along(face[57]) - axis.along(corner);
        let out = self.outward * (axis.rightward(corner) - axis.rightward(face[57]));
        [
            axis.along(corners) - along(self.brow),
            lower - upper,
            iris.map_or(f64::NAN, |iris| iris - upper),
            iris.map_or(f64::NAN, |iris| lower - iris),
            distance(corner, face[57]),
            90.0 + up.atan2(out).to_degrees(),
            self.outward * axis.rightward(corner),
            along(self.upper_lip) - eye_line,
            along(self.lower_lip) - eye_line,
            match au25 {
                None => f64::NAN,
                Some(parted) if parted < 1.0 => 0.0,
                Some(_) => distance(face[self.inner_lips.0], face[self.inner_lips.1]),
            },
            along(self.ala) - eye_line,
            eye_ratio(&face[self.eye..self.eye + 6]),
        ]
    }
}

/// Geometry of all frames, a column for each measure and side.
#[derive(Debug, Clone, PartialEq)]
pub struct GeometryColumns {
    values: Vec<Vec<f32>>,
    /// Distance of the outer corners of the eyes in pixels.
    pub canthal: Vec<f32>,
    /// The wider horizontal diameter of both irises in pixels.
    pub iris: Vec<f32>,
    /// Distance of the irises' centres in pixels.
    pub pupils: Vec<f32>,
}

impl Default for GeometryColumns {
    fn default() -> Self {
        Self {
            values: vec![Vec::new(); COUNT],
            canthal: Vec::new(),
            iris: Vec::new(),
            pupils: Vec::new(),
        }
    }
}

impl GeometryColumns {
    /// Appends a frame; without points it has no values.
    pub fn push(&mut self, points: Option<&FramePoints>, has_eyes: bool, au25: Option<f64>) {
        let frame = points.map_or(NOTHING, |points| FrameGeometry::of(points, has_eyes, au25));
        self.push_frame(&frame);
    }

    /// Appends a frame's values.
    pub fn push_frame(&mut self, frame: &FrameGeometry) {
        for (column, &value) in self.values.iter_mut().zip(&frame.values) {
            column.push(value);
        }
        self.canthal.push(frame.canthal);
        self.iris.push(frame.iris);
        self.pupils.push(frame.pupils);
    }

    /// The frames again.
    pub fn frames(&self) -> impl Iterator<Item = FrameGeometry> {
        (0..self.canthal.len()).map(|i| FrameGeometry {
            values: std::array::from_fn(|column| self.values[column][i]),
            canthal: self.canthal[i],
            iris: self.iris[i],
            pupils: self.pupils[i],
        })
    }

    /// The values of a column, in pixels where it is a length.
    pub fn values(&self, column: &GeometryColumn) -> &[f32] {
        &self.values[column.place]
    }

    /// The height over width of an eye.
    pub fn eye_ratio(&self, side: Side) -> &[f32] {
        // `ear` is the last of the measures with sides.
        &self.values[if side == Side::Right {
            COUNT - 4
        } else {
            COUNT - 3
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{face_points, face_with_eyes};
    use proptest::prelude::*;

    fn frame(points: &[Point]) -> FramePoints {
        let mut frame = FramePoints::default();
        frame.face.copy_from_slice(points);
        // Irises of 10 px in the middle of the eyes.
        for (eye, iris) in [(36, 0), (42, 28)] {
            let centre = middle(&points[eye..eye + 6]);
            for i in 0..8 {
                let angle = f64::from(i as u8) * std::f64::consts::TAU / 8.0;
                frame.eyes[iris + i] =
                    [centre[0] + 5.0 * angle.cos(), centre[1] + 5.0 * angle.sin()];
            }
        }
        frame
    }

    fn value(geometry: &FrameGeometry, name: &str, side: Side) -> f64 {
        f64::from(geometry.values[column(name, side).unwrap().place])
    }

    #[test]
    fn there_is_a_place_for_every_column() {
        assert_eq!(columns().count(), COUNT);
        let ear = column("ear", Side::Right).unwrap();
        let mut columns = GeometryColumns::default();
        columns.push(Some(&frame(&face_with_eyes(12.0, 6.0))), true, None);
        assert_eq!(columns.values(&ear), columns.eye_ratio(Side::Right));
        assert!((columns.eye_ratio(Side::Right)[0] - 0.4).abs() < 1e-6);
        assert!((columns.eye_ratio(Side::Left)[0] - 0.2).abs() < 1e-6);
        assert_eq!(columns.frames().count(), 1);
    }

    #[test]
    fn every_measure_of_a_known_face() {
        let geometry = FrameGeometry::of(&frame(&face_with_eyes(12.0, 8.0)), true, Some(2.0));
        for (name, right, left) in [
            ("brow", 30.0, 30.0),
            ("fissure", 12.0, 8.0),
            ("mrd1", 6.0, 4.0),
            ("mrd2", 6.0, 4.0),
            ("commissure", 25.0_f64.hypot(16.0), 25.0_f64.hypot(16.0)),
            (
                "smile_angle",
                90.0 + 16.0_f64.atan2(25.0).to_degrees(),
                90.0 + 16.0_f64.atan2(25.0).to_degrees(),
            ),
            ("lip_out", 25.0, 25.0),
            ("upper_lip", 60.0, 60.0),
            ("lower_lip", 84.0, 84.0),
            ("dental", 6.0, 6.0),
            ("ala", 45.0, 45.0),
            ("ear", 0.4, 8.0 / 30.0),
        ] {
            assert!(
                (value(&geometry, name, Side::Right) - right).abs() < 1e-4,
                "{name}"
            );
            assert!(
                (value(&geometry, name, Side::Left) - left).abs() < 1e-4,
                "{name}"
            );
        }
        assert!(value(&geometry, "commissure_height", Side::Both).abs() < 1e-4);
        assert!(value(&geometry, "centre_shift", Side::Both).abs() < 1e-4);
        assert_eq!(
            (geometry.canthal, geometry.iris, geometry.pupils),
            (100.0, 10.0, 70.0)
        );
        let shut = FrameGeometry::of(&frame(&face_points()), true, Some(0.9));
        assert_eq!(value(&shut, "dental", Side::Left), 0.0);
    }

    #[test]
    fn directions_are_the_patients() {
        let mut points = face_points();
        // The left corner of the mouth goes up and out, the middle of the mouth to the left.
        points[54] = [331.0, 262.0];
        for i in [51, 57] {
            points[i][0] = 304.0;
        }
        let geometry = FrameGeometry::of(&frame(&points), false, None);
        assert!(value(&geometry, "lip_out", Side::Left) > 30.5);
        assert!((value(&geometry, "commissure_height", Side::Both) - 8.0).abs() < 1e-4);
        assert!((value(&geometry, "centre_shift", Side::Both) - 4.0).abs() < 1e-4);
        assert!(value(&geometry, "mrd1", Side::Left).is_nan());
        assert!(value(&geometry, "dental", Side::Left).is_nan());
    }

    proptest! {
        #[test]
        fn turning_the_face_changes_nothing(angle in -1.4..1.4_f64, left in 2.0..12.0) {
            let points = frame(&face_with_eyes(12.0, left));
            let mut turned = points.clone();
            let (sin, cos) = angle.sin_cos();
            for point in turned.face.iter_mut().chain(&mut turned.eyes) {
                *point = [cos * point[0] - sin * point[1], sin * point[0] + cos * point[1]];
            }
            let (a, b) = (
                FrameGeometry::of(&points, true, Some(2.0)),
                FrameGeometry::of(&turned, true, Some(2.0)),
            );
            for (i, (a, b)) in a.values.iter().zip(&b.values).enumerate() {
                prop_assert!((a - b).abs() < 1e-3, "{} {a} {b}", columns().nth(i).unwrap().name());
            }
            prop_assert!((a.iris - b.iris).abs() < 1e-3);
        }
    }
}
