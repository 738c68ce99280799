//! The formulas, on plain series of numbers.

use serde::Serialize;

/// Pearson's correlation of pairs; nothing when one side does not vary, or there are fewer than two.
pub fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    if is_constant(pairs.iter().map(|pair| pair.0)) || is_constant(pairs.iter().map(|pair| pair.1))
    {
        return None;
    }
    let n = pairs.len() as f64;
    let mean_a = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let mean_b = pairs.iter().map(|pair| pair.1).sum::<f64>() / n;
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        let (a, b) = (a - mean_a, b - mean_b);
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    let r = ab / (aa.sqrt() * bb.sqrt());
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

/// Whether all values of one side are the same.
pub fn is_constant(mut values: impl Iterator<Item = f64>) -> bool {
    let first = values.next();
    values.all(|value| Some(value) == first)
}

/// Two raters' yes and no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Both say yes.
    pub both: usize,
    /// Only the first says yes.
    pub only_a: usize,
    /// Only the second says yes.
    pub only_b: usize,
    /// Both say no.
    pub neither: usize,
}

impl Agreement {
    /// Counts pairs.
    pub fn of(pairs: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut counts = Self::default();
        for pair in pairs {
            *match pair {
                (true, true) => &mut counts.both,
                (true, false) => &mut counts.only_a,
                (false, true) => &mut counts.only_b,
                (false, false) => &mut counts.neither,
            } += 1;
        }
        counts
    }

    /// Number of pairs.
    pub fn count(&self) -> usize {
        self.both + self.only_a + self.only_b + self.neither
    }

    /// Pairs that differ.
    pub fn flips(&self) -> usize {
        self.only_a + self.only_b
    }

    /// The share of pairs that are equal, 0 to 1; nothing without pairs.
    pub fn equal(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| (count - self.flips()) as f64 / count as f64)
    }

    /// Cohen's κ: 1 for full agreement, 0 for as much as chance gives. Nothing when both say the
    /// same throughout: then there is nothing that chance could not do.
    pub fn kappa(&self) -> Option<f64> {
        let n = self.count() as f64;
        let equal = self.equal()?;
        let yes_a = (self.both + self.only_a) as f64 / n;
        let yes_b = (self.both + self.only_b) as f64 / n;
        let by_chance = yes_a * yes_b + (1.0 - yes_a) * (1.0 - yes_b);
        (by_chance < 1.0).then(|| (equal - by_chance) / (1.0 - by_chance))
    }
}

/// The `share` quantile (0 to 1), between two values in proportion; nothing without values.
pub fn quantile(values: &mut [f32], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f32::total_cmp);
    let low = f64::from(*low);
    let high = above
        .iter()
        .copied()
        .min_by(f32::total_cmp)
        .map_or(low, f64::from);
    Some(low + (high - low) * (place - below as f64))
}

