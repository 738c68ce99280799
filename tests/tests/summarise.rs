//! `faceau-supervisor summarise`: events and blinks of drawn clips against the truth, the same bytes
//! for any number of workers, and tables of other programs.

use std::fs;
use std::path::{Path, PathBuf};

use faceau_tests::demo::Clip;
use faceau_tests::program::{Bench, Ended};
use serde_json::Value;

/// A CSV as rows of cells by name.
struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut lines = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect());
        Self {
            header: lines.next().unwrap(),
            rows: lines.collect(),
        }
    }

    fn cell<'a>(&self, row: &'a [String], name: &str) -> &'a str {
        let place = self.header.iter().position(|column| column == name);
        &row[place.unwrap_or_else(|| panic!("no column {name}"))]
    }

    fn number(&self, row: &[String], name: &str) -> f64 {
        self.cell(row, name).parse().unwrap()
    }
}

fn summarise(bench: &Bench, arguments: &[&str]) -> Ended {
    let paths = arguments.iter().map(|argument| match argument {
        word if word.starts_with("--") || word.contains(',') || word.contains("..") => {
            PathBuf::from(word)
        }
        name => bench.path(name),
    });
    bench.bare().arg("summarise").args(paths).run()
}

/// Where the truth is at least `level` for two frames or more, in seconds.
fn runs(clip: &Clip, column: &str, level: f64) -> Vec<(f64, f64)> {
    let (times, values) = (
        clip.truth.column("timestamp", 0),
        clip.truth.column(column, 0),
    );
    let mut runs = Vec::new();
    let mut from = 0;
    while from < values.len() {
        let length = values[from..].iter().take_while(|v| **v >= level).count();
        if length >= 2 {
            runs.push((times[from], times[from + length - 1]));
        }
        from += length.max(1);
    }
    runs
}

#[test]
fn blinks_and_smiles_of_drawn_clips_are_found() {
    let bench = Bench::new();
    let (mut blinks, mut found, mut said, mut right) = (0, 0, 0, 0);
    let (mut smiles, mut smiles_found, mut smiles_said) = (0, 0, 0);
    for seed in ["11", "13"] {
        let name = format!("clip{seed}.mp4");
        let options = "--seconds 20 --size 480x360 --max-angle 10 --seed"
            .split(' ')
            .chain([seed]);
        let options: Vec<&str> = options.collect();
        let clip = Clip::make(&bench, &name, &options);
        clip.measure(&bench).run().expect_code(0);
        let stem = format!("clip{seed}");
        fs::copy(
            bench.out().join(format!("{stem}.csv")),
            bench.path(format!("{stem}.csv")),
        )
        .unwrap();
        summarise(&bench, &[&format!("{stem}.csv"), "--events"]).expect_code(0);
        let events = Csv::read(&bench.path(format!("{stem}.events.csv")));
        let of = |kinds: &[&str], side: &str| -> Vec<f64> {
            let rows = events.rows.iter().filter(|row| {
                kinds.contains(&events.cell(row, "kind")) && events.cell(row, "side") == side
            });
            rows.map(|row| events.number(row, "apex")).collect()
        };
        let truth = runs(&clip, "AU45_r", 4.0);
        let near = |apex: f64, run: &(f64, f64)| apex >= run.0 - 0.1 && apex <= run.1 + 0.1;
        for side in ["left", "right"] {
            let closings = of(&["blink", "closure"], side);
            blinks += truth.len();
            found += truth
                .iter()
                .filter(|run| closings.iter().any(|apex| near(*apex, run)))
                .count();
            let all = of(&["blink"], side);
            said += all.len();
            right += all
                .iter()
                .filter(|apex| truth.iter().any(|run| near(**apex, run)))
                .count();
        }
        let smile = runs(&clip, "AU12_r", 1.0);
        let rows = events
            .rows
            .iter()
            .filter(|row| events.cell(row, "name") == "AU12");
        let smiled: Vec<(f64, f64)> = rows
            .map(|row| (events.number(row, "onset"), events.number(row, "offset")))
            .collect();
        let meets = |a: &(f64, f64), b: &(f64, f64)| a.0 <= b.1 && b.0 <= a.1;
        smiles += smile.len();
        smiles_said += smiled.len();
        smiles_found += smile
            .iter()
            .filter(|run| smiled.iter().any(|event| meets(run, event)))
            .count();
    }
    assert!(blinks >= 12 && said >= 10 && smiles >= 2);
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    assert!(share(found, blinks) >= 0.95, "{found} of {blinks}");
    assert!(share(right, said) >= 0.95, "{right} of {said}");
    let f1 = 2.0 * smiles_found as f64 / (smiles + smiles_said) as f64;
    assert!(
        f1 >= 0.9,
        "{smiles_found} of {smiles}, {smiles_said} were said"
    );
}

