//! Where the eyes look.
//!
//! An eye model gives 28 landmarks on lids, iris and pupil. The ray from the camera through the
//! pupil meets a sphere that stands for the eyeball; gaze points from its centre to there
//! (Wood et al. 2015, "Rendering of eyes for eye-shape registration and gaze estimation"). How the
//! eye landmarks are found is not known here.

use nalgebra::Vector3;

use crate::analysis::LANDMARKS;
use crate::shape::{Camera, ShapeParameters, rotation_from_euler};

/// Number of landmarks of an eye model: 0 to 7 around the iris, 8 to 19 along the lids, 20 to 27
/// around the pupil.
pub const EYE_LANDMARKS: usize = 28;

/// Landmarks of the eye model around the iris; their mean is taken for the pupil.
const IRIS: std::ops::Range<usize> = 0..8;
/// Face landmarks at the corners of the two eyes.
const CORNERS: [[usize; 2]; 2] = [[36, 39], [42, 45]];
/// From the middle between an eye's corners to the centre of the eyeball, in mm, for a head that
/// faces the camera.
const TO_EYEBALL: [f64; 3] = [0.0, -3.5, 7.0];
/// Radius of the eyeball in mm.
const RADIUS: f64 = 12.0;

/// An eye model fitted to an image.
#[derive(Debug, Clone, PartialEq)]
pub struct EyeFit {
    /// 2-D landmarks in pixels: x of all 28, then y.
    pub landmarks: [f32; 2 * EYE_LANDMARKS],
    /// The eye model's own position and deformation.
    pub shape: ShapeParameters,
    /// The eye model's 3-D shape in mm, not rotated: 28 x, 28 y, 28 z.
    pub shape_3d: [f64; 3 * EYE_LANDMARKS],
}

impl Default for EyeFit {
    /// Nothing found yet; a place for a tracker to write to.
    fn default() -> Self {
        Self {
            landmarks: [0.0; 2 * EYE_LANDMARKS],
            shape: ShapeParameters::default(),
            shape_3d: [0.0; 3 * EYE_LANDMARKS],
        }
    }
}

impl EyeFit {
    /// The 28 landmarks in camera space in mm: x, y, z each.
    pub fn in_space(&self, camera: &Camera) -> [[f32; 3]; EYE_LANDMARKS] {
        let mut stacked = [0.0; 3 * EYE_LANDMARKS];
        camera.landmarks_3d(&self.shape, &self.shape_3d, &self.landmarks, &mut stacked);
        std::array::from_fn(|i| [0, 1, 2].map(|axis| stacked[axis * EYE_LANDMARKS + i]))
    }
}

/// Where both eyes look, in camera space: x to the right, y down, z away from the camera.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gaze {
    /// Unit vectors of the eyes at face landmarks 36 to 41 and 42 to 47.
    pub directions: [[f32; 3]; 2],
    /// Angles of the mean of both in radians: to the right and down. Both are 0 for eyes that look
    /// along the camera's axis towards it.
    pub angle: [f32; 2],
}

impl Gaze {
    /// Gaze from both eyes' landmarks in camera space, the face's 68 (68 x, 68 y, 68 z, in mm), and
    /// the head's rotation (Euler angles in radians).
    ///
    /// `None` when the eyes are not before the camera, so that there is no ray through their pupils.
    pub fn estimate(
        eyes: &[[[f32; 3]; EYE_LANDMARKS]; 2],
        face: &[f32; 3 * LANDMARKS],
        head_rotation: [f64; 3],
    ) -> Option<Self> {
        let to_eyeball = rotation_from_euler(head_rotation) * Vector3::from(TO_EYEBALL);
        let corner =
            |i: usize| Vector3::from([0, 1, 2].map(|axis| f64::from(face[axis * LANDMARKS + i])));
        let mut directions = [Vector3::zeros(); 2];
        for ((direction, eye), [inner, outer]) in directions.iter_mut().zip(eyes).zip(CORNERS) {
            let centre = (corner(inner) + corner(outer)) / 2.0 + to_eyeball;
            *direction = direction_of(pupil(eye), centre)?;
        }
        let mean = (directions[0] + directions[1]) / 2.0;
        let angle = [mean.x.atan2(-mean.z), mean.y.atan2(-mean.z)];
        Some(Self {
            directions: directions.map(|v| [v.x, v.y, v.z].map(|v| v as f32)),
            angle: angle.map(|v| v as f32),
        })
    }
}

fn pupil(eye: &[[f32; 3]; EYE_LANDMARKS]) -> Vector3<f64> {
    let iris = eye[IRIS]
        .iter()
        .map(|point| Vector3::from(point.map(f64::from)));
    iris.sum::<Vector3<f64>>() / IRIS.len() as f64
}

