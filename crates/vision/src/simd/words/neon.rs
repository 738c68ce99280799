//! Sixteen whole numbers in two registers of a 64-bit ARM processor; all of them have NEON.

use std::arch::aarch64::{
    int16x8_t, uint8x16_t, uint8x16x3_t, vaddq_s16, vandq_u16, vcombine_s16, vcombine_u8,
    vdupq_n_s16, vdupq_n_u16, vget_high_s16, vget_high_u8, vget_low_s16, vget_low_u8, vld1q_s16,
    vld1q_u8, vld1q_u16, vld2q_u8, vmovl_u8, vmull_s16, vmulq_s16, vqmovun_s16,
    vreinterpretq_s16_u16, vshlq_u16, vshrn_n_s32, vst1q_s16, vst1q_u8, vst3q_u8, vuzp1q_s16,
    vuzp2q_s16, vzip1q_s16, vzip2q_s16,
};

use super::{WORDS, Words, halves};
use crate::simd::Neon;

type Pair = [int16x8_t; 2];

#[inline(always)]
fn widen(bytes: uint8x16_t) -> Pair {
    // SAFETY: the module is only compiled where NEON is enabled for all code.
    unsafe {
        [vmovl_u8(vget_low_u8(bytes)), vmovl_u8(vget_high_u8(bytes))]
            .map(|half| vreinterpretq_s16_u16(half))
    }
}

#[inline(always)]
fn upper(a: int16x8_t, b: int16x8_t) -> int16x8_t {
    // SAFETY: as in `widen`.
    unsafe {
        let low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
        let high = vmull_s16(vget_high_s16(a), vget_high_s16(b));
        vcombine_s16(vshrn_n_s32::<16>(low), vshrn_n_s32::<16>(high))
    }
}

impl Words for Neon {
    type Vector = Pair;

    #[inline(always)]
    fn all(self, value: i16) -> Pair {
        // SAFETY: the module is only compiled where NEON is enabled for all code.
        unsafe { [vdupq_n_s16(value); 2] }
    }

    #[inline(always)]
    fn read(self, words: &[i16; WORDS]) -> Pair {
        // SAFETY: as in `all`; the pointers are to eight numbers each.
        unsafe { [vld1q_s16(words.as_ptr()), vld1q_s16(words.as_ptr().add(8))] }
    }

    #[inline(always)]
    fn write(self, vector: Pair, words: &mut [i16; WORDS]) {
        // SAFETY: as in `read`.
        unsafe {
            vst1q_s16(words.as_mut_ptr(), vector[0]);
            vst1q_s16(words.as_mut_ptr().add(8), vector[1]);
        }
    }

    #[inline(always)]
    fn plus(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as in `all`.
        unsafe { [vaddq_s16(a[0], b[0]), vaddq_s16(a[1], b[1])] }
    }

    #[inline(always)]
    fn upper(self, a: Pair, b: Pair) -> Pair {
        [upper(a[0], b[0]), upper(a[1], b[1])]
    }

    #[inline(always)]
    fn lower(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as in `all`.
        unsafe { [vmulq_s16(a[0], b[0]), vmulq_s16(a[1], b[1])] }
    }

    #[inline(always)]
    fn of_bytes(self, bytes: &[u8; WORDS]) -> Pair {
        // SAFETY: as in `all`; the pointer is to 16 bytes.
        unsafe { widen(vld1q_u8(bytes.as_ptr())) }
    }

    #[inline(always)]
    fn of_byte_pairs(self, bytes: &[u8; 2 * WORDS]) -> [Pair; 2] {
        // SAFETY: as in `all`; the pointer is to 32 bytes.
        let parts = unsafe { vld2q_u8(bytes.as_ptr()) };
        [widen(parts.0), widen(parts.1)]
    }

    #[inline(always)]
    fn of_tens<const UNUSED: i32>(self, bytes: &[[u8; 2]; WORDS]) -> Pair {
        let words = bytes.as_flattened().as_ptr();
        // SAFETY: as in `all`; the pointers are to 16 bytes each.
        [0, 16].map(|start| unsafe {
            let words = vld1q_u16(words.add(start).cast());
            let shifted = vshlq_u16(words, vdupq_n_s16(-(UNUSED as i16)));
            vreinterpretq_s16_u16(vandq_u16(shifted, vdupq_n_u16(1023)))
        })
    }

    #[inline(always)]
    fn of_ten_pairs<const UNUSED: i32>(self, bytes: &[[u8; 2]; 2 * WORDS]) -> [Pair; 2] {
        let [low, high] = halves(bytes);
        let ([a, b], [c, d]) = (self.of_tens::<UNUSED>(low), self.of_tens::<UNUSED>(high));
        // SAFETY: as in `all`.
        unsafe {
            [
                [vuzp1q_s16(a, b), vuzp1q_s16(c, d)],
                [vuzp2q_s16(a, b), vuzp2q_s16(c, d)],
            ]
        }
    }

    #[inline(always)]
    fn twice(self, vector: Pair) -> [Pair; 2] {
        // SAFETY: as in `all`.
        vector.map(|half| unsafe { [vzip1q_s16(half, half), vzip2q_s16(half, half)] })
    }

    #[inline(always)]
    fn to_bytes(self, vector: Pair) -> [u8; WORDS] {
        let mut bytes = [0; WORDS];
        // SAFETY: as in `all`; the pointer is to 16 bytes.
        unsafe {
            let packed = vcombine_u8(vqmovun_s16(vector[0]), vqmovun_s16(vector[1]));
            vst1q_u8(bytes.as_mut_ptr(), packed);
        }
        bytes
    }

    #[inline(always)]
    fn interleave(self, planes: &[[u8; WORDS]; 3], pixels: &mut [u8; 3 * WORDS]) {
        // SAFETY: as in `all`; the pointers are to 16 bytes each, and to 48.
        unsafe {
            let [blue, green, red] = planes.each_ref().map(|plane| vld1q_u8(plane.as_ptr()));
            vst3q_u8(pixels.as_mut_ptr(), uint8x16x3_t(blue, green, red));
        }
    }
}
