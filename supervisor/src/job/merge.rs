//! Results back in the order of the video.
//!
//! Segments are analysed side by side, so results of a later one arrive before those of an earlier
//! one is complete; they wait here, without the bins that most frames do not have.

use std::collections::BTreeMap;
use std::mem::offset_of;

use bytemuck::Zeroable;
use faceau_vision::analysis::FrameAnalysis;

use crate::plan::Segment;

/// Puts results in order.
pub struct Merger {
    segments: Vec<Segment>,
    /// How many frames of each segment have been accepted.
    accepted: Vec<usize>,
    /// The segment whose results pass through.
    current: usize,
    parked: BTreeMap<usize, Vec<Parked>>,
}

/// A result that waits: its bytes, cut off before the bins if it has none.
struct Parked(Box<[u8]>);

impl Parked {
    fn new(analysis: &FrameAnalysis) -> Self {
        let bytes = bytemuck::bytes_of(analysis);
        let length = if analysis.has_bins == 0 {
            offset_of!(FrameAnalysis, fhog_bins)
        } else {
            bytes.len()
        };
        Self(bytes[..length].into())
    }

    fn unpark(&self, analysis: &mut FrameAnalysis) {
        *analysis = FrameAnalysis::zeroed();
        bytemuck::bytes_of_mut(analysis)[..self.0.len()].copy_from_slice(&self.0);
    }
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It belongs to a lead-in, or had been accepted from a worker that was lost since.
    Dropped,
    /// It counts.
    Counted,
}

impl Merger {
    /// Will put the frames of `segments` in order.
    pub fn new(segments: Vec<Segment>) -> Self {
        Self {
            accepted: vec![0; segments.len()],
            segments,
            current: 0,
            parked: BTreeMap::new(),
        }
    }

    /// Takes the result of `frame`, analysed as part of `segment`, and passes on to `sink` what
    /// can be passed on in order. The frames of one segment must come in order.
    pub fn accept<E>(
        &mut self,
        segment: usize,
        frame: usize,
        analysis: &FrameAnalysis,
        sink: &mut impl FnMut(usize, &FrameAnalysis) -> Result<(), E>,
    ) -> Result<Accepted, E> {
        let frames = &self.segments[segment].frames;
        if frame != frames.start + self.accepted[segment] || !frames.contains(&frame) {
            return Ok(Accepted::Dropped);
        }
        self.accepted[segment] += 1;
        if segment == self.current {
            sink(frame, analysis)?;
            self.advance(sink)?;
        } else {
            let parked = self.parked.entry(segment).or_default();
            parked.push(Parked::new(analysis));
        }
        Ok(Accepted::Counted)
    }

    /// Moves on to the next segments as long as the current one is complete.
    fn advance<E>(
        &mut self,
        sink: &mut impl FnMut(usize, &FrameAnalysis) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(segment) = self.segments.get(self.current) {
            if self.accepted[self.current] < segment.frames.len() {
                break;
            }
            self.current += 1;
            let Some(parked) = self.parked.remove(&self.current) else {
                continue;
            };
            let first = self.segments[self.current].frames.start;
            let mut analysis = FrameAnalysis::zeroed();
            for (offset, waiting) in parked.iter().enumerate() {
                waiting.unpark(&mut analysis);
                sink(first + offset, &analysis)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::FrameIndex;
    use crate::plan::{LEAD_IN, Tracking, cut};
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn analysis(frame: usize) -> FrameAnalysis {
        let mut analysis = FrameAnalysis::zeroed();
        analysis.confidence = frame as f32;
        if frame.is_multiple_of(2) {
            analysis.has_bins = 1;
            analysis.fhog_bins[7] = (frame % 1000) as u16;
            analysis.geometry_bins[237] = (frame % 10_000) as u16;
        }
        analysis
    }

    proptest! {
        /// Workers advance at random, one is lost in between and its segment begins again: every
        /// frame passes exactly once, in order, with what was measured on it.
        #[test]
        fn whatever_the_order_of_arrival(
            picks in proptest::collection::vec(0_usize..3, 0..2000),
            lose_at in 0_usize..2000,
        ) {
            let index = FrameIndex { frames: 300, entry_points: (0..300).collect() };
            let segments = cut(&index, Tracking::Segmented);
            let mut merger = Merger::new(segments.clone());
            let mut passed = Vec::new();
            let mut sink = |frame: usize, a: &FrameAnalysis| {
                assert_eq!(bytemuck::bytes_of(a), bytemuck::bytes_of(&analysis(frame)));
                passed.push(frame);
                Ok::<(), Infallible>(())
            };
            let mut next_segment = 3;
            let mut lanes: Vec<(usize, usize)> =
                (0..3).map(|s| (s, segments[s].start)).collect();
            let picks = picks.into_iter().chain((0..5000).map(|i| i % 3));
            for (step, pick) in picks.enumerate() {
                let (segment, frame) = lanes[pick];
                if segment >= segments.len() {
                    continue;
                }
                if step == lose_at {
                    lanes[pick].1 = segments[segment].start;
                    continue;
                }
                merger.accept(segment, frame, &analysis(frame), &mut sink).unwrap();
                lanes[pick].1 += 1;
                if lanes[pick].1 == segments[segment].frames.end {
                    let start = segments.get(next_segment).map_or(0, |s| s.start);
                    lanes[pick] = (next_segment, start);
                    next_segment += 1;
                }
            }
            prop_assert_eq!(passed, (0..300).collect::<Vec<_>>());
            prop_assert!(LEAD_IN > 0);
        }
    }
}
