//! How good a recording is: frames that count, gaps, rate, size and direction of the face.

use crate::recording::Recording;
use crate::thresholds::{
    BRIDGED, FRONTAL_PITCH, FRONTAL_YAW, SMALL_FACE, VARIABLE_RATE, WARN_RATE,
};
use crate::timeline::Timeline;

/// An angle of the head over a recording, in degrees.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Angle {
    /// The middle one.
    pub median: Option<f64>,
    /// 95 % are not larger, whatever the direction.
    pub abs_p95: Option<f64>,
}

/// Everything that says whether a recording can be used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quality {
    /// Frames with a face, in % of all.
    pub success_pct: f64,
    /// Frames that count, in % of all.
    pub valid_pct: f64,
    /// Number of frames that count.
    pub valid: usize,
    /// Seconds of frames that count.
    pub seconds_valid: f64,
    /// Confidence over all frames: mean, 5 % quantile, median.
    pub confidence: Option<(f64, f64, f64)>,
    /// The longest run of frames that do not count, in seconds.
    pub longest_gap: f64,
    /// Runs that are longer than those that are bridged.
    pub gaps: usize,
    /// Frames a second: mean, slowest, fastest.
    pub rate: Option<(f64, f64, f64)>,
    /// Whether the longest step is much longer than the median.
    pub variable_rate: bool,
    /// Median distance of the outer corners of the eyes in pixels.
    pub canthal_median: Option<f64>,
    /// Pitch, yaw and roll.
    pub angles: [Angle; 3],
    /// Time with the head nearly frontal, in %.
    pub frontal_pct: Option<f64>,
    /// Time with the head turned to a side by more than that allows, in %.
    pub turned_pct: Option<f64>,
}

/// What a page says of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing is in the way.
    Good,
    /// With care.
    Usable,
    /// Hardly.
    Poor,
}

impl Grade {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Usable => "usable",
            Self::Poor => "poor",
        }
    }
}

impl Quality {
    /// Of a recording.
    pub fn of(recording: &Recording, timeline: &Timeline) -> Self {
        let frames = timeline.len().max(1) as f64;
        let percent = |count: usize| 100.0 * count as f64 / frames;
        let confidence = recording.confidence.as_ref().and_then(|values| {
            let mut all: crate::statistics::Weighted = values
                .iter()
                .map(|&value| (f64::from(value), 1.0))
                .collect();
            Some((all.mean()?, all.quantile(0.05)?, all.median()?))
        });
        let gaps: Vec<f64> = timeline
            .gaps()
            .iter()
            .map(|gap| timeline.duration(gap))
            .collect();
        let rate = timeline.rate().map(|mean| {
            let of_step = |step: f64| if step > 0.0 { 1.0 / step } else { f64::NAN };
            (mean, of_step(timeline.steps.1), of_step(timeline.steps.0))
        });
        let degrees = recording.head_rotation.as_ref().map(|columns| {
            columns.each_ref().map(|column| -> Vec<f32> {
                column.iter().map(|radians| radians.to_degrees()).collect()
            })
        });
        let angles = degrees.as_ref().map(|columns| {
            columns.each_ref().map(|column| {
                let sizes: Vec<f32> = column.iter().map(|value| value.abs()).collect();
                Angle {
                    median: timeline
                        .weighted(column)
                        .enough()
                        .and_then(|mut w| w.median()),
                    abs_p95: timeline
                        .weighted(&sizes)
                        .enough()
                        .and_then(|mut w| w.quantile(0.95)),
                }
            })
        });
        // 1 where it is so, 0 where it is not.
        let share = |is_so: &dyn Fn(f64, f64) -> bool| {
            let [pitch, yaw, _] = degrees.as_ref()?;
            let so: Vec<f32> = pitch
                .iter()
                .zip(yaw)
                .map(|(pitch, yaw)| match (f64::from(*pitch), f64::from(*yaw)) {
                    (pitch, yaw) if pitch.is_nan() || yaw.is_nan() => f32::NAN,
                    (pitch, yaw) => f32::from(u8::from(is_so(pitch, yaw))),
                })
                .collect();
            timeline
                .weighted(&so)
                .enough()?
                .percent(|value| value > 0.5)
        };
        let canthal = recording
            .geometry
            .as_ref()
            .map(|geometry| &geometry.canthal);
        Self {
            success_pct: percent(recording.success.iter().filter(|success| **success).count()),
            valid_pct: percent(timeline.valid_count()),
            valid: timeline.valid_count(),
            seconds_valid: timeline.valid_seconds(),
            confidence,
            longest_gap: gaps.iter().copied().fold(0.0, f64::max),
            gaps: gaps.iter().filter(|&&gap| gap > BRIDGED + 1e-9).count(),
            rate,
            variable_rate: timeline.steps.1 > VARIABLE_RATE * timeline.step && timeline.step > 0.0,
            canthal_median: canthal
                .and_then(|canthal| timeline.weighted(canthal).enough()?.median()),
            angles: angles.unwrap_or_default(),
            frontal_pct: share(&|pitch, yaw| {
                yaw.abs() <= FRONTAL_YAW && pitch.abs() <= FRONTAL_PITCH
            }),
            turned_pct: share(&|_, yaw| yaw.abs() > FRONTAL_YAW),
        }
    }

