//! A disk that fills up: work waits for room and goes on, or is stopped and kept; what does not fit is
//! not begun. The disk is a small one of its own, in a name space of its own.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use faceau_tests::double::{Hold, Orders};
use faceau_tests::events::{Event, Paused, Start};
use faceau_tests::program::{Bench, Ended, Running, Supervisor};
use faceau_tests::results::{expect_nothing_else, known, results};
use faceau_tests::video::write_numbered;
use rustix::process::Signal;

const FRAMES: usize = 600;

fn json(supervisor: Supervisor) -> Supervisor {
    supervisor.args(["--progress", "json"])
}

/// Runs the program with its output folder on a disk of its own, in a name space of its own,
/// and copies the outputs to `kept` in the end.
fn on_small_disk(bench: &Bench, supervisor: Supervisor) -> Supervisor {
    let kept = bench.path("kept");
    fs::create_dir_all(&kept).unwrap();
    let script = format!(
        "exec unshare -rm /bin/sh -c 'mount -t tmpfs -o size=96m tmpfs . && cd \"$(pwd)\" || \
         exit 99; \"$@\"; code=$?; rm -f ballast; cp -r . \"{}\"; exit $code' sh \"$@\"",
        kept.display()
    );
    supervisor.through_shell(&script)
}

fn possible() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs"])
        .arg(folder.path())
        .output();
    let possible = mounted.is_ok_and(|output| output.status.success());
    if !possible {
        println!("skipped: this system lets nobody but root mount a small disk");
    }
    possible
}

/// The output folder as the program sees it.
fn inside(bench: &Bench, running: &Running, name: &str) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", running.pid()));
    let out = bench.out().canonicalize().unwrap();
    root.join(out.strip_prefix("/").unwrap()).join(name)
}

fn fill(ballast: &Path) {
    use std::io::Write;
    let mut file = fs::File::create(ballast).unwrap();
    let block = vec![7; 1 << 16];
    while file.write_all(&block).is_ok() {}
    while file.write_all(&[7]).is_ok() {}
}

fn held(bench: &Bench) -> (PathBuf, Orders, PathBuf) {
    let (video, gate) = (bench.path("a.mp4"), bench.path("gate"));
    write_numbered(&video, FRAMES);
    let orders = Orders {
        frame_takes: 2,
        hold: Some(Hold {
            from: 300,
            until: gate.clone(),
        }),
        ..Orders::default()
    };
    (video, orders, gate)
}

fn start(bench: &Bench) -> Option<(Running, PathBuf, Orders, PathBuf)> {
    if !possible() {
        return None;
    }
    let (video, orders, gate) = held(bench);
    let supervisor = json(bench.with_double(&orders))
        .args(["--workers", "2"])
        .arg(&video);
    let running = on_small_disk(bench, supervisor).start();
    Some((running, video, orders, gate))
}

#[test]
fn it_waits_for_room_and_goes_on() {
    let bench = Bench::new();
    let Some((mut running, video, orders, gate)) = start(&bench) else {
        return;
    };
    running.wait_for_frames(250);
    let ballast = inside(&bench, &running, "ballast");
    fill(&ballast);
    fs::write(&gate, "").unwrap();
    let paused = running.wait_for("a pause", |event| event.name() == "paused");
    let Event::Paused(Paused {
        reason,
        needed,
        free,
        ..
    }) = paused
    else {
        panic!("{paused:?}");
    };
    assert!(reason.contains("a.csv") && needed > free, "{reason}");
    fs::remove_file(&ballast).unwrap();
    running.wait_for("its end", |event| event.name() == "continued");
    let ended: Ended = running.wait().expect_code(0);
    ended.expect_line(&["full", "a.csv"]);

    bench.with_double(&orders).arg(&video).run().expect_code(0);
    assert!(results(&bench.out()) == results(&bench.path("kept")));
}

#[test]
fn while_it_waits_it_can_be_stopped_and_keeps_everything() {
    let bench = Bench::new();
    let Some((mut running, video, mut orders, gate)) = start(&bench) else {
        return;
    };
    let started = running.wait_for("the start", |event| event.name() == "start");
    let Event::Start(Start { pid, .. }) = started else {
        panic!("{started:?}");
    };
    running.wait_for_frames(250);
    fill(&inside(&bench, &running, "ballast"));
    fs::write(&gate, "").unwrap();
    running.wait_for("a pause", |event| event.name() == "paused");
    let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
    rustix::process::kill_process(pid, Signal::INT).unwrap();
    let ended = running.wait();
    assert_eq!(ended.status.code(), Some(130), "{ended:#?}");

    // What was kept is continued, on a disk with room.
    let kept = bench.path("kept");
    fs::remove_dir(bench.out()).unwrap();
    fs::rename(&kept, bench.out()).unwrap();
    orders.hold = None;
    let ended = json(bench.with_double(&orders))
        .arg(&video)
        .run()
        .expect_code(0);
    assert!(known(&ended.events()) > 0);
    expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
}

#[test]
fn what_does_not_fit_is_not_begun() {
    if !possible() {
        return;
    }
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, FRAMES);
    let supervisor = bench
        .with_double(&Orders::default())
        .args(["--hog", "--aligned"])
        .arg(&video);
    let ended = on_small_disk(&bench, supervisor).run().expect_code(1);
    ended.expect_line(&["a.csv", "MB", "free"]);
    assert_eq!(results(&bench.path("kept")), []);
}
