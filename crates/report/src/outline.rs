//! A face as its landmarks: upright, on grey, with its axis. Nobody is recognised by it.

use std::fmt::Write as _;

use faceau_drawing::escape;
use faceau_summary::face_axis::{FaceAxis, Point};

/// Lines between the 68 landmarks: from, to, whether closed.
const LINES: [(usize, usize, bool); 9] = [
    (0, 16, false),
    (17, 21, false),
    (22, 26, false),
    (27, 30, false),
    (31, 35, false),
    (36, 41, true),
    (42, 47, true),
    (48, 59, true),
    (60, 67, true),
];

/// The drawing, `height` px high; nothing if the points are no face.
pub(crate) fn outline(
    points: &[Point],
    height: u32,
    title: &str,
    with_axis: bool,
) -> Option<String> {
    let axis = FaceAxis::of(points)?;
    // Turned upright: the patient's right is on the left, as one looks at a face.
    let upright: Vec<Point> = points
        .iter()
        .map(|point| [-axis.rightward(*point), axis.along(*point)])
        .collect();
    let ends = |side: usize| {
        let values = || upright.iter().map(|point| point[side]);
        (
            values().fold(f64::MAX, f64::min),
            values().fold(f64::MIN, f64::max),
        )
    };
    let ((left, right), (top, bottom)) = (ends(0), ends(1));
    // The box of the points, grown by 40 %.
    let size = 1.4 * (right - left).max(bottom - top);
    if !(size.is_finite() && size > 0.0) {
        return None;
    }
    let (middle_x, middle_y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let at = |point: Point| {
        let x = (point[0] - middle_x) / size * 100.0 + 50.0;
        let y = (point[1] - middle_y) / size * 100.0 + 50.0;
        format!("{x:.1} {y:.1}")
    };
    let mut path = String::new();
    for (from, to, closed) in LINES {
        for (i, point) in upright[from..=to].iter().enumerate() {
            // Writing into a string cannot fail.
            let _ = write!(path, "{}{}", if i == 0 { 'M' } else { 'L' }, at(*point));
        }
        if closed {
            path.push('z');
        }
    }
    let middle = match with_axis {
        true => format!(
            "<path class=\"axis\" d=\"M{}L{}\"/>",
            at([0.0, middle_y - 0.48 * size]),
            at([0.0, middle_y + 0.48 * size])
        ),
        false => String::new(),
    };
    Some(format!(
        "<svg class=\"face\" role=\"img\" width=\"{height}\" height=\"{height}\" viewBox=\"0 0 100 100\">\
         <title>{}</title><rect width=\"100\" height=\"100\"/>{middle}<path d=\"{path}\"/></svg>",
        escape(title)
    ))
}