/// Sizes of differences, which are never negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// 95 % are not larger.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of these sizes, which it brings out of order; nothing without any.
    pub fn of(sizes: &mut [f32]) -> Option<Self> {
        let sum: f64 = sizes.iter().map(|&size| f64::from(size)).sum();
        Some(Self {
            count: sizes.len(),
            mean: sum / sizes.len() as f64,
            p95: quantile(sizes, 0.95)?,
            max: quantile(sizes, 1.0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values() {
        // By hand: deviations (-1, 0, 1) and (-1, 1, 0): 1 / 2.
        let r = pearson(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]).unwrap();
        assert!((r - 0.5).abs() < 1e-15);
        assert_eq!(pearson(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(pearson(&[(1.0, 2.0)]), None);
        assert_eq!(pearson(&[]), None);

        // The textbook's example: 20 both, 15 neither, 5 and 10 apart: κ = (0.7 - 0.5) / 0.5.
        let agreement = Agreement {
            both: 20,
            only_a: 5,
            only_b: 10,
            neither: 15,
        };
        assert!((agreement.kappa().unwrap() - 0.4).abs() < 1e-12);
        assert_eq!((agreement.equal(), agreement.flips()), (Some(0.7), 15));
        assert_eq!(
            Agreement {
                both: 9,
                ..Agreement::default()
            }
            .kappa(),
            None
        );
        assert_eq!(
            Agreement {
                only_a: 9,
                ..Agreement::default()
            }
            .kappa(),
            Some(0.0)
        );
        assert_eq!(Agreement::default().equal(), None);

        let mut values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&mut values, 0.5), Some(2.5));
        assert_eq!(quantile(&mut values, 0.0), Some(1.0));
        assert_eq!(quantile(&mut values, 1.0), Some(4.0));
        assert_eq!(quantile(&mut [], 0.5), None);
        let spread = Spread::of(&mut [0.0, 1.0]).unwrap();
        assert_eq!((spread.mean, spread.max, spread.count), (0.5, 1.0, 2));
        assert!((spread.p95 - 0.95).abs() < 1e-12);
        assert!(is_constant([2.0, 2.0].into_iter()) && !is_constant([2.0, 1.0].into_iter()));
    }

    fn series() -> impl Strategy<Value = Vec<(f64, f64)>> {
        // As tables print them: two decimals.
        prop::collection::vec((0i32..500, 0i32..500), 2..60).prop_map(|pairs| {
            let number = |value: i32| f64::from(value) / 100.0;
            pairs
                .into_iter()
                .map(|(a, b)| (number(a), number(b)))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn r_does_not_depend_on_scale_and_offset(
            pairs in series(),
            scale in 0.01f64..100.0,
            offset in -100.0f64..100.0,
        ) {
            let moved: Vec<_> = pairs.iter().map(|&(a, b)| (a * scale + offset, b)).collect();
            let turned: Vec<_> = pairs.iter().map(|&(a, b)| (-a, b)).collect();
            match (pearson(&pairs), pearson(&moved), pearson(&turned)) {
                (Some(r), Some(moved), Some(turned)) => {
                    prop_assert!((-1.0..=1.0).contains(&r));
                    prop_assert!((r - moved).abs() < 1e-6, "{} {}", r, moved);
                    prop_assert!((r + turned).abs() < 1e-12);
                }
                (None, None, None) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn r_is_symmetric_and_one_for_itself(pairs in series()) {
            let turned: Vec<_> = pairs.iter().map(|&(a, b)| (b, a)).collect();
            prop_assert_eq!(pearson(&pairs), pearson(&turned));
            let same: Vec<_> = pairs.iter().map(|&(a, _)| (a, a)).collect();
            if let Some(r) = pearson(&same) {
                prop_assert!((r - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn kappa_is_at_most_the_share_of_equal_pairs(pairs in prop::collection::vec(any::<(bool, bool)>(), 1..80)) {
            let agreement = Agreement::of(pairs.iter().copied());
            let equal = agreement.equal().unwrap();
            match agreement.kappa() {
                Some(kappa) => {
                    prop_assert!((-1.0..=1.0).contains(&kappa));
                    prop_assert!(kappa <= equal + 1e-12);
                    prop_assert_eq!(kappa == 1.0, agreement.flips() == 0);
                }
                None => prop_assert_eq!(equal, 1.0),
            }
            let turned = Agreement::of(pairs.into_iter().map(|(a, b)| (b, a)));
            prop_assert_eq!(agreement.kappa(), turned.kappa());
        }

        #[test]
        fn a_quantile_has_its_share_below(values in prop::collection::vec(0f32..9.0, 1..60), share in 0f64..=1.0) {
            let found = quantile(&mut values.clone(), share).unwrap() as f32;
            let below = values.iter().filter(|&&v| v < found - 1e-5).count() as f64;
            let above = values.iter().filter(|&&v| v > found + 1e-5).count() as f64;
            let last = (values.len() - 1) as f64;
            prop_assert!(below <= (share * last).ceil() + 1e-9);
            prop_assert!(above <= ((1.0 - share) * last).ceil() + 1e-9);
        }
    }
}
