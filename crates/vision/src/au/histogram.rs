//! The histograms from which running medians are read: their bins, and what a bin stands for.

/// Evenly spaced bins between two values; what lies outside goes to the first or last bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bins {
    /// Number of bins.
    pub count: u16,
    low: f64,
    high: f64,
}

/// The bins of an FHOG value.
pub const FHOG_BINS: Bins = Bins {
    count: 1000,
    low: -0.005,
    high: 1.0,
};

/// The bins of a geometry value.
pub const GEOMETRY_BINS: Bins = Bins {
    count: 10_000,
    low: -60.0,
    high: 60.0,
};

impl Bins {
    /// The bin that `value` falls in.
    #[inline]
    pub fn bin(&self, value: f64) -> u16 {
        let count = f64::from(self.count);
        let position = (value - self.low) * count / (self.high - self.low);
        position.clamp(0.0, count - 1.0) as u16
    }

    /// No value that a bin stands for is farther from 0.
    pub(super) fn farthest(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// The value in the middle of a bin.
    #[inline]
    pub fn centre(&self, bin: u16) -> f64 {
        let width = (self.high - self.low) / f64::from(self.count);
        self.low + f64::from(bin) * width + 0.5 * width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_holds_its_centre() {
        for bins in [FHOG_BINS, GEOMETRY_BINS] {
            for bin in 0..bins.count {
                assert_eq!(bins.bin(bins.centre(bin)), bin);
            }
        }
    }

    #[test]
    fn outliers_go_to_the_ends() {
        assert_eq!(FHOG_BINS.bin(0.0), 4);
        assert_eq!(FHOG_BINS.bin(7.0), 999);
        assert_eq!(GEOMETRY_BINS.bin(-61.0), 0);
        assert_eq!(GEOMETRY_BINS.bin(f64::NAN), 0);
    }
}
