//! Head pose and size from the points: the canonical face moved, turned and scaled onto them.
//!
//! The camera is assumed (its field of view is 63° from top to bottom), so distances are right for
//! such a camera only. What is left when pose and size are taken away again, the metric points, is
//! what measures of expression are made of.

use nalgebra::{Matrix3, Matrix4, Vector3};

use crate::shape::euler_from_rotation;

use super::{LANDMARKS, PictureSize};

/// Points of the canonical face: all but those of the irises.
pub const MESH: usize = 468;

/// Field of view from top to bottom, in degrees.
const FIELD_OF_VIEW: f64 = 63.0;
/// Faces whose points all lie this near to their mean (in shares of the picture) have no pose.
const FLAT: f32 = 0.001;

/// The face at rest: 468 points in cm, and how much each counts when it is fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct CanonicalFace {
    /// The points that count at all: number, place in cm, weight.
    anchors: Vec<Anchor>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Anchor {
    point: usize,
    place: Vector3<f64>,
    weight: f64,
}

/// The canonical face cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the canonical face is not as expected: {0}")]
pub struct CanonicalFaceError(String);

impl CanonicalFace {
    /// Reads a table with the columns `landmark,x_cm,y_cm,z_cm,weight` and a row for each point.
    /// x goes to the person's left, y up, z to the viewer.
    ///
    /// # Errors
    /// When it is not such a table, or fewer than three points have a weight.
    pub fn parse(text: &str) -> Result<Self, CanonicalFaceError> {
        let wrong = |reason: String| Err(CanonicalFaceError(reason));
        let mut lines = text.lines();
        if lines.next().map(str::trim_end) != Some("landmark,x_cm,y_cm,z_cm,weight") {
            return wrong("its first line does not name the five columns".to_owned());
        }
        let mut anchors = Vec::new();
        let mut rows = 0;
        for (point, line) in lines.enumerate() {
            let fields: Option<Vec<f64>> = line
                .split(',')
                .map(|field| field.trim().parse().ok())
                .collect();
            let Some([number, x, y, z, weight]) =
                fields.and_then(|fields| <[f64; 5]>::try_from(fields).ok())
            else {
                return wrong(format!("line {} has not five numbers", point + 2));
            };
            let sound = [x, y, z, weight].iter().all(|v| v.is_finite()) && weight >= 0.0;
            if number != point as f64 || !sound {
                return wrong(format!("line {} is not that of point {point}", point + 2));
            }
            rows += 1;
            if weight > 0.0 {
                let place = Vector3::new(x, y, z);
                anchors.push(Anchor {
                    point,
                    place,
                    weight,
                });
            }
        }
        if rows != MESH || anchors.len() < 3 {
            let count = anchors.len();
            return wrong(format!(
                "it has {rows} points, {count} of them with a weight"
            ));
        }
        Ok(Self { anchors })
    }

    /// Pose and size of the face with these points (in pixels; z, too) in a picture of `size`, with
    /// its points in cm of the canonical face; `None` where they do not make a face.
    pub(crate) fn fit(
        &self,
        landmarks: &[[f32; 3]; LANDMARKS],
        size: PictureSize,
        metric: &mut [[f32; 3]; MESH],
    ) -> Option<HeadPose> {
        let mesh: &[[f32; 3]; MESH] = landmarks.first_chunk()?;
        if is_flat(mesh, size) {
            return None;
        }
        let near = NearPlane::new(size);
        let mean_depth = mesh.iter().map(|&[_, _, z]| near.depth(z)).sum::<f64>() / MESH as f64;
        let on_plane = |point: usize| near.place(mesh[point]);
        let first = self.procrustes(|i| {
            let [x, y, z] = on_plane(i);
            Vector3::new(x, y, -z)
        })?;
        let away = |[x, y, z]: [f64; 3], scale: f64| {
            let depth = (z - mean_depth + 1.0) / scale;
            Vector3::new(x * depth, y * depth, -depth)
        };
        let second = self.procrustes(|i| away(on_plane(i), first.scale))?;
        let scale = first.scale * second.scale;
        let pose = self.procrustes(|i| away(on_plane(i), scale))?;
        let back = pose.rotation.transpose() / pose.scale;
        for (metric, &point) in metric.iter_mut().zip(mesh) {
            let place = back * (away(near.place(point), scale) - pose.translation);
            *metric = [place.x, place.y, place.z].map(|v| v as f32);
        }
        Some(pose)
    }

