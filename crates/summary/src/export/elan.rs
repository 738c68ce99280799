//! ELAN annotation files, version 3.0: a tier for each action unit, for each eye's blinks and for
//! actions, with times in whole milliseconds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::analysis::Analysis;
use crate::geometry::Side;

/// The file. `media` is the path of the recording from where the file lies.
pub fn file(analysis: &Analysis, media: Option<&str>) -> String {
    let tiers = tiers(analysis);
    let mut slots = String::new();
    let mut bodies = String::new();
    let (mut slot, mut annotation) = (0, 0);
    for (name, entries) in &tiers {
        // Writing into a string cannot fail.
        let _ = writeln!(
            bodies,
            "    <TIER DEFAULT_LOCALE=\"en\" LINGUISTIC_TYPE_REF=\"default-lt\" TIER_ID=\"{}\">",
            escape(name)
        );
        for (from, to, value) in entries {
            annotation += 1;
            let (a, b) = (slot + 1, slot + 2);
            slot = b;
            let _ = write!(
                slots,
                "        <TIME_SLOT TIME_SLOT_ID=\"ts{a}\" TIME_VALUE=\"{from}\"/>\n        \
                 <TIME_SLOT TIME_SLOT_ID=\"ts{b}\" TIME_VALUE=\"{to}\"/>\n"
            );
            let _ = write!(
                bodies,
                "        <ANNOTATION>\n            <ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a{annotation}\" \
                 TIME_SLOT_REF1=\"ts{a}\" TIME_SLOT_REF2=\"ts{b}\">\n                \
                 <ANNOTATION_VALUE>{}</ANNOTATION_VALUE>\n            </ALIGNABLE_ANNOTATION>\n        \
                 </ANNOTATION>\n",
                escape(value)
            );
        }
        bodies.push_str("    </TIER>\n");
    }
    let media = media.map_or_else(String::new, |media| {
        format!(
            "        <MEDIA_DESCRIPTOR MEDIA_URL=\"{0}\" MIME_TYPE=\"{1}\" RELATIVE_MEDIA_URL=\"{0}\"/>\n",
            escape(media),
            mime(media)
        )
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ANNOTATION_DOCUMENT AUTHOR=\"faceau\" DATE=\"1970-01-01T00:00:00+00:00\" FORMAT=\"3.0\" \
         VERSION=\"3.0\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:noNamespaceSchemaLocation=\"http://www.mpi.nl/tools/elan/EAFv3.0.xsd\">\n    \
         <HEADER MEDIA_FILE=\"\" TIME_UNITS=\"milliseconds\">\n{media}        \
         <PROPERTY NAME=\"lastUsedAnnotationId\">{annotation}</PROPERTY>\n    </HEADER>\n    \
         <TIME_ORDER>\n{slots}    </TIME_ORDER>\n{bodies}    \
         <LINGUISTIC_TYPE GRAPHIC_REFERENCES=\"false\" LINGUISTIC_TYPE_ID=\"default-lt\" \
         TIME_ALIGNABLE=\"true\"/>\n    <LOCALE COUNTRY_CODE=\"US\" LANGUAGE_CODE=\"en\"/>\n\
         </ANNOTATION_DOCUMENT>\n"
    )
}

type Entry = (i64, i64, String);

/// Annotations of a tier do not overlap: each begins where the one before has ended, at the earliest.
fn tiers(a: &Analysis) -> BTreeMap<String, Vec<Entry>> {
    let mut tiers: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let ms = |seconds: f64| (1000.0 * seconds).round() as i64;
    let mut add = |tier: String, from: f64, to: f64, value: String| {
        let entries = tiers.entry(tier).or_default();
        let from = entries.last().map_or(ms(from), |last| ms(from).max(last.1));
        let to = ms(to);
        if to > from {
            entries.push((from, to, value));
        }
    };
    for event in a.all_events() {
        let tier = match event.side {
            Side::Both => event.name.clone(),
            side => format!("{} {}", event.name, side.name()),
        };
        let peak = event.peak.map(|peak| format!("{peak:.1}"));
        add(
            tier,
            event.onset,
            event.offset,
            peak.unwrap_or_else(|| "present".into()),
        );
    }
    for action in &a.actions {
        add(
            "action".into(),
            action.start,
            action.end,
            action.code.clone(),
        );
    }
    tiers
}

fn mime(media: &str) -> &'static str {
    let ending = media
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match ending.as_str() {
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "mpg" | "mpeg" => "video/mpeg",
        "wmv" => "video/x-ms-wmv",
        "avi" => "video/x-msvideo",
        "wav" => "audio/x-wav",
        _ => "unknown",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::MarkedActions;
    use crate::analysis::Wishes;
    use crate::testing::TableText;

    #[test]
    fn the_file_is_xml_with_tiers_and_can_be_read_again() {
        let mut table = TableText::new(&["AU12_r"]);
        for frame in 0..100 {
            table.row(
                f64::from(frame) * 0.04,
                &[if (40..80).contains(&frame) { 2.34 } else { 0.0 }],
            );
        }
        let recording = table.recording();
        let actions = MarkedActions::parse("action,start,end\nB<S,1,3.5\n", None).unwrap();
        let actions = actions.in_recording(&recording);
        let analysis = Analysis::of(recording, actions, &Wishes::default());
        let text = file(&analysis, Some("./a&b.mp4"));
        let document = roxmltree::Document::parse(&text).unwrap();
        let tiers: Vec<&str> = document
            .descendants()
            .filter(|node| node.has_tag_name("TIER"))
            .filter_map(|node| node.attribute("TIER_ID"))
            .collect();
        assert_eq!(tiers, ["AU12", "action"]);
        assert!(text.contains("<ANNOTATION_VALUE>2.3</ANNOTATION_VALUE>"));
        let media = document
            .descendants()
            .find(|node| node.has_tag_name("MEDIA_DESCRIPTOR"))
            .unwrap();
        assert_eq!(media.attribute("RELATIVE_MEDIA_URL"), Some("./a&b.mp4"));
        assert_eq!(media.attribute("MIME_TYPE"), Some("video/mp4"));
        let again = MarkedActions::parse(&text, None)
            .unwrap()
            .in_recording(&analysis.recording);
        assert_eq!(again, analysis.actions);
    }
}
