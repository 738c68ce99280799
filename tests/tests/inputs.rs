//! Every kind of input gives its frames, all of them, in order and upright; what is no input is
//! said so in one line, and the other inputs of the call are done all the same.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use faceau_tests::double::Orders;
use faceau_tests::program::Bench;
use faceau_tests::table::Table;
use faceau_tests::video::{self, Picture, Recipe, write_numbered};

fn double(bench: &Bench) -> faceau_tests::program::Supervisor {
    bench.with_double(&Orders::default()).args(["-w", "2"])
}

/// All frames are there, each showing its own number.
#[track_caller]
fn expect_frames(table: &Table, frames: usize) {
    let counted: Vec<usize> = (0..frames).collect();
    assert_eq!(table.numbers_seen(), counted);
    let numbers: Vec<f64> = (1..=frames).map(|n| n as f64).collect();
    assert_eq!(table.column("frame"), numbers);
}

#[test]
fn every_container_and_frames_in_the_order_shown() {
    let bench = Bench::new();
    for ending in ["avi", "mp4", "mkv", "mov"] {
        for b_frames in [0, 2] {
            let name = format!("{ending}-{b_frames}");
            let video = bench.path(format!("{name}.{ending}"));
            let recipe = Recipe {
                b_frames,
                gop: 30,
                ..Recipe::default()
            };
            recipe.write(&video, (0..150).map(Picture::numbered));
            double(&bench).arg(&video).run().expect_code(0);
            let table = bench.table(&format!("{name}.csv"));
            expect_frames(&table, 150);
            let times: Vec<f64> = (0..150).map(|n| f64::from(n * 40) / 1e3).collect();
            assert_eq!(table.column("timestamp"), times, "{name}");
            assert!(table.column("success").iter().all(|&s| s == 1.0));
        }
    }
}

#[test]
fn times_are_those_of_the_file() {
    let bench = Bench::new();
    for ending in ["mp4", "mkv"] {
        // A pause of ten seconds, a burst, and a beginning that is not at zero.
        let mut times = vec![2000, 2033, 2067, 12_000, 12_001, 12_002];
        times.extend((0..90).map(|n| 13_000 + 17 * n + n % 3));
        let recipe = Recipe {
            times: times.clone(),
            ..Recipe::default()
        };
        let video = bench.path(format!("{ending}.{ending}"));
        recipe.write(&video, (0..times.len()).map(Picture::numbered));
        double(&bench).arg(&video).run().expect_code(0);
        let table = bench.table(&format!("{ending}.csv"));
        expect_frames(&table, times.len());
        let expected: Vec<f64> = times.iter().map(|t| (t - 2000) as f64 / 1e3).collect();
        assert_eq!(table.column("timestamp"), expected);
    }
}

#[test]
fn pictures_are_turned_upright() {
    let bench = Bench::new();
    // Where the stored upper left corner is shown after so many quarter turns clockwise.
    for (quarters, corner, size, word) in [
        (0, 0, (160, 120), None),
        (1, 7, (120, 160), Some("90° clockwise")),
        (2, 63, (160, 120), Some("upside down")),
        (3, 56, (120, 160), Some("90° counter-clockwise")),
    ] {
        let stem = format!("turned{quarters}");
        let video = bench.path(format!("{stem}.mp4"));
        Recipe::default().write(&video, (0..3).map(|_| Picture::corner()));
        video::set_rotation(&video, quarters);
        let ended = double(&bench).arg(&video).run().expect_code(0);
        for cells in bench.table(&format!("{stem}.csv")).cells() {
            for (cell, &brightness) in cells.iter().enumerate() {
                let white = cell == corner;
                assert_eq!(brightness > 128.0, white, "{quarters} turns, cell {cell}");
            }
        }
        let record = bench.record(&stem);
        assert_eq!((record.input.width, record.input.height), size);
        match word {
            Some(word) => {
                ended.expect_line(&["warning", &stem, word]);
                assert!(record.warnings.iter().any(|text| text.contains(word)));
            }
            None => assert_eq!(record.warnings, [""; 0]),
        }
    }
}

#[test]
fn a_folder_of_images_is_one_input_in_natural_order() {
    let bench = Bench::new();
    let folder = bench.path("session 1");
    fs::create_dir(&folder).unwrap();
    for number in 0..12 {
        let ending = ["png", "bmp", "jpg"][number % 3];
        let name = format!("img{number}.{ending}");
        Picture::numbered(number).save(&folder.join(name));
    }
    fs::write(folder.join("notes.txt"), "not an image").unwrap();
    double(&bench).arg(&folder).run().expect_code(0);
    let table = bench.table("session 1.csv");
    expect_frames(&table, 12);
    assert!(table.column("timestamp").iter().all(|&t| t == 0.0));
}

#[test]
fn an_image_that_is_none_is_named() {
    let bench = Bench::new();
    let folder = bench.path("images");
    fs::create_dir(&folder).unwrap();
    Picture::numbered(0).save(&folder.join("0.png"));
    fs::write(folder.join("1.png"), "not an image").unwrap();
    let ended = double(&bench).arg(&folder).run().expect_code(1);
    ended.expect_line(&["error", "1.png", "not an image"]);
    assert_eq!(bench.outputs(), [""; 0]);
}