    /// Rotation, scale and translation that take the canonical face to `target` with the least sum
    /// of weighted squares.
    fn procrustes(&self, target: impl Fn(usize) -> Vector3<f64>) -> Option<HeadPose> {
        let total: f64 = self.anchors.iter().map(|anchor| anchor.weight).sum();
        let weighted = |sum: Vector3<f64>, anchor: &Anchor| sum + anchor.place * anchor.weight;
        let centre = self.anchors.iter().fold(Vector3::zeros(), weighted) / total;
        let mut together = Matrix3::zeros();
        let mut spread = 0.0;
        for anchor in &self.anchors {
            let centred = anchor.place - centre;
            together += target(anchor.point) * centred.transpose() * anchor.weight;
            spread += centred.dot(&anchor.place) * anchor.weight;
        }
        if !together.iter().all(|v| v.is_finite()) {
            return None;
        }
        let svd = together.svd(true, true);
        let (mut p, q_t) = (svd.u?, svd.v_t?);
        if p.determinant() * q_t.determinant() < 0.0 {
            // The smallest singular value is the last one.
            p.column_mut(2).neg_mut();
        }
        let rotation = p * q_t;
        let mut along = 0.0;
        for anchor in &self.anchors {
            let centred = rotation * (anchor.place - centre);
            along += centred.dot(&target(anchor.point)) * anchor.weight;
        }
        let scale = along / spread;
        let mut translation = Vector3::zeros();
        for anchor in &self.anchors {
            let moved = target(anchor.point) - rotation * anchor.place * scale;
            translation += moved * anchor.weight;
        }
        let translation = translation / total;
        (scale.is_finite() && scale > 0.0).then_some(HeadPose {
            rotation,
            scale,
            translation,
        })
    }
}

/// What takes the canonical face (in cm) to the camera's space: scaled, turned, then moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadPose {
    /// Rotation.
    pub rotation: Matrix3<f64>,
    /// Size of the face, of the canonical one's.
    pub scale: f64,
    /// Translation in cm: x right, y up, z to the viewer, so that faces have negative z.
    pub translation: Vector3<f64>,
}

impl HeadPose {
    /// As a matrix, with x right, y up and z to the viewer, in cm.
    #[must_use]
    pub fn matrix(&self) -> Matrix4<f64> {
        let mut matrix = Matrix4::identity();
        let turned = self.rotation * self.scale;
        matrix.fixed_view_mut::<3, 3>(0, 0).copy_from(&turned);
        matrix
            .fixed_view_mut::<3, 1>(0, 3)
            .copy_from(&self.translation);
        matrix
    }

    /// In OpenFace's signs: translation in mm (x right, y down, z away from the camera), then Euler
    /// angles in radians about these axes.
    #[must_use]
    pub fn openface(&self) -> [f64; 6] {
        let flip = Matrix3::from_diagonal(&Vector3::new(1.0, -1.0, -1.0));
        let [x, y, z] = euler_from_rotation(&(flip * self.rotation * flip));
        let moved = flip * self.translation * 10.0;
        [moved.x, moved.y, moved.z, x, y, z]
    }
}

/// The plane 1 cm before the assumed camera, on which the picture is seen.
struct NearPlane {
    size: PictureSize,
    width: f64,
    height: f64,
}

impl NearPlane {
    fn new(size: PictureSize) -> Self {
        let height = 2.0 * (FIELD_OF_VIEW / 2.0).to_radians().tan();
        Self {
            size,
            width: height * f64::from(size.width) / f64::from(size.height),
            height,
        }
    }

    /// A point given in pixels: right, up and away, in cm.
    fn place(&self, [x, y, z]: [f32; 3]) -> [f64; 3] {
        let across = f64::from(x) / f64::from(self.size.width);
        let down = f64::from(y) / f64::from(self.size.height);
        [
            (across - 0.5) * self.width,
            (0.5 - down) * self.height,
            self.depth(z),
        ]
    }

    fn depth(&self, z: f32) -> f64 {
        f64::from(z) / f64::from(self.size.width) * self.width
    }
}

