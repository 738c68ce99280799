//! `faceau-supervisor bench`: real runs, measured. No number is a test here, only that all are there
//! and belong together.

use std::fs;

use faceau_tests::program::{Bench, Ended, Supervisor};
use faceau_tests::video::write_numbered;
use serde_json::Value;

fn measure(bench: &Bench) -> Supervisor {
    let models = bench.models();
    let command = bench.bare().arg("bench").arg(bench.path("a.mp4"));
    command
        .arg("--allow-unknown-models")
        .arg("--models")
        .arg(models)
}

fn stdout(ended: &Ended) -> String {
    let lines: Vec<&str> = ended.stdout.iter().map(|(_, line)| line.as_str()).collect();
    lines.join("\n")
}

#[test]
fn a_machine_is_measured() {
    let bench = Bench::new();
    write_numbered(&bench.path("a.mp4"), 40);
    let ended = measure(&bench)
        .args(["--json", "--workers", "1,2", "--simulate-accelerator", "2"])
        .run()
        .expect_code(0);
    let report: Value = serde_json::from_str(&stdout(&ended)).unwrap();
    assert_eq!(report["format"], 1);
    assert_eq!(report["input"]["frames"], 40);
    assert_eq!(report["pipeline"], "pfld");
    assert_eq!(report["networks"][0]["provider"], "cpu");
    assert!(report["decoding"]["frames_per_second"].as_f64().unwrap() > 0.0);
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for (run, workers) in runs.iter().zip([1, 2]) {
        assert_eq!(run["workers"], workers);
        assert!(run["frames_per_second"].as_f64().unwrap() > 0.0);
        assert!(run["program_seconds"].as_f64() >= run["seconds"].as_f64());
        let stages = run["stages"].as_array().unwrap();
        let share: f64 = stages
            .iter()
            .map(|stage| stage["share"].as_f64().unwrap())
            .sum();
        assert!((share - 1.0).abs() < 1e-9, "{share}");
        let landmarks = stages
            .iter()
            .find(|stage| stage["stage"] == "landmarks")
            .unwrap();
        let (median, p95) = (
            landmarks["median_ms"].as_f64(),
            landmarks["p95_ms"].as_f64(),
        );
        assert!(median > Some(0.0) && p95 >= median, "{landmarks}");
    }
    // One device does one inference at a time, whoever asks: 500 in a second at most.
    let simulation = &report["simulation"];
    assert_eq!(simulation["is_simulation"], true);
    for rate in simulation["threads"].as_array().unwrap() {
        assert!(
            rate["inferences_per_second"].as_f64().unwrap() <= 500.0,
            "{rate}"
        );
    }
    let processes = simulation["processes"].as_array().unwrap();
    assert_eq!(processes.len(), 2);
    for (run, count) in processes.iter().zip([1, 2]) {
        assert_eq!(run["count"], count);
        // The video has one segment, so one worker does everything: one inference for each frame.
        assert!(
            run["frames_per_second_at_work"].as_f64().unwrap() <= 500.0,
            "{run}"
        );
        assert!(run["frames_per_second"].as_f64().unwrap() > 0.0);
    }

    fs::write(bench.path("old.json"), stdout(&ended)).unwrap();
    let again = measure(&bench)
        .args(["--workers", "1", "--simulate-accelerator", "1", "--against"])
        .arg(bench.path("old.json"))
        .run()
        .expect_code(0);
    let text = stdout(&again);
    for part in [
        "40 frames of 160x120",
        "  x",
        "landmarks",
        "SIMULATION, not a measurement",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(bench.outputs(), [""; 0], "nothing is left behind");
}

#[test]
fn what_cannot_be_measured_is_said() {
    let bench = Bench::new();
    let missing = measure(&bench).run().expect_code(1);
    missing.expect_line(&["error", "a.mp4"]);
    write_numbered(&bench.path("a.mp4"), 5);
    fs::write(bench.path("old.json"), "{}").unwrap();
    let old = measure(&bench)
        .arg("--against")
        .arg(bench.path("old.json"))
        .run()
        .expect_code(1);
    old.expect_line(&["old.json", "bench --json"]);
    let refused = bench.bare().arg("bench").arg(bench.path("a.mp4"));
    let refused = refused
        .args(["-w1", "--models", "/no/such"])
        .run()
        .expect_code(1);
    refused.expect_line(&["a run with 1 workers ended with", "missing"]);
    measure(&bench)
        .args(["--workers", "0"])
        .run()
        .expect_code(2);
}

/// As on a machine where nothing has been installed yet.
#[test]
#[cfg(target_os = "linux")]
fn without_models_the_demo_models_are_measured() {
    let bench = Bench::new();
    let ended = bench
        .bare()
        .env("XDG_DATA_HOME", bench.path("nothing"))
        .args(["bench", "--json", "--workers", "1", "--frames", "10"])
        .run()
        .expect_code(0);
    let report: Value = serde_json::from_str(&stdout(&ended)).unwrap();
    assert_eq!(report["pipeline"], "demo");
    assert_eq!(report["input"]["path"], Value::Null);
    assert_eq!(report["input"]["frames"], 10);
    let run = &report["runs"][0];
    assert!(run["ring_bytes"].as_u64().unwrap() > 640 * 480 * 3);
    assert!(run["first_result_seconds"].as_f64() <= run["seconds"].as_f64());
    assert_eq!(run["workers_time"][0]["frames"], 10);
    for stage in ["ring", "messages"] {
        let rows = run["stages"].as_array().unwrap();
        let row = rows.iter().find(|row| row["stage"] == stage).unwrap();
        assert!(row["ms_per_frame"].as_f64().unwrap() > 0.0, "{row}");
    }
    let named = bench
        .bare()
        .env("XDG_DATA_HOME", bench.path("nothing"))
        .args([
            "bench",
            "--workers",
            "1",
            "--frames",
            "10",
            "--pipeline",
            "pfld",
        ]);
    named.run().expect_code(1).expect_line(&["missing"]);
}
