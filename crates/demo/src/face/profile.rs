//! The head without its features: a loft over horizontal sections from the crown to the shoulders.
//!
//! A section is a closed curve around the head. `row` counts sections (and lies between them),
//! the angle runs around: 0 is the face's middle, ±π/2 the sides, π the back.

use glam::Vec3;

use super::features::jaw_drop;
use crate::{AuIntensities, Identity};

/// A section: half width, foremost and rearmost z, z of the widest place, and heights in front,
/// at the sides and behind.
#[derive(Debug, Clone, Copy)]
struct Section {
    half_width: f32,
    front: f32,
    back: f32,
    middle: f32,
    y_front: f32,
    y_side: f32,
    y_back: f32,
}

const fn section(
    half_width: f32,
    (front, middle, back): (f32, f32, f32),
    (y_front, y_side, y_back): (f32, f32, f32),
) -> Section {
    Section {
        half_width,
        front,
        back,
        middle,
        y_front,
        y_side,
        y_back,
    }
}

/// Which section is the edge of the jaw.
pub const JAW: f32 = 11.0;
/// Number of sections.
pub const SECTIONS: usize = 20;
/// From the edge of the jaw down, a point goes less and less with the head.
pub const NECK: (f32, f32) = (11.5, 16.0);

const HEAD: [Section; SECTIONS] = [
    section(2.0, (-4.0, -8.0, -12.0), (-117.0, -117.0, -117.0)),
    section(39.0, (38.0, -10.0, -55.0), (-107.0, -108.0, -106.0)),
    section(60.0, (66.0, -8.0, -84.0), (-88.0, -92.0, -86.0)),
    section(71.0, (83.0, -4.0, -100.0), (-62.0, -66.0, -55.0)),
    section(75.0, (88.5, 2.0, -105.0), (-36.0, -40.0, -22.0)),
    section(75.5, (87.5, 5.0, -103.0), (-12.0, -16.0, 4.0)),
    section(74.5, (86.0, 6.0, -97.0), (8.0, 3.0, 25.0)),
    section(72.0, (86.0, 7.0, -88.0), (30.0, 22.0, 42.0)),
    section(68.5, (87.5, 8.0, -78.0), (52.0, 38.0, 56.0)),
    section(64.5, (88.5, 8.0, -70.0), (72.0, 51.0, 68.0)),
    section(61.5, (87.0, 7.0, -66.0), (91.0, 62.0, 80.0)),
    section(59.5, (81.0, 6.0, -63.0), (107.0, 71.0, 88.0)),
    section(57.0, (68.0, 3.0, -60.0), (112.5, 79.0, 95.0)),
    section(53.0, (42.0, -4.0, -58.0), (117.0, 93.0, 104.0)),
    section(52.0, (30.0, -10.0, -60.0), (131.0, 120.0, 120.0)),
    section(55.0, (27.0, -14.0, -63.0), (155.0, 146.0, 140.0)),
    section(82.0, (32.0, -18.0, -70.0), (181.0, 166.0, 158.0)),
    section(160.0, (55.0, -15.0, -88.0), (206.0, 188.0, 178.0)),
    section(208.0, (82.0, -10.0, -100.0), (260.0, 240.0, 235.0)),
    section(225.0, (100.0, -5.0, -105.0), (460.0, 460.0, 460.0)),
];

/// The loft of one face.
#[derive(Debug, Clone)]
pub struct Profile {
    sections: [Section; SECTIONS],
}

impl Profile {
    /// The head of this face with its jaw as the action units have it.
    pub fn new(who: &Identity, aus: &AuIntensities) -> Self {
        // How much each section goes with the jaw and the chin, and how much with its width.
        const WITH_JAW: [f32; 5] = [0.12, 0.5, 0.9, 1.0, 0.95];
        const WIDE: [f32; 5] = [0.4, 0.75, 1.0, 1.0, 0.7];
        let drop = jaw_drop(aus);
        let mut sections = HEAD;
        for (row, section) in sections.iter_mut().enumerate() {
            let width = who.width;
            if row < 14 {
                section.half_width *= width;
            }
            if let Some(i) = row.checked_sub(8).filter(|i| *i < 5) {
                section.half_width *= 1.0 + (who.jaw_width - 1.0) * WIDE[i];
                section.half_width -= 0.12 * drop * WITH_JAW[i];
                section.y_front += (drop + who.chin) * WITH_JAW[i];
                section.y_side += (0.3 * drop + 0.4 * who.chin) * WITH_JAW[i];
                // The jaw turns about its joint: what goes down goes back.
                section.front -= 0.32 * drop * WITH_JAW[i];
            }
            if row == 13 {
                section.y_front += 0.55 * (drop + who.chin);
            }
        }
        Self { sections }
    }

    /// The point at `row` (0..19) and `angle`; its z has no features yet.
    pub fn at(&self, row: f32, angle: f32) -> Vec3 {
        self.row(row).at(angle)
    }

    /// One horizontal curve of the loft.
    pub fn row(&self, row: f32) -> Row {
        let row = row.clamp(0.0, (SECTIONS - 1) as f32);
        let index = (row as usize).min(SECTIONS - 2);
        let t = row - index as f32;
        let pick = |i: isize| &self.sections[i.clamp(0, SECTIONS as isize - 1) as usize];
        let i = index as isize;
        let (a, b, c, d) = (pick(i - 1), pick(i), pick(i + 1), pick(i + 2));
        let (t2, t3) = (t * t, t * t * t);
        // Catmull and Rom's cubic.
        let weights = [
            0.5 * (-t3 + 2.0 * t2 - t),
            0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
            0.5 * (-3.0 * t3 + 4.0 * t2 + t),
            0.5 * (t3 - t2),
        ];
        let mix = |value: fn(&Section) -> f32| {
            weights[0] * value(a)
                + weights[1] * value(b)
                + weights[2] * value(c)
                + weights[3] * value(d)
        };
        Row(Section {
            half_width: mix(|s| s.half_width),
            front: mix(|s| s.front),
            back: mix(|s| s.back),
            middle: mix(|s| s.middle),
            y_front: mix(|s| s.y_front),
            y_side: mix(|s| s.y_side),
            y_back: mix(|s| s.y_back),
        })
    }
}

/// One horizontal curve of the loft.
#[derive(Debug, Clone, Copy)]
pub struct Row(Section);

impl Row {
    /// The point at this angle.
    pub fn at(&self, angle: f32) -> Vec3 {
        let (sine, cosine) = angle.sin_cos();
        self.at_turned(sine, cosine)
    }

    /// The point at the angle with this sine and cosine.
    pub fn at_turned(&self, sine: f32, cosine: f32) -> Vec3 {
        let s = &self.0;
        let (end, y_end) = if cosine >= 0.0 {
            (s.front, s.y_front)
        } else {
            (s.back, s.y_back)
        };
        Vec3::new(
            s.half_width * sine,
            s.y_side + (y_end - s.y_side) * cosine * cosine,
            s.middle + (end - s.middle) * cosine.abs(),
        )
    }

    /// Half of the curve's width.
    pub fn half_width(&self) -> f32 {
        self.0.half_width
    }
}
