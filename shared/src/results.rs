//! How a frame's results share their room in a slot: the payload of its faces, the extras of each face,
//! and when it was made. The lengths follow from the pipeline and from what is wanted.

use faceau_measure::Limits;

use crate::timing::FrameTiming;

/// Where the results of a frame lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultLayout {
    payload: usize,
    extras: usize,
}

impl ResultLayout {
    /// For a pipeline with these limits, and so many bytes of extras of each face.
    pub fn new(limits: &Limits, extras_of_a_face: usize) -> Self {
        Self {
            // What is behind it begins on a border that suits every number.
            payload: limits.payload_bytes().next_multiple_of(8),
            extras: limits.faces * extras_of_a_face,
        }
    }

    /// Bytes that all results take together.
    pub fn bytes(&self) -> usize {
        self.payload + self.extras + FrameTiming::BYTES
    }

    /// Bytes of the extras of all faces that there can be.
    pub fn extras_bytes(&self) -> usize {
        self.extras
    }

    /// Room for the payload, for the extras and for the timing; `None` when there are fewer bytes than
    /// [`bytes`](Self::bytes).
    pub fn split<'a>(&self, results: &'a [u8]) -> Option<[&'a [u8]; 3]> {
        let (payload, behind) = results.get(..self.bytes())?.split_at(self.payload);
        let (extras, timing) = behind.split_at(self.extras);
        Some([payload, extras, timing])
    }

    /// As [`split`](Self::split), to be written.
    pub fn split_mut<'a>(&self, results: &'a mut [u8]) -> Option<[&'a mut [u8]; 3]> {
        let (payload, behind) = results.get_mut(..self.bytes())?.split_at_mut(self.payload);
        let (extras, timing) = behind.split_at_mut(self.extras);
        Some([payload, extras, timing])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_room() {
        for faces in [1, 2, 64] {
            let limits = Limits {
                record: 1,
                faces,
                state: 10,
                values: 101,
            };
            let layout = ResultLayout::new(&limits, 7);
            let mut bytes = vec![0; layout.bytes() + 3];
            let [payload, extras, timing] = layout.split_mut(&mut bytes).unwrap();
            assert!(payload.len() >= limits.payload_bytes());
            assert_eq!(
                (extras.len(), timing.len()),
                (7 * faces, FrameTiming::BYTES)
            );
            assert!(layout.split(&bytes[..layout.bytes() - 1]).is_none());
            let lengths = layout.split(&bytes).unwrap().map(<[u8]>::len);
            assert_eq!(lengths.iter().sum::<usize>(), layout.bytes());
        }
    }
}
