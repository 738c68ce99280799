//! Which value comes at a certain place when all are sorted, without keeping them.
//!
//! The values are shown several times. Each pass counts the next digit of those that agree with
//! what is known of the wanted one so far; memory does not depend on how many values there are.

/// Bits of a value that one pass decides.
const DIGIT: u32 = 16;
/// Passes after which every bit is known.
pub(super) const PASSES: u32 = u64::BITS / DIGIT;

/// Looks for the value of one rank in the order of [`f64::total_cmp`].
#[derive(Debug, Clone)]
pub(super) struct RankSearch {
    /// Place among the values that agree with `known`, counted from 0.
    rank: u64,
    /// The leading bits of the wanted value, as far as they are known.
    known: u64,
    passes: u32,
    counts: Vec<u32>,
}

impl RankSearch {
    /// Looks for the value that comes after `rank` smaller ones. There must be more values than
    /// that.
    pub(super) fn new(rank: u64) -> Self {
        Self {
            rank,
            known: 0,
            passes: 0,
            counts: vec![0; 1 << DIGIT],
        }
    }

    /// Shows a value; in each pass all of them must be shown, in any order.
    pub(super) fn show(&mut self, value: f64) {
        let key = key_of(value);
        let below = u64::BITS - DIGIT * self.passes;
        if below == u64::BITS || key >> below == self.known {
            let digit = (key >> (below - DIGIT)) as usize & ((1 << DIGIT) - 1);
            self.counts[digit] += 1;
        }
    }

    /// All values have been shown once more. After [`PASSES`] of these the value is known.
    pub(super) fn end_pass(&mut self) {
        let mut found = None;
        for (digit, count) in self.counts.iter_mut().enumerate() {
            let count = u64::from(std::mem::take(count));
            if found.is_some() {
                continue;
            }
            if self.rank < count {
                found = Some(digit as u64);
            } else {
                self.rank -= count;
            }
        }
        self.known = self.known << DIGIT | found.unwrap_or(0);
        self.passes += 1;
    }

    /// The value, once all passes are over.
    pub(super) fn value(&self) -> f64 {
        debug_assert_eq!(self.passes, PASSES);
        value_of(self.known)
    }
}

/// A number that is ordered as [`f64::total_cmp`] orders the values.
fn key_of(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn value_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key & !(1 << 63)
    } else {
        !key
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_value_that_sorting_finds(
            mut values in prop::collection::vec(any::<f64>(), 1..60),
            few in prop::collection::vec(-2_i8..3, 0..60),
            rank in any::<prop::sample::Index>(),
        ) {
            values.extend(few.into_iter().map(f64::from));
            let rank = rank.index(values.len());
            let mut search = RankSearch::new(rank as u64);
            for _ in 0..PASSES {
                values.iter().for_each(|&value| search.show(value));
                search.end_pass();
            }
            values.sort_by(f64::total_cmp);
            prop_assert_eq!(search.value().to_bits(), values[rank].to_bits());
        }
    }
}