#[test]
fn the_number_of_workers_does_not_matter() {
    let bench = Bench::new();
    let options = [
        "--seconds",
        "4",
        "--fps",
        "25",
        "--size",
        "320x240",
        "--seed",
        "3",
    ];
    let clip = Clip::make(&bench, "clip.mp4", &options);
    let mut written = Vec::new();
    for workers in ["1", "3"] {
        let folder = bench.path(format!("by{workers}"));
        clip.measure(&bench)
            .args(["--workers", workers, "--out-dir"])
            .arg(&folder)
            .run()
            .expect_code(0);
        summarise(
            &bench,
            &[
                &format!("by{workers}"),
                "--events",
                "--measures",
                "--cooccurrence",
                "--baseline",
                "0..1",
                "--export",
                "bids,elan",
            ],
        )
        .expect_code(0);
        let files = [
            "summary.csv",
            "clip.events.csv",
            "clip.measures.csv",
            "clip.cooccurrence.csv",
            "clip_events.tsv",
            "clip_motion.tsv",
            "clip.eaf",
        ];
        written.push(files.map(|name| (name, fs::read(folder.join(name)).unwrap())));
    }
    assert_eq!(written[0], written[1]);
}

/// A table as another program writes it: AU12 rises to 3 and falls.
fn write_table(path: &Path, header: &str, row: impl Fn(usize, f64) -> String) {
    let mut text = format!("{header}\n");
    for frame in 0..200 {
        let smile = (1.5 - (frame as f64 - 100.0).abs() / 20.0).clamp(0.0, 1.0) * 3.0;
        text += &format!("{}\n", row(frame, smile));
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn tables_of_other_programs_are_read_or_refused_in_words() {
    let bench = Bench::new();
    let openface = "frame, face_id, timestamp, confidence, success, AU12_r, AU12_c";
    write_table(&bench.path("t/spaces.csv"), openface, |frame, smile| {
        format!(
            "{}, 0, {:.3}, 0.98, 1, {smile:.2}, 1",
            frame + 1,
            frame as f64 / 30.0
        )
    });
    write_table(
        &bench.path("t/plain.csv"),
        &openface.replace(' ', ""),
        |frame, smile| {
            format!(
                "{},0,{:.3},0.98,1,{smile:.2},1",
                frame + 1,
                frame as f64 / 30.0
            )
        },
    );
    write_table(
        &bench.path("t/pyfaceau.csv"),
        "frame,timestamp,success,AU12_r",
        |frame, smile| format!("{frame},{},True,{smile:.2}", frame as f64 / 30.0),
    );
    write_table(
        &bench.path("t/openface3.csv"),
        "frame, face_id, timestamp, confidence, success, emotion, AU12_r, AU12_c",
        |frame, smile| {
            format!(
                "{}, 0, {:.3}, 1, 1, nan, {:.2}, {}",
                frame + 1,
                frame as f64 / 30.0,
                smile / 3.0,
                u8::from(smile > 1.5)
            )
        },
    );
    write_table(
        &bench.path("t/images.csv"),
        "face, confidence, AU12_r",
        |_, smile| format!("0, 0.9, {smile}"),
    );
    let ended = summarise(&bench, &["t"]).expect_code(1);
    ended.expect_line(&["images.csv", "no `timestamp`", "--fps"]);
    let summary = Csv::read(&bench.path("t/summary.csv"));
    let mean = |video: &str| {
        let row = summary
            .rows
            .iter()
            .find(|row| summary.cell(row, "video") == video);
        summary.cell(row.unwrap(), "AU12_mean").to_owned()
    };
    assert_eq!(mean("spaces"), mean("plain"));
    let whole: f64 = mean("plain").parse().unwrap();
    let other: f64 = mean("pyfaceau").parse().unwrap();
    assert!((whole - other).abs() < 2e-3, "{whole} {other}");
    // Scores are no intensities; presences are what they are.
    assert_eq!(mean("openface3"), "");
    let row = summary
        .rows
        .iter()
        .find(|row| summary.cell(row, "video") == "openface3");
    assert!(summary.number(row.unwrap(), "AU12_present_pct") > 10.0);
    let text = fs::read_to_string(bench.path("t/summary.json")).unwrap();
    let description: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        description["columns"].as_array().unwrap().len(),
        summary.header.len()
    );
    assert!(text.contains("scores from 0 to 1") && text.contains("not a medical device"));

    // A summary of somebody else is not replaced.
    fs::remove_file(bench.path("t/summary.json")).unwrap();
    summarise(&bench, &["t"])
        .expect_code(3)
        .expect_line(&["summary.csv", "no summary of this program"]);
    for nonsense in [
        &["t", "--baseline", "3..1"][..],
        &["t", "--min-confidence", "2"],
    ] {
        let code = summarise(&bench, nonsense).status.code();
        assert_eq!(code, Some(2), "{nonsense:?}");
    }
}
