//! Sixteen whole numbers in an array, for processors about which nothing is known.

use super::{WORDS, Words};
use crate::simd::Portable;

type Array = [i16; WORDS];

#[inline(always)]
fn each(a: Array, b: Array, f: impl Fn(i16, i16) -> i16) -> Array {
    std::array::from_fn(|i| f(a[i], b[i]))
}

#[inline(always)]
fn ten<const UNUSED: i32>(bytes: [u8; 2]) -> i16 {
    ((u16::from_le_bytes(bytes) >> UNUSED) & 1023).cast_signed()
}

impl Words for Portable {
    type Vector = Array;

    #[inline(always)]
    fn all(self, value: i16) -> Array {
        [value; WORDS]
    }

    #[inline(always)]
    fn read(self, words: &Array) -> Array {
        *words
    }

    #[inline(always)]
    fn write(self, vector: Array, words: &mut Array) {
        *words = vector;
    }

    #[inline(always)]
    fn plus(self, a: Array, b: Array) -> Array {
        each(a, b, i16::wrapping_add)
    }

    #[inline(always)]
    fn upper(self, a: Array, b: Array) -> Array {
        each(a, b, |a, b| ((i32::from(a) * i32::from(b)) >> 16) as i16)
    }

    #[inline(always)]
    fn lower(self, a: Array, b: Array) -> Array {
        each(a, b, i16::wrapping_mul)
    }

    #[inline(always)]
    fn of_bytes(self, bytes: &[u8; WORDS]) -> Array {
        bytes.map(i16::from)
    }

    #[inline(always)]
    fn of_byte_pairs(self, bytes: &[u8; 2 * WORDS]) -> [Array; 2] {
        [0, 1].map(|odd| std::array::from_fn(|i| i16::from(bytes[2 * i + odd])))
    }

    #[inline(always)]
    fn of_tens<const UNUSED: i32>(self, bytes: &[[u8; 2]; WORDS]) -> Array {
        bytes.map(ten::<UNUSED>)
    }

    #[inline(always)]
    fn of_ten_pairs<const UNUSED: i32>(self, bytes: &[[u8; 2]; 2 * WORDS]) -> [Array; 2] {
        [0, 1].map(|odd| std::array::from_fn(|i| ten::<UNUSED>(bytes[2 * i + odd])))
    }

    #[inline(always)]
    fn twice(self, vector: Array) -> [Array; 2] {
        [0, WORDS / 2].map(|start| std::array::from_fn(|i| vector[start + i / 2]))
    }

    #[inline(always)]
    fn to_bytes(self, vector: Array) -> [u8; WORDS] {
        vector.map(|value| value.clamp(0, 255) as u8)
    }

    #[inline(always)]
    fn interleave(self, planes: &[[u8; WORDS]; 3], pixels: &mut [u8; 3 * WORDS]) {
        for (i, pixel) in pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            *pixel = [planes[0][i], planes[1][i], planes[2][i]];
        }
    }
}
