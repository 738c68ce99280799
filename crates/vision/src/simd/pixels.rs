//! Mixing two neighbouring pixels with whole weights: what all fixed-point scaling is made of.
//!
//! Every processor that these instructions are written for has them, so nothing is asked when the
//! program runs.

/// Blue, green and red of two neighbouring pixels, and two bytes of whatever follows.
pub(crate) type PixelPair = [u8; 8];

/// The sums `weights[0] * first + weights[1] * second` of blue, green and red. Weights are 0 to
/// 2048 and not more than that together; the fourth sum means nothing.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn mix(pixels: &PixelPair, weights: [i16; 2]) -> [i32; 4] {
    use std::arch::x86_64::{
        _mm_cvtsi64_si128, _mm_madd_epi16, _mm_set1_epi32, _mm_setzero_si128, _mm_srli_si128,
        _mm_unpacklo_epi8, _mm_unpacklo_epi16,
    };
    const THREE_WORDS: i32 = 6;

    let [first, second] = weights.map(|weight| i32::from(weight.cast_unsigned()));
    // SAFETY: SSE2 belongs to all x86-64 processors.
    let sums = unsafe {
        let bytes = _mm_cvtsi64_si128(i64::from_le_bytes(*pixels));
        let words = _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
        // First and second of each colour side by side.
        let pairs = _mm_unpacklo_epi16(words, _mm_srli_si128::<THREE_WORDS>(words));
        _mm_madd_epi16(pairs, _mm_set1_epi32(first | second << 16))
    };
    bytemuck::cast(sums)
}

/// The sums `weights[0] * first + weights[1] * second` of blue, green and red. Weights are 0 to
/// 2048 and not more than that together; the fourth sum means nothing.
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
#[inline(always)]
pub(crate) fn mix(pixels: &PixelPair, weights: [i16; 2]) -> [i32; 4] {
    use std::arch::aarch64::{
        vcreate_u8, vextq_u16, vget_low_u16, vmlal_n_u16, vmovl_u8, vmull_n_u16,
        vreinterpretq_s32_u32, vst1q_s32,
    };

    let [first, second] = weights.map(i16::cast_unsigned);
    let mut sums = [0; 4];
    // SAFETY: this is only compiled where NEON is enabled for all code; four sums are stored.
    unsafe {
        let words = vmovl_u8(vcreate_u8(u64::from_le_bytes(*pixels)));
        let products = vmull_n_u16(vget_low_u16(words), first);
        let both = vmlal_n_u16(products, vget_low_u16(vextq_u16::<3>(words, words)), second);
        vst1q_s32(sums.as_mut_ptr(), vreinterpretq_s32_u32(both));
    }
    sums
}

/// The sums `weights[0] * first + weights[1] * second` of blue, green and red. Weights are 0 to
/// 2048 and not more than that together; the fourth sum means nothing.
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
)))]
#[inline(always)]
pub(crate) fn mix(pixels: &PixelPair, weights: [i16; 2]) -> [i32; 4] {
    let [first, second] = weights.map(i32::from);
    let sum = |c: usize| first * i32::from(pixels[c]) + second * i32::from(pixels[c + 3]);
    [sum(0), sum(1), sum(2), 0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_exact(pixels: PixelPair, first in 0..=2048_i16) {
            let second = 2048 - first;
            let sums = mix(&pixels, [first, second]);
            for (c, &sum) in sums[..3].iter().enumerate() {
                let expected = i32::from(first) * i32::from(pixels[c])
                    + i32::from(second) * i32::from(pixels[c + 3]);
                prop_assert_eq!(sum, expected);
            }
        }
    }
}
