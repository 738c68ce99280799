//! The whole program on demo clips, with the demo models that are part of it: nothing is downloaded,
//! and what is true is known.

use faceau_tests::demo::{Clip, correlation};
use faceau_tests::program::Bench;
use faceau_tests::table::Table;
use rustix::process::Signal;

/// Largest landmark error (share of the eye distance) of a clip, on average, while a face is followed.
const LANDMARKS: f64 = 0.03;
/// The same in a clip's first frame: a face that has just been detected is framed along the detector's
/// box, not along its landmarks in the frame before.
const LANDMARKS_AT_FIRST: f64 = 0.05;

fn successes(table: &Table) -> Vec<bool> {
    let column = table.column("success");
    column.iter().map(|&success| success == 1.0).collect()
}

/// Every frame was found, near the truth.
fn expect_all_found(table: &Table, clip: &Clip, frames: usize) {
    assert_eq!(successes(table), vec![true; frames]);
    let errors = (0..frames).map(|frame| clip.truth.landmark_error(table, 0, frame));
    let mean = errors.sum::<f64>() / frames as f64;
    let most = if frames > 1 {
        LANDMARKS
    } else {
        LANDMARKS_AT_FIRST
    };
    assert!(mean < most, "landmarks are off by {mean}");
}

#[test]
fn action_units_and_landmarks_are_recovered() {
    let bench = Bench::new();
    let options = [
        "--seconds",
        "8",
        "--fps",
        "15",
        "--size",
        "480x360",
        "--seed",
        "7",
    ];
    let clip = Clip::make(&bench, "clip.mp4", &options);
    let ended = clip.measure(&bench).run().expect_code(0);
    ended.expect_line(&["warning:", "know only the synthetic face"]);
    let table = bench.table("clip.csv");
    expect_all_found(&table, &clip, 120);
    let mut correlations = Vec::new();
    for column in table.header.iter().filter(|name| name.ends_with("_r")) {
        let truth = clip.truth.column(column, 0);
        if truth.iter().copied().fold(0.0, f64::max) < 1.0 {
            continue;
        }
        correlations.push((correlation(&truth, &table.column(column)), column));
    }
    let moving = correlations.len();
    assert!(moving >= 15, "only {moving} action units move");
    let mean = correlations.iter().map(|(r, _)| r).sum::<f64>() / moving as f64;
    assert!(mean > 0.93, "mean correlation {mean}: {correlations:?}");
    let (least, of) = correlations
        .iter()
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap();
    assert!(*least > 0.85, "{of}: correlation {least}");

    let record = bench.record("clip");
    assert_eq!(record.options.result.pipeline, "demo");
    assert!(record.models.iter().all(|model| model.known));
    assert!(record.warnings[0].contains("synthetic face"));
    let turned: Vec<f64> = table.column("pose_Ry");
    let r = correlation(&clip.truth.column("pose_Ry", 0), &turned);
    assert!(r > 0.9, "yaw: r {r}");
}

#[test]
fn any_number_of_workers_writes_the_same_bytes() {
    let bench = Bench::new();
    let options = ["--frames", "150", "--fps", "25", "--size", "240x180"];
    let clip = Clip::make(&bench, "clip.mp4", &options);
    let bytes: Vec<Vec<u8>> = ["1", "2", "4"]
        .iter()
        .map(|workers| {
            clip.measure(&bench)
                .args(["--overwrite", "--workers", workers])
                .run()
                .expect_code(0);
            std::fs::read(bench.out().join("clip.csv")).unwrap()
        })
        .collect();
    assert!(bytes[0] == bytes[1] && bytes[1] == bytes[2]);
    assert_eq!(bench.table("clip.csv").rows.len(), 150);
}

#[test]
fn a_large_picture_is_measured() {
    let bench = Bench::new();
    let clip = Clip::make(
        &bench,
        "large.mp4",
        &["--frames", "2", "--size", "3840x2160"],
    );
    clip.measure(&bench).run().expect_code(0);
    expect_all_found(&bench.table("large.csv"), &clip, 2);
}

#[test]
fn a_portrait_that_is_stored_sideways_is_measured_upright() {
    let bench = Bench::new();
    for degrees in ["90", "270"] {
        let name = format!("phone-{degrees}");
        let options = ["--frames", "6", "--size", "360x640", "--rotate", degrees];
        let clip = Clip::make(&bench, &format!("{name}.mp4"), &options);
        clip.measure(&bench).run().expect_code(0);
        let record = bench.record(&name);
        assert_eq!((record.input.width, record.input.height), (360, 640));
        expect_all_found(&bench.table(&format!("{name}.csv")), &clip, 6);
    }
}

#[test]
fn times_are_the_camera_s_own() {
    let bench = Bench::new();
    let options = [
        "--frames",
        "20",
        "--size",
        "320x240",
        "--variable-frame-rate",
    ];
    let clip = Clip::make(&bench, "clip.mp4", &options);
    clip.measure(&bench).run().expect_code(0);
    let times = bench.table("clip.csv").column("timestamp");
    let truth = clip.truth.column("timestamp", 0);
    assert_eq!(times.len(), 20);
    for (measured, true_time) in times.iter().zip(&truth) {
        assert!((measured - true_time).abs() <= 0.001, "{times:?} {truth:?}");
    }
    let gaps: Vec<f64> = truth.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let longest = gaps.iter().copied().fold(0.0, f64::max);
    let shortest = gaps.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(
        longest > 1.1 * shortest,
        "the clip is not irregular: {gaps:?}"
    );
}

