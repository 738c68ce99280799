//! Blinks and closures of each eye, from the height of the eye over its width.
//!
//! Each eye has an open level of its own that follows the recording; the closed level is that of the
//! eye that closes better and serves both, because an eye that cannot close must not set its own
//! scale.

use crate::geometry::Side;
use crate::peaks::{self, Peak};
use crate::statistics::{median_of_neighbours, quantile_of_sorted};
use crate::thresholds::{
    BLINK_COMPLETE, BLINK_FINE_RATE, BLINK_LONGEST, BLINK_PAIR, BLINK_PROMINENCE, BLINK_RATE,
    BLINK_RATIO_FALL, BLINK_SHORTEST, BRIDGED, CLOSED_BELOW, CLOSED_QUANTILE, CLOSURE_MOST,
    OPEN_LEAST, OPEN_QUANTILE, OPEN_WINDOW,
};
use crate::timeline::Timeline;

/// What a closing of an eye is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A blink.
    Blink,
    /// Longer than a blink.
    Closure,
}

/// One closing of one eye.
#[derive(Debug, Clone, PartialEq)]
pub struct Closing {
    /// Of which eye.
    pub side: Side,
    /// A blink, or longer.
    pub kind: Kind,
    /// Where the closure has half its prominence, in seconds.
    pub onset: f64,
    /// The moment of the largest closure.
    pub apex: f64,
    /// As the onset, behind the apex.
    pub offset: f64,
    /// Places of the first frame, the apex and the last one.
    pub frames: [usize; 3],
    /// The largest closure: 0 open, 1 closed; nothing without a closed level.
    pub peak: Option<f64>,
    /// The mean closure from onset to offset.
    pub mean: Option<f64>,
    /// Whether the eye blinked together with the other one.
    pub paired: bool,
}

impl Closing {
    /// Seconds.
    pub fn duration(&self) -> f64 {
        self.offset - self.onset
    }

    /// Whether the eye closed completely; nothing without a closed level.
    pub fn complete(&self) -> Option<bool> {
        self.peak.map(|peak| peak >= BLINK_COMPLETE)
    }
}

/// How exactly blinks are known at the rate of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// At 50 frames a second and more.
    Fine,
    /// Durations and completeness are coarse.
    Coarse,
    /// Blinks would be missed: only closures are given.
    ClosuresOnly,
}

impl Detail {
    /// As it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Coarse => "coarse",
            Self::ClosuresOnly => "closures_only",
        }
    }
}

/// Both eyes over a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Blinks {
    /// In order of their onsets.
    pub closings: Vec<Closing>,
    /// Closure of the right and the left eye in frames that count; without a closed level in the
    /// measure in which a blink's least fall is the least prominence.
    pub closure: [Vec<Option<f32>>; 2],
    /// Median open level of the right and the left eye, a ratio.
    pub open: [Option<f64>; 2],
    /// Whether there is a closed level.
    pub scale_known: bool,
    /// How exact blinks are.
    pub detail: Detail,
    /// Right minus left apex of each pair, in seconds.
    pub lags: Vec<f64>,
    /// Seconds of frames that count.
    pub seconds: f64,
}

/// The eyes in the order in which they are kept here.
pub const EYES: [Side; 2] = [Side::Right, Side::Left];

