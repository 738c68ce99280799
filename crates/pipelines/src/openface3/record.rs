//! How a face of this pipeline travels: its state and its values as little-endian bytes.
//!
//! State: flags; what finding the face remembers (16 words); the last box and the landmarks. Values:
//! flags; confidence, the closure of the eyes, action units, emotions, gaze; where there are landmarks,
//! these.

use faceau_measure::{Face, Fields, Limits, Payload, PutFields, Track};
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::openface3::{AUS, EMOTIONS, LANDMARKS};

use crate::closeness::{are_close, is_close};

/// Bits of the first word of state and values.
mod flag {
    pub(super) const SUCCESS: u32 = 1;
    pub(super) const LANDMARKS: u32 = 2;
    pub(super) const CLOSURE: u32 = 4;
    pub(super) const ALL: u32 = 7;
}

const VALUES: usize = 4 + 4 + 8 + 4 * (AUS + EMOTIONS + 2);
const STATE: usize = 4 * (1 + 16 + 4 + 2 * LANDMARKS);

/// How much a frame can hold.
pub const LIMITS: Limits = Limits {
    record: 1,
    faces: 1,
    state: STATE,
    values: VALUES + 4 * 2 * LANDMARKS,
};

/// Makes `payload` that of a frame with this one face.
pub fn encode(analysis: &FrameAnalysis, track: Track, payload: &mut Payload) {
    let part = &analysis.openface3;
    let flags = [
        (analysis.success, flag::SUCCESS),
        (part.has_landmarks, flag::LANDMARKS),
        (part.has_closure, flag::CLOSURE),
    ];
    let set = flags.into_iter().filter(|(is_set, _)| *is_set != 0);
    let flags = set.fold(0, |all, (_, flag)| all | flag);
    payload.clear(LIMITS.record);
    payload.push(
        track,
        |bytes| {
            bytes.put_u32(flags & flag::SUCCESS);
            bytes.put_u32s(&analysis.tracker.discrete);
            bytes.put_u32s(&analysis.tracker.rest);
            bytes.put_f32s(&part.face);
            bytes.put_f32s(&part.landmarks);
        },
        |bytes| {
            bytes.put_u32(flags);
            bytes.put_f32s(&[analysis.confidence]);
            bytes.put_f64s(&[part.closure]);
            bytes.put_f32s(&part.aus);
            bytes.put_f32s(&part.emotions);
            bytes.put_f32s(&part.gaze);
            if part.has_landmarks != 0 {
                bytes.put_f32s(&part.landmarks);
            }
        },
    );
}

/// The values of a face.
#[derive(Debug, Clone, Copy)]
pub struct Values {
    flags: u32,
    /// The detector's score, 0 to 1.
    pub confidence: f32,
    closure: f64,
    /// How present each action unit is, in the network's order; maybe NaN, as the next two.
    pub aus: [f32; AUS],
    /// One logit per emotion.
    pub emotions: [f32; EMOTIONS],
    /// Yaw and pitch in radians.
    pub gaze: [f32; 2],
    landmarks: [f32; 2 * LANDMARKS],
}

impl Values {
    /// Reads bytes; `None` if they are too few or too many.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(bytes);
        let mut values = Self {
            flags: fields.u32()?,
            confidence: fields.f32s(1)?.next()?,
            closure: fields.f64s(1)?.next()?,
            aus: [0.0; AUS],
            emotions: [0.0; EMOTIONS],
            gaze: [0.0; 2],
            landmarks: [0.0; 2 * LANDMARKS],
        };
        fill(&mut values.aus, fields.f32s(AUS)?);
        fill(&mut values.emotions, fields.f32s(EMOTIONS)?);
        fill(&mut values.gaze, fields.f32s(2)?);
        if values.flags & flag::LANDMARKS != 0 {
            fill(&mut values.landmarks, fields.f32s(2 * LANDMARKS)?);
        }
        fields.is_empty().then_some(values)
    }

    /// Whether the face was found on this frame.
    pub fn success(&self) -> bool {
        self.flags & flag::SUCCESS != 0
    }

    /// How far the eyes are shut on this frame alone, 0 to 5, if it could be measured.
    pub fn closure(&self) -> Option<f64> {
        (self.flags & flag::CLOSURE != 0).then_some(self.closure)
    }

    /// Landmarks in pixels, x of all, then y, where there are any.
    pub fn landmarks(&self) -> Option<&[f32; 2 * LANDMARKS]> {
        (self.flags & flag::LANDMARKS != 0).then_some(&self.landmarks)
    }
}

fn fill<T>(places: &mut [T], values: impl Iterator<Item = T>) {
    for (place, value) in places.iter_mut().zip(values) {
        *place = value;
    }
}

/// Whether these values, which were checked, are of a face that was found.
pub(super) fn is_successful(values: &[u8]) -> bool {
    Fields::of(values).u32().unwrap_or(0) & flag::SUCCESS != 0
}

/// Checks that the numbers can be a measurement. What the network says of action units, emotion and
/// gaze may be anything.
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
    if values.landmarks.iter().any(|v| !v.is_finite()) {
        return Err("a landmark is not a number");
    }
    if !(0.0..=5.0).contains(&values.closure) {
        return Err("the closure of the eyes is not between 0 and 5");
    }
    let state = State::of(face.state).ok_or("the state of the tracker is none")?;
    if state.discrete[0] & !flag::SUCCESS != 0 {
        return Err("a flag is neither 0 nor 1");
    }
    if !(state.face.iter().chain(&state.landmarks)).all(|v| v.is_finite()) {
        return Err("the state of the tracker is not numbers");
    }
    Ok(())
}

