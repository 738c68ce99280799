//! What can be said of action units (AUs): a few of the coefficients, and two distances between
//! points of the face without its pose.
//!
//! The correspondence follows from what the coefficients and the AUs are defined to be; nothing was
//! fitted to anybody's data. The values are no intensities in the sense of FACS, and the AUs that
//! are missing here are missing because nothing follows them; `docs/landmarker.md` has the figures.

use super::blendshapes::{BLENDSHAPES, index};
use super::pose::MESH;

/// A measure of a movement, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Number of the action unit.
    pub unit: u8,
    /// Which side of the person's face; `None` where only both can be told together.
    pub side: Option<Side>,
}

/// A side of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The person's left, which is on the right of an unmirrored picture.
    Left,
    /// The person's right.
    Right,
}

/// All measures, in the order of their numbers, left before right.
pub const MEASURES: [Measure; COUNT] = {
    const fn both(unit: u8) -> Measure {
        Measure { unit, side: None }
    }
    const fn left(unit: u8) -> Measure {
        Measure {
            unit,
            side: Some(Side::Left),
        }
    }
    const fn right(unit: u8) -> Measure {
        Measure {
            unit,
            side: Some(Side::Right),
        }
    }
    [
        both(1),
        left(2),
        right(2),
        left(5),
        right(5),
        left(7),
        right(7),
        left(10),
        right(10),
        left(12),
        right(12),
        left(15),
        right(15),
        left(20),
        right(20),
        both(25),
        both(26),
        both(28),
        left(45),
        right(45),
    ]
};

/// Number of measures.
pub const COUNT: usize = 20;

impl Measure {
    /// Its name: `AU12_L`, `AU12_R`, or `AU25` where there are no sides.
    #[must_use]
    pub fn name(self) -> String {
        let side = match self.side {
            None => "",
            Some(Side::Left) => "_L",
            Some(Side::Right) => "_R",
        };
        format!("AU{:02}{side}", self.unit)
    }
}

/// From this value of eyeBlink on, what eyeSquint says is the blink's.
const BLINKING: f32 = 0.25;
/// From this value of mouthSmile on, where the corners of the mouth are says nothing of AU15.
const SMILING: f32 = 0.3;
/// Distances in cm at which a measure is 0, and by which it becomes 1: conventions, read off a
/// drawn face.
const LIPS_APART: [f32; 2] = [0.1, 0.7];
const CORNERS_DOWN: [f32; 2] = [0.1, 0.45];

/// Points of the mesh: middle of the upper and of the lower lip inside, of both outside, corners of
/// the mouth.
const INNER_LIPS: [usize; 2] = [13, 14];
const OUTER_LIPS: [usize; 2] = [0, 17];
const MOUTH_LEFT: usize = 291;
const MOUTH_RIGHT: usize = 61;

/// The measures of a face, in the order of [`MEASURES`], each from 0 to 1; `None` where one cannot
/// be told. `metric` are its points in cm without the head's pose, if there is a pose.
#[must_use]
pub fn measure(
    blendshapes: &[f32; BLENDSHAPES],
    metric: Option<&[[f32; 3]; MESH]>,
) -> [Option<f32>; COUNT] {
    macro_rules! value {
        ($name:literal) => {{
            const INDEX: usize = index($name);
            blendshapes[INDEX]
        }};
    }
    let squint = |squint: f32, blink: f32| (blink < BLINKING).then_some(squint);
    let corner = |point: usize, smile: f32| {
        let metric = metric.filter(|_| smile < SMILING)?;
        let [above, below] = OUTER_LIPS.map(|i| metric[i][1]);
        Some(ramp((above + below) / 2.0 - metric[point][1], CORNERS_DOWN))
    };
    let gap = metric.map(|metric| {
        let [upper, lower] = INNER_LIPS.map(|i| metric[i]);
        let square = |axis: usize| (upper[axis] - lower[axis]).powi(2);
        ramp((square(0) + square(1) + square(2)).sqrt(), LIPS_APART)
    });
    [
        Some(value!("browInnerUp")),
        Some(value!("browOuterUpLeft")),
        Some(value!("browOuterUpRight")),
        Some(value!("eyeWideLeft")),
        Some(value!("eyeWideRight")),
        squint(value!("eyeSquintLeft"), value!("eyeBlinkLeft")),
        squint(value!("eyeSquintRight"), value!("eyeBlinkRight")),
        Some(value!("mouthUpperUpLeft")),
        Some(value!("mouthUpperUpRight")),
        Some(value!("mouthSmileLeft")),
        Some(value!("mouthSmileRight")),
        corner(MOUTH_LEFT, value!("mouthSmileLeft")),
        corner(MOUTH_RIGHT, value!("mouthSmileRight")),
        Some(value!("mouthStretchLeft")),
        Some(value!("mouthStretchRight")),
        gap,
        Some(value!("jawOpen")),
        Some(value!("mouthRollLower")),
        Some(value!("eyeBlinkLeft")),
        Some(value!("eyeBlinkRight")),
    ]
}