impl Blinks {
    /// Of the ratios of the right and the left eye.
    pub fn of(ratios: [&[f32]; 2], timeline: &Timeline) -> Self {
        let valid = ratios.map(|values| timeline.valid_values(values));
        let levels = valid.each_ref().map(|values| open_levels(values, timeline));
        let open = levels.each_ref().map(|levels| middle(levels));
        let closed = closed_level(&valid, &open);
        let mut closure = [Vec::new(), Vec::new()];
        for eye in 0..2 {
            closure[eye] = (valid[eye].iter().zip(&levels[eye]))
                .map(|(value, open)| {
                    let (value, open) = (f64::from((*value)?), f64::from((*open)?));
                    let depth = match closed {
                        Some(closed) => open - closed,
                        None => BLINK_RATIO_FALL / BLINK_PROMINENCE,
                    };
                    let closure = (open - value) / depth.max(1e-6);
                    Some(closure.clamp(0.0, CLOSURE_MOST) as f32)
                })
                .collect();
        }
        let rate = timeline.rate().unwrap_or(0.0);
        // 50 frames a second by times that are rounded to milliseconds.
        let detail = match rate + 0.05 {
            rate if rate >= BLINK_FINE_RATE => Detail::Fine,
            rate if rate >= BLINK_RATE => Detail::Coarse,
            _ => Detail::ClosuresOnly,
        };
        let mut closings = Vec::new();
        for (side, closure) in EYES.into_iter().zip(&closure) {
            closings.extend(closings_of(side, closure, timeline, closed.is_some()));
        }
        if detail == Detail::ClosuresOnly {
            closings.retain(|closing| closing.kind == Kind::Closure);
        }
        let lags = pair(&mut closings);
        closings.sort_by(|a, b| a.onset.total_cmp(&b.onset).then(b.side.cmp(&a.side)));
        Self {
            closings,
            closure,
            open,
            scale_known: closed.is_some(),
            detail,
            lags,
            seconds: timeline.valid_seconds(),
        }
    }

    /// The blinks of an eye, without longer closures.
    pub fn of_eye(&self, side: Side) -> impl Iterator<Item = &Closing> {
        let blinks = self.closings.iter();
        blinks.filter(move |closing| closing.side == side && closing.kind == Kind::Blink)
    }

    /// So many a minute of frames that count; nothing where blinks are not known.
    pub fn per_minute(&self, count: usize) -> Option<f64> {
        let known = self.detail != Detail::ClosuresOnly && self.seconds > 0.0;
        known.then(|| 60.0 * count as f64 / self.seconds)
    }

    /// The smaller closure of both eyes in a frame; nothing without a closed level.
    pub fn both_closed(&self, frame: usize) -> Option<f32> {
        let [right, left] = self
            .closure
            .each_ref()
            .map(|closure| closure.get(frame).copied().flatten());
        if !self.scale_known {
            return None;
        }
        Some(right?.min(left?))
    }
}

/// The open level in each frame: a quantile over the seconds around it, or over all of them.
fn open_levels(values: &[Option<f32>], timeline: &Timeline) -> Vec<Option<f32>> {
    let mut all: Vec<f32> = values.iter().copied().flatten().collect();
    all.sort_by(f32::total_cmp);
    let Some(whole) = quantile_of_sorted(&all, OPEN_QUANTILE) else {
        return vec![None; values.len()];
    };
    let mut window: Vec<f32> = Vec::new();
    let mut seconds = 0.0;
    let (mut first, mut end) = (0, 0);
    let times = &timeline.times;
    (0..values.len())
        .map(|i| {
            while end < values.len() && times[end] <= times[i] + OPEN_WINDOW / 2.0 {
                if let Some(value) = values[end] {
                    let place = window.partition_point(|other| other.total_cmp(&value).is_lt());
                    window.insert(place, value);
                    seconds += timeline.weights[end];
                }
                end += 1;
            }
            while times[first] < times[i] - OPEN_WINDOW / 2.0 {
                if let Some(value) = values[first] {
                    let place = window.partition_point(|other| other.total_cmp(&value).is_lt());
                    window.remove(place);
                    seconds -= timeline.weights[first];
                }
                first += 1;
            }
            let enough = seconds >= OPEN_LEAST - 1e-6;
            let level = enough
                .then(|| quantile_of_sorted(&window, OPEN_QUANTILE))
                .flatten();
            Some(level.unwrap_or(whole) as f32)
        })
        .collect()
}

fn middle(levels: &[Option<f32>]) -> Option<f64> {
    let mut levels: Vec<f32> = levels.iter().copied().flatten().collect();
    levels.sort_by(f32::total_cmp);
    quantile_of_sorted(&levels, 0.5)
}

