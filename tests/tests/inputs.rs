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
        Recipe::default().write(&video, (0..10).map(|_| Picture::corner()));
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
    let names = (0..12).map(|n| format!("img{n}.{}", ["png", "bmp", "jpg"][n % 3]));
    assert_eq!(
        bench.record("session 1").input.images,
        names.collect::<Vec<_>>()
    );
}

/// As in videos, a frame that cannot be had costs its own row and no other.
#[test]
fn bad_images_of_a_sequence_are_rows_without_a_face() {
    let bench = Bench::new();
    let folder = bench.path("images");
    fs::create_dir(&folder).unwrap();
    for number in 0..9 {
        let ending = ["png", "jpg", "bmp"][number % 3];
        let path = folder.join(format!("{number}.{ending}"));
        Picture::numbered(number).save(&path);
        let whole = fs::read(&path).unwrap();
        match number {
            // The first of all, and one of each format.
            0 => fs::write(path, "not an image").unwrap(),
            3..=5 => fs::write(path, &whole[..whole.len() * 2 / 3]).unwrap(),
            7 => fs::write(path, "").unwrap(),
            _ => {}
        }
    }
    let bad = [1, 4, 5, 6, 8];
    let mut tables = Vec::new();
    for workers in ["1", "3"] {
        let ended = bench
            .with_double(&Orders::default())
            .args(["-w", workers, "--force"])
            .arg(&folder)
            .run()
            .expect_code(0);
        ended.expect_line(&["warning", "of 9 images cannot be read", "0.png"]);
        ended.expect_line(&[
            "warning",
            "frame 5 could not be analysed",
            "4.jpg",
            "cut short",
        ]);
        let table = bench.table("images.csv");
        for (row, success) in (1..).zip(table.column("success")) {
            assert_eq!(success == 0.0, bad.contains(&row), "{row}");
        }
        let failed = bench.record("images").frames.failed;
        let numbers: Vec<u64> = failed.iter().map(|frame| frame.frame).collect();
        assert_eq!(numbers, bad);
        tables.push(fs::read(bench.out().join("images.csv")).unwrap());
    }
    assert_eq!(tables[0], tables[1]);

    // One without a single good image is no input.
    let none = bench.path("none");
    fs::create_dir(&none).unwrap();
    fs::write(none.join("1.png"), "not an image").unwrap();
    let ended = double(&bench).arg(&none).run().expect_code(1);
    ended.expect_line(&["error", "1.png", "not an image"]);
}

/// Tables of images of this test's size and content are the same, whatever they are kept in.
#[test]
fn images_are_images_wherever_they_are_named() {
    let bench = Bench::new();
    let folder = bench.path("photos");
    fs::create_dir(&folder).unwrap();
    let names = ["a.png", "b.tif", "c.webp", "d.bmp", "e.JPG"];
    for name in names {
        Picture::corner().save(&folder.join(name));
    }
    double(&bench).arg(&folder).run().expect_code(0);
    let sequence = bench.table("photos.csv").cells();
    assert_eq!(sequence.len(), names.len());

    // Each by itself, through a pattern and by name.
    let pattern = folder.join("*.[a-z]*");
    let ended = double(&bench)
        .args(names.map(|name| folder.join(name)))
        .run()
        .expect_code(0);
    for (name, in_sequence) in names.iter().zip(&sequence) {
        ended.expect_line(&[name, "done", "1 frames"]);
        ended.expect_line(&["warning", name, "relative to this input's own frames"]);
        let table = bench.table(&format!("{}.csv", &name[..1]));
        assert_eq!(table.cells(), std::slice::from_ref(in_sequence), "{name}");
    }
    let ended = double(&bench).arg(&pattern).run().expect_code(1);
    ended.expect_line(&["4 images passed over", "a.png"]);
}