struct State {
    /// The flags, and what must be equal for two trackers to be taken for the same.
    discrete: [u32; 5],
    rest: [u32; 12],
    face: [f32; 4],
    landmarks: [f32; 2 * LANDMARKS],
}

impl State {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::of(bytes);
        let mut state = Self {
            discrete: [0; 5],
            rest: [0; 12],
            face: [0.0; 4],
            landmarks: [0.0; 2 * LANDMARKS],
        };
        fill(&mut state.discrete, fields.u32s(5)?);
        fill(&mut state.rest, fields.u32s(12)?);
        fill(&mut state.face, fields.f32s(4)?);
        fill(&mut state.landmarks, fields.f32s(2 * LANDMARKS)?);
        fields.is_empty().then_some(state)
    }
}

/// Whether two trackers may be taken for one: the same flags and counters, and a box and landmarks as
/// close as they ever get.
pub(super) fn states_agree(one: &[u8], other: &[u8]) -> bool {
    let (Some(one), Some(other)) = (State::of(one), State::of(other)) else {
        return false;
    };
    one.discrete == other.discrete
        && are_close(&one.landmarks, &other.landmarks)
        && (one.face.iter().zip(other.face)).all(|(x, y)| is_close(*x, y))
}

/// Reads what a tracker goes on from: of the analysis of its last frame, the parts that it looks at.
///
/// # Errors
/// When this is no state.
pub fn decode_state(bytes: &[u8]) -> Result<Box<FrameAnalysis>, &'static str> {
    let state = State::of(bytes).ok_or("the state of the tracker is none")?;
    let mut analysis = Box::new(FrameAnalysis::nothing());
    analysis.success = state.discrete[0] & flag::SUCCESS;
    analysis.au_success = analysis.success;
    analysis
        .tracker
        .discrete
        .copy_from_slice(&state.discrete[1..]);
    analysis.tracker.rest = state.rest;
    analysis.openface3.face = state.face;
    analysis.openface3.landmarks = state.landmarks;
    Ok(analysis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceau_measure::Faces;

    fn analysis() -> FrameAnalysis {
        let mut a = FrameAnalysis::nothing();
        (a.success, a.au_success, a.confidence) = (1, 1, 0.5);
        a.tracker.discrete = [1, 2, 0, 0];
        a.tracker.rest[10] = 7;
        let part = &mut a.openface3;
        (part.has_landmarks, part.has_closure, part.closure) = (1, 1, 2.5);
        part.face = [1.0, 2.0, 3.0, 4.0];
        part.landmarks = std::array::from_fn(|i| i as f32);
        part.aus[3] = f32::NAN;
        part.gaze = [0.25, -0.5];
        a
    }

    fn with_face<T>(analysis: &FrameAnalysis, look: impl FnOnce(Face<'_>) -> T) -> T {
        let mut payload = Payload::new(0);
        encode(analysis, Track(0), &mut payload);
        let faces = Faces::parse(payload.bytes(), &LIMITS).unwrap();
        look(faces.iter().next().unwrap())
    }

    #[test]
    fn what_is_written_is_read() {
        let a = analysis();
        with_face(&a, |face| {
            assert_eq!(check(face), Ok(()));
            let values = Values::of(face.values).unwrap();
            assert!(values.success() && is_successful(face.values));
            assert_eq!((values.closure(), values.gaze), (Some(2.5), [0.25, -0.5]));
            assert_eq!(values.landmarks(), Some(&a.openface3.landmarks));
            let state = decode_state(face.state).unwrap();
            assert_eq!(state.tracker, a.tracker);
            assert_eq!(state.openface3.face, a.openface3.face);
        });
        with_face(&FrameAnalysis::nothing(), |face| {
            let values = Values::of(face.values).unwrap();
            assert!(!values.success() && values.closure().is_none());
            assert!(values.landmarks().is_none());
        });
    }

    #[test]
    fn nonsense_is_noticed() {
        let spoil: [fn(&mut FrameAnalysis); 4] = [
            |a| a.confidence = -0.1,
            |a| a.openface3.face[2] = f32::INFINITY,
            |a| a.openface3.landmarks[195] = f32::NAN,
            |a| a.openface3.closure = 5.1,
        ];
        for spoil in spoil {
            let mut bad = analysis();
            spoil(&mut bad);
            assert!(with_face(&bad, check).is_err());
        }
        with_face(&analysis(), |face| {
            for cut in [0, 7, face.values.len() - 1] {
                let values = &face.values[..cut];
                assert!(check(Face { values, ..face }).is_err());
            }
            let state = &face.state[1..];
            assert!(check(Face { state, ..face }).is_err());
        });
    }

    #[test]
    fn another_box_or_shape_of_98_points_is_not_forgiven() {
        let agree = |a: &FrameAnalysis, b: &FrameAnalysis| {
            with_face(a, |a| with_face(b, |b| states_agree(a.state, b.state)))
        };
        let a = FrameAnalysis::nothing();
        let mut b = a;
        b.openface3.face[3] = 0.2;
        b.openface3.landmarks[100] = 0.2;
        assert!(agree(&a, &b));
        b.openface3.face[3] = 1.0;
        assert!(!agree(&a, &b));
        let mut b = a;
        b.openface3.landmarks[195] = 1.0;
        assert!(!agree(&a, &b));
    }
}
