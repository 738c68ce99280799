//! Work that was interrupted goes on, and the result is that of a run which was never disturbed.

use std::fs;
use std::path::{Path, PathBuf};

use faceau_tests::double::{Hold, Orders};
use faceau_tests::events::Event;
use faceau_tests::program::{Bench, Ended, Running, Supervisor};
use faceau_tests::video::{Picture, Recipe, write_numbered};
use faceau_vision::testing::Sequence;
use rustix::process::Signal;

const FRAMES: usize = 600;

/// A video in which a face comes and goes.
fn write_video(path: &Path) {
    let picture = |i: usize| {
        if i % 50 == 7 {
            Picture::black()
        } else {
            Picture::numbered(i)
        }
    };
    Recipe::default().write(path, (0..FRAMES).map(picture));
}

/// All bytes below a folder, by name.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// The outputs that must not depend on what happened on the way.
fn results(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = contents(folder);
    found.retain(|(path, _)| !path.to_string_lossy().ends_with(".run.json"));
    for (path, _) in &mut found {
        *path = path.strip_prefix(folder).unwrap().to_owned();
    }
    found
}

fn expect_nothing_else(bench: &Bench, expected: &[&str]) {
    assert_eq!(bench.outputs(), expected);
    #[cfg(target_os = "linux")]
    {
        faceau_tests::processes::expect_marked(&bench.mark(), 0);
        assert_eq!(faceau_tests::processes::shared_memory_left(), [""; 0]);
    }
}

fn json(supervisor: Supervisor) -> Supervisor {
    supervisor.args(["--progress", "json"])
}

/// Frames that a run knew from an earlier one.
fn known(events: &[Event]) -> usize {
    events
        .iter()
        .find_map(|event| match event {
            Event::Resumed { frames, .. } => Some(*frames),
            _ => None,
        })
        .unwrap_or(0)
}

/// Interrupts runs of `supervisor` at random moments until there were `times` of them; whenever one
/// ends undisturbed, its results must be those of `reference`. Returns how often that was.
fn interrupt_again_and_again(
    bench: &Bench,
    supervisor: impl Fn() -> Supervisor,
    signal: Signal,
    times: usize,
    reference: &[(PathBuf, Vec<u8>)],
    outputs: &[&str],
) -> usize {
    let mut random = Sequence::new(7);
    let undisturbed = json(supervisor()).arg("--force").run().expect_code(0);
    for name in outputs {
        let path = bench.out().join(name);
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
    let (mut interrupted, mut completed, mut went_on) = (0, 0, 0);
    while interrupted < times || !bench.out().join("a.csv").exists() {
        let mut running = json(supervisor()).start();
        if interrupted < times {
            // Any moment, from before the first frame to after the last one.
            let moment = (random.signed() + 1.0) / 2.0 * 1.1;
            std::thread::sleep(undisturbed.took.mul_f64(moment));
            if running.is_running() {
                running.signal(signal);
            }
        }
        let ended = running.wait();
        went_on += usize::from(known(&ended.events()) > 0);
        if ended.status.code() != Some(0) {
            let ended = ended.expect_signal(signal);
            interrupted += 1;
            for name in bench.outputs() {
                let ours = ["a.faceau-job", "a.partial.csv", "a.partial.run.json"];
                let other = outputs.contains(&name.as_str()) || name.starts_with("a.partial");
                assert!(ours.contains(&&*name) || other, "{name} after {ended:#?}");
            }
            // A kill between the last rename and the end: the next run finds it done.
            continue;
        }
        completed += 1;
        expect_nothing_else(bench, outputs);
        assert!(results(&bench.out()) == reference, "{:#?}", ended.stderr);
        assert!(bench.record("a").complete);
        if interrupted < times {
            for name in outputs {
                let path = bench.out().join(name);
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
            }
        }
    }
    // Runs did go on where others had ended, or the test proves little.
    assert!(went_on >= times / 4, "{went_on} of {times}");
    completed
}

fn reference(bench: &Bench, supervisor: Supervisor) -> Vec<(PathBuf, Vec<u8>)> {
    supervisor.run().expect_code(0);
    let found = results(&bench.out());
    for name in bench.outputs() {
        let path = bench.out().join(name);
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
    }
    found
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_video(&video);
    let orders = Orders {
        frame_takes: 1,
        ..Orders::default()
    };
    let run = || {
        bench
            .with_double(&orders)
            .args(["--workers", "2"])
            .arg(&video)
    };
    let reference = reference(&bench, run());
    let outputs = ["a.csv", "a.run.json"];
    interrupt_again_and_again(&bench, run, Signal::KILL, 50, &reference, &outputs);
}

#[test]
fn stopped_at_any_moment_it_goes_on() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_video(&video);
    let orders = Orders {
        frame_takes: 1,
        ..Orders::default()
    };
    let run = || {
        bench
            .with_double(&orders)
            .args(["--workers", "3"])
            .arg(&video)
    };
    let reference = reference(&bench, run());
    let outputs = ["a.csv", "a.run.json"];
    interrupt_again_and_again(&bench, run, Signal::INT, 50, &reference, &outputs);
}

