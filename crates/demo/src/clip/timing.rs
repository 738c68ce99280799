//! When frames are shown.

use crate::random::Random;

/// Units of time per second: all usual frame rates are a whole number of them.
pub const TICKS_PER_SECOND: i32 = 60_000;

/// When each of `count` frames is shown, in ticks from the first.
///
/// With a variable rate the gaps scatter as a phone's do: by a quarter, and in dim light some are
/// twice or three times as long.
pub fn frame_times(count: usize, frame_rate: f64, variable: bool, seed: u64) -> Vec<i64> {
    let gap = f64::from(TICKS_PER_SECOND) / frame_rate;
    if !variable {
        return (0..count)
            .map(|i| (i as f64 * gap).round() as i64)
            .collect();
    }
    let mut random = Random::stream(seed, 77);
    let mut time = 0.0;
    (0..count)
        .map(|_| {
            let now = time;
            let times = if random.chance(0.06) {
                2.0 + random.below(2) as f64
            } else {
                1.0
            };
            time += gap * times * f64::from(random.between(0.75, 1.25));
            now as i64
        })
        .collect()
}
