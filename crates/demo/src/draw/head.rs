//! Draws one head: triangles to samples, samples to pixels.

use glam::{Mat3, Vec2, Vec3};

use super::Canvas;
use super::light::Light;
use super::raster::{Corner, NOTHING, Raster, Seen};
use crate::face::{self, Mesh, Part, Surface, Vertex, direction_to_head, smooth_step, to_head};
use crate::paint::{Painter, Spot};
use crate::pose::{Camera, Pose};
use crate::{AuIntensities, HairStyle, Identity};

/// Samples per pixel along each axis.
const SAMPLES: usize = 2;
/// Where the neck turns, in the face's frame.
const NECK_JOINT: Vec3 = Vec3::new(0.0, 100.0, -15.0);
/// How much of the head's rotation the shoulders follow.
const BODY_TURNS: f32 = 0.2;
/// What the lamp's view of the head covers per sample, in mm, and how many samples it has.
const SHADOW_STEP: f32 = 2.4;
const SHADOW_SIZE: usize = 176;
/// Samples that are held at once, 16 bytes each: a whole picture of 1920 x 1080 pixels.
const MOST_SAMPLES: usize = 1920 * 1080 * SAMPLES * SAMPLES;

/// What drawing a head needs besides the head, kept from one to the next.
#[derive(Debug)]
pub struct HeadDrawing {
    most_samples: usize,
    raster: Raster,
    shadow: Raster,
    corners: Vec<Corner>,
    lamp_corners: Vec<Corner>,
}

impl Default for HeadDrawing {
    fn default() -> Self {
        Self {
            most_samples: MOST_SAMPLES,
            raster: Raster::default(),
            shadow: Raster::default(),
            corners: Vec::new(),
            lamp_corners: Vec::new(),
        }
    }
}

/// Draws the head of `who` showing `aus` into the picture.
#[expect(
    clippy::too_many_arguments,
    reason = "each is one thing that a head needs"
)]
pub fn draw_head(
    canvas: &mut Canvas,
    scratch: &mut HeadDrawing,
    camera: &Camera,
    light: &Light,
    who: &Identity,
    aus: &AuIntensities,
    surface: &Surface,
    pose: &Pose,
) {
    let mut meshes = vec![
        face::head(who, surface),
        face::ear(surface, -1.0),
        face::ear(surface, 1.0),
    ];
    if who.hair_style == HairStyle::Long {
        meshes.push(face::hair_curtain(who, surface));
    }
    let placement = Placement::new(pose);
    let lamp = LampView::new(light, pose);
    scratch.corners.clear();
    scratch.lamp_corners.clear();
    for vertex in meshes.iter().flat_map(|mesh| &mesh.vertices) {
        let point = placement.point(vertex);
        if point.z < 20.0 {
            // Behind the camera or as good as in it.
            return;
        }
        scratch.corners.push(Corner {
            at: camera.project(point) * SAMPLES as f32,
            depth: point.z,
        });
        scratch.lamp_corners.push(lamp.corner(point));
    }
    let samples = (canvas.width * SAMPLES, canvas.height * SAMPLES);
    let Some((origin, size)) = extent(&scratch.corners, samples) else {
        return;
    };
    let HeadDrawing {
        raster,
        shadow,
        corners,
        lamp_corners,
        most_samples,
    } = scratch;
    shadow.reset((0, 0), SHADOW_SIZE, SHADOW_SIZE);
    rasterize(&meshes, shadow, lamp_corners, true);
    let shader = Shader {
        painter: Painter::new(who, aus, surface),
        meshes: &meshes,
        placement,
        light,
        lamp,
        shadow,
        camera,
    };
    // Large pictures are drawn in bands, so that the samples take little memory.
    let band = (*most_samples / size.0 / SAMPLES * SAMPLES).max(SAMPLES);
    for top in (0..size.1).step_by(band) {
        let high = band.min(size.1 - top);
        raster.reset((origin.0, origin.1 + top), size.0, high);
        rasterize(&meshes, raster, corners, false);
        shader.resolve(canvas, raster);
    }
}

/// Puts all triangles into the raster; those of the head only when they face the viewer, or else
/// `from_behind`.
fn rasterize(meshes: &[Mesh], raster: &mut Raster, corners: &[Corner], from_behind: bool) {
    let mut first = 0;
    let mut number = 0;
    for mesh in meshes {
        let both_sides = from_behind || mesh.part != Part::Head;
        for triangle in &mesh.triangles {
            let corners = triangle.map(|index| corners[first + index as usize]);
            raster.triangle(number, corners, both_sides);
            number += 1;
        }
        first += mesh.vertices.len();
    }
}