/// With extra outputs, and with the real worker, whose trackers remember frames.
#[test]
fn everything_that_is_wanted_goes_on() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_video(&video);
    let run = || {
        bench
            .supervisor()
            .args(["--hog", "--aligned", "--workers", "2"])
            .arg(&video)
    };
    let reference = reference(&bench, run());
    let outputs = ["a.csv", "a.hog", "a.run.json", "a_aligned"];
    interrupt_again_and_again(&bench, run, Signal::KILL, 12, &reference, &outputs);
}

/// A long video, a run of the double that was stopped in the middle of it, and the double's orders
/// without what held it up.
fn interrupted(bench: &Bench, arguments: &[&str]) -> (PathBuf, Orders) {
    let (video, gate) = (bench.path("a.mp4"), bench.path("gate"));
    write_numbered(&video, FRAMES);
    let mut orders = Orders {
        hold: Some(Hold {
            from: 400,
            until: gate.clone(),
        }),
        ..Orders::default()
    };
    let mut running = json(bench.with_double(&orders))
        .args(["--workers", "2"])
        .args(arguments)
        .arg(&video)
        .start();
    running.wait_for_frames(350);
    kill(running);
    assert!(bench.outputs().contains(&"a.faceau-job".to_owned()));
    orders.hold = None;
    (video, orders)
}

fn kill(running: Running) {
    running.signal(Signal::KILL);
    running.wait().expect_signal(Signal::KILL);
}

#[test]
fn other_work_is_not_mixed_in() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &[]);
    // Nobody holds the lock any more, and what is told of a batch is no work.
    let kept = || {
        let mut kept = contents(&bench.out());
        kept.retain(|(path, _)| !path.ends_with("lock") && !path.ends_with("batch.json"));
        kept
    };
    let before = kept();
    let refused = |arguments: &[&str], part: &str| {
        let ended = bench
            .with_double(&orders)
            .args(arguments)
            .arg(&video)
            .run()
            .expect_code(1);
        ended.expect_line(&["a.faceau-job", part, "--restart"]);
        assert!(kept() == before, "{part}");
    };
    refused(&["--redetect", "30"], "redetect_every was 0 and is 30");
    refused(&["--columns", "aus"], "columns");

    // Another model of the same name.
    let model = some_model(&bench.models());
    let original = fs::read(&model).unwrap();
    let mut altered = original.clone();
    // A support vector's last digit.
    *altered.last_mut().unwrap() ^= 1;
    fs::write(&model, &altered).unwrap();
    refused(&[], "other model files");
    fs::write(&model, original).unwrap();

    // Another video of the same name.
    let original = fs::read(&video).unwrap();
    write_numbered(&video, FRAMES - 1);
    refused(&[], "the input is not the same");
    fs::write(&video, original).unwrap();

    // As before it is continued; more workers and a quiet terminal are no other work.
    let ended = json(bench.with_double(&orders))
        .args(["--workers", "3", "--quiet"])
        .arg(&video)
        .run()
        .expect_code(0);
    assert!(known(&ended.events()) > 100, "{:?}", ended.events());
    expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
}

/// A predictor of an action unit.
fn some_model(folder: &Path) -> PathBuf {
    let mut files = contents(folder).into_iter().map(|(path, _)| path);
    let is_predictor = |path: &PathBuf| {
        path.to_string_lossy()
            .ends_with("_dynamic_intensity_comb.dat")
    };
    files.find(is_predictor).expect("there are predictors")
}

#[test]
fn restart_begins_anew() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &[]);
    let ended = json(bench.with_double(&orders))
        .args(["--redetect", "30", "--restart"])
        .arg(&video)
        .run()
        .expect_code(0);
    assert_eq!(known(&ended.events()), 0);
    assert_eq!(bench.record("a").options.redetect_every, 30);
    expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
}

