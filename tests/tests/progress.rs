//! `--progress json`: what a graphical program reads to show where the work is.

use std::fs;
use std::path::Path;
use std::time::Duration;

use faceau_tests::batch::Batch;
use faceau_tests::double::Orders;
use faceau_tests::events::Event;
use faceau_tests::program::{Bench, Ended};
use faceau_tests::video::{Picture, Recipe, set_rotation, write_numbered};

/// Everybody who reads the stream may rely on this.
#[track_caller]
fn check_stream(ended: &Ended) -> Vec<Event> {
    let events = ended.events();
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    assert!(matches!(first, Event::Start { format: 1, .. }), "{first:?}");
    let Event::End { exit_code, .. } = last else {
        panic!("{last:?}");
    };
    if let Some(code) = ended.status.code() {
        assert_eq!(*exit_code, code);
    }
    let count = |name: &str| events.iter().filter(|event| event.name() == name).count();
    assert_eq!((count("start"), count("end")), (1, 1));
    let mut current = None;
    let mut before = 0;
    for event in &events {
        match event {
            Event::InputStart { input, frames, .. } => {
                assert!(*frames > 0);
                current = Some((*input, *frames));
                before = 0;
            }
            Event::Progress {
                input,
                frames_done,
                frames,
                fps,
                eta_seconds,
                stage,
            } => {
                assert_eq!(current, Some((*input, *frames)), "{event:?}");
                assert!((before..=*frames).contains(frames_done), "{event:?}");
                before = *frames_done;
                assert!(*fps >= 0.0 && eta_seconds.is_none_or(|eta| eta >= 0.0));
                assert!(!stage.is_empty());
            }
            Event::InputEnd { .. } => current = None,
            _ => {}
        }
    }
    events
}

#[test]
fn a_batch_is_told_from_start_to_end() {
    let bench = Bench::new();
    let [a, turned] = ["a.mp4", "turned.mp4"].map(|name| bench.path(name));
    write_numbered(&a, 600);
    Recipe::default().write(&turned, (0..20).map(Picture::numbered));
    set_rotation(&turned, 1);
    let missing = bench.path("missing.mp4");
    let orders = Orders {
        frame_takes: 2,
        ..Orders::default()
    };
    let mut running = bench
        .with_double(&orders)
        .args(["--progress", "json", "--workers", "2"])
        .args([&a, &missing, &turned])
        .start();
    let start = running.wait_for("the start", |_| true);
    let Event::Start {
        program,
        version,
        pid,
        inputs,
        workers,
        ..
    } = start
    else {
        panic!("{start:?}");
    };
    assert_eq!(program, "faceau-supervisor");
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert_eq!((pid, inputs, workers), (running.pid(), 3, 2));
    let ended = running.wait().expect_code(1);
    let events = check_stream(&ended);
    assert_eq!(
        events.last(),
        Some(&Event::End {
            done: 2,
            skipped: 0,
            partial: 0,
            failed: 1,
            not_done: 0,
            exit_code: 1,
            summary: Some("./batch.json".into()),
        })
    );

    // Each input has its turn; one that cannot be opened does not start.
    let turns: Vec<(&str, usize)> = events
        .iter()
        .filter_map(|event| match event {
            Event::InputStart { input, .. } | Event::InputEnd { input, .. } => {
                Some((event.name(), *input))
            }
            _ => None,
        })
        .collect();
    let (start, end) = ("input_start", "input_end");
    assert_eq!(
        turns,
        [(start, 1), (end, 1), (end, 2), (start, 3), (end, 3)]
    );
    for event in &events {
        match event {
            Event::InputStart {
                input,
                path,
                frames,
                width,
                height,
            } => {
                let expected = match input {
                    1 => (a.as_path(), 600, 160, 120),
                    _ => (turned.as_path(), 20, 120, 160),
                };
                assert_eq!((Path::new(path), *frames, *width, *height), expected);
            }
            Event::InputEnd {
                input: 2,
                status,
                outputs,
                error,
                ..
            } => {
                assert_eq!((status.as_str(), outputs.len()), ("failed", 0));
                assert!(error.as_ref().unwrap().contains("missing.mp4"));
            }
            Event::InputEnd {
                input,
                status,
                outputs,
                frames,
                successful,
                error,
                ..
            } => {
                let count = if *input == 1 { 600 } else { 20 };
                assert_eq!((status.as_str(), error), ("done", &None));
                assert_eq!((*frames, *successful), (count, count));
                assert_eq!(outputs.len(), 2);
                for output in outputs {
                    assert!(bench.out().join(output).is_file(), "{output}");
                }
            }
            _ => {}
        }
    }
    // Every input comes to its last frame.
    for (input, count) in [(1, 600), (3, 20)] {
        let last = events.iter().rev().find_map(|event| match event {
            Event::Progress {
                input: of,
                frames_done,
                ..
            } if *of == input => Some(*frames_done),
            _ => None,
        });
        assert_eq!(last, Some(count));
    }
    // Of the models to nobody in particular; of the rotation to its video.
    let warnings: Vec<(Option<&str>, &str)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Warning { path, message, .. } => Some((path.as_deref(), message.as_str())),
            _ => None,
        })
        .collect();
    let [(None, models), (Some(path), rotation)] = warnings[..] else {
        panic!("{warnings:?}");
    };
    assert!(models.contains("retinaface"));
    assert!(path.ends_with("turned.mp4") && rotation.contains("clockwise"));
}

