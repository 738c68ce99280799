//! The shape of the face: where its features are and what its surface is, for an identity and the
//! action units that it shows.
//!
//! Everything here is in the face's own frame: mm, x to the (picture's) right, y down from the
//! line of the eyes, z out of the face towards the viewer. [`to_head`] leads to the head's frame,
//! which a [`Pose`](crate::Pose) places.

use glam::Vec3;

mod curve;
mod features;
mod mesh;
mod profile;
mod relief;
mod surface;

pub use curve::Curve;
pub use features::{Eye, Features, Mouth, lid_raise, lips_part};
pub use mesh::{Mesh, Part, Vertex, ear, hair_curtain, head};
pub use surface::Surface;

/// Where the head's origin is, in the face's frame.
const ORIGIN: Vec3 = Vec3::new(0.0, 30.0, 60.0);

/// From the face's frame to the head's, whose axes are those of the camera (z away from it).
pub fn to_head(point: Vec3) -> Vec3 {
    let from_origin = point - ORIGIN;
    Vec3::new(from_origin.x, from_origin.y, -from_origin.z)
}

/// Turns a direction from the face's frame into the head's.
pub fn direction_to_head(direction: Vec3) -> Vec3 {
    Vec3::new(direction.x, direction.y, -direction.z)
}

/// 0 below `from`, 1 above `to` (or the other way round), smooth in between.
pub(crate) fn smooth_step(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
