//! Arithmetic on groups of eight values, compiled for the processor that is there.
//!
//! The loops of the experts are written once, over arrays of [`LANES`] values that the compiler
//! turns into vectors; [`vectorised!`] compiles them a second time for processors with AVX2 and
//! fused multiply-add and chooses when the program runs. (On other architectures the vectors and
//! the fusion are part of what every processor has.)

/// Values that are worked on together.
pub(super) const LANES: usize = 8;

/// A group of values.
pub(super) type Lanes = [f32; LANES];

/// How `a * b + c` is computed.
pub(super) trait Arithmetic: Copy {
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// In one instruction, rounded once.
#[derive(Clone, Copy)]
pub(super) struct Fused;

impl Arithmetic for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

/// As a product and a sum, where the processor may have no better (the library's fused one would
/// be emulated, a hundred times slower).
#[derive(Clone, Copy)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(dead_code, reason = "others always fuse")
)]
pub(super) struct Separate;

impl Arithmetic for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// Defines a function that runs the given one, which is generic over its [`Arithmetic`] and
/// `#[inline(always)]`, in the version that suits the processor.
macro_rules! vectorised {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) = $generic:ident;
    ) => {
        $(#[$attribute])*
        $visibility fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn wide($($argument: $type),*) {
                    $generic::<$crate::tracking::clm::experts::simd::Fused>($($argument),*);
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has the features that the function is compiled for.
                    unsafe { wide($($argument),*) }
                } else {
                    $generic::<$crate::tracking::clm::experts::simd::Separate>($($argument),*);
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            $generic::<$crate::tracking::clm::experts::simd::Fused>($($argument),*);
        }
    };
}
pub(super) use vectorised;

/// `a * b + c`, value by value.
#[inline(always)]
pub(super) fn mul_add<A: Arithmetic>(a: &Lanes, b: f32, c: &mut Lanes) {
    for (c, &a) in c.iter_mut().zip(a) {
        *c = A::mul_add(a, b, *c);
    }
}

/// `1 / (1 + exp(-z))`, value by value.
#[inline(always)]
pub(super) fn sigmoid<A: Arithmetic>(z: &Lanes) -> Lanes {
    std::array::from_fn(|i| 1.0 / (1.0 + exp::<A>(-z[i])))
}

/// The exponential function to about one unit in the last place, without branches; arguments
/// beyond ±87 count as ±87.
///
/// x is split into n ln 2 + r with |r| ≤ ln 2 / 2; exp(r) comes from the polynomial of the Cephes
/// library (Moshier, `expf`), 2^n from writing n into the exponent.
#[inline(always)]
fn exp<A: Arithmetic>(x: f32) -> f32 {
    /// Adding this rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_375;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const POLYNOMIAL: [f32; 6] = [
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        5.000_000_1e-1,
    ];
    let x = x.clamp(-87.0, 87.0);
    let shifted = A::mul_add(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = A::mul_add(-n, LN2_LOW, A::mul_add(-n, LN2_HIGH, x));
    let mut p = POLYNOMIAL[0];
    for &coefficient in &POLYNOMIAL[1..] {
        p = A::mul_add(p, r, coefficient);
    }
    let exp_r = A::mul_add(p * r, r, r) + 1.0;
    // The exponent's bias is 127, above 23 bits of fraction.
    let power = shifted.to_bits().wrapping_add(127) << 23;
    exp_r * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(x: f32) -> [f32; 2] {
        [exp::<Fused>(x), exp::<Separate>(x)]
    }

    #[test]
    fn the_exponential_is_exact_to_two_units_in_the_last_place() {
        for i in -86_000..86_000 {
            let x = i as f32 * 1.001e-3;
            let expected = f64::from(x).exp();
            for ours in both(x) {
                let error = (f64::from(ours) / expected - 1.0).abs();
                assert!(error < 2.4e-7, "{x}: {error}");
            }
        }
    }

    #[test]
    fn extreme_arguments_stay_finite() {
        for x in [f32::INFINITY, 1e30, -1e30, f32::NEG_INFINITY] {
            assert!(both(x).iter().all(|v| v.is_finite() && *v > 0.0), "{x}");
        }
        assert_eq!(sigmoid::<Fused>(&[200.0; LANES]), [1.0; LANES]);
        assert_eq!(sigmoid::<Fused>(&[0.0; LANES]), [0.5; LANES]);
        assert!(sigmoid::<Fused>(&[f32::NAN; LANES])[0].is_nan());
    }
}
