//! The faces of one frame as bytes: how they lie in a slot, wait for their turn and are kept.
//!
//! Little-endian: version of this layout (2 bytes), version of the pipeline's record (2), length of
//! all (4), number of faces (4); then for each face its track (4), the lengths of state and values (4
//! and 4), and these. What is in a state and in values only the pipeline knows.

use crate::bytes::{Fields, PutFields};
use crate::frame::Track;

/// Version of the layout around the records.
const VERSION: u16 = 1;
/// Bytes before the first face.
const HEADER: usize = 12;
/// Bytes before a face's state.
const FACE_HEADER: usize = 12;

/// How much a frame of a pipeline can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Version of the pipeline's record.
    pub record: u16,
    /// Most faces of a frame.
    pub faces: usize,
    /// Most bytes of a face's state.
    pub state: usize,
    /// Most bytes of a face's values.
    pub values: usize,
}

impl Limits {
    /// No frame has more faces, whatever the pipeline.
    pub const MOST_FACES: usize = 64;

    /// Bytes that hold any frame.
    pub fn payload_bytes(&self) -> usize {
        HEADER + self.faces * (FACE_HEADER + self.state + self.values)
    }
}

/// Bytes that are no payload; says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPayload(pub &'static str);

/// What is known of one face on one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face<'a> {
    /// Whose face.
    pub track: Track,
    /// What its tracker goes on from.
    pub state: &'a [u8],
    /// What was measured.
    pub values: &'a [u8],
}

/// The faces of a frame, in memory of their own that is used again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    bytes: Vec<u8>,
}

impl Payload {
    /// Without faces; `record` is the version of the pipeline's record.
    pub fn new(record: u16) -> Self {
        let mut payload = Self { bytes: Vec::new() };
        payload.clear(record);
        payload
    }

    /// Removes all faces.
    pub fn clear(&mut self, record: u16) {
        self.bytes.clear();
        self.bytes.put_u16s(&[VERSION, record]);
        self.bytes.put_u32s(&[HEADER as u32, 0]);
    }

    /// Adds a face whose state and values are appended to the bytes given.
    pub fn push(
        &mut self,
        track: Track,
        state: impl FnOnce(&mut Vec<u8>),
        values: impl FnOnce(&mut Vec<u8>),
    ) {
        let bytes = &mut self.bytes;
        bytes.put_u32s(&[track.0, 0, 0]);
        let start = bytes.len();
        state(bytes);
        let middle = bytes.len();
        values(bytes);
        let lengths = [middle - start, bytes.len() - middle];
        for (place, length) in [start - 8, start - 4].into_iter().zip(lengths) {
            bytes[place..place + 4].copy_from_slice(&(length as u32).to_le_bytes());
        }
        let length = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        let faces = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) + 1;
        bytes[8..12].copy_from_slice(&faces.to_le_bytes());
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes over the payload at the beginning of `bytes`, which may go on behind it.
    ///
    /// # Errors
    /// When there is none within these limits.
    pub fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<(), BadPayload> {
        let length = length_in(bytes, limits)?;
        self.bytes.clear();
        self.bytes.extend_from_slice(&bytes[..length]);
        Faces::parse(&self.bytes, limits).map(drop)
    }

    /// Becomes a copy of `faces`.
    pub fn copy_from(&mut self, faces: Faces<'_>) {
        self.bytes.clear();
        self.bytes.extend_from_slice(faces.bytes);
    }

    /// The faces.
    pub fn faces(&self) -> Faces<'_> {
        Faces { bytes: &self.bytes }
    }
}

impl From<Faces<'_>> for Payload {
    fn from(faces: Faces<'_>) -> Self {
        Self {
            bytes: faces.bytes.to_vec(),
        }
    }
}

/// How long the payload at the beginning of `bytes` says it is, if it can be.
fn length_in(bytes: &[u8], limits: &Limits) -> Result<usize, BadPayload> {
    let mut fields = Fields::of(bytes);
    let (version, record) = (fields.u16(), fields.u16());
    let length = fields.u32().ok_or(BadPayload("there are no results"))? as usize;
    if version != Some(VERSION) || record != Some(limits.record) {
        return Err(BadPayload("the results are of another version"));
    }
    if length < HEADER || length > limits.payload_bytes() || length > bytes.len() {
        return Err(BadPayload("the results have an impossible length"));
    }
    Ok(length)
}

/// The faces of a frame, looked at in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faces<'a> {
    /// Checked: every length in it is true.
    bytes: &'a [u8],
}