/// Origin and size, in samples and even, of what corners cover.
fn extent(corners: &[Corner], samples: (usize, usize)) -> Option<((usize, usize), (usize, usize))> {
    let low = corners.iter().fold(Vec2::INFINITY, |low, c| low.min(c.at));
    let high = corners
        .iter()
        .fold(Vec2::NEG_INFINITY, |high, c| high.max(c.at));
    let clamp = |value: f32, most: usize| value.clamp(0.0, most as f32) as usize;
    let start = |value: f32, most: usize| clamp(value.floor(), most) / SAMPLES * SAMPLES;
    let end = |value: f32, most: usize| clamp(value.ceil(), most).div_ceil(SAMPLES) * SAMPLES;
    let (x0, y0) = (start(low.x, samples.0), start(low.y, samples.1));
    let (x1, y1) = (end(high.x, samples.0), end(high.y, samples.1));
    (x0 < x1 && y0 < y1).then(|| ((x0, y0), (x1 - x0, y1 - y0)))
}

/// Head and shoulders in camera space.
struct Placement {
    head: Mat3,
    body: Mat3,
    translation: Vec3,
    joint: Vec3,
}

impl Placement {
    fn new(pose: &Pose) -> Self {
        let body = Pose {
            rotation: pose.rotation * BODY_TURNS,
            ..*pose
        };
        Self {
            head: pose.matrix(),
            body: body.matrix(),
            translation: pose.translation,
            joint: to_head(NECK_JOINT),
        }
    }

    fn point(&self, vertex: &Vertex) -> Vec3 {
        let point = to_head(vertex.position);
        let with_head = self.head * point;
        let with_body = self.head * self.joint + self.body * (point - self.joint);
        self.translation + with_head.lerp(with_body, vertex.with_body)
    }

    fn direction(&self, direction: Vec3, with_body: f32) -> Vec3 {
        let direction = direction_to_head(direction);
        let with_head = self.head * direction;
        if with_body <= 0.0 {
            return with_head;
        }
        with_head
            .lerp(self.body * direction, with_body)
            .normalize_or(with_head)
    }
}

/// The head as the lamp sees it, for shadows.
#[derive(Clone, Copy)]
struct LampView {
    right: Vec3,
    down: Vec3,
    away: Vec3,
    centre: Vec3,
}

impl LampView {
    fn new(light: &Light, pose: &Pose) -> Self {
        let away = -light.direction;
        let right = away.cross(Vec3::Y).normalize_or(Vec3::X);
        Self {
            right,
            down: away.cross(right),
            away,
            centre: pose.translation,
        }
    }

    fn corner(&self, point: Vec3) -> Corner {
        let from_centre = point - self.centre;
        let half = 0.5 * SHADOW_SIZE as f32;
        Corner {
            at: Vec2::new(from_centre.dot(self.right), from_centre.dot(self.down)) / SHADOW_STEP
                + half,
            depth: from_centre.dot(self.away),
        }
    }

    /// How much of the lamp is seen from here, 0 to 1, softly.
    fn lit(&self, shadow: &Raster, point: Vec3, normal: Vec3) -> f32 {
        // A step off the surface, so that it does not shade itself.
        let corner = self.corner(point + normal * 2.0);
        let at = corner.at - 0.5;
        let (x, y) = (at.x.floor(), at.y.floor());
        let (fx, fy) = (at.x - x, at.y - y);
        if x < 1.0 || y < 1.0 || x > (shadow.width - 3) as f32 || y > (shadow.height - 3) as f32 {
            return 1.0;
        }
        let (x, y) = (x as usize, y as usize);
        // Four by four samples, those at the rim by their share.
        let weights = |f: f32| [1.0 - f, 1.0, 1.0, f];
        let mut sum = 0.0;
        for (j, wy) in weights(fy).into_iter().enumerate() {
            let row = &shadow.seen[(y + j - 1) * shadow.width + x - 1..][..4];
            for (seen, wx) in row.iter().zip(weights(fx)) {
                let behind = corner.depth - seen.depth;
                sum += wx * wy * (1.0 - smooth_step(2.0, 7.0, behind));
            }
        }
        sum / 9.0
    }
}

struct Shader<'a> {
    painter: Painter<'a>,
    meshes: &'a [Mesh],
    placement: Placement,
    light: &'a Light,
    lamp: LampView,
    shadow: &'a Raster,
    camera: &'a Camera,
}

/// A vertex between three.
struct Blend {
    vertex: Vertex,
    part: Part,
    depth: f32,
}

