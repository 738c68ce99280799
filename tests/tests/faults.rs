//! Everything that can go wrong with workers while a video is analysed, one fault after another:
//! nothing is left behind, and the table is the undisturbed one to the byte.
//!
//! What the simplest faults look like to the user is in `workers_that_fail.rs`.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use faceau_tests::double::{Misdeed, Orders};
use faceau_tests::events::{Event, Progress};
use faceau_tests::pipelines::{self, OPENFACE3_FOLLOWING, PFLD};
use faceau_tests::processes::{expect_marked, marked, shared_memory_left};
use faceau_tests::program::{Bench, Ended, Running, Supervisor};
use faceau_tests::video::write_numbered;
use rustix::process::{Pid, Signal, kill_process};

const FRAMES: usize = 300;

/// A video, and the bytes of its table when nothing goes wrong.
fn prepare(bench: &Bench, frames: usize) -> (PathBuf, Vec<u8>) {
    let video = bench.path("a.mp4");
    write_numbered(&video, frames);
    let csv = bench.path("undisturbed.csv");
    bench
        .with_double(&Orders::default())
        .arg("-o")
        .arg(&csv)
        .arg(&video)
        .run()
        .expect_code(0);
    (video, fs::read(csv).unwrap())
}

/// The table is there and as it should be, and nothing else is.
#[track_caller]
fn expect_undisturbed(bench: &Bench, undisturbed: &[u8]) {
    assert!(fs::read(bench.out().join("a.csv")).unwrap() == undisturbed);
    expect_nothing_left(bench);
}

#[track_caller]
fn expect_nothing_left(bench: &Bench) {
    expect_marked(&bench.mark(), 0);
    assert_eq!(shared_memory_left(), [""; 0]);
    for name in bench.outputs() {
        assert!(!name.contains("unfinished"), "{name} is left");
    }
}

fn json(supervisor: Supervisor) -> Supervisor {
    supervisor.args(["--force", "--progress", "json"])
}

/// The workers of a supervisor, as far as they have started.
fn workers(bench: &Bench, running: &Running) -> Vec<Pid> {
    let pids = marked(&bench.mark()).into_iter();
    let workers = pids.filter(|&pid| pid != running.pid());
    workers
        .filter_map(|pid| Pid::from_raw(pid as i32))
        .collect()
}

#[test]
fn answers_that_nobody_asked_for() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, FRAMES);
    for (number, (misdeed, words)) in [
        (Misdeed::Twice, "which it did not have"),
        (Misdeed::WrongFrame, "which it did not have"),
        (Misdeed::Late(1500), "no answer for 1 s"),
        (Misdeed::Killed, "signal 9 (SIGKILL)"),
    ]
    .into_iter()
    .enumerate()
    {
        let marker = bench.path(format!("done{number}"));
        let ended = json(bench.with_double(&Orders::once(137, misdeed, marker.clone())))
            .args(["--frame-timeout", "1", "--workers", "2"])
            .arg(&video)
            .run()
            .expect_code(0);
        assert!(marker.exists());
        ended.expect_line(&["warning", "a.mp4", words]);
        expect_undisturbed(&bench, &undisturbed);
    }
}

/// Workers are killed from outside, again and again, whatever they are doing: starting, waiting,
/// working.
fn kill_workers(
    bench: &Bench,
    supervisor: impl Fn() -> Supervisor,
    kills: usize,
    undisturbed: &[u8],
) {
    let mut random = faceau_vision::testing::Sequence::new(5);
    let mut killed = 0;
    while killed < kills {
        let mut running = json(supervisor()).start();
        let mut done = 0;
        loop {
            // Some progress first, so that no frame is met three times.
            let more = 40 + (random.signed().abs() * 60.0) as usize;
            let event = running.wait_for("progress or the end", |event| match event {
                Event::Progress(Progress { frames_done, .. }) => *frames_done >= done + more,
                event => event.name() == "input_end",
            });
            let Event::Progress(Progress { frames_done, .. }) = event else {
                break;
            };
            done = frames_done;
            let workers = workers(bench, &running);
            if workers.is_empty() {
                continue;
            }
            let pick = (random.signed().abs() * workers.len() as f64) as usize % workers.len();
            killed += usize::from(kill_process(workers[pick], Signal::KILL).is_ok());
        }
        running.wait().expect_code(0);
        expect_undisturbed(bench, undisturbed);
        assert_eq!(bench.record("a").frames.failed.len(), 0);
    }
}

