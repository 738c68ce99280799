//! The row of the summary: every column with its meaning.

use super::Analysis;
use crate::blinks::{Blinks, Closing, Detail};
use crate::geometry::Side;
use crate::sheet::Row;
use crate::statistics::{Weighted, median_of_neighbours};
use crate::thresholds::PRESENT;

/// Action units with an intensity in OpenFace's tables.
pub const INTENSITIES: [u8; 17] = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45];
/// Action units with a presence.
pub const PRESENCES: [u8; 18] = [
    1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45,
];
/// Combinations, by their action units and not by names of feelings: those that OpenDBM counts.
pub const COMBINATIONS: [(&str, &[u8]); 9] = [
    ("smile", &[12]),
    ("duchenne", &[6, 12]),
    ("au06_12", &[6, 12]),
    ("au01_04_15", &[1, 4, 15]),
    ("au01_02_05_26", &[1, 2, 5, 26]),
    ("au01_02_04_05_07_20_26", &[1, 2, 4, 5, 7, 20, 26]),
    ("au04_05_07_23", &[4, 5, 7, 23]),
    ("au09_15", &[9, 15]),
    ("au12_14", &[12, 14]),
];

pub(super) fn row(a: &Analysis) -> Row {
    let mut row = Row::default();
    identity(a, &mut row);
    quality(a, &mut row);
    action_units(a, &mut row);
    combinations(a, &mut row);
    head_and_gaze(a, &mut row);
    blinks(a, &mut row);
    if a.baseline_wanted {
        deviations(a, &mut row);
    }
    let codes: Vec<&str> = a.warnings.iter().map(|warning| warning.code).collect();
    row.text(
        "warnings",
        "codes of what is doubtful, separated by spaces",
        codes.join(" "),
    );
    row
}

fn identity(a: &Analysis, row: &mut Row) {
    let facts = &a.recording.facts;
    let file = a.recording.table.file_name();
    let file = file.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let video = facts.input.clone().unwrap_or_else(|| a.recording.stem());
    row.text(
        "video",
        "the input as it was given; else the table's name",
        video,
    );
    row.text("table", "the table's file", file);
    row.count(
        "face",
        "which face (face_id)",
        usize::try_from(a.recording.face).ok(),
    );
    row.count("frames", "number of frames", Some(a.timeline.len()));
    row.number(
        "seconds",
        "s",
        "from the first frame to the last",
        Some(a.timeline.seconds()),
    );
    let rate = a.quality.rate;
    row.number(
        "fps",
        "1/s",
        "frames - 1 over seconds",
        rate.map(|rate| rate.0),
    );
    row.number(
        "fps_min",
        "1/s",
        "1 over the longest step",
        rate.map(|rate| rate.1),
    );
    row.number(
        "fps_max",
        "1/s",
        "1 over the shortest step",
        rate.map(|rate| rate.2),
    );
    row.count(
        "variable_rate",
        "1 if the longest step is above 1.5 median steps",
        Some(usize::from(a.quality.variable_rate)),
    );
    let pixels = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok());
    row.count(
        "width",
        "of the frames in pixels",
        pixels(facts.size.map(|size| size.0)),
    );
    row.count(
        "height",
        "of the frames in pixels",
        pixels(facts.size.map(|size| size.1)),
    );
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    row.text(
        "pipeline",
        "what measured the table",
        or_empty(&facts.pipeline),
    );
    row.text(
        "version",
        "version of the program that did",
        or_empty(&facts.version),
    );
    row.text(
        "models",
        "first 12 digits of the SHA-256 over the models' digests; rows of different models must not \
         be averaged",
        or_empty(&facts.models),
    );
}

