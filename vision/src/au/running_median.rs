//! The running median of every descriptor value over the frames of a video.
//!
//! Medians are read from histograms, as OpenFace does, so that memory does not grow with the
//! video. The bin that holds the median moves little when a value is added, so it is followed
//! instead of looked for. Histograms are large and frames touch them all over, so a few frames are
//! gathered before they are counted.

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
        self.fhog.medians(fhog);
        for median in fhog {
            *median = median.max(0.0);
        }
        self.geometry.medians(geometry);
    }
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
    /// Values not counted yet, frame after frame.
    gathered: Vec<u16>,
}

/// Where the median of one dimension is.
#[derive(Debug, Clone, Copy, Default)]
struct Median {
    bin: u16,
    /// Number of values in the bins before.
    below: u32,
}

impl Histograms {
    fn new(dimensions: usize, bins: Bins) -> Self {
        Self {
            bins,
            counts: vec![0; dimensions * usize::from(bins.count)],
            medians: vec![Median::default(); dimensions],
            counted: 0,
            gathered: Vec::with_capacity(GATHERED_FRAMES * dimensions),
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
        if self.gathered.len() >= GATHERED_FRAMES * values.len() {
            self.count();
        }
    }

    /// Counts what has been gathered, dimension after dimension.
    fn count(&mut self) {
        let dimensions = self.medians.len();
        let frames = self.gathered.len() / dimensions;
        if frames == 0 {
            return;
        }
        let is_first = self.counted == 0;
        self.counted += frames as u32;
        let rank = self.counted.div_ceil(2);
        let histograms = self.counts.chunks_exact_mut(self.bins.count.into());
        for (dimension, (counts, median)) in histograms.zip(&mut self.medians).enumerate() {
            let values = self.gathered[dimension..].iter().step_by(dimensions);
            if is_first {
                // Anywhere near the values will do to begin with.
                median.bin = self.gathered[dimension];
            }
            for &bin in values {
                counts[usize::from(bin)] += 1;
                median.below += u32::from(bin < median.bin);
            }
            median.follow(counts, rank);
        }
        self.gathered.clear();
    }

    fn medians(&mut self, out: &mut [f64]) {
        self.count();
        for (out, median) in out.iter_mut().zip(&self.medians) {
            *out = self.bins.centre(median.bin);
        }
    }
}

impl Median {
    /// Moves to the first bin up to which there are `rank` values or more.
    #[inline]
    fn follow(&mut self, counts: &[u32], rank: u32) {
        while self.below >= rank {
            self.bin -= 1;
            self.below -= counts[usize::from(self.bin)];
        }
        loop {
            let through = self.below + counts[usize::from(self.bin)];
            if through >= rank {
                return;
            }
            self.below = through;
            self.bin += 1;
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
                prop_oneof![0_u16..1000, 480_u16..500, Just(0), Just(999)], 1..80),
            looked_at in prop::collection::vec(any::<bool>(), 80),
        ) {
            let mut histograms = Histograms::new(1, FHOG_BINS);
            let mut seen = Vec::new();
            for (value, look) in sequence.into_iter().zip(looked_at) {
                seen.push(value);
                histograms.add(&[value]);
                if look {
                    let mut median = [0.0];
                    histograms.medians(&mut median);
                    let mut sorted = seen.clone();
                    sorted.sort_unstable();
                    let expected = sorted[seen.len().div_ceil(2) - 1];
                    prop_assert_eq!(median[0], FHOG_BINS.centre(expected));
                }
            }
        }
    }
}
