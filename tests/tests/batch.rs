//! A folder of videos overnight: every input is found, none writes over another, what is done is
//! not done again, and in the morning it is written down how each of them ended.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use faceau_tests::batch::{self, Batch, Entry};
use faceau_tests::double::{Hold, Orders};
use faceau_tests::events::{Event, InputEnd, Progress};
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::{Picture, write_numbered};
use rustix::process::Signal;

fn double(bench: &Bench) -> Supervisor {
    bench.with_double(&Orders::default()).args(["-w", "1"])
}

/// Videos of as many frames, in folders that are made.
fn write_videos(bench: &Bench, videos: &[(&str, usize)]) {
    for (name, frames) in videos {
        let path = bench.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_numbered(&path, *frames);
    }
}

/// All files below the output folder, sorted.
fn all_outputs(bench: &Bench) -> Vec<String> {
    fn walk(folder: &Path, names: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, names);
            } else {
                names.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&bench.out(), &mut paths);
    let relative = |path: &std::path::PathBuf| {
        let path = path.strip_prefix(bench.out()).unwrap();
        path.display().to_string()
    };
    let mut names: Vec<String> = paths.iter().map(relative).collect();
    names.sort();
    names
}

/// Names of the tables below the output folder, and how many rows they have.
fn tables(bench: &Bench) -> BTreeMap<String, usize> {
    let names = all_outputs(bench).into_iter();
    names
        .filter(|name| name.ends_with(".csv"))
        .map(|name| (name.clone(), bench.table(&name).rows.len()))
        .collect()
}

#[track_caller]
fn expect_tables(bench: &Bench, expected: &[(&str, usize)]) {
    let owned = |(name, rows): &(&str, usize)| ((*name).to_owned(), *rows);
    assert_eq!(tables(bench), expected.iter().map(owned).collect());
}

#[test]
fn folders_patterns_and_lists_are_mirrored_and_never_meet() {
    let bench = Bench::new();
    write_videos(
        &bench,
        &[
            ("study/a.mp4", 2),
            ("study/s 1/a.mp4", 3),
            ("study/s 1/b.mp4", 4),
            // The same stem in one place.
            ("study/s 1/b.avi", 5),
            ("study/s2/späť/c.mov", 6),
            ("more/p1/v.mp4", 7),
            ("more/p2/v.mp4", 8),
            ("one/d.mp4", 9),
            ("two/d.mp4", 10),
            ("-e.mp4", 11),
        ],
    );
    let frames = bench.path("study/s2/frames");
    fs::create_dir(&frames).unwrap();
    for number in 0..3 {
        Picture::numbered(number).save(&frames.join(format!("{number}.png")));
    }
    // What a Mac leaves beside every file on other disks, and a download that goes on.
    fs::write(bench.path("study/._a.mp4"), "resource fork").unwrap();
    fs::write(bench.path("study/s2/half.mp4.crdownload"), "").unwrap();
    let list = format!(
        "# Those of Monday\n\n{}\r\n../-e.mp4\n",
        bench.path("two/d.mp4").display()
    );
    fs::write(bench.path("list.txt"), list).unwrap();

    let ended = double(&bench)
        .args(["--recursive", "--from-file", "../list.txt", "--"])
        .arg(bench.path("study"))
        .arg(bench.path("more/*/*.mp4"))
        .arg(bench.path("one/d.mp4"))
        .arg("../one/../one/d.mp4")
        .run()
        .expect_code(0);
    ended.expect_line(&["warning", "one/d.mp4", "more than once"]);
    expect_tables(
        &bench,
        &[
            ("a.csv", 2),
            ("s 1/a.csv", 3),
            ("s 1/b.mp4.csv", 4),
            ("s 1/b.avi.csv", 5),
            ("s2/späť/c.csv", 6),
            ("s2/frames.csv", 3),
            ("p1/v.csv", 7),
            ("p2/v.csv", 8),
            ("one/d.csv", 9),
            ("two/d.csv", 10),
            ("-e.csv", 11),
        ],
    );
    let batch = batch::read(&bench.out().join("batch.json"));
    assert_eq!(batch.counts.done, 11);
    assert_eq!(batch.exit_code, Some(0));

    // Once more, and only what is new: found in the same places.
    write_videos(&bench, &[("study/s2/new.mp4", 2)]);
    let ended = double(&bench)
        .args(["-r", "--from-file", "-", "--out-dir", "."])
        .through_shell(&format!(
            r#"printf '%s\n' '{}' | "$@""#,
            bench.path("study").display()
        ))
        .run()
        .expect_code(0);
    ended.expect_line(&["s2/new.mp4", "done (2 frames"]);
    assert_eq!(tables(&bench)["s2/new.csv"], 2);
    let batch = batch::read(&bench.out().join("batch.json"));
    assert_eq!((batch.counts.done, batch.counts.skipped), (1, 6));
}