fn quality(a: &Analysis, row: &mut Row) {
    let q = &a.quality;
    row.number(
        "success_pct",
        "%",
        "frames with a face",
        Some(q.success_pct),
    );
    row.number(
        "valid_pct",
        "%",
        "frames that count: success and confidence",
        Some(q.valid_pct),
    );
    row.count("n_valid", "frames that count", Some(q.valid));
    row.number(
        "seconds_valid",
        "s",
        "time of frames that count",
        Some(q.seconds_valid),
    );
    row.number(
        "confidence_mean",
        "",
        "over all frames",
        q.confidence.map(|c| c.0),
    );
    row.number(
        "confidence_p05",
        "",
        "5 % quantile over all frames",
        q.confidence.map(|c| c.1),
    );
    row.number(
        "longest_gap",
        "s",
        "longest run of frames that do not count",
        Some(q.longest_gap),
    );
    row.count("gaps", "such runs above 0.2 s", Some(q.gaps));
    row.number(
        "canthal_median",
        "px",
        "distance of the outer corners of the eyes",
        q.canthal_median,
    );
    row.count(
        "face_small",
        "1 if that is below 60 px",
        q.face_small().map(usize::from),
    );
    for (name, angle) in [
        ("yaw", q.angles[1]),
        ("pitch", q.angles[0]),
        ("roll", q.angles[2]),
    ] {
        row.number(format!("{name}_median"), "°", "median", angle.median);
        row.number(
            format!("{name}_abs_p95"),
            "°",
            "95 % quantile of its size",
            angle.abs_p95,
        );
    }
    row.number(
        "frontal_pct",
        "%",
        "time with |yaw| <= 10° and |pitch| <= 15°",
        q.frontal_pct,
    );
}

fn action_units(a: &Analysis, row: &mut Row) {
    let minutes = a.quality.seconds_valid / 60.0;
    for au in INTENSITIES {
        let column = a.recording.intensities.get(&au);
        let mut values = column.and_then(|values| a.timeline.weighted(values).enough());
        let name = |what: &str| format!("AU{au:02}_{what}");
        row.number(
            name("mean"),
            "0-5",
            "mean over time",
            values.as_ref().and_then(Weighted::mean),
        );
        row.number(
            name("sd"),
            "0-5",
            "standard deviation",
            values.as_ref().and_then(Weighted::sd),
        );
        row.number(
            name("median"),
            "0-5",
            "median",
            values.as_mut().and_then(Weighted::median),
        );
        row.number(
            name("p95"),
            "0-5",
            "95 % quantile",
            values.as_mut().and_then(|v| v.quantile(0.95)),
        );
        let max = values
            .is_some()
            .then(|| column.and_then(|column| max(a, column)))
            .flatten();
        row.number(name("max"), "0-5", "largest 5-frame median", max);
        let shown = values
            .as_ref()
            .and_then(|values| values.percent(|value| value >= PRESENT));
        row.number(
            name("ge1_pct"),
            "%",
            "time with an intensity of at least 1",
            shown,
        );
        if au != 45 {
            let events = values
                .is_some()
                .then(|| a.events.iter().filter(|event| event.au == au));
            let events: Option<Vec<_>> = events.map(Iterator::collect);
            event_columns(row, &name, minutes, events.as_deref());
        }
    }
    for au in PRESENCES {
        let column = a.recording.presences.get(&au);
        let values = column.and_then(|values| a.timeline.weighted(values).enough());
        let shown = values.and_then(|values| values.percent(|value| value > 0.5));
        row.number(
            format!("AU{au:02}_present_pct"),
            "%",
            "time with AU_c = 1",
            shown,
        );
    }
    let of_28 = a
        .recording
        .presences
        .get(&28)
        .and_then(|v| a.timeline.weighted(v).enough());
    let events: Option<Vec<_>> =
        of_28.map(|_| a.events.iter().filter(|event| event.au == 28).collect());
    event_columns(
        row,
        &|what: &str| format!("AU28_{what}"),
        minutes,
        events.as_deref(),
    );
}

fn max(a: &Analysis, column: &[f32]) -> Option<f64> {
    let medians = median_of_neighbours(&a.timeline.valid_values(column), 5);
    medians
        .into_iter()
        .flatten()
        .map(f64::from)
        .reduce(f64::max)
}

