//! A comparison as text for a terminal: tables for people, and one line that sums up.

use std::fmt::Write as _;

use crate::comparison::{Alone, AxisDifference, Comparison, PresenceDifference};
use crate::join::By;
use crate::points::PointDifferences;
use crate::requirement::Judgement;
use crate::statistics::Spread;

/// Everything, in several lines.
pub fn report(comparison: &Comparison) -> String {
    let mut out = String::new();
    head(&mut out, comparison);
    action_units(&mut out, comparison);
    points(&mut out, "landmarks", comparison.landmarks.as_ref());
    points(&mut out, "eye landmarks", comparison.eye_landmarks.as_ref());
    axes(
        &mut out,
        "head rotation",
        "°",
        &comparison.head_rotation_degrees,
    );
    axes(
        &mut out,
        "head position",
        " mm",
        &comparison.head_position_mm,
    );
    for (eye, spread) in comparison.gaze_degrees.iter().enumerate() {
        let _ = writeln!(out, "gaze of eye {eye}: {}", sizes(spread, "°", 2));
    }
    axes(&mut out, "gaze angle", "°", &comparison.gaze_angle_degrees);
    only(&mut out, "A", &comparison.columns_only_in_a);
    only(&mut out, "B", &comparison.columns_only_in_b);
    for note in &comparison.notes {
        let _ = writeln!(out, "note: {note}");
    }
    out
}

// Writing into a string cannot fail.
fn head(out: &mut String, c: &Comparison) {
    for (name, table) in [("A", &c.a), ("B", &c.b)] {
        let _ = writeln!(
            out,
            "{name}: {} ({} rows, face in {})",
            table.path, table.rows, table.successful
        );
    }
    let by = match c.joined.by {
        By::Frame => "frame",
        By::Time => "time",
    };
    let _ = writeln!(
        out,
        "joined by {by}: {} frames in both, {} of them compared; only in A: {}; only in B: {}",
        c.joined.frames,
        c.joined.compared,
        alone(&c.joined.only_in_a, c.joined.by),
        alone(&c.joined.only_in_b, c.joined.by)
    );
    if let Some(s) = &c.success {
        let _ = writeln!(
            out,
            "face found: equal in {} of {} frames, only by A in {}, only by B in {}",
            s.equal, s.frames, s.only_in_a, s.only_in_b
        );
    }
}

fn alone(alone: &Alone, by: By) -> String {
    const SHOWN: usize = 4;
    let number = |key: f64| match by {
        By::Frame => format!("{key}"),
        By::Time => format!("{key:.3} s"),
    };
    let mut ranges: Vec<String> = alone
        .ranges
        .iter()
        .take(SHOWN)
        .map(|[from, to]| match from == to {
            true => number(*from),
            false => format!("{} to {}", number(*from), number(*to)),
        })
        .collect();
    if alone.ranges.len() > SHOWN {
        ranges.push("…".into());
    }
    match alone.frames {
        0 => "none".into(),
        frames => format!("{frames} ({})", ranges.join(", ")),
    }
}

fn action_units(out: &mut String, c: &Comparison) {
    let mut aus: Vec<u8> = c.intensities.iter().map(|au| au.au).collect();
    aus.extend(c.presences.iter().map(|au| au.au));
    aus.sort_unstable();
    aus.dedup();
    if aus.is_empty() {
        return;
    }
    let at = match c.joined.by {
        By::Frame => "at frame",
        By::Time => "at second",
    };
    let _ = writeln!(
        out,
        "\n          intensity                                         presence\n\
         AU          r     MAD    bias     max  {at:>9}         flips   equal   kappa"
    );
    for au in aus {
        let _ = write!(out, "AU{au:02}");
        match c.intensities.iter().find(|i| i.au == au) {
            Some(i) => {
                let _ = write!(
                    out,
                    "  {}  {:6.3}  {:6.3}  {:6.3}  {:>9}",
                    optional(i.r),
                    i.mad,
                    i.bias,
                    i.max,
                    i.max_at.map_or("–".to_owned(), |at| at.to_string())
                );
            }
            None => {
                let _ = write!(out, "  {:41}", "");
            }
        }
        if let Some(p) = c.presences.iter().find(|p| p.au == au) {
            let _ = write!(out, "      {}", presence(p));
        }
        let _ = writeln!(out);
    }
    let _ = write!(out, "mean");
    if let Some(mad) = c.mean_mad() {
        let r = c.mean_r().map(|(r, _)| r);
        let _ = write!(out, "  {}  {mad:6.3}", optional(r));
    }
    if let Some(equal) = c.presences_equal() {
        let used = if c.mean_mad().is_some() { 20 } else { 4 };
        let _ = write!(out, "{:1$}{2:6.2}%", "", 61 - used, equal * 100.0);
    }
    let _ = writeln!(out, "\n");
}

