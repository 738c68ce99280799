//! Head pose: where the fitted 3-D shape stands before the camera.
//!
//! Minimises the squared distance in the image between the landmarks and the 3-D shape seen
//! through a pinhole camera ("perspective-n-point") over rotation and translation, by
//! Levenberg-Marquardt. The weak-perspective fit is where it starts.

use nalgebra::{Matrix3, Matrix6, Vector3, Vector6};

use super::ShapeParameters;
use super::camera::Camera;
use super::rotation::{euler_from_rotation, rotation_from_euler};

const MOST_STEPS: usize = 100;
/// Damping above which no step of any use is left.
const MOST_DAMPING: f64 = 1e12;
/// A step below this, relative to the distance and in radians, ends the search: pose is written
/// with three decimals of a radian and one of a millimetre.
const SMALL_STEP: f64 = 1e-11;

/// Where a head stands in camera space and how it is turned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pose {
    /// Position of the shape's origin in mm: x right, y down, z away from the camera.
    pub translation: [f64; 3],
    /// Euler angles about x, y and z in radians.
    pub rotation: [f64; 3],
}

/// A pose could not be determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoseError {
    /// The weak-perspective parameters do not put the shape before the camera.
    #[error("the shape does not lie before the camera")]
    NoStart,
    /// The landmarks leave the pose open.
    #[error("the landmarks do not determine a pose")]
    Degenerate,
}

/// Finds the pose of `shape` (n x, n y, n z, in mm, not rotated) that explains `landmarks` (n x,
/// n y, in pixels), near the weak-perspective `parameters`.
///
/// # Errors
/// When the parameters do not put the shape before the camera, or the landmarks leave the pose
/// open.
///
/// # Panics
/// When there are not three values of `shape` for two of `landmarks`.
pub fn estimate_pose(
    camera: &Camera,
    parameters: &ShapeParameters,
    shape: &[f64],
    landmarks: &[f32],
) -> Result<Pose, PoseError> {
    assert_eq!(2 * shape.len(), 3 * landmarks.len());
    let scene = Scene {
        camera,
        shape,
        landmarks,
    };
    let mut placed = starting_placement(camera, parameters);
    let mut cost = scene.cost(&placed).ok_or(PoseError::NoStart)?;
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let (matrix, gradient) = scene.normal_equations(&placed);
        let mut damped = matrix;
        for i in 0..6 {
            damped[(i, i)] *= 1.0 + damping;
        }
        let factor = damped.cholesky().ok_or(PoseError::Degenerate)?;
        let step = factor.solve(&gradient);
        let candidate = placed.moved(&step);
        // A candidate that puts a point behind the camera is no candidate.
        match scene.cost(&candidate).filter(|&new| new <= cost) {
            Some(new) => {
                (placed, cost) = (candidate, new);
                damping *= 0.1;
            }
            None => damping *= 10.0,
        }
        let distance = placed.translation.norm();
        let small = step.fixed_rows::<3>(0).norm() < SMALL_STEP
            && step.fixed_rows::<3>(3).norm() < SMALL_STEP * distance;
        if small || damping > MOST_DAMPING {
            return Ok(Pose {
                translation: placed.translation.into(),
                rotation: euler_from_rotation(&placed.rotation),
            });
        }
    }
    Err(PoseError::Degenerate)
}

fn starting_placement(camera: &Camera, parameters: &ShapeParameters) -> Placement {
    let z = camera.depth(parameters.scale());
    let [tx, ty] = parameters.translation();
    Placement {
        rotation: rotation_from_euler(parameters.rotation()),
        translation: Vector3::new(
            (tx - camera.cx) / camera.fx * z,
            (ty - camera.cy) / camera.fy * z,
            z,
        ),
    }
}

#[derive(Debug, Clone, Copy)]
struct Placement {
    rotation: Matrix3<f64>,
    translation: Vector3<f64>,
}

impl Placement {
    /// Turned about the camera's axes and moved.
    fn moved(&self, step: &Vector6<f64>) -> Self {
        let turn = nalgebra::Rotation3::new(step.fixed_rows::<3>(0).into_owned());
        Self {
            rotation: turn.matrix() * self.rotation,
            translation: self.translation + step.fixed_rows::<3>(3),
        }
    }
}

struct Scene<'a> {
    camera: &'a Camera,
    shape: &'a [f64],
    landmarks: &'a [f32],
}

