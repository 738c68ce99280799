//! How a face of this pipeline travels: its state and its values as little-endian bytes.
//!
//! State: flags; what the tracker remembers (16 words); landmarks, shape parameters, confidence; where
//! there are eyes, their shapes (48 words) and landmarks. Values: flags; confidence, pose, landmarks in
//! 2-D and 3-D, shape parameters, base scores; where there are eyes, gaze and their landmarks in 2-D
//! and 3-D; on frames that update the running medians, the bins. The order of the values is that of
//! the table's columns, so that most of a row is copied.

use faceau_measure::{BadPayload, Face, Faces, Fields, Limits, Payload, PutFields, Track};
use faceau_vision::analysis::{
    AU_MODELS, EYE_SHAPE, FHOG_LEN, FrameAnalysis, GEOMETRY_LEN, LANDMARKS, SHAPE_MODES,
};
use faceau_vision::au::histogram::{FHOG_BINS, GEOMETRY_BINS};
use faceau_vision::gaze::EYE_LANDMARKS;

use crate::closeness::are_close;

/// Version of this layout.
const RECORD: u16 = 1;

/// Bits of the first word of state and values.
mod flag {
    pub(super) const SUCCESS: u32 = 1;
    pub(super) const AU_SUCCESS: u32 = 2;
    pub(super) const EYES: u32 = 4;
    pub(super) const BINS: u32 = 8;
    pub(super) const ALL: u32 = 15;
}

/// Shape parameters: global, then local.
const SHAPE: usize = 6 + SHAPE_MODES;
/// Bytes of pose, landmarks and shape parameters, as they lie in values and in a row.
const FACE_BYTES: usize = 6 * 8 + 4 * (5 * LANDMARKS + SHAPE);
/// Numbers of gaze, its angles, and the landmarks of both eyes in 2-D and 3-D.
const EYE_NUMBERS: usize = 6 + 2 + 10 * EYE_LANDMARKS;
const VALUES: usize = 4 + 4 + FACE_BYTES + 8 * AU_MODELS;
const BINS: usize = 2 * (FHOG_LEN + GEOMETRY_LEN);
const STATE: usize = 4 * (1 + 16 + 2 * LANDMARKS + SHAPE + 1);
const STATE_OF_EYES: usize = 4 * (2 * EYE_SHAPE + 4 * EYE_LANDMARKS);

/// How much a frame can hold.
pub fn limits(has_eyes: bool) -> Limits {
    let eyes = usize::from(has_eyes);
    Limits {
        record: RECORD,
        faces: 1,
        state: STATE + eyes * STATE_OF_EYES,
        values: VALUES + eyes * 4 * EYE_NUMBERS + BINS,
    }
}

fn flags(analysis: &FrameAnalysis) -> u32 {
    let flags = [
        (analysis.success, flag::SUCCESS),
        (analysis.au_success, flag::AU_SUCCESS),
        (analysis.has_eyes, flag::EYES),
        (analysis.has_bins, flag::BINS),
    ];
    let set = flags.into_iter().filter(|(is_set, _)| *is_set != 0);
    set.fold(0, |all, (_, flag)| all | flag)
}

/// Makes `payload` that of a frame with this one face.
pub fn encode(analysis: &FrameAnalysis, track: Track, payload: &mut Payload) {
    payload.clear(RECORD);
    payload.push(
        track,
        |bytes| put_state(analysis, bytes),
        |bytes| put_values(analysis, bytes),
    );
}

fn put_state(analysis: &FrameAnalysis, bytes: &mut Vec<u8>) {
    let memory = &analysis.tracker;
    bytes.put_u32(flags(analysis) & !flag::BINS);
    bytes.put_u32s(&memory.discrete);
    bytes.put_u32s(&memory.rest);
    bytes.put_f32s(&analysis.landmarks);
    bytes.put_f32s(&analysis.global);
    bytes.put_f32s(&analysis.local);
    bytes.put_f32s(&[analysis.confidence]);
    if analysis.has_eyes != 0 {
        bytes.put_u32s(memory.eyes.as_flattened());
        bytes.put_f32s(&analysis.eye_landmarks);
    }
}

