//! What a page rests on: versions, models, limits, files, how to cite.

use faceau_drawing::escape;
use faceau_summary::analysis::{Analysis, notice};
use faceau_summary::scale::Scale;
use faceau_summary::thresholds;

use crate::options::ReportOptions;
use crate::text::{facts, folded, table};

/// Where lengths come from, in words.
pub(crate) fn scale(a: &Analysis) -> String {
    match a.scale {
        Scale::Iris { pixels, .. } => {
            format!(
                "mm by the iris ({} mm, {pixels:.0} px)",
                a.thresholds.iris_mm
            )
        }
        Scale::Pupils { .. } => format!(
            "mm by the distance of the pupils, {} mm",
            a.thresholds.pupil_mm.unwrap_or_default()
        ),
        Scale::Canthal { .. } => "% of the distance between the outer corners of the eyes".into(),
        Scale::Unknown => "no lengths: there are no landmarks".into(),
    }
}

pub(crate) fn section(a: &Analysis, options: &ReportOptions) -> String {
    let known = &a.recording.facts;
    let text = |value: &Option<String>| escape(value.as_deref().unwrap_or("not known"));
    let name = |path: &std::path::Path| {
        path.file_name()
            .map_or_else(String::new, |name| escape(&name.to_string_lossy()))
    };
    let (table_name, record) = match options.hide_names {
        true => (String::new(), String::new()),
        false => (
            name(&a.recording.table),
            known
                .record
                .as_deref()
                .map_or_else(|| "none".into(), escape),
        ),
    };
    let baseline = a.baseline.as_ref().map_or_else(
        || "none".to_owned(),
        |b| format!("seconds {:.1} to {:.1}, {}", b.from, b.to, b.quality.name()),
    );
    let mut html = String::from("<section><h2>Data</h2>\n");
    html += &facts(&[
        ("table", table_name),
        ("run record", record),
        (
            "columns",
            "summarise writes summary.json with the meaning of each".into(),
        ),
        (
            "measured by",
            format!("{}, pipeline {}", text(&known.build), text(&known.pipeline)),
        ),
        ("models", text(&known.models)),
        ("page by", format!("faceau {}", env!("CARGO_PKG_VERSION"))),
        (
            "sides",
            "the person's; the recording was taken as no mirror image".into(),
        ),
        ("lengths", escape(&scale(a))),
        ("rest", escape(&baseline)),
    ]);
    for note in &a.recording.notes {
        html += &format!("<p>Note: {}.</p>\n", escape(note));
    }
    let limits: Vec<Vec<String>> = thresholds::in_force(&a.thresholds)
        .into_iter()
        .map(|(name, value, meaning)| vec![escape(name), format!("{value}"), escape(meaning)])
        .collect();
    html += &folded(
        "Limits in force",
        &table("Limits", &["name", "value", "meaning"], &limits),
    );
    html += "<p>To cite: T. Baltrušaitis, A. Zadeh, Y. C. Lim, L.-P. Morency, «OpenFace 2.0: Facial Behavior \
             Analysis Toolkit», FG 2018, for the method; faceau with its version for the program.</p>\n\
             <p>References: width of the iris: Rüfer 2005; height of the eye over its width: Soukupová and \
             Čech 2016; partial blinks: Ousler 2014.</p>\n\
             <p>Computed on this machine. Nothing was sent anywhere.</p>\n";
    html += &format!("<p>{}</p></section>\n", escape(notice()));
    html
}
