//! The whole: faces of a picture on its own, or of the next frame of a video.

use crate::image::BgrView;
use crate::network::{Network, NetworkError};

use super::blendshapes::{BLENDSHAPES, Blendshapes};
use super::detector::Detector;
use super::measures;
use super::mesh::Mesh;
use super::pose::{CanonicalFace, HeadPose, MESH};
use super::rect::TurnedRect;
use super::state::TrackerState;
use super::{LANDMARKS, PictureSize};

/// What to look for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Most faces that are given, 1 to 255. Points are smoothed for one face only, as in the
    /// library, which tells no faces apart.
    pub faces: usize,
    /// The detector's boxes must score at least this, 0 to 1.
    pub detection_confidence: f32,
    /// The landmark network must be surer than this that there is a face, 0 to 1.
    pub presence_confidence: f32,
    /// Rectangles that overlap more than this show the same face, 0 to 1.
    pub tracking_confidence: f32,
    /// Whether parts of a picture are looked at where the whole shows no face. The library does not.
    pub tiles: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            faces: 1,
            detection_confidence: 0.5,
            presence_confidence: 0.5,
            tracking_confidence: 0.5,
            tiles: true,
        }
    }
}

/// The three networks, opened; see the names of their outputs.
#[derive(Debug)]
pub struct Networks<N> {
    /// Finds faces.
    pub detector: N,
    /// Places points.
    pub mesh: N,
    /// Rates the expression.
    pub blendshapes: N,
}

