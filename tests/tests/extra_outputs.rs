//! The outputs beside the table, on request: the HOG file, the aligned faces, and fewer columns.

use std::fs;

use faceau_tests::double::{Hold, Misdeed, Orders};
use faceau_tests::program::Bench;
use faceau_tests::video::{Picture, Recipe, write_numbered};
use rustix::process::Signal;

/// Bytes of a frame in a HOG file: three sizes, a flag, and the values.
const HOG_FRAME: usize = 4 * (3 + 1 + 12 * 12 * 31);

/// Flag and first and last value of every frame of a HOG file.
fn hog_frames(bytes: &[u8]) -> Vec<[f32; 3]> {
    assert_eq!(bytes.len() % HOG_FRAME, 0);
    let frames = bytes.chunks_exact(HOG_FRAME);
    frames
        .map(|frame| {
            let words = frame.as_chunks::<4>().0;
            let sizes = [0, 1, 2].map(|i| i32::from_le_bytes(words[i]));
            assert_eq!(sizes, [12, 12, 31]);
            [3, 4, words.len() - 1].map(|i| f32::from_le_bytes(words[i]))
        })
        .collect()
}

/// Results of later segments wait for those of earlier ones, and one worker is lost on the way.
#[test]
fn extras_are_in_order_however_many_workers_there_are() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    // Every 50th frame is black and has no face.
    let picture = |i: usize| {
        if i % 50 == 7 {
            Picture::black()
        } else {
            Picture::numbered(i)
        }
    };
    Recipe::default().write(&video, (0..700).map(picture));
    for workers in ["1", "3"] {
        let orders = Orders::once(333, Misdeed::Crash, bench.path(format!("crash-{workers}")));
        bench
            .with_double(&orders)
            .args(["--hog", "--aligned", "--force", "--workers", workers])
            .arg(&video)
            .run()
            .expect_code(0);
        assert!(bench.record("a").input.segments > 3);
        let files = ["a.csv", "a.hog", "a.run.json", "a_aligned"];
        assert_eq!(bench.outputs(), files);

        let hog = hog_frames(&fs::read(bench.out().join("a.hog")).unwrap());
        assert_eq!(hog.len(), 700);
        let success = bench.table("a.csv").column("success");
        for (i, frame) in hog.into_iter().enumerate() {
            let number = i as f32 + 1.0;
            let has_face = i % 50 != 7;
            assert_eq!(success[i], f64::from(has_face), "frame {i}");
            let expected = if has_face {
                [1.0, number, number]
            } else {
                [-1.0, 0.0, 0.0]
            };
            assert_eq!(frame, expected, "frame {i}");

            let name = format!("a_aligned/frame_det_00_{:06}.bmp", i + 1);
            let face = image::open(bench.out().join(name)).unwrap().into_rgb8();
            assert_eq!(face.dimensions(), (112, 112));
            let level = if has_face { ((i + 1) % 256) as u8 } else { 0 };
            assert!(
                face.pixels().all(|pixel| pixel.0 == [level; 3]),
                "frame {i}"
            );
        }
        let faces = fs::read_dir(bench.out().join("a_aligned")).unwrap();
        assert_eq!(faces.count(), 700);
    }
}

#[test]
fn what_there_is_of_them_is_kept_when_a_run_is_stopped() {
    let bench = Bench::new();
    let (video, gate) = (bench.path("a.mp4"), bench.path("gate"));
    write_numbered(&video, 1000);
    let orders = Orders {
        hold: Some(Hold {
            from: 500,
            until: gate.clone(),
        }),
        ..Orders::default()
    };
    let mut running = bench
        .with_double(&orders)
        .args(["--hog", "--aligned", "--progress", "json", "-w", "2"])
        .arg(&video)
        .start();
    running.wait_for_frames(200);
    running.signal(Signal::INT);
    fs::write(&gate, "").unwrap();
    running.wait().expect_signal(Signal::INT);
    let files = [
        "a.faceau-job",
        "a.partial.csv",
        "a.partial.hog",
        "a.partial.run.json",
        "a.partial_aligned",
    ];
    assert_eq!(bench.outputs(), files);
    let rows = bench.table("a.partial.csv").rows.len();
    let hog = hog_frames(&fs::read(bench.out().join("a.partial.hog")).unwrap());
    assert_eq!(hog.len(), rows);
    let faces = fs::read_dir(bench.out().join("a.partial_aligned")).unwrap();
    assert_eq!(faces.count(), rows);
}

#[test]
fn outputs_that_exist_are_not_replaced_unasked() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 3);
    let double = || {
        bench
            .with_double(&Orders::default())
            .args(["--hog", "--aligned"])
            .arg(&video)
    };
    fs::write(bench.out().join("a.hog"), "precious").unwrap();
    let ended = double().run().expect_code(1);
    ended.expect_line(&["error", "a.hog", "--force"]);
    fs::remove_file(bench.out().join("a.hog")).unwrap();
    fs::create_dir(bench.out().join("a_aligned")).unwrap();
    fs::write(bench.out().join("a_aligned/thesis.txt"), "precious").unwrap();
    double()
        .run()
        .expect_code(1)
        .expect_line(&["error", "a_aligned", "--force"]);
    let ended = double().arg("--force").run().expect_code(1);
    ended.expect_line(&["error", "thesis.txt"]);
    assert_eq!(bench.outputs(), ["a_aligned"]);
}

#[test]
fn a_worker_that_sends_no_numbers_is_not_believed() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 30);
    let orders = Orders::once(9, Misdeed::NoDescriptor, bench.path("once"));
    let ended = bench
        .with_double(&orders)
        .args(["--hog", "-w", "1"])
        .arg(&video)
        .run()
        .expect_code(0);
    ended.expect_line(&["warning", "frame 9", "descriptor"]);
    let hog = hog_frames(&fs::read(bench.out().join("a.hog")).unwrap());
    assert_eq!(hog.len(), 30);
}

#[test]
fn a_table_has_the_columns_that_are_wanted() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 3);
    let double = || {
        bench
            .with_double(&Orders::default())
            .arg("--force")
            .arg(&video)
    };
    for (groups, first, count) in [
        ("pose", "pose_Tx", 6),
        ("aus,params", "p_scale", 40 + 35),
        ("landmarks3d,landmarks2d", "x_0", 136 + 204),
    ] {
        double().args(["--columns", groups]).run().expect_code(0);
        let table = bench.table("a.csv");
        assert_eq!(table.header.len(), 5 + count, "{groups}");
        assert_eq!(table.header[5], first);
        assert_eq!(table.rows.len(), 3);
    }
    let ended = double()
        .args(["--columns", "aus,gaze"])
        .run()
        .expect_code(2);
    ended.expect_line(&["error", "--columns", "gaze"]);
}
