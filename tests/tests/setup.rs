//! What must be in place before any work: models, ONNX Runtime, workers. Without them nothing can
//! be done (exit code 3), which is said once, clearly, without a table in sight.

use std::fs;
use std::path::Path;
use std::time::Duration;

use faceau_tests::double::{Orders, Start};
use faceau_tests::program::{Bench, Ended, Supervisor};
use faceau_tests::video::write_numbered;

/// Runs on two inputs; nothing can be done for either.
#[track_caller]
fn not_usable(bench: &Bench, supervisor: Supervisor, parts: &[&str]) -> Ended {
    let videos = ["a.mp4", "b.mp4"].map(|name| bench.path(name));
    for video in &videos {
        write_numbered(video, 8);
    }
    let ended = supervisor.args(&videos).run().expect_code(3);
    ended.expect_line(&[&["error"], parts].concat());
    assert_eq!(bench.outputs(), [""; 0]);
    #[cfg(target_os = "linux")]
    faceau_tests::processes::expect_marked(&bench.mark(), 0);
    ended
}

#[test]
fn models_that_are_missing_are_named() {
    let bench = Bench::new();
    fs::remove_file(bench.models().join("pfld_cunjian.onnx")).unwrap();
    let ended = not_usable(&bench, bench.supervisor(), &[]);
    assert!(
        ended.stderr.contains("pfld_cunjian.onnx"),
        "{}",
        ended.stderr
    );
    fs::remove_dir_all(bench.models()).unwrap();
    let ended = not_usable(&bench, bench.supervisor(), &[]);
    let looked_in = bench.models().display().to_string();
    assert!(ended.stderr.contains(&looked_in), "{}", ended.stderr);
}

#[test]
fn models_that_are_not_the_known_ones_are_refused() {
    let bench = Bench::new();
    let supervisor = bench.bare().arg("--models").arg(bench.models());
    not_usable(
        &bench,
        supervisor,
        &["retinaface", "SHA-256", "--allow-unknown-models"],
    );
}

#[test]
fn models_that_make_no_sense_are_named() {
    for (file, parts) in [
        ("pfld_cunjian.onnx", &["pfld"][..]),
        (
            "lib/local/LandmarkDetector/model/detection_validation/validator_cnn_68.txt",
            &["validator_cnn_68.txt"],
        ),
        (
            "lib/local/FaceAnalyser/AU_predictors/AU_all_best.txt",
            &["AU_all_best.txt"],
        ),
        (
            "lib/local/FaceAnalyser/AU_predictors/svm_combined/AU_4_static.dat",
            &["AU_4_static.dat"],
        ),
    ] {
        let bench = Bench::new();
        fs::write(bench.models().join(file), "nonsense").unwrap();
        not_usable(&bench, bench.supervisor(), parts);
    }
}

#[test]
fn a_file_that_is_not_onnx_runtime_is_refused() {
    let bench = Bench::new();
    let text = bench.path("text.so");
    fs::write(&text, "not a library").unwrap();
    let named = |path: &Path| bench.supervisor().env("ORT_DYLIB_PATH", path);
    not_usable(&bench, named(&text), &["text.so", "cannot be loaded"]);
    let missing = bench.path("missing.so");
    let ended = not_usable(&bench, named(&missing), &["ONNX Runtime was not found"]);
    assert!(ended.stderr.contains("missing.so"));
    assert!(ended.stderr.contains("scripts/run"));
}

#[cfg(target_os = "linux")]
#[test]
fn another_library_is_not_onnx_runtime() {
    let bench = Bench::new();
    // The C library, which this test itself uses.
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let another = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5))
        .find(|path| path.contains("libc.so") || path.contains("/libc-"))
        .expect("this program uses the C library");
    let supervisor = bench.supervisor().env("ORT_DYLIB_PATH", another);
    not_usable(&bench, supervisor, &["not ONNX Runtime", "OrtGetApiBase"]);
}

#[test]
fn a_provider_that_is_not_there_is_an_error_when_named() {
    let bench = Bench::new();
    // No platform has both.
    let provider = if cfg!(target_os = "macos") {
        "directml"
    } else {
        "coreml"
    };
    let supervisor = bench.supervisor().args(["--provider", provider]);
    let ended = not_usable(&bench, supervisor, &["retinaface"]);
    let said = ended.stderr.to_lowercase();
    assert!(said.contains("provider"), "{said}");
}

#[test]
fn a_worker_program_that_is_none() {
    let bench = Bench::new();
    let named = |path: &Path| bench.supervisor().arg("--worker-program").arg(path);
    let missing = bench.path("no-such-worker");
    not_usable(&bench, named(&missing), &["no-such-worker", "missing"]);
    let text = bench.path("text");
    fs::write(&text, "not a program").unwrap();
    not_usable(&bench, named(&text), &["text", "cannot be started"]);
    // A program that knows nothing of this.
    for stranger in ["/bin/true", "/usr/bin/true"] {
        if Path::new(stranger).exists() {
            not_usable(&bench, named(Path::new(stranger)), &["workers end before"]);
        }
    }
}

#[test]
fn workers_that_do_not_start() {
    for (start, parts) in [
        (Start::OtherBuild, &["0.0.1-of-yesterday", "build"][..]),
        (Start::OtherProtocol, &["protocol version"]),
        (Start::Noise, &["does not belong"]),
        (Start::Dies, &["exit code 7", "the models taste bad"]),
        (Start::Refuses("no taste".into()), &["no taste"]),
    ] {
        let bench = Bench::new();
        let orders = Orders {
            start,
            ..Orders::default()
        };
        not_usable(&bench, bench.with_double(&orders), parts);
    }
}

#[test]
fn workers_that_are_never_ready() {
    let bench = Bench::new();
    let orders = Orders {
        start: Start::Hangs,
        ..Orders::default()
    };
    let supervisor = bench
        .with_double(&orders)
        .args(["--start-timeout", "1", "--workers", "3"]);
    let ended = not_usable(&bench, supervisor, &["not ready after 1 s"]);
    assert!(ended.took > Duration::from_secs(1));
}
