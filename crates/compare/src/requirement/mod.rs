//! Limits that two tables must keep: `r=0.95`, `mad=0.2`, `landmarks=3px`.
//!
//! What cannot be judged because a table lacks the columns is not met. What cannot be judged because
//! nothing moves, or because no frame has a face in both tables, is met: there is no difference.

mod judge;

pub use judge::Judgement;

use std::fmt;
use std::str::FromStr;

/// What can be limited. [`names`] lists them for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    R,
    MeanR,
    Mad,
    Max,
    Kappa,
    Presence,
    Landmarks,
    LandmarksP95,
    LandmarksMax,
    EyeLandmarks,
    Rotation,
    Position,
    Gaze,
    Success,
    Frames,
}

/// How a limit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// A plain number.
    Plain,
    /// A share: `0.99` or `99%`.
    Share,
    /// Pixels, or `%` of the distance of the eyes.
    Pixels,
    /// Degrees.
    Degrees,
    /// Millimetres.
    Millimetres,
}

/// What can be required: its name, its unit, and what it means.
const QUANTITIES: [(Quantity, &str, Unit, &str); 15] = {
    use Quantity::*;
    use Unit::{Degrees, Millimetres, Pixels, Plain, Share};
    [
        (
            R,
            "r",
            Plain,
            "least Pearson correlation of any AU's intensity",
        ),
        (MeanR, "mean-r", Plain, "least mean of these correlations"),
        (
            Mad,
            "mad",
            Plain,
            "largest mean absolute difference of any AU's intensity",
        ),
        (
            Max,
            "max",
            Plain,
            "largest difference of any AU's intensity in any frame",
        ),
        (
            Kappa,
            "kappa",
            Plain,
            "least Cohen's kappa of any AU's presence",
        ),
        (
            Presence,
            "presence",
            Share,
            "least share of equal presences of any AU",
        ),
        (
            Landmarks,
            "landmarks",
            Pixels,
            "largest mean distance of landmarks",
        ),
        (
            LandmarksP95,
            "landmarks-p95",
            Pixels,
            "the same, without the farthest 5 %",
        ),
        (
            LandmarksMax,
            "landmarks-max",
            Pixels,
            "the same, for the farthest",
        ),
        (
            EyeLandmarks,
            "eye-landmarks",
            Pixels,
            "largest mean distance of the eyes' landmarks",
        ),
        (
            Rotation,
            "rotation",
            Degrees,
            "largest mean difference of head rotation about an axis",
        ),
        (
            Position,
            "position",
            Millimetres,
            "largest mean difference of head position on an axis",
        ),
        (
            Gaze,
            "gaze",
            Degrees,
            "largest mean angle between directions of gaze",
        ),
        (
            Success,
            "success",
            Share,
            "least share of frames with equal success",
        ),
        (
            Frames,
            "frames",
            Share,
            "least share of frames that are in both tables",
        ),
    ]
};

/// Names of what can be required, with examples of limits, and what each one means.
pub fn names() -> impl Iterator<Item = (String, &'static str)> {
    QUANTITIES.iter().map(|&(quantity, name, unit, meaning)| {
        let example = match unit {
            Unit::Plain if matches!(quantity, Quantity::Mad | Quantity::Max) => "0.2",
            Unit::Plain => "0.9",
            Unit::Share => "99%",
            Unit::Pixels if quantity == Quantity::EyeLandmarks => "3px",
            Unit::Pixels => "3px or 2%",
            Unit::Degrees => "2deg",
            Unit::Millimetres => "5mm",
        };
        (format!("{name}={example}"), meaning)
    })
}

/// A limit on one quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requirement {
    quantity: Quantity,
    limit: f64,
    /// Whether the limit is a share of the distance of the eyes.
    relative: bool,
}

/// A requirement makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequirement {
    /// There is no `=`.
    #[error("`{0}` is not of the form name=limit, such as r=0.95")]
    Form(String),
    /// Nothing is called that.
    #[error("nothing is called `{0}`; known are {known}", known = QUANTITIES.map(|known| known.1).join(", "))]
    Name(String),
    /// The limit is not a number of the right kind.
    #[error("`{limit}` is no limit for {name}; write {example}")]
    Limit {
        /// What is limited.
        name: &'static str,
        /// What was written.
        limit: String,
        /// What could be written.
        example: &'static str,
    },
}

