//! `faceau-supervisor demo make`: the main job reads its videos as they were made.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use faceau_tests::double::Orders;
use faceau_tests::program::{Bench, Ended};
use rustix::process::Signal;

fn make(bench: &Bench, arguments: &[&str]) -> Ended {
    bench.bare().args(["demo", "make"]).args(arguments).run()
}

/// A column of the table of truth.
fn truth(path: &Path, column: &str) -> Vec<f64> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names = lines.next().unwrap().split(',');
    let place = names.into_iter().position(|name| name == column).unwrap();
    lines
        .map(|line| line.split(',').nth(place).unwrap().parse().unwrap())
        .collect()
}

#[test]
fn a_demo_video_is_read_as_it_was_made() {
    let bench = Bench::new();
    for rotate in ["0", "90", "180", "270"] {
        let stem = format!("turned{rotate}");
        let video = format!("{stem}.mp4");
        let images = format!("images{rotate}");
        make(
            &bench,
            &[
                "--out",
                &video,
                "--images",
                &images,
                "--rotate",
                rotate,
                "--frames",
                "9",
                "--size",
                "96x144",
                "--variable-frame-rate",
            ],
        )
        .expect_code(0);
        bench
            .with_double(&Orders::default())
            .args([&video, &images])
            .run()
            .expect_code(0);

        let table = bench.table(&format!("{stem}.csv"));
        let record = bench.record(&stem);
        assert_eq!((record.input.width, record.input.height), (96, 144));
        let times = truth(&bench.out().join(format!("{stem}.truth.csv")), "timestamp");
        assert_eq!(times.len(), 9);
        assert_eq!(times[0], 0.0);
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().any(|gap| (gap - gaps[0]).abs() > 1e-3));
        for (read, made) in table.column("timestamp").iter().zip(&times) {
            // The table has three decimals.
            assert!((read - made).abs() < 1e-3, "{read} {made}");
        }
        // The same brightness in the same places as in the pictures that were not encoded.
        let pictures = bench.table(&format!("{images}.csv"));
        assert_eq!(table.rows.len(), 9);
        for (frame, (seen, drawn)) in table.cells().iter().zip(pictures.cells()).enumerate() {
            let apart = |(a, b): (&f64, f64)| (a - b).abs();
            let most = seen.iter().zip(drawn).map(apart).fold(0.0, f64::max);
            assert!(most < 8.0, "frame {frame} turned by {rotate}: {most}");
        }
    }
}

#[test]
fn what_cannot_be_made_is_said() {
    let bench = Bench::new();
    let small = ["--frames", "1", "--size", "64x64"];
    make(&bench, &small).expect_code(0);
    let again = make(&bench, &small).expect_code(1);
    again.expect_line(&["error", "faceau-demo.mp4", "--overwrite"]);
    make(&bench, &[&small[..], &["--overwrite"]].concat()).expect_code(0);
    let odd = make(
        &bench,
        &["--frames", "1", "--size", "65x64", "--out", "odd.mp4"],
    );
    odd.expect_code(1).expect_line(&["error", "even", "65x64"]);
    let turned = make(&bench, &["--rotate", "90", "--out", "a.mkv"]);
    turned
        .expect_code(1)
        .expect_line(&["error", "--rotate", ".mp4"]);
    make(&bench, &["--out", "missing/a.mp4"])
        .expect_code(1)
        .expect_line(&["error", "missing"]);
    make(&bench, &["--out", "nameless"])
        .expect_code(1)
        .expect_line(&["error", "nameless", ".mp4"]);
    for nonsense in [["--rotate", "45"], ["--absent", "3"], ["--size", "big"]] {
        make(&bench, &nonsense).expect_code(2);
    }
    assert_eq!(
        bench.outputs(),
        ["faceau-demo.mp4", "faceau-demo.truth.csv"]
    );
}

#[test]
fn a_stopped_video_leaves_nothing_behind() {
    let bench = Bench::new();
    let arguments = ["demo", "make", "--seconds", "3600", "--size", "320x240"];
    let running = bench.bare().args(arguments).start();
    // The first rows are in the file: rendering is under way.
    let table = bench.out().join("faceau-demo.truth.unfinished.csv");
    let start = Instant::now();
    while fs::metadata(&table).map_or(0, |file| file.len()) == 0 {
        assert!(start.elapsed() < faceau_tests::DEADLINE, "nothing begins");
        thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::INT);
    running.wait().expect_signal(Signal::INT);
    assert_eq!(bench.outputs(), [""; 0]);
}

/// Whatever is made on the way, standard output is what programs read.
#[test]
fn a_check_prints_nothing_but_json() {
    let bench = Bench::new();
    let ended = bench
        .bare()
        .args([
            "demo",
            "check",
            "--json",
            "--seeds",
            "3-3",
            "--seconds",
            "1",
        ])
        .args(["--size", "320x240", "--workers", "1", "--out-dir", "clips"])
        .run();
    // A clip so short may well not be measured as is promised of longer ones.
    assert!(matches!(ended.status.code(), Some(0 | 1)), "{ended:#?}");
    let report: serde_json::Value = serde_json::from_str(&ended.output()).unwrap();
    assert_eq!(report["clips"][0]["seed"], 3);
    assert_eq!(report["clips"][0]["recovery"]["frames"], 30);
}
