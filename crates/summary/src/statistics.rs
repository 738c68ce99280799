//! The formulas: statistics in which every value stands for its time, and medians of neighbours.

use crate::thresholds::{LEAST_FRAMES, LEAST_SECONDS};

/// Values of frames that count, each with the seconds that it stands for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weighted {
    pairs: Vec<(f64, f64)>,
}

impl FromIterator<(f64, f64)> for Weighted {
    /// Of values and weights; values that are no numbers are left out.
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self {
            pairs: pairs.filter(|(value, _)| value.is_finite()).collect(),
        }
    }
}

impl Weighted {
    /// How many values there are.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// Seconds that they stand for.
    pub fn seconds(&self) -> f64 {
        self.pairs.iter().map(|pair| pair.1).sum()
    }

    /// Itself, or nothing if there are too few values for a statistic.
    pub fn enough(self) -> Option<Self> {
        // A third of a second at 30 frames a second is ten frames of 0.0333 s.
        (self.count() >= LEAST_FRAMES && self.seconds() >= LEAST_SECONDS - 1e-9).then_some(self)
    }

    /// Σ w·x / Σ w; nothing without weight.
    pub fn mean(&self) -> Option<f64> {
        let sum: f64 = self
            .pairs
            .iter()
            .map(|(value, weight)| value * weight)
            .sum();
        let weight = self.seconds();
        (weight > 0.0).then(|| sum / weight)
    }

    /// √(Σ w·(x − mean)² / (Σ w − Σ w² / Σ w)), which for equal weights divides by n − 1.
    pub fn sd(&self) -> Option<f64> {
        let mean = self.mean()?;
        let weight = self.seconds();
        let squares: f64 = self.pairs.iter().map(|pair| pair.1 * pair.1).sum();
        let divisor = weight - squares / weight;
        let sum: f64 = self
            .pairs
            .iter()
            .map(|(value, weight)| weight * (value - mean).powi(2))
            .sum();
        (divisor > 1e-12 * weight).then(|| (sum / divisor).sqrt())
    }

    /// The `share` quantile, 0 to 1, between two values in proportion. The place of a sorted value is
    /// (weight before it + half its own − half the first's) / (all − half the first's − half the
    /// last's), which for equal weights is (i − 1) / (n − 1). Sorts the values.
    pub fn quantile(&mut self, share: f64) -> Option<f64> {
        self.pairs
            .sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (first, last) = (self.pairs.first()?, self.pairs.last()?);
        let ends = (first.1 + last.1) / 2.0;
        let whole = self.seconds() - ends;
        if self.pairs.len() == 1 || whole <= 0.0 {
            return Some(first.0);
        }
        let wanted = share.clamp(0.0, 1.0) * whole + first.1 / 2.0;
        let mut before = 0.0;
        let mut previous: Option<(f64, f64)> = None;
        for &(value, weight) in &self.pairs {
            let place = before + weight / 2.0;
            if place >= wanted {
                return Some(match previous {
                    Some((at, low)) if place > at => {
                        low + (value - low) * (wanted - at) / (place - at)
                    }
                    _ => value,
                });
            }
            previous = Some((place, value));
            before += weight;
        }
        previous.map(|(_, value)| value)
    }

    /// The middle one.
    pub fn median(&mut self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// Share of the time with values that are so, in %.
    pub fn percent(&self, is_so: impl Fn(f64) -> bool) -> Option<f64> {
        let so = self.pairs.iter().filter(|pair| is_so(pair.0));
        let weight = self.seconds();
        (weight > 0.0).then(|| 100.0 * so.map(|pair| pair.1).sum::<f64>() / weight)
    }
}

/// The median of each value and its neighbours in a window of `width` frames (odd), of those that are
/// there; nothing where a value is not there itself.
pub fn median_of_neighbours(values: &[Option<f32>], width: usize) -> Vec<Option<f32>> {
    let half = width / 2;
    let mut window = Vec::with_capacity(width);
    (0..values.len())
        .map(|i| {
            values[i]?;
            let from = i.saturating_sub(half);
            let to = (i + half + 1).min(values.len());
            window.clear();
            window.extend(values[from..to].iter().copied().flatten());
            window.sort_by(f32::total_cmp);
            let middle = window.len() / 2;
            Some(if window.len() % 2 == 1 {
                window[middle]
            } else {
                (window[middle - 1] + window[middle]) / 2.0
            })
        })
        .collect()
}

/// The `share` quantile of sorted values, between two in proportion.
pub fn quantile_of_sorted(sorted: &[f32], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (low, high) = (
        f64::from(sorted[below]),
        f64::from(sorted[(below + 1).min(last)]),
    );
    Some(low + (high - low) * (place - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn even(values: &[f64]) -> Weighted {
        values.iter().map(|&value| (value, 0.1)).collect()
    }

    #[test]
    fn equal_weights_give_the_ordinary_formulas() {
        let mut four = even(&[4.0, 1.0, 3.0, 2.0, f64::NAN]);
        assert_eq!(four.count(), 4);
        assert!((four.mean().unwrap() - 2.5).abs() < 1e-12);
        assert!((four.sd().unwrap() - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        for (share, value) in [(0.0, 1.0), (0.5, 2.5), (0.95, 3.85), (1.0, 4.0)] {
            assert!(
                (four.quantile(share).unwrap() - value).abs() < 1e-9,
                "{share}"
            );
        }
        assert!((four.percent(|value| value >= 2.0).unwrap() - 75.0).abs() < 1e-9);
        assert_eq!(even(&[]).mean(), None);
        assert_eq!(even(&[2.0]).sd(), None);
        assert_eq!(even(&[2.0]).median(), Some(2.0));
    }

    #[test]
    fn a_value_stands_for_its_time() {
        let mut values: Weighted = [(0.0, 3.0), (4.0, 1.0)].into_iter().collect();
        assert_eq!(values.mean(), Some(1.0));
        assert_eq!(values.percent(|value| value > 1.0), Some(25.0));
        assert!(values.median().unwrap() < 2.5);
    }

    #[test]
    fn too_little_is_nothing() {
        assert!(even(&[1.0; 10]).enough().is_some());
        assert!(even(&[1.0; 9]).enough().is_none());
        let brief: Weighted = (0..20).map(|_| (1.0, 0.01)).collect();
        assert!(brief.enough().is_none());
    }

    #[test]
    fn medians_pass_over_what_is_not_there() {
        let values = [Some(1.0), Some(9.0), Some(2.0), None, Some(4.0)];
        let medians = median_of_neighbours(&values, 3);
        assert_eq!(medians, [Some(5.0), Some(2.0), Some(5.5), None, Some(4.0)]);
    }

    proptest! {
        #[test]
        fn quantiles_are_values_in_order(values in prop::collection::vec((-9.0..9.0, 0.01..0.1), 1..40)) {
            let mut values: Weighted = values.into_iter().collect();
            let all: Vec<f64> = (0..=20).map(|i| values.quantile(f64::from(i) / 20.0).unwrap()).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
            prop_assert_eq!(all[0], values.pairs[0].0);
            prop_assert!((all[20] - values.pairs.last().unwrap().0).abs() < 1e-9);
        }
    }
}
