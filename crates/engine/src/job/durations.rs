//! Durations of many frames in little memory: enough to tell their median and their long tail.
//!
//! A histogram whose columns grow with the duration, 32 to each doubling, so that a quantile is
//! right to about 2 %.

/// Columns of a doubling.
const PER_DOUBLING: usize = 32;
/// A nanosecond to four seconds; what is longer counts as that.
const DOUBLINGS: usize = 32;

/// How often which duration was seen.
#[derive(Debug, Clone)]
pub struct Durations {
    counts: Vec<u32>,
    count: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            counts: vec![0; 1 + PER_DOUBLING * DOUBLINGS],
            count: 0,
        }
    }
}

impl Durations {
    /// Adds one.
    pub fn add(&mut self, nanos: u32) {
        let column = match nanos {
            0 => 0,
            nanos => 1 + (f64::from(nanos).log2() * PER_DOUBLING as f64) as usize,
        };
        let last = self.counts.len() - 1;
        self.counts[column.min(last)] += 1;
        self.count += 1;
    }

    /// The duration that a `share` (0 to 1) of all do not exceed, in milliseconds; nothing without
    /// any.
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let wanted = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let column = self.counts.iter().position(|&count| {
            seen += u64::from(count);
            seen >= wanted
        })?;
        Some(match column {
            0 => 0.0,
            // The middle of the column.
            column => ((column as f64 - 0.5) / PER_DOUBLING as f64).exp2() / 1e6,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_few_percent() {
        let mut durations = Durations::default();
        assert_eq!(durations.quantile_ms(0.5), None);
        for milliseconds in 1..=1000 {
            durations.add(milliseconds * 1_000_000);
        }
        for (share, expected) in [(0.5, 500.0), (0.95, 950.0), (0.0, 1.0), (1.0, 1000.0)] {
            let found = durations.quantile_ms(share).unwrap();
            assert!((found / expected - 1.0).abs() < 0.025, "{share}: {found}");
        }
    }

    #[test]
    fn nothing_and_too_much_have_their_columns() {
        let mut durations = Durations::default();
        durations.add(0);
        assert_eq!(durations.quantile_ms(0.5), Some(0.0));
        durations.add(u32::MAX);
        assert!(durations.quantile_ms(1.0).unwrap() > 4000.0);
    }
}
