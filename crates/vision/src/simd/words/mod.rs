//! Arithmetic on sixteen whole numbers of 16 bits, which is what colours are made of.
//!
//! Everything here is exact, so that all processors give the same.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
#[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
mod portable;

/// Numbers that are worked on together.
pub(crate) const WORDS: usize = 16;

/// A set of instructions for sixteen whole numbers of 16 bits.
pub(crate) trait Words: Copy {
    /// Sixteen numbers.
    type Vector: Copy;

    fn all(self, value: i16) -> Self::Vector;
    fn read(self, words: &[i16; WORDS]) -> Self::Vector;
    fn write(self, vector: Self::Vector, words: &mut [i16; WORDS]);
    /// Sums that do not fit wrap.
    fn plus(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The upper 16 bits of the products.
    fn upper(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The lower 16 bits of the products: of powers of two, a shift.
    fn lower(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Bytes as numbers.
    fn of_bytes(self, bytes: &[u8; WORDS]) -> Self::Vector;
    /// Every second byte as a number: those of even places, then those of odd places.
    fn of_byte_pairs(self, bytes: &[u8; 2 * WORDS]) -> [Self::Vector; 2];
    /// Two bytes each as a number, the low one first, of which `UNUSED` low bits are dropped and ten
    /// stay.
    fn of_tens<const UNUSED: i32>(self, bytes: &[[u8; 2]; WORDS]) -> Self::Vector;
    /// As [`of_tens`](Self::of_tens): those of even places, then those of odd places.
    fn of_ten_pairs<const UNUSED: i32>(self, bytes: &[[u8; 2]; 2 * WORDS]) -> [Self::Vector; 2];
    /// Each number twice in a row.
    fn twice(self, vector: Self::Vector) -> [Self::Vector; 2];
    /// Numbers as bytes; those below 0 or above 255 become these.
    fn to_bytes(self, vector: Self::Vector) -> [u8; WORDS];
    /// Blue, green and red of 16 pixels, from a plane each into pixels of three bytes.
    fn interleave(self, planes: &[[u8; WORDS]; 3], pixels: &mut [u8; 3 * WORDS]);
}

/// Both halves of twice as many.
#[inline(always)]
fn halves(bytes: &[[u8; 2]; 2 * WORDS]) -> [&[[u8; 2]; WORDS]; 2] {
    const NONE: &[[u8; 2]; WORDS] = &[[0; 2]; WORDS];
    // Both are always there.
    let first = bytes.first_chunk().unwrap_or(NONE);
    [first, bytes.last_chunk().unwrap_or(NONE)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::for_each_simd;
    use proptest::prelude::*;

    fn words<S: Words>(simd: S, vector: S::Vector) -> [i16; WORDS] {
        let mut words = [0; WORDS];
        simd.write(vector, &mut words);
        words
    }

    fn check<S: Words>(simd: S, a: &[i16; WORDS], b: &[i16; WORDS], bytes: &[u8; 64]) {
        let (x, y) = (simd.read(a), simd.read(b));
        let pairs = |f: fn(i16, i16) -> i16| std::array::from_fn(|i| f(a[i], b[i]));
        assert_eq!(words(simd, simd.plus(x, y)), pairs(i16::wrapping_add));
        assert_eq!(words(simd, simd.lower(x, y)), pairs(i16::wrapping_mul));
        let upper = pairs(|a, b| ((i32::from(a) * i32::from(b)) >> 16) as i16);
        assert_eq!(words(simd, simd.upper(x, y)), upper);
        assert_eq!(words(simd, simd.all(a[3])), [a[3]; WORDS]);
        let clamped: [u8; WORDS] = a.map(|value| value.clamp(0, 255) as u8);
        assert_eq!(simd.to_bytes(x), clamped);
        let twice = simd.twice(x).map(|half| words(simd, half));
        let expected: [i16; 2 * WORDS] = std::array::from_fn(|i| a[i / 2]);
        assert_eq!(twice.as_flattened(), expected);

        let first: &[u8; WORDS] = bytes.first_chunk().unwrap();
        assert_eq!(words(simd, simd.of_bytes(first)), first.map(i16::from));
        let [even, odd] = simd.of_byte_pairs(bytes.first_chunk().unwrap());
        let every_second = |from: usize| std::array::from_fn(|i| i16::from(bytes[2 * i + from]));
        assert_eq!(words(simd, even), every_second(0));
        assert_eq!(words(simd, odd), every_second(1));

        let two: &[[u8; 2]; 2 * WORDS] = bytes.as_chunks::<2>().0.first_chunk().unwrap();
        let ten =
            |i: usize, unused: u32| ((u16::from_le_bytes(two[i]) >> unused) & 1023).cast_signed();
        let vector = simd.of_tens::<0>(two.first_chunk().unwrap());
        assert_eq!(words(simd, vector), std::array::from_fn(|i| ten(i, 0)));
        let [even, odd] = simd.of_ten_pairs::<6>(two);
        assert_eq!(words(simd, even), std::array::from_fn(|i| ten(2 * i, 6)));
        assert_eq!(words(simd, odd), std::array::from_fn(|i| ten(2 * i + 1, 6)));

        let planes: &[[u8; WORDS]; 3] = bytes.as_chunks().0.first_chunk().unwrap();
        let mut pixels = [0; 48];
        simd.interleave(planes, &mut pixels);
        assert_eq!(pixels, std::array::from_fn(|i| planes[i % 3][i / 3]));
    }

    proptest! {
        #[test]
        fn every_set_of_instructions_does_the_same(
            a: [i16; WORDS],
            b: [i16; WORDS],
            bytes in prop::collection::vec(any::<u8>(), 64),
        ) {
            let bytes: [u8; 64] = bytes.try_into().unwrap();
            for_each_simd!(check(&a, &b, &bytes));
        }
    }
}
