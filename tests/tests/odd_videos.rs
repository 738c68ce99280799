//! Videos as recorders and converters leave them: every frame in its right shape and at its right
//! time, and what was assumed or repaired said in the warning, the record and the events.

use std::fs;
use std::path::Path;

use faceau_tests::double::Orders;
use faceau_tests::events::Event;
use faceau_tests::odd_video::{OddVideo, Part};
use faceau_tests::program::{Bench, Ended, Supervisor};
use faceau_tests::record::{JumpRecord as Jump, Record, SizeRecord as Size, VideoRecord};
use faceau_tests::table::Table;
use faceau_tests::video::{Picture, Recipe};
use ffmpeg_next::codec::Id;

fn double(bench: &Bench) -> Supervisor {
    bench
        .with_double(&Orders::default())
        .args(["--force", "--progress", "json", "-o", "t.csv"])
}

/// Runs it, and makes sure that a remark of this code is said in all three places, once each.
#[track_caller]
fn expect_said(bench: &Bench, video: &Path, args: &[&str], code: &str) -> (Table, Record, String) {
    let ended = double(bench).args(args).arg(video).run().expect_code(0);
    let record = bench.record("t");
    let place = record.input.remark_codes.iter().position(|c| c == code);
    let place = place.unwrap_or_else(|| panic!("{code} is not in {record:#?}"));
    let text = record.input.remarks[place].clone();
    let times = |texts: Vec<&String>| texts.iter().filter(|t| **t == &text).count();
    assert_eq!(times(record.warnings.iter().collect()), 1, "{record:#?}");
    assert_eq!(
        said_in_events(&ended, code),
        std::slice::from_ref(&text),
        "{ended:#?}"
    );
    ended.expect_line(&["warning", &text]);
    (bench.table("t.csv"), record, text)
}

/// What a record says of a video alone.
#[track_caller]
fn of_video(record: &Record) -> &VideoRecord {
    record.input.video.as_ref().expect("it is of a video")
}

fn said_in_events(ended: &Ended, code: &str) -> Vec<String> {
    let messages = ended.events().into_iter().filter_map(|event| match event {
        Event::Warning(warning) => (warning.code.as_str() == code).then_some(warning.message),
        _ => None,
    });
    messages.collect()
}

fn counted(frames: usize) -> Vec<usize> {
    (0..frames).collect()
}

/// Times of `frames` frames, so many a second, as the table writes them.
#[track_caller]
fn expect_times(table: &Table, frames: usize, rate: f64, first: f64) {
    let times = table.column("timestamp");
    assert_eq!(times.len(), frames);
    for (frame, time) in times.iter().enumerate() {
        let expected = first + frame as f64 / rate;
        assert!(
            (time - expected).abs() < 0.0006,
            "{frame}: {time} {expected}"
        );
    }
}

#[test]
fn pixels_that_are_not_square_are_shown_as_they_should_be() {
    let bench = Bench::new();
    for (ending, codec) in [
        ("mp4", Id::MPEG4),
        ("mov", Id::MPEG4),
        ("mkv", Id::MPEG4),
        ("mpg", Id::MPEG2VIDEO),
    ] {
        // MPEG-2 knows no pixels but those of its four shapes of pictures.
        let shapes = match codec {
            Id::MPEG2VIDEO => [((144, 120), (10, 9)), ((128, 144), (3, 2))],
            _ => [((80, 120), (2, 1)), ((160, 80), (2, 3))],
        };
        for (size, pixel) in shapes {
            let video = bench.path(format!("a.{ending}"));
            let part = Part {
                pixel,
                ..Part::new(0..9, size)
            };
            OddVideo::new(codec, vec![part]).write(&video);
            let (table, record, text) = expect_said(&bench, &video, &[], "pixels_scaled");
            assert_eq!(table.numbers_seen(), counted(9));
            let shown = match pixel {
                (w, h) if w > h => ((size.0 as i32 * w + h / 2) / h, size.1 as i32),
                (w, h) => (size.0 as i32, (size.1 as i32 * h + w / 2) / w),
            };
            let found = (record.input.width as i32, record.input.height as i32);
            assert_eq!(found, shown, "{ending}: {text}");
            let said = of_video(&record);
            assert_eq!(said.stored_size, [size.0, size.1]);
            let aspect = format!("{}:{}", pixel.0, pixel.1);
            assert_eq!(said.pixel_aspect, aspect);
            assert_eq!(record.options.result.pixel_aspect, "shown");

            let stored = ["--pixel-aspect", "stored"];
            let (table, record, _) = expect_said(&bench, &video, &stored, "pixels_left");
            assert_eq!(table.numbers_seen(), counted(9));
            assert_eq!((record.input.width, record.input.height), size);
            assert_eq!(record.options.result.pixel_aspect, "stored");
        }
    }
}

