//! From surfaces to pixels: what is in front, how light falls, what the camera adds.
//!
//! Pictures are linear RGB until they are [`develop()`]ed.

use glam::Vec3;

mod background;
mod develop;
mod head;
mod light;
mod occluder;
mod raster;

pub use background::Background;
pub use develop::{Blur, develop};
pub use head::{HeadDrawing, draw_head};
pub use light::Light;
pub use occluder::Occluder;

/// A picture in linear RGB.
#[derive(Debug, Clone, Default)]
pub struct Canvas {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row after row.
    pub pixels: Vec<Vec3>,
}

impl Canvas {
    /// A black picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![Vec3::ZERO; width * height],
        }
    }
}