impl FromStr for Requirement {
    type Err = BadRequirement;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, limit) = text
            .split_once('=')
            .ok_or_else(|| BadRequirement::Form(text.to_owned()))?;
        let name = name.trim();
        let known = QUANTITIES.iter().find(|known| known.1 == name);
        let &(quantity, name, unit, _) =
            known.ok_or_else(|| BadRequirement::Name(name.to_owned()))?;
        let (number, suffix) = split_unit(limit.trim());
        let number = number
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite());
        let can_be_relative = unit == Unit::Pixels && quantity != Quantity::EyeLandmarks;
        let (factor, relative) = match (unit, suffix) {
            (_, "") => (Some(1.0), false),
            (Unit::Share, "%") => (Some(0.01), false),
            (Unit::Pixels, "px") | (Unit::Degrees, "deg" | "°") | (Unit::Millimetres, "mm") => {
                (Some(1.0), false)
            }
            (Unit::Pixels, "%") if can_be_relative => (Some(0.01), true),
            _ => (None, false),
        };
        let limit = number.zip(factor).map(|(number, factor)| number * factor);
        let fits = |limit: &f64| match quantity {
            Quantity::R | Quantity::MeanR | Quantity::Kappa => (-1.0..=1.0).contains(limit),
            _ if unit == Unit::Share => (0.0..=1.0).contains(limit),
            _ => *limit >= 0.0,
        };
        let limit = limit.filter(fits).ok_or_else(|| BadRequirement::Limit {
            name,
            limit: text
                .split_once('=')
                .map_or(text, |(_, limit)| limit)
                .to_owned(),
            example: match unit {
                Unit::Plain => "a number such as 0.9",
                Unit::Share => "a share such as 0.99 or 99%",
                Unit::Pixels => {
                    "pixels such as 3px, or for the face a share of the eye distance such as 2%"
                }
                Unit::Degrees => "degrees such as 2deg",
                Unit::Millimetres => "millimetres such as 5mm",
            },
        })?;
        Ok(Self {
            quantity,
            limit,
            relative,
        })
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

impl Requirement {
    /// A value as people write it for this quantity, with at most so many decimals.
    fn in_its_unit(&self, value: f64, decimals: i32) -> String {
        let unit = QUANTITIES.iter().find(|known| known.0 == self.quantity);
        let (factor, suffix) = match unit.map(|known| known.2) {
            _ if self.relative => (100.0, " % of the eye distance"),
            None | Some(Unit::Plain) => (1.0, ""),
            Some(Unit::Share) => (100.0, " %"),
            Some(Unit::Pixels) => (1.0, " px"),
            Some(Unit::Degrees) => (1.0, " deg"),
            Some(Unit::Millimetres) => (1.0, " mm"),
        };
        let scale = 10_f64.powi(decimals);
        format!("{}{suffix}", (value * factor * scale).round() / scale)
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = QUANTITIES.iter().find(|known| known.0 == self.quantity);
        let name = known.map_or("", |known| known.1);
        let sign = if self.wants_at_least() { ">=" } else { "<=" };
        // 0.29 · 100 is not 29 in binary; nobody writes more than this many digits.
        write!(f, "{name} {sign} {}", self.in_its_unit(self.limit, 9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Requirement, BadRequirement> {
        text.parse()
    }

    #[test]
    fn limits_are_read_with_their_units() {
        for (text, shown) in [
            ("r=0.95", "r >= 0.95"),
            ("mad=.2", "mad <= 0.2"),
            ("kappa= 0.8", "kappa >= 0.8"),
            ("presence=99%", "presence >= 99 %"),
            ("success=0.29", "success >= 29 %"),
            ("landmarks=3px", "landmarks <= 3 px"),
            ("landmarks=3", "landmarks <= 3 px"),
            (
                "landmarks-p95=2.5%",
                "landmarks-p95 <= 2.5 % of the eye distance",
            ),
            ("rotation=2deg", "rotation <= 2 deg"),
            ("position=5mm", "position <= 5 mm"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn every_name_has_its_quantity() {
        for (_, name, ..) in QUANTITIES {
            let requirement = read(&format!("{name}=1")).unwrap();
            assert!(
                requirement.to_string().starts_with(&format!("{name} ")),
                "{name}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_is_known() {
        for (text, part) in [
            ("r", "name=limit"),
            ("pearson=1", "known are r, mean-r"),
            ("r=high", "no limit for r"),
            ("r=95", "no limit for r"),
            ("r=nan", "no limit"),
            ("mad=-1", "no limit for mad"),
            ("success=101%", "no limit for success"),
            ("landmarks=3mm", "pixels such as 3px"),
            ("eye-landmarks=3%", "no limit"),
            ("rotation=", "degrees such as"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
