//! Sixteen whole numbers in one register of an x86-64 processor with AVX2.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm_or_si128, _mm_shuffle_epi8, _mm_storeu_si128, _mm256_add_epi16,
    _mm256_and_si256, _mm256_castsi256_si128, _mm256_cvtepu8_epi16, _mm256_loadu_si256,
    _mm256_mulhi_epi16, _mm256_mullo_epi16, _mm256_packus_epi16, _mm256_packus_epi32,
    _mm256_permute2x128_si256, _mm256_permute4x64_epi64, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_srli_epi16, _mm256_srli_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi16,
    _mm256_unpacklo_epi16,
};

use super::{WORDS, Words, halves};
use crate::simd::Avx2;

/// Quarters of a register in the order 0, 2, 1, 3: what instructions that work on both halves apart
/// leave crossed.
const UNCROSS: i32 = 0b11_01_10_00;

/// For the first, second and third sixteen bytes of pixels: where the bytes of a plane go, or -1 where
/// one of another plane lies.
const fn places(plane: usize, part: usize) -> [i8; 16] {
    let mut places = [-1; 16];
    let mut i = 0;
    while i < 16 {
        let byte = 16 * part + i;
        if byte % 3 == plane {
            places[i] = (byte / 3) as i8;
        }
        i += 1;
    }
    places
}

impl Avx2 {
    #[inline(always)]
    fn words_at(self, bytes: &[u8; 2 * WORDS]) -> __m256i {
        // SAFETY: `self` proves that the processor has the instruction; the pointer is to 32 bytes
        // and need not be aligned.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    /// Even and odd of 16-bit numbers in two registers, which must be below 2^15.
    #[inline(always)]
    fn part(self, low: __m256i, high: __m256i) -> [__m256i; 2] {
        // SAFETY: `self` proves that the processor has the instructions.
        unsafe {
            let mask = _mm256_set1_epi32(0xffff);
            let even =
                _mm256_packus_epi32(_mm256_and_si256(low, mask), _mm256_and_si256(high, mask));
            let odd =
                _mm256_packus_epi32(_mm256_srli_epi32::<16>(low), _mm256_srli_epi32::<16>(high));
            [
                _mm256_permute4x64_epi64::<UNCROSS>(even),
                _mm256_permute4x64_epi64::<UNCROSS>(odd),
            ]
        }
    }
}

impl Words for Avx2 {
    type Vector = __m256i;

    #[inline(always)]
    fn all(self, value: i16) -> __m256i {
        // SAFETY: `self` proves that the processor has the instruction.
        unsafe { _mm256_set1_epi16(value) }
    }

    #[inline(always)]
    fn read(self, words: &[i16; WORDS]) -> __m256i {
        // SAFETY: as in `all`; the pointer is to 16 numbers and need not be aligned.
        unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
    }

    #[inline(always)]
    fn write(self, vector: __m256i, words: &mut [i16; WORDS]) {
        // SAFETY: as in `read`.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn plus(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `all`.
        unsafe { _mm256_add_epi16(a, b) }
    }

    #[inline(always)]
    fn upper(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `all`.
        unsafe { _mm256_mulhi_epi16(a, b) }
    }

    #[inline(always)]
    fn lower(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `all`.
        unsafe { _mm256_mullo_epi16(a, b) }
    }

    #[inline(always)]
    fn of_bytes(self, bytes: &[u8; WORDS]) -> __m256i {
        // SAFETY: as in `all`; the pointer is to 16 bytes and need not be aligned.
        unsafe { _mm256_cvtepu8_epi16(_mm_loadu_si128(bytes.as_ptr().cast())) }
    }

    #[inline(always)]
    fn of_byte_pairs(self, bytes: &[u8; 2 * WORDS]) -> [__m256i; 2] {
        let words = self.words_at(bytes);
        // SAFETY: as in `all`.
        unsafe {
            let even = _mm256_and_si256(words, _mm256_set1_epi16(0xff));
            [even, _mm256_srli_epi16::<8>(words)]
        }
    }

    #[inline(always)]
    fn of_tens<const UNUSED: i32>(self, bytes: &[[u8; 2]; WORDS]) -> __m256i {
        // SAFETY: as in `all`; the pointer is to 32 bytes and need not be aligned.
        unsafe {
            let words = _mm256_loadu_si256(bytes.as_ptr().cast());
            _mm256_and_si256(_mm256_srli_epi16::<UNUSED>(words), _mm256_set1_epi16(1023))
        }
    }

    #[inline(always)]
    fn of_ten_pairs<const UNUSED: i32>(self, bytes: &[[u8; 2]; 2 * WORDS]) -> [__m256i; 2] {
        let [low, high] = halves(bytes);
        let (low, high) = (self.of_tens::<UNUSED>(low), self.of_tens::<UNUSED>(high));
        self.part(low, high)
    }

    #[inline(always)]
    fn twice(self, vector: __m256i) -> [__m256i; 2] {
        // SAFETY: as in `all`.
        unsafe {
            let low = _mm256_unpacklo_epi16(vector, vector);
            let high = _mm256_unpackhi_epi16(vector, vector);
            [
                _mm256_permute2x128_si256::<0x20>(low, high),
                _mm256_permute2x128_si256::<0x31>(low, high),
            ]
        }
    }

    #[inline(always)]
    fn to_bytes(self, vector: __m256i) -> [u8; WORDS] {
        let mut bytes = [0; WORDS];
        // SAFETY: as in `all`; the pointer is to 16 bytes and need not be aligned.
        unsafe {
            let packed = _mm256_packus_epi16(vector, vector);
            let whole = _mm256_permute4x64_epi64::<UNCROSS>(packed);
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), _mm256_castsi256_si128(whole));
        }
        bytes
    }

    #[inline(always)]
    fn interleave(self, planes: &[[u8; WORDS]; 3], pixels: &mut [u8; 3 * WORDS]) {
        const PLACES: [[[i8; 16]; 3]; 3] = {
            let mut all = [[[0; 16]; 3]; 3];
            let mut i = 0;
            while i < 9 {
                all[i / 3][i % 3] = places(i % 3, i / 3);
                i += 1;
            }
            all
        };
        // SAFETY: AVX2 includes SSSE3; all pointers are to 16 bytes and need not be aligned.
        unsafe {
            let blue = _mm_loadu_si128(planes[0].as_ptr().cast());
            let green = _mm_loadu_si128(planes[1].as_ptr().cast());
            let red = _mm_loadu_si128(planes[2].as_ptr().cast());
            for (part, places) in PLACES.iter().enumerate() {
                let of_blue = _mm_loadu_si128(places[0].as_ptr().cast());
                let of_green = _mm_loadu_si128(places[1].as_ptr().cast());
                let of_red = _mm_loadu_si128(places[2].as_ptr().cast());
                let all = _mm_or_si128(
                    _mm_or_si128(
                        _mm_shuffle_epi8(blue, of_blue),
                        _mm_shuffle_epi8(green, of_green),
                    ),
                    _mm_shuffle_epi8(red, of_red),
                );
                _mm_storeu_si128(pixels.as_mut_ptr().add(16 * part).cast(), all);
            }
        }
    }
}
