//! The main job from end to end: a video in, a table and its run record out, by the real worker
//! running real networks (tiny ones) on ONNX Runtime.

use faceau_tests::models::{OUTLINE, mean_shape};
use faceau_tests::program::Bench;
use faceau_tests::record::Record;
use faceau_tests::table::{FRAME_COLUMNS, Table};
use faceau_tests::video::{DISK, Picture, Recipe, disk_at};

const FRAMES: usize = 200;
/// Frames without a face. After an even, small number of failures the tracker searches in the very
/// next frame.
const BLACK: std::ops::Range<usize> = 20..26;

fn pictures() -> impl Iterator<Item = Picture> {
    (0..FRAMES).map(|number| {
        if BLACK.contains(&number) {
            Picture::black()
        } else {
            Picture::numbered(number)
        }
    })
}

/// A camera that could not keep its pace.
fn irregular() -> Recipe {
    let mut times = vec![500];
    for number in 1..FRAMES {
        times.push(times[number - 1] + [33, 34, 33, 100, 17, 250][number % 6]);
    }
    Recipe {
        times,
        ..Recipe::default()
    }
}

#[test]
fn a_video_becomes_a_table_and_a_run_record() {
    let bench = Bench::new();
    let video = bench.path("interview.mp4");
    let recipe = irregular();
    recipe.write(&video, pictures());
    let ended = bench
        .supervisor()
        .args(["--workers", "2"])
        .arg(&video)
        .run()
        .expect_code(0);
    ended.expect_line(&["interview.mp4: done (200 frames, face found in 194)"]);
    assert_eq!(bench.outputs(), ["interview.csv", "interview.run.json"]);

    let table = bench.table("interview.csv");
    assert_eq!(table.header, header());
    assert_eq!(table.rows.len(), FRAMES);
    let counted: Vec<f64> = (1..=FRAMES).map(|n| n as f64).collect();
    assert_eq!(table.column("frame"), counted);
    assert!(table.column("face_id").iter().all(|&id| id == 0.0));
    for (number, row) in table.rows.iter().enumerate() {
        let milliseconds = recipe.time_of(number) - recipe.time_of(0);
        let written = format!("{:.3}", milliseconds as f64 / 1e3);
        assert_eq!(row[2], written, "time of frame {number}");
    }
    let successes: Vec<usize> = table
        .column("success")
        .iter()
        .enumerate()
        .filter_map(|(number, &success)| (success == 1.0).then_some(number))
        .collect();
    let bright: Vec<usize> = (0..FRAMES).filter(|n| !BLACK.contains(n)).collect();
    assert_eq!(successes, bright);

    check_landmarks(&table, &bright);
    check_aus(&table, &bright);
    check_record(&bench.record("interview"), &table.header);
}

/// The tiny networks follow the disk: landmarks lie around its place in that very frame.
fn check_landmarks(table: &Table, bright: &[usize]) {
    let axis = |axis: &str| -> Vec<Vec<f64>> {
        (0..68)
            .map(|i| table.column(&format!("{axis}_{i}")))
            .collect()
    };
    let (xs, ys) = (axis("x"), axis("y"));
    let confidence = table.column("confidence");
    let shape = mean_shape();
    for &number in bright {
        // 0.975 with two decimals.
        assert!((confidence[number] - 0.975).abs() <= 0.0051);
        let (cx, cy) = disk_at(number);
        for i in 0..68 {
            for (k, centre) in [cx, cy].into_iter().enumerate() {
                // The disk has soft edges after compression and scaling, and the pattern on it
                // pulls its centre of gravity a little.
                let found = [&xs, &ys][k][i][number];
                let off = found - centre - OUTLINE * DISK * shape[2 * i + k];
                assert!(
                    off.abs() < 1.0,
                    "landmark {i} of frame {number} is off by {off}"
                );
            }
        }
    }
    // Without a face the last one's landmarks stay, with success 0.
    for number in BLACK {
        assert_eq!(table.rows[number][11..], *last_before_aus(table, number));
        assert_eq!(confidence[number], 0.0);
    }
}

/// The row of the last frame with a face, from the landmarks on, with the AUs of a frame without.
fn last_before_aus(table: &Table, number: usize) -> Vec<String> {
    let mut row = table.rows[BLACK.start - 1][11..].to_vec();
    row[FRAME_COLUMNS - 11..].clone_from_slice(&table.rows[number][FRAME_COLUMNS..]);
    row
}

fn check_aus(table: &Table, bright: &[usize]) {
    let mut varied = 0;
    for (place, name) in table.header.iter().enumerate().skip(FRAME_COLUMNS) {
        let values = table.column(name);
        let is_intensity = name.ends_with("_r");
        for &value in &values {
            let possible = if is_intensity {
                (0.0..=5.0).contains(&value)
            } else {
                value == 0.0 || value == 1.0
            };
            assert!(possible, "{name}: {value}");
        }
        let cells = bright.iter().map(|&number| &table.rows[number][place]);
        let different: std::collections::BTreeSet<_> = cells.collect();
        varied += usize::from(different.len() > 5);
    }
    // Whatever random models make of the disk, they do not all say the same of every frame.
    assert!(varied >= 5, "only {varied} action units vary");
}