#[test]
fn a_folder_of_videos_and_several_inputs_are_one_batch() {
    let bench = Bench::new();
    let folder = bench.path("videos");
    fs::create_dir(&folder).unwrap();
    for (name, frames) in [("one.mp4", 5), ("two.avi", 6)] {
        write_numbered(&folder.join(name), frames);
    }
    write_numbered(&bench.path("three.mkv"), 7);
    let ended = double(&bench)
        .args(["--out-dir", "deep/er"])
        .arg(&folder)
        .arg(bench.path("three.mkv"))
        .run()
        .expect_code(0);
    for (name, frames) in [("one", 5), ("two", 6), ("three", 7)] {
        expect_frames(&bench.table(&format!("deep/er/{name}.csv")), frames);
        ended.expect_line(&[&format!("{name}."), "done", &format!("{frames} frames")]);
    }
}

/// Each bad input stands between two good ones.
#[test]
fn bad_inputs_are_named_and_do_not_stop_the_others() {
    let bench = Bench::new();
    let [first, last] = ["first.mp4", "last.mp4"].map(|name| bench.path(name));
    write_numbered(&first, 4);
    write_numbered(&last, 5);

    let missing = bench.path("missing.mp4");
    let empty_folder = bench.path("empty folder");
    fs::create_dir(&empty_folder).unwrap();
    let text = bench.path("text.mp4");
    fs::write(&text, "This is not a video.\n".repeat(100)).unwrap();
    let empty = bench.path("empty.mp4");
    fs::write(&empty, "").unwrap();
    // The table of frames is at the end of this one, and thus gone.
    let headless = bench.path("headless.mp4");
    write_numbered(&headless, 100);
    video::cut_file(&headless, 0.9);
    let sound = bench.path("sound.wav");
    video::write_sound(&sound);
    let sound_only = bench.path("sound.mov");
    video::write_sound(&sound_only);
    let frameless = bench.path("frameless.avi");
    write_numbered(&frameless, 0);
    let odd_name = bench.path(std::ffi::OsStr::from_bytes(b"odd\xff.mp4"));
    fs::copy(&first, &odd_name).unwrap();

    for (bad, parts) in [
        (missing, &["missing.mp4", "no such file"][..]),
        (empty_folder, &["empty folder", "no videos and no images"]),
        (text, &["text.mp4", "not a video"]),
        (empty, &["empty.mp4", "not a video"]),
        (headless, &["headless.mp4", "not a video"]),
        (sound, &["sound.wav", "no video track"]),
        (sound_only, &["sound.mov", "no video track"]),
        (frameless, &["frameless.avi"]),
        (odd_name, &["odd", "not valid UTF-8"]),
    ] {
        let ended = double(&bench)
            .args(["--force".as_ref(), first.as_os_str()])
            .args([&bad, &last])
            .run()
            .expect_code(1);
        ended.expect_line(&[&["error"], parts].concat());
        let errors: Vec<&str> = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("error"))
            .collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let expected = ["first.csv", "first.run.json", "last.csv", "last.run.json"];
        assert_eq!(bench.outputs(), expected);
        expect_frames(&bench.table("first.csv"), 4);
        expect_frames(&bench.table("last.csv"), 5);
        for name in bench.outputs() {
            fs::remove_file(bench.out().join(name)).unwrap();
        }
    }
}

#[test]
fn what_is_left_of_a_cut_file_is_analysed_with_a_warning() {
    let bench = Bench::new();
    let front = Recipe {
        options: vec![("movflags", "faststart")],
        ..Recipe::default()
    };
    for (name, recipe) in [("cut.mp4", front), ("cut.avi", Recipe::default())] {
        let video = bench.path(name);
        recipe.write(&video, (0..200).map(Picture::numbered));
        video::cut_file(&video, 0.6);
        let ended = double(&bench)
            .args(["-o", &format!("{name}.csv")])
            .arg(&video)
            .run()
            .expect_code(0);
        ended.expect_line(&["warning", name, "200 frames", "cut short"]);
        let table = bench.table(&format!("{name}.csv"));
        assert!(
            (60..180).contains(&table.rows.len()),
            "{}",
            table.rows.len()
        );
        // The last frame may be half a one.
        let seen = table.numbers_seen();
        let whole = seen.len() - 1;
        assert_eq!(seen[..whole], (0..whole).collect::<Vec<_>>());
        let record = bench.record(name);
        assert!(record.complete);
        assert!(
            record
                .warnings
                .iter()
                .any(|text| text.contains("cut short"))
        );
        assert_eq!(record.frames.written, table.rows.len());
    }
}

/// Bytes in the middle are gone bad, as on an old disk.
#[test]
fn a_damaged_video_keeps_what_can_be_decoded() {
    let bench = Bench::new();
    let video = bench.path("damaged.avi");
    write_numbered(&video, 200);
    let mut bytes = fs::read(&video).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 3000].fill(0x5a);
    fs::write(&video, bytes).unwrap();
    double(&bench).arg(&video).run().expect_code(0);
    let table = bench.table("damaged.csv");
    assert!(
        (150..=200).contains(&table.rows.len()),
        "{}",
        table.rows.len()
    );
    let seen = table.numbers_seen();
    assert_eq!(seen[..80], (0..80).collect::<Vec<_>>());
    let times = table.column("timestamp");
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    let order: Vec<f64> = (1..=seen.len()).map(|n| n as f64).collect();
    assert_eq!(table.column("frame"), order);
}
