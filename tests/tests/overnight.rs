//! What happens to a machine and its files over a night: it must not fall asleep, inputs change
//! under the program's hands, and some were never what their headers say.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faceau_tests::double::{Hold, Misdeed, Orders};
use faceau_tests::events::{Event, Progress};
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::{Picture, write_numbered};

fn double(bench: &Bench) -> Supervisor {
    bench.with_double(&Orders::default()).args(["-w", "1"])
}

/// Workers wait from this frame on until the file exists.
fn held(from: u64, until: &Path) -> Orders {
    Orders {
        hold: Some(Hold {
            from,
            until: until.into(),
        }),
        ..Orders::default()
    }
}

/// The system's program against sleep, as a script that writes down how it was called, and when
/// what it waits for has ended. Returns the folder it is in and what it writes.
fn put_helper(bench: &Bench) -> (PathBuf, PathBuf) {
    let (folder, log) = (bench.path("bin"), bench.path("awake.log"));
    fs::create_dir_all(&folder).unwrap();
    let name = if cfg!(target_os = "macos") {
        "caffeinate"
    } else {
        "systemd-inhibit"
    };
    let script = format!(
        "#!/bin/sh\necho \"$0 $*\" >> '{log}'\n/bin/cat > /dev/null\necho released >> '{log}'\n",
        log = log.display()
    );
    let path = folder.join(name);
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, log)
}