/// The unit vector from the eyeball's `centre` to where the ray from the camera through the
/// `pupil` enters it. A ray that misses the eyeball is taken to pass through (0, 0, -1), as OpenFace
/// does.
fn direction_of(pupil: Vector3<f64>, centre: Vector3<f64>) -> Option<Vector3<f64>> {
    let ray = pupil.try_normalize(0.0)?;
    // |t ray - centre| = RADIUS.
    let along = ray.dot(&centre);
    let discriminant = along * along - centre.norm_squared() + RADIUS * RADIUS;
    let entry = if discriminant >= 0.0 {
        ray * (along - discriminant.sqrt())
    } else {
        -Vector3::z()
    };
    let direction = (entry - centre).try_normalize(0.0)?;
    direction.iter().all(|v| v.is_finite()).then_some(direction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An eye whose iris is a small ring around `pupil`.
    fn eye(pupil: [f64; 3]) -> [[f32; 3]; EYE_LANDMARKS] {
        std::array::from_fn(|i| {
            let (sin, cos) = (i as f64 * std::f64::consts::FRAC_PI_4).sin_cos();
            [pupil[0] + 3.0 * cos, pupil[1] + 3.0 * sin, pupil[2]].map(|v| v as f32)
        })
    }

    /// A face whose eyeballs are at the given centres when the head is turned by `rotation`.
    fn face(centres: [Vector3<f64>; 2], rotation: [f64; 3]) -> [f32; 204] {
        let mut face = [0.0; 204];
        let to_eyeball = rotation_from_euler(rotation) * Vector3::from(TO_EYEBALL);
        for (centre, corners) in centres.iter().zip(CORNERS) {
            for (corner, side) in corners.into_iter().zip([-15.0, 15.0]) {
                let at = centre - to_eyeball + Vector3::new(side, 0.0, 0.0);
                for axis in 0..3 {
                    face[axis * 68 + corner] = at[axis] as f32;
                }
            }
        }
        face
    }

    proptest! {
        /// Put the pupils on the eyeballs in a known direction: it is found again.
        #[test]
        fn a_known_gaze_is_found(
            yaw in -0.5_f64..0.5, pitch in -0.4_f64..0.4,
            rotation in prop::array::uniform3(-0.5_f64..0.5),
            x in -150.0_f64..150.0, y in -100.0_f64..100.0, z in 400.0_f64..1200.0,
        ) {
            let direction = Vector3::new(
                yaw.sin() * pitch.cos(), pitch.sin(), -yaw.cos() * pitch.cos(),
            );
            let centres = [Vector3::new(x - 30.0, y, z), Vector3::new(x + 30.0, y, z)];
            let eyes = centres.map(|centre| {
                let at = centre + RADIUS * direction;
                eye([at.x, at.y, at.z])
            });
            let gaze = Gaze::estimate(&eyes, &face(centres, rotation), rotation).unwrap();
            // Positions in single precision, 6e-5 mm at one metre, on a radius of 12 mm.
            for found in gaze.directions {
                for (found, truth) in found.into_iter().zip([direction.x, direction.y, direction.z]) {
                    prop_assert!((f64::from(found) - truth).abs() < 1e-4, "{gaze:?}");
                }
            }
            prop_assert!((f64::from(gaze.angle[0]) - yaw).abs() < 1e-4);
            let down = pitch.tan() / yaw.cos();
            prop_assert!((f64::from(gaze.angle[1]) - down.atan()).abs() < 1e-4);
        }

        #[test]
        fn any_numbers_give_finite_unit_vectors_or_none(
            points in prop::collection::vec(any::<f32>(), 6),
            corners in prop::collection::vec(any::<f32>(), 204),
            rotation in prop::array::uniform3(-1e3_f64..1e3),
        ) {
            let eyes = [
                [[points[0], points[1], points[2]]; EYE_LANDMARKS],
                [[points[3], points[4], points[5]]; EYE_LANDMARKS],
            ];
            let face = corners.try_into().unwrap();
            if let Some(gaze) = Gaze::estimate(&eyes, &face, rotation) {
                for [x, y, z] in gaze.directions {
                    prop_assert!((x.hypot(y).hypot(z) - 1.0).abs() < 1e-5);
                }
                prop_assert!(gaze.angle.iter().all(|angle| angle.is_finite()));
            }
        }
    }

    #[test]
    fn a_ray_that_misses_the_eyeball_gives_the_way_to_the_camera() {
        let centres = [Vector3::new(0.0, 0.0, 500.0); 2];
        let eyes = [eye([100.0, 0.0, 500.0]); 2];
        let gaze = Gaze::estimate(&eyes, &face(centres, [0.0; 3]), [0.0; 3]).unwrap();
        assert_eq!(gaze.directions, [[0.0, 0.0, -1.0]; 2]);
        assert_eq!(gaze.angle, [0.0; 2]);
        assert_eq!(
            Gaze::estimate(&[[[0.0; 3]; 28]; 2], &[0.0; 204], [0.0; 3]),
            None
        );
    }
}
