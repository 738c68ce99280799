//! Being stopped, in all ways: what is right so far is kept, nothing half-done carries a final
//! name, and no process stays behind.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use faceau_tests::double::{Hold, Misdeed, Orders, Start};
use faceau_tests::events::{End, Event, InputEnd, Progress};
use faceau_tests::pipelines::{self, OPENFACE3};
use faceau_tests::program::{Bench, Running, Supervisor};
use faceau_tests::table::Table;
use faceau_tests::video::write_numbered;
use rustix::process::Signal;

fn json(supervisor: Supervisor) -> Supervisor {
    supervisor.args(["--progress", "json", "--workers", "2"])
}

/// A long video and the double that waits at its frame `from` until the returned file exists, so
/// that it cannot end too early.
fn long_video(bench: &Bench, from: u64) -> (PathBuf, Orders, PathBuf) {
    let (video, gate) = (bench.path("long.mp4"), bench.path("gate"));
    write_numbered(&video, 1500);
    let orders = Orders {
        frame_takes: 1,
        hold: Some(Hold {
            from,
            until: gate.clone(),
        }),
        ..Orders::default()
    };
    (video, orders, gate)
}

fn expect_nothing_left(bench: &Bench) {
    for name in bench.outputs() {
        assert!(!name.contains("unfinished"), "{name} is left");
    }
    #[cfg(target_os = "linux")]
    {
        faceau_tests::processes::expect_marked(&bench.mark(), 0);
        assert_eq!(faceau_tests::processes::shared_memory_left(), [""; 0]);
    }
}

#[test]
fn a_stopped_run_keeps_what_it_has() {
    let bench = Bench::new();
    let (video, orders, gate) = long_video(&bench, 700);
    let full = bench.path("full.csv");
    bench
        .with_double(&Orders::default())
        .arg("-o")
        .arg(&full)
        .arg(&video)
        .run()
        .expect_code(0);
    let full = Table::read(&full);
    let next = bench.path("next.mp4");
    write_numbered(&next, 3);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut running = json(bench.with_double(&orders))
            .arg("--force")
            .args([&video, &next])
            .start();
        running.wait_for_frames(200);
        running.signal(signal);
        fs::write(&gate, "").unwrap();
        let ended = running.wait().expect_signal(signal);
        let files = [
            "long.faceau-job",
            "long.partial.csv",
            "long.partial.run.json",
        ];
        assert_eq!(bench.outputs(), files);

        let partial = bench.table("long.partial.csv");
        let rows = partial.rows.len();
        assert!((1..1500).contains(&rows), "{rows}");
        assert_eq!(partial.header, full.header);
        assert!(partial.frame_columns(rows) == full.frame_columns(rows));
        let record = bench.record("long.partial");
        assert!(!record.complete);
        assert_eq!((record.frames.written, record.input.frames), (rows, 1500));

        let events = ended.events();
        let exit_code = 128 + signal.as_raw();
        let [
            ..,
            Event::InputEnd(InputEnd { status, frames, .. }),
            Event::End(End {
                exit_code: code, ..
            }),
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!(
            (status.as_str(), *frames, *code),
            ("partial", rows, exit_code)
        );
        expect_nothing_left(&bench);
        fs::remove_file(&gate).unwrap();
        bench.clear_outputs();
    }
}

#[test]
fn inputs_that_were_done_before_stay() {
    let bench = Bench::new();
    let (video, mut orders, gate) = long_video(&bench, 700);
    orders.frame_takes = 1;
    let [before, after] = ["before.mp4", "after.mp4"].map(|name| bench.path(name));
    write_numbered(&before, 5);
    write_numbered(&after, 5);
    let mut running = json(bench.with_double(&orders))
        .args([&before, &video, &after])
        .start();
    running.wait_for("the second input", |event| {
        matches!(event, Event::Progress(Progress { input: 2, frames_done, .. }) if *frames_done > 100)
    });
    running.signal(Signal::INT);
    fs::write(gate, "").unwrap();
    running.wait().expect_signal(Signal::INT);
    let files = [
        "before.csv",
        "before.run.json",
        "long.faceau-job",
        "long.partial.csv",
        "long.partial.run.json",
    ];
    assert_eq!(bench.outputs(), files);
    expect_nothing_left(&bench);
}

#[test]
fn a_second_signal_drops_what_is_being_worked_on() {
    let bench = Bench::new();
    // Nobody opens this gate: workers never give their frames back.
    let (video, orders, _) = long_video(&bench, 300);
    for signal in [Signal::INT, Signal::TERM] {
        expect_soon(|| {
            let mut running = json(bench.with_double(&orders)).arg(&video).start();
            // With all frames before the gate done, every worker is waiting at it.
            running.wait_for_frames(299);
            running.signal(signal);
            running.wait_for("the word that it stops", |event| event.name() == "stopping");
            let second = Instant::now();
            running.signal(signal);
            running.wait().expect_signal(signal);
            let took = second.elapsed();
            assert_eq!(bench.table("long.partial.csv").rows.len(), 299);
            expect_nothing_left(&bench);
            bench.clear_outputs();
            took
        });
    }
}