fn event_columns(
    row: &mut Row,
    name: &dyn Fn(&str) -> String,
    minutes: f64,
    events: Option<&[&crate::au_events::AuEvent]>,
) {
    let count = events
        .filter(|_| minutes > 0.0)
        .map(|events| events.len() as f64 / minutes);
    row.number(
        name("events_per_min"),
        "1/min",
        "events per minute of frames that count",
        count,
    );
    let durations = events.and_then(|events| mean(events.iter().map(|event| event.duration())));
    row.number(
        name("event_seconds_mean"),
        "s",
        "mean duration of events",
        durations,
    );
    let peaks = events.and_then(|events| mean(events.iter().filter_map(|event| event.peak)));
    row.number(
        name("event_peak_mean"),
        "0-5",
        "mean of the events' peaks",
        peaks,
    );
}

fn combinations(a: &Analysis, row: &mut Row) {
    for (name, aus) in COMBINATIONS {
        let columns: Vec<&Vec<f32>> = aus
            .iter()
            .map_while(|au| a.recording.intensities.get(au))
            .collect();
        let share = (columns.len() == aus.len()).then(|| {
            let all: Vec<f32> = (0..a.timeline.len())
                .map(|i| {
                    let values = columns.iter().map(|column| column[i]);
                    // The weakest decides; a value that is missing decides that nothing is known.
                    values.fold(
                        f32::INFINITY,
                        |low, v| if v.is_nan() { v } else { low.min(v) },
                    )
                })
                .collect();
            a.timeline
                .weighted(&all)
                .enough()?
                .percent(|value| value >= PRESENT)
        });
        let listed: Vec<String> = aus.iter().map(|au| format!("AU{au:02}")).collect();
        let meaning = format!("time with {} at least 1", listed.join(", "));
        row.number(format!("expr_{name}_pct"), "%", meaning, share.flatten());
    }
}

fn head_and_gaze(a: &Analysis, row: &mut Row) {
    row.number(
        "head_speed_mean",
        "mm/s",
        "of the pose averaged over 0.2 s; mm of an average head",
        a.head.speed,
    );
    row.number(
        "head_turn_mean",
        "°/s",
        "of the pose averaged over 0.2 s",
        a.head.turn,
    );
    row.number("head_path", "mm", "way of the head altogether", a.head.path);
    row.number(
        "gaze_away_pct",
        "%",
        "time more than 15° from the recording's median direction; says nothing on eye contact",
        a.gaze.away_pct,
    );
    row.number(
        "gaze_sd_x",
        "°",
        "standard deviation to the sides",
        a.gaze.sd.map(|sd| sd[0]),
    );
    row.number(
        "gaze_sd_y",
        "°",
        "standard deviation up and down",
        a.gaze.sd.map(|sd| sd[1]),
    );
}

