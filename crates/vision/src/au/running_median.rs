//! The running median of every descriptor value over the frames of a video.
//!
//! Medians are read from histograms, as OpenFace does, so that memory does not grow with the
//! video. The bin that holds the median moves little when a value is added, so it is followed
//! instead of looked for. Histograms are large and frames touch them all over, so some frames are
//! gathered before they are counted; only a median that has to move looks at its histogram earlier.

use super::histogram::{Bins, FHOG_BINS, GEOMETRY_BINS};
use crate::analysis::{FHOG_LEN, GEOMETRY_LEN};

/// Frames that are counted in one go. Their bins fit into the processor's cache, the histograms do
/// not.
const GATHERED_FRAMES: usize = 32;

/// A bin that its histogram does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bin {bin} of a histogram of {count} bins")]
pub struct BinError {
    bin: u16,
    count: u16,
}

/// Histograms of all descriptor values, and their medians.
#[derive(Debug, Clone)]
pub struct RunningMedian {
    frames: u32,
    fhog: Histograms,
    geometry: Histograms,
}

impl Default for RunningMedian {
    fn default() -> Self {
        Self::new()
    }
}

impl RunningMedian {
    /// Of no frames so far.
    pub fn new() -> Self {
        Self {
            frames: 0,
            fhog: Histograms::new(FHOG_LEN, FHOG_BINS),
            geometry: Histograms::new(GEOMETRY_LEN, GEOMETRY_BINS),
        }
    }

    /// Number of frames added so far.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// Adds a frame, given as the bin of every value.
    ///
    /// # Errors
    /// When a bin does not exist. Nothing is added then.
    pub fn add(
        &mut self,
        fhog: &[u16; FHOG_LEN],
        geometry: &[u16; GEOMETRY_LEN],
    ) -> Result<(), BinError> {
        self.fhog.check(fhog)?;
        self.geometry.check(geometry)?;
        self.frames += 1;
        self.fhog.add(fhog);
        self.geometry.add(geometry);
        Ok(())
    }

    /// The median of every value: the middle of the bin in which the (frames + 1) / 2-th smallest
    /// value lies, or of the first bin when there are no frames. FHOG medians below 0 become 0.
    pub fn medians(&mut self, fhog: &mut [f64; FHOG_LEN], geometry: &mut [f64; GEOMETRY_LEN]) {
        self.fhog.follow();
        self.geometry.follow();
        for (out, median) in fhog.iter_mut().zip(&self.fhog.medians) {
            *out = fhog_value(median.bin);
        }
        for (out, median) in geometry.iter_mut().zip(&self.geometry.medians) {
            *out = GEOMETRY_BINS.centre(median.bin);
        }
    }

    /// Tells which medians have moved since this was last asked: the feature's number (FHOG first),
    /// what its median was (0 for all of them the first time), and what it is.
    pub(super) fn moves(&mut self, mut moved: impl FnMut(usize, f64, f64)) {
        self.fhog
            .moves(|i, from, to| moved(i, from.map_or(0.0, fhog_value), fhog_value(to)));
        let value = |bin| GEOMETRY_BINS.centre(bin);
        self.geometry
            .moves(|i, from, to| moved(FHOG_LEN + i, from.map_or(0.0, value), value(to)));
    }
}

/// What the median of an FHOG value is when it lies in a bin.
fn fhog_value(bin: u16) -> f64 {
    FHOG_BINS.centre(bin).max(0.0)
}

/// One histogram per dimension.
#[derive(Debug, Clone)]
struct Histograms {
    bins: Bins,
    /// Values per dimension and bin.
    counts: Vec<u32>,
    medians: Vec<Median>,
    /// Number of values counted per dimension.
    counted: u32,
    /// Values that are not in all histograms yet, frame after frame.
    gathered: Vec<u16>,
    /// How many frames of these the medians know of.
    followed: usize,
}

/// Where the median of one dimension is. To know that it stays takes no look at its histogram.
#[derive(Debug, Clone, Copy, Default)]
struct Median {
    bin: u16,
    /// The bin that was told last, if it was ever told.
    told: Option<u16>,
    /// How many of the gathered frames are in the histogram already.
    counted: u16,
    /// Number of values in the bins before.
    below: u32,
    /// Number of values in the bin.
    inside: u32,
}

impl Histograms {
    fn new(dimensions: usize, bins: Bins) -> Self {
        Self {
            bins,
            counts: vec![0; dimensions * usize::from(bins.count)],
            medians: vec![Median::default(); dimensions],
            counted: 0,
            gathered: Vec::with_capacity(GATHERED_FRAMES * dimensions),
            followed: 0,
        }
    }