fn is_flat(mesh: &[[f32; 3]; MESH], size: PictureSize) -> bool {
    let shares = |[x, y, _]: &[f32; 3]| [x / size.width, y / size.height];
    let mut mean = [0.0; 2];
    for point in mesh {
        let [x, y] = shares(point);
        mean = [mean[0] + x / MESH as f32, mean[1] + y / MESH as f32];
    }
    mesh.iter().all(|point| {
        let [x, y] = shares(point);
        // Whatever is no number is no face either.
        let distance = (x - mean[0]).hypot(y - mean[1]);
        distance.is_nan() || distance <= FLAT
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::rotation_from_euler;
    use proptest::prelude::*;

    /// Points on a bowl, the first forty of which count.
    fn face() -> (CanonicalFace, String) {
        let mut text = "landmark,x_cm,y_cm,z_cm,weight\n".to_owned();
        for i in 0..MESH {
            let (x, y) = ((i % 26) as f64 * 0.6 - 7.5, (i / 26) as f64 - 8.5);
            let z = 6.0 - 0.05 * (x * x + y * y);
            let weight = if i % 11 == 0 { 0.03 } else { 0.0 };
            text += &format!("{i},{x},{y},{z},{weight}\n");
        }
        (CanonicalFace::parse(&text).unwrap(), text)
    }

    const SIZE: PictureSize = PictureSize {
        width: 640.0,
        height: 480.0,
    };

    /// The points of a head in that pose, 50 cm away, as the landmark network gives them: depth in
    /// the unit of width, and counted from anywhere.
    fn seen(text: &str, angles: [f64; 3]) -> Box<[[f32; 3]; LANDMARKS]> {
        let near = NearPlane::new(SIZE);
        let rotation = rotation_from_euler(angles);
        let mut points = Box::new([[0.0; 3]; LANDMARKS]);
        for (point, line) in points.iter_mut().zip(text.lines().skip(1)) {
            let v: Vec<f64> = line.split(',').map(|f| f.parse().unwrap()).collect();
            let place = rotation * Vector3::new(v[1], v[2], v[3]) + Vector3::new(3.0, -2.0, -50.0);
            let depth = -place.z;
            let [x, y] = [place.x / depth, place.y / depth];
            *point = [
                ((x / near.width + 0.5) * 640.0) as f32,
                ((0.5 - y / near.height) * 480.0) as f32,
                (depth / 50.0 / near.width * 640.0) as f32,
            ];
        }
        points
    }

    #[test]
    fn tables_of_another_form_are_refused() {
        let (_, text) = face();
        let shorter = &text[..text.trim_end().rfind('\n').unwrap()];
        for wrong in [
            "",
            "x,y\n",
            shorter,
            &text.replacen("\n5,", "\n6,", 1),
            &text.replace("0.03", "0"),
        ] {
            assert!(CanonicalFace::parse(wrong).is_err(), "{wrong:.60}");
        }
        let error = CanonicalFace::parse(&text.replacen("\n3,", "\n3,a,", 1)).unwrap_err();
        assert!(error.to_string().contains("line 5"), "{error}");
    }

    #[test]
    fn points_in_one_place_have_no_pose() {
        let (face, _) = face();
        let mut metric = [[0.0; 3]; MESH];
        for value in [100.0, f32::NAN, f32::INFINITY] {
            assert!(
                face.fit(&[[value; 3]; LANDMARKS], SIZE, &mut metric)
                    .is_none()
            );
        }
    }

    #[test]
    fn openface_counts_down_and_away_in_mm() {
        let pose = HeadPose {
            rotation: rotation_from_euler([0.1, 0.2, 0.3]),
            scale: 1.0,
            translation: Vector3::new(1.0, 2.0, -30.0),
        };
        let ours = pose.openface();
        for (ours, expected) in ours.into_iter().zip([10.0, -20.0, 300.0, 0.1, -0.2, -0.3]) {
            assert!((ours - expected).abs() < 1e-12, "{ours} {expected}");
        }
        assert_eq!(pose.matrix()[(2, 3)], -30.0);
    }

    proptest! {
        #[test]
        fn a_head_is_found_where_it_is(
            x in -0.4_f64..0.4, y in -0.6_f64..0.6, z in -0.5_f64..0.5,
        ) {
            let (face, text) = face();
            let mut metric = [[0.0; 3]; MESH];
            let pose = face.fit(&seen(&text, [x, y, z]), SIZE, &mut metric).unwrap();
            let turned = pose.rotation.transpose() * rotation_from_euler([x, y, z]);
            // The network's depth is not perspective, so it is not exact.
            prop_assert!(turned.trace() > 1.0 + 2.0 * 2.5_f64.to_radians().cos(), "{}", turned);
            prop_assert!((pose.rotation.determinant() - 1.0).abs() < 1e-9);
            // All that is moved, turned and scaled is undone.
            prop_assert!((pose.translation.z / pose.scale + 50.0).abs() < 2.0, "{:?}", pose);
        }
    }
}
