//! `faceau-supervisor doctor`: finds what is missing, says how to mend it, and tries a whole run.

use std::collections::BTreeMap;

use faceau_tests::program::{Bench, Ended, Supervisor};
use faceau_tests::video::write_numbered;
use serde_json::Value;

/// What each check found: status and words.
fn findings(ended: &Ended) -> BTreeMap<String, (String, String)> {
    let lines: Vec<&str> = ended.stdout.iter().map(|(_, line)| line.as_str()).collect();
    let report: Value = serde_json::from_str(&lines.join("\n")).unwrap();
    assert_eq!(report["format"], 1);
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let findings: BTreeMap<_, _> = findings
        .map(|finding| {
            // Whatever is bad can be mended.
            assert_eq!(
                finding["fix"].is_string(),
                ["bad", "warning"].contains(&finding["status"].as_str().unwrap())
            );
            let says = (word(finding, "status"), word(finding, "found"));
            (word(finding, "check"), says)
        })
        .collect();
    let bad = findings.values().any(|(status, _)| status == "bad");
    assert_eq!(report["usable"], !bad);
    findings
}

fn doctor(bench: &Bench) -> Supervisor {
    let models = bench.models();
    bench
        .bare()
        .args(["doctor", "--json", "--workers", "1", "--models"])
        .arg(models)
}

#[test]
fn a_machine_with_everything_is_well() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 10);
    let ended = doctor(&bench)
        .arg("--try")
        .arg(&video)
        .arg("--allow-unknown-models")
        .run()
        .expect_code(0);
    let found = findings(&ended);
    for check in [
        "worker program",
        "ONNX Runtime",
        "models",
        "shared memory",
        "open files",
    ] {
        assert_eq!(found[check].0, "ok", "{found:#?}");
    }
    let (status, words) = &found["trial run"];
    assert_eq!(status, "ok", "{words}");
    assert!(words.contains("10 frames went through"), "{words}");
    assert!(words.contains("retinaface on cpu"), "{words}");
    assert_eq!(bench.outputs(), [""; 0], "nothing is left behind");

    let text = bench.bare().args(["doctor", "--models=/no/such"]);
    let text = text.run().expect_code(1);
    let lines = text.stdout.iter().map(|(_, line)| line.as_str());
    let starts: Vec<&str> = lines.filter_map(|line| line.get(..12)).collect();
    assert!(
        starts.contains(&"ok       FFm") && starts.contains(&"BAD      mod"),
        "{starts:?}"
    );
}

#[test]
fn providers_are_compared_where_there_are_any() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 10);
    let doctor = || {
        let doctor = doctor(&bench).arg("--allow-unknown-models");
        doctor.arg("--try").arg(&video)
    };
    let ended = doctor().arg("--providers").run().expect_code(0);
    let report: Value = serde_json::from_str(&ended.output()).unwrap();
    let rows = report["providers"].as_array().unwrap();
    let found = findings(&ended);
    let (status, words) = &found["providers"];
    if found["ONNX Runtime"].1.ends_with("built with: cpu") {
        assert!(rows.is_empty());
        assert_eq!(status, "ok");
        assert!(words.contains("the cpu only"), "{words}");
    } else {
        assert!(!rows.is_empty(), "{words}");
    }
    // Nobody asked, nothing is said.
    let ended = doctor().run().expect_code(0);
    let report: Value = serde_json::from_str(&ended.output()).unwrap();
    assert!(report.get("providers").is_none());
}

#[test]
fn what_is_missing_is_found() {
    let bench = Bench::new();
    let strange = doctor(&bench).run().expect_code(1);
    let found = findings(&strange);
    assert_eq!(found["models"].0, "bad");
    assert_eq!(found["model files"].0, "warning");
    assert_eq!(found["trial run"].0, "skipped");

    let engine = doctor(&bench)
        .arg("--allow-unknown-models")
        .env("ORT_DYLIB_PATH", bench.path("nothing.so"))
        .run()
        .expect_code(1);
    let found = findings(&engine);
    assert_eq!(found["ONNX Runtime"].0, "bad");
    assert!(found["ONNX Runtime"].1.contains("nothing.so"), "{found:#?}");

    let worker = doctor(&bench)
        .args(["--worker-program", "/bin/ls"])
        .run()
        .expect_code(1);
    let found = findings(&worker);
    assert_eq!(found["worker program"].0, "bad");
    let found = findings(
        &doctor(&bench)
            .arg("--out-dir=/dev/null/x")
            .run()
            .expect_code(1),
    );
    assert_eq!(found["results"].0, "bad");
    doctor(&bench).arg("--frames=3").run().expect_code(2);
}

/// As on a machine where everything but models has been installed.
#[test]
#[cfg(target_os = "linux")]
fn without_models_all_else_is_tried_with_the_demo_models() {
    let bench = Bench::new();
    let ended = bench
        .bare()
        .env("XDG_DATA_HOME", bench.path("nothing"))
        .args(["doctor", "--json", "--workers", "1"])
        .run()
        .expect_code(1);
    let found = findings(&ended);
    assert_eq!(found["models"].0, "bad");
    let (status, words) = &found["trial run"];
    assert_eq!(status, "ok", "{words}");
    for part in [
        "10 frames went through",
        "demo models",
        "a face found in 10",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
}
