//! What is doubtful about a recording, as codes for tables and as sentences for people.

use crate::analysis::Analysis;
use crate::baseline::BaselineQuality;
use crate::scale::Scale;
use crate::thresholds::{
    WARN_FRONTAL_PCT, WARN_GAP, WARN_MANY_FACES, WARN_RATE, WARN_SECONDS, WARN_VALID_PCT,
};

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// As it stands in tables.
    pub code: &'static str,
    /// For people.
    pub sentence: String,
}

/// All warnings of a recording.
pub fn of(analysis: &Analysis) -> Vec<Warning> {
    let quality = &analysis.quality;
    let mut all = Vec::new();
    let mut warn = |code, sentence: String| all.push(Warning { code, sentence });
    if quality.valid_pct < WARN_VALID_PCT {
        warn(
            "low_valid",
            format!(
                "In {:.0} % of the recording no face was measured, or not surely enough.",
                100.0 - quality.valid_pct
            ),
        );
    }
    if quality.longest_gap > WARN_GAP {
        let gap = quality.longest_gap;
        warn(
            "gap",
            format!("For {gap:.1} s together no face was measured."),
        );
    }
    if quality.face_small() == Some(true) {
        warn(
            "small_face",
            format!(
                "The face is small: {:.0} pixels between the outer corners of the eyes.",
                quality.canthal_median.unwrap_or_default()
            ),
        );
    }
    if quality
        .frontal_pct
        .is_some_and(|frontal| frontal < WARN_FRONTAL_PCT)
    {
        let turned = quality.turned_pct.unwrap_or_default();
        let away = 100.0 - quality.frontal_pct.unwrap_or_default();
        warn(
            "turned",
            if turned >= 1.0 {
                format!(
                    "The head was turned by more than 10° in {turned:.0} % of the time; left and \
                     right cannot be compared there."
                )
            } else {
                format!(
                    "The head was raised or lowered by more than 15° in {away:.0} % of the time."
                )
            },
        );
    }
    if let Some((rate, _, _)) = quality.rate.filter(|rate| rate.0 < WARN_RATE - 0.05) {
        warn(
            "low_rate",
            format!("{rate:.0} frames a second are too few for blink durations."),
        );
    }
    if quality.variable_rate {
        let longest = 1000.0 * analysis.timeline.steps.1;
        warn(
            "variable_rate",
            format!(
                "The frames are not evenly spaced: up to {longest:.0} ms apart, {:.0} ms in the middle.",
                1000.0 * analysis.timeline.step
            ),
        );
    }
    if quality.seconds_valid < WARN_SECONDS - 1e-6 {
        warn(
            "short",
            format!(
                "Only {:.1} s of the recording can be used.",
                quality.seconds_valid
            ),
        );
    }
    match (&analysis.baseline, analysis.baseline_wanted) {
        (None, true) => warn(
            "no_baseline",
            "No face was measured in the seconds that were named as rest.".into(),
        ),
        (Some(baseline), _) => match baseline.quality {
            BaselineQuality::Smiling => warn(
                "smiling_baseline",
                "The face was smiling at rest; movements are measured from there.".into(),
            ),
            BaselineQuality::Assumed => warn(
                "assumed_baseline",
                format!(
                    "No rest was marked; seconds {:.1}–{:.1} were taken for it.",
                    baseline.from, baseline.to
                ),
            ),
            _ => {}
        },
        (None, false) => {}
    }
    if analysis.recording.several_faces > WARN_MANY_FACES {
        let share = 100.0 * analysis.recording.several_faces;
        warn(
            "many_faces",
            format!(
                "In {share:.0} % of the frames there is more than one face; this is face {}.",
                analysis.recording.face
            ),
        );
    }
    let has_lengths = analysis.recording.geometry.is_some();
    if has_lengths && matches!(analysis.scale, Scale::Canthal { .. } | Scale::Unknown) {
        let irises = analysis
            .recording
            .geometry
            .as_ref()
            .is_some_and(|g| g.iris.iter().any(|d| d.is_finite()));
        let why = if irises {
            "The iris is too small in this recording"
        } else {
            "The table has no iris landmarks"
        };
        warn(
            "scale_unknown",
            format!(
                "{why}; lengths are in % of the distance between the outer corners of the eyes."
            ),
        );
    }
    all
}