impl Scene<'_> {
    /// Per point: the shape point rotated, and where it was seen.
    fn points(&self, rotation: Matrix3<f64>) -> impl Iterator<Item = (Vector3<f64>, [f64; 2])> {
        let n = self.landmarks.len() / 2;
        (0..n).map(move |i| {
            let point = Vector3::new(self.shape[i], self.shape[n + i], self.shape[2 * n + i]);
            let seen = [self.landmarks[i], self.landmarks[n + i]].map(f64::from);
            (rotation * point, seen)
        })
    }

    /// Observed minus projected position.
    fn error(&self, at: &Vector3<f64>, seen: [f64; 2]) -> [f64; 2] {
        let Camera { fx, fy, cx, cy } = *self.camera;
        [
            seen[0] - (fx * at.x / at.z + cx),
            seen[1] - (fy * at.y / at.z + cy),
        ]
    }

    /// Sum of squared errors; nothing when it is not a number or a point lies behind the camera.
    fn cost(&self, placed: &Placement) -> Option<f64> {
        let mut sum = 0.0;
        for (turned, seen) in self.points(placed.rotation) {
            let at = turned + placed.translation;
            if at.z.is_nan() || at.z <= 0.0 {
                return None;
            }
            let [x, y] = self.error(&at, seen);
            sum += x * x + y * y;
        }
        sum.is_finite().then_some(sum)
    }

    fn normal_equations(&self, placed: &Placement) -> (Matrix6<f64>, Vector6<f64>) {
        let mut matrix = Matrix6::zeros();
        let mut gradient = Vector6::zeros();
        for (turned, seen) in self.points(placed.rotation) {
            let at = turned + placed.translation;
            let Camera { fx, fy, .. } = *self.camera;
            let by_position = [
                Vector3::new(fx, 0.0, -fx * at.x / at.z) / at.z,
                Vector3::new(0.0, fy, -fy * at.y / at.z) / at.z,
            ];
            for (by_position, error) in by_position.iter().zip(self.error(&at, seen)) {
                // d/dω of g·(ω × turned) is turned × g.
                let turning = turned.cross(by_position);
                let row = Vector6::new(
                    turning.x,
                    turning.y,
                    turning.z,
                    by_position.x,
                    by_position.y,
                    by_position.z,
                );
                matrix += row * row.transpose();
                gradient += row * error;
            }
        }
        (matrix, gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{FitScratch, ShapeModel};
    use crate::testing::shape_model_text;
    use proptest::prelude::*;

    fn model() -> ShapeModel {
        ShapeModel::parse(&shape_model_text(20, 5)).unwrap()
    }

    proptest! {
        #[test]
        fn a_head_seen_through_the_camera_is_found_where_it_stands(
            angles in prop::array::uniform3(-0.6_f64..0.6),
            x in -200.0_f64..200.0, y in -150.0_f64..150.0, z in 300.0_f64..2000.0,
        ) {
            let (model, camera) = (model(), Camera::default_for(640, 480));
            let shape = model.mean();
            let r = rotation_from_euler(angles);
            let mut landmarks = vec![0.0_f32; 40];
            for i in 0..20 {
                let at = r * Vector3::new(shape[i], shape[20 + i], shape[40 + i])
                    + Vector3::new(x, y, z);
                landmarks[i] = (camera.fx * at.x / at.z + camera.cx) as f32;
                landmarks[20 + i] = (camera.fy * at.y / at.z + camera.cy) as f32;
            }
            let (mut scratch, mut weak) = (FitScratch::default(), ShapeParameters::default());
            model.fit(&landmarks, &mut scratch, &mut weak).unwrap();
            let pose = estimate_pose(&camera, &weak, shape, &landmarks).unwrap();
            // Landmarks in single precision: 3e-5 px of some 50 px, so 1e-6 of the distance.
            for (found, truth) in pose.translation.into_iter().zip([x, y, z]) {
                prop_assert!((found - truth).abs() < 1e-5 * z, "{pose:?}");
            }
            for (found, truth) in pose.rotation.into_iter().zip(angles) {
                prop_assert!((found - truth).abs() < 1e-4, "{pose:?}");
            }
        }

        #[test]
        fn any_numbers_end_in_a_finite_pose_or_an_error(
            landmarks in prop::collection::vec(any::<f32>(), 40),
            global in prop::array::uniform6(any::<f32>()),
        ) {
            let weak = ShapeParameters { global, local: vec![0.0; 5] };
            let camera = Camera::default_for(640, 480);
            if let Ok(pose) = estimate_pose(&camera, &weak, model().mean(), &landmarks) {
                prop_assert!(pose.translation.iter().all(|v| v.is_finite()));
                prop_assert!(pose.rotation.iter().all(|v| v.is_finite()));
            }
        }
    }

    #[test]
    fn a_shape_without_extent_has_no_pose() {
        let weak = ShapeParameters {
            global: [1.0, 0.0, 0.0, 0.0, 320.0, 240.0],
            local: Vec::new(),
        };
        let camera = Camera::default_for(640, 480);
        let verdict = estimate_pose(&camera, &weak, &[0.0; 60], &[320.0; 40]);
        assert_eq!(verdict, Err(PoseError::Degenerate));
        let none = ShapeParameters::default();
        let verdict = estimate_pose(&camera, &none, model().mean(), &[0.0; 40]);
        assert_eq!(verdict, Err(PoseError::NoStart));
    }
}
