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
    /// Frames whose results count; `start` lies a lead-in before them.
    pub frames: Range<usize>,
}

impl Segment {
    /// All frames the worker sees, in order.
    pub fn seen(&self) -> Range<usize> {
        self.start..self.frames.end
    }
}

/// Cuts a video into segments that cover each frame once.
///
/// A segment preferably starts so that its lead-in begins where decoding can begin; where such
/// places are far apart, some frames are decoded twice rather than leaving workers idle.
pub fn cut(index: &FrameIndex, tracking: Tracking, shortest: ShortestSegment) -> Vec<Segment> {
    let frames = index.frames;
    let mut segments = Vec::new();
    if frames == 0 {
        return segments;
    }
    let mut begin = 0;
    if tracking == Tracking::Segmented {
        let length = (frames / SEGMENTS_WANTED).clamp(shortest.0, LONGEST);
        while let Some(next) = next_cut(index, begin, length) {
            segments.push(segment(begin..next));
            begin = next;
        }
    }
    segments.push(segment(begin..frames));
    segments
}

fn segment(frames: Range<usize>) -> Segment {
    Segment {
        start: frames.start.saturating_sub(LEAD_IN),
        frames,
    }
}

/// Where the segment that begins at `begin` should end, if the video goes on long enough.
fn next_cut(index: &FrameIndex, begin: usize, length: usize) -> Option<usize> {
    let earliest = begin + length;
    // What is left must be worth a segment of its own.
    let fits = |cut: usize| (cut + length / 2 <= index.frames).then_some(cut);
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

    proptest! {
        #[test]
        fn every_frame_is_in_exactly_one_segment(
            frames in 1_usize..20_000,
            entries in proptest::collection::vec(0_usize..20_000, 0..200),
        ) {
            let mut entry_points: Vec<usize> =
                entries.into_iter().filter(|&e| e < frames).collect();
            entry_points.push(0);
            entry_points.sort_unstable();
            entry_points.dedup();
            let segments = cut(&FrameIndex { frames, entry_points }, Tracking::Segmented, ShortestSegment::QUICK_START);
            let mut next = 0;
            for segment in &segments {
                prop_assert_eq!(segment.frames.start, next);
                prop_assert!(segment.frames.end > next);
                prop_assert!(segment.start == 0 || segment.start + LEAD_IN == next);
                next = segment.frames.end;
            }
            prop_assert_eq!(next, frames);
        }
    }
}
