//! Which action units are shown together, as a matrix of grey squares.

use std::fmt::Write as _;

use faceau_summary::analysis::Analysis;
use faceau_summary::cooccurrence::Pair;

use crate::text::{drawing, folded, table, two};

/// Pairs that are together for less are not shown, in seconds.
const LEAST: f64 = 1.0;
const CELL: f64 = 20.0;

pub(crate) fn section(a: &Analysis) -> String {
    let mut pairs: Vec<Pair> = a.pairs();
    pairs.retain(|pair| pair.both >= LEAST);
    if a.recording.intensities.len() < 2 {
        return String::new();
    }
    let mut html = String::from("<section><h2>Together</h2>\n");
    if pairs.is_empty() {
        return html
            + "<p>No two action units are at 1 or more together for a second.</p></section>\n";
    }
    let aus: Vec<u8> = a.recording.intensities.keys().copied().collect();
    let place = |au: u8| {
        aus.iter()
            .position(|other| *other == au)
            .unwrap_or_default() as f64
    };
    let mut content = String::new();
    for (i, au) in aus.iter().enumerate() {
        let at = CELL * i as f64;
        // Writing into a string cannot fail.
        let _ = write!(
            content,
            "<text class=\"small\" x=\"0\" y=\"{:.0}\">AU{au:02}</text><text class=\"small\" text-anchor=\"middle\" x=\"{:.0}\" y=\"10\">{au:02}</text>",
            at + 14.0 + CELL,
            at + 50.0
        );
    }
    for pair in &pairs {
        let jaccard = pair.jaccard().unwrap_or_default();
        for (row, column) in [(pair.a, pair.b), (pair.b, pair.a)] {
            let _ = write!(
                content,
                "<rect class=\"cell\" x=\"{:.0}\" y=\"{:.0}\" width=\"18\" height=\"18\" fill-opacity=\"{:.2}\"><title>AU{:02} and AU{:02}: {}</title></rect>",
                41.0 + CELL * place(column),
                CELL * place(row) + CELL,
                0.1 + 0.9 * jaccard,
                row,
                column,
                two(Some(jaccard))
            );
        }
    }
    let size = CELL * aus.len() as f64;
    let says = format!("{} pairs are together for a second or longer.", pairs.len());
    html += &drawing(
        size + 42.0,
        size + CELL,
        "matrix",
        "How much action units are shown together",
        &says,
        &content,
    );
    html += "<p class=\"legend\">Darker: more of the time in which either is at 1 or more, both are (Jaccard's \
             index, 0 to 1). Only pairs with at least a second together.</p>\n";
    let mut sorted = pairs;
    sorted.sort_by(|a, b| {
        b.jaccard()
            .unwrap_or(0.0)
            .total_cmp(&a.jaccard().unwrap_or(0.0))
            .then((a.a, a.b).cmp(&(b.a, b.b)))
    });
    let rows: Vec<Vec<String>> = sorted
        .iter()
        .map(|pair| {
            vec![
                format!("AU{:02} and AU{:02}", pair.a, pair.b),
                two(pair.jaccard()),
                two(Some(pair.both)),
                two(Some(pair.either)),
            ]
        })
        .collect();
    html += &folded(
        "Pairs in numbers",
        &table(
            "Pairs of action units",
            &["pair", "index", "s with both", "s with either"],
            &rows,
        ),
    );
    html + "</section>\n"
}
