//! Whether a comparison keeps a limit, and what decided.

use serde::Serialize;

use super::{Quantity, Requirement};
use crate::comparison::{AxisDifference, Comparison, IntensityDifference};
use crate::statistics::Spread;

/// How a requirement was met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// The requirement in words, such as `r >= 0.95`.
    pub requirement: String,
    /// Whether it is met.
    pub met: bool,
    /// The value that decided; nothing when there was nothing to judge.
    pub value: Option<f64>,
    /// Where it comes from, or why there is none.
    pub reason: String,
    /// The value in the unit of the requirement, for people.
    #[serde(skip)]
    pub shown: String,
}

/// What decides.
enum Found {
    Value(f64, String),
    /// There is nothing to judge, and that is no fault.
    Nothing(&'static str),
    /// It cannot be judged.
    Missing(&'static str),
    /// It is not met, without a number that says so.
    Broken(String),
}

/// Printed numbers are decimal; what is equal to the limit as printed is not over it.
const SLACK: f64 = 1e-6;

impl Requirement {
    /// Judges a comparison.
    pub fn judge(&self, comparison: &Comparison) -> Judgement {
        let at_least = self.wants_at_least();
        let found = if comparison.joined.frames == 0 {
            Found::Missing("no frame is in both tables")
        } else {
            self.find(comparison)
        };
        let (met, value, reason) = match found {
            Found::Value(value, place) => {
                let met = if at_least {
                    value >= self.limit - SLACK
                } else {
                    value <= self.limit + SLACK
                };
                (met, Some(value), place)
            }
            Found::Nothing(reason) => (true, None, reason.to_owned()),
            Found::Missing(reason) => (false, None, reason.to_owned()),
            Found::Broken(reason) => (false, None, reason),
        };
        Judgement {
            requirement: self.to_string(),
            met,
            shown: value.map_or_else(String::new, |value| self.in_its_unit(value, 4)),
            value,
            reason,
        }
    }

    pub(super) fn wants_at_least(&self) -> bool {
        matches!(
            self.quantity,
            Quantity::R
                | Quantity::MeanR
                | Quantity::Kappa
                | Quantity::Presence
                | Quantity::Success
                | Quantity::Frames
        )
    }

    fn find(&self, c: &Comparison) -> Found {
        match self.quantity {
            Quantity::Success => {
                c.success
                    .as_ref()
                    .map_or(Found::Missing("a table has no `success` column"), |s| {
                        Found::Value(
                            s.equal as f64 / s.frames as f64,
                            "of the frames in both".into(),
                        )
                    })
            }
            Quantity::Frames => {
                let all = c.joined.frames + c.joined.only_in_a.frames + c.joined.only_in_b.frames;
                Found::Value(c.joined.frames as f64 / all as f64, "of all frames".into())
            }
            _ if c.joined.compared == 0 => Found::Nothing("no frame has a face in both tables"),
            Quantity::R => least_r(c),
            Quantity::MeanR => mean_r(c),
            Quantity::Mad => worst_intensity(c, |au| au.mad),
            Quantity::Max => worst_intensity(c, |au| au.max),
            Quantity::Kappa | Quantity::Presence => self.presence(c),
            Quantity::Landmarks | Quantity::LandmarksP95 | Quantity::LandmarksMax => {
                self.landmarks(c)
            }
            Quantity::EyeLandmarks => c.eye_landmarks.as_ref().map_or(
                Found::Missing("no landmarks of the eyes in both tables"),
                |p| Found::Value(p.pixels.mean, "on average".into()),
            ),
            Quantity::Rotation => {
                worst_axis(&c.head_rotation_degrees, "no head rotation in both tables")
            }
            Quantity::Position => {
                worst_axis(&c.head_position_mm, "no head position in both tables")
            }
            Quantity::Gaze => c
                .gaze_degrees
                .iter()
                .map(|eye| eye.mean)
                .max_by(f64::total_cmp)
                .map_or(Found::Missing("no gaze in both tables"), |mean| {
                    Found::Value(mean, "on average".into())
                }),
        }
    }

    fn presence(&self, c: &Comparison) -> Found {
        let value = |kappa: Option<f64>, equal: f64| match self.quantity {
            Quantity::Kappa => kappa,
            _ => Some(equal),
        };
        let worst = c
            .presences
            .iter()
            .filter_map(|p| Some((value(p.kappa, p.equal)?, p.au)))
            .min_by(|p, q| p.0.total_cmp(&q.0));
        match worst {
            Some((value, au)) => Found::Value(value, format!("AU{au:02}")),
            None if c.presences.is_empty() => Found::Missing("no AU presences in both tables"),
            None => Found::Nothing("no presence ever changes, and all are equal"),
        }
    }

    fn landmarks(&self, c: &Comparison) -> Found {
        let Some(points) = &c.landmarks else {
            return Found::Missing("not the same landmarks in both tables");
        };
        let of = |spread: &Spread| match self.quantity {
            Quantity::LandmarksP95 => (spread.p95, "for 95 %"),
            Quantity::LandmarksMax => (spread.max, "at most"),
            _ => (spread.mean, "on average"),
        };
        if self.relative {
            return points.relative.as_ref().map_or(
                Found::Missing("the distance of the eyes is not known"),
                |relative| {
                    let (value, what) = of(relative);
                    Found::Value(value, what.to_owned())
                },
            );
        }
        let (value, what) = of(&points.pixels);
        Found::Value(value, what.to_owned())
    }
}

fn least_r(c: &Comparison) -> Found {
    if let Some(au) = c
        .intensities
        .iter()
        .find(|au| au.constant_in_a != au.constant_in_b)
    {
        return Found::Broken(format!(
            "AU{:02} never changes in {}, but does in {}",
            au.au,
            if au.constant_in_a { "A" } else { "B" },
            if au.constant_in_a { "B" } else { "A" },
        ));
    }
    let worst = c
        .intensities
        .iter()
        .filter_map(|au| Some((au.r?, au.au)))
        .min_by(|p, q| p.0.total_cmp(&q.0));
    match worst {
        Some((r, au)) => Found::Value(r, format!("AU{au:02}")),
        None if c.intensities.is_empty() => Found::Missing("no AU intensities in both tables"),
        None => Found::Nothing("no AU ever changes"),
    }
}

fn mean_r(c: &Comparison) -> Found {
    match c.mean_r() {
        Some((r, count)) => Found::Value(r, format!("over {count} AUs")),
        None if c.intensities.is_empty() => Found::Missing("no AU intensities in both tables"),
        None => Found::Nothing("no AU changes in both tables"),
    }
}

fn worst_intensity(c: &Comparison, size: impl Fn(&IntensityDifference) -> f64) -> Found {
    let worst = c
        .intensities
        .iter()
        .map(|au| (size(au), au.au))
        .max_by(|p, q| p.0.total_cmp(&q.0));
    worst.map_or(
        Found::Missing("no AU intensities in both tables"),
        |(value, au)| Found::Value(value, format!("AU{au:02}")),
    )
}

fn worst_axis(axes: &[AxisDifference], missing: &'static str) -> Found {
    let worst = axes
        .iter()
        .max_by(|p, q| p.size.mean.total_cmp(&q.size.mean));
    worst.map_or(Found::Missing(missing), |axis| {
        Found::Value(axis.size.mean, format!("on average, axis {}", axis.axis))
    })
}