#[test]
fn workers_killed_at_fifty_random_moments() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, 1200);
    let orders = Orders {
        frame_takes: 2,
        ..Orders::default()
    };
    let run = || {
        let supervisor = bench.with_double(&orders);
        supervisor.args(["--workers", "3"]).arg(&video)
    };
    kill_workers(&bench, run, 50, &undisturbed);
}

/// The same with real workers, whose trackers remember frames.
#[test]
fn real_workers_killed_at_random_moments() {
    for pipeline in [PFLD, OPENFACE3_FOLLOWING] {
        let bench = pipelines::bench();
        let video = bench.path("a.mp4");
        write_numbered(&video, FRAMES);
        let run = || {
            let supervisor = pipeline.supervisor(&bench);
            supervisor.args(["--workers", "2"]).arg(&video)
        };
        run().run().expect_code(0);
        let undisturbed = fs::read(bench.out().join("a.csv")).unwrap();
        kill_workers(&bench, run, 6, &undisturbed);
    }
}

#[test]
fn what_a_worker_leaves_behind_goes_with_it() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, FRAMES);
    let with_child = |orders: Orders| Orders {
        has_child: true,
        ..orders
    };
    // It leaves when told to; it crashes; its supervisor is stopped, and killed.
    json(bench.with_double(&with_child(Orders::default())))
        .arg(&video)
        .run()
        .expect_code(0);
    expect_undisturbed(&bench, &undisturbed);
    let crash = Orders::once(137, Misdeed::Crash, bench.path("crashed"));
    json(bench.with_double(&with_child(crash)))
        .arg(&video)
        .run()
        .expect_code(0);
    expect_undisturbed(&bench, &undisturbed);
    for signal in [Signal::INT, Signal::KILL] {
        let slow = Orders {
            frame_takes: 10,
            ..Orders::default()
        };
        let mut running = json(bench.with_double(&with_child(slow)))
            .arg(&video)
            .start();
        running.wait_for_frames(1);
        running.signal(signal);
        running.wait().expect_signal(signal);
        expect_marked(&bench.mark(), 0);
    }
}

#[test]
fn a_worker_that_will_not_leave_is_made_to() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, FRAMES);
    let orders = Orders {
        ignores_stop: true,
        ignores_sigterm: true,
        ..Orders::default()
    };
    let ended = json(bench.with_double(&orders)).arg(&video).run();
    ended.expect_code(0);
    expect_undisturbed(&bench, &undisturbed);
}

#[test]
fn workers_that_grow_are_replaced() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, 2000);
    // Beyond the limit after some 100 frames, which take longer than a look at the memory.
    let orders = Orders {
        frame_takes: 5,
        grows_by: 1 << 20,
        ..Orders::default()
    };
    let ended = json(bench.with_double(&orders))
        .args(["--worker-memory", "128", "--workers", "2", "--verbose"])
        .arg(&video)
        .run()
        .expect_code(0);
    assert!(ended.stderr.contains("MB of memory"), "{ended:#?}");
    expect_undisturbed(&bench, &undisturbed);
    let record = bench.record("a");
    assert!(record.timing.workers_started > 3);
    // Nobody was lost: they left.
    assert_eq!(record.warnings, [""; 0]);
}

