//! Work that was interrupted goes on, but no other work is mixed in: other options, models, inputs,
//! writers, or a journal that was damaged.
//!
//! Interruptions at any moment are in `interrupted.rs`, full disks in `full_disk.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use faceau_tests::double::{Hold, Orders};
use faceau_tests::program::{Bench, Running, Supervisor};
use faceau_tests::results::{contents, expect_nothing_else, known, results};
use faceau_tests::video::write_numbered;
use faceau_vision::testing::Sequence;
use rustix::process::Signal;

const FRAMES: usize = 600;

fn json(supervisor: Supervisor) -> Supervisor {
    supervisor.args(["--progress", "json"])
}

/// A long video, a run of the double that was stopped in the middle of it, and the double's orders
/// without what held it up.
fn interrupted(bench: &Bench, arguments: &[&str]) -> (PathBuf, Orders) {
    let (video, gate) = (bench.path("a.mp4"), bench.path("gate"));
    write_numbered(&video, FRAMES);
    let mut orders = Orders {
        hold: Some(Hold {
            from: 400,
            until: gate.clone(),
        }),
        ..Orders::default()
    };
    let mut running = json(bench.with_double(&orders))
        .args(["--workers", "2"])
        .args(arguments)
        .arg(&video)
        .start();
    running.wait_for_frames(350);
    // They are written down by a thread of its own, some 3 KB for each, and the disk may be slow.
    let journal = bench.out().join("a.faceau-job/journal");
    let written = || fs::metadata(&journal).map_or(0, |journal| journal.len());
    let begin = Instant::now();
    while written() < 500_000 {
        assert!(begin.elapsed() < faceau_tests::DEADLINE, "{}", written());
        std::thread::yield_now();
    }
    kill(running);
    assert!(bench.outputs().contains(&"a.faceau-job".to_owned()));
    orders.hold = None;
    (video, orders)
}

fn kill(running: Running) {
    running.signal(Signal::KILL);
    running.wait().expect_signal(Signal::KILL);
}

#[test]
fn other_work_is_not_mixed_in() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &[]);
    // Nobody holds the lock any more, and what is told of a batch is no work.
    let kept = || {
        let mut kept = contents(&bench.out());
        kept.retain(|(path, _)| !path.ends_with("lock") && !path.ends_with("batch.json"));
        kept
    };
    let before = kept();
    let refused = |arguments: &[&str], part: &str| {
        let ended = bench
            .with_double(&orders)
            .args(arguments)
            .arg(&video)
            .run()
            .expect_code(1);
        ended.expect_line(&["a.faceau-job", part, "--restart"]);
        assert!(kept() == before, "{part}");
    };
    refused(&["--redetect", "30"], "redetect_every was 0 and is 30");
    refused(&["--columns", "aus"], "columns");

    // Another model of the same name.
    let model = some_model(&bench.models());
    let original = fs::read(&model).unwrap();
    let mut altered = original.clone();
    // A support vector's last digit.
    *altered.last_mut().unwrap() ^= 1;
    fs::write(&model, &altered).unwrap();
    refused(&[], "other model files");
    fs::write(&model, original).unwrap();

    // Another video of the same name.
    let original = fs::read(&video).unwrap();
    write_numbered(&video, FRAMES - 1);
    refused(&[], "the input is not the same");
    fs::write(&video, original).unwrap();

    // As before it is continued; more workers and a quiet terminal are no other work.
    let ended = json(bench.with_double(&orders))
        .args(["--workers", "3", "--quiet"])
        .arg(&video)
        .run()
        .expect_code(0);
    assert!(known(&ended.events()) > 100, "{:?}", ended.events());
    expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
}

/// A predictor of an action unit.
fn some_model(folder: &Path) -> PathBuf {
    let mut files = contents(folder).into_iter().map(|(path, _)| path);
    let is_predictor = |path: &PathBuf| {
        path.to_string_lossy()
            .ends_with("_dynamic_intensity_comb.dat")
    };
    files.find(is_predictor).expect("there are predictors")
}

#[test]
fn restart_begins_anew() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &[]);
    let ended = json(bench.with_double(&orders))
        .args(["--redetect", "30", "--restart"])
        .arg(&video)
        .run()
        .expect_code(0);
    assert_eq!(known(&ended.events()), 0);
    assert_eq!(bench.record("a").options.result.redetect_every, 30);
    expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
}

