//! A comparison as a page: one HTML file that needs nothing else, with the curves of both tables
//! laid over each other. Without scripts it shows everything but the values under the pointer.

mod chart;

use std::fmt::Write as _;

use faceau_drawing::{Page, escape};
use serde_json::{Value, json};

use crate::action_units;
use crate::column::Measure;
use crate::comparison::{Comparison, Matched};
use crate::join::By;
use crate::points::face_distances;
use crate::requirement::Judgement;
use crate::text;
use chart::{Chart, Series};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page. `judgements` may be empty.
pub fn html(matched: &Matched<'_>, comparison: &Comparison, judgements: &[Judgement]) -> String {
    let charts = charts(matched, comparison);
    let data: Vec<Value> = charts.iter().map(Chart::data).collect();
    let by = match matched.join.by {
        By::Frame => "frame",
        By::Time => "second",
    };
    let data = json!({ "by": by, "charts": data }).to_string();
    let mut body = String::new();
    head(&mut body, &Series::axis(matched), comparison, judgements);
    for chart in &charts {
        body.push_str(&chart.to_html());
    }
    let _ = write!(
        body,
        "<details><summary>All numbers</summary><pre>{}</pre></details>",
        escape(&text::report(comparison))
    );
    // `<` could end the script element.
    let data = data.replace('<', "\\u003c");
    let _ = write!(
        body,
        "\n<script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>\n{SCRIPT}</script>"
    );
    let page = Page {
        title: &format!("{} and {}", comparison.a.path, comparison.b.path),
        style: STYLE,
        script_source: "'unsafe-inline'",
        body: &body,
    };
    page.html()
}

// Writing into a string cannot fail.
fn head(out: &mut String, axis: &[f64], c: &Comparison, judgements: &[Judgement]) {
    let _ = write!(
        out,
        "<h1><span class=\"a\">{}</span> <span class=\"b\">{}</span></h1>\n<p>{}</p>\n",
        escape(&c.a.path),
        escape(&c.b.path),
        escape(&text::summary(c))
    );
    if !judgements.is_empty() {
        let class = if judgements.iter().all(|j| j.met) {
            "met"
        } else {
            "unmet"
        };
        let verdict = escape(&text::verdict(judgements));
        let _ = writeln!(out, "<p class=\"verdict {class}\">{verdict}</p>");
    }
    for note in &c.notes {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(note));
    }
    let unit = match c.joined.by {
        By::Frame => "frame",
        By::Time => "second",
    };
    let (first, last) = (axis.first(), axis.last());
    let range = first.zip(last).map_or(String::new(), |(first, last)| {
        format!(", from {unit} {first} to {last}")
    });
    let _ = writeln!(
        out,
        "<p class=\"legend\">Each box is one measure, over the frames that both tables have{range}. \
         Strips below a curve show where it counts as present: in the first table, in the second, \
         and in red where they differ. Gaps are frames without a face in one of them.</p>"
    );
}

fn charts(matched: &Matched<'_>, c: &Comparison) -> Vec<Chart> {
    let axis = Series::axis(matched);
    let mut aus: Vec<u8> = c.intensities.iter().map(|au| au.au).collect();
    aus.extend(c.presences.iter().map(|au| au.au));
    aus.sort_unstable();
    aus.dedup();
    let mut charts: Vec<Chart> = aus
        .into_iter()
        .map(|au| {
            let name = action_units::name(au).unwrap_or_default();
            let mut facts = Vec::new();
            if let Some(i) = c.intensities.iter().find(|i| i.au == au) {
                let r = i.r.map_or("r –".to_owned(), |r| format!("r {r:.3}"));
                facts.push(format!("{r}, MAD {:.3}, max {:.2}", i.mad, i.max));
            }
            if let Some(p) = c.presences.iter().find(|p| p.au == au) {
                let kappa = p.kappa.map_or("κ –".to_owned(), |k| format!("κ {k:.3}"));
                facts.push(format!("{} flips, {kappa}", p.flips));
            }
            Chart::new(&axis, &format!("AU{au:02} {name}"), &facts.join(" · "))
                .with_curves(Series::of(matched, Measure::Intensity(au)))
                .with_strips(Series::of(matched, Measure::Presence(au)))
        })
        .collect();
    if let Some(points) = &c.landmarks {
        let facts = format!(
            "mean {:.2} px, 95 % within {:.2} px, max {:.2} px",
            points.pixels.mean, points.pixels.p95, points.pixels.max
        );
        charts.push(
            Chart::new(&axis, "Landmarks: mean distance in px", &facts)
                .with_distance(Series::single(matched, &face_distances(matched))),
        );
    }
    for (number, axis_name) in (0..3).zip(["nod", "turn", "tilt"]) {
        if let Some(pair) = Series::of(matched, Measure::HeadRotation(number)) {
            let size = c.head_rotation_degrees.get(usize::from(number));
            let facts = size.map_or(String::new(), |axis| {
                format!("mean {:.2}°, max {:.2}°", axis.size.mean, axis.size.max)
            });
            let title = format!("Head rotation in radians: {axis_name}");
            charts.push(Chart::new(&axis, &title, &facts).with_curves(Some(pair)));
        }
    }
    charts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use std::path::Path;

    fn page(rows: usize) -> String {
        let table = |name: &str, shift: usize| {
            let mut text = "frame,success,AU12_r,AU12_c,x_0,y_0\n".to_owned();
            for row in 1..=rows {
                let au = ((row + shift) as f64 / 50.0).sin() + 1.0;
                let _ = writeln!(text, "{row},1,{au:.2},{},{row},3", u8::from(au > 1.5));
            }
            Table::parse(text.as_bytes(), Path::new(name), None).unwrap()
        };
        let (a, b) = (table("a<b>.csv", 0), table("\"b\"&.csv", 3));
        let matched = Matched::new(&a, &b, None, false).unwrap();
        html(&matched, &Comparison::of(&matched), &[])
    }

    #[test]
    fn names_cannot_break_the_page() {
        let page = page(10);
        assert!(page.contains("a&lt;b&gt;.csv") && page.contains("&quot;b&quot;&amp;.csv"));
        assert!(!page.contains("a<b>"));
        assert!(!page.contains("http://") && !page.contains("https://"));
    }

    #[test]
    fn a_long_video_makes_no_large_page() {
        let (short, long) = (page(2_000).len(), page(40_000).len());
        assert!(long < 2 * short && long < 200_000, "{short} {long}");
    }
}