fn blinks(a: &Analysis, row: &mut Row) {
    let b = a.blinks.as_ref().filter(|_| a.quality.valid > 0);
    let scale = b.map_or("", |b| if b.scale_known { "known" } else { "unknown" });
    row.text(
        "blink_scale",
        "whether the eyes' closed level is known; else only counts are given",
        scale,
    );
    let detail = b.map_or("", |b| b.detail.name());
    row.text(
        "blink_detail",
        "fine from 50, coarse from 20 frames a second, else closures_only",
        detail,
    );
    let per_minute = |count: fn(&Blinks) -> usize| b.and_then(|b| b.per_minute(count(b)));
    for (side, name) in [(Side::Left, "left"), (Side::Right, "right")] {
        let of_eye: Vec<&Closing> = b.iter().flat_map(|b| b.of_eye(side)).collect();
        let known = b.is_some_and(|b| b.scale_known && b.detail != Detail::ClosuresOnly);
        let count = b.and_then(|b| b.per_minute(of_eye.len()));
        row.number(
            format!("blinks_per_min_{name}"),
            "1/min",
            "blinks of this eye",
            count,
        );
        let complete: Vec<bool> = of_eye.iter().filter_map(|blink| blink.complete()).collect();
        let complete = mean(complete.iter().map(|&yes| 100.0 * f64::from(u8::from(yes))));
        row.number(
            format!("blink_complete_pct_{name}"),
            "%",
            "blinks with a closure of at least 0.8",
            complete.filter(|_| known),
        );
        let durations = mean(of_eye.iter().map(|blink| blink.duration())).filter(|_| known);
        row.number(
            format!("blink_seconds_mean_{name}"),
            "s",
            "at half prominence",
            durations,
        );
        let peaks = mean(of_eye.iter().filter_map(|blink| blink.peak)).filter(|_| known);
        row.number(
            format!("blink_closure_peak_mean_{name}"),
            "",
            "largest closure of each blink",
            peaks,
        );
        let eye = usize::from(side == Side::Left);
        let open = b.and_then(|b| b.open[eye]);
        row.number(
            format!("ear_open_{name}"),
            "",
            "height over width of the open eye",
            open,
        );
        let closings = b
            .iter()
            .flat_map(|b| &b.closings)
            .filter(|closing| closing.side == side);
        let longest = closings
            .map(Closing::duration)
            .reduce(f64::max)
            .or(b.map(|_| 0.0));
        row.number(
            format!("longest_closure_{name}"),
            "s",
            "the longest blink or closure",
            longest.filter(|_| b.is_some_and(|b| b.scale_known)),
        );
    }
    row.number(
        "blinks_per_min_both",
        "1/min",
        "blinks of either eye, those of both at once counted once",
        per_minute(|b| {
            let single = |side| b.of_eye(side).filter(|blink| !blink.paired).count();
            b.lags.len() + single(Side::Left) + single(Side::Right)
        }),
    );
    row.number(
        "blink_pairs_per_min",
        "1/min",
        "blinks of both eyes within 0.125 s",
        per_minute(|b| b.lags.len()),
    );
    let usable = b.filter(|b| b.detail != Detail::ClosuresOnly);
    for (side, name) in [(Side::Left, "left"), (Side::Right, "right")] {
        let single = usable.map(|b| b.of_eye(side).filter(|blink| !blink.paired).count());
        row.count(
            format!("blink_single_{name}"),
            "blinks of this eye alone",
            single,
        );
    }
    let lag = usable.and_then(|b| mean(b.lags.iter().map(|lag| 1000.0 * lag)));
    row.number(
        "blink_lag_ms",
        "ms",
        "mean of right minus left apexes of pairs",
        lag,
    );
    if !a.actions.is_empty() {
        let in_task = usable.map(|b| {
            let blinks = b
                .closings
                .iter()
                .filter(|c| c.kind == crate::blinks::Kind::Blink);
            let tasks = ["ES", "ET", "BK"];
            blinks
                .filter(|c| {
                    a.action_at(c.apex)
                        .is_some_and(|code| tasks.contains(&code))
                })
                .count()
        });
        row.count(
            "blinks_in_task",
            "blinks of single eyes within actions ES, ET, BK",
            in_task,
        );
    }
}

fn deviations(a: &Analysis, row: &mut Row) {
    let baseline = a.baseline.as_ref();
    row.number(
        "baseline_from",
        "s",
        "where the rest begins",
        baseline.map(|b| b.from),
    );
    row.number(
        "baseline_to",
        "s",
        "where the rest ends",
        baseline.map(|b| b.to),
    );
    let quality = baseline.map_or("", |b| b.quality.name());
    row.text(
        "baseline_quality",
        "neutral, short, blinking or smiling",
        quality,
    );
    for au in INTENSITIES {
        let column = a.recording.intensities.get(&au);
        let base = column
            .zip(baseline)
            .and_then(|(values, b)| b.median(values, &a.timeline));
        row.number(format!("base_AU{au:02}"), "0-5", "median at rest", base);
        let mut deviation = column.zip(base).and_then(|(values, base)| {
            let shifted: Vec<f32> = values
                .iter()
                .map(|value| (f64::from(*value) - base) as f32)
                .collect();
            a.timeline.weighted(&shifted).enough()
        });
        let mean = deviation.as_ref().and_then(Weighted::mean);
        row.number(
            format!("AU{au:02}_dev_mean"),
            "0-5",
            "mean minus rest, not cut at 0",
            mean,
        );
        let p95 = deviation.as_mut().and_then(|d| d.quantile(0.95));
        row.number(
            format!("AU{au:02}_dev_p95"),
            "0-5",
            "95 % quantile minus rest",
            p95,
        );
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| {
        (sum + value, count + 1)
    });
    (count > 0).then(|| sum / count as f64)
}