fn put_values(analysis: &FrameAnalysis, bytes: &mut Vec<u8>) {
    bytes.put_u32(flags(analysis));
    bytes.put_f32s(&[analysis.confidence]);
    bytes.put_f64s(&analysis.pose);
    bytes.put_f32s(&analysis.landmarks);
    bytes.put_f32s(&analysis.landmarks_3d);
    bytes.put_f32s(&analysis.global);
    bytes.put_f32s(&analysis.local);
    bytes.put_f64s(&analysis.scores);
    if analysis.has_eyes != 0 {
        bytes.put_f32s(analysis.gaze.as_flattened());
        bytes.put_f32s(&analysis.gaze_angle);
        bytes.put_f32s(&analysis.eye_landmarks);
        bytes.put_f32s(&analysis.eye_landmarks_3d);
    }
    if analysis.has_bins != 0 {
        bytes.put_u16s(&analysis.fhog_bins);
        bytes.put_u16s(&analysis.geometry_bins);
    }
}

/// The values of a face, looked at in place.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    flags: u32,
    /// How sure the validator is that this is a face, 0 to 1.
    pub confidence: f32,
    /// Pose, landmarks and shape parameters, as the columns of a row.
    pub face: &'a [u8],
    scores: &'a [u8],
    /// Gaze and landmarks of the eyes, as the columns of a row, where there are any.
    pub eyes: Option<&'a [u8]>,
    bins: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    /// Looks at bytes; `None` if they are too few or too many.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::of(bytes);
        let flags = fields.u32()?;
        let confidence = fields.f32s(1)?.next()?;
        let face = fields.bytes(FACE_BYTES)?;
        let scores = fields.bytes(8 * AU_MODELS)?;
        let eyes = match flags & flag::EYES {
            0 => None,
            _ => Some(fields.bytes(4 * EYE_NUMBERS)?),
        };
        let bins = match flags & flag::BINS {
            0 => None,
            _ => Some(fields.bytes(BINS)?),
        };
        fields.is_empty().then_some(Self {
            flags,
            confidence,
            face,
            scores,
            eyes,
            bins,
        })
    }

    /// Whether the tracker vouches for the frame.
    pub fn success(&self) -> bool {
        self.flags & flag::SUCCESS != 0
    }

    /// Whether the AU models were run.
    pub fn au_success(&self) -> bool {
        self.flags & flag::AU_SUCCESS != 0
    }

    /// The base scores of the AU models.
    pub fn scores(&self) -> [f64; AU_MODELS] {
        let mut scores = [0.0; AU_MODELS];
        if let Some(values) = Fields::of(self.scores).f64s(AU_MODELS) {
            scores
                .iter_mut()
                .zip(values)
                .for_each(|(to, from)| *to = from);
        }
        scores
    }

    /// Copies the bins of FHOG and geometry; `false` where there are none.
    pub fn bins(&self, fhog: &mut [u16; FHOG_LEN], geometry: &mut [u16; GEOMETRY_LEN]) -> bool {
        let Some(bytes) = self.bins else {
            return false;
        };
        let (first, second) = bytes.split_at(2 * FHOG_LEN);
        copy_words(first, fhog);
        copy_words(second, geometry);
        true
    }
}

fn copy_words(bytes: &[u8], to: &mut [u16]) {
    for (to, word) in to.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *to = u16::from_le_bytes(*word);
    }
}

/// Whether these values, which were checked, are of a face that the tracker vouches for.
pub(crate) fn is_successful(values: &[u8]) -> bool {
    Fields::of(values).u32().unwrap_or(0) & flag::SUCCESS != 0
}

fn finite_singles(bytes: &[u8]) -> bool {
    let words = bytes.as_chunks::<4>().0;
    words
        .iter()
        .all(|word| f32::from_le_bytes(*word).is_finite())
}

