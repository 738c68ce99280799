//! Workers that crash, hang or talk nonsense cost time, never results: they are replaced, and the
//! table is the same to the byte. Only a frame that brings down every worker is passed over, and a
//! video that does so on frame after frame given up.

use std::fs;
use std::path::PathBuf;

use faceau_tests::double::{Misdeed, Orders};
use faceau_tests::program::{Bench, Ended};
use faceau_tests::table::Table;
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
        (
            Misdeed::TwoFaces,
            "frame 137 make no sense: the results have an",
        ),
        (
            Misdeed::TooLong,
            "frame 137 make no sense: the results have an",
        ),
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
            let most = workers.parse::<u32>().unwrap() + 1;
            let started = record.timing.workers_started;
            assert!(
                started <= most && (started == most || workers != "1"),
                "{started}"
            );
        }
    }
}

/// Checks that the table is the undisturbed one but for the bad frame, which has no face, and that
/// the user is told.
fn expect_one_failed_row(bench: &Bench, ended: &Ended, undisturbed: &[u8], words: &str) {
    ended.expect_line(&["warning", "a.mp4", "frame 137", "marked as failed", words]);
    let expected = bench.path("expected.csv");
    fs::write(&expected, undisturbed).unwrap();
    let expected = Table::read(&expected);
    let table = bench.table("a.csv");
    assert_eq!(table.rows.len(), FRAMES);
    let bad = BAD as usize - 1;
    assert_eq!(table.column("success")[bad], 0.0);
    assert_eq!(table.column("confidence")[bad], 0.0);
    assert_eq!(expected.column("success")[bad], 1.0);
    let mut others = [&table, &expected].map(|table| table.frame_columns(FRAMES));
    others.iter_mut().for_each(|rows| {
        rows.remove(bad);
    });
    assert!(others[0] == others[1]);
    let record = bench.record("a");
    assert!(record.complete);
    assert_eq!(record.frames.successful, FRAMES - 1);
    assert_eq!(record.frames.failed.len(), 1);
    assert_eq!(record.frames.failed[0].frame, BAD);
    assert!(record.frames.failed[0].reason.contains(words));
}

#[test]
fn a_frame_that_no_worker_survives_is_passed_over() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench);
    let mut tables = Vec::new();
    for (misdeed, words) in [
        (Misdeed::Crash, "signal 6 (SIGABRT)"),
        (Misdeed::NotANumber, "make no sense"),
    ] {
        for workers in ["1", "3"] {
            let ended = bench
                .with_double(&Orders::always(BAD, misdeed.clone()))
                .args(["--force", "--workers", workers])
                .arg(&video)
                .run()
                .expect_code(0);
            expect_one_failed_row(&bench, &ended, &undisturbed, words);
            let started = bench.record("a").timing.workers_started;
            // Others may have nothing else to do, and then nobody is started in their place.
            let most = workers.parse::<u32>().unwrap() + 3;
            assert!(
                started <= most && (started == most || workers != "1"),
                "{started}"
            );
            tables.push(fs::read(bench.out().join("a.csv")).unwrap());
        }
    }
    assert!(tables.iter().all(|table| *table == tables[0]));
}

#[test]
fn a_frame_that_cannot_be_analysed_costs_no_worker() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench);
    let reason = "the network does not like it";
    let ended = bench
        .with_double(&Orders::always(BAD, Misdeed::Fail(reason.into())))
        .args(["--workers", "2"])
        .arg(&video)
        .run()
        .expect_code(0);
    expect_one_failed_row(&bench, &ended, &undisturbed, reason);
    assert_eq!(bench.record("a").timing.workers_started, 2);
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
    ended.expect_line(&["error", "bad.mp4", "frames 1 to 5", "no answer for 1 s"]);
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
