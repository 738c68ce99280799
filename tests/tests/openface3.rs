//! The OpenFace 3.0 pipeline from end to end: with tiny networks by the real worker, and, where the
//! reference data is, with the networks it was made with.

use std::fs;
use std::path::{Path, PathBuf};

use faceau_models::id;
use faceau_tests::double::{Hold, Misdeed, Orders};
use faceau_tests::openface3::{Export, path_of, write};
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::{Picture, Recipe, write_numbered};
use rustix::process::Signal;

const FRAMES: usize = 180;
/// Frames without a face.
const BLACK: std::ops::Range<usize> = 50..56;

fn bench() -> (Bench, PathBuf) {
    let bench = Bench::new();
    write(&bench.models(), Export::Later);
    let video = bench.path("a.mp4");
    let pictures = (0..FRAMES).map(|number| {
        if BLACK.contains(&number) {
            Picture::black()
        } else {
            Picture::numbered(number)
        }
    });
    Recipe::default().write(&video, pictures);
    (bench, video)
}

fn openface3(supervisor: Supervisor, args: &[&str]) -> Supervisor {
    supervisor.args(["--pipeline", "openface3"]).args(args)
}

/// Runs it and returns the table's bytes.
fn table(bench: &Bench, video: &Path, args: &[&str]) -> Vec<u8> {
    openface3(bench.supervisor(), args)
        .arg("--force")
        .arg(video)
        .run()
        .expect_code(0);
    fs::read(bench.out().join("a.csv")).unwrap()
}

#[test]
fn a_table_says_what_was_measured_and_nothing_of_frames_without_a_face() {
    let (bench, video) = bench();
    table(&bench, &video, &["--workers", "2"]);
    let table = bench.table("a.csv");
    assert_eq!(table.rows.len(), FRAMES);
    assert_eq!(table.header.len(), 5 + 2 + 9 + 196 + 36);
    for (number, row) in table.rows.iter().enumerate() {
        let lost = BLACK.contains(&number);
        assert_eq!(row[4], if lost { "0" } else { "1" }, "frame {number}");
        // What this pipeline never measures: 9 action units, and the presence of 10.
        let unknown = row[5..].iter().filter(|cell| *cell == "nan").count();
        let expected = if lost { row.len() - 5 } else { 19 };
        assert_eq!(unknown, expected, "frame {number}: {row:?}");
    }
    let emotions = table
        .header
        .iter()
        .position(|name| name == "emotion")
        .unwrap();
    let emotions = table.rows.iter().map(|row| &row[emotions]);
    assert!(
        emotions
            .clone()
            .any(|name| name == "contempt" || name == "neutral")
    );
    for name in [
        "AU01_r",
        "AU26_r",
        "AU45_r",
        "gaze_yaw",
        "emotion_happy",
        "x_0",
        "y_66",
    ] {
        let values: Vec<f64> = table
            .column(name)
            .into_iter()
            .filter(|v| v.is_finite())
            .collect();
        assert_eq!(values.len(), FRAMES - BLACK.len(), "{name}");
        let first = values[0];
        assert!(
            values.iter().any(|&value| value != first),
            "{name} never varies"
        );
    }
    for au in ["AU01", "AU09", "AU26"] {
        let scores = table.column(&format!("{au}_r"));
        let present = table.column(&format!("{au}_c"));
        for (score, present) in scores.iter().zip(present).filter(|(s, _)| s.is_finite()) {
            assert!((0.0..=1.0).contains(score));
            // Printed scores are rounded.
            if (score - 0.5).abs() > 1e-4 {
                assert_eq!(present, f64::from(u8::from(*score > 0.5)), "{au}");
            }
        }
    }

    let record = bench.record("a");
    assert_eq!(record.options.result.pipeline, "openface3");
    assert_eq!(record.options.result.redetect_every, 1);
    assert_eq!(
        record.options.result.columns,
        ["gaze", "emotion", "landmarks2d", "aus"]
    );
    let options = record.options.result.openface3.unwrap();
    assert_eq!(
        (options.face.as_str(), options.compat.as_str()),
        ("detect", "none")
    );
    assert!(options.au45);
    let ids: Vec<&str> = record
        .models
        .iter()
        .map(|model| model.identity.id.as_str())
        .collect();
    assert_eq!(ids, [id::RETINAFACE, id::OPENFACE3_MTL, id::OPENFACE3_STAR]);
    assert!(record.models.iter().all(|model| !model.known));
    assert_eq!(record.frames.successful, FRAMES - BLACK.len());
}

