//! When a worker did what to a frame: travels behind the frame's results in its slot.
//!
//! Only times and numbers; what a stage or a network is called is known to those who read it.

use bytemuck::{Pod, Zeroable};
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the clock that all processes of a machine share, since some moment in the past.
pub fn now() -> u64 {
    nanos(ClockId::Monotonic)
}

/// Nanoseconds of processor time of the calling thread.
pub fn processor_time() -> u64 {
    nanos(ClockId::ThreadCPUTime)
}

/// Nanoseconds of processor time of this process with all its threads, children not included.
pub fn processor_time_of_process() -> u64 {
    nanos(ClockId::ProcessCPUTime)
}

fn nanos(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// What a [`Span`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanOf {
    /// A stage, by its number.
    Stage(u32),
    /// An inference, by its network's number among the worker's sessions.
    Inference(u32),
}

/// A stretch of a worker's time with a frame.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct Span {
    /// Nanoseconds from [`FrameTiming::received`] to its beginning.
    pub offset: u64,
    /// Its length in nanoseconds.
    pub nanos: u64,
    kind: u32,
    number: u32,
}

impl Span {
    /// A stretch of `nanos` that begins `offset` after the frame was received.
    pub fn new(of: SpanOf, offset: u64, nanos: u64) -> Self {
        let (kind, number) = match of {
            SpanOf::Stage(number) => (0, number),
            SpanOf::Inference(number) => (1, number),
        };
        Self {
            offset,
            nanos,
            kind,
            number,
        }
    }

    /// What it is of.
    pub fn of(&self) -> SpanOf {
        match self.kind {
            0 => SpanOf::Stage(self.number),
            _ => SpanOf::Inference(self.number),
        }
    }
}

/// When a worker did what to a frame. All zeros where it does not say.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub struct FrameTiming {
    /// When it read of the frame, by [`now`]'s clock.
    pub received: u64,
    /// When the results were in the slot.
    pub ended: u64,
    /// How long it had waited to read of the frame, in nanoseconds.
    pub waited: u64,
    /// How long it took to analyse, without what sharing the slot and the results takes.
    pub analysing: u64,
    /// How much of that networks took.
    pub inference: u64,
    /// Processor time of sending the answer before: by the clock, it would hold the work of whoever it
    /// wakes, where cores are few.
    pub answering: u64,
    /// Nanoseconds of each stage, by its number.
    pub stages: [u32; FrameTiming::MOST_STAGES],
    count: u64,
    spans: [Span; FrameTiming::MOST_SPANS],
}

impl FrameTiming {
    /// Bytes of one in a slot.
    pub const BYTES: usize = size_of::<Self>();
    /// No pipeline has more stages.
    pub const MOST_STAGES: usize = 16;
    /// Spans that find room.
    pub const MOST_SPANS: usize = 96;

    /// The spans, as far as they were wanted.
    pub fn spans(&self) -> &[Span] {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        &self.spans[..count.min(Self::MOST_SPANS)]
    }

    /// Removes all spans.
    pub fn clear_spans(&mut self) {
        self.count = 0;
    }

    /// Adds a span if there is room.
    pub fn push(&mut self, span: Span) {
        if let Some(room) = self.spans.get_mut(self.count as usize) {
            *room = span;
            self.count += 1;
        }
    }

    /// The bytes to be written into a slot: no more than there are spans.
    pub fn bytes(&self) -> &[u8] {
        let unused = (Self::MOST_SPANS - self.spans().len()) * size_of::<Span>();
        &bytemuck::bytes_of(self)[..Self::BYTES - unused]
    }

    /// What a slot holds. `None` where there is nothing, or nothing that could be true `now`.
    pub fn read(bytes: &[u8], now: u64) -> Option<Self> {
        let timing: Self = bytemuck::try_pod_read_unaligned(bytes.get(..Self::BYTES)?).ok()?;
        let took = timing.ended.checked_sub(timing.received)?;
        let inside = |span: &Span| {
            (span.offset.checked_add(span.nanos)).is_some_and(|end| end <= took && span.kind <= 1)
        };
        let is_true = timing.received > 0
            && timing.ended <= now
            && timing.waited <= timing.received
            && timing.analysing <= took
            && timing.inference <= timing.analysing
            && timing.answering <= timing.received
            && timing.count <= Self::MOST_SPANS as u64
            && timing.spans().iter().all(inside);
        is_true.then_some(timing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing() -> FrameTiming {
        FrameTiming {
            received: 1000,
            ended: 2000,
            waited: 10,
            analysing: 900,
            inference: 500,
            answering: 5,
            ..FrameTiming::zeroed()
        }
    }

    fn in_slot(timing: &FrameTiming) -> Vec<u8> {
        let mut slot = vec![0xee; FrameTiming::BYTES];
        let bytes = timing.bytes();
        slot[..bytes.len()].copy_from_slice(bytes);
        slot
    }

    #[test]
    fn what_is_written_is_read() {
        let mut timing = timing();
        timing.push(Span::new(SpanOf::Stage(3), 100, 600));
        timing.push(Span::new(SpanOf::Inference(1), 200, 500));
        let read = FrameTiming::read(&in_slot(&timing), 3000).unwrap();
        assert_eq!(read.waited, 10);
        let spans: Vec<_> = read.spans().iter().map(|s| (s.of(), s.offset)).collect();
        assert_eq!(
            spans,
            [(SpanOf::Stage(3), 100), (SpanOf::Inference(1), 200)]
        );
    }

    #[test]
    fn nothing_and_nonsense_are_not_believed() {
        assert!(FrameTiming::read(&[0; FrameTiming::BYTES], 3000).is_none());
        assert!(FrameTiming::read(&[0xff; FrameTiming::BYTES], 3000).is_none());
        assert!(FrameTiming::read(&[], 3000).is_none());
        assert!(FrameTiming::read(&in_slot(&timing()), 1999).is_none());
        let mut outside = timing();
        outside.push(Span::new(SpanOf::Stage(0), 500, 501));
        assert!(FrameTiming::read(&in_slot(&outside), 3000).is_none());
    }

    #[test]
    fn what_finds_no_room_is_left_out() {
        let mut timing = timing();
        for _ in 0..2 * FrameTiming::MOST_SPANS {
            timing.push(Span::new(SpanOf::Stage(0), 0, 1));
        }
        let read = FrameTiming::read(&in_slot(&timing), 3000).unwrap();
        assert_eq!(read.spans().len(), FrameTiming::MOST_SPANS);
    }
}
