//! Triangles: the head with neck and shoulders, ears, and long hair.

use glam::{Vec2, Vec3};

use super::profile::{NECK, SECTIONS};
use super::{Surface, smooth_step};
use crate::Identity;
use crate::paint::{hair, noise};

/// Which part of the head a triangle belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Face, scalp, neck and shoulders.
    Head,
    /// An ear.
    Ear,
    /// Hair that hangs free.
    Curtain,
}

/// A corner of triangles, in the face's frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vertex {
    /// Where it is, in mm.
    pub position: Vec3,
    /// Which way the surface looks there.
    pub normal: Vec3,
    /// Where it is on its part: the angle around the head and the row of the loft; for an ear,
    /// -1..1 across and down.
    pub place: Vec2,
    /// Whether it stays with the shoulders (1) or goes with the head (0).
    pub with_body: f32,
}

/// Triangles of one part.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// The part.
    pub part: Part,
    /// Corners.
    pub vertices: Vec<Vertex>,
    /// Corners of each triangle.
    pub triangles: Vec<[u32; 3]>,
}

/// Columns around the head.
const AROUND: usize = 168;
/// Rows of the mesh within each section of the loft.
const ROWS: [usize; SECTIONS - 1] = [
    4, 5, 6, 8, 13, 13, 14, 14, 14, 13, 12, 6, 5, 5, 4, 4, 5, 5, 4,
];

/// The head, the neck and the shoulders.
pub fn head(who: &Identity, surface: &Surface) -> Mesh {
    let rows: Vec<f32> = ROWS
        .iter()
        .enumerate()
        .flat_map(|(section, &count)| {
            (0..count).map(move |i| section as f32 + i as f32 / count as f32)
        })
        .chain([(SECTIONS - 1) as f32])
        .collect();
    // Narrow columns in front, where the features are.
    let angles: Vec<f32> = (0..=AROUND)
        .map(|i| {
            let u = 2.0 * i as f32 / AROUND as f32 - 1.0;
            std::f32::consts::PI * (0.5 * u + 0.5 * u * u * u)
        })
        .collect();
    let turned: Vec<(f32, f32)> = angles.iter().map(|angle| angle.sin_cos()).collect();
    let mut vertices = Vec::with_capacity(rows.len() * angles.len());
    for &row in &rows {
        let curve = surface.profile.row(row);
        let with_body = smooth_step(NECK.0, NECK.1, row);
        for (&angle, &(sine, cosine)) in angles.iter().zip(&turned) {
            let bare = curve.at_turned(sine, cosine);
            let skin = if row < 13.0 {
                surface.raise(bare, cosine)
            } else {
                bare
            };
            let thickness = hair::thickness(who, angle, row, skin.y);
            let outward =
                Vec3::new(skin.x, 0.6 * (skin.y + 20.0), skin.z + 5.0).normalize_or_zero();
            vertices.push(Vertex {
                position: skin + outward * thickness,
                normal: Vec3::ZERO,
                place: Vec2::new(angle, row),
                with_body,
            });
        }
    }
    let mut mesh = grid(Part::Head, vertices, angles.len());
    // The seam at the back belongs together.
    let across = angles.len();
    for first in (0..mesh.vertices.len()).step_by(across) {
        let last = first + across - 1;
        let sum = mesh.vertices[first].normal + mesh.vertices[last].normal;
        let normal = sum.normalize_or_zero();
        mesh.vertices[first].normal = normal;
        mesh.vertices[last].normal = normal;
    }
    mesh
}