#[test]
fn what_is_not_asked_for_is_not_computed() {
    let (bench, video) = bench();
    table(&bench, &video, &["--no-au45", "--face", "whole-frame"]);
    let written = bench.table("a.csv");
    for name in ["AU45_r", "x_0", "y_97"] {
        assert!(
            written.column(name).iter().all(|value| value.is_nan()),
            "{name}"
        );
    }
    // A black frame is as good a face as any where nothing looks for one.
    assert!(written.column("success").iter().all(|&value| value == 1.0));
    assert!(
        written
            .column("confidence")
            .iter()
            .all(|&value| value == 1.0)
    );
    let record = bench.record("a");
    let networks: Vec<&str> = record.networks.iter().map(|n| n.model.as_str()).collect();
    assert_eq!(networks, [id::OPENFACE3_MTL]);
    let options = record.options.result.openface3.unwrap();
    assert_eq!(
        (options.face.as_str(), options.au45),
        ("whole-frame", false)
    );
}

#[test]
fn the_earlier_programs_table_has_its_columns_and_text() {
    let (bench, video) = bench();
    let text = String::from_utf8(table(&bench, &video, &["--compat", "facemirror"])).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), FRAMES + 2);
    assert!(lines.iter().all(|line| !line.contains(['\n', ' '])));
    let cells = |line: usize| lines[line].split(',').collect::<Vec<_>>();
    assert_eq!(cells(0).len(), 41);
    let place = |name: &str| cells(0).iter().position(|&n| n == name).unwrap();
    for number in 0..FRAMES {
        let row = cells(number + 1);
        assert_eq!(row[0], number.to_string());
        let lost = BLACK.contains(&number);
        assert_eq!(row[place("success")], if lost { "0" } else { "1" });
        assert_eq!(row[place("AU15_r")] == "0.0", lost);
        assert_eq!(row[place("AU45_r")] == "nan", lost);
        assert_eq!([row[place("AU09_r")], row[place("AU12_c")]], ["nan"; 2]);
    }
    let options = bench.record("a").options.result.openface3.unwrap();
    assert_eq!(options.compat, "facemirror");
}

#[test]
fn a_worker_that_crashes_costs_no_byte() {
    let bench = Bench::new();
    write(&bench.models(), Export::Later);
    let video = bench.path("a.mp4");
    write_numbered(&video, 200);
    let run = |orders: &Orders| {
        openface3(bench.with_double(orders), &["--workers", "2", "--force"])
            .arg(&video)
            .run()
            .expect_code(0);
        fs::read(bench.out().join("a.csv")).unwrap()
    };
    let undisturbed = run(&Orders::default());
    for (number, misdeed) in [Misdeed::Crash, Misdeed::NotANumber]
        .into_iter()
        .enumerate()
    {
        let marker = bench.path(format!("done{number}"));
        assert!(run(&Orders::once(120, misdeed, marker.clone())) == undisturbed);
        assert!(marker.exists());
    }
}

#[test]
fn a_stopped_run_keeps_what_it_has() {
    let bench = Bench::new();
    write(&bench.models(), Export::Later);
    let (video, gate) = (bench.path("a.mp4"), bench.path("gate"));
    write_numbered(&video, 1500);
    openface3(bench.with_double(&Orders::default()), &["-o", "full.csv"])
        .arg(&video)
        .run()
        .expect_code(0);
    let full = bench.table("full.csv");
    let orders = Orders {
        hold: Some(Hold {
            from: 700,
            until: gate.clone(),
        }),
        frame_takes: 1,
        ..Orders::default()
    };
    let args = ["--progress", "json", "--workers", "2"];
    let mut running = openface3(bench.with_double(&orders), &args)
        .arg(&video)
        .start();
    running.wait_for_frames(200);
    running.signal(Signal::INT);
    fs::write(&gate, "").unwrap();
    running.wait().expect_signal(Signal::INT);
    let partial = bench.table("a.partial.csv");
    let rows = partial.rows.len();
    assert!((1..1500).contains(&rows), "{rows}");
    assert_eq!(partial.header, full.header);
    assert!(partial.rows == full.rows[..rows]);
}

