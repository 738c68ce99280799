//! Which triangle is in front at each sample of a part of the picture.

use glam::Vec2;

/// A corner on the screen: where, in samples, and how far away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Corner {
    /// Position in samples.
    pub at: Vec2,
    /// Distance in mm.
    pub depth: f32,
}

/// What is seen at a sample.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Number of the triangle.
    pub triangle: u32,
    /// How far away.
    pub depth: f32,
    /// Shares of its second and third corner.
    pub shares: [f32; 2],
}

/// Nothing is seen.
pub const NOTHING: Seen = Seen {
    triangle: u32::MAX,
    depth: f32::INFINITY,
    shares: [0.0; 2],
};

/// A rectangle of samples.
#[derive(Debug, Clone, Default)]
pub struct Raster {
    /// Left, top.
    pub origin: (usize, usize),
    /// Samples per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row after row.
    pub seen: Vec<Seen>,
}

impl Raster {
    /// Empties the raster and gives it a new place.
    pub fn reset(&mut self, origin: (usize, usize), width: usize, height: usize) {
        self.origin = origin;
        self.width = width;
        self.height = height;
        self.seen.clear();
        self.seen.resize(width * height, NOTHING);
    }

    /// Draws a triangle that faces the viewer when its corners run clockwise on the screen;
    /// others only when `both_sides`.
    pub fn triangle(&mut self, number: u32, corners: [Corner; 3], both_sides: bool) {
        let [a, mut b, mut c] = corners;
        let origin = Vec2::new(self.origin.0 as f32, self.origin.1 as f32);
        let mut area = (b.at - a.at).perp_dot(c.at - a.at);
        let swapped = area < 0.0;
        if swapped {
            if !both_sides {
                return;
            }
            std::mem::swap(&mut b, &mut c);
            area = -area;
        }
        if area < 1e-6 {
            return;
        }
        let (pa, pb, pc) = (a.at - origin, b.at - origin, c.at - origin);
        let low = pa.min(pb).min(pc);
        let high = pa.max(pb).max(pc);
        // Samples lie in the middle of their cells.
        let first_x = (low.x - 0.5).ceil().max(0.0) as usize;
        let first_y = (low.y - 0.5).ceil().max(0.0) as usize;
        let end_x = ((high.x - 0.5).floor() + 1.0).clamp(0.0, self.width as f32) as usize;
        let end_y = ((high.y - 0.5).floor() + 1.0).clamp(0.0, self.height as f32) as usize;
        let inverse = 1.0 / area;
        for y in first_y..end_y {
            let row = &mut self.seen[y * self.width..][..self.width];
            for (x, seen) in row.iter_mut().enumerate().take(end_x).skip(first_x) {
                let p = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                let wb = (pc - pa).perp_dot(p - pa) * -inverse;
                let wc = (pb - pa).perp_dot(p - pa) * inverse;
                if wb < -1e-5 || wc < -1e-5 || wb + wc > 1.0 + 1e-5 {
                    continue;
                }
                let depth = a.depth + (b.depth - a.depth) * wb + (c.depth - a.depth) * wc;
                if depth < seen.depth {
                    *seen = Seen {
                        triangle: number,
                        depth,
                        shares: if swapped { [wc, wb] } else { [wb, wc] },
                    };
                }
            }
        }
    }
}