#[test]
fn one_output_has_one_writer() {
    let bench = Bench::new();
    let (video, gate) = (bench.path("a.mp4"), bench.path("gate"));
    write_numbered(&video, 300);
    let orders = Orders {
        hold: Some(Hold {
            from: 100,
            until: gate.clone(),
        }),
        ..Orders::default()
    };
    let mut first = json(bench.with_double(&orders)).arg(&video).start();
    first.wait_for_frames(20);
    let second = bench.with_double(&orders).arg(&video).run().expect_code(1);
    second.expect_line(&["a.csv", &format!("process {}", first.pid()), "already"]);
    // Nor does it help to be told to throw things away.
    bench
        .with_double(&orders)
        .arg("--restart")
        .arg(&video)
        .run()
        .expect_code(1);
    // Another output is nobody's business.
    let other = bench.path("other.csv");
    fs::write(&gate, "").unwrap();
    let third = bench.with_double(&orders).arg("-o").arg(&other).arg(&video);
    third.run().expect_code(0);
    first.wait().expect_code(0);
    assert!(fs::read(&other).unwrap() == fs::read(bench.out().join("a.csv")).unwrap());
    expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
}

/// Whatever happened to the journal's bytes, the result is right.
#[test]
fn a_damaged_journal_never_gives_a_wrong_result() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &[]);
    let journal = bench.out().join("a.faceau-job/journal");
    let good = fs::read(&journal).unwrap();
    let run = || json(bench.with_double(&orders)).arg(&video).run();
    let ended = run().expect_code(0);
    let all = known(&ended.events());
    assert!(all > 100);
    let expected = fs::read(bench.out().join("a.csv")).unwrap();

    let mut random = Sequence::new(3);
    let mut anywhere = || (((random.signed() + 1.0) / 2.0) * (good.len() - 1) as f64) as usize;
    let mut went_on = 0;
    for round in 0..12 {
        fs::remove_file(bench.out().join("a.csv")).unwrap();
        fs::create_dir(bench.out().join("a.faceau-job")).unwrap();
        let mut bytes = good.clone();
        let at = anywhere();
        match round % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << (round % 8),
            _ => {
                bytes.truncate(at);
                bytes.extend_from_slice(&good[good.len() - at.min(5000)..]);
            }
        }
        fs::write(&journal, &bytes).unwrap();
        let ended = run();
        if ended.status.code() == Some(1) {
            // Not even a journal any more.
            ended.expect_line(&["--restart"]);
            assert!(at < 12, "{at}");
            fs::remove_dir_all(bench.out().join("a.faceau-job")).unwrap();
            run().expect_code(0);
            continue;
        }
        let ended = ended.expect_code(0);
        went_on += usize::from(known(&ended.events()) > 0);
        assert!(known(&ended.events()) <= all);
        assert!(fs::read(bench.out().join("a.csv")).unwrap() == expected);
        expect_nothing_else(&bench, &["a.csv", "a.run.json"]);
    }
    assert!(went_on >= 6, "{went_on}");
}

/// A run that was killed while its outputs appeared is finished by the next one, and what lay there
/// is not taken for somebody else's.
#[test]
fn half_of_the_outputs_are_completed() {
    let bench = Bench::new();
    let (video, orders) = interrupted(&bench, &["--hog"]);
    let run = || {
        json(bench.with_double(&orders))
            .arg("--hog")
            .arg(&video)
            .run()
    };
    run().expect_code(0);
    let whole = results(&bench.out());
    let outputs = bench.outputs();
    // The journal of a run that was killed after its first output: with the mark of that moment.
    for name in &outputs {
        fs::remove_file(bench.out().join(name)).unwrap();
    }
    let (_, _) = interrupted(&bench, &["--hog"]);
    let journal = bench.out().join("a.faceau-job/journal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes.extend_from_slice(&publishing_block());
    fs::write(&journal, bytes).unwrap();
    fs::write(bench.out().join("a.hog"), "of the killed run").unwrap();
    run().expect_code(0);
    assert!(results(&bench.out()) == whole);
    expect_nothing_else(&bench, &["a.csv", "a.hog", "a.run.json"]);
}

/// A block of kind 4 without content, as `docs/journal.md` describes it.
fn publishing_block() -> Vec<u8> {
    let covered = [0, 0, 0, 0, 4];
    let mut block = vec![0, 0, 0, 0];
    block.extend_from_slice(&crc32(&covered).to_le_bytes());
    block.push(4);
    block
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

/// A small disk of its own, which fills up and is cleared again.
#[cfg(target_os = "linux")]
mod full_disk {
    use super::*;
    use std::process::Command;

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
        let Event::Paused {
            reason,
            needed,
            free,
            ..
        } = paused
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
        let Event::Start { pid, .. } = started else {
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
}