fn finite_doubles(bytes: &[u8]) -> bool {
    let words = bytes.as_chunks::<8>().0;
    words
        .iter()
        .all(|word| f64::from_le_bytes(*word).is_finite())
}

/// Checks that the numbers can be a measurement: flags are flags, values finite, bins real.
///
/// # Errors
/// Says which part cannot be.
pub fn check(face: Face<'_>) -> Result<(), &'static str> {
    let values = Values::of(face.values).ok_or("the values of the face are cut short")?;
    if values.flags & !flag::ALL != 0 {
        return Err("a flag is neither 0 nor 1");
    }
    if !(0.0..=1.0).contains(&values.confidence) {
        return Err("the confidence is not between 0 and 1");
    }
    let (pose, rest) = values.face.split_at(6 * 8);
    let (landmarks, parameters) = rest.split_at(4 * 5 * LANDMARKS);
    if !finite_singles(landmarks) {
        return Err("a landmark is not a number");
    }
    if !finite_singles(parameters) {
        return Err("a shape parameter is not a number");
    }
    if !finite_doubles(pose) || !finite_doubles(values.scores) {
        return Err("the pose or a score is not a number");
    }
    if let Some(eyes) = values.eyes {
        let (gaze, landmarks) = eyes.split_at(4 * 8);
        if !finite_singles(gaze) {
            return Err("the gaze is not a number");
        }
        if !finite_singles(landmarks) {
            return Err("a landmark of the eyes is not a number");
        }
    }
    if let Some(bins) = values.bins {
        let outside = |bytes: &[u8], count: u16| {
            let words = bytes.as_chunks::<2>().0;
            words.iter().any(|word| u16::from_le_bytes(*word) >= count)
        };
        let (fhog, geometry) = bins.split_at(2 * FHOG_LEN);
        if outside(fhog, FHOG_BINS.count) || outside(geometry, GEOMETRY_BINS.count) {
            return Err("there is no such bin");
        }
    }
    check_state(face.state)
}

fn check_state(state: &[u8]) -> Result<(), &'static str> {
    let flags = Fields::of(state).u32().unwrap_or(u32::MAX);
    let length = match flags & flag::EYES {
        0 => STATE,
        _ => STATE + STATE_OF_EYES,
    };
    if flags & !(flag::ALL & !flag::BINS) != 0 || state.len() != length {
        return Err("the state of the tracker is none");
    }
    // Behind the words that the tracker remembers are numbers.
    let numbers = &state[4 * 17..STATE];
    let eyes = &state[STATE..];
    let landmarks = &eyes[eyes.len().min(4 * 2 * EYE_SHAPE)..];
    if finite_singles(numbers) && finite_singles(landmarks) {
        Ok(())
    } else {
        Err("the state of the tracker is not numbers")
    }
}

/// What a state holds of where the face is.
struct Placed {
    /// Flags, and what must be equal for two trackers to be taken for the same.
    discrete: [u32; 5],
    landmarks: [f32; 2 * LANDMARKS],
}

impl Placed {
    fn of(state: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(state);
        let mut discrete = [0; 5];
        fill(&mut discrete, fields.u32s(5)?);
        // Eyes are not compared: they follow from the face.
        discrete[0] &= flag::SUCCESS | flag::AU_SUCCESS;
        fields.bytes(4 * 12)?;
        let mut landmarks = [0.0; 2 * LANDMARKS];
        fill(&mut landmarks, fields.f32s(2 * LANDMARKS)?);
        Some(Self {
            discrete,
            landmarks,
        })
    }
}

fn fill<T>(places: &mut [T], values: impl Iterator<Item = T>) {
    for (place, value) in places.iter_mut().zip(values) {
        *place = value;
    }
}

