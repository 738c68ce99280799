//! Which frame, and which face: the two ways of counting frames, and the numbers of tracks.

use std::fmt;

/// A frame by its place in the video, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameIndex(pub usize);

/// A frame by its number in the video, counted from 1, as tables and messages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(u64);

impl FrameIndex {
    /// The same frame as people count.
    pub fn number(self) -> FrameNumber {
        FrameNumber(self.0 as u64 + 1)
    }
}

impl FrameNumber {
    /// The frame of this number; `None` for 0, which no frame has.
    pub fn new(number: u64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The number, 1 or more.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The same frame counted from 0.
    pub fn index(self) -> FrameIndex {
        FrameIndex((self.0 - 1) as usize)
    }
}

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A frame and when it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameTime {
    /// The frame.
    pub index: FrameIndex,
    /// Seconds since the first frame.
    pub seconds: f64,
}

/// The number of a track: one face, followed from frame to frame.
///
/// A worker counts the tracks of a segment as it meets them; what a table calls them is decided
/// where segments are joined (see [`TrackNumbers`](crate::TrackNumbers)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Track(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_counting_name_one_frame() {
        assert_eq!(FrameNumber::new(0), None);
        let first = FrameNumber::new(1).unwrap();
        assert_eq!(first.index(), FrameIndex(0));
        assert_eq!(FrameIndex(811).number().to_string(), "812");
        assert_eq!(FrameIndex(811).number().index(), FrameIndex(811));
    }
}
