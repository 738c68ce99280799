//! What users and programs read, word for word: help, messages, events. Whoever changes one sees it in
//! the difference; `INSTA_UPDATE=always scripts/test -p faceau-tests --test snapshots` writes them anew.

use faceau_tests::double::Orders;
use faceau_tests::program::{Bench, Ended};
use faceau_tests::video::write_numbered;
use serde_json::Value;

fn run(bench: &Bench, args: &[&str]) -> Ended {
    bench.with_double(&Orders::default()).args(args).run()
}

#[test]
fn help() {
    let bench = Bench::new();
    for words in [
        &[][..],
        &["bench"],
        &["compare"],
        &["demo"],
        &["doctor"],
        &["models"],
    ] {
        let ended = run(&bench, &[words, &["--help"]].concat()).expect_code(0);
        let name = ["help", words.first().unwrap_or(&"program")].join("-");
        insta::assert_snapshot!(name, ended.output());
    }
}

#[test]
fn messages() {
    let bench = Bench::new();
    write_numbered(&bench.path("a.mp4"), 3);
    let folder = bench.path("").display().to_string();
    let mut said = String::new();
    for args in [
        &["missing.mp4"][..],
        &["-o", "one.csv", "missing.mp4", "too.mp4"],
        &["--columns", "gaze", "missing.mp4"],
        &["--compat", "facemirror", "missing.mp4"],
        &["--provider-for", "nose=cpu", "missing.mp4"],
        &["-o", "-", "--hog", "missing.mp4"],
    ] {
        let ended = run(&bench, args);
        let code = ended.status.code();
        said += &format!("{} -> {code:?}\n{}\n", args.join(" "), ended.stderr);
    }
    insta::assert_snapshot!("messages", said.replace(&folder, "FOLDER/"));
}

/// All events of a run but `progress`, which depends on the machine; so do the values that are
/// replaced.
#[test]
fn events() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 30);
    let (video, missing) = (video.display().to_string(), bench.path("b.mp4"));
    let missing = missing.display().to_string();
    let ended = run(&bench, &["--progress", "json", "-w", "2", &video, &missing]).expect_code(1);
    let folder = bench.path("").display().to_string();
    let mut said = String::new();
    for line in ended.output().lines() {
        let mut event: Value = serde_json::from_str(line).expect("a line is JSON");
        if event["event"] == "progress" {
            continue;
        }
        for field in ["pid", "seconds", "version"] {
            if event.get(field).is_some() {
                event[field] = "VARIES".into();
            }
        }
        said += &format!("{event}\n");
    }
    insta::assert_snapshot!("events", said.replace(&folder, "FOLDER/"));
}
