//! Whose face is whose: tracks of segments that were analysed apart, matched and numbered.
//!
//! Each segment's tracks are counted by its worker. Where two segments meet, their sets of tracks are
//! matched; which number a track has in the table thus follows from the video alone.

use std::collections::BTreeMap;

use crate::frame::Track;
use crate::payload::Faces;
use crate::pipeline::Pipeline;

/// Pairs the tracks of `one` with those of `other`, of the same frame, such that the states of each
/// pair agree. `None` if some track has no partner: the trackers may not be taken for each other.
pub fn match_tracks(
    pipeline: &dyn Pipeline,
    one: Faces<'_>,
    other: Faces<'_>,
) -> Option<Vec<(Track, Track)>> {
    if one.len() != other.len() {
        return None;
    }
    let mut pairs: Vec<(Track, Track)> = Vec::with_capacity(one.len());
    for face in one.iter() {
        // States that agree are as near as two runs on one face come, so there is no choice to make
        // between two partners.
        let partner = other.iter().find(|candidate| {
            pipeline.states_agree(face.state, candidate.state)
                && !pairs.iter().any(|&(_, taken)| taken == candidate.track)
        })?;
        pairs.push((face.track, partner.track));
    }
    Some(pairs)
}

/// Numbers tracks as they come up in the order of the video, through all joins.
#[derive(Debug, Clone, Default)]
pub struct TrackNumbers {
    /// The final number of each track of the segment that is being passed on.
    known: BTreeMap<Track, Track>,
    next: u32,
}

impl TrackNumbers {
    /// The final number of a track of the current segment.
    pub fn number(&mut self, local: Track) -> Track {
        let next = &mut self.next;
        *self.known.entry(local).or_insert_with(|| {
            *next += 1;
            Track(*next - 1)
        })
    }

    /// Another segment follows: its tracks are those of the one before as `pairs` (before, after)
    /// say.
    pub fn join(&mut self, pairs: &[(Track, Track)]) {
        let before = std::mem::take(&mut self.known);
        self.known = pairs
            .iter()
            .filter_map(|(earlier, later)| Some((*later, *before.get(earlier)?)))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::{Face, Limits, Payload};
    use crate::pipeline::{OrderedStage, StageContext};
    use crate::schema::Schema;

    /// States are one byte, and agree when they are next to each other.
    #[derive(Debug)]
    struct Bytes;

    impl Pipeline for Bytes {
        fn limits(&self) -> Limits {
            unimplemented!()
        }
        fn nothing(&self, _: &mut Payload) {
            unimplemented!()
        }
        fn check(&self, _: Face<'_>) -> Result<(), &'static str> {
            Ok(())
        }
        fn is_successful(&self, _: Face<'_>) -> bool {
            true
        }
        fn states_agree(&self, one: &[u8], other: &[u8]) -> bool {
            one[0].abs_diff(other[0]) <= 1
        }
        fn schema(&self) -> &Schema {
            unimplemented!()
        }
        fn ordered_stage(&self, _: &StageContext<'_>) -> std::io::Result<Box<dyn OrderedStage>> {
            unimplemented!()
        }
    }

    fn faces(faces: &[(u32, u8)]) -> Payload {
        let mut payload = Payload::new(1);
        for &(track, state) in faces {
            payload.push(Track(track), |bytes| bytes.push(state), |_| {});
        }
        payload
    }

    fn matched(one: &[(u32, u8)], other: &[(u32, u8)]) -> Option<Vec<(u32, u32)>> {
        let pairs = match_tracks(&Bytes, faces(one).faces(), faces(other).faces())?;
        Some(pairs.into_iter().map(|(a, b)| (a.0, b.0)).collect())
    }

    #[test]
    fn sets_of_tracks_match_or_do_not() {
        assert_eq!(matched(&[], &[]), Some(vec![]));
        assert_eq!(matched(&[(0, 10)], &[(5, 11)]), Some(vec![(0, 5)]));
        assert_eq!(
            matched(&[(0, 10), (1, 50)], &[(0, 51), (2, 10)]),
            Some(vec![(0, 2), (1, 0)])
        );
        assert_eq!(matched(&[(0, 10)], &[(0, 12)]), None);
        assert_eq!(matched(&[(0, 10)], &[]), None);
        // Two on one face are not two faces.
        assert_eq!(matched(&[(0, 10), (1, 10)], &[(0, 10), (1, 90)]), None);
    }

    #[test]
    fn numbers_follow_a_face_through_joins() {
        let mut numbers = TrackNumbers::default();
        let number = |numbers: &mut TrackNumbers, track| numbers.number(Track(track)).0;
        assert_eq!(number(&mut numbers, 7), 0);
        assert_eq!(number(&mut numbers, 3), 1);
        numbers.join(&[(Track(3), Track(0))]);
        assert_eq!(number(&mut numbers, 0), 1);
        // The other one has left, and whoever comes is somebody else.
        assert_eq!(number(&mut numbers, 7), 2);
    }
}
