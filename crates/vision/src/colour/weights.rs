//! How many rows (or columns) of subsampled chroma make one of the picture, and with which weights.
//!
//! Bicubic with the parameters of libswscale's `SWS_BICUBIC` (B = 0, C = 0.6), in whole numbers and
//! with its order of roundings, because the weights decide the last bit of every colour.

/// What one row or column is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taps {
    /// The first source row or column.
    pub first: usize,
    /// The weights of it and those that follow, as far as [`Weights::taps`] says.
    pub weights: [i32; Weights::MOST_TAPS],
}

/// The weights of every row or column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weights {
    /// How many sources each is made of: 1 to 5, or fewer where there are fewer.
    pub taps: usize,
    rows: Vec<Taps>,
}

/// Before the common factor is taken out, a sum of weights is this.
const ONE: i64 = 1 << 54;
/// What a weight may lose at the ends without being missed, in 1/1000 of the sum.
const CUT_OFF: i64 = ONE / 500;

impl Weights {
    pub(super) const MOST_TAPS: usize = 5;

    /// Weights that sum up to `sum` for `to` rows or columns made of `from`, which is at most `to`.
    pub(super) fn new(from: usize, to: usize, sum: i32) -> Self {
        let step = step(from, to);
        if (step - (1 << 16)).abs() < 10 {
            return Self::one_each(from, to, sum);
        }
        let wanted = Self::MOST_TAPS.min(from.saturating_sub(2)).max(1);
        let mut rows: Vec<(i64, Vec<i64>)> =
            (0..to).map(|i| bicubic(centre(i, step), wanted)).collect();
        let taps = shorten(&mut rows);
        Self {
            taps,
            rows: rows
                .into_iter()
                .map(|(first, weights)| inside(first, &weights[..taps], from, sum))
                .collect(),
        }
    }

    fn one_each(from: usize, to: usize, sum: i32) -> Self {
        let mut weights = [0; Self::MOST_TAPS];
        weights[0] = sum;
        let last = from.saturating_sub(1);
        Self {
            taps: 1,
            rows: (0..to)
                .map(|i| Taps {
                    first: i.min(last),
                    weights,
                })
                .collect(),
        }
    }

    /// What row or column `i` is made of.
    pub(super) fn of(&self, i: usize) -> &Taps {
        &self.rows[i]
    }
}

/// How far apart the sources of two neighbours are, in 1/65536 of a source.
fn step(from: usize, to: usize) -> i64 {
    (((from as i64) << 16) + (to as i64 >> 1)) / to as i64
}

/// Where the middle of row `i` lies among the sources, in 1/131072 of a source.
fn centre(i: usize, step: i64) -> i64 {
    step - (1 << 16) + 2 * step * i as i64
}

/// The first source around `centre`, and the weights of `taps` sources from there on.
fn bicubic(centre: i64, taps: usize) -> (i64, Vec<i64>) {
    const UNIT: i64 = 1 << 24;
    const C: i64 = UNIT * 6 / 10;
    let first = (centre - (taps as i64 - 2) * (1 << 16)) / (1 << 17);
    let weight = |source: i64| {
        // The distance in 1/2^30, its square and its cube.
        let d = (source * (1 << 17) - centre).abs() << 13;
        if d >= 1 << 31 {
            return 0;
        }
        let dd = (d * d) >> 30;
        let ddd = (dd * d) >> 30;
        if d < 1 << 30 {
            (12 * UNIT - 6 * C) * ddd + (-18 * UNIT + 6 * C) * dd + 6 * UNIT * (1 << 30)
        } else {
            -6 * C * ddd + 30 * C * dd - 48 * C * d + 24 * C * (1 << 30)
        }
    };
    (first, (first..first + taps as i64).map(weight).collect())
}

/// Leaves out what counts for nearly nothing at both ends. Returns how many weights are left.
fn shorten(rows: &mut [(i64, Vec<i64>)]) -> usize {
    let mut longest = 0;
    let mut first_below = i64::MAX;
    for (first, weights) in rows.iter_mut().rev() {
        let mut lost = 0;
        for _ in 0..weights.len() {
            lost += weights[0].abs();
            // Sources stay in the order of the rows.
            if lost > CUT_OFF || *first >= first_below {
                break;
            }
            weights.rotate_left(1);
            if let Some(last) = weights.last_mut() {
                *last = 0;
            }
            *first += 1;
        }
        first_below = *first;
        let mut length = weights.len();
        let mut lost = 0;
        for weight in weights[1..].iter().rev() {
            lost += weight.abs();
            if lost > CUT_OFF {
                break;
            }
            length -= 1;
        }
        longest = longest.max(length);
    }
    longest
}

/// Gives the weights of sources before the first and behind the last to these, and rounds all such
/// that what one loses the next one gets.
fn inside(first: i64, weights: &[i64], sources: usize, sum: i32) -> Taps {
    let mut whole = vec![0_i64; weights.len()];
    let last = sources as i64 - 1;
    let start = first.clamp(0, (sources as i64 - weights.len() as i64).max(0));
    for (source, weight) in (first..).zip(weights) {
        let place = source.clamp(0, last) - start;
        whole[place as usize] += weight;
    }
    let total: i64 = whole.iter().sum();
    let unit = (total + i64::from(sum / 2)) / i64::from(sum);
    let mut taps = Taps {
        first: start as usize,
        weights: [0; Weights::MOST_TAPS],
    };
    let mut carried = 0;
    for (weight, exact) in taps.weights.iter_mut().zip(whole) {
        let exact = exact + carried;
        let rounded = (exact.abs() + (unit >> 1)) / unit * exact.signum();
        carried = exact - rounded * unit;
        *weight = rounded as i32;
    }
    taps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_picture_of_twice_the_height_has_two_kinds_of_rows() {
        let weights = Weights::new(240, 480, 4096);
        assert_eq!(weights.taps, 4);
        let inner = |i: usize| (weights.of(i).first, weights.of(i).weights);
        assert_eq!(inner(101), (49, [-346, 3572, 985, -115, 0]));
        assert_eq!(inner(102), (49, [-115, 985, 3572, -346, 0]));
        assert_eq!(inner(0), (0, [4432, -336, 0, 0, 0]));
    }

    #[test]
    fn without_subsampling_each_row_is_its_own() {
        let weights = Weights::new(7, 7, 4096);
        assert_eq!(weights.taps, 1);
        assert_eq!(weights.of(6).first, 6);
    }

    proptest! {
        #[test]
        fn weights_sum_up_and_stay_inside(to in 1_usize..3000) {
            let from = to.div_ceil(2);
            let weights = Weights::new(from, to, 4096);
            for i in 0..to {
                let taps = weights.of(i);
                prop_assert_eq!(taps.weights.iter().sum::<i32>(), 4096);
                prop_assert!(taps.first + weights.taps <= from.max(1));
            }
        }
    }
}
