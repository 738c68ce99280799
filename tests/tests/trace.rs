//! `--profile` and `--trace`: where the time of a run went, in tables and on a timeline.

use std::collections::BTreeSet;
use std::fs;

use faceau_tests::double::{Fault, Misdeed, Orders};
use faceau_tests::program::Bench;
use faceau_tests::trace::Trace;
use faceau_tests::video::write_numbered;
use rustix::process::Signal;

/// Long enough for two segments of a tracker that starts quickly.
const FRAMES: usize = 240;

#[test]
fn every_frame_is_on_the_timeline_with_its_stages() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, FRAMES);
    let file = bench.path("trace.json");
    let ended = bench
        .supervisor()
        .args(["--workers", "2", "--profile", "--trace"])
        .args([&file, &video])
        .run()
        .expect_code(0);

    let trace = Trace::read(&file);
    let all: BTreeSet<u64> = (1..=FRAMES as u64).collect();
    for name in [
        "decode",
        "frame",
        "landmarks",
        "pfld",
        "validation",
        "shape fit",
        "FHOG",
        "result",
    ] {
        assert_eq!(trace.frames_with(name), all, "{name}");
    }
    assert!(trace.frames_with("retinaface").contains(&1));
    let record = bench.record("a");
    let workers: BTreeSet<u32> = trace.workers().into_iter().collect();
    assert_eq!(workers.len(), record.timing.workers.len(), "a process each");
    let (mut frames, mut inferences) = (0, 0);
    for span in trace.spans() {
        match span.cat.as_str() {
            "worker" | "stage" | "inference" => {
                assert!(workers.contains(&span.pid), "{span:?}");
                frames += u64::from(span.name == "frame");
                inferences += usize::from(span.cat == "inference");
            }
            "wait" => {}
            _ => assert!(!workers.contains(&span.pid), "{span:?}"),
        }
    }
    assert_eq!(frames, record.frames.analysed);
    assert!(inferences >= FRAMES, "{inferences}");
    for phase in ["check the models", "look through the input", "analyse"] {
        assert_eq!(trace.spans().filter(|span| span.name == phase).count(), 1);
    }

    // The tables say the same as the record.
    for line in ["landmarks", "ring", "messages", "no frame"] {
        assert!(ended.stderr.contains(line), "{line} in {}", ended.stderr);
    }
    let analysed: u64 = record.timing.workers.iter().map(|row| row.frames).sum();
    assert_eq!(analysed, record.frames.analysed);
    for row in &record.timing.workers {
        assert!(row.analysing > 0.0 && row.decoding > 0.0, "{row:?}");
        assert!(row.inference > 0.0 && row.inference <= row.analysing);
        let spent = row.analysing + row.waiting_for_frames;
        assert!(
            spent <= record.timing.seconds,
            "{row:?} {:?}",
            record.timing
        );
        assert!(row.waiting_for_slots <= record.timing.seconds);
    }
    assert!(record.timing.first_result_seconds.unwrap() <= record.timing.seconds);
    assert!(record.timing.ring_bytes > 160 * 120 * 3);
}

/// The double does not say when it did what, as a worker that is lost at once would not.
#[test]
fn a_trace_survives_workers_and_stops() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, FRAMES);
    let file = bench.path("trace.json");
    let orders = Orders {
        frame_takes: 5,
        fault: Some(Fault {
            frame: 20,
            misdeed: Misdeed::Killed,
            once: Some(bench.path("once")),
        }),
        ..Orders::default()
    };
    let mut running = bench
        .with_double(&orders)
        .args(["--workers", "2", "--progress", "json", "--trace"])
        .args([&file, &video])
        .start();
    running.wait_for_frames(60);
    let early = Trace::read(&file);
    assert!(!early.frames_with("decode").is_empty(), "whole at any time");
    running.signal(Signal::INT);
    running.wait().expect_signal(Signal::INT);
    let trace = Trace::read(&file);
    assert_eq!(trace.workers().len(), 3, "two and a replacement");
    assert!(trace.frames_with("result").len() >= 60);

    // Without a word to anybody.
    let mut running = bench
        .with_double(&orders)
        .args(["--restart", "--workers", "1", "--progress", "json"])
        .arg("--trace")
        .args([&file, &video])
        .start();
    running.wait_for_frames(60);
    running.signal(Signal::KILL);
    running.wait().expect_signal(Signal::KILL);
    assert!(!Trace::read(&file).frames_with("result").is_empty());
}

#[test]
fn a_trace_replaces_nothing_but_traces() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 5);
    let before = fs::read(&video).unwrap();
    let refused = bench
        .supervisor()
        .arg("--trace")
        .args([&video, &video])
        .run()
        .expect_code(2);
    refused.expect_line(&["error", "a.mp4", "is no trace"]);
    assert_eq!(fs::read(&video).unwrap(), before);
    let nowhere = bench.supervisor().args(["--trace", "/no/such/file.json"]);
    let nowhere = nowhere.arg(&video).run().expect_code(2);
    nowhere.expect_line(&["error", "/no/such/file.json"]);
}
