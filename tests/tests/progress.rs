//! `--progress json`: what a graphical program reads to show where the work is.

use std::fs;
use std::path::Path;
use std::time::Duration;

use faceau_tests::batch::Batch;
use faceau_tests::double::Orders;
use faceau_tests::events::{
    self, End, Error, ErrorCode, Event, InputEnd, InputStart, Progress, Stage, Start, Status,
    Warning, WarningCode,
};
use faceau_tests::program::{Bench, Ended};
use faceau_tests::strict;
use faceau_tests::video::{Picture, Recipe, set_rotation, write_numbered};

/// Everybody who reads the stream may rely on this.
#[track_caller]
fn check_stream(ended: &Ended) -> Vec<Event> {
    let events = ended.events();
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    assert!(
        matches!(first, Event::Start(Start { format: 1, .. })),
        "{first:?}"
    );
    let Event::End(End { exit_code, .. }) = last else {
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
            Event::InputStart(InputStart { input, frames, .. }) => {
                assert!(*frames > 0);
                current = Some((*input, *frames));
                before = 0;
            }
            Event::Progress(Progress {
                input,
                frames_done,
                frames,
                fps,
                eta_seconds,
                stage,
                ..
            }) => {
                assert_eq!(current, Some((*input, *frames)), "{event:?}");
                assert!((before..=*frames).contains(frames_done), "{event:?}");
                before = *frames_done;
                assert!(*fps >= 0.0 && eta_seconds.is_none_or(|eta| eta >= 0.0));
                assert!(matches!(stage, Stage::Analysing | Stage::Stopping));
            }
            Event::InputEnd(_) => current = None,
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
    let Event::Start(Start {
        program,
        version,
        pid,
        inputs,
        workers,
        paths,
        ..
    }) = start
    else {
        panic!("{start:?}");
    };
    assert_eq!(program, "faceau-supervisor");
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert_eq!((pid, inputs, workers), (running.pid(), 3, 2));
    let named: Vec<&Path> = paths.iter().map(Path::new).collect();
    assert_eq!(named, [a.as_path(), &missing, &turned]);
    let ended = running.wait().expect_code(1);
    let events = check_stream(&ended);
    let Some(Event::End(end)) = events.last() else {
        panic!("{:?}", events.last());
    };
    let counts = end.counts;
    assert_eq!((counts.done, counts.failed), (2, 1));
    assert_eq!((counts.skipped, counts.partial, counts.not_done), (0, 0, 0));
    assert_eq!(end.exit_code, 1);
    assert_eq!(end.summary.as_deref(), Some("./batch.json"));

    // Each input has its turn; one that cannot be opened does not start.
    let turns: Vec<(&str, usize)> = events
        .iter()
        .filter_map(|event| match event {
            Event::InputStart(InputStart { input, .. })
            | Event::InputEnd(InputEnd { input, .. }) => Some((event.name(), *input)),
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
            Event::InputStart(InputStart {
                input,
                path,
                frames,
                width,
                height,
                ..
            }) => {
                let expected = match input {
                    1 => (a.as_path(), 600, 160, 120),
                    _ => (turned.as_path(), 20, 120, 160),
                };
                assert_eq!((Path::new(path), *frames, *width, *height), expected);
            }
            Event::InputEnd(InputEnd {
                input: 2,
                status,
                outputs,
                error,
                code,
                ..
            }) => {
                assert_eq!((status.as_str(), outputs.len()), ("failed", 0));
                assert_eq!(*code, Some(ErrorCode::InputMissing));
                assert!(error.as_ref().unwrap().contains("missing.mp4"));
            }
            Event::InputEnd(InputEnd {
                input,
                status,
                outputs,
                frames,
                successful,
                error,
                ..
            }) => {
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
    // It is said what begins with each, in this order.
    let stages: Vec<(usize, Stage)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Stage(begins) => Some((begins.input, begins.stage)),
            _ => None,
        })
        .collect();
    let all = [Stage::Reading, Stage::Analysing, Stage::Writing];
    let expected = [1, 3].map(|input| all.map(|stage| (input, stage)));
    assert_eq!(stages, expected.concat());
    // Every input comes to its last frame.
    for (input, count) in [(1, 600), (3, 20)] {
        let last = events.iter().rev().find_map(|event| match event {
            Event::Progress(Progress {
                input: of,
                frames_done,
                ..
            }) if *of == input => Some(*frames_done),
            _ => None,
        });
        assert_eq!(last, Some(count));
    }
    // Of the models to nobody in particular; of the rotation to its video.
    let warnings: Vec<(&str, Option<&str>, &str)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Warning(Warning {
                code,
                path,
                message,
                ..
            }) => Some((code.as_str(), path.as_deref(), message.as_str())),
            _ => None,
        })
        .collect();
    let [
        ("unknown_models", None, models),
        ("turned", Some(path), rotation),
    ] = warnings[..]
    else {
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
        Event::Progress(Progress { frames_done, .. }) => Some(*frames_done),
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
        Event::Progress(Progress {
            fps, eta_seconds, ..
        }) => *fps > 0.0 && eta_seconds.is_some(),
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
    for (ended, word, expected) in [
        (several_into_one, "--output", "usage"),
        (no_models, "model", "models"),
    ] {
        let events = check_stream(&ended);
        let names: Vec<&str> = events.iter().map(Event::name).collect();
        assert_eq!(names, ["start", "error", "end"]);
        let Event::Error(Error { code, message, .. }) = &events[1] else {
            unreachable!("by its name");
        };
        assert!(message.contains(word), "{message}");
        assert_eq!(code.as_str(), expected, "{message}");
    }
}

/// The documentation's examples are events of the program, and every event has one.
#[test]
fn the_documentation_is_true() {
    let text = include_str!("../../docs/progress.md");
    let mut documented: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(r#"{"event""#))
        .map(|line| events::parse(line).name())
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
        "stage",
        "start",
        "stopping",
        "warning",
    ];
    assert_eq!(documented, all);
    let summary = text
        .split("```json\n")
        .find(|part| part.contains("\"counts\""));
    let summary = summary.unwrap().split("```").next().unwrap();
    assert_eq!(strict::parse::<Batch>(summary).inputs.len(), 2);
    // What is not documented is not passed over here.
    let unknown = r#"{"event":"error","code":"usage","message":"","more":1}"#;
    assert!(std::panic::catch_unwind(|| events::parse(unknown)).is_err());
    // Every code, stage and status is listed.
    for word in (ErrorCode::ALL.iter().map(|code| code.as_str()))
        .chain(WarningCode::ALL.iter().map(|code| code.as_str()))
        .chain(Stage::ALL.iter().map(|stage| stage.as_str()))
        .chain(Status::ALL.iter().map(|status| status.as_str()))
    {
        assert!(
            text.contains(&format!("`{word}`")),
            "{word} is not documented"
        );
    }
}
