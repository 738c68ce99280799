//! Numbers and tables as they stand on a page.

use std::fmt::Write as _;

use faceau_drawing::escape;

/// Two significant digits, as for intensities and shares; a dash for what is not known.
pub(crate) fn two(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return "–".into();
    };
    let text = match value.abs() {
        size if size >= 9.95 => format!("{value:.0}"),
        size if size >= 0.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if text.trim_matches(['-', '0', '.']).is_empty() {
        "0".into()
    } else {
        text
    }
}

/// With a unit behind it, unless it is not known.
pub(crate) fn with_unit(value: Option<f64>, unit: &str) -> String {
    match two(value) {
        dash if dash == "–" => dash,
        number => format!("{number} {unit}"),
    }
}

/// Minutes and seconds, as in 2:05.3.
pub(crate) fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as i64;
    let (minutes, rest) = (tenths / 600, tenths % 600);
    format!("{minutes}:{:02}.{}", rest / 10, rest % 10)
}

/// A list of names and values. Values are HTML.
pub(crate) fn facts(rows: &[(&str, String)]) -> String {
    let mut html = String::from("<dl>");
    for (name, value) in rows.iter().filter(|row| !row.1.is_empty()) {
        // Writing into a string cannot fail.
        let _ = write!(html, "<div><dt>{}</dt><dd>{value}</dd></div>", escape(name));
    }
    html + "</dl>\n"
}

/// A table. Cells are HTML; those of the first column are headings of their rows.
pub(crate) fn table(caption: &str, header: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!("<table><caption>{}</caption><thead><tr>", escape(caption));
    for name in header {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(name));
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let _ = match i {
                0 => write!(html, "<th scope=\"row\">{cell}</th>"),
                _ => write!(html, "<td>{cell}</td>"),
            };
        }
        html.push_str("</tr>\n");
    }
    html + "</tbody></table>\n"
}

/// What stands at the foot of every printed page: a name, the notice, the number of the page.
pub(crate) fn running_foot(name: &str, notice: &str) -> String {
    format!(
        "@page {{ @bottom-left {{ content: {}; font: 7.5pt sans-serif; color: #56606b; }} \
         @bottom-right {{ content: {} \" \" counter(page); font: 7.5pt sans-serif; color: #56606b; }} }}\n",
        css_string(name),
        css_string(notice)
    )
}

/// A string of a style sheet; everything that could end it or the sheet is written as a number.
fn css_string(text: &str) -> String {
    let mut string = String::from("\"");
    for letter in text.chars() {
        if letter.is_alphanumeric() || " .,;:-_()".contains(letter) {
            string.push(letter);
        } else {
            // Writing into a string cannot fail.
            let _ = write!(string, "\\{:x} ", letter as u32);
        }
    }
    string + "\""
}

/// Something that is folded on the screen and open in print.
pub(crate) fn folded(summary: &str, content: &str) -> String {
    format!(
        "<details><summary>{}</summary><div>{content}</div></details>\n",
        escape(summary)
    )
}

/// A drawing with what it shows in words.
pub(crate) fn drawing(
    width: f64,
    height: f64,
    class: &str,
    title: &str,
    says: &str,
    content: &str,
) -> String {
    format!(
        "<svg class=\"{class}\" role=\"img\" viewBox=\"0 0 {width:.0} {height:.0}\">\
         <title>{}</title><desc>{}</desc>{content}</svg>\n",
        escape(title),
        escape(says)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.123, "0.12"),
            (0.996, "1.0"),
            (1.26, "1.3"),
            (9.96, "10"),
            (123.4, "123"),
            (-0.001, "0"),
            (-2.34, "-2.3"),
        ] {
            assert_eq!(two(Some(value)), text);
        }
        assert_eq!((two(None), two(Some(f64::NAN))), ("–".into(), "–".into()));
        assert_eq!(with_unit(None, "%"), "–");
        assert_eq!(
            (clock(125.34), clock(59.98)),
            ("2:05.3".into(), "1:00.0".into())
        );
    }
}