#[test]
fn workers_are_replaced_after_so_many_frames() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, 1200);
    json(bench.with_double(&Orders::default()))
        .args(["--recycle-after", "100", "--workers", "2"])
        .arg(&video)
        .run()
        .expect_code(0);
    expect_undisturbed(&bench, &undisturbed);
    let record = bench.record("a");
    // One that has done 100 frames leaves at the end of its segment: it did 99 before at the most,
    // and no segment is twice as long as they are on average.
    let most_each = 99 + 2 * 1200 / record.input.segments;
    let fewest = 1200_usize.div_ceil(most_each);
    assert!(record.timing.workers_started as usize >= fewest.max(4));
    assert_eq!(record.warnings, [""; 0]);
}

fn state(pid: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default().trim_start();
    behind.chars().next().unwrap_or('?')
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < faceau_tests::DEADLINE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Ctrl+Z stops workers and supervisor for longer than a frame may take; `fg` lets them go on.
#[test]
fn a_pause_stops_everybody_and_costs_nothing() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, FRAMES);
    let orders = Orders {
        frame_takes: 5,
        ..Orders::default()
    };
    let mut running = json(bench.with_double(&orders))
        .args(["--frame-timeout", "1", "--workers", "2"])
        .arg(&video)
        .start();
    running.wait_for_frames(20);
    running.signal(Signal::TSTP);
    wait_until("all are stopped", || {
        marked(&bench.mark())
            .into_iter()
            .all(|pid| state(pid) == 'T')
    });
    let stopped = marked(&bench.mark());
    // The time that passes here is what is tested.
    std::thread::sleep(Duration::from_millis(2500));
    running.signal(Signal::CONT);
    let ended = running.wait().expect_code(0);
    assert!(stopped.len() >= 2, "{stopped:?}");
    assert!(!ended.stderr.contains("no answer"), "{}", ended.stderr);
    expect_undisturbed(&bench, &undisturbed);
    assert_eq!(bench.record("a").timing.workers_started, 2);
}

/// A supervisor that is killed while everybody is stopped takes its workers along all the same.
#[test]
fn a_pause_that_ends_in_death_leaves_nobody() {
    let bench = Bench::new();
    let (video, _) = prepare(&bench, FRAMES);
    let orders = Orders {
        frame_takes: 5,
        ..Orders::default()
    };
    let mut running = json(bench.with_double(&orders)).arg(&video).start();
    running.wait_for_frames(20);
    running.signal(Signal::TSTP);
    wait_until("all are stopped", || {
        marked(&bench.mark())
            .into_iter()
            .all(|pid| state(pid) == 'T')
    });
    running.signal(Signal::KILL);
    running.wait().expect_signal(Signal::KILL);
    expect_marked(&bench.mark(), 0);
}

#[test]
fn nohup_outlives_its_terminal() {
    let bench = Bench::new();
    let (video, undisturbed) = prepare(&bench, FRAMES);
    let orders = Orders {
        frame_takes: 2,
        ..Orders::default()
    };
    let mut running = json(bench.with_double(&orders))
        .arg(&video)
        .through_shell(r#"trap '' HUP; exec "$@""#)
        .start();
    running.wait_for_frames(20);
    running.signal(Signal::HUP);
    running.wait().expect_code(0);
    expect_undisturbed(&bench, &undisturbed);
}

/// Signals that a closed terminal sends are not taken for impatience.
#[test]
fn a_terminal_that_goes_away_is_one_request() {
    let bench = Bench::new();
    let (video, _) = prepare(&bench, 1000);
    let orders = Orders {
        frame_takes: 2,
        ..Orders::default()
    };
    let mut running = json(bench.with_double(&orders))
        .args(["--workers", "1"])
        .arg(&video)
        .start();
    running.wait_for_frames(20);
    for _ in 0..5 {
        running.signal(Signal::HUP);
        std::thread::sleep(Duration::from_millis(10));
    }
    let ended: Ended = running.wait().expect_signal(Signal::HUP);
    let partial = bench.table("a.partial.csv");
    // What was being worked on was finished: the first segment, or a piece of it.
    assert!(
        partial.rows.len() >= 60,
        "{} {ended:#?}",
        partial.rows.len()
    );
    expect_nothing_left(&bench);
}