/// A stop does not take the seconds that pieces in flight are waited for: not every time, at least. A
/// busy machine may make one of them late, but what always waits is always late.
fn expect_soon(mut stop: impl FnMut() -> Duration) {
    let waited_for = Duration::from_secs(5);
    assert!((0..5).any(|_| stop() < waited_for));
}

/// Sends the signal again and again, as impatient people do, until the program has ended.
fn insist(running: &mut Running, signal: Signal) {
    while running.is_running() {
        running.signal(signal);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_third_signal_ends_everything() {
    let bench = Bench::new();
    let (video, orders, _) = long_video(&bench, 300);
    expect_soon(|| {
        let mut running = json(bench.with_double(&orders)).arg(&video).start();
        running.wait_for_frames(299);
        let first = Instant::now();
        insist(&mut running, Signal::INT);
        running.wait().expect_signal(Signal::INT);
        let took = first.elapsed();
        expect_nothing_left(&bench);
        bench.clear_outputs();
        took
    });
}

#[test]
fn a_signal_before_the_first_frame_leaves_nothing() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 50);
    let orders = Orders {
        start: Start::Hangs,
        ..Orders::default()
    };
    let mut running = json(bench.with_double(&orders)).arg(&video).start();
    running.wait_for("the input", |event| event.name() == "input_start");
    running.signal(Signal::INT);
    running.wait().expect_signal(Signal::INT);
    assert_eq!(bench.outputs(), [""; 0]);
    expect_nothing_left(&bench);
}

#[test]
fn a_worker_that_hangs_does_not_keep_a_stopped_run_for_ever() {
    let bench = Bench::new();
    let (video, mut orders, _) = long_video(&bench, 1500);
    orders.hold = None;
    orders.fault = Orders::always(400, Misdeed::Hang).fault;
    let mut running = json(bench.with_double(&orders))
        .args(["--frame-timeout", "2"])
        .arg(&video)
        .start();
    running.wait_for_frames(300);
    running.signal(Signal::INT);
    running.wait().expect_signal(Signal::INT);
    let partial = bench.table("long.partial.csv");
    assert!((1..400).contains(&partial.rows.len()));
    expect_nothing_left(&bench);
}

#[test]
fn a_worker_that_ignores_its_dismissal_is_killed() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 20);
    let orders = Orders {
        ignores_stop: true,
        ..Orders::default()
    };
    bench.with_double(&orders).arg(&video).run().expect_code(0);
    assert_eq!(bench.table("a.csv").rows.len(), 20);
    expect_nothing_left(&bench);
}

/// Whatever happens to the supervisor, its workers go with it.
#[cfg(target_os = "linux")]
mod killed {
    use super::*;
    use faceau_tests::models::write_detector_that_hangs;
    use faceau_tests::processes::{expect_marked, marked};

    fn kill(bench: &Bench, running: Running) {
        running.signal(Signal::KILL);
        running.wait().expect_signal(Signal::KILL);
        expect_marked(&bench.mark(), 0);
        for name in bench.outputs() {
            assert!(name.ends_with(".faceau-job"), "{name} is left");
        }
        assert_eq!(faceau_tests::processes::shared_memory_left(), [""; 0]);
    }

    #[test]
    fn at_work() {
        let bench = Bench::new();
        let video = bench.path("a.mp4");
        write_numbered(&video, 2000);
        let mut running = json(bench.supervisor()).arg(&video).start();
        running.wait_for_frames(1);
        assert!(marked(&bench.mark()).len() > 1);
        kill(&bench, running);
    }

    #[test]
    fn while_a_worker_hangs() {
        let bench = Bench::new();
        let (video, orders, _) = long_video(&bench, 100);
        let mut running = json(bench.with_double(&orders)).arg(&video).start();
        running.wait_for_frames(50);
        kill(&bench, running);
    }

    #[test]
    fn while_a_worker_is_stuck_in_the_inference_engine() {
        let bench = Bench::new();
        write_detector_that_hangs(&bench.models());
        let video = bench.path("a.mp4");
        write_numbered(&video, 20);
        let mut running = json(bench.supervisor()).arg(&video).start();
        running.wait_for("the input", |event| event.name() == "input_start");
        // Opening the tiny networks takes a worker far less than this.
        let stuck = |pid: &u32| *pid != running.pid() && processor_seconds(*pid) > 1.5;
        while !marked(&bench.mark()).iter().any(stuck) {
            std::thread::sleep(Duration::from_millis(20));
        }
        kill(&bench, running);
    }

