//! Something held before the face: a sheet, a cup, a hand's breadth of cloth.

use glam::{Vec2, Vec3};

use super::Canvas;

/// A rounded box in the picture, in front of everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occluder {
    /// Its middle, in pixels.
    pub centre: Vec2,
    /// Half of its width and height, in pixels.
    pub half: Vec2,
    /// How it is turned, in radians.
    pub angle: f32,
    /// Radius of its corners, in pixels.
    pub round: f32,
    /// Its colour, linear.
    pub colour: Vec3,
}

impl Occluder {
    /// How far inside a place is, in pixels; negative outside.
    pub fn depth_at(&self, place: Vec2) -> f32 {
        let p = Vec2::from_angle(-self.angle).rotate(place - self.centre);
        let out = p.abs() - (self.half - self.round);
        self.round - out.max(Vec2::ZERO).length() - out.max_element().min(0.0)
    }

    /// Whether it hides this place.
    pub fn hides(&self, place: Vec2) -> bool {
        self.depth_at(place) > 0.0
    }

    /// Draws it.
    pub(crate) fn draw(&self, canvas: &mut Canvas) {
        let reach = self.half.length() + 2.0;
        let range = |centre: f32, most: usize| {
            let clamp = |value: f32| value.clamp(0.0, most as f32) as usize;
            clamp(centre - reach)..clamp(centre + reach)
        };
        for y in range(self.centre.y, canvas.height) {
            for x in range(self.centre.x, canvas.width) {
                let place = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                let inside = self.depth_at(place);
                let share = (inside + 0.5).clamp(0.0, 1.0);
                if share > 0.0 {
                    // A little darker towards its edge, so that it is not flat.
                    let shade = 0.75 + 0.25 * (inside / self.half.min_element()).clamp(0.0, 1.0);
                    let pixel = &mut canvas.pixels[y * canvas.width + x];
                    *pixel = pixel.lerp(self.colour * shade, share);
                }
            }
        }
    }
}
