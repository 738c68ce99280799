//! A pipeline for tests of what moves results without understanding them.

use std::io;

use faceau_measure::{
    Face, Faces, Fields, Limits, OrderedStage, Payload, Pipeline, PutFields, Schema, StageContext,
    Track,
};

/// Faces are numbers; trackers agree that have nearly the same one.
#[derive(Debug)]
pub(crate) struct Numbers;

pub(crate) const LIMITS: Limits = Limits {
    record: 7,
    faces: 4,
    state: 12,
    values: 600,
};

/// A face in a payload: where it is, two words that its tracker remembers, and values of any length.
pub(crate) fn add(payload: &mut Payload, track: u32, place: f32, memory: [u32; 2], values: &[u8]) {
    payload.push(
        Track(track),
        |bytes| {
            bytes.put_f32s(&[place]);
            bytes.put_u32s(&memory);
        },
        |bytes| bytes.extend_from_slice(values),
    );
}

/// A frame with one face.
pub(crate) fn one(place: f32, memory: [u32; 2], values: &[u8]) -> Payload {
    let mut payload = Payload::new(LIMITS.record);
    add(&mut payload, 0, place, memory, values);
    payload
}

/// Where a face is.
pub(crate) fn place(face: Face<'_>) -> f32 {
    Fields::of(face.state).f32().unwrap()
}

/// What the tracker of the first face remembers.
pub(crate) fn memory(faces: Faces<'_>) -> [u32; 2] {
    let mut fields = Fields::of(faces.iter().next().unwrap().state);
    fields.f32().unwrap();
    [fields.u32().unwrap(), fields.u32().unwrap()]
}

impl Pipeline for Numbers {
    fn limits(&self) -> Limits {
        LIMITS
    }

    fn nothing(&self, payload: &mut Payload) {
        *payload = one(0.0, [0; 2], &[]);
    }

    fn check(&self, _: Face<'_>) -> Result<(), &'static str> {
        Ok(())
    }

    fn is_successful(&self, _: Face<'_>) -> bool {
        true
    }

    fn states_agree(&self, one: &[u8], other: &[u8]) -> bool {
        let place = |state| Fields::of(state).f32().unwrap();
        f32::abs(place(one) - place(other)) <= 0.3
    }

    fn schema(&self) -> &Schema {
        unimplemented!("no table is made")
    }

    fn ordered_stage(&self, _: &StageContext<'_>) -> io::Result<Box<dyn OrderedStage>> {
        unimplemented!("no table is made")
    }
}