    /// Workers end while the program turns from a stopped job to sending them home: their ends are
    /// said once and must be heard.
    #[test]
    fn workers_with_the_second_signal() {
        let bench = Bench::new();
        let (video, orders, _) = long_video(&bench, 100);
        for _ in 0..6 {
            let mut running = json(bench.with_double(&orders)).arg(&video).start();
            running.wait_for_frames(99);
            running.signal(Signal::INT);
            running.wait_for("the word that it stops", |event| event.name() == "stopping");
            let workers = marked(&bench.mark()).into_iter();
            for pid in workers.filter(|&pid| pid != running.pid()) {
                let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
                // It may have ended by itself.
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
            running.signal(Signal::INT);
            running.wait().expect_signal(Signal::INT);
            expect_nothing_left(&bench);
            bench.clear_outputs();
        }
    }

    /// Processor time that a process has used in user mode.
    fn processor_seconds(pid: u32) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in brackets, may hold anything; `utime` is the twelfth word behind it.
        let behind = stat.rsplit(')').next().unwrap_or_default();
        let ticks = behind.split_whitespace().nth(11);
        let ticks: f64 = ticks.and_then(|word| word.parse().ok()).unwrap_or(0.0);
        ticks / rustix::param::clock_ticks_per_second() as f64
    }
}

/// Any moment can be the one: nothing is left behind, and what has its final name is whole.
/// `expect_partial` looks at the first rows of a table that was stopped, beside those of the whole.
fn signals_at_any_moment(
    bench: &Bench,
    supervisor: impl Fn() -> Supervisor,
    frames: usize,
    rounds: usize,
    expect_partial: impl Fn(&Table, &Table),
) {
    supervisor().run().expect_code(0);
    let whole = fs::read(bench.out().join("a.csv")).unwrap();
    let reference = bench.table("a.csv");
    bench.clear_outputs();

    let mut random = faceau_vision::testing::Sequence::new(11);
    let mut moments = [0; 3];
    for round in 0..rounds {
        let anywhere = (((random.signed() + 1.0) / 2.0) * 1.1 * frames as f64) as usize;
        // Now and then the earliest moments: before anything, and when the video is known.
        let moment = [0, 30, anywhere, anywhere, anywhere][round % 5];
        let signal = [Signal::INT, Signal::TERM][round % 2];
        let workers = ["1", "2", "3"][round % 3];
        let mut running = supervisor()
            .args(["--force", "--progress", "json", "--workers", workers])
            .start();
        running.wait_for("its moment", |event| match event {
            Event::Start(_) => moment < 20,
            Event::InputStart(_) => moment < 40,
            Event::Progress(Progress { frames_done, .. }) => frames_done + 40 >= moment,
            Event::InputEnd(_) => true,
            _ => false,
        });
        running.signal(signal);
        let ended = running.wait();
        expect_nothing_left(bench);
        let outputs = bench.outputs();
        // What work could go on with is another test's business.
        let names = outputs.iter().map(String::as_str);
        let names: Vec<&str> = names.filter(|name| *name != "a.faceau-job").collect();
        match names[..] {
            [] => moments[0] += 1,
            ["a.partial.csv", "a.partial.run.json"] => {
                moments[1] += 1;
                let partial = bench.table("a.partial.csv");
                assert!((1..frames).contains(&partial.rows.len()));
                expect_partial(&partial, &reference);
                assert!(!bench.record("a.partial").complete);
            }
            ["a.csv", "a.run.json"] => {
                moments[2] += 1;
                assert!(fs::read(bench.out().join("a.csv")).unwrap() == whole);
                assert!(bench.record("a").complete);
            }
            _ => panic!("{names:?} after {ended:#?}"),
        }
        // Once everything is written, the signal may come too late to matter.
        if names != ["a.csv", "a.run.json"] || ended.status.code() != Some(0) {
            ended.expect_signal(signal);
        }
        bench.clear_outputs();
    }
    // The moments were of different kinds, or the test proves little. A busy machine hears signals
    // late.
    assert!(moments[0] >= 1 && moments[1] >= rounds / 10, "{moments:?}");
}

#[test]
fn at_any_moment() {
    // Many pieces of work, so that finishing some does not finish all.
    const FRAMES: usize = 1000;
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, FRAMES);
    let orders = Orders {
        frame_takes: 2,
        ..Orders::default()
    };
    let run = || bench.with_double(&orders).arg(&video);
    signals_at_any_moment(&bench, run, FRAMES, 20, |partial, whole| {
        // Action units depend on all frames.
        let rows = partial.rows.len();
        assert!(partial.frame_columns(rows) == whole.frame_columns(rows));
    });
}

/// Real workers; rows of this pipeline depend on earlier frames only.
#[test]
fn openface3_at_any_moment() {
    const FRAMES: usize = 1000;
    let bench = pipelines::bench();
    let video = bench.path("a.mp4");
    write_numbered(&video, FRAMES);
    let run = || OPENFACE3.supervisor(&bench).arg(&video);
    signals_at_any_moment(&bench, run, FRAMES, 10, |partial, whole| {
        assert_eq!(partial.header, whole.header);
        assert!(partial.rows == whole.rows[..partial.rows.len()]);
    });
}
