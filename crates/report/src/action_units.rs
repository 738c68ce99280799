//! The action units in numbers.

use faceau_compare::action_units;
use faceau_summary::analysis::{Analysis, INTENSITIES, PRESENCES};
use faceau_summary::sheet::Row;

use crate::text::{table, two};

/// Columns of the summary that are shown, with their headings.
const SHOWN: [(&str, &str); 8] = [
    ("mean", "mean"),
    ("sd", "sd"),
    ("median", "median"),
    ("p95", "95 %"),
    ("present_pct", "present %"),
    ("ge1_pct", "≥ 1, %"),
    ("events_per_min", "events / min"),
    ("event_seconds_mean", "mean s"),
];

fn value(row: &Row, au: u8, column: &str) -> Option<f64> {
    row.get(&format!("AU{au:02}_{column}"))?.parse().ok()
}

pub(crate) fn section(a: &Analysis, row: &Row) -> String {
    let aus: Vec<u8> = PRESENCES
        .into_iter()
        .filter(|au| {
            a.recording.intensities.contains_key(au) || a.recording.presences.contains_key(au)
        })
        .collect();
    if aus.is_empty() {
        return String::new();
    }
    // The three largest of each column stand out.
    let third = SHOWN.map(|(column, _)| {
        let mut values: Vec<f64> = aus
            .iter()
            .filter_map(|au| value(row, *au, column))
            .collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values
            .get(2)
            .copied()
            .filter(|value| *value > 0.0)
            .unwrap_or(f64::INFINITY)
    });
    let mut header = vec!["AU"];
    header.extend(SHOWN.iter().map(|(_, heading)| *heading));
    header.push("5 to 95 %");
    let rows: Vec<Vec<String>> = aus
        .iter()
        .map(|&au| {
            let name = action_units::name(au).unwrap_or_default();
            let mut cells = vec![format!("AU{au:02} {name}")];
            for ((column, _), third) in SHOWN.iter().zip(third) {
                let number = value(row, au, column);
                cells.push(match number {
                    Some(value) if value >= third => format!("<b>{}</b>", two(number)),
                    _ => two(number),
                });
            }
            cells.push(spread(a, au));
            cells
        })
        .collect();
    format!(
        "<section><h2>Action units</h2>\n{}<p class=\"legend\">Intensities are 0 to 5, over the frames that \
         count; «present» is a model of its own. The three largest of each column are bold. Intensities of \
         different people are not on one scale.</p></section>\n",
        table("Each action unit over the recording", &header, &rows)
    )
}

/// From the 5 % to the 95 % quantile, with the median as a dot.
fn spread(a: &Analysis, au: u8) -> String {
    let values = a
        .recording
        .intensities
        .get(&au)
        .filter(|_| INTENSITIES.contains(&au));
    let weighted = values.and_then(|values| a.timeline.weighted(values).enough());
    let Some(mut weighted) = weighted else {
        return "–".into();
    };
    let mut x =
        |share: f64| 4.0 + 112.0 * (weighted.quantile(share).unwrap_or(0.0) / 5.0).clamp(0.0, 1.0);
    let (low, middle, high) = (x(0.05), x(0.5), x(0.95));
    format!(
        "<svg class=\"spread\" role=\"img\" width=\"120\" height=\"12\" viewBox=\"0 0 120 12\">\
         <title>AU{au:02}: 5 %, median and 95 % of 0 to 5</title><path class=\"base\" d=\"M4 6h112M4 3v6M116 3v6\"/>\
         <path class=\"range\" d=\"M{low:.1} 6H{high:.1}\"/><circle cx=\"{middle:.1}\" cy=\"6\" r=\"3\"/></svg>"
    )
}
