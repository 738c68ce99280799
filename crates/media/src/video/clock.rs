//! Times of frames, made of what the file says: pure arithmetic.
//!
//! A file's clock may be missing, restart where two recordings were joined, or jump. Times of the
//! table always grow, and a part behind a restart keeps its own pace.

use super::super::remark::ClockJump;

/// Times of all frames, in the order shown.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameTimes {
    /// In units of `base`, ascending.
    pub units: Vec<i64>,
    /// Seconds per unit: numerator, denominator.
    pub base: (i32, i32),
    /// The time from which seconds are counted.
    pub zero: i64,
}

impl FrameTimes {
    /// Frames at an even pace.
    pub(super) fn even(frames: usize, rate: f64) -> Self {
        // Exact for whole rates; the others are as exact as anybody says them.
        const PARTS: i32 = 1_000_000;
        Self {
            units: (0..frames as i64).collect(),
            base: (PARTS, ((rate * f64::from(PARTS)).round() as i32).max(1)),
            zero: 0,
        }
    }

    /// Seconds from the zero to frame `frame` (counted from 0).
    pub fn seconds(&self, frame: usize) -> f64 {
        in_seconds(self.units[frame] - self.zero, self.base)
    }
}

/// Units as seconds.
pub(super) fn in_seconds(units: i64, (numerator, denominator): (i32, i32)) -> f64 {
    // Multiplied first, so that times which are exact stay exact.
    (units as f64 * f64::from(numerator)) / f64::from(denominator)
}

/// Seconds as units.
pub(super) fn in_units(seconds: f64, (numerator, denominator): (i32, i32)) -> i64 {
    (seconds * f64::from(denominator) / f64::from(numerator.max(1))).round() as i64
}

/// A clock that has been made to grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repaired {
    /// Times, ascending.
    pub units: Vec<i64>,
    /// Usual time from one frame to the next.
    pub step: i64,
    /// Where the clock restarted or jumped: frame (counted from 0), and by how much.
    pub jumps: Vec<(usize, i64)>,
    /// Frames that had no usable time.
    pub filled: usize,
}

/// Frames after which a clock that went back must be where it would have been, to count as one
/// that only stumbled.
const STUMBLE: usize = 3;

/// Makes times grow. `raw` are the times that the file gives to its frames, in the order shown.
/// `nominal` is the usual step where that cannot be told from them. Steps forward beyond
/// `longest_step`, if there is one, are jumps of the clock and not true.
///
/// Where the clock restarts or jumps, the whole part that follows is shifted so that it begins one
/// usual step after the frame before. Times that are missing, repeat or go back for less than a
/// step are spread between their neighbours.
pub(super) fn repair(raw: &[Option<i64>], nominal: i64, longest_step: Option<i64>) -> Repaired {
    let step = usual_step(raw, longest_step).unwrap_or(nominal).max(1);
    let mut anchors: Vec<(usize, i64)> = Vec::new();
    let mut jumps = Vec::new();
    let (mut shift, mut before) = (0_i64, 0_i64);
    for (frame, time) in raw.iter().enumerate() {
        let Some(time) = *time else { continue };
        let shifted = time.saturating_add(shift);
        let Some(&(last_frame, last)) = anchors.last() else {
            anchors.push((frame, shifted));
            before = time;
            continue;
        };
        let expected = |frame: usize| last + step * (frame - last_frame) as i64;
        let goes_back = shifted <= last;
        let jumps_ahead = longest_step.is_some_and(|longest| shifted - last > longest);
        if goes_back
            && (last - shifted < step || stumbles(&raw[frame..], shift, frame, expected, step))
        {
            // Gets its time from its neighbours.
            continue;
        }
        if goes_back || jumps_ahead {
            jumps.push((frame, time.saturating_sub(before)));
            shift = expected(frame).saturating_sub(time);
            anchors.push((frame, expected(frame)));
        } else {
            anchors.push((frame, shifted));
        }
        before = time;
    }
    Repaired {
        units: spread(raw.len(), &anchors, step),
        step,
        jumps,
        filled: raw.len() - anchors.len(),
    }
}