#[test]
fn every_frame_has_its_own_size() {
    let bench = Bench::new();
    let video = bench.path("a.mkv");
    let parts = vec![
        Part::new(0..30, (160, 120)),
        Part::new(30..230, (120, 160)),
        Part::new(230..250, (320, 240)),
    ];
    // Where MPEG-2 pictures change their size, FFmpeg's decoder loses the last one before.
    OddVideo::new(Id::MJPEG, parts).write(&video);
    let (table, record, _) = expect_said(&bench, &video, &["-w", "4"], "size_changes");
    assert_eq!(table.numbers_seen(), counted(250));
    expect_times(&table, 250, 25.0, 0.0);
    let size = |frame, width, height| Size {
        frame,
        width,
        height,
    };
    let expected = [size(1, 160, 120), size(31, 120, 160), size(231, 320, 240)];
    assert_eq!(of_video(&record).sizes, expected);
    assert_eq!((record.input.width, record.input.height), (320, 240));
    // The second part is long enough for three.
    assert_eq!(record.input.segments, 5, "{record:#?}");
    assert_eq!(record.input.run_ons, 0);

    let first = fs::read(bench.out().join("t.csv")).unwrap();
    double(&bench)
        .args(["-w", "1"])
        .arg(&video)
        .run()
        .expect_code(0);
    assert_eq!(fs::read(bench.out().join("t.csv")).unwrap(), first);
}

#[test]
fn a_track_can_be_chosen() {
    let bench = Bench::new();
    let tracks = vec![
        vec![Part::new(0..5, (160, 120))],
        vec![Part::new(100..107, (320, 240))],
    ];
    for ending in ["mkv", "mp4"] {
        let video = bench.path(format!("a.{ending}"));
        let odd = OddVideo {
            tracks: tracks.clone(),
            ..OddVideo::new(Id::MPEG4, Vec::new())
        };
        odd.write(&video);
        for (track, numbers) in [(1, 0..5_usize), (2, 100..107)] {
            let wanted = track.to_string();
            let args = ["--track", &wanted];
            let (table, record, text) = expect_said(&bench, &video, &args, "several_tracks");
            assert_eq!(table.numbers_seen(), numbers.collect::<Vec<_>>());
            assert!(text.contains("1 (160 x 120), 2 (320 x 240)"), "{text}");
            assert!(
                text.contains(&format!("track {track} is analysed")),
                "{text}"
            );
            assert_eq!(of_video(&record).track, track);
        }
        let ended = double(&bench).args(["--track", "3"]).arg(&video).run();
        ended
            .expect_code(1)
            .expect_line(&["error", "no video track 3", "2 (320 x 240)"]);
    }
}

#[test]
fn sound_that_begins_at_another_time_is_told_of() {
    let bench = Bench::new();
    let video = bench.path("a.mkv");
    let odd = OddVideo {
        start: 1.52,
        sound: true,
        ..OddVideo::new(Id::MPEG4, vec![Part::new(0..10, (160, 120))])
    };
    odd.write(&video);
    let (table, record, text) = expect_said(&bench, &video, &[], "sound_offset");
    assert!(text.contains("1.520 s before"), "{text}");
    assert_eq!(of_video(&record).start_seconds, Some(1.52));
    expect_times(&table, 10, 25.0, 0.0);
    let (table, record, _) = expect_said(&bench, &video, &["--clock", "file"], "sound_offset");
    expect_times(&table, 10, 25.0, 1.52);
    assert!((record.input.seconds - 0.36).abs() < 1e-9);

    OddVideo { start: 0.0, ..odd }.write(&video);
    double(&bench).arg(&video).run().expect_code(0);
    assert_eq!(bench.record("t").input.remark_codes, [""; 0]);
}

#[test]
fn files_without_times_say_whose_rate_it_is() {
    let bench = Bench::new();
    let video = bench.path("a.mjpeg");
    let odd = |codec| OddVideo {
        rate: 50,
        ..OddVideo::new(codec, vec![Part::new(0..20, (160, 120))])
    };
    odd(Id::MJPEG).write(&video);
    let (table, record, text) = expect_said(&bench, &video, &[], "no_times");
    assert_eq!(table.numbers_seen(), counted(20));
    assert!(text.contains("25 frames a second assumed"), "{text}");
    expect_times(&table, 20, 25.0, 0.0);
    assert_eq!(of_video(&record).start_seconds, None);
    let (table, record, text) = expect_said(&bench, &video, &["--fps", "90"], "no_times");
    assert!(text.contains("90 frames a second, as --fps says"), "{text}");
    expect_times(&table, 20, 90.0, 0.0);
    assert_eq!(record.options.result.fps.as_deref(), Some("90"));

    // MPEG-2 pictures tell their rate.
    let video = bench.path("a.m2v");
    odd(Id::MPEG2VIDEO).write(&video);
    let (table, _, text) = expect_said(&bench, &video, &[], "no_times");
    assert!(
        text.contains("50 frames a second, as its pictures say"),
        "{text}"
    );
    expect_times(&table, 20, 50.0, 0.0);
    assert_eq!(table.numbers_seen(), counted(20));
}

