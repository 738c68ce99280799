//! The rest that deviations are measured from: where it is, and whether the face was at rest there.

use crate::blinks::Blinks;
use crate::recording::Recording;
use crate::thresholds::{ASSUMED_REST_WITHIN, BASELINE_SECONDS, BASELINE_SMILE, EYE_CLOSED};
use crate::timeline::{Run, Timeline};

/// What is known of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaselineQuality {
    /// Nothing speaks against it.
    Neutral,
    /// Fewer seconds count than it takes.
    Short,
    /// The eyes are shut.
    Blinking,
    /// The face smiles.
    Smiling,
    /// Nobody said where it is.
    Assumed,
}

impl BaselineQuality {
    /// As it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Short => "short",
            Self::Blinking => "blinking",
            Self::Smiling => "smiling",
            Self::Assumed => "assumed",
        }
    }
}

/// Seconds in which the face is at rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The frames.
    pub run: Run,
    /// From when on, in seconds.
    pub from: f64,
    /// Until when.
    pub to: f64,
    /// What is known of it.
    pub quality: BaselineQuality,
}

impl Baseline {
    /// Of the seconds that the user names; nothing if no frame in them counts.
    pub fn named(
        from: f64,
        to: f64,
        recording: &Recording,
        timeline: &Timeline,
        blinks: Option<&Blinks>,
    ) -> Option<Self> {
        let run = timeline.frames_between(from, to);
        if !run.clone().any(|i| timeline.valid[i]) {
            return None;
        }
        let seconds: f64 = run
            .clone()
            .filter(|&i| timeline.valid[i])
            .map(|i| timeline.weights[i])
            .sum();
        let median = |au: u8| {
            let values = recording.intensities.get(&au)?;
            timeline.weighted_within(values, &run).median()
        };
        let shut = blinks
            .filter(|blinks| blinks.scale_known)
            .is_some_and(|blinks| {
                let closures = run
                    .clone()
                    .filter_map(|i| Some((f64::from(blinks.both_closed(i)?), timeline.weights[i])));
                let mut closures: crate::statistics::Weighted = closures.collect();
                closures
                    .median()
                    .is_some_and(|closure| closure >= EYE_CLOSED)
            });
        let smile = median(6).unwrap_or(0.0) + median(12).unwrap_or(0.0);
        let quality = if seconds < BASELINE_SECONDS - 1e-6 {
            BaselineQuality::Short
        } else if shut {
            BaselineQuality::Blinking
        } else if smile >= BASELINE_SMILE {
            BaselineQuality::Smiling
        } else {
            BaselineQuality::Neutral
        };
        Some(Self {
            run,
            from,
            to,
            quality,
        })
    }

    /// The quietest second among the first ten: the one with the least mean of all intensities.
    pub fn assumed(recording: &Recording, timeline: &Timeline) -> Option<Self> {
        let first = *timeline.times.first()?;
        let mut best: Option<(f64, Run)> = None;
        for start in 0..timeline.len() {
            let from = timeline.times[start];
            if from + BASELINE_SECONDS > first + ASSUMED_REST_WITHIN + 1e-9 {
                break;
            }
            let run = timeline.frames_between(from, from + BASELINE_SECONDS);
            let whole = run.clone().all(|i| timeline.valid[i])
                && timeline.duration(&run) >= BASELINE_SECONDS - timeline.step;
            if !whole {
                continue;
            }
            let means = recording
                .intensities
                .values()
                .filter_map(|values| timeline.weighted_within(values, &run).mean());
            let movement: f64 = means.sum();
            if best
                .as_ref()
                .is_none_or(|(least, _)| movement < *least - 1e-9)
            {
                best = Some((movement, run));
            }
        }
        let (_, run) = best?;
        Some(Self {
            from: timeline.times[run.start],
            to: timeline.times[run.start] + timeline.duration(&run),
            run,
            quality: BaselineQuality::Assumed,
        })
    }

    /// The median of a column over it.
    pub fn median(&self, values: &[f32], timeline: &Timeline) -> Option<f64> {
        timeline.weighted_within(values, &self.run).median()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TableText;

    fn named(from: f64, to: f64) -> Option<Baseline> {
        let mut table = TableText::new(&["AU06_r", "AU12_r"]);
        for frame in 0..250 {
            let t = f64::from(frame) / 25.0;
            let smile = if t >= 5.0 { 0.6 } else { 0.2 };
            table.frame(t, !(50..75).contains(&frame), &[smile, smile]);
        }
        let recording = table.recording();
        Baseline::named(from, to, &recording, &recording.timeline(0.8), None)
    }

    #[test]
    fn a_rest_is_judged() {
        assert_eq!(named(0.0, 2.0).unwrap().quality, BaselineQuality::Neutral);
        assert_eq!(named(0.0, 1.0).unwrap().quality, BaselineQuality::Neutral);
        assert_eq!(named(0.0, 0.8).unwrap().quality, BaselineQuality::Short);
        // Half of it does not count.
        assert_eq!(named(1.5, 3.0).unwrap().quality, BaselineQuality::Short);
        assert_eq!(named(5.0, 7.0).unwrap().quality, BaselineQuality::Smiling);
        assert_eq!(named(2.1, 2.9), None);
        assert_eq!(named(99.0, 100.0), None);
    }

    #[test]
    fn the_quietest_second_is_found() {
        let mut table = TableText::new(&["AU04_r"]);
        for frame in 0..400 {
            let t = f64::from(frame) / 25.0;
            table.row(t, &[(t - 6.0).abs().min(3.0)]);
        }
        let recording = table.recording();
        let rest = Baseline::assumed(&recording, &recording.timeline(0.8)).unwrap();
        assert!(
            (rest.from - 5.5).abs() < 0.05 && (rest.to - rest.from - 1.0).abs() < 0.05,
            "{rest:?}"
        );
        assert_eq!(rest.quality, BaselineQuality::Assumed);
    }
}