impl<'a> Faces<'a> {
    /// Looks at bytes from elsewhere, which are a payload and nothing else.
    ///
    /// # Errors
    /// When they are none within these limits.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, BadPayload> {
        if length_in(bytes, limits)? != bytes.len() {
            return Err(BadPayload("the results have an impossible length"));
        }
        let faces = Self { bytes };
        if faces.len() > limits.faces.min(Limits::MOST_FACES) {
            return Err(BadPayload("there are too many faces"));
        }
        let mut fields = Fields::of(&bytes[HEADER..]);
        let short = BadPayload("a face is cut short");
        for number in 0..faces.len() {
            let face = take_face(&mut fields).ok_or(short)?;
            if face.state.len() > limits.state || face.values.len() > limits.values {
                return Err(BadPayload("a face has too many values"));
            }
            if faces
                .iter()
                .take(number)
                .any(|other| other.track == face.track)
            {
                return Err(BadPayload("two faces are of one track"));
            }
        }
        match fields.is_empty() {
            true => Ok(faces),
            false => Err(BadPayload("there is more than the faces")),
        }
    }

    /// The payload's bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let word = &self.bytes[8..HEADER];
        u32::from_le_bytes([word[0], word[1], word[2], word[3]]) as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after another.
    pub fn iter(&self) -> impl Iterator<Item = Face<'a>> + use<'a> {
        let mut fields = Fields::of(&self.bytes[HEADER..]);
        std::iter::from_fn(move || take_face(&mut fields))
    }

    /// The face of this track.
    pub fn of_track(&self, track: Track) -> Option<Face<'a>> {
        self.iter().find(|face| face.track == track)
    }
}

fn take_face<'a>(fields: &mut Fields<'a>) -> Option<Face<'a>> {
    let track = Track(fields.u32()?);
    let (state, values) = (fields.u32()? as usize, fields.u32()? as usize);
    Some(Face {
        track,
        state: fields.bytes(state)?,
        values: fields.bytes(values)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        record: 3,
        faces: 4,
        state: 8,
        values: 16,
    };

    fn payload(faces: &[(u32, Vec<u8>, Vec<u8>)]) -> Payload {
        let mut payload = Payload::new(3);
        for (track, state, values) in faces {
            payload.push(
                Track(*track),
                |bytes| bytes.extend_from_slice(state),
                |bytes| bytes.extend_from_slice(values),
            );
        }
        payload
    }

    #[test]
    fn impossible_payloads_are_refused() {
        let one = |track, state, values| (track, vec![1; state], vec![2; values]);
        for (faces, why) in [
            (vec![one(0, 9, 0)], "too many values"),
            (vec![one(0, 0, 17)], "too many values"),
            (vec![one(2, 0, 0), one(2, 0, 0)], "one track"),
            ((0..5).map(|i| one(i, 0, 0)).collect(), "too many faces"),
        ] {
            let payload = payload(&faces);
            let BadPayload(reason) = Faces::parse(payload.bytes(), &LIMITS).unwrap_err();
            assert!(reason.contains(why), "{reason}");
        }
        let good = payload(&[one(0, 8, 16)]);
        assert!(Faces::parse(good.bytes(), &LIMITS).is_ok());
        let other = Limits {
            record: 4,
            ..LIMITS
        };
        assert!(Faces::parse(good.bytes(), &other).is_err());
        assert!(Payload::new(3).read(&good.bytes()[..20], &LIMITS).is_err());
    }

    proptest! {
        #[test]
        fn faces_come_back(
            faces in prop::collection::btree_map(
                any::<u32>(),
                (prop::collection::vec(any::<u8>(), 0..9), prop::collection::vec(any::<u8>(), 0..17)),
                0..5,
            ),
            behind in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            let faces: Vec<_> = faces.into_iter().map(|(t, (s, v))| (t, s, v)).collect();
            let written = payload(&faces);
            prop_assert!(written.bytes().len() <= LIMITS.payload_bytes());
            let bytes = [written.bytes(), &behind].concat();
            let mut read = Payload::new(3);
            read.read(&bytes, &LIMITS).unwrap();
            prop_assert_eq!(&read, &written);
            prop_assert_eq!(read.faces().len(), faces.len());
            let found: Vec<_> = read.faces().iter()
                .map(|face| (face.track.0, face.state.to_vec(), face.values.to_vec()))
                .collect();
            prop_assert_eq!(found, faces);
        }

        /// Whatever comes, nothing is read beyond it.
        #[test]
        fn anything_can_come(
            mut bytes in prop::collection::vec(any::<u8>(), 0..120), is_headed: bool,
        ) {
            if is_headed && bytes.len() >= HEADER {
                let length = bytes.len() as u32;
                bytes[..4].copy_from_slice(&[1, 0, 3, 0]);
                bytes[4..8].copy_from_slice(&length.to_le_bytes());
                let faces = u32::from(bytes[8] % 5);
                bytes[8..12].copy_from_slice(&faces.to_le_bytes());
            }
            if let Ok(faces) = Faces::parse(&bytes, &LIMITS) {
                prop_assert_eq!(faces.iter().count(), faces.len());
            }
        }
    }
}