/// The closed level of the eye that closes better, if it is low enough to be one.
fn closed_level(values: &[Vec<Option<f32>>; 2], open: &[Option<f64>; 2]) -> Option<f64> {
    let lowest = |eye: usize| {
        let mut sorted: Vec<f32> = values[eye].iter().copied().flatten().collect();
        sorted.sort_by(f32::total_cmp);
        let low = quantile_of_sorted(&sorted, CLOSED_QUANTILE)?;
        let open = open[eye].filter(|open| *open > 0.0)?;
        Some((low / open, low))
    };
    let eyes = [lowest(0), lowest(1)].into_iter().flatten();
    let (share, low) = eyes.min_by(|a, b| a.0.total_cmp(&b.0))?;
    (share < CLOSED_BELOW).then_some(low)
}

fn closings_of(
    side: Side,
    closure: &[Option<f32>],
    timeline: &Timeline,
    scale_known: bool,
) -> Vec<Closing> {
    let mut all = Vec::new();
    // A single frame whose landmarks tremble is no blink; those last two frames at the least.
    let closure = median_of_neighbours(closure, 3);
    for (places, values) in stretches(&closure, timeline) {
        for peak in peaks::find(&values, BLINK_PROMINENCE) {
            let time = |place: f64| {
                let (at, share) = (place.floor() as usize, place.fract());
                let from = timeline.times[places[at]];
                let to = timeline.times[places[(at + 1).min(places.len() - 1)]];
                from + share * (to - from)
            };
            let (onset, offset) = (time(peak.half.0), time(peak.half.1));
            let Some(kind) = kind(offset - onset) else {
                continue;
            };
            all.push(closing(
                side,
                kind,
                &peak,
                &places,
                &values,
                scale_known,
                (onset, offset),
                timeline,
            ));
        }
    }
    without_parts(all)
}

/// Leaves out closings that are a part of another one: a small peak on its slope, or the second of two
/// equally high peaks of one closing.
fn without_parts(all: Vec<Closing>) -> Vec<Closing> {
    let length = |closing: &Closing| closing.offset - closing.onset;
    let is_part = |i: usize| {
        let inner = &all[i];
        all.iter().enumerate().any(|(j, outer)| {
            let inside = inner.onset >= outer.onset - 1e-9 && inner.offset <= outer.offset + 1e-9;
            let same = (length(outer) - length(inner)).abs() < 1e-9;
            i != j && inside && (!same || j < i)
        })
    };
    (0..all.len())
        .filter(|&i| !is_part(i))
        .map(|i| all[i].clone())
        .collect()
}

fn kind(seconds: f64) -> Option<Kind> {
    match seconds {
        seconds if seconds > BLINK_LONGEST + 1e-9 => Some(Kind::Closure),
        seconds if seconds >= BLINK_SHORTEST - 1e-9 => Some(Kind::Blink),
        _ => None,
    }
}

#[allow(clippy::too_many_arguments)]
fn closing(
    side: Side,
    kind: Kind,
    peak: &Peak,
    places: &[usize],
    values: &[f64],
    scale_known: bool,
    (onset, offset): (f64, f64),
    timeline: &Timeline,
) -> Closing {
    let apex = places[peak.place];
    let first = (peak.half.0.ceil() as usize).min(peak.place);
    let last = (peak.half.1.floor() as usize).max(peak.place);
    let mean = values[first..=last].iter().sum::<f64>() / (last - first + 1) as f64;
    Closing {
        side,
        kind,
        onset,
        apex: timeline.times[apex],
        offset,
        frames: [places[first], apex, places[last]],
        peak: scale_known.then_some(peak.value),
        mean: scale_known.then_some(mean),
        paired: false,
    }
}