impl Shader<'_> {
    /// Puts the raster's samples into pixels.
    fn resolve(&self, canvas: &mut Canvas, raster: &Raster) {
        for y in 0..raster.height / SAMPLES {
            let upper = &raster.seen[y * SAMPLES * raster.width..][..raster.width];
            let lower = &raster.seen[(y * SAMPLES + 1) * raster.width..][..raster.width];
            let first = (raster.origin.1 / SAMPLES + y) * canvas.width + raster.origin.0 / SAMPLES;
            let row = &mut canvas.pixels[first..][..raster.width / SAMPLES];
            for (x, pixel) in row.iter_mut().enumerate() {
                let at = x * SAMPLES;
                let seen = [upper[at], upper[at + 1], lower[at], lower[at + 1]];
                if let Some(colour) = self.pixel(&seen, *pixel) {
                    *pixel = colour;
                }
            }
        }
    }

    fn pixel(&self, seen: &[Seen; 4], behind: Vec3) -> Option<Vec3> {
        let covered = seen
            .iter()
            .filter(|s| s.triangle != NOTHING.triangle)
            .count();
        if covered == 0 {
            return None;
        }
        let blends = seen.map(|s| (s.triangle != NOTHING.triangle).then(|| self.blend(&s)));
        let (nearest, furthest) = seen
            .iter()
            .fold((f32::INFINITY, 0.0_f32), |(near, far), s| {
                (near.min(s.depth), far.max(s.depth))
            });
        let mut parts = blends.iter().flatten().map(|b| b.part);
        let part = parts.next()?;
        let is_one = covered == 4 && furthest - nearest < 6.0 && parts.all(|other| other == part);
        if is_one {
            // One surface: its middle stands for all four.
            let mut vertex = Vertex::default();
            for blend in blends.iter().flatten() {
                vertex.position += 0.25 * blend.vertex.position;
                vertex.normal += 0.25 * blend.vertex.normal;
                vertex.place += 0.25 * blend.vertex.place;
                vertex.with_body += 0.25 * blend.vertex.with_body;
            }
            let depth = 0.25 * seen.iter().map(|s| s.depth).sum::<f32>();
            return Some(self.colour(&Blend {
                vertex,
                part,
                depth,
            }));
        }
        let mut sum = behind * (4 - covered) as f32;
        for blend in blends.iter().flatten() {
            sum += self.colour(blend);
        }
        Some(0.25 * sum)
    }

    fn blend(&self, seen: &Seen) -> Blend {
        let mut number = seen.triangle as usize;
        let mut mesh = &self.meshes[0];
        for candidate in self.meshes {
            mesh = candidate;
            if number < candidate.triangles.len() {
                break;
            }
            number -= candidate.triangles.len();
        }
        let [a, b, c] = mesh.triangles[number].map(|i| &mesh.vertices[i as usize]);
        let [wb, wc] = seen.shares;
        let wa = 1.0 - wb - wc;
        Blend {
            vertex: Vertex {
                position: a.position * wa + b.position * wb + c.position * wc,
                normal: a.normal * wa + b.normal * wb + c.normal * wc,
                place: a.place * wa + b.place * wb + c.place * wc,
                with_body: a.with_body * wa + b.with_body * wb + c.with_body * wc,
            },
            part: mesh.part,
            depth: seen.depth,
        }
    }

    fn colour(&self, blend: &Blend) -> Vec3 {
        let vertex = &blend.vertex;
        let smooth_normal = vertex.normal.normalize_or(Vec3::Z);
        let material = self.painter.material(&Spot {
            part: blend.part,
            position: vertex.position,
            normal: smooth_normal,
            place: vertex.place,
            pixel: blend.depth / self.camera.focal,
        });
        let point = self.placement.point(vertex);
        let toward_eye = -point.normalize();
        let turn = |direction: Vec3| self.placement.direction(direction, vertex.with_body);
        let mut normal = turn(material.normal);
        let mut geometric = turn(smooth_normal);
        if blend.part != Part::Head && geometric.dot(toward_eye) < 0.0 {
            // The inner side of what is seen from both.
            normal = -normal;
            geometric = -geometric;
        }
        let lit = self.lamp.lit(self.shadow, point, geometric);
        self.light.on(
            &material,
            normal,
            material.strands.map(turn),
            toward_eye,
            lit,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_scene::SceneOptions;

    #[test]
    fn bands_do_not_show() {
        let scene = SceneOptions::default().scene(3);
        let face = &scene.faces[0];
        let surface = Surface::new(&face.identity, &face.aus, face.gaze);
        let draw = |most_samples: usize| {
            let mut canvas = Canvas::new(scene.width, scene.height);
            let mut scratch = HeadDrawing {
                most_samples,
                ..HeadDrawing::default()
            };
            draw_head(
                &mut canvas,
                &mut scratch,
                &Camera::for_size(scene.width, scene.height),
                &scene.light,
                &face.identity,
                &face.aus,
                &surface,
                &face.pose,
            );
            canvas
        };
        let whole = draw(MOST_SAMPLES);
        assert!(whole.pixels.iter().filter(|p| **p != Vec3::ZERO).count() > 1000);
        let banded = draw(20_000);
        // Samples on the edge of a triangle may fall to its neighbour.
        for (a, b) in whole.pixels.iter().zip(&banded.pixels) {
            assert!(a.distance(*b) < 0.05, "{a} {b}");
        }
    }
}