/// Whether two trackers may be taken for one: the same flags and counters where these matter, and
/// landmarks as close as they ever get.
pub(crate) fn states_agree(one: &[u8], other: &[u8]) -> bool {
    match (Placed::of(one), Placed::of(other)) {
        (Some(one), Some(other)) => {
            one.discrete == other.discrete && are_close(&one.landmarks, &other.landmarks)
        }
        _ => false,
    }
}

/// Reads what a tracker goes on from: of the analysis of its last frame, the parts that it looks at.
///
/// # Errors
/// When this is no state.
pub fn decode_state(state: &[u8]) -> Result<Box<FrameAnalysis>, &'static str> {
    check_state(state)?;
    let mut analysis = Box::new(FrameAnalysis::nothing());
    take_state(state, &mut analysis).ok_or("the state of the tracker is none")?;
    Ok(analysis)
}

fn take_state(state: &[u8], analysis: &mut FrameAnalysis) -> Option<()> {
    let mut fields = Fields::of(state);
    let flags = fields.u32()?;
    analysis.success = u32::from(flags & flag::SUCCESS != 0);
    analysis.au_success = u32::from(flags & flag::AU_SUCCESS != 0);
    analysis.has_eyes = u32::from(flags & flag::EYES != 0);
    fill(&mut analysis.tracker.discrete, fields.u32s(4)?);
    fill(&mut analysis.tracker.rest, fields.u32s(12)?);
    fill(&mut analysis.landmarks, fields.f32s(2 * LANDMARKS)?);
    fill(&mut analysis.global, fields.f32s(6)?);
    fill(&mut analysis.local, fields.f32s(SHAPE_MODES)?);
    analysis.confidence = fields.f32s(1)?.next()?;
    if analysis.has_eyes != 0 {
        let eyes = analysis.tracker.eyes.as_flattened_mut();
        fill(eyes, fields.u32s(2 * EYE_SHAPE)?);
        fill(&mut analysis.eye_landmarks, fields.f32s(4 * EYE_LANDMARKS)?);
    }
    fields.is_empty().then_some(())
}