fn presence(p: &PresenceDifference) -> String {
    format!(
        "  {:6}  {:6.2}%  {}",
        p.flips,
        p.equal * 100.0,
        optional(p.kappa)
    )
}

/// A number, or a dash for one that is not defined.
fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| format!("{:>6}", "–"), |value| format!("{value:6.3}"))
}

fn sizes(spread: &Spread, unit: &str, digits: usize) -> String {
    format!(
        "mean {:.digits$}{unit}, 95 % within {:.digits$}{unit}, max {:.digits$}{unit}",
        spread.mean, spread.p95, spread.max
    )
}

fn points(out: &mut String, what: &str, points: Option<&PointDifferences>) {
    let Some(points) = points else { return };
    let _ = writeln!(
        out,
        "{what} ({}): {} (point {} at {})",
        points.points,
        sizes(&points.pixels, " px", 3),
        points.max_point,
        points.max_at
    );
    if let Some(relative) = &points.relative {
        let share = Spread {
            mean: relative.mean * 100.0,
            p95: relative.p95 * 100.0,
            max: relative.max * 100.0,
            ..*relative
        };
        let _ = writeln!(
            out,
            "  frames, relative to the eye distance: {}",
            sizes(&share, " %", 3)
        );
    }
    if !points.parts.is_empty() {
        let parts = points.parts.iter();
        let parts: Vec<String> = parts.map(|p| format!("{} {:.3}", p.part, p.mean)).collect();
        let _ = writeln!(out, "  mean by part, px: {}", parts.join(", "));
    }
}

fn axes(out: &mut String, what: &str, unit: &str, axes: &[AxisDifference]) {
    for axis in axes {
        let _ = writeln!(
            out,
            "{what} {}: {}, bias {:.2}{unit}, r {}",
            axis.axis,
            sizes(&axis.size, unit, 2),
            axis.bias,
            optional(axis.r).trim()
        );
    }
}

fn only(out: &mut String, table: &str, columns: &[String]) {
    const SHOWN: usize = 6;
    if columns.is_empty() {
        return;
    }
    let shown = columns[..columns.len().min(SHOWN)].join(", ");
    let more = if columns.len() > SHOWN { ", …" } else { "" };
    let _ = writeln!(
        out,
        "columns only in {table}: {} ({shown}{more})",
        columns.len()
    );
}

/// The comparison in one line.
pub fn summary(c: &Comparison) -> String {
    let mut parts = Vec::new();
    if c.joined.frames == 0 {
        return "no frame is in both tables".into();
    }
    if c.joined.compared == 0 {
        parts.push("no frame has a face in both tables".to_owned());
    }
    if let Some(mad) = c.mean_mad() {
        let r = c
            .mean_r()
            .map_or(String::new(), |(r, _)| format!("r {r:.3}, "));
        parts.push(format!("AU intensities {r}MAD {mad:.4} (means)"));
    }
    if let Some(equal) = c.presences_equal() {
        parts.push(format!("presences {:.2} % equal", equal * 100.0));
    }
    if let Some(points) = &c.landmarks {
        parts.push(format!("landmarks {:.3} px apart", points.pixels.mean));
    }
    if let Some(s) = &c.success {
        parts.push(format!("success equal in {} of {}", s.equal, s.frames));
    }
    parts.join("; ")
}

/// One line that says whether the requirements are met, and what decided.
pub fn verdict(judgements: &[Judgement]) -> String {
    let one = |judgement: &Judgement| {
        let parts = [judgement.shown.as_str(), judgement.reason.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{} ({})", judgement.requirement, parts.join(", "))
    };
    let lines = |met: bool| -> Vec<String> {
        judgements
            .iter()
            .filter(|j| j.met == met)
            .map(one)
            .collect()
    };
    let (met, not_met) = (lines(true), lines(false));
    match (met.is_empty(), not_met.is_empty()) {
        (_, true) => format!("met: {}", met.join("; ")),
        (true, false) => format!("NOT MET: {}", not_met.join("; ")),
        (false, false) => format!("NOT MET: {}; met: {}", not_met.join("; "), met.join("; ")),
    }
}