#[test]
fn the_machine_is_kept_awake_while_there_is_work() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 200);
    let (bin, log) = put_helper(&bench);
    let run = |arguments: &[&str]| {
        let orders = held(100, &bench.path("go on"));
        let supervisor = bench.keeping_awake(&orders).args(arguments);
        supervisor.env("PATH", &bin).arg("-w1").arg(&video)
    };
    let mut running = run(&["--progress", "json"]).start();
    running.wait_for_frames(50);
    // The helper gets to its first line in its own time.
    let begin = Instant::now();
    while !log.exists() {
        assert!(begin.elapsed() < faceau_tests::DEADLINE, "never called");
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::write(bench.path("go on"), "").unwrap();
    running.wait().expect_code(0);
    let called = fs::read_to_string(&log).unwrap();
    let wanted = if cfg!(target_os = "macos") {
        "caffeinate -i -w "
    } else {
        "systemd-inhibit --what=sleep:idle --mode=block --who=faceau"
    };
    assert!(called.contains(wanted), "{called}");
    #[cfg(target_os = "linux")]
    faceau_tests::processes::expect_marked(&bench.mark(), 0);

    // Not for nothing, and not against the user's will.
    fs::remove_file(&log).unwrap();
    run(&[]).run().expect_code(0);
    run(&["--force", "--allow-sleep"]).run().expect_code(0);
    assert!(!log.exists());
    // A system that knows no such thing works all the same.
    let without = run(&["--force", "-v"]).env("PATH", bench.path("nowhere"));
    without
        .run()
        .expect_code(0)
        .expect_line(&["may fall asleep"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_supervisor_lets_the_machine_sleep() {
    use faceau_tests::processes::expect_marked;
    use rustix::process::Signal;

    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 100);
    let (bin, log) = put_helper(&bench);
    let mut running = bench
        .keeping_awake(&held(50, &bench.path("never")))
        .env("PATH", &bin)
        .args(["--progress", "json", "-w1"])
        .arg(&video)
        .start();
    running.wait_for_frames(20);
    // The supervisor, its worker, the helper and what that runs.
    expect_marked(&bench.mark(), 4);
    running.signal(Signal::KILL);
    running.wait().expect_signal(Signal::KILL);
    expect_marked(&bench.mark(), 0);
    assert!(fs::read_to_string(&log).unwrap().ends_with("released\n"));
}

/// Each time the second of three inputs changes while it is worked on.
#[test]
fn an_input_that_changes_fails_and_the_next_is_done() {
    let bench = Bench::new();
    let [first, video, last] = ["1.mp4", "2.mp4", "3.mp4"].map(|name| bench.path(name));
    write_numbered(&first, 3);
    write_numbered(&last, 4);
    let another = bench.path("another");
    let changes: [(&str, &dyn Fn()); 4] = [
        ("bytes and has", &|| {
            let file = fs::File::options().write(true).open(&video).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }),
        ("bytes and has", &|| {
            let mut file = fs::File::options().append(true).open(&video).unwrap();
            file.write_all(b"more").unwrap();
        }),
        ("replaced by another file", &|| {
            write_numbered(&another.with_extension("mp4"), 7);
            fs::rename(another.with_extension("mp4"), &video).unwrap();
        }),
        ("is gone", &|| fs::remove_file(&video).unwrap()),
    ];
    for (number, (word, change)) in changes.into_iter().enumerate() {
        write_numbered(&video, 300);
        let go_on = bench.path(format!("go on {number}"));
        let mut running = bench
            .with_double(&held(150, &go_on))
            .args(["--progress", "json", "--force", "-w1"])
            .args([&first, &video, &last])
            .start();
        running.wait_for("the middle", |event| {
            matches!(
                event,
                Event::Progress(Progress {
                    input: 2,
                    frames_done: 20..,
                    ..
                })
            )
        });
        change();
        fs::write(go_on, "").unwrap();
        let ended = running.wait().expect_code(1);
        ended.expect_line(&["error:", "2.mp4", "changed while it was read", word]);
        let mut expected = vec!["1.csv", "1.run.json", "3.csv", "3.run.json"];
        if word == "is gone" {
            // It may come back, and then work goes on; what was read of another is worth nothing.
            expected.insert(2, "2.faceau-job");
        }
        assert_eq!(bench.outputs(), expected, "{word}");
    }
}

/// A raw video of black frames, `stored` of which are really there.
fn write_raw(path: &Path, width: usize, height: usize, stored: usize) {
    let mut file = fs::File::create(path).unwrap();
    let header = format!("YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg\n");
    file.write_all(header.as_bytes()).unwrap();
    let colours = 2 * width.div_ceil(2) * height.div_ceil(2);
    for _ in 0..stored {
        file.write_all(b"FRAME\n").unwrap();
        file.write_all(&vec![16; width * height]).unwrap();
        file.write_all(&vec![128; colours]).unwrap();
    }
}

/// The header of a PNG file of this size, and nothing else.
fn write_png_header(path: &Path, width: u32, height: u32) {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 2, 0, 0, 0]);
    let crc = !chunk.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    file.extend(chunk);
    file.extend(crc.to_be_bytes());
    // The beginning of its pixels, without which no decoder takes it for an image.
    file.extend(b"\0\0\0\x08IDAT\x78\x9c\0\0\0\0\0\0");
    fs::write(path, file).unwrap();
}

#[test]
fn frames_that_are_too_large_are_refused_before_memory_is_taken() {
    let bench = Bench::new();
    let [large, huge, good] = ["large.y4m", "huge.y4m", "good.mp4"].map(|name| bench.path(name));
    write_raw(&large, 15_000, 15_000, 0);
    write_raw(&huge, 100_000, 100_000, 0);
    write_numbered(&good, 3);
    let images = bench.path("images");
    fs::create_dir(&images).unwrap();
    Picture::numbered(0).save(&images.join("0.png"));
    write_png_header(&images.join("1.png"), 100_000, 100_000);

    let ended = double(&bench)
        .args([&large, &huge, &images, &good])
        .run()
        .expect_code(1);
    ended.expect_line(&["error", "large.y4m", "15000 x 15000", "too large"]);
    ended.expect_line(&["error", "huge.y4m"]);
    ended.expect_line(&["1 of 2 images", "1.png", "100000 x 100000", "too large"]);
    assert_eq!(bench.record("images").frames.failed.len(), 1);
    let expected = ["good.csv", "good.run.json", "images.csv", "images.run.json"];
    assert_eq!(bench.outputs(), expected);
}