#[test]
fn what_cannot_be_found_is_said_and_the_rest_is_done() {
    let bench = Bench::new();
    write_videos(&bench, &[("a.mp4", 2), ("deep/er/b.mp4", 3)]);
    let ended = double(&bench)
        .arg(bench.path("*.mkv"))
        .arg(bench.path("deep"))
        .arg(bench.path("a.mp4"))
        .run()
        .expect_code(1);
    ended.expect_line(&["error", "*.mkv", "matches this pattern"]);
    ended.expect_line(&["error", "deep", "--recursive"]);
    expect_tables(&bench, &[("a.csv", 2)]);

    fs::write(bench.path("empty.txt"), "# nothing\n").unwrap();
    for list in ["empty.txt", "missing.txt"] {
        let ended = double(&bench)
            .arg("--from-file")
            .arg(bench.path(list))
            .run()
            .expect_code(2);
        ended.expect_line(&["error", list]);
    }
}

#[test]
fn what_is_done_is_skipped_until_something_differs() {
    let bench = Bench::new();
    let [a, b] = ["a.mp4", "b.mp4"].map(|name| bench.path(name));
    write_videos(&bench, &[("a.mp4", 3), ("b.mp4", 4)]);
    let run = |arguments: &[&str]| double(&bench).args(arguments).args([&a, &b]).run();
    run(&["--hog"]).expect_code(0);
    let modified = |name: &str| {
        fs::metadata(bench.out().join(name))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = modified("a.csv");

    let again = run(&["--hog", "--progress", "json"]).expect_code(0);
    assert_eq!(modified("a.csv"), before);
    let ends: Vec<Event> = (again.events().into_iter())
        .filter(|event| matches!(event, Event::InputEnd(_)))
        .collect();
    let Event::InputEnd(InputEnd {
        status,
        outputs,
        frames,
        successful,
        ..
    }) = &ends[1]
    else {
        unreachable!("filtered");
    };
    assert_eq!((status.as_str(), *frames, *successful), ("skipped", 4, 4));
    assert_eq!(outputs, &["./b.csv", "./b.run.json", "./b.hog"]);
    // No worker was ever started for nothing.
    assert!(!again.stderr.contains("worker"), "{}", again.stderr);

    // Another option, an output that has gone, another input under the same name.
    let other = run(&[]).expect_code(1);
    other.expect_line(&["error", "a.csv", "hog was true and is false now", "--force"]);
    fs::remove_file(bench.out().join("a.hog")).unwrap();
    let missing = run(&["--hog"]).expect_code(1);
    missing.expect_line(&["error", "a.csv", "a.hog is missing"]);
    write_videos(&bench, &[("b.mp4", 5)]);
    let changed = run(&["--hog"]).expect_code(1);
    changed.expect_line(&["error", "b.csv", "the input is not the same"]);
    assert_eq!(bench.table("b.csv").rows.len(), 4);

    run(&["--hog", "--force"]).expect_code(0);
    assert_eq!(bench.table("b.csv").rows.len(), 5);
    assert!(modified("a.csv") > before);
}

/// The supervisor is killed in the middle of its second input.
#[test]
fn after_a_crash_the_summary_tells_the_truth() {
    let bench = Bench::new();
    write_videos(&bench, &[("v/a.mp4", 3), ("v/b.mp4", 100), ("v/c.mp4", 4)]);
    fs::write(bench.path("v/bad.mp4"), "no video").unwrap();
    let go_on = bench.path("go on");
    let orders = Orders {
        hold: Some(Hold {
            from: 50,
            until: go_on.clone(),
        }),
        ..Orders::default()
    };
    let mut running = bench
        .with_double(&orders)
        .args(["--progress", "json", "-w", "1", "--summary", "state.json"])
        .arg(bench.path("v"))
        .start();
    running.wait_for("the second input", |event| {
        matches!(
            event,
            Event::Progress(Progress {
                input: 2,
                frames_done: 10..,
                ..
            })
        )
    });
    running.signal(Signal::KILL);
    running.wait().expect_signal(Signal::KILL);
    fs::write(go_on, "").unwrap();
    let batch = batch::read(&bench.out().join("state.json"));
    assert_eq!((batch.format, batch.exit_code), (1, None));
    let statuses = |batch: &Batch| -> Vec<String> {
        let statuses = batch.inputs.iter().map(|entry| entry.status.to_string());
        statuses.collect()
    };
    assert_eq!(statuses(&batch), ["done", "running", "waiting", "waiting"]);

    // The same command goes on.
    let ended = double(&bench)
        .args(["--summary", "state.json"])
        .arg(bench.path("v"))
        .run()
        .expect_code(1);
    let batch = batch::read(&bench.out().join("state.json"));
    assert_eq!(batch.exit_code, Some(1));
    assert_eq!(statuses(&batch), ["skipped", "done", "failed", "done"]);
    let [_, b, bad, _] = &batch.inputs[..] else {
        unreachable!("four");
    };
    let Entry {
        path,
        outputs,
        frames,
        successful,
        seconds,
        reason,
        ..
    } = b;
    assert!(path.ends_with("v/b.mp4") && outputs.len() == 2 && *seconds > 0.0);
    assert_eq!((*frames, *successful, reason), (100, 100, &None));
    assert!(bad.reason.as_ref().unwrap().contains("not a video"));
    // For people: a line for each, after everything else.
    let table: Vec<&str> = ended.stderr.lines().rev().take(6).collect();
    assert!(table[0].contains("state.json"), "{table:?}");
    assert!(table[2].starts_with("failed") && table[2].contains("bad.mp4"));
    assert!(table[3].starts_with("done") && table[3].contains("100.0%"));
    assert!(table[5].starts_with("status"));
}

#[test]
fn a_file_that_is_no_summary_is_not_replaced() {
    let bench = Bench::new();
    write_videos(&bench, &[("a.mp4", 2), ("b.mp4", 2)]);
    let run = |arguments: &[&str]| {
        let inputs = ["a.mp4", "b.mp4"].map(|name| bench.path(name));
        double(&bench).args(arguments).args(inputs).run()
    };
    fs::write(bench.out().join("batch.json"), "{}").unwrap();
    let warned = run(&[]).expect_code(0);
    warned.expect_line(&["warning", "batch.json", "--summary"]);
    assert_eq!(fs::read(bench.out().join("batch.json")).unwrap(), b"{}");
    let refused = run(&["--summary", "batch.json"]).expect_code(2);
    refused.expect_line(&["error", "batch.json", "no summary"]);
    run(&["--summary", "deep/er.json"]).expect_code(0);
    assert_eq!(
        batch::read(&bench.out().join("deep/er.json"))
            .counts
            .skipped,
        2
    );
}
