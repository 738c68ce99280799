//! The head, the gaze and the blinks in numbers, and where the eyes look.

use faceau_summary::analysis::Analysis;
use faceau_summary::sheet::Row;
use std::fmt::Write as _;

use crate::text::{drawing, table, two, with_unit};

/// Sectors of the gaze's directions.
const SECTORS: usize = 12;
/// Nearer to the median direction than this, no direction counts, in degrees.
const NEAR: f64 = 3.0;

pub(crate) fn section(a: &Analysis, row: &Row) -> String {
    let number = |name: &str| row.get(name).and_then(|cell| cell.parse::<f64>().ok());
    let mut html = String::from("<section><h2>Head, gaze and blinks</h2>\n<div class=\"beside\">");
    let one =
        |what: &str, name: &str, unit: &str| vec![what.to_owned(), with_unit(number(name), unit)];
    html += &table(
        "Head and gaze",
        &["", ""],
        &[
            one("speed of the head", "head_speed_mean", "mm/s"),
            one("turning of the head", "head_turn_mean", "°/s"),
            one("yaw, median", "yaw_median", "°"),
            one("yaw, 95 % within", "yaw_abs_p95", "°"),
            one("pitch, median", "pitch_median", "°"),
            one("roll, median", "roll_median", "°"),
            one("gaze away from its usual direction", "gaze_away_pct", "%"),
            one("gaze, sd to the sides", "gaze_sd_x", "°"),
            one("gaze, sd up and down", "gaze_sd_y", "°"),
        ],
    );
    let eye = |what: &str, name: &str, unit: &str| {
        // The person's right stands on the left, as one looks at a face.
        vec![
            what.to_owned(),
            with_unit(number(&format!("{name}_right")), unit),
            with_unit(number(&format!("{name}_left")), unit),
        ]
    };
    if a.blinks.is_some() {
        let scale = match row.get("blink_scale") {
            Some("known") => "",
            _ => " The eyes never close far enough in this recording to say what closed is.",
        };
        let detail = match row.get("blink_detail") {
            Some("fine") => "",
            Some("closures_only") => " There are too few frames a second for blinks.",
            _ => " Durations and completeness are coarse at this frame rate.",
        };
        html += "<div>";
        html += &table(
            "Blinks",
            &["", "△ right", "○ left"],
            &[
                eye("a minute", "blinks_per_min", "/min"),
                eye("complete", "blink_complete_pct", "%"),
                eye("duration", "blink_seconds_mean", "s"),
                eye("longest closure", "longest_closure", "s"),
                eye("of this eye alone", "blink_single", ""),
            ],
        );
        let _ = write!(
            html,
            "<p class=\"legend\">Both eyes at once: {}.{scale}{detail}</p></div>",
            with_unit(number("blink_pairs_per_min"), "/min")
        );
    }
    html += &gaze(a);
    html + "</div></section>\n"
}

/// Shares of the time in which the eyes look in each direction from the median one.
fn gaze(a: &Analysis) -> String {
    let (Some(columns), Some(median)) = (&a.recording.gaze, a.gaze.median) else {
        return String::new();
    };
    let (mut shares, mut all) = ([0.0_f64; SECTORS], 0.0);
    for i in (0..a.timeline.len()).filter(|&i| a.timeline.valid[i]) {
        let at = |axis: usize| f64::from(columns[axis][i].to_degrees()) - median[axis];
        let (x, y) = (at(0), at(1));
        all += a.timeline.weights[i];
        if x.hypot(y) >= NEAR {
            // Clockwise from the right of the picture; y points downwards.
            let turn = (y.atan2(x) / std::f64::consts::TAU + 1.0 + 0.5 / SECTORS as f64).fract();
            shares[((turn * SECTORS as f64) as usize).min(SECTORS - 1)] += a.timeline.weights[i];
        }
    }
    if all <= 0.0 {
        return String::new();
    }
    let most = shares.iter().copied().fold(0.0, f64::max);
    let mut content = String::from("<circle class=\"base\" cx=\"80\" cy=\"80\" r=\"70\"/>");
    for (sector, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        // The area tells the share.
        let radius = 70.0 * (share / most).sqrt();
        let corner = |offset: f64| {
            let angle = (sector as f64 + offset) * std::f64::consts::TAU / SECTORS as f64;
            format!(
                "{:.1} {:.1}",
                80.0 + radius * angle.cos(),
                80.0 + radius * angle.sin()
            )
        };
        let _ = write!(
            content,
            "<path class=\"au\" d=\"M80 80L{}A{radius:.1} {radius:.1} 0 0 1 {}z\"><title>{} %</title></path>",
            corner(-0.5),
            corner(0.5),
            two(Some(100.0 * share / all))
        );
    }
    let near = 100.0 * (1.0 - shares.iter().sum::<f64>() / all);
    let says = format!(
        "{} % of the time within {NEAR} degrees of the median direction.",
        two(Some(near))
    );
    format!(
        "<figure>{}<figcaption>Gaze around its median, as seen in the picture; {says}</figcaption></figure>",
        drawing(
            160.0,
            160.0,
            "polar",
            "Directions of the gaze",
            &says,
            &content
        )
    )
}