/// TIFF files of Y, Cb and Cr, as FFmpeg writes them of photos, are read by FFmpeg alone.
#[test]
fn images_that_only_ffmpeg_reads_are_images_too() {
    let bench = Bench::new();
    let folder = bench.path("scans");
    fs::create_dir(&folder).unwrap();
    Picture::corner().save(&folder.join("1.png"));
    let tiff = folder.join("2.tif");
    video::write_ycbcr_tiff(&tiff, &Picture::corner());
    // Cut within its pixels.
    let whole = fs::read(&tiff).unwrap();
    fs::write(folder.join("3.tif"), &whole[..whole.len() / 2]).unwrap();

    let ended = double(&bench).arg(&folder).run().expect_code(0);
    ended.expect_line(&["warning", "3.tif"]);
    let table = bench.table("scans.csv");
    let failed = bench.record("scans").frames.failed;
    let failed: Vec<_> = failed.iter().map(|failed| failed.frame).collect();
    assert_eq!(failed, [3]);
    let cells = table.cells();
    assert!(cells[1].iter().any(|&cell| cell > 100.0), "{cells:?}");
    // The same picture, as far as another colour space can be.
    for (of_png, of_tiff) in cells[0].iter().zip(&cells[1]) {
        assert!((of_png - of_tiff).abs() <= 3.0, "{of_png} {of_tiff}");
    }

    let ended = double(&bench).arg(&tiff).run().expect_code(0);
    ended.expect_line(&["2.tif", "done", "1 frames"]);
    assert_eq!(bench.table("2.csv").cells(), [cells[1].clone()]);
}

#[test]
fn what_is_no_input_is_told() {
    let bench = Bench::new();
    let folder = bench.path("study");
    fs::create_dir(&folder).unwrap();
    write_numbered(&folder.join("p1.mp4"), 3);
    for number in 0..7 {
        fs::write(folder.join(format!("n{number}.txt")), "").unwrap();
    }
    std::os::unix::fs::symlink("p1.mp4", folder.join("p2.mp4")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("p3.mp4")).unwrap();
    let ended = double(&bench).arg(&folder).run().expect_code(1);
    ended.expect_line(&["warning", "study", "7 files passed over", "n0.txt", "-v"]);
    ended.expect_line(&["error", "p3.mp4", "nowhere"]);
    expect_frames(&bench.table("p1.csv"), 3);
    expect_frames(&bench.table("p2.csv"), 3);
    let ended = double(&bench).args(["-v", "--force"]).arg(&folder).run();
    ended.expect_line(&["7 files passed over", "n6.txt"]);
}

/// Names hold what terminals take for orders.
#[test]
fn nothing_gives_orders_to_a_terminal() {
    let bench = Bench::new();
    let [good, bad] = ["\x1b[2Jgood\r.mp4", "\u{9b}1mbad\x07.mp4"].map(|name| bench.path(name));
    write_numbered(&good, 12);
    fs::write(&bad, "no video").unwrap();
    fs::write(bench.path("list.txt"), format!("{}\n", bad.display())).unwrap();
    for style in ["none", "bar"] {
        let ended = double(&bench)
            .args(["-v", "--force", "--progress", style])
            .args([&good, &bad])
            .run()
            .expect_code(1);
        ended.expect_line(&["good", "done (", "\\u{1b}[2J"]);
        assert!(!ended.stderr.contains("\x1b[2J"), "{:?}", ended.stderr);
        for order in ['\x07', '\u{9b}'] {
            assert!(!ended.stderr.contains(order), "{:?}", ended.stderr);
        }
    }
}

#[test]
fn what_refers_to_other_files_is_refused() {
    let bench = Bench::new();
    write_numbered(&bench.path("m.ts"), 3);
    for (name, content, word) in [
        (
            "list.m3u8",
            "#EXTM3U\n#EXTINF:1.0,\nm.ts\n#EXT-X-ENDLIST\n",
            "playlist",
        ),
        (
            "renamed.mp4",
            "#EXTM3U\n#EXTINF:1.0,\nm.ts\n#EXT-X-ENDLIST\n",
            "playlist",
        ),
        (
            "list.ffconcat",
            "ffconcat version 1.0\nfile m.ts\n",
            "concat",
        ),
        ("list.txt", "file 'm.ts'\n", "concat"),
        (
            "cam.sdp",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n",
            "SDP",
        ),
        ("x.mpd", "<?xml version=\"1.0\"?>\n<MPD></MPD>\n", "DASH"),
    ] {
        let path = bench.path(name);
        fs::write(&path, content).unwrap();
        let ended = double(&bench).arg(&path).run().expect_code(1);
        ended.expect_line(&["error", name, word, "refers to other files"]);
    }
    let ended = double(&bench).arg(bench.path("f%02d.png")).run();
    ended
        .expect_code(1)
        .expect_line(&["error", "f%02d.png", "name their folder"]);
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
        (empty, &["empty.mp4", "the file is empty"]),
        (headless, &["headless.mp4", "not a video", "moov"]),
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
