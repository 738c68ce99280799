//! How far points of the face are apart, in pixels and in distances of the eyes.

use serde::Serialize;

use crate::column::{Axis, Measure};
use crate::comparison::Matched;
use crate::statistics::Spread;
use crate::table::Table;

/// Distances of points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PointDifferences {
    /// How many points a frame has.
    pub points: u8,
    /// Distances of all points in all frames, in pixels.
    pub pixels: Spread,
    /// The point that is farthest apart.
    pub max_point: u8,
    /// The frame (or second) where it is.
    pub max_at: f64,
    /// Mean distance of a frame's points, divided by the distance of the outer corners of the eyes
    /// in that frame (the mean of both tables); over all frames.
    pub relative: Option<Spread>,
    /// Mean distance of each part of the face, in pixels.
    pub parts: Vec<PartDistance>,
}

/// A part of the face.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartDistance {
    /// Its name.
    pub part: &'static str,
    /// Mean distance of its points, in pixels.
    pub mean: f64,
}

/// The usual 68 points (iBUG).
const PARTS_OF_68: [(&str, std::ops::Range<usize>); 5] = [
    ("jaw", 0..17),
    ("brows", 17..27),
    ("nose", 27..36),
    ("eyes", 36..48),
    ("mouth", 48..68),
];

/// The outer corners of the eyes among so many points.
fn eye_corners(points: u8) -> Option<(usize, usize)> {
    match points {
        68 => Some((36, 45)),
        // WFLW's points.
        98 => Some((60, 72)),
        _ => None,
    }
}

/// Points of the face. Says so in `notes` if both tables have some, but not the same ones.
pub(crate) fn face(matched: &Matched<'_>, notes: &mut Vec<String>) -> Option<PointDifferences> {
    let count = |table| count(table, &Measure::Landmark);
    let (in_a, in_b) = (count(matched.a), count(matched.b));
    if in_a != in_b && in_a > 0 && in_b > 0 {
        notes.push(format!(
            "A has {in_a} landmarks and B has {in_b}; these are different points and not compared"
        ));
        return None;
    }
    differences(matched, in_a.min(in_b), &Measure::Landmark)
}

/// Points of the eyes.
pub(crate) fn eyes(matched: &Matched<'_>) -> Option<PointDifferences> {
    let count = |table| count(table, &Measure::EyeLandmark);
    let (in_a, in_b) = (count(matched.a), count(matched.b));
    (in_a == in_b).then(|| differences(matched, in_a, &Measure::EyeLandmark))?
}

/// For each compared frame its place among the compared ones and the mean distance of the points of
/// the face in pixels, if both tables have the same ones.
pub fn face_distances(matched: &Matched<'_>) -> Vec<(usize, f64)> {
    let points = count(matched.a, &Measure::Landmark);
    if points != count(matched.b, &Measure::Landmark) {
        return Vec::new();
    }
    let Some(columns) = Columns::of(matched, points, &Measure::Landmark) else {
        return Vec::new();
    };
    let frames = matched.compared.iter().enumerate();
    frames
        .filter_map(|(place, &(i, j))| {
            let sum: f64 = columns.distances(i, j).sum();
            (sum.is_finite() && points > 0).then(|| (place, sum / f64::from(points)))
        })
        .collect()
}

/// How many points a table has, counted from 0 without a gap.
fn count(table: &Table, measure: &dyn Fn(Axis, u8) -> Measure) -> u8 {
    let has = |&i: &u8| {
        [Axis::X, Axis::Y]
            .into_iter()
            .all(|axis| table.column(measure(axis, i)).is_some())
    };
    (0..u8::MAX).take_while(has).count() as u8
}

/// The coordinates of all points in both tables.
struct Columns<'a> {
    a: Vec<[&'a [f32]; 2]>,
    b: Vec<[&'a [f32]; 2]>,
}

impl<'a> Columns<'a> {
    fn of(
        matched: &Matched<'a>,
        points: u8,
        measure: &dyn Fn(Axis, u8) -> Measure,
    ) -> Option<Self> {
        let of = |table: &'a Table| -> Option<Vec<[&'a [f32]; 2]>> {
            let point = |i| {
                Some([
                    table.column(measure(Axis::X, i))?,
                    table.column(measure(Axis::Y, i))?,
                ])
            };
            (0..points).map(point).collect()
        };
        Some(Self {
            a: of(matched.a)?,
            b: of(matched.b)?,
        })
    }

    /// Distances of the points of row `i` of the first and row `j` of the second table.
    fn distances(&self, i: usize, j: usize) -> impl Iterator<Item = f64> {
        let points = self.a.iter().zip(&self.b);
        points.map(move |(a, b)| distance([a[0][i], a[1][i]], [b[0][j], b[1][j]]))
    }
}

fn distance(p: [f32; 2], q: [f32; 2]) -> f64 {
    let along = |k: usize| f64::from(p[k]) - f64::from(q[k]);
    along(0).hypot(along(1))
}

fn differences(
    matched: &Matched<'_>,
    points: u8,
    measure: &dyn Fn(Axis, u8) -> Measure,
) -> Option<PointDifferences> {
    let columns = Columns::of(matched, points, measure)?;
    let corners = match measure(Axis::X, 0) {
        Measure::Landmark(..) => eye_corners(points),
        _ => None,
    };
    let mut all = Vec::with_capacity(matched.compared.len() * usize::from(points));
    let mut relative = Vec::new();
    let mut sums = vec![(0.0, 0_usize); usize::from(points)];
    let mut worst = (-1.0, 0, f64::NAN);
    for &(i, j) in &matched.compared {
        let mut frame = (0.0, 0_usize);
        for (point, distance) in columns.distances(i, j).enumerate() {
            if !distance.is_finite() {
                continue;
            }
            all.push(distance as f32);
            for (sum, count) in [&mut frame, &mut sums[point]] {
                *sum += distance;
                *count += 1;
            }
            if distance > worst.0 {
                worst = (distance, point as u8, matched.label(i));
            }
        }
        let eye_distance = corners.map(|(left, right)| {
            let of = |points: &[[&[f32]; 2]], row: usize| {
                let at = |point: usize| [points[point][0][row], points[point][1][row]];
                distance(at(left), at(right))
            };
            (of(&columns.a, i) + of(&columns.b, j)) / 2.0
        });
        if let Some(eyes) = eye_distance
            && eyes > 0.0
            && frame.1 > 0
        {
            relative.push((frame.0 / frame.1 as f64 / eyes) as f32);
        }
    }
    let part = |(part, range): (&'static str, std::ops::Range<usize>)| {
        let (sum, count) = sums[range]
            .iter()
            .fold((0.0, 0), |(sum, count), (s, c)| (sum + s, count + c));
        PartDistance {
            part,
            mean: sum / count as f64,
        }
    };
    let has_parts = points == 68 && corners.is_some();
    Some(PointDifferences {
        points,
        pixels: Spread::of(&mut all)?,
        max_point: worst.1,
        max_at: worst.2,
        relative: Spread::of(&mut relative),
        parts: if has_parts {
            PARTS_OF_68.map(part).into()
        } else {
            Vec::new()
        },
    })
}
