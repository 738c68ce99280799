//! What is known about one frame once a worker has looked at it.
//!
//! A [`FrameAnalysis`] is plain data of a fixed layout, so that it can be written straight into a
//! ring slot and read from another process of the same build. It holds what does not depend on
//! other frames; what does (running medians, offsets, smoothing) is computed from a sequence of
//! these, in order, by [`crate::au::temporal`].

use bytemuck::{Pod, Zeroable};

use crate::au::histogram::{FHOG_BINS, GEOMETRY_BINS};
use crate::gaze::EYE_LANDMARKS;
use crate::openface3::OpenFace3Analysis;
use crate::stage::Stage;

/// Number of landmarks of the face model.
pub const LANDMARKS: usize = 68;
/// Number of modes of the 68-point shape model.
pub const SHAPE_MODES: usize = 34;
/// Length of the FHOG descriptor of the aligned face: 12 x 12 cells x 31 planes.
pub const FHOG_LEN: usize = 12 * 12 * 31;
/// Length of the geometry descriptor: 204 displacements and 34 shape parameters.
pub const GEOMETRY_LEN: usize = 3 * LANDMARKS + SHAPE_MODES;
/// Length of the whole descriptor that an AU model scores.
pub const DESCRIPTOR_LEN: usize = FHOG_LEN + GEOMETRY_LEN;
/// Number of AU intensity models.
pub const INTENSITIES: usize = 17;
/// Number of AU presence models.
pub const PRESENCES: usize = 18;
/// Number of linear AU models: the intensities first, then the presences.
pub const AU_MODELS: usize = INTENSITIES + PRESENCES;

/// Most shape parameters of an eye that a tracker remembers.
pub const EYE_SHAPE: usize = 24;

/// What a tracker remembers after a frame and does not report: enough, together with the frame's
/// [`FrameAnalysis`], for another tracker of the same kind to go on from there.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct TrackerMemory {
    /// What must be equal for two trackers on one frame to be taken for the same: flags, views,
    /// and counters while they decide what happens next.
    pub discrete: [u32; 4],
    /// What may differ.
    pub rest: [u32; 12],
    /// The shapes of both eyes, where the tracker fits them: their global parameters, then as many
    /// local ones as there are. They are reported on frames, too, on which nothing is fitted.
    pub eyes: [[u32; EYE_SHAPE]; 2],
}

/// Everything measured on one frame.
///
/// All-zero bytes are a valid value and mean "no face was ever found".
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct FrameAnalysis {
    /// Per AU model (see [`crate::au::models::AuModels`] for the order) the score before the
    /// running median is subtracted: `w·(x - m) + b`. Final for static models. Zero unless
    /// [`au_success`](Self::au_success).
    pub scores: [f64; AU_MODELS],
    /// Head pose: translation in mm (x right, y down, z away from the camera), then rotation in
    /// radians (Euler angles about x, y, z).
    pub pose: [f64; 6],
    /// What the OpenFace 3.0 pipeline measures. Zeros with the others, as with it the rest is but
    /// for the confidence, the two kinds of success, and what the tracker and the clock say: it is
    /// small beside the bins, so that one fixed layout serves all pipelines.
    pub openface3: OpenFace3Analysis,
    /// 2-D landmarks in pixels: x of all 68, then y of all 68.
    pub landmarks: [f32; 2 * LANDMARKS],
    /// 3-D landmarks in mm in camera space: 68 x, 68 y, 68 z.
    pub landmarks_3d: [f32; 3 * LANDMARKS],
    /// Global shape parameters: scale (px per mm), rotation (3, rad), translation (2, px).
    pub global: [f32; 6],
    /// Local shape parameters.
    pub local: [f32; SHAPE_MODES],
    /// The face's bounding box in pixels: left, top, right, bottom of the 2-D landmarks.
    pub bounding_box: [f32; 4],
    /// How sure the validator is that this is a face, 0 to 1.
    pub confidence: f32,
    /// Where the eyes look, in camera space: a unit vector for the eye at landmarks 36 to 41, then
    /// one for that at 42 to 47. Zeros unless [`success`](Self::success) and
    /// [`has_eyes`](Self::has_eyes).
    pub gaze: [[f32; 3]; 2],
    /// Angles of the mean gaze in radians: to the right, and down. Zeros when `gaze` is.
    pub gaze_angle: [f32; 2],
    /// 2-D landmarks of both eyes in pixels: 28 x of the first and of the second, then y.
    pub eye_landmarks: [f32; 4 * EYE_LANDMARKS],
    /// 3-D landmarks of both eyes in mm in camera space: 28 x of the first and of the second,
    /// then y, then z.
    pub eye_landmarks_3d: [f32; 6 * EYE_LANDMARKS],
    /// 1 when the tracker placed eye landmarks, else 0.
    pub has_eyes: u32,
    /// 1 when the tracker vouches for the frame (the CSV's `success`), else 0.
    pub success: u32,
    /// 1 when the AU models were run on the frame, else 0. The same as `success` but where a
    /// tracker accepts a first detection that its validator rejects.
    pub au_success: u32,
    /// 1 when the bins below are filled: on successful frames of odd number (counted from 1), on
    /// which the running medians are updated.
    pub has_bins: u32,
    /// What the tracker needs, beside what is reported above, to go on from this frame.
    pub tracker: TrackerMemory,
    /// Nanoseconds per stage, indexed by `Stage as usize`.
    pub stage_nanos: [u32; Stage::COUNT],
    /// Histogram bin of each FHOG value, 0 to 999.
    pub fhog_bins: [u16; FHOG_LEN],
    /// Histogram bin of each geometry value, 0 to 9999.
    pub geometry_bins: [u16; GEOMETRY_LEN],
}

impl FrameAnalysis {
    /// What is known where no face was ever found: zeros.
    pub fn nothing() -> Self {
        Self::zeroed()
    }

    /// Bytes of one analysis in a ring slot.
    pub const BYTES: usize = size_of::<Self>();

    /// Checks that the numbers can be a measurement: flags are flags, values finite, bins real.
    /// For analyses that come from another process.
    ///
    /// # Errors
    /// Says which part cannot be.
    pub fn check(&self) -> Result<(), &'static str> {
        let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
        let flags = [self.has_eyes, self.success, self.au_success, self.has_bins];
        if flags.iter().any(|&flag| flag > 1) {
            return Err("a flag is neither 0 nor 1");
        }
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err("the confidence is not between 0 and 1");
        }
        if !finite(&self.landmarks) || !finite(&self.landmarks_3d) {
            return Err("a landmark is not a number");
        }
        if !finite(&self.eye_landmarks) || !finite(&self.eye_landmarks_3d) {
            return Err("a landmark of the eyes is not a number");
        }
        if !finite(self.gaze.as_flattened()) || !finite(&self.gaze_angle) {
            return Err("the gaze is not a number");
        }
        if !finite(&self.global) || !finite(&self.local) {
            return Err("a shape parameter is not a number");
        }
        if self.pose.iter().chain(&self.scores).any(|v| !v.is_finite()) {
            return Err("the pose or a score is not a number");
        }
        let outside = |bins: &[u16], count: u16| bins.iter().any(|&bin| bin >= count);
        if self.has_bins == 1
            && (outside(&self.fhog_bins, FHOG_BINS.count)
                || outside(&self.geometry_bins, GEOMETRY_BINS.count))
        {
            return Err("there is no such bin");
        }
        self.openface3.check()
    }

    /// The 2-D position of landmark `i` in pixels.
    pub fn landmark(&self, i: usize) -> (f32, f32) {
        (self.landmarks[i], self.landmarks[LANDMARKS + i])
    }
}