fn check_record(record: &Record, header: &[String]) {
    assert_eq!(record.format, 1);
    assert!(record.complete);
    assert_eq!(record.program.identity.version, env!("CARGO_PKG_VERSION"));
    assert!(record.program.runtime.starts_with("ONNX Runtime 1."));
    assert!(!record.program.identity.build.is_empty());
    assert!(record.input.path.ends_with("interview.mp4"));
    assert_eq!(record.input.identity.kind, "video");
    assert_eq!(record.input.identity.files, 1);
    assert_eq!(record.input.identity.sha256.len(), 64);
    assert_eq!((record.input.width, record.input.height), (160, 120));
    assert_eq!(record.input.frames, FRAMES);
    assert!(record.input.segments > 1);
    let milliseconds = irregular().time_of(FRAMES - 1) - irregular().time_of(0);
    assert!((record.input.seconds - milliseconds as f64 / 1e3).abs() < 1e-9);
    assert_eq!(record.input.remarks, [""; 0]);
    assert_eq!(record.options.result.pipeline, "pfld");
    assert_eq!(record.options.result.tracking, "segmented");
    assert_eq!(record.options.result.provider, "auto");
    assert_eq!(record.options.result.redetect_every, 0);
    assert!(!record.options.result.hog && !record.options.result.aligned);
    assert_eq!(record.options.workers, 2);
    // Two networks, validator, shape model, triangles, two lists, and one model per AU column.
    let aus = header.iter().filter(|name| name.starts_with("AU")).count();
    assert_eq!(record.models.len(), 7 + aus);
    for model in &record.models {
        assert_eq!(model.identity.sha256.len(), 64);
        assert!(!model.known, "{} is one of ours", model.identity.id);
    }
    let networks: Vec<&str> = record.networks.iter().map(|n| n.model.as_str()).collect();
    assert_eq!(networks, ["retinaface", "pfld"]);
    assert!(record.networks.iter().all(|n| !n.provider.is_empty()));
    assert_eq!(
        (record.frames.written, record.frames.successful),
        (200, 194)
    );
    // Lead-ins are analysed, too.
    assert!(record.frames.analysed > 200);
    assert_eq!(record.timing.workers_started, 2);
    assert!(record.timing.seconds > 0.0 && record.timing.worker_startup_ms > 0.0);
    assert!(record.timing.frames_per_second > 0.0);
    let share: f64 = record.timing.stages.iter().map(|stage| stage.share).sum();
    assert!((share - 1.0).abs() < 1e-6, "{share}");
    for name in ["decoding", "supervisor"] {
        let stage = record.timing.stages.iter().find(|s| s.stage == name);
        assert!(
            stage.is_some_and(|stage| stage.ms_per_frame > 0.0),
            "{name}"
        );
    }
    assert_eq!(record.warnings, [""; 0]);
}

/// The columns of OpenFace 2.2 without gaze and eye landmarks, written out by its documentation.
fn header() -> Vec<String> {
    let mut names: Vec<String> = "frame face_id timestamp confidence success \
         pose_Tx pose_Ty pose_Tz pose_Rx pose_Ry pose_Rz"
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    for axis in ["x", "y", "X", "Y", "Z"] {
        names.extend((0..68).map(|i| format!("{axis}_{i}")));
    }
    names.extend(
        "p_scale p_rx p_ry p_rz p_tx p_ty"
            .split(' ')
            .map(str::to_owned),
    );
    names.extend((0..34).map(|i| format!("p_{i}")));
    let intensities = "AU01_r AU02_r AU04_r AU05_r AU06_r AU07_r AU09_r AU10_r AU12_r AU14_r \
         AU15_r AU17_r AU20_r AU23_r AU25_r AU26_r AU45_r";
    let presences = "AU01_c AU02_c AU04_c AU05_c AU06_c AU07_c AU09_c AU10_c AU12_c AU14_c \
         AU15_c AU17_c AU20_c AU23_c AU25_c AU26_c AU28_c AU45_c";
    names.extend(intensities.split_whitespace().map(str::to_owned));
    names.extend(presences.split_whitespace().map(str::to_owned));
    names
}

#[test]
fn help_and_version_are_there_and_nonsense_is_refused() {
    let bench = Bench::new();
    let help = bench.bare().arg("--help").run().expect_code(0);
    let help: Vec<&str> = help.stdout.iter().map(|(_, line)| line.as_str()).collect();
    assert!(help.iter().any(|line| line.contains("EXIT CODES")));
    bench.bare().arg("--version").run().expect_code(0);
    for nonsense in [
        &[][..],
        &["a.mp4", "--workers", "0"],
        &["a.mp4", "--no-such-option"],
        &["a.mp4", "-o", "a.csv", "--out-dir", "b"],
    ] {
        let ended = bench.bare().args(nonsense).run().expect_code(2);
        assert!(ended.stderr.contains("--help"), "{}", ended.stderr);
    }
}
