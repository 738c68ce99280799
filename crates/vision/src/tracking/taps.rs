//! What linear scaling needs to know of its source, whatever arithmetic it is done in: which two
//! pixels an element lies between, and which two rows are at hand.

use std::ops::Range;

/// Where one output row or column comes from: two neighbouring source pixels and their weights. A
/// pixel outside the frame is pixel 0 with weight 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tap<W> {
    pub(super) first: (usize, W),
    pub(super) second: (usize, W),
}

/// The columns (or rows) that `taps` look at.
pub(super) fn covered<W>(taps: &[Tap<W>]) -> Range<usize> {
    let all = || taps.iter().flat_map(|tap| [tap.first.0, tap.second.0]);
    let first = all().min().unwrap_or(0);
    first..all().max().map_or(first, |last| last + 1)
}

impl<W: Default> Tap<W> {
    /// The source of element `at` of `count` when `length` pixels from `start` on are scaled to
    /// `count` elements (pixel centres at halves, the ends repeated), in a frame of `size` pixels.
    /// `weight` turns a share of 0 to 1 into a weight.
    pub(super) fn new(
        (at, count): (usize, usize),
        start: i64,
        length: usize,
        size: usize,
        weight: impl Fn(f32) -> W,
    ) -> Self {
        let position = ((at as f64 + 0.5) * (length as f64 / count as f64) - 0.5) as f32;
        let last = length - 1;
        let low = position.floor();
        let (index, share) = if low < 0.0 {
            (0, 0.0)
        } else if low as usize >= last {
            (last, 0.0)
        } else {
            (low as usize, position - low)
        };
        let inside = |index: usize, share: f32| {
            let absolute = start.saturating_add_unsigned(index as u64);
            match usize::try_from(absolute) {
                Ok(absolute) if absolute < size => (absolute, weight(share)),
                _ => (0, W::default()),
            }
        };
        Self {
            first: inside(index, 1.0 - share),
            second: inside((index + 1).min(last), share),
        }
    }
}

/// Two source rows, scaled horizontally. Neighbouring output rows often share them, so it is
/// remembered which ones are at hand.
#[derive(Debug, Clone, Default)]
pub(super) struct RowPair<T> {
    rows: [Vec<T>; 2],
    held: [Option<usize>; 2],
}

impl<T> RowPair<T> {
    /// Forgets the rows of the last image; their memory is kept.
    pub(super) fn begin(&mut self) {
        self.held = [None; 2];
    }

    /// The rows numbered `wanted`, of which `scale_row` makes those that are not at hand.
    pub(super) fn get(
        &mut self,
        wanted: [usize; 2],
        mut scale_row: impl FnMut(usize, &mut Vec<T>),
    ) -> [&[T]; 2] {
        if self.held[0] != Some(wanted[0]) && self.held[1] == Some(wanted[0]) {
            self.held.swap(0, 1);
            self.rows.swap(0, 1);
        }
        let places = self.rows.iter_mut().zip(&mut self.held);
        for ((row, held), number) in places.zip(wanted) {
            if *held != Some(number) {
                scale_row(number, row);
                *held = Some(number);
            }
        }
        self.rows.each_ref().map(Vec::as_slice)
    }
}