/// Whether a clock that went back at the first of `raw`, which is frame `frame`, is soon where it
/// would have been without that.
fn stumbles(
    raw: &[Option<i64>],
    shift: i64,
    frame: usize,
    expected: impl Fn(usize) -> i64,
    step: i64,
) -> bool {
    raw.iter()
        .enumerate()
        .skip(1)
        .take(STUMBLE)
        .any(|(ahead, time)| {
            time.is_some_and(|time| {
                let off = time
                    .saturating_add(shift)
                    .saturating_sub(expected(frame + ahead));
                off.abs() <= step / 2
            })
        })
}

/// The median of the steps forward.
fn usual_step(raw: &[Option<i64>], longest: Option<i64>) -> Option<i64> {
    let pairs = raw.windows(2).filter_map(|pair| Some((pair[0]?, pair[1]?)));
    let mut steps: Vec<i64> = pairs
        .map(|(a, b)| b.saturating_sub(a))
        .filter(|&step| step > 0 && longest.is_none_or(|longest| step <= longest))
        .collect();
    let middle = steps.len() / 2;
    (!steps.is_empty()).then(|| *steps.select_nth_unstable(middle).1)
}

/// Times of `frames` frames of which some are known: evenly between these, by `step` outside.
fn spread(frames: usize, anchors: &[(usize, i64)], step: i64) -> Vec<i64> {
    let Some(&(first, time)) = anchors.first() else {
        return (0..frames as i64).map(|frame| frame * step).collect();
    };
    let mut units: Vec<i64> = (0..first)
        .map(|frame| time - step * (first - frame) as i64)
        .collect();
    for (n, &(frame, time)) in anchors.iter().enumerate() {
        let next = anchors.get(n + 1).copied();
        let end = next.map_or(frames, |(next, _)| next);
        let length = (end - frame) as i64;
        units.extend((0..length).map(|k| match next {
            Some((_, next)) => time + (next - time) * k / length,
            None => time + step * k,
        }));
    }
    // More frames than units between two neighbours.
    for n in 1..units.len() {
        units[n] = units[n].max(units[n - 1] + 1);
    }
    units
}

/// Where the clocks of MPEG streams begin again at 0. FFmpeg takes one that went back for one that
/// has come round.
const MPEG_ROUND: i64 = 1 << 33;
const MPEG_BASE: (i32, i32) = (1, 90_000);

/// Jumps as people read them.
pub(super) fn described(jumps: &[(usize, i64)], base: (i32, i32)) -> Vec<ClockJump> {
    let describe = |&(frame, units): &(usize, i64)| {
        let came_round = base == MPEG_BASE && units > MPEG_ROUND / 2;
        let units = if came_round {
            units - MPEG_ROUND
        } else {
            units
        };
        ClockJump {
            frame: frame + 1,
            seconds: in_seconds(units, base),
        }
    };
    jumps.iter().map(describe).collect()
}

