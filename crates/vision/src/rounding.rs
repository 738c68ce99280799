//! Rounding where there is much to round.

/// The nearest whole number, half to even, of all numbers below 2^51; larger ones stay as large.
///
/// It is what the processor does anyway, without calling a function for it.
#[inline]
pub(crate) fn whole(value: f64) -> f64 {
    /// From here on (to twice that) the numbers that `f64` can hold are whole ones, so adding
    /// this rounds.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    (value + WHOLE) - WHOLE
}
