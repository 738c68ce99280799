//! Rotations as three Euler angles, the way OpenFace counts them.
//!
//! R = Rx·Ry·Rz, each factor a right-handed rotation by one angle in radians.

use nalgebra::{Matrix3, Vector3};

/// The rotation matrix Rx(x)·Ry(y)·Rz(z) of Euler angles in radians.
pub fn rotation_from_euler([x, y, z]: [f64; 3]) -> Matrix3<f64> {
    let ((s1, c1), (s2, c2), (s3, c3)) = (x.sin_cos(), y.sin_cos(), z.sin_cos());
    Matrix3::new(
        c2 * c3,
        -c2 * s3,
        s2,
        c1 * s3 + s1 * s2 * c3,
        c1 * c3 - s1 * s2 * s3,
        -s1 * c2,
        s1 * s3 - c1 * s2 * c3,
        s1 * c3 + c1 * s2 * s3,
        c1 * c2,
    )
}

/// Euler angles in radians of a rotation matrix; the second lies within ±π/2.
pub fn euler_from_rotation(r: &Matrix3<f64>) -> [f64; 3] {
    [
        (-r[(1, 2)]).atan2(r[(2, 2)]),
        r[(0, 2)].clamp(-1.0, 1.0).asin(),
        (-r[(0, 1)]).atan2(r[(0, 0)]),
    ]
}

/// The rotation nearest to `I + [ω]×`, with ω in radians.
///
/// `I + [ω]×` leaves ω alone and acts on the plane across it as the complex number 1 + i|ω|, so its
/// polar factor is the rotation about ω by atan |ω|; no decomposition is needed.
pub(crate) fn small_rotation(w: Vector3<f64>) -> Matrix3<f64> {
    let cos = 1.0 / (1.0 + w.norm_squared()).sqrt();
    // (1 - cos) / |ω|², without dividing by a small number.
    let along = cos * cos / (1.0 + cos);
    Matrix3::identity() * cos + w.cross_matrix() * cos + w * w.transpose() * along
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn euler_angles_survive_the_round_trip(
            x in -3.1_f64..3.1, y in -1.57_f64..1.57, z in -3.1_f64..3.1,
        ) {
            let back = euler_from_rotation(&rotation_from_euler([x, y, z]));
            // Near y = ±π/2 the other two angles are ill-conditioned.
            let tolerance = 1e-14 / y.cos() + 1e-7 * f64::from(y.abs() > 1.56);
            for (a, b) in back.into_iter().zip([x, y, z]) {
                prop_assert!((a - b).abs() < tolerance, "{a} {b}");
            }
        }

        #[test]
        fn a_small_rotation_is_the_polar_factor(
            x in -2.0_f64..2.0, y in -2.0_f64..2.0, z in -2.0_f64..2.0,
        ) {
            let w = Vector3::new(x, y, z);
            let svd = (Matrix3::identity() + w.cross_matrix()).svd(true, true);
            let polar = svd.u.unwrap() * svd.v_t.unwrap();
            prop_assert!((polar - small_rotation(w)).norm() < 1e-12);
        }
    }

    #[test]
    fn angles_turn_the_way_the_axes_say() {
        let quarter = std::f64::consts::FRAC_PI_2;
        let about_x = rotation_from_euler([quarter, 0.0, 0.0]) * Vector3::y();
        let about_y = rotation_from_euler([0.0, quarter, 0.0]) * Vector3::z();
        let about_z = rotation_from_euler([0.0, 0.0, quarter]) * Vector3::x();
        assert!((about_x - Vector3::z()).norm() < 1e-15);
        assert!((about_y - Vector3::x()).norm() < 1e-15);
        assert!((about_z - Vector3::y()).norm() < 1e-15);
    }
}