    /// Whether the face is small.
    pub fn face_small(&self) -> Option<bool> {
        self.canthal_median.map(|pixels| pixels < SMALL_FACE)
    }

    /// The word for a recording and what keeps it from a better one. What a table does not tell (head
    /// pose, landmarks) is not held against it.
    pub fn grade(&self) -> (Grade, Vec<String>) {
        let rate = self.rate.map_or(0.0, |rate| rate.0);
        let frontal = self.frontal_pct.unwrap_or(100.0);
        let canthal = self.canthal_median.unwrap_or(f64::INFINITY);
        let mut reasons = Vec::new();
        let mut needs = |met: bool, grade: Grade, reason: String| {
            if !met {
                reasons.push((grade, reason));
            }
        };
        let faces = format!("{:.0} % of the frames count", self.valid_pct);
        let turned = format!("the head is frontal in {frontal:.0} % of the time");
        let small = format!("{canthal:.0} px between the outer corners of the eyes");
        needs(self.valid_pct >= 80.0, Grade::Poor, faces.clone());
        needs(frontal >= 60.0, Grade::Poor, turned.clone());
        needs(canthal >= SMALL_FACE, Grade::Poor, small.clone());
        needs(self.valid_pct >= 95.0, Grade::Usable, faces);
        needs(frontal >= 90.0, Grade::Usable, turned);
        needs(
            self.longest_gap <= 0.5,
            Grade::Usable,
            format!("a gap of {:.1} s", self.longest_gap),
        );
        needs(
            rate >= WARN_RATE,
            Grade::Usable,
            format!("{rate:.1} frames a second"),
        );
        needs(canthal >= 100.0, Grade::Usable, small);
        let worst = reasons
            .iter()
            .map(|(grade, _)| *grade)
            .max()
            .unwrap_or(Grade::Good);
        let reasons = reasons.into_iter().filter(|(grade, _)| *grade == worst);
        (worst, reasons.map(|(_, reason)| reason).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TableText, face_points};

    #[test]
    fn shares_gaps_and_angles() {
        let mut table = TableText::with_landmarks(&["pose_Rx", "pose_Ry", "pose_Rz"]);
        for frame in 0..100 {
            let time = f64::from(frame) * 0.04;
            let yaw = if frame < 25 { 12.0_f64 } else { 4.0 };
            let angles = [0.0, -yaw.to_radians(), 0.1];
            let points = face_points();
            let mut all: Vec<f64> = points.iter().map(|p| p[0]).collect();
            all.extend(points.iter().map(|p| p[1]));
            all.extend(angles);
            table.frame(time, !(50..60).contains(&frame), &all);
        }
        let recording = table.recording();
        let quality = Quality::of(&recording, &recording.timeline(0.8));
        assert_eq!(
            (quality.valid, quality.valid_pct, quality.success_pct),
            (90, 90.0, 90.0)
        );
        assert_eq!(quality.gaps, 1);
        assert!((quality.longest_gap - 0.4).abs() < 1e-9);
        assert!((quality.rate.unwrap().0 - 25.0).abs() < 1e-9);
        assert!(!quality.variable_rate);
        assert!((quality.canthal_median.unwrap() - 100.0).abs() < 1e-4);
        assert_eq!(quality.face_small(), Some(false));
        assert!((quality.frontal_pct.unwrap() - 100.0 * 65.0 / 90.0).abs() < 0.1);
        assert!((quality.turned_pct.unwrap() - 100.0 * 25.0 / 90.0).abs() < 0.1);
        let yaw = quality.angles[1];
        assert!((yaw.median.unwrap() + 4.0).abs() < 1e-4);
        assert!((yaw.abs_p95.unwrap() - 12.0).abs() < 1e-4);
        assert!((quality.confidence.unwrap().0 - (0.9 * 0.98 + 0.1 * 0.2)).abs() < 1e-6);
        let (grade, reasons) = quality.grade();
        assert_eq!(grade, Grade::Usable);
        assert!(reasons[0].contains("90 %"), "{reasons:?}");
    }

    #[test]
    fn a_recording_without_a_face_is_poor() {
        let mut table = TableText::new(&["AU01_r"]);
        for frame in 0..30 {
            table.frame(f64::from(frame) * 0.04, false, &[0.0]);
        }
        let recording = table.recording();
        let quality = Quality::of(&recording, &recording.timeline(0.8));
        assert_eq!(quality.grade().0, Grade::Poor);
        assert!((quality.longest_gap - 1.2).abs() < 1e-9);
    }
}