impl<N> Networks<N> {
    /// Names of the detector's outputs, in the order in which it must return them.
    pub const DETECTOR_OUTPUTS: [&'static str; 2] = ["regressors", "scores"];
    /// Names of the landmark network's outputs, likewise; a third one is of no use here.
    pub const MESH_OUTPUTS: [&'static str; 2] = ["landmarks", "presence"];
    /// Names of the blendshape network's outputs.
    pub const BLENDSHAPE_OUTPUTS: [&'static str; 1] = ["blendshapes"];
}

/// A face in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Where it was looked for.
    pub rect: TurnedRect,
    /// How sure the landmark network is that there is a face, 0 to 1. It is near 1 nearly always,
    /// and says nothing about how well the points lie.
    pub presence: f32,
    /// x and y of each point in pixels from the picture's upper left corner; z in the same unit,
    /// smaller is nearer, about 0 in the middle of the head. In a video with one face, smoothed.
    pub landmarks: [[f32; 3]; LANDMARKS],
    /// Coefficients of expression, 0 to 1; see [`super::blendshapes::NAMES`].
    pub blendshapes: [f32; BLENDSHAPES],
    /// Where the head is; `None` where the points do not make a face.
    pub pose: Option<HeadPose>,
    /// The points in cm of the canonical face (x to the person's left, y up, z to the viewer), without
    /// pose and size; zeros without a pose.
    pub metric: [[f32; 3]; MESH],
}

impl Face {
    /// Measures of action units, in the order of [`measures::MEASURES`].
    #[must_use]
    pub fn measures(&self) -> [Option<f32>; measures::COUNT] {
        let metric = self.pose.is_some().then_some(&self.metric);
        measures::measure(&self.blendshapes, metric)
    }
}

/// Networks, buffers, and what is remembered of the frames before.
#[derive(Debug)]
pub struct Landmarker<N> {
    detector: Detector<N>,
    mesh: Mesh<N>,
    blendshapes: Blendshapes<N>,
    canonical: CanonicalFace,
    options: Options,
    state: TrackerState,
    /// Where to look on this frame.
    rects: Vec<TurnedRect>,
    faces: Vec<Face>,
    detected: bool,
}

impl<N: Network> Landmarker<N> {
    /// One that has seen nothing yet.
    pub fn new(networks: Networks<N>, canonical: CanonicalFace, options: Options) -> Self {
        let faces = options.faces.clamp(1, usize::from(u8::MAX));
        Self {
            detector: Detector::new(networks.detector),
            mesh: Mesh::new(networks.mesh),
            blendshapes: Blendshapes::new(networks.blendshapes),
            canonical,
            state: TrackerState::default(),
            rects: Vec::with_capacity(2 * faces),
            faces: Vec::with_capacity(faces),
            detected: false,
            options: Options { faces, ..options },
        }
    }

    /// The faces of a picture on its own. What is remembered of a video is left as it is.
    ///
    /// # Errors
    /// When a network cannot be run or does not return what it should.
    pub fn picture(&mut self, picture: &BgrView<'_>) -> Result<&[Face], NetworkError> {
        self.rects.clear();
        self.faces.clear();
        self.detect(picture, None)?;
        let size = PictureSize::of(picture);
        for rect in &self.rects {
            let face = locate(&mut self.mesh, picture, rect, &self.options)?;
            self.faces.extend(face);
        }
        for face in &mut self.faces {
            in_pixels(&mut face.landmarks, size);
            rate(&mut self.blendshapes, &self.canonical, face, size)?;
        }
        Ok(&self.faces)
    }

    /// The faces of a video's next frame, which is shown at `time` (in ms from its first frame on).
    ///
    /// # Errors
    /// When a network cannot be run or does not return what it should.
    pub fn next(&mut self, frame: &BgrView<'_>, time: i64) -> Result<&[Face], NetworkError> {
        const NANOSECONDS: i64 = 1_000_000;
        self.rects.clear();
        self.faces.clear();
        let expected = self.state.rects.len();
        let tracking = self.options.tracking_confidence;
        for rect in self.state.rects.drain(..) {
            associate(&mut self.rects, rect, tracking);
        }
        if expected < self.options.faces {
            self.detect(frame, Some(tracking))?;
        } else {
            self.detected = false;
        }
        self.rects.truncate(self.options.faces);
        let size = PictureSize::of(frame);
        for rect in &self.rects {
            if let Some(face) = locate(&mut self.mesh, frame, rect, &self.options)? {
                self.state
                    .rects
                    .push(TurnedRect::of_landmarks(&face.landmarks, size));
                self.faces.push(face);
            }
        }
        for face in &mut self.faces {
            in_pixels(&mut face.landmarks, size);
            if self.options.faces == 1 {
                let time = time.saturating_mul(NANOSECONDS);
                self.state.smoothing.apply(&mut face.landmarks, time);
            }
            rate(&mut self.blendshapes, &self.canonical, face, size)?;
        }
        if self.faces.is_empty() {
            self.state.smoothing.clear();
        }
        Ok(&self.faces)
    }

    /// Has the detector look and adds the rectangles of what it finds; with an overlap given, instead
    /// of those that show the same face.
    fn detect(&mut self, picture: &BgrView<'_>, overlap: Option<f32>) -> Result<(), NetworkError> {
        self.detected = true;
        let Options {
            detection_confidence,
            tiles,
            faces,
            ..
        } = self.options;
        let size = PictureSize::of(picture);
        let found = self.detector.detect(picture, detection_confidence, tiles)?;
        for detection in found.iter().take(faces) {
            let rect = TurnedRect::of_detection(detection, size);
            match overlap {
                Some(overlap) => associate(&mut self.rects, rect, overlap),
                None => self.rects.push(rect),
            }
        }
        Ok(())
    }

    /// The faces that the last call found.
    #[must_use]
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// Whether the detector looked at the last picture.
    #[must_use]
    pub fn detected(&self) -> bool {
        self.detected
    }

    /// What is remembered of the frames before.
    #[must_use]
    pub fn state(&self) -> &TrackerState {
        &self.state
    }

    /// What is remembered, to be cleared or to be read from bytes.
    pub fn state_mut(&mut self) -> &mut TrackerState {
        &mut self.state
    }
}

/// Adds a rectangle and drops those before it that show the same face.
fn associate(rects: &mut Vec<TurnedRect>, rect: TurnedRect, overlap: f32) {
    rects.retain(|other| rect.overlap(other) <= overlap);
    rects.push(rect);
}

/// Looks at one rectangle; `None` where there is no face. Landmarks are in shares of the picture.
fn locate<N: Network>(
    mesh: &mut Mesh<N>,
    picture: &BgrView<'_>,
    rect: &TurnedRect,
    options: &Options,
) -> Result<Option<Face>, NetworkError> {
    let mut landmarks = [[0.0; 3]; LANDMARKS];
    let presence = mesh.locate(picture, rect, &mut landmarks)?;
    // A rectangle that is nowhere, after values that are no numbers, shows no face.
    let sound = landmarks.as_flattened().iter().all(|v| v.is_finite());
    let is_face = presence > options.presence_confidence && sound;
    Ok(is_face.then_some(Face {
        rect: *rect,
        presence,
        landmarks,
        blendshapes: [0.0; BLENDSHAPES],
        pose: None,
        metric: [[0.0; 3]; MESH],
    }))
}

/// From shares of the picture to pixels; depth goes with the width.
fn in_pixels(landmarks: &mut [[f32; 3]; LANDMARKS], size: PictureSize) {
    for [x, y, z] in landmarks {
        (*x, *y, *z) = (*x * size.width, *y * size.height, *z * size.width);
    }
}

/// Expression and pose of a face whose landmarks are known, in pixels.
fn rate<N: Network>(
    blendshapes: &mut Blendshapes<N>,
    canonical: &CanonicalFace,
    face: &mut Face,
    size: PictureSize,
) -> Result<(), NetworkError> {
    face.blendshapes = *blendshapes.rate(&face.landmarks)?;
    face.pose = canonical.fit(&face.landmarks, size, &mut face.metric);
    Ok(())
}