/// Takes minutes: `cargo test --release -p faceau-tests --test overnight -- --ignored --nocapture`.
/// What makes memory flat has unit tests of its own; here it is seen in the process.
#[test]
#[ignore = "takes minutes"]
#[cfg(target_os = "linux")]
fn the_supervisors_memory_does_not_grow_with_the_video() {
    const FRAMES: usize = 100_000;
    let bench = Bench::new();
    let video = bench.path("long.mp4");
    write_numbered(&video, FRAMES);
    let mut running = double(&bench)
        .args(["--progress", "json", "-w2"])
        .arg(&video)
        .start();
    let status = format!("/proc/{}/status", running.pid());
    let resident = || -> f64 {
        let status = fs::read_to_string(&status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kilobytes.parse::<f64>().unwrap() / 1024.0
    };
    let mut early = 0.0;
    for frames in [5_000, 20_000, 50_000, 80_000, FRAMES] {
        running.wait_for_frames(frames);
        let megabytes = resident();
        println!("{frames} frames: {megabytes:.1} MB");
        if frames == 5_000 {
            early = megabytes;
        }
        assert!(megabytes < 1.05 * early, "{megabytes} after {early}");
    }
    running.wait().expect_code(0);
    assert_eq!(bench.table("long.csv").rows.len(), FRAMES);
}

/// An input that brings down the whole program does not bring down every night.
#[test]
fn an_input_on_which_two_runs_died_is_passed_over() {
    use rustix::process::Signal;

    let bench = Bench::new();
    let videos = ["a.mp4", "deadly.mp4", "z.mp4"].map(|name| bench.path(name));
    for (video, frames) in videos.iter().zip([5, 30, 6]) {
        write_numbered(video, frames);
    }
    let run = |arguments: &[&str]| {
        bench
            .with_double(&Orders::always(20, Misdeed::AbortSupervisor))
            .args(["-w", "1"])
            .args(arguments)
            .args(&videos)
            .run()
    };
    // What comes before it is done the first time, what comes behind it the second.
    run(&[]).expect_signal(Signal::ABORT);
    assert!(bench.out().join("a.csv").exists());
    assert!(!bench.out().join("z.csv").exists());
    run(&[]).expect_signal(Signal::ABORT);
    assert_eq!(bench.table("z.csv").rows.len(), 6);
    for _ in 0..2 {
        let ended = run(&[]).expect_code(1);
        ended.expect_line(&["error", "deadly.mp4", "passed over", "--force"]);
        let last = ended.stderr.find("error:").unwrap();
        assert!(last > ended.stderr.find("z.mp4: skipped").unwrap());
    }
    // By itself it is tried whenever it is named, and with --force.
    run(&["--force"]).expect_signal(Signal::ABORT);
    let well = |videos: &[PathBuf]| double(&bench).arg("--force").args(videos).run();
    well(&videos).expect_code(0);
    assert_eq!(bench.table("deadly.csv").rows.len(), 30);
    // Nothing of it is remembered once it went well.
    run(&[]).expect_code(0);
}

/// What a failed job has left belongs to its own input alone.
#[test]
fn what_a_failed_job_left_is_not_in_the_way_of_another_input() {
    let bench = Bench::new();
    let [bad, other] = ["bad.mp4", "other.mp4"].map(|name| bench.path(name));
    write_numbered(&bad, 600);
    write_numbered(&other, 7);
    let run = |orders: &Orders, video: &Path| {
        bench
            .with_double(orders)
            .args(["-w", "1", "-o", "t.csv"])
            .arg(video)
            .run()
    };
    // It fails behind what has been kept: whatever frame comes then, no worker lives.
    let deadly = Orders {
        fault: None,
        crash_from: Some(400),
        ..Orders::default()
    };
    let failed = run(&deadly, &bad).expect_code(1);
    failed.expect_line(&["warning", "t.faceau-job"]);
    // The same input goes on, and fails again.
    run(&deadly, &bad)
        .expect_code(1)
        .expect_line(&["goes on where"]);
    run(&Orders::default(), &other).expect_code(0);
    assert_eq!(bench.table("t.csv").rows.len(), 7);
    assert_eq!(bench.outputs(), ["t.csv", "t.run.json"]);
}