#[test]
fn a_clock_that_restarts_or_jumps_goes_on() {
    let bench = Bench::new();
    let part = |frames, start| OddVideo {
        start,
        ..OddVideo::new(Id::MPEG2VIDEO, vec![Part::new(frames, (160, 120))])
    };
    // Times of the second part begin with its first frame's number.
    for (name, start, seconds) in [
        ("again", 0.0 - 1.2, -1.16),
        ("ahead", 3600.0 - 1.2, 3598.84),
        ("back", 0.0, 0.0),
    ] {
        let (first, second) = (bench.path("first.ts"), bench.path("second.ts"));
        let first_start = if name == "back" { 5000.0 } else { 0.0 };
        part(0..30, first_start).write(&first);
        part(30..60, start).write(&second);
        let video = bench.path(format!("{name}.ts"));
        let joined = [fs::read(&first).unwrap(), fs::read(&second).unwrap()].concat();
        fs::write(&video, joined).unwrap();
        let (table, record, _) = expect_said(&bench, &video, &[], "clock_jumps");
        assert_eq!(table.numbers_seen(), counted(60), "{name}");
        expect_times(&table, 60, 25.0, 0.0);
        let [
            Jump {
                frame: 31,
                seconds: found,
            },
        ] = of_video(&record).clock_jumps[..]
        else {
            panic!("{record:#?}");
        };
        let expected = if name == "back" {
            0.04 - 5000.0
        } else {
            seconds
        };
        assert!(
            (found - expected).abs() < 0.05,
            "{name}: {found} {expected}"
        );
    }
}

#[test]
fn empty_frames_of_avi_are_no_sign_of_a_cut() {
    let bench = Bench::new();
    let video = bench.path("a.avi");
    let recipe = Recipe {
        // Ten places without a frame.
        times: (0..30)
            .map(|n| 40 * if n < 20 { n } else { n + 10 })
            .collect(),
        ..Recipe::default()
    };
    recipe.write(&video, (0..30).map(Picture::numbered));
    let (table, record, text) = expect_said(&bench, &video, &[], "empty_frames");
    assert!(text.contains("10 of 40 frames are empty"), "{text}");
    assert_eq!(table.numbers_seen(), counted(30));
    let expected: Vec<f64> = recipe.times.iter().map(|&t| t as f64 / 1e3).collect();
    assert_eq!(table.column("timestamp"), expected);
    assert_eq!(record.input.remark_codes, ["empty_frames"]);
}

#[test]
fn what_is_no_video_is_called_what_it_is() {
    let bench = Bench::new();
    let whole = bench.path("whole.mp4");
    OddVideo::new(Id::MPEG4, vec![Part::new(0..60, (160, 120))]).write(&whole);
    let unfinished = fs::read(&whole).unwrap();
    let encrypted = bench.path("encrypted.mp4");
    let odd = OddVideo {
        options: vec![
            ("encryption_scheme", "cenc-aes-ctr"),
            ("encryption_key", "00112233445566778899aabbccddeeff"),
            ("encryption_kid", "00112233445566778899aabbccddeeff"),
        ],
        ..OddVideo::new(Id::MPEG4, vec![Part::new(0..9, (160, 120))])
    };
    odd.write(&encrypted);
    let cases: [(&str, &[u8], &[&str]); 8] = [
        ("empty.mp4", b"", &["the file is empty"]),
        (
            "annex.mp4",
            b"/annex/objects/MD5E-s123456--00.mp4\n",
            &["git-annex", "git annex get"],
        ),
        (
            "lfs.mp4",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
            &["git LFS", "git lfs pull"],
        ),
        (
            "page.mp4",
            b"<!DOCTYPE html>\n<html><body>Log in</body></html>",
            &["web page"],
        ),
        (
            "answer.mp4",
            b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
            &["server"],
        ),
        ("zeros.mp4", &[0; 9000], &["nothing but zeros"]),
        ("packed.mp4", b"PK\x03\x04 and so on", &["archive"]),
        (
            "unfinished.mp4",
            &unfinished[..unfinished.len() / 2],
            &["recording was not finished", "moov"],
        ),
    ];
    for (name, content, words) in cases {
        let path = bench.path(name);
        fs::write(&path, content).unwrap();
        let ended = double(&bench).arg(&path).run().expect_code(1);
        ended.expect_line(&[&["error", name], words].concat());
    }
    let ended = double(&bench).arg(&encrypted).run().expect_code(1);
    ended.expect_line(&["error", "encrypted.mp4", "pictures are encrypted"]);
}
