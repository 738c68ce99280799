//! Vectors of eight values in two registers of a 64-bit ARM processor; all of them have NEON.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vaddq_s32, vdivq_f32, vdupq_n_f32, vdupq_n_s32, vfmaq_f32, vld1q_f32,
    vmaxq_f32, vminq_f32, vmulq_f32, vreinterpretq_f32_s32, vreinterpretq_s32_f32, vshlq_n_s32,
    vst1q_f32, vsubq_f32,
};

use super::{Lanes, Simd};

/// NEON, which the code is compiled for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon;

type Pair = [float32x4_t; 2];

/// Does the same to both halves.
macro_rules! halves {
    ($function:ident($($vector:ident),*)) => {
        // SAFETY: the module is only compiled where NEON is enabled for all code.
        unsafe { [$function($($vector[0]),*), $function($($vector[1]),*)] }
    };
}

impl Simd for Neon {
    type Vector = Pair;

    #[inline(always)]
    fn splat(self, value: f32) -> Pair {
        // SAFETY: the module is only compiled where NEON is enabled for all code.
        unsafe { [vdupq_n_f32(value); 2] }
    }

    #[inline(always)]
    fn load(self, lanes: &Lanes) -> Pair {
        // SAFETY: as in `splat`; the pointers are to four values each.
        unsafe { [vld1q_f32(lanes.as_ptr()), vld1q_f32(lanes.as_ptr().add(4))] }
    }

    #[inline(always)]
    fn store(self, vector: Pair, lanes: &mut Lanes) {
        // SAFETY: as in `splat`; the pointers are to four values each.
        unsafe {
            vst1q_f32(lanes.as_mut_ptr(), vector[0]);
            vst1q_f32(lanes.as_mut_ptr().add(4), vector[1]);
        }
    }

    #[inline(always)]
    fn add(self, a: Pair, b: Pair) -> Pair {
        halves!(vaddq_f32(a, b))
    }

    #[inline(always)]
    fn sub(self, a: Pair, b: Pair) -> Pair {
        halves!(vsubq_f32(a, b))
    }

    #[inline(always)]
    fn mul(self, a: Pair, b: Pair) -> Pair {
        halves!(vmulq_f32(a, b))
    }

    #[inline(always)]
    fn div(self, a: Pair, b: Pair) -> Pair {
        halves!(vdivq_f32(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: Pair, b: Pair, c: Pair) -> Pair {
        // The instruction takes the summand first.
        halves!(vfmaq_f32(c, a, b))
    }

    #[inline(always)]
    fn max(self, a: Pair, b: Pair) -> Pair {
        halves!(vmaxq_f32(a, b))
    }

    #[inline(always)]
    fn min(self, a: Pair, b: Pair) -> Pair {
        halves!(vminq_f32(a, b))
    }

    #[inline(always)]
    fn power_of_two(self, shifted: Pair) -> Pair {
        let power = |half: float32x4_t| {
            // The exponent's bias is 127, above 23 bits of fraction; n stands in the lowest bits.
            // SAFETY: as in `splat`.
            unsafe {
                let biased = vaddq_s32(vreinterpretq_s32_f32(half), vdupq_n_s32(127));
                vreinterpretq_f32_s32(vshlq_n_s32::<23>(biased))
            }
        };
        shifted.map(power)
    }
}
