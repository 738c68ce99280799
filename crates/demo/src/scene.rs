//! A scene, the picture of it, and the truth about the picture.

use glam::{Vec2, Vec3};

use crate::action_units::{Au, AuIntensities};
use crate::draw::{Background, Blur, Canvas, HeadDrawing, Light, Occluder, develop, draw_head};
use crate::face::{Surface, lid_raise, lips_part, to_head};
use crate::identity::Identity;
use crate::pose::{Camera, Pose};

/// One face of a scene.
#[derive(Debug, Clone)]
pub struct Face {
    /// Who it is.
    pub identity: Identity,
    /// Where it is.
    pub pose: Pose,
    /// What it shows.
    pub aus: AuIntensities,
    /// How far the irises are off the eyes' middles, in mm (x right, y down in the face).
    pub gaze: Vec2,
}

/// Everything that a picture shows.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Width of the picture in pixels.
    pub width: usize,
    /// Height of the picture in pixels.
    pub height: usize,
    /// What is behind.
    pub background: Background,
    /// How it is lit.
    pub light: Light,
    /// Who is there.
    pub faces: Vec<Face>,
    /// What is held before them.
    pub occluders: Vec<Occluder>,
    /// How the picture is blurred.
    pub blur: Blur,
    /// Deviation of the sensor's noise, in steps of a byte.
    pub noise: f32,
    /// Says which noise.
    pub noise_seed: u64,
}

/// A picture: R, G, B bytes, row after row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

/// What is true about one face of a picture.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The 68 landmarks of the 300-W annotations in the picture, in pixels from the upper left
    /// corner of the upper left pixel (whose middle is at 0.5, 0.5).
    pub landmarks: [Vec2; 68],
    /// The same in the head's frame, in mm (x right, y down, z away from the viewer): the pose
    /// places them before the camera, and the camera projects them onto `landmarks`.
    pub landmarks_3d: [Vec3; 68],
    /// Where the head is.
    pub pose: Pose,
    /// What is to be seen: as the face shows it, but AU25 is how far the lips are parted, whatever
    /// parts them, and AU05 is none while the eye is closed.
    pub aus: AuIntensities,
    /// Left, top, right, bottom of the landmarks, in pixels.
    pub bounds: [f32; 4],
    /// Share of the landmarks that are in the picture with nothing before them, 0 to 1.
    pub visible: f32,
}

/// Renders a scene.
pub fn render(scene: &Scene) -> (Picture, Vec<Truth>) {
    Renderer::default().render(scene)
}

/// Renders scenes, keeping what the next one can use again.
#[derive(Debug, Default)]
pub struct Renderer {
    behind: Option<(Background, Canvas)>,
    canvas: Canvas,
    heads: HeadDrawing,
}

impl Renderer {
    /// The picture of a scene, and the truth about each of its faces in their order.
    pub fn render(&mut self, scene: &Scene) -> (Picture, Vec<Truth>) {
        let camera = Camera::for_size(scene.width, scene.height);
        self.draw_background(scene);
        let surfaces: Vec<Surface> = scene
            .faces
            .iter()
            .map(|face| Surface::new(&face.identity, &face.aus, face.gaze))
            .collect();
        let mut order: Vec<usize> = (0..scene.faces.len()).collect();
        let distance = |i: &usize| scene.faces[*i].pose.translation.z;
        order.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
        for i in order {
            let face = &scene.faces[i];
            draw_head(
                &mut self.canvas,
                &mut self.heads,
                &camera,
                &scene.light,
                &face.identity,
                &face.aus,
                &surfaces[i],
                &face.pose,
            );
        }
        for occluder in &scene.occluders {
            occluder.draw(&mut self.canvas);
        }
        scene.blur.apply(&mut self.canvas);
        let picture = Picture {
            width: scene.width,
            height: scene.height,
            rgb: develop(&self.canvas, scene.noise, scene.noise_seed),
        };
        let mut truths: Vec<Truth> = scene
            .faces
            .iter()
            .zip(&surfaces)
            .map(|(face, surface)| truth(face, surface, &camera))
            .collect();
        for i in 0..truths.len() {
            truths[i].visible = visible_share(scene, &truths, i);
        }
        (picture, truths)
    }

    fn draw_background(&mut self, scene: &Scene) {
        let is_same = self.behind.as_ref().is_some_and(|(background, canvas)| {
            *background == scene.background
                && (canvas.width, canvas.height) == (scene.width, scene.height)
        });
        if !is_same {
            let canvas = scene.background.draw(scene.width, scene.height);
            self.behind = Some((scene.background, canvas));
        }
        if let Some((_, behind)) = &self.behind {
            self.canvas.clone_from(behind);
        }
    }
}

fn truth(face: &Face, surface: &Surface, camera: &Camera) -> Truth {
    let landmarks_3d = surface.landmarks().map(to_head);
    let landmarks = landmarks_3d.map(|point| camera.project(face.pose.place(point)));
    let low = landmarks.into_iter().fold(Vec2::INFINITY, Vec2::min);
    let high = landmarks.into_iter().fold(Vec2::NEG_INFINITY, Vec2::max);
    Truth {
        landmarks,
        landmarks_3d,
        pose: face.pose,
        aus: as_seen(&face.aus),
        bounds: [low.x, low.y, high.x, high.y],
        visible: 0.0,
    }
}

/// The intensities that a coder would see.
fn as_seen(aus: &AuIntensities) -> AuIntensities {
    let mut seen = *aus;
    seen[Au::Au05] = lid_raise(aus);
    seen[Au::Au25] = lips_part(aus);
    seen
}

fn visible_share(scene: &Scene, truths: &[Truth], index: usize) -> f32 {
    let truth = &truths[index];
    if truth.pose.translation.z <= 0.0 {
        return 0.0;
    }
    let size = Vec2::new(scene.width as f32, scene.height as f32);
    let is_hidden = |place: Vec2| {
        let nearer = truths.iter().enumerate().any(|(i, other)| {
            let [left, top, right, bottom] = other.bounds;
            i != index
                && other.pose.translation.z < truth.pose.translation.z
                && (left..right).contains(&place.x)
                && (top..bottom).contains(&place.y)
        });
        nearer || scene.occluders.iter().any(|occluder| occluder.hides(place))
    };
    let seen = truth.landmarks.iter().filter(|&&place| {
        place.cmpge(Vec2::ZERO).all() && place.cmplt(size).all() && !is_hidden(place)
    });
    seen.count() as f32 / truth.landmarks.len() as f32
}