#[test]
fn progress_comes_at_most_ten_times_a_second() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 1500);
    let orders = Orders {
        frame_takes: 2,
        ..Orders::default()
    };
    let ended = bench
        .with_double(&orders)
        .args(["--progress", "json", "--workers", "2"])
        .arg(&video)
        .run()
        .expect_code(0);
    let events = check_stream(&ended);
    let done = events.iter().filter_map(|event| match event {
        Event::Progress { frames_done, .. } => Some(*frames_done),
        _ => None,
    });
    let count = done.clone().count();
    // One more for the last frame.
    let most = (ended.took.as_secs_f64() * 10.0) as usize + 1;
    assert!(count <= most, "{count} lines in {:?}", ended.took);
    // It takes more than a second, so there is something to show before the end.
    assert!(ended.took > Duration::from_secs(1));
    let between = done.filter(|done| (1..1500).contains(done)).count();
    assert!(between >= 3, "{between}");
    let knows_eta = |event: &Event| match event {
        Event::Progress {
            fps, eta_seconds, ..
        } => *fps > 0.0 && eta_seconds.is_some(),
        _ => false,
    };
    assert!(events.iter().any(knows_eta));
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_work() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 400);
    let orders = Orders {
        frame_takes: 1,
        ..Orders::default()
    };
    let mut running = bench
        .with_double(&orders)
        .args(["--progress", "json", "--workers", "2"])
        .arg(&video)
        .start();
    running.wait_for("the first line", |_| true);
    running.stop_reading();
    running.wait().expect_code(0);
    assert_eq!(bench.table("a.csv").rows.len(), 400);
}

#[test]
fn what_ends_everything_is_an_event_too() {
    let bench = Bench::new();
    let [a, b] = ["a.mp4", "b.mp4"].map(|name| bench.path(name));
    write_numbered(&a, 3);
    write_numbered(&b, 3);
    let several_into_one = bench
        .with_double(&Orders::default())
        .args(["--progress", "json", "-o", "a.csv"])
        .args([&a, &b])
        .run()
        .expect_code(2);
    fs::remove_dir_all(bench.models()).unwrap();
    let no_models = bench
        .with_double(&Orders::default())
        .args(["--progress", "json"])
        .args([&a, &b])
        .run()
        .expect_code(3);
    for (ended, word) in [(several_into_one, "--output"), (no_models, "model")] {
        let events = check_stream(&ended);
        let names: Vec<&str> = events.iter().map(Event::name).collect();
        assert_eq!(names, ["start", "error", "end"]);
        let Event::Error { message } = &events[1] else {
            unreachable!("by its name");
        };
        assert!(message.contains(word), "{message}");
    }
}

/// The documentation's examples are events of the program, and every event has one.
#[test]
fn the_documentation_is_true() {
    let text = include_str!("../../docs/progress.md");
    let mut documented: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(r#"{"event""#))
        .map(|line| Event::parse(line).name())
        .collect();
    documented.sort_unstable();
    documented.dedup();
    let all = [
        "continued",
        "end",
        "error",
        "input_end",
        "input_start",
        "paused",
        "progress",
        "resumed",
        "start",
        "stopping",
        "warning",
    ];
    assert_eq!(documented, all);
    let summary = text
        .split("```json\n")
        .find(|part| part.contains("\"counts\""));
    let summary = summary.unwrap().split("```").next().unwrap();
    assert_eq!(Batch::parse(summary).inputs.len(), 2);
    let unknown = r#"{"event":"error","message":"","more":1}"#;
    assert!(serde_json::from_str::<Event>(unknown).is_err());
}