#[test]
fn options_that_make_no_sense_together_are_refused() {
    let (bench, video) = bench();
    for (args, parts) in [
        (
            &["--pipeline", "pfld", "--compat", "facemirror"][..],
            ["--compat", "pfld"],
        ),
        (
            &["--pipeline", "openface3", "--hog"],
            ["--hog", "openface3"],
        ),
        (
            &["--pipeline", "openface3", "--redetect", "0"],
            ["--redetect 0", "openface3"],
        ),
        (
            &["--pipeline", "openface3", "--columns", "pose"],
            ["--columns", "pose"],
        ),
        (
            &["--pipeline", "pfld", "--columns", "emotion"],
            ["--columns", "emotion"],
        ),
    ] {
        let ended = bench
            .supervisor()
            .args(args)
            .arg(&video)
            .run()
            .expect_code(2);
        ended.expect_line(&["error", parts[0], parts[1]]);
    }
}

/// A folder that an environment variable names.
fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).filter(|value| !value.is_empty());
    if folder.is_none() {
        eprintln!("skipped: {variable} is not set; it names a folder with data for this test");
    }
    folder.map(PathBuf::from)
}

/// Rows against those of an independent implementation of the earlier program, with the networks
/// it used: text where no network is involved, numbers up to the last digit of single precision
/// where one is.
#[test]
fn rows_are_those_of_the_earlier_program() {
    let (Some(models), Some(reference), Some(videos)) = (
        folder("FACEAU_MODELS"),
        folder("FACEAU_REFERENCE"),
        folder("FACEAU_VIDEOS"),
    ) else {
        return;
    };
    let bench = Bench::new();
    for (id, file) in [
        (id::RETINAFACE, "retinaface_mobilenet025_coreml.onnx"),
        (id::OPENFACE3_MTL, "mtl_efficientnet_b0_random_small.onnx"),
        (id::OPENFACE3_STAR, "star_landmark_98_random_small.onnx"),
    ] {
        let target = bench.models().join(path_of(id));
        let bytes = fs::read(models.join("onnx").join(file)).unwrap();
        fs::write(target, bytes).unwrap();
    }
    for (face, mode) in [("detect", "detect"), ("whole-frame", "full")] {
        let args = ["--compat", "facemirror", "--face", face, "--workers", "1"];
        let mut running = openface3(bench.supervisor(), &args)
            .args(["--force", "--restart", "--progress", "json"])
            .arg(videos.join("default.wmv"))
            .start();
        // The reference has the first 20 frames; the other 268 are not waited for.
        running.wait_for_frames(21);
        running.signal(Signal::INT);
        running.wait().expect_signal(Signal::INT);

        let ours = cells(&bench.out().join("default.partial.csv"));
        let theirs = cells(&reference.join(format!("openface3/small_{mode}_rows.csv")));
        assert_eq!(theirs.len(), 21);
        let header = &theirs[0];
        assert_eq!(&ours[0], header);
        for (row, expected) in ours.iter().zip(&theirs).skip(1) {
            for ((name, found), expected) in header.iter().zip(row).zip(expected) {
                let from_network = name == "confidence" || name.ends_with("_r");
                let close = match (found.parse::<f64>(), expected.parse::<f64>()) {
                    (Ok(a), Ok(b)) if from_network => (a - b).abs() <= 1e-6,
                    _ => false,
                };
                assert!(
                    found == expected || close,
                    "{mode} {name}: {found}, not {expected}"
                );
            }
        }
        fs::remove_file(bench.out().join("default.partial.csv")).unwrap();
    }
}

/// The cells of a table whose lines end in CR and LF.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = text
        .strip_suffix("\r\n")
        .expect("the last line is whole")
        .split("\r\n");
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}