/// The frames that count without longer gaps between them, with their values.
fn stretches(closure: &[Option<f32>], timeline: &Timeline) -> Vec<(Vec<usize>, Vec<f64>)> {
    let mut all: Vec<(Vec<usize>, Vec<f64>)> = Vec::new();
    for (i, value) in closure.iter().enumerate() {
        let Some(value) = value else { continue };
        let goes_on = all
            .last()
            .and_then(|(places, _)| places.last())
            .is_some_and(|&last| timeline.duration(&(last + 1..i)) < BRIDGED - 1e-9);
        if !goes_on {
            all.push((Vec::new(), Vec::new()));
        }
        if let Some((places, values)) = all.last_mut() {
            places.push(i);
            values.push(f64::from(*value));
        }
    }
    all
}

/// Marks blinks of both eyes that belong together, nearest first, and returns right − left apexes.
fn pair(closings: &mut [Closing]) -> Vec<f64> {
    let blinks = |side: Side| -> Vec<usize> {
        let all = closings.iter().enumerate();
        all.filter(|(_, c)| c.side == side && c.kind == Kind::Blink)
            .map(|(i, _)| i)
            .collect()
    };
    let (right, left) = (blinks(Side::Right), blinks(Side::Left));
    let mut near: Vec<(f64, usize, usize)> = Vec::new();
    for &r in &right {
        let apex = closings[r].apex;
        let from = left.partition_point(|&l| closings[l].apex < apex - BLINK_PAIR - 1e-9);
        for &l in &left[from..] {
            if closings[l].apex > apex + BLINK_PAIR + 1e-9 {
                break;
            }
            near.push(((closings[l].apex - apex).abs(), r, l));
        }
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut pairs = Vec::new();
    for (_, r, l) in near {
        if !closings[r].paired && !closings[l].paired {
            closings[r].paired = true;
            closings[l].paired = true;
            pairs.push((r, closings[r].apex - closings[l].apex));
        }
    }
    pairs.sort_by_key(|pair| pair.0);
    pairs.into_iter().map(|pair| pair.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An eye that is open by 0.4 and closes at these seconds to these closures (0.1 is closed), with
    /// a rise, a time at the closure and a fall that last 0.06 s, `hold` and 0.06 s.
    fn eye(seconds: f64, rate: f64, blinks: &[(f64, f64, f64)]) -> Vec<f32> {
        (0..(seconds * rate) as usize)
            .map(|i| {
                let t = i as f64 / rate;
                let closure = blinks.iter().map(|&(apex, closure, hold)| {
                    let beyond = (t - apex).abs() - hold / 2.0;
                    closure * (1.0 - beyond / 0.06).clamp(0.0, 1.0)
                });
                (0.4 - 0.3 * closure.fold(0.0, f64::max)) as f32
            })
            .collect()
    }

    fn blinks(right: &[f32], left: &[f32], rate: f64) -> Blinks {
        let times = (0..right.len()).map(|i| i as f64 / rate).collect();
        Blinks::of(
            [right, left],
            &Timeline::new(times, vec![true; right.len()]),
        )
    }

    const BLINKS: [(f64, f64, f64); 5] = [
        (2.0, 1.0, 0.1),
        (5.0, 0.6, 0.1),
        (8.0, 0.2, 0.1),
        (11.0, 1.0, 0.1),
        (14.0, 1.0, 0.1),
    ];

    #[test]
    fn complete_partial_and_none_in_one_eye_only() {
        let found = blinks(&eye(16.0, 60.0, &[]), &eye(16.0, 60.0, &BLINKS), 60.0);
        assert!(found.scale_known && found.detail == Detail::Fine);
        assert_eq!(found.of_eye(Side::Right).count(), 0);
        let left: Vec<Option<bool>> = found.of_eye(Side::Left).map(Closing::complete).collect();
        assert_eq!(left, [Some(true), Some(false), Some(true), Some(true)]);
        assert!(found.closings.iter().all(|closing| !closing.paired));
        let first = &found.closings[0];
        assert!((first.apex - 2.0).abs() < 0.06 && (first.duration() - 0.16).abs() < 0.02);
        // The eye that stays open is judged by the closed level of the other one.
        assert!(
            found.closure[0]
                .iter()
                .all(|closure| closure.unwrap() < 0.05)
        );
    }

    #[test]
    fn an_eye_that_closes_badly_does_not_set_its_own_scale() {
        let weak: Vec<(f64, f64, f64)> = BLINKS
            .iter()
            .map(|b| (b.0 + 0.05, 0.5 * b.1, b.2))
            .collect();
        let found = blinks(&eye(16.0, 60.0, &weak), &eye(16.0, 60.0, &BLINKS), 60.0);
        let right: Vec<&Closing> = found.of_eye(Side::Right).collect();
        assert!(right.iter().all(|blink| blink.complete() == Some(false)));
        assert!((right[0].peak.unwrap() - 0.5).abs() < 0.05);
        assert!(right.iter().filter(|blink| blink.paired).count() >= 3);
        assert!(
            found.lags.iter().all(|lag| (lag - 0.05).abs() < 0.02),
            "{:?}",
            found.lags
        );
    }

    #[test]
    fn longer_than_half_a_second_is_a_closure() {
        let shut = [(2.0, 1.0, 0.6), (5.0, 1.0, 0.1)];
        let found = blinks(&eye(8.0, 60.0, &shut), &eye(8.0, 60.0, &shut), 60.0);
        let kinds: Vec<Kind> = found.closings.iter().map(|closing| closing.kind).collect();
        assert_eq!(
            kinds,
            [Kind::Closure, Kind::Closure, Kind::Blink, Kind::Blink]
        );
        assert!((found.closings[0].duration() - 0.66).abs() < 0.03);
        // The patient's right comes first where both begin together.
        assert_eq!(found.closings[0].side, Side::Right);
    }

    #[test]
    fn two_equally_high_peaks_of_one_closing_are_one_blink() {
        let mut eye = eye(16.0, 60.0, &BLINKS);
        // Shut beyond the level that closures are cut at, a little less in between.
        for (frame, value) in [(119, 0.01), (120, 0.06), (121, 0.01)] {
            eye[frame] = value;
        }
        let found = blinks(&eye, &eye, 60.0);
        let first: Vec<f64> = found.of_eye(Side::Left).map(|blink| blink.apex).collect();
        assert_eq!(
            first
                .iter()
                .filter(|apex| (*apex - 2.0).abs() < 0.3)
                .count(),
            1
        );
    }

    #[test]
    fn eyes_that_never_close_have_no_scale_but_counts() {
        let half: Vec<(f64, f64, f64)> = BLINKS.iter().map(|b| (b.0, 0.4 * b.1, b.2)).collect();
        let found = blinks(&eye(16.0, 60.0, &half), &eye(16.0, 60.0, &half), 60.0);
        assert!(!found.scale_known);
        // Falls of 0.12 count, one of 0.072 and one of 0.024 do not.
        assert_eq!(found.of_eye(Side::Left).count(), 3);
        assert!(found.closings.iter().all(|closing| closing.peak.is_none()));
        assert_eq!(found.both_closed(0), None);
    }

    #[test]
    fn slow_recordings_know_less() {
        for (rate, detail) in [
            (49.98, Detail::Fine),
            (30.0, Detail::Coarse),
            (15.0, Detail::ClosuresOnly),
        ] {
            let eye = eye(16.0, rate, &BLINKS);
            let found = blinks(&eye, &eye, rate);
            assert_eq!(found.detail, detail);
            assert_eq!(
                found.per_minute(2).is_some(),
                detail != Detail::ClosuresOnly
            );
            assert_eq!(found.closings.is_empty(), detail == Detail::ClosuresOnly);
        }
    }

    #[test]
    fn the_open_level_follows_the_recording() {
        // A face that comes nearer with its eyes wider: no blink, however much the level moves.
        let values: Vec<f32> = (0..60 * 90)
            .map(|i| 0.25 + 0.2 * i as f32 / 5400.0)
            .collect();
        let found = blinks(&values, &values, 60.0);
        assert!(found.closings.is_empty());
    }
}