#[test]
fn a_single_frame_is_a_video_too() {
    let bench = Bench::new();
    let clip = Clip::make(&bench, "one.mp4", &["--frames", "1", "--size", "480x360"]);
    clip.measure(&bench).run().expect_code(0);
    expect_all_found(&bench.table("one.csv"), &clip, 1);
}

#[test]
fn one_of_two_faces_is_followed() {
    let bench = Bench::new();
    let options = ["--frames", "24", "--size", "640x300", "--faces", "2"];
    let clip = Clip::make(&bench, "two.mp4", &options);
    clip.measure(&bench).run().expect_code(0);
    let table = bench.table("two.csv");
    assert_eq!(successes(&table), vec![true; 24]);
    // The same one in every frame.
    let near = |face: usize| {
        let errors = (0..24).map(|frame| clip.truth.landmark_error(&table, face, frame));
        errors.fold(0.0, f64::max)
    };
    let (first, second) = (near(0), near(1));
    assert!(first.min(second) < 0.1, "{first} {second}");
    assert!(first.max(second) > 1.0, "{first} {second}");
}

#[test]
fn a_face_that_leaves_is_lost_and_found_again() {
    let bench = Bench::new();
    let options = [
        "--seconds",
        "6",
        "--fps",
        "15",
        "--size",
        "400x300",
        "--absent",
        "2-3.5",
    ];
    let clip = Clip::make(&bench, "leaves.mp4", &options);
    clip.measure(&bench).run().expect_code(0);
    let found = successes(&bench.table("leaves.csv"));
    let visible = clip.truth.column("visible", 0);
    assert!(visible.contains(&0.0));
    let count = |wanted: &dyn Fn(f64) -> bool| {
        let chosen = visible
            .iter()
            .zip(&found)
            .filter(|(share, _)| wanted(**share));
        let all: Vec<bool> = chosen.map(|(_, &found)| found).collect();
        (all.iter().filter(|found| **found).count(), all.len())
    };
    let (mistaken, gone) = count(&|share| share == 0.0);
    assert_eq!(mistaken, 0, "of {gone}");
    let (seen, visible) = count(&|share| share > 0.95);
    // It takes the tracker up to twelve frames to look for a face that was long gone.
    assert!(seen + 12 >= visible, "{seen} of {visible}");
    assert!(found[..20].iter().all(|&found| found) && *found.last().unwrap());
}

#[test]
fn where_nobody_is_no_face_is_found() {
    let bench = Bench::new();
    let options = [
        "--frames", "60", "--size", "480x360", "--faces", "0", "--seed", "3",
    ];
    let clip = Clip::make(&bench, "nobody.mp4", &options);
    clip.measure(&bench).run().expect_code(0);
    let table = bench.table("nobody.csv");
    assert_eq!(successes(&table), vec![false; 60]);
    for column in table.header.iter().filter(|name| name.starts_with("AU")) {
        assert!(table.column(column).iter().all(|&value| value == 0.0));
    }
}

#[test]
fn what_is_complete_is_kept_when_stopped() {
    let bench = Bench::new();
    let options = ["--frames", "150", "--fps", "25", "--size", "240x180"];
    let clip = Clip::make(&bench, "clip.mp4", &options);
    clip.measure(&bench).run().expect_code(0);
    let whole = bench.table("clip.csv");
    let mut running = clip
        .measure(&bench)
        .args(["--overwrite", "--workers", "1", "--progress", "json"])
        .start();
    running.wait_for_frames(1);
    running.signal(Signal::INT);
    running.wait().expect_signal(Signal::INT);
    let part = bench.table("clip.partial.csv");
    assert!((1..=150).contains(&part.rows.len()));
    for (part, whole) in part.rows.iter().zip(&whole.rows) {
        // Action units depend on the frames after them.
        let own = part.len() - 35;
        assert_eq!(part[..own], whole[..own]);
    }
}

#[test]
fn the_demo_shows_what_the_program_can_do() {
    let bench = Bench::new();
    let ended = bench
        .bare()
        .args(["demo", "run", "--seconds", "2", "--workers", "2"])
        .run()
        .expect_code(0);
    let said: Vec<&str> = ended.stdout.iter().map(|(_, line)| line.as_str()).collect();
    for part in [
        "AU12 ",
        "landmarks: off by",
        "of the 60 frames that show one",
        "know only this synthetic face",
        "demo-1-2s.csv",
    ] {
        assert!(
            said.iter().any(|line| line.contains(part)),
            "{part}: {said:#?}"
        );
    }
    let folder = bench.out().join("faceau-demo");
    for ending in ["mp4", "truth.csv", "csv", "run.json", "html"] {
        let file = folder.join(format!("demo-1-2s.{ending}"));
        assert!(file.is_file(), "{}", file.display());
    }
    let page = std::fs::read_to_string(folder.join("demo-1-2s.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("http://"));
}

#[test]
fn real_videos_never_get_demo_models_unasked() {
    let bench = Bench::new();
    let clip = Clip::make(&bench, "clip.mp4", &["--frames", "1", "--size", "160x120"]);
    let empty = bench.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let ended = bench
        .bare()
        .arg("--models")
        .arg(&empty)
        .arg(&clip.video)
        .run()
        .expect_code(3);
    ended.expect_line(&["model files", "are missing", "demo run"]);
    assert!(bench.outputs().is_empty());
}
