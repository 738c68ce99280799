//! Workers that crash, hang or talk nonsense cost time, never results: they are replaced, and the
//! table is the same to the byte. Only what brings down every worker is given up, with the frames
//! named.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use faceau_tests::double::{Misdeed, Orders};
use faceau_tests::program::Bench;
use faceau_tests::video::write_numbered;

const FRAMES: usize = 300;
/// The frame at which things go wrong, counted from 1.
const BAD: u64 = 137;

/// A video and its undisturbed table.
fn prepare(bench: &Bench) -> (PathBuf, Vec<u8>) {
    let video = bench.path("a.mp4");
    write_numbered(&video, FRAMES);
    let csv = bench.path("undisturbed.csv");
    bench
        .with_double(&Orders::default())
        .arg("-o")
        .arg(&csv)
        .arg(&video)
        .run()
        .expect_code(0);
    (video, fs::read(csv).unwrap())
}

#[test]
fn a_worker_that_fails_once_is_replaced() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench);
    for (number, (misdeed, words)) in [
        (Misdeed::Crash, "signal 6 (SIGABRT)"),
        (Misdeed::Leave, "ended in the middle of its work"),
        (Misdeed::Hang, "no answer for 1 s on frame 137"),
        (Misdeed::Noise, "not a message of this protocol"),
        (Misdeed::WrongSlot, "which it did not have"),
        (Misdeed::NotANumber, "frame 137 make no sense: a landmark"),
        (Misdeed::NoSuchBin, "frame 137 make no sense: there is no"),
    ]
    .into_iter()
    .enumerate()
    {
        for workers in ["1", "3"] {
            let marker = bench.path(format!("done{number}-{workers}"));
            let ended = bench
                .with_double(&Orders::once(BAD, misdeed.clone(), marker.clone()))
                .args(["--force", "--frame-timeout", "1", "--workers", workers])
                .arg(&video)
                .run()
                .expect_code(0);
            assert!(marker.exists(), "{misdeed:?} did not happen");
            ended.expect_line(&["warning", "a.mp4", "replaced", words]);
            let table = fs::read(bench.out().join("a.csv")).unwrap();
            assert!(table == undisturbed, "{misdeed:?}, {workers} workers");
            let record = bench.record("a");
            assert!(record.complete);
            assert_eq!(record.warnings.len(), 1, "{:?}", record.warnings);
            assert!(record.warnings[0].contains(words));
            let started = workers.parse::<u32>().unwrap() + 1;
            assert_eq!(record.timing.workers_started, started);
            // What the lost worker had done of its segment was done again.
            assert!(record.frames.analysed > FRAMES as u64);
        }
    }
}

#[test]
fn frames_that_no_worker_survives_are_given_up_and_named() {
    let bench = Bench::new();
    let (video, _) = prepare(&bench);
    // It has no frame 137.
    let next = bench.path("next.mp4");
    write_numbered(&next, 100);
    for (misdeed, words) in [
        (Misdeed::Crash, "signal 6 (SIGABRT)"),
        (Misdeed::NotANumber, "make no sense"),
    ] {
        let ended = bench
            .with_double(&Orders::always(BAD, misdeed))
            .args(["--force", "--workers", "2"])
            .args([&video, &next])
            .run()
            .expect_code(1);
        let line = ended.expect_line(&["error", "a.mp4", "brought down 3 workers", words]);
        let numbers: Vec<u64> = line
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect();
        let named = |pair: &[u64]| pair[0] <= BAD && BAD <= pair[1] && pair[1] - pair[0] < 150;
        assert!(numbers.windows(2).any(named), "{line}");
        assert_eq!(bench.outputs(), ["next.csv", "next.run.json"]);
        assert_eq!(bench.table("next.csv").rows.len(), 100);
    }
}

#[test]
fn a_frame_that_cannot_be_analysed_fails_its_video_only() {
    let bench = Bench::new();
    let (video, _) = prepare(&bench);
    let next = bench.path("next.mp4");
    write_numbered(&next, 100);
    let reason = "the network does not like it";
    let ended = bench
        .with_double(&Orders::always(BAD, Misdeed::Fail(reason.into())))
        .args(["--workers", "2"])
        .args([&video, &next])
        .run()
        .expect_code(1);
    ended.expect_line(&["error", "a.mp4", "frame 137", reason]);
    assert_eq!(bench.outputs(), ["next.csv", "next.run.json"]);
    // The workers are the same ones: nothing was wrong with them.
    assert_eq!(bench.record("next").timing.workers_started, 2);
}

/// The real worker, stuck inside the inference engine.
#[test]
fn a_real_worker_that_hangs_is_killed() {
    let bench = Bench::new();
    faceau_tests::models::write_detector_that_hangs(&bench.models());
    let bad = bench.path("bad.mp4");
    write_numbered(&bad, 10);
    let ended = bench
        .supervisor()
        .args(["--workers", "1", "--frame-timeout", "1"])
        .arg(&bad)
        .run()
        .expect_code(1);
    ended.expect_line(&["error", "bad.mp4", "frames 1 to 10", "no answer for 1 s"]);
    assert!(ended.took < Duration::from_secs(60));
    assert_eq!(bench.outputs(), [""; 0]);
    #[cfg(target_os = "linux")]
    faceau_tests::processes::expect_marked(&bench.mark(), 0);
}

/// Somebody else ends a worker, or stops it dead.
#[cfg(target_os = "linux")]
#[test]
fn real_workers_can_be_killed_from_outside() {
    use rustix::process::{Pid, Signal, kill_process};

    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 1000);
    // A single one, so that it is at work for certain when it is met.
    let supervisor = || bench.supervisor().args(["--workers", "1"]).arg(&video);
    supervisor().run().expect_code(0);
    let undisturbed = fs::read(bench.out().join("a.csv")).unwrap();
    for (signal, words) in [
        (Signal::KILL, "signal 9 (SIGKILL)"),
        (Signal::STOP, "no answer for 1 s"),
    ] {
        let mut running = supervisor()
            .args(["--force", "--progress", "json", "--frame-timeout", "1"])
            .start();
        running.wait_for_frames(1);
        let worker = faceau_tests::processes::marked(&bench.mark())
            .into_iter()
            .find(|&pid| pid != running.pid())
            .expect("there is a worker");
        kill_process(Pid::from_raw(worker as i32).unwrap(), signal).unwrap();
        let ended = running.wait().expect_code(0);
        ended.expect_line(&["warning", "a.mp4", words]);
        let table = fs::read(bench.out().join("a.csv")).unwrap();
        assert!(table == undisturbed, "{signal:?}");
        faceau_tests::processes::expect_marked(&bench.mark(), 0);
    }
}
