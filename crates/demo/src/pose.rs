//! Where a head is, and the camera that sees it. Units and axes are those of the program's pose
//! columns: millimetres and radians; x to the right, y down, z away from the camera.

use glam::{Mat3, Vec2, Vec3};

/// A pinhole camera without distortion, looking along z through the middle of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Focal length in pixels.
    pub focal: f32,
    /// Where the axis meets the picture, in pixels from the upper left corner of the upper left
    /// pixel.
    pub centre: Vec2,
}

impl Camera {
    /// The camera that the program assumes for a picture of this size.
    pub fn for_size(width: usize, height: usize) -> Self {
        let (width, height) = (width as f32, height as f32);
        Self {
            focal: 0.5 * (500.0 * width / 640.0 + 500.0 * height / 480.0),
            centre: Vec2::new(0.5 * width, 0.5 * height),
        }
    }

    /// Where a point in camera space (mm, z > 0) is seen, in pixels.
    pub fn project(&self, point: Vec3) -> Vec2 {
        self.centre + point.truncate() * (self.focal / point.z)
    }
}

/// Where a head stands and how it is turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Position in camera space of the head's origin (a point inside the head, behind the nose,
    /// 30 mm below the eyes), in mm.
    pub translation: Vec3,
    /// Euler angles about x, y, z in radians, applied as Rx·Ry·Rz: pitch, yaw, roll.
    pub rotation: Vec3,
}

impl Pose {
    /// The rotation Rx·Ry·Rz.
    pub fn matrix(&self) -> Mat3 {
        Mat3::from_rotation_x(self.rotation.x)
            * Mat3::from_rotation_y(self.rotation.y)
            * Mat3::from_rotation_z(self.rotation.z)
    }

    /// A point of the head's frame in camera space.
    pub fn place(&self, point: Vec3) -> Vec3 {
        self.matrix() * point + self.translation
    }
}