#[test]
fn one_output_has_one_writer() {
    let bench = Bench::new();
    let (video, gate) = (bench.path("a.mp4"), bench.path("gate"));
    write_numbered(&video, 300);
    let orders = Orders {
        hold: Some(Hold {
            from: 100,
            until: gate.clone(),
        }),
        ..Orders::default()
    };
    let mut first = json(bench.with_double(&orders)).arg(&video).start();
    first.wait_for_frames(20);
    let second = bench.with_double(&orders).arg(&video).run().expect_code(1);
    second.expect_line(&["a.csv", &format!("process {}", first.pid()), "already"]);
    // Nor does it help to be told to throw things away.
    bench
        .with_double(&orders)
        .arg("--restart")
        .arg(&video)
        .run()
        .expect_code(1);
    // Another output is nobody's business.
    let other = bench.path("other.csv");
    fs::write(&gate, "").unwrap();
    let third = bench.with_double(&orders).arg("-o").arg(&other).arg(&video);
    third.run().expect_code(0);
    first.wait().expect_code(0);
    assert!(fs::read(&other).unwrap() == fs::read(bench.out().join("a.csv")).unwrap());
    expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
}

/// Whatever happened to the journal's bytes, the result is right.
#[test]
fn a_damaged_journal_never_gives_a_wrong_result() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &[]);
    let journal = bench.out().join("a.faceau-job/journal");
    let good = fs::read(&journal).unwrap();
    let run = || json(bench.with_double(&orders)).arg(&video).run();
    let ended = run().expect_code(0);
    let all = known(&ended.events());
    assert!(all > 100);
    let expected = fs::read(bench.out().join("a.csv")).unwrap();

    let mut random = Sequence::new(3);
    let mut anywhere = || (((random.signed() + 1.0) / 2.0) * (good.len() - 1) as f64) as usize;
    let mut went_on = 0;
    for round in 0..12 {
        fs::remove_file(bench.out().join("a.csv")).unwrap();
        fs::create_dir(bench.out().join("a.faceau-job")).unwrap();
        let mut bytes = good.clone();
        let at = anywhere();
        match round % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << (round % 8),
            _ => {
                bytes.truncate(at);
                bytes.extend_from_slice(&good[good.len() - at.min(5000)..]);
            }
        }
        fs::write(&journal, &bytes).unwrap();
        let ended = run();
        if ended.status.code() == Some(1) {
            // Not even a journal any more.
            ended.expect_line(&["--restart"]);
            assert!(at < 12, "{at}");
            fs::remove_dir_all(bench.out().join("a.faceau-job")).unwrap();
            run().expect_code(0);
            continue;
        }
        let ended = ended.expect_code(0);
        went_on += usize::from(known(&ended.events()) > 0);
        assert!(known(&ended.events()) <= all);
        assert!(fs::read(bench.out().join("a.csv")).unwrap() == expected);
        expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
    }
    assert!(went_on >= 6, "{went_on}");
}

/// A run that was killed while its outputs appeared is finished by the next one, and what lay there
/// is not taken for somebody else's.
#[test]
fn half_of_the_outputs_are_completed() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &["--hog"]);
    let run = || {
        json(bench.with_double(&orders))
            .arg("--hog")
            .arg(&video)
            .run()
    };
    run().expect_code(0);
    let whole = results(&bench.out());
    let outputs = bench.outputs();
    // The journal of a run that was killed after its first output: with the mark of that moment.
    for name in &outputs {
        fs::remove_file(bench.out().join(name)).unwrap();
    }
    let (_, _) = interrupted(&bench, &["--hog"]);
    let journal = bench.out().join("a.faceau-job/journal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes.extend_from_slice(&publishing_block());
    fs::write(&journal, bytes).unwrap();
    fs::write(bench.out().join("a.hog"), "of the killed run").unwrap();
    run().expect_code(0);
    assert!(results(&bench.out()) == whole);
    expect_nothing_else(&bench, &["a.csv", "a.hog", "a.run.json"]);
}

/// A block of kind 4 without content, as `docs/journal.md` describes it.
fn publishing_block() -> Vec<u8> {
    let covered = [0, 0, 0, 0, 4];
    let mut block = vec![0, 0, 0, 0];
    block.extend_from_slice(&crc32(&covered).to_le_bytes());
    block.push(4);
    block
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}
