//! When an action unit is shown: from where its intensity reaches a level to where it falls below a
//! lower one, so that a value that trembles about one level is one event.

use crate::statistics::median_of_neighbours;
use crate::thresholds::{BRIDGED, Thresholds};
use crate::timeline::Timeline;

/// A movement with a beginning, a strongest moment and an end.
#[derive(Debug, Clone, PartialEq)]
pub struct AuEvent {
    /// The action unit.
    pub au: u8,
    /// Seconds, between frames.
    pub onset: f64,
    /// Seconds of the strongest frame.
    pub apex: f64,
    /// Seconds, between frames.
    pub offset: f64,
    /// Places of the first frame, the strongest and the last one.
    pub frames: [usize; 3],
    /// The strongest intensity, 0 to 5; nothing for presences.
    pub peak: Option<f64>,
    /// The mean intensity; nothing for presences.
    pub mean: Option<f64>,
    /// (peak − off) over the seconds from onset to apex; nothing for presences.
    pub rise: Option<f64>,
    /// Whether a gap or an end of the recording cuts it.
    pub cut: bool,
}

impl AuEvent {
    /// Seconds.
    pub fn duration(&self) -> f64 {
        self.offset - self.onset
    }
}

/// Events of intensities from 0 to 5.
pub fn of_intensities(
    au: u8,
    values: &[f32],
    timeline: &Timeline,
    set: &Thresholds,
) -> Vec<AuEvent> {
    let valid = timeline.valid_values(values);
    let smooth = median_of_neighbours(&valid, 3);
    let spans = spans(&smooth, timeline, set);
    let spans = spans
        .into_iter()
        .map(|span| span.to_event(au, &smooth, timeline, set, values));
    spans.collect()
}

/// Events of presences, which are 0 or 1. They have no peak.
pub fn of_presences(au: u8, values: &[f32], timeline: &Timeline, set: &Thresholds) -> Vec<AuEvent> {
    let smooth = median_of_neighbours(&timeline.valid_values(values), 3);
    let levels = Thresholds {
        on: 0.5,
        off: 0.5,
        ..*set
    };
    let spans = spans(&smooth, timeline, &levels);
    let events = spans.into_iter().map(|span| AuEvent {
        peak: None,
        mean: None,
        rise: None,
        ..span.to_event(au, &smooth, timeline, &levels, values)
    });
    events.collect()
}

/// From onset to offset.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: usize,
    last: usize,
    onset: f64,
    offset: f64,
    cut: bool,
}

/// Where a line between two frames has a level.
fn crossing(timeline: &Timeline, a: (usize, f32), b: (usize, f32), level: f64) -> f64 {
    let (from, to) = (timeline.times[a.0], timeline.times[b.0]);
    let (low, high) = (f64::from(a.1), f64::from(b.1));
    if high == low {
        return to;
    }
    from + (to - from) * ((level - low) / (high - low)).clamp(0.0, 1.0)
}

fn spans(smooth: &[Option<f32>], timeline: &Timeline, set: &Thresholds) -> Vec<Span> {
    let mut all: Vec<Span> = Vec::new();
    let mut open: Option<Span> = None;
    let mut previous: Option<(usize, f32)> = None;
    for (i, value) in smooth.iter().enumerate() {
        let Some(value) = *value else { continue };
        // How long the frames between lasted, if there are any that do not count.
        let gap = previous.map(|(last, _)| timeline.duration(&(last + 1..i)));
        let bridged = gap.filter(|gap| *gap < BRIDGED - 1e-9);
        if bridged.is_none()
            && let Some(mut span) = open.take()
        {
            span.offset = timeline.times[span.last];
            span.cut = true;
            all.push(span);
        }
        let before = previous.filter(|_| bridged.is_some());
        match &mut open {
            None if f64::from(value) >= set.on => {
                open = Some(Span {
                    first: i,
                    last: i,
                    onset: before.map_or(timeline.times[i], |before| {
                        crossing(timeline, before, (i, value), set.on)
                    }),
                    offset: timeline.times[i],
                    cut: before.is_none(),
                });
            }
            Some(span) if f64::from(value) < set.off => {
                span.offset = before.map_or(timeline.times[i], |before| {
                    crossing(timeline, before, (i, value), set.off)
                });
                all.extend(open.take());
            }
            Some(span) => span.last = i,
            None => {}
        }
        previous = Some((i, value));
    }
    if let Some(mut span) = open {
        span.offset = timeline.times[span.last];
        span.cut = true;
        all.push(span);
    }
    let mut joined: Vec<Span> = Vec::new();
    for span in all {
        match joined.last_mut() {
            Some(last) if span.onset - last.offset < set.join - 1e-9 => {
                last.last = span.last;
                last.offset = span.offset;
                last.cut |= span.cut;
            }
            _ => joined.push(span),
        }
    }
    joined.retain(|span| span.offset - span.onset >= set.min_event - 1e-9);
    joined
}