/// Steps longer than `limit`: how many, and the frame after the longest with its length.
pub(super) fn gaps(units: &[i64], limit: i64) -> Option<(usize, usize, i64)> {
    let steps = units.windows(2).map(|pair| pair[1] - pair[0]).zip(1..);
    let mut count = 0;
    let mut longest = (0, 0);
    for (step, frame) in steps.filter(|&(step, _)| step > limit) {
        count += 1;
        if step > longest.1 {
            longest = (frame, step);
        }
    }
    (count > 0).then_some((count, longest.0, longest.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(times: &[i64]) -> Vec<Option<i64>> {
        times.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_good_clock_is_kept_with_its_pauses() {
        let times = [7, 40, 81, 120, 9000, 9001, 9040];
        let repaired = repair(&known(&times), 33, None);
        assert_eq!(repaired.units, times);
        assert_eq!((repaired.jumps, repaired.filled), (vec![], 0));
    }

    #[test]
    fn a_second_recording_follows_the_first_at_its_own_pace() {
        let times = [0, 40, 80, 120, 0, 40, 80, 120, 160];
        let repaired = repair(&known(&times), 33, None);
        assert_eq!(repaired.units, [0, 40, 80, 120, 160, 200, 240, 280, 320]);
        assert_eq!(repaired.jumps, [(4, -120)]);
        // Also where the first one was shorter than the second, and did not begin at zero.
        let repaired = repair(&known(&[100, 140, 100, 140, 180, 220, 260]), 33, None);
        assert_eq!(repaired.units, [100, 140, 180, 220, 260, 300, 340]);
    }

    #[test]
    fn a_jump_ahead_is_one_where_clocks_do_that() {
        let times = [0, 40, 80, 500_000, 500_040, 500_080];
        assert_eq!(repair(&known(&times), 33, None).units, times);
        let repaired = repair(&known(&times), 33, Some(10_000));
        assert_eq!(repaired.units, [0, 40, 80, 120, 160, 200]);
        assert_eq!(repaired.jumps, [(3, 499_920)]);
    }

    #[test]
    fn a_clock_that_stumbles_is_not_shifted() {
        for (times, expected) in [
            // The same time twice.
            (vec![0, 33, 33, 100, 133], vec![0, 33, 66, 100, 133]),
            // One time that is wrong.
            (
                vec![0, 40, 80, 10, 160, 200, 240],
                vec![0, 40, 80, 120, 160, 200, 240],
            ),
        ] {
            let repaired = repair(&known(&times), 33, None);
            assert_eq!(repaired.units, expected);
            assert_eq!((repaired.jumps, repaired.filled), (vec![], 1));
        }
    }

    #[test]
    fn missing_times_are_spread() {
        let raw = [None, Some(40), None, None, Some(160), None];
        let repaired = repair(&raw, 40, None);
        assert_eq!(repaired.units, [0, 40, 80, 120, 160, 200]);
        assert_eq!(repaired.filled, 4);
        assert_eq!(repair(&[None; 3], 40, None).units, [0, 40, 80]);
    }

    #[test]
    fn rates_are_exact() {
        let times = FrameTimes::even(91, 30.0);
        assert_eq!(times.seconds(90), 3.0);
        let times = FrameTimes::even(1001, 29.97);
        assert!((times.seconds(1000) - 1000.0 / 29.97).abs() < 1e-6);
    }

    #[test]
    fn a_clock_that_went_back_has_not_come_round() {
        let seconds = |units, base| described(&[(4, units)], base)[0].seconds;
        assert_eq!(seconds(MPEG_ROUND - 90_000, MPEG_BASE), -1.0);
        assert_eq!(seconds(90_000, MPEG_BASE), 1.0);
        assert_eq!(seconds(-500, (1, 1000)), -0.5);
    }

    #[test]
    fn gaps_are_counted_and_the_longest_named() {
        assert_eq!(gaps(&[0, 1, 50, 51, 200, 230], 20), Some((3, 4, 149)));
        assert_eq!(gaps(&[0, 1, 2], 20), None);
    }

    proptest! {
        #[test]
        fn times_always_grow(
            raw in proptest::collection::vec(proptest::option::of(-1000_i64..1000), 1..60),
            longest in proptest::option::of(1_i64..500),
        ) {
            let repaired = repair(&raw, 33, longest);
            prop_assert_eq!(repaired.units.len(), raw.len());
            prop_assert!(repaired.units.windows(2).all(|pair| pair[0] < pair[1]));
        }

        #[test]
        fn joined_parts_keep_their_pace(
            lengths in proptest::collection::vec(2_usize..40, 1..6),
            step in 2_i64..50,
            back in proptest::collection::vec(1_i64..5000, 6),
        ) {
            let mut raw: Vec<i64> = Vec::new();
            for (length, back) in lengths.iter().zip(&back) {
                // Each part begins at least a frame before the end of the one before.
                let start = raw.last().map_or(0, |last| last - step.max(*back));
                raw.extend((0..*length as i64).map(|n| start + n * step));
            }
            let repaired = repair(&known(&raw), 33, None);
            let even: Vec<i64> = (0..raw.len() as i64).map(|n| n * step).collect();
            prop_assert_eq!(repaired.units, even);
            prop_assert_eq!(repaired.jumps.len(), lengths.len() - 1);
        }
    }
}