/// An ear, on the side of negative (-1) or positive (+1) x.
pub fn ear(surface: &Surface, side: f32) -> Mesh {
    const DOWN: usize = 20;
    const ACROSS: usize = 14;
    let root = surface.profile.at(6.2, side * 97.0_f32.to_radians());
    let mut vertices = Vec::with_capacity((DOWN + 1) * (ACROSS + 1));
    for j in 0..=DOWN {
        let v = 2.0 * j as f32 / DOWN as f32 - 1.0;
        for i in 0..=ACROSS {
            let u = 2.0 * i as f32 / ACROSS as f32 - 1.0;
            // A shell: u from the root in front to the rim behind, standing off the head.
            let reach = (1.0 - (0.98 * v).powi(2)).sqrt() * (1.0 - 0.22 * v);
            let out = 0.5 * (u + 1.0);
            let rim = smooth_step(0.62, 0.85, out) - 0.9 * smooth_step(0.88, 1.0, out);
            let stand = 14.5 * out * reach + 2.6 * rim - 3.0;
            let position = root
                + Vec3::new(
                    side * stand,
                    5.0 + 30.0 * v - 4.0 * out * (1.0 - v),
                    8.0 - 26.0 * out * reach - 4.0 * v.abs(),
                );
            vertices.push(Vertex {
                position,
                normal: Vec3::ZERO,
                place: Vec2::new(u, v),
                with_body: 0.0,
            });
        }
    }
    let mut mesh = grid(Part::Ear, vertices, ACROSS + 1);
    // Seen from in front and from outside.
    for vertex in &mut mesh.vertices {
        if vertex.normal.dot(Vec3::new(side, 0.0, 0.6)) < 0.0 {
            vertex.normal = -vertex.normal;
        }
    }
    mesh
}

/// Long hair: a curtain around the sides and the back, down to the shoulders.
pub fn hair_curtain(who: &Identity, surface: &Surface) -> Mesh {
    const DOWN: usize = 36;
    const ACROSS: usize = 72;
    let mut vertices = Vec::with_capacity((DOWN + 1) * (ACROSS + 1));
    for j in 0..=DOWN {
        let v = j as f32 / DOWN as f32;
        let row = 2.2 + 9.6 * v;
        for i in 0..=ACROSS {
            let u = 2.0 * i as f32 / ACROSS as f32 - 1.0;
            // The opening in front is the face.
            let opening = 36.0 + 40.0 * smooth_step(0.0, 0.35, v) + 2.0 * (9.0 * v).sin();
            let angle = if u < 0.0 {
                -180.0 + (1.0 + u) * (180.0 - opening)
            } else {
                180.0 - (1.0 - u) * (180.0 - opening)
            };
            let angle = angle.to_radians();
            let skin = surface.profile.row(row.min(9.0)).at(angle);
            let edge = 1.0 - u.abs();
            let wave = 1.6 * (angle * 9.0 + who.texture_seed as f32 % 7.0 + 3.0 * v).sin();
            let off = 9.0 + 7.0 * v + wave - 6.0 * edge.powi(6);
            let outward = Vec3::new(skin.x, 0.0, skin.z + 5.0).normalize_or_zero();
            let lock = noise::smooth(angle * 11.0, 0.5, who.texture_seed ^ 7);
            let below = (row - 9.0).max(0.0) * (26.0 + 14.0 * lock);
            let thinner = 1.0 - 0.14 * smooth_step(0.0, 100.0, below);
            let place = skin * Vec3::new(thinner, 1.0, thinner) + outward * off;
            vertices.push(Vertex {
                position: place + Vec3::Y * below,
                normal: Vec3::ZERO,
                place: Vec2::new(angle, row),
                with_body: 0.6 * smooth_step(40.0, 140.0, place.y + below),
            });
        }
    }
    grid(Part::Curtain, vertices, ACROSS + 1)
}

/// Triangles between rows of `across` vertices, and normals from their neighbours.
fn grid(part: Part, mut vertices: Vec<Vertex>, across: usize) -> Mesh {
    let down = vertices.len() / across;
    let at = |j: usize, i: usize| (j * across + i) as u32;
    let mut triangles = Vec::with_capacity(2 * (down - 1) * (across - 1));
    for j in 0..down - 1 {
        for i in 0..across - 1 {
            triangles.push([at(j, i), at(j, i + 1), at(j + 1, i)]);
            triangles.push([at(j, i + 1), at(j + 1, i + 1), at(j + 1, i)]);
        }
    }
    for j in 0..down {
        for i in 0..across {
            let position = |j: usize, i: usize| vertices[j * across + i].position;
            let right = position(j, (i + 1).min(across - 1)) - position(j, i.saturating_sub(1));
            let below = position((j + 1).min(down - 1), i) - position(j.saturating_sub(1), i);
            // x right, y down, z out: right × below points outward.
            vertices[j * across + i].normal = right.cross(below).normalize_or_zero();
        }
    }
    Mesh {
        part,
        vertices,
        triangles,
    }
}
