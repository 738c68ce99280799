//! Arithmetic on vectors of eight values, in the instructions of the processor that is there.
//!
//! The loops that need them are written once, generic over [`Simd`]; [`vectorised!`] compiles them
//! for AVX2 as well and chooses when the program runs. What compilers make of arrays by
//! themselves was measured to be ten times slower.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
pub(crate) mod pixels;
#[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
mod portable;
pub(crate) mod words;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub(crate) use neon::Neon;
#[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
pub(crate) use portable::Portable;

/// Values that are worked on together.
pub(crate) const LANES: usize = 8;

/// A vector's values in memory.
pub(crate) type Lanes = [f32; LANES];

/// A set of instructions; having a value of the type means that the processor knows them.
pub(crate) trait Simd: Copy {
    /// Eight values.
    type Vector: Copy;

    fn splat(self, value: f32) -> Self::Vector;
    fn load(self, lanes: &Lanes) -> Self::Vector;
    fn store(self, vector: Self::Vector, lanes: &mut Lanes);
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b + c`, rounded once or twice.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// 2^n for whole n from -126 to 127, given as [`ROUND`] + n.
    fn power_of_two(self, shifted: Self::Vector) -> Self::Vector;

    /// The sum of a vector's values.
    #[inline(always)]
    fn sum(self, vector: Self::Vector) -> f32 {
        let mut lanes = [0.0; LANES];
        self.store(vector, &mut lanes);
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (b + f)) + ((c + g) + (d + h))
    }

    /// `1 / (1 + exp(-z))`.
    #[inline(always)]
    fn sigmoid(self, z: Self::Vector) -> Self::Vector {
        let one = self.splat(1.0);
        let exp = exp(self, self.sub(self.splat(0.0), z));
        self.div(one, self.add(one, exp))
    }
}

/// Adding this to a small number rounds it to a whole one, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// The exponential function to about one unit in the last place, without branches; arguments
/// beyond ±87 count as ±87.
///
/// x is split into n ln 2 + r with |r| ≤ ln 2 / 2; exp(r) comes from the polynomial of the Cephes
/// library (Moshier, `expf`).
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::Vector) -> S::Vector {
    // Together -ln 2; the first has few bits, so that its product with n is exact.
    const LN2_HIGH: f32 = -355.0 / 512.0;
    const LN2_LOW: f32 = 2.121_944_4e-4;
    const POLYNOMIAL: [f32; 6] = [
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ];
    let x = simd.min(simd.max(x, simd.splat(-87.0)), simd.splat(87.0));
    let round = simd.splat(ROUND);
    let shifted = simd.mul_add(x, simd.splat(std::f32::consts::LOG2_E), round);
    let n = simd.sub(shifted, round);
    let r = simd.mul_add(n, simd.splat(LN2_HIGH), x);
    let r = simd.mul_add(n, simd.splat(LN2_LOW), r);
    let mut p = simd.splat(POLYNOMIAL[0]);
    for &coefficient in &POLYNOMIAL[1..] {
        p = simd.mul_add(p, r, simd.splat(coefficient));
    }
    let exp_r = simd.add(simd.mul_add(simd.mul(p, r), r, r), simd.splat(1.0));
    simd.mul(exp_r, simd.power_of_two(shifted))
}

/// Defines a function that runs the given one, which takes a [`Simd`] before the other arguments
/// and is `#[inline(always)]`, in the version that suits the processor.
macro_rules! vectorised {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) = $generic:ident;
    ) => {
        $(#[$attribute])*
        $visibility fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::simd::{Avx2, Portable};

                #[target_feature(enable = "avx2,fma")]
                fn wide(simd: Avx2, $($argument: $type),*) {
                    $generic(simd, $($argument),*);
                }
                match Avx2::detect() {
                    // SAFETY: that there is an `Avx2` says that the processor has the features.
                    Some(simd) => unsafe { wide(simd, $($argument),*) },
                    None => $generic(Portable, $($argument),*),
                }
            }
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            $generic($crate::simd::Neon, $($argument),*);
            #[cfg(not(any(
                target_arch = "x86_64",
                all(target_arch = "aarch64", target_feature = "neon")
            )))]
            $generic($crate::simd::Portable, $($argument),*);
        }
    };
}
pub(crate) use vectorised;

/// Calls a macro or function for every set of instructions that can be used here.
#[cfg(test)]
macro_rules! for_each_simd {
    ($function:ident($($argument:expr),*)) => {
        #[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
        $function($crate::simd::Portable, $($argument),*);
        #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
        $function($crate::simd::Neon, $($argument),*);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = $crate::simd::Avx2::detect() {
            $function(simd, $($argument),*);
        }
    };
}
#[cfg(test)]
pub(crate) use for_each_simd;

#[cfg(test)]
mod tests {
    use super::*;

    fn run<S: Simd>(simd: S, function: fn(S, S::Vector) -> S::Vector, lanes: Lanes) -> Lanes {
        let mut result = [0.0; LANES];
        simd.store(function(simd, simd.load(&lanes)), &mut result);
        result
    }

    fn check_exp<S: Simd>(simd: S) {
        for i in -10_750..10_750 {
            let x: Lanes = std::array::from_fn(|lane| (8 * i + lane as i32) as f32 * 1.001e-3);
            for (x, ours) in x.iter().zip(run(simd, exp, x)) {
                let error = (f64::from(ours) / f64::from(*x).exp() - 1.0).abs();
                assert!(error < 2.4e-7, "{x}: {error}");
            }
        }
        let extremes = [
            f32::INFINITY,
            1e30,
            -1e30,
            f32::NEG_INFINITY,
            0.0,
            -0.0,
            1e-40,
            88.0,
        ];
        let results = run(simd, exp, extremes);
        assert!(
            results.iter().all(|v| v.is_finite() && *v > 0.0),
            "{results:?}"
        );
        assert_eq!(results[4..7], [1.0; 3]);
    }

    fn check_arithmetic<S: Simd>(simd: S) {
        let a: Lanes = std::array::from_fn(|i| i as f32 - 2.5);
        let mut result = [0.0; LANES];
        let both = |f: fn(S, S::Vector, S::Vector) -> S::Vector, expected: fn(f32, f32) -> f32| {
            let mut result = [0.0; LANES];
            simd.store(f(simd, simd.load(&a), simd.splat(1.5)), &mut result);
            assert_eq!(result, a.map(|a| expected(a, 1.5)));
        };
        both(S::add, |a, b| a + b);
        both(S::sub, |a, b| a - b);
        both(S::mul, |a, b| a * b);
        both(S::div, |a, b| a / b);
        both(S::max, f32::max);
        both(S::min, f32::min);
        let (vector, two) = (simd.load(&a), simd.splat(2.0));
        simd.store(simd.mul_add(vector, two, vector), &mut result);
        assert_eq!(result, a.map(|a| 3.0 * a));
        assert_eq!(simd.sum(vector), 8.0);
        simd.store(simd.sigmoid(simd.splat(0.0)), &mut result);
        assert_eq!(result, [0.5; LANES]);
    }

    #[test]
    fn the_exponential_is_exact_to_two_units_in_the_last_place() {
        for_each_simd!(check_exp());
    }

    #[test]
    fn vectors_do_what_their_values_would() {
        for_each_simd!(check_arithmetic());
    }
}
