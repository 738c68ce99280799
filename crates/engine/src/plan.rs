//! Cutting a video into segments.
//!
//! A segment is a run of consecutive frames that one worker analyses from first to last, so that
//! the tracker keeps its state inside one process. The rule looks only at the video, never at the
//! number of workers: the same video gives the same segments, and thus the same bytes, everywhere.

use std::ops::Range;

use faceau_media::FrameIndex;

/// Frames tracked before a segment's first one, with results dropped, so that the tracker has
/// settled where its output begins. `docs/accuracy.md` has the measurement behind the number.
pub const LEAD_IN: usize = 10;

/// A video is cut into about this many segments, so that any usual number of workers is busy to
/// the end, but into segments neither so short that lead-ins cost much nor so long that the last
/// one is waited for.
const SEGMENTS_WANTED: usize = 16;
const LONGEST: usize = 500;

/// Frames that may be decoded only to be dropped before a segment whose start is not near a place
/// where decoding can begin.
const MOST_FRAMES_WASTED: usize = 120;

/// How long a segment must be to be worth its own start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortestSegment(usize);

impl ShortestSegment {
    /// For trackers that start with one detection.
    pub const QUICK_START: Self = Self(80);
    /// For OpenFace's tracker, which starts by trying eleven orientations of the head.
    pub const SLOW_START: Self = Self(200);
}

/// Who follows whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracking {
    /// The video is cut into segments that are analysed side by side.
    Segmented,
    /// The whole video is one segment.
    Sequential,
}

/// A run of frames for one worker. Frames are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First frame the worker sees.
    pub start: usize,
    /// Frames whose results count; `start` lies a lead-in before them, unless tracking begins anew
    /// there.
    pub frames: Range<usize>,
}

impl Segment {
    /// All frames the worker sees, in order.
    pub fn seen(&self) -> Range<usize> {
        self.start..self.frames.end
    }

    /// Whether tracking begins anew at its first frame, whatever was before.
    pub fn begins_anew(&self) -> bool {
        self.start == self.frames.start
    }
}

/// Cuts a video into segments that cover each frame once. Where pictures change their size, there is
/// always a cut, and no lead-in.
///
/// A segment preferably starts so that its lead-in begins where decoding can begin; where such
/// places are far apart, some frames are decoded twice rather than leaving workers idle.
pub fn cut(index: &FrameIndex, tracking: Tracking, shortest: ShortestSegment) -> Vec<Segment> {
    let frames = index.frames;
    let mut segments = Vec::new();
    let length = (frames / SEGMENTS_WANTED).clamp(shortest.0, LONGEST);
    let mut first = 0;
    for end in index.breaks.iter().copied().chain([frames]) {
        if end <= first {
            continue;
        }
        let mut begin = first;
        if tracking == Tracking::Segmented {
            while let Some(next) = next_cut(index, begin, length, end) {
                segments.push(segment(begin..next, first));
                begin = next;
            }
        }
        segments.push(segment(begin..end, first));
        first = end;
    }
    segments
}

/// A segment of a run of frames that begins with `first`.
fn segment(frames: Range<usize>, first: usize) -> Segment {
    Segment {
        start: frames.start.saturating_sub(LEAD_IN).max(first),
        frames,
    }
}

/// Where the segment that begins at `begin` should end, if its run of frames, which ends at `end`,
/// goes on long enough.
fn next_cut(index: &FrameIndex, begin: usize, length: usize, end: usize) -> Option<usize> {
    let earliest = begin + length;
    // What is left must be worth a segment of its own.
    let fits = |cut: usize| (cut + length / 2 <= end).then_some(cut);
    let aligned = |entry: usize| entry + LEAD_IN;
    let after = index
        .entry_points
        .partition_point(|&entry| aligned(entry) < earliest);
    let next_aligned = index.entry_points.get(after).copied().map(aligned);
    if let Some(cut) = next_aligned
        && cut <= earliest + length / 2
    {
        return fits(cut);
    }
    let decoded_from = after.checked_sub(1).map_or(0, |i| index.entry_points[i]);
    if (earliest - LEAD_IN) - decoded_from <= MOST_FRAMES_WASTED {
        return fits(earliest);
    }
    next_aligned.and_then(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(frames: usize, every: usize) -> FrameIndex {
        FrameIndex {
            frames,
            entry_points: (0..frames).step_by(every).collect(),
            breaks: Vec::new(),
        }
    }

    #[test]
    fn segments_start_where_decoding_can_begin() {
        let segments = cut(
            &index(3000, 12),
            Tracking::Segmented,
            ShortestSegment::QUICK_START,
        );
        assert!(segments.len() >= 10, "{segments:?}");
        for segment in &segments[1..] {
            assert_eq!(segment.start % 12, 0);
            assert_eq!(segment.frames.start, segment.start + LEAD_IN);
        }
    }

    #[test]
    fn a_video_with_one_key_frame_is_not_decoded_over_and_over() {
        let segments = cut(
            &index(3000, 3000),
            Tracking::Segmented,
            ShortestSegment::QUICK_START,
        );
        for segment in &segments {
            assert!(segment.start <= MOST_FRAMES_WASTED, "{segments:?}");
        }
    }

    #[test]
    fn sequential_is_one_segment() {
        let segments = cut(
            &index(3000, 12),
            Tracking::Sequential,
            ShortestSegment::QUICK_START,
        );
        assert_eq!(
            segments,
            [Segment {
                start: 0,
                frames: 0..3000
            }]
        );
    }

    #[test]
    fn tracking_begins_anew_where_pictures_change_their_size() {
        for tracking in [Tracking::Segmented, Tracking::Sequential] {
            let index = FrameIndex {
                breaks: vec![31, 40],
                ..index(70, 12)
            };
            let segments = cut(&index, tracking, ShortestSegment::QUICK_START);
            let seen: Vec<_> = segments.iter().map(Segment::seen).collect();
            assert_eq!(seen, [0..31, 31..40, 40..70]);
        }
    }

    proptest! {
        #[test]
        fn every_frame_is_in_exactly_one_segment(
            frames in 1_usize..20_000,
            entries in proptest::collection::vec(0_usize..20_000, 0..200),
            mut breaks in proptest::collection::vec(1_usize..20_000, 0..5),
        ) {
            let mut entry_points: Vec<usize> =
                entries.into_iter().filter(|&e| e < frames).collect();
            entry_points.push(0);
            entry_points.sort_unstable();
            entry_points.dedup();
            breaks.retain(|&at| at < frames);
            breaks.sort_unstable();
            breaks.dedup();
            let index = FrameIndex { frames, entry_points, breaks: breaks.clone() };
            let segments = cut(&index, Tracking::Segmented, ShortestSegment::QUICK_START);
            let mut next = 0;
            for segment in &segments {
                prop_assert_eq!(segment.frames.start, next);
                prop_assert!(segment.frames.end > next);
                let first = next == 0 || breaks.contains(&next);
                prop_assert_eq!(segment.begins_anew(), first);
                prop_assert!(first || segment.start + LEAD_IN == next);
                prop_assert!(!breaks.iter().any(|at| segment.seen().skip(1).any(|f| f == *at)));
                next = segment.frames.end;
            }
            prop_assert_eq!(next, frames);
        }
    }
}
