//! The camera that the 3-D measurements assume, and landmarks in its space.
//!
//! A pinhole without distortion; camera space is in millimetres, x to the right, y down, z away
//! from the camera.

use super::ShapeParameters;
use super::rotation::rotation_from_euler;

/// Focal lengths and principal point of a pinhole camera, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Focal length along x.
    pub fx: f64,
    /// Focal length along y.
    pub fy: f64,
    /// Principal point, x.
    pub cx: f64,
    /// Principal point, y.
    pub cy: f64,
}

/// What is known of a camera, in pixels; the rest is assumed for each frame's size.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Intrinsics {
    /// Focal lengths along x and y.
    pub focal: Option<[f64; 2]>,
    /// Principal point, x.
    pub cx: Option<f64>,
    /// Principal point, y.
    pub cy: Option<f64>,
}

impl Intrinsics {
    /// The camera of an image of `width` x `height` pixels.
    pub fn camera(&self, width: usize, height: usize) -> Camera {
        let assumed = Camera::default_for(width, height);
        let [fx, fy] = self.focal.unwrap_or([assumed.fx, assumed.fy]);
        Camera {
            fx,
            fy,
            cx: self.cx.unwrap_or(assumed.cx),
            cy: self.cy.unwrap_or(assumed.cy),
        }
    }
}

impl Camera {
    /// The camera that OpenFace assumes for an image of `width` x `height` pixels when it is told
    /// nothing: a webcam of 500 px focal length at 640 x 480, scaled, looking along the middle.
    pub fn default_for(width: usize, height: usize) -> Self {
        let (width, height) = (width as f64, height as f64);
        // Rounded to single precision, in which OpenFace keeps them.
        let focal = f64::from((0.5 * (500.0 * width / 640.0 + 500.0 * height / 480.0)) as f32);
        Self {
            fx: focal,
            fy: focal,
            cx: 0.5 * width,
            cy: 0.5 * height,
        }
    }

    /// Distance at which one millimetre covers `scale` pixels, in millimetres.
    pub fn depth(&self, scale: f64) -> f64 {
        self.fx / scale
    }

    /// 3-D landmarks in camera space, in mm (n x, n y, n z): each 2-D landmark (n x, n y, in
    /// pixels) pushed along its ray to the depth that the fitted shape has there, which is
    /// fx / scale + (R·S)z. `shape` is the 3-D shape S in mm, n x, n y, n z, not rotated.
    ///
    /// Zeros when the scale is not positive.
    ///
    /// # Panics
    /// When `shape` or `out` has not 3n or `landmarks` not 2n values.
    pub fn landmarks_3d(
        &self,
        parameters: &ShapeParameters,
        shape: &[f64],
        landmarks: &[f32],
        out: &mut [f32],
    ) {
        let n = landmarks.len() / 2;
        assert_eq!(landmarks.len(), 2 * n);
        assert_eq!(shape.len(), 3 * n);
        assert_eq!(out.len(), 3 * n);
        let scale = parameters.scale();
        if scale.is_nan() || scale <= 0.0 {
            out.fill(0.0);
            return;
        }
        let r = rotation_from_euler(parameters.rotation());
        for i in 0..n {
            let turned =
                r[(2, 0)] * shape[i] + r[(2, 1)] * shape[n + i] + r[(2, 2)] * shape[2 * n + i];
            let z = self.depth(scale) + turned;
            out[i] = (z * (f64::from(landmarks[i]) - self.cx) / self.fx) as f32;
            out[n + i] = (z * (f64::from(landmarks[n + i]) - self.cy) / self.fy) as f32;
            out[2 * n + i] = z as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_camera_is_a_scaled_webcam() {
        let vga = Camera::default_for(640, 480);
        assert_eq!(
            (vga.fx, vga.fy, vga.cx, vga.cy),
            (500.0, 500.0, 320.0, 240.0)
        );
        let phone = Camera::default_for(1080, 1920);
        assert_eq!((phone.fx, phone.cx, phone.cy), (1421.875, 540.0, 960.0));
    }

    #[test]
    fn what_is_given_of_a_camera_counts_and_the_rest_is_assumed() {
        let assumed = Camera::default_for(640, 480);
        assert_eq!(Intrinsics::default().camera(640, 480), assumed);
        let given = Intrinsics {
            focal: Some([800.0, 810.0]),
            cx: None,
            cy: Some(-3.0),
        };
        let camera = given.camera(640, 480);
        assert_eq!(
            (camera.fx, camera.fy, camera.cx, camera.cy),
            (800.0, 810.0, 320.0, -3.0)
        );
    }

    #[test]
    fn a_landmark_at_the_principal_point_lies_on_the_axis() {
        let parameters = ShapeParameters {
            global: [2.0, 0.0, 0.0, 0.0, 320.0, 240.0],
            local: Vec::new(),
        };
        let mut out = [7.0; 3];
        let camera = Camera::default_for(640, 480);
        camera.landmarks_3d(&parameters, &[0.0, 0.0, -5.0], &[320.0, 240.0], &mut out);
        assert_eq!(out, [0.0, 0.0, 245.0]);
        camera.landmarks_3d(&ShapeParameters::default(), &[0.0; 3], &[1.0; 2], &mut out);
        assert_eq!(out, [0.0; 3]);
    }
}