impl Span {
    fn to_event(
        self,
        au: u8,
        smooth: &[Option<f32>],
        timeline: &Timeline,
        set: &Thresholds,
        values: &[f32],
    ) -> AuEvent {
        let run = self.first..self.last + 1;
        let values_there = run.clone().filter_map(|i| Some((i, smooth[i]?)));
        // Of equally strong frames the first.
        let (apex, peak) = values_there.fold((self.first, f32::NEG_INFINITY), |best, one| {
            if one.1 > best.1 { one } else { best }
        });
        let (peak, apex_time) = (f64::from(peak), timeline.times[apex]);
        let rising = apex_time - self.onset;
        AuEvent {
            au,
            onset: self.onset,
            apex: apex_time,
            offset: self.offset,
            frames: [self.first, apex, self.last],
            peak: Some(peak),
            mean: timeline.weighted_within(values, &run).mean(),
            rise: (rising > 1e-9).then(|| (peak - set.off) / rising),
            cut: self.cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STEP: f64 = 1.0 / 30.0;

    fn timeline(valid: Vec<bool>) -> Timeline {
        let times = (0..valid.len()).map(|i| i as f64 * STEP).collect();
        Timeline::new(times, valid)
    }

    fn events(values: &[f32]) -> Vec<AuEvent> {
        let timeline = timeline(vec![true; values.len()]);
        of_intensities(12, values, &timeline, &Thresholds::default())
    }

    #[test]
    fn a_constant_value_is_no_event() {
        assert!(events(&[0.9; 100]).is_empty());
    }

    #[test]
    fn a_trapezoid_is_one_event_with_its_times() {
        // 0 until 1 s, to 3 at 2 s, 3 until 3 s, to 0 at 4 s.
        let value = |t: f64| (3.0 * (t - 1.0)).min(3.0 * (4.0 - t)).clamp(0.0, 3.0);
        let values: Vec<f32> = (0..150)
            .map(|i| value(f64::from(i) * STEP) as f32)
            .collect();
        let found = events(&values);
        assert_eq!(found.len(), 1);
        let event = &found[0];
        assert!((event.onset - (1.0 + 1.0 / 3.0)).abs() < 1e-3, "{event:?}");
        assert!((event.offset - (4.0 - 0.5 / 3.0)).abs() < 1e-3, "{event:?}");
        assert!((event.apex - 2.0).abs() < 1e-9 && event.peak == Some(3.0) && !event.cut);
        let rise = 2.5 / (2.0 - 4.0 / 3.0);
        assert!((event.rise.unwrap() - rise).abs() < 1e-2);
        // The mean of its frames: from 1 to 3, on the plateau, from 3 to 0.5.
        assert!((event.mean.unwrap() - 2.317).abs() < 0.03, "{event:?}");
    }

    #[test]
    fn trembling_about_the_level_is_one_event() {
        let values: Vec<f32> = (0..90)
            .map(|i| match i {
                10..80 => 1.0 + if i % 4 < 2 { 0.1 } else { -0.1 },
                _ => 0.0,
            })
            .collect();
        assert_eq!(events(&values).len(), 1);
    }

    #[test]
    fn long_gaps_cut_and_short_ones_do_not() {
        let values = vec![2.0; 120];
        for (gap, count) in [(3, 1), (12, 2)] {
            let valid = (0..120).map(|i| !(60..60 + gap).contains(&i)).collect();
            let timeline = timeline(valid);
            let found = of_intensities(12, &values, &timeline, &Thresholds::default());
            assert_eq!(found.len(), count);
            assert!(found[0].cut);
            let end = if count == 1 { 119 } else { 59 };
            assert!((found[0].offset - f64::from(end) * STEP).abs() < 1e-9);
        }
    }

    #[test]
    fn close_ones_are_joined_and_short_ones_dropped() {
        let mut values = vec![0.0_f32; 90];
        values[10..20].fill(2.0);
        // Falls below 0.5 for two frames only.
        values[22..30].fill(2.0);
        values[60..62].fill(2.0);
        let found = events(&values);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].frames[0], 10);
        assert_eq!(found[0].frames[2], 29);
        let timeline = timeline(vec![true; 90]);
        let set = Thresholds {
            join: 0.0,
            min_event: 0.0,
            ..Thresholds::default()
        };
        assert_eq!(of_intensities(12, &values, &timeline, &set).len(), 3);
    }

    #[test]
    fn presences_have_no_peak() {
        let mut values = vec![0.0_f32; 60];
        values[20..40].fill(1.0);
        let timeline = timeline(vec![true; 60]);
        let found = of_presences(28, &values, &timeline, &Thresholds::default());
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].peak, found[0].mean, found[0].rise),
            (None, None, None)
        );
        assert!((found[0].duration() - 20.0 * STEP).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn events_do_not_overlap(values in prop::collection::vec((0.0_f32..3.0, prop::bool::weighted(0.9)), 2..200)) {
            let (values, valid): (Vec<f32>, Vec<bool>) = values.into_iter().unzip();
            let timeline = timeline(valid);
            let found = of_intensities(1, &values, &timeline, &Thresholds::default());
            for event in &found {
                prop_assert!(event.onset <= event.apex + 1e-9 && event.apex <= event.offset + 1e-9);
                prop_assert!(event.peak.unwrap() >= 1.0);
            }
            for pair in found.windows(2) {
                prop_assert!(pair[0].offset <= pair[1].onset);
            }
        }
    }
}