    fn check(&self, values: &[u16]) -> Result<(), BinError> {
        let count = self.bins.count;
        match values.iter().copied().max() {
            Some(bin) if bin >= count => Err(BinError { bin, count }),
            _ => Ok(()),
        }
    }

    /// Adds one value per dimension.
    fn add(&mut self, values: &[u16]) {
        self.gathered.extend_from_slice(values);
        let frames = self.gathered.len() / self.medians.len();
        if frames >= GATHERED_FRAMES {
            self.advance(true);
            self.counted += frames as u32;
            self.gathered.clear();
            self.followed = 0;
            for median in &mut self.medians {
                median.counted = 0;
            }
        }
    }

    /// Brings all medians up to date.
    fn follow(&mut self) {
        self.advance(false);
    }

    /// Lets the medians follow the frames that they do not know of yet. Histograms are told of what
    /// was gathered where a median needs to look at one, or `all` are.
    fn advance(&mut self, all: bool) {
        let dimensions = self.medians.len();
        let frames = self.gathered.len() / dimensions;
        if frames == 0 {
            return;
        }
        let rank = (self.counted + frames as u32).div_ceil(2);
        if self.counted == 0 && self.followed == 0 {
            // Anywhere near the values will do to begin with.
            for (median, &bin) in self.medians.iter_mut().zip(&self.gathered) {
                median.bin = bin;
            }
        }
        for values in self.gathered[self.followed * dimensions..].chunks_exact(dimensions) {
            for (median, &bin) in self.medians.iter_mut().zip(values) {
                median.below += u32::from(bin < median.bin);
                median.inside += u32::from(bin == median.bin);
            }
        }
        self.followed = frames;
        let histograms = self.counts.chunks_exact_mut(self.bins.count.into());
        for (dimension, (counts, median)) in histograms.zip(&mut self.medians).enumerate() {
            let stays = median.below < rank && median.below + median.inside >= rank;
            if stays && !all {
                continue;
            }
            let new = &self.gathered[usize::from(median.counted) * dimensions..];
            for &bin in new.iter().skip(dimension).step_by(dimensions) {
                counts[usize::from(bin)] += 1;
            }
            median.counted = frames as u16;
            if !stays {
                median.walk(counts, rank);
            }
        }
    }

    /// Tells of each dimension whose median has moved since it was last asked: from which bin, if it
    /// was asked before, and to which.
    fn moves(&mut self, mut moved: impl FnMut(usize, Option<u16>, u16)) {
        self.follow();
        for (dimension, median) in self.medians.iter_mut().enumerate() {
            if median.told != Some(median.bin) {
                moved(dimension, median.told, median.bin);
                median.told = Some(median.bin);
            }
        }
    }
}

impl Median {
    /// Moves to the first bin up to which there are `rank` values or more.
    fn walk(&mut self, counts: &[u32], rank: u32) {
        while self.below >= rank {
            self.bin -= 1;
            self.inside = counts[usize::from(self.bin)];
            self.below -= self.inside;
        }
        while self.below + self.inside < rank {
            self.below += self.inside;
            self.bin += 1;
            self.inside = counts[usize::from(self.bin)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_frames_the_first_bins_are_the_medians() {
        let (mut fhog, mut geometry) = ([1.0; FHOG_LEN], [1.0; GEOMETRY_LEN]);
        RunningMedian::new().medians(&mut fhog, &mut geometry);
        assert_eq!(fhog, [0.0; FHOG_LEN]);
        assert!((geometry[0] + 59.994).abs() < 1e-12);
    }

    #[test]
    fn bins_that_do_not_exist_are_refused() {
        let mut median = RunningMedian::new();
        assert!(median.add(&[1000; FHOG_LEN], &[0; GEOMETRY_LEN]).is_err());
        assert!(median.add(&[0; FHOG_LEN], &[10_000; GEOMETRY_LEN]).is_err());
        assert_eq!(median.frames(), 0);
    }

    proptest! {
        #[test]
        fn following_the_median_is_looking_for_it(
            sequence in prop::collection::vec(
                prop_oneof![0_u16..1000, 480_u16..500, Just(0), Just(999)], 1..150),
            looked_at in prop::collection::vec(any::<bool>(), 150),
        ) {
            let mut histograms = Histograms::new(1, FHOG_BINS);
            let (mut seen, mut told) = (Vec::new(), None);
            for (value, look) in sequence.into_iter().zip(looked_at) {
                seen.push(value);
                histograms.add(&[value]);
                if look {
                    let before = told;
                    histograms.moves(|_, from, to| {
                        assert_eq!(from, told);
                        told = Some(to);
                    });
                    let mut sorted = seen.clone();
                    sorted.sort_unstable();
                    let expected = sorted[seen.len().div_ceil(2) - 1];
                    prop_assert_eq!(told, Some(expected), "it was {:?}", before);
                }
            }
        }
    }
}
