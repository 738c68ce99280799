//! The values in a row of a plane, as numbers that can be calculated with.

use super::format::Depth;
use crate::simd::vectorised;
use crate::simd::words::{WORDS, Words};

/// How values lie in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packing {
    pub depth: Depth,
    /// Which of two that take turns are wanted; all, where none do.
    pub turn: Option<Turn>,
}

/// One of two that take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Second,
}

/// What is made of each value: `value * factor + plus`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub factor: i16,
    pub plus: i16,
}

impl Packing {
    /// Bytes from one value that is wanted to the next.
    pub(super) fn step(self) -> usize {
        let bytes = match self.depth {
            Depth::Eight => 1,
            Depth::Ten | Depth::TenHigh => 2,
        };
        bytes * if self.turn.is_some() { 2 } else { 1 }
    }
}

/// Reads whole vectors; what is left at the end stays as it is.
// No closures: they would not be compiled for the instructions that they use.
#[inline(always)]
fn read_with<S: Words>(simd: S, bytes: &[u8], packing: Packing, scale: Scale, out: &mut [i16]) {
    let (factor, plus) = (simd.all(scale.factor), simd.all(scale.plus));
    let out = out.as_chunks_mut::<WORDS>().0.iter_mut();
    macro_rules! each {
        ($sources:expr, |$source:ident| $read:expr) => {
            for (out, $source) in out.zip($sources) {
                simd.write(simd.plus(simd.lower($read, factor), plus), out);
            }
        };
    }
    let second = usize::from(packing.turn == Some(Turn::Second));
    let words = bytes.as_chunks::<2>().0;
    match (packing.depth, packing.turn) {
        (Depth::Eight, None) => {
            each!(bytes.as_chunks::<WORDS>().0, |bytes| simd.of_bytes(bytes));
        }
        (Depth::Eight, Some(_)) => {
            each!(bytes.as_chunks::<{ 2 * WORDS }>().0, |bytes| simd
                .of_byte_pairs(bytes)[second]);
        }
        (Depth::Ten, None) => {
            each!(words.as_chunks::<WORDS>().0, |words| simd
                .of_tens::<0>(words));
        }
        (Depth::TenHigh, None) => {
            each!(words.as_chunks::<WORDS>().0, |words| simd
                .of_tens::<6>(words));
        }
        (Depth::Ten, Some(_)) => {
            each!(words.as_chunks::<{ 2 * WORDS }>().0, |words| simd
                .of_ten_pairs::<0>(words)[second]);
        }
        (Depth::TenHigh, Some(_)) => {
            each!(words.as_chunks::<{ 2 * WORDS }>().0, |words| simd
                .of_ten_pairs::<6>(words)[second]);
        }
    }
}

vectorised! {
    fn read_vectors(bytes: &[u8], packing: Packing, scale: Scale, out: &mut [i16]) = read_with;
}

/// Reads a value for each place of `out`.
///
/// # Panics
/// When there are not enough.
pub(super) fn read(bytes: &[u8], packing: Packing, scale: Scale, out: &mut [i16]) {
    read_vectors(bytes, packing, scale, out);
    let whole = out.len() - out.len() % WORDS;
    let second = usize::from(packing.turn == Some(Turn::Second));
    for (i, out) in out.iter_mut().enumerate().skip(whole) {
        let at = i * packing.step();
        let value = match packing.depth {
            Depth::Eight => i16::from(bytes[at + second]),
            depth => {
                let at = at + 2 * second;
                let unused = if depth == Depth::TenHigh { 6 } else { 0 };
                // What is above ten bits cannot be.
                let word = u16::from_le_bytes([bytes[at], bytes[at + 1]]) >> unused;
                (word & 1023).cast_signed()
            }
        };
        *out = value.wrapping_mul(scale.factor).wrapping_add(scale.plus);
    }
}

#[inline(always)]
fn add_with<S: Words>(simd: S, values: &[i16], weight: i16, sums: &mut [i16]) {
    let factor = simd.all(weight);
    let (sums, rest) = sums.as_chunks_mut::<WORDS>();
    let (values, rest_values) = values.as_chunks::<WORDS>();
    for (sum, values) in sums.iter_mut().zip(values) {
        let product = simd.upper(simd.read(values), factor);
        simd.write(simd.plus(simd.read(sum), product), sum);
    }
    for (sum, &value) in rest.iter_mut().zip(rest_values) {
        let product = (i32::from(value) * i32::from(weight)) >> 16;
        *sum = sum.wrapping_add(product as i16);
    }
}

vectorised! {
    /// Adds the upper 16 bits of `values * weight` to `sums`.
    pub(super) fn add_upper(values: &[i16], weight: i16, sums: &mut [i16]) = add_with;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plainly(bytes: &[u8], packing: Packing, i: usize) -> i32 {
        let turn = usize::from(packing.turn == Some(Turn::Second));
        let place = i * if packing.turn.is_some() { 2 } else { 1 } + turn;
        match packing.depth {
            Depth::Eight => bytes[place].into(),
            Depth::Ten => i32::from(bytes[2 * place]) + 256 * i32::from(bytes[2 * place + 1] & 3),
            Depth::TenHigh => {
                (i32::from(bytes[2 * place]) + 256 * i32::from(bytes[2 * place + 1])) / 64
            }
        }
    }

    proptest! {
        #[test]
        fn every_packing_is_read_to_its_end(
            bytes in prop::collection::vec(any::<u8>(), 4..400),
            depth in prop::sample::select(vec![Depth::Eight, Depth::Ten, Depth::TenHigh]),
            turn in prop::sample::select(vec![None, Some(Turn::First), Some(Turn::Second)]),
        ) {
            let packing = Packing { depth, turn };
            let mut out = vec![0; bytes.len() / packing.step()];
            read(&bytes, packing, Scale { factor: 2, plus: -7 }, &mut out);
            for (i, &value) in out.iter().enumerate() {
                prop_assert_eq!(i32::from(value), 2 * plainly(&bytes, packing, i) - 7);
            }
        }

        #[test]
        fn products_are_added(
            values in prop::collection::vec(any::<i16>(), 0..70),
            weight: i16,
        ) {
            let mut sums = vec![3; values.len()];
            add_upper(&values, weight, &mut sums);
            for (sum, value) in sums.into_iter().zip(values) {
                let product = (i32::from(value) * i32::from(weight)) >> 16;
                prop_assert_eq!(i32::from(sum), product + 3);
            }
        }
    }
}