/// The one face of a frame of this pipeline.
///
/// # Errors
/// When there is another number of faces.
pub(crate) fn only(faces: Faces<'_>) -> Result<Face<'_>, BadPayload> {
    let mut all = faces.iter();
    match (all.next(), all.next()) {
        (Some(face), None) => Ok(face),
        _ => Err(BadPayload("there is not one face")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analysis() -> FrameAnalysis {
        let mut a = FrameAnalysis::nothing();
        (a.success, a.au_success, a.has_eyes, a.has_bins) = (1, 1, 1, 1);
        a.confidence = 0.75;
        a.landmarks = std::array::from_fn(|i| i as f32 / 2.0);
        a.landmarks_3d = std::array::from_fn(|i| i as f32 / 3.0);
        (a.global, a.pose) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5; 6]);
        a.local = std::array::from_fn(|i| -(i as f32));
        a.scores = std::array::from_fn(|i| i as f64 / 7.0);
        a.gaze = [[0.0, 0.6, -0.8], [0.0, 0.0, -1.0]];
        a.eye_landmarks = std::array::from_fn(|i| i as f32);
        a.tracker.discrete = [3, 0, 2, 0];
        a.tracker.rest[11] = 9;
        a.tracker.eyes[1][23] = 1.5_f32.to_bits();
        a.fhog_bins = std::array::from_fn(|i| (i % 1000) as u16);
        a.geometry_bins[237] = 9999;
        a
    }

    fn encoded(analysis: &FrameAnalysis) -> Payload {
        let mut payload = Payload::new(0);
        encode(analysis, Track(0), &mut payload);
        payload
    }

    fn checked(analysis: &FrameAnalysis) -> Result<(), &'static str> {
        check(only(encoded(analysis).faces()).unwrap())
    }

    #[test]
    fn the_largest_frame_is_within_the_limits_and_no_smaller() {
        for (has_eyes, has_bins) in [(1, 1), (0, 1), (1, 0)] {
            let mut a = analysis();
            (a.has_eyes, a.has_bins) = (has_eyes, has_bins);
            let payload = encoded(&a);
            let limits = limits(has_eyes == 1);
            assert!(Faces::parse(payload.bytes(), &limits).is_ok());
            let is_full = payload.bytes().len() == limits.payload_bytes();
            assert_eq!(is_full, has_bins == 1);
            assert_eq!(checked(&a), Ok(()));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let a = analysis();
        let payload = encoded(&a);
        let face = only(payload.faces()).unwrap();
        let values = Values::of(face.values).unwrap();
        assert!(values.success() && values.au_success() && is_successful(face.values));
        assert_eq!((values.confidence, values.scores()), (0.75, a.scores));
        let (mut fhog, mut geometry) = ([0; FHOG_LEN], [0; GEOMETRY_LEN]);
        assert!(values.bins(&mut fhog, &mut geometry));
        assert!(fhog == a.fhog_bins && geometry == a.geometry_bins);
        let state = decode_state(face.state).unwrap();
        assert_eq!(state.tracker, a.tracker);
        assert_eq!((state.landmarks, state.global), (a.landmarks, a.global));
        assert_eq!((state.local, state.confidence), (a.local, a.confidence));
        assert_eq!(state.eye_landmarks, a.eye_landmarks);
        // What is no state is not looked at.
        assert_eq!(state.scores, [0.0; AU_MODELS]);
    }

    #[test]
    fn nonsense_is_noticed() {
        let spoil: [fn(&mut FrameAnalysis); 10] = [
            |a| a.confidence = 1.5,
            |a| a.confidence = f32::NAN,
            |a| a.landmarks[135] = f32::NAN,
            |a| a.landmarks_3d[0] = f32::INFINITY,
            |a| a.local[33] = f32::NAN,
            |a| a.pose[5] = f64::NAN,
            |a| a.scores[34] = f64::INFINITY,
            |a| a.gaze[1][2] = f32::NAN,
            |a| a.eye_landmarks_3d[167] = f32::NAN,
            |a| a.fhog_bins[4463] = 1000,
        ];
        for spoil in spoil {
            let mut bad = analysis();
            spoil(&mut bad);
            assert!(checked(&bad).is_err());
        }
        let payload = encoded(&analysis());
        let face = only(payload.faces()).unwrap();
        for cut in [0, 3, 4, 100, face.values.len() - 1] {
            let values = &face.values[..cut];
            assert!(check(Face { values, ..face }).is_err());
        }
        for cut in [0, 3, 68, face.state.len() - 1] {
            let state = &face.state[..cut];
            assert!(check(Face { state, ..face }).is_err());
            assert!(decode_state(state).is_err());
        }
        let mut flags = face.values.to_vec();
        flags[3] = 1;
        let values = &flags;
        assert!(check(Face { values, ..face }).is_err());
    }

    fn agree(one: &FrameAnalysis, other: &FrameAnalysis) -> bool {
        let (one, other) = (encoded(one), encoded(other));
        let state = |payload: &Payload| only(payload.faces()).unwrap().state.to_vec();
        states_agree(&state(&one), &state(&other))
    }

    #[test]
    fn rounding_is_forgiven_and_another_face_is_not() {
        let mut a = FrameAnalysis::nothing();
        a.success = 1;
        let mut b = a;
        b.landmarks[5] = 0.25;
        assert!(agree(&a, &b));
        b.landmarks[5] = 0.35;
        assert!(!agree(&a, &b));
        b.landmarks = [0.06; 2 * LANDMARKS];
        assert!(!agree(&a, &b));
    }

    #[test]
    fn another_state_is_not_forgiven() {
        let a = FrameAnalysis::nothing();
        let mut b = a;
        b.success = 1;
        assert!(!agree(&a, &b));
        let mut b = a;
        b.tracker.discrete[2] = 1;
        assert!(!agree(&a, &b));
        let mut b = a;
        b.tracker.rest[2] = 1;
        assert!(agree(&a, &b));
    }
}