/// From 0 at `zero` (and below) to 1 at `length` above it.
fn ramp(value: f32, [zero, length]: [f32; 2]) -> f32 {
    ((value - zero) / length).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(measures: &[Option<f32>; COUNT], name: &str) -> Option<f32> {
        let place = MEASURES.iter().position(|measure| measure.name() == name);
        measures[place.unwrap_or_else(|| panic!("{name}"))]
    }

    #[test]
    fn coefficients_are_taken_as_they_are() {
        let blendshapes = std::array::from_fn(|i| i as f32 / 1000.0);
        let measures = measure(&blendshapes, None);
        for (name, blendshape) in [
            ("AU01", "browInnerUp"),
            ("AU02_L", "browOuterUpLeft"),
            ("AU02_R", "browOuterUpRight"),
            ("AU05_R", "eyeWideRight"),
            ("AU07_L", "eyeSquintLeft"),
            ("AU10_R", "mouthUpperUpRight"),
            ("AU12_L", "mouthSmileLeft"),
            ("AU12_R", "mouthSmileRight"),
            ("AU20_L", "mouthStretchLeft"),
            ("AU26", "jawOpen"),
            ("AU28", "mouthRollLower"),
            ("AU45_R", "eyeBlinkRight"),
        ] {
            assert_eq!(
                value(&measures, name),
                Some(blendshapes[index(blendshape)]),
                "{name}"
            );
        }
        for name in ["AU15_L", "AU15_R", "AU25"] {
            assert_eq!(value(&measures, name), None);
        }
    }

    #[test]
    fn what_hides_a_movement_leaves_it_out_on_that_side() {
        let mut blendshapes = [0.0; BLENDSHAPES];
        blendshapes[index("eyeBlinkLeft")] = 0.25;
        blendshapes[index("mouthSmileRight")] = 0.3;
        let measures = measure(&blendshapes, Some(&[[0.0; 3]; MESH]));
        assert_eq!(value(&measures, "AU07_L"), None);
        assert_eq!(value(&measures, "AU07_R"), Some(0.0));
        assert_eq!(value(&measures, "AU15_L"), Some(0.0));
        assert_eq!(value(&measures, "AU15_R"), None);
    }

    #[test]
    fn distances_become_shares() {
        let mut metric = [[0.0; 3]; MESH];
        metric[13] = [0.0, 0.3, 0.0];
        metric[14] = [0.0, -0.15, 0.0];
        metric[MOUTH_LEFT][1] = -0.325;
        metric[MOUTH_RIGHT][1] = -9.0;
        let measures = measure(&[0.0; BLENDSHAPES], Some(&metric));
        for (name, expected) in [("AU25", 0.5), ("AU15_L", 0.5), ("AU15_R", 1.0)] {
            let ours = value(&measures, name).unwrap();
            assert!((ours - expected).abs() < 1e-6, "{name}: {ours}");
        }
    }
}
