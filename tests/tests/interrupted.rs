//! Runs that are interrupted at any point, again and again, go on, and in the end the outputs
//! are those of a run that was never disturbed, to the byte.

use std::path::{Path, PathBuf};

use faceau_tests::double::Orders;
use faceau_tests::events::Event;
use faceau_tests::pipelines::{self, OPENFACE3_FOLLOWING, PFLD};
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::results::{expect_nothing_else, known, remove, results};
use faceau_tests::video::{Picture, Recipe};
use faceau_vision::testing::Sequence;
use rustix::process::Signal;

const FRAMES: usize = 600;

/// A video in which a face comes and goes.
fn write_video(bench: &Bench) -> PathBuf {
    let picture = |i: usize| {
        if i % 50 == 7 {
            Picture::black()
        } else {
            Picture::numbered(i)
        }
    };
    let video = bench.path("a.mp4");
    Recipe::default().write(&video, (0..FRAMES).map(picture));
    video
}

/// Interrupts runs with `signal` after any number of frames until there were `times` of them, and until
/// enough runs had something to go on with; whenever one ends undisturbed, its outputs must be those of
/// a run that was never disturbed.
fn interrupt_at_any_moment(
    bench: &Bench,
    supervisor: impl Fn() -> Supervisor,
    signal: Signal,
    times: usize,
    outputs: &[&str],
) {
    let run = || supervisor().args(["--progress", "json"]);
    run().run().expect_code(0);
    expect_nothing_else(bench, outputs);
    let reference = results(&bench.out());
    remove(bench, outputs);
    let mut random = Sequence::new(7);
    let (mut interrupted, mut went_on) = (0, 0);
    let is_done = || bench.out().join("a.csv").exists();
    loop {
        // How much is known of a run that was killed depends on the disk, so it takes as many
        // interruptions as it takes; without an end they would prove the contrary.
        let wanted = interrupted < times || went_on < times / 4;
        assert!(
            interrupted < 20 * times,
            "only {went_on} of {interrupted} went on"
        );
        if !wanted && is_done() {
            break;
        }
        let mut running = run().start();
        if wanted {
            // Anywhere, from before the first frame to after the last one.
            let frames = (random.signed() + 1.0) / 2.0 * 1.1 * FRAMES as f64;
            running.wait_for_or_end("frames", |event| match event {
                _ if frames < 0.03 * FRAMES as f64 => true,
                Event::Progress(progress) => progress.frames_done as f64 >= frames,
                _ => false,
            });
            running.signal(signal);
        }
        let ended = running.wait();
        went_on += usize::from(known(&ended.events()) > 0);
        if ended.status.code() != Some(0) {
            let ended = ended.expect_signal(signal);
            interrupted += 1;
            for name in bench.outputs() {
                // A kill between the last rename and the end: the next run finds it done.
                let final_one = outputs.contains(&name.as_str());
                let unfinished = name == "a.faceau-job" || name.starts_with("a.partial");
                assert!(final_one || unfinished, "{name} after {ended:#?}");
            }
            continue;
        }
        expect_nothing_else(bench, outputs);
        assert!(results(&bench.out()) == reference, "{:#?}", ended.stderr);
        assert!(bench.record("a").complete);
        if wanted {
            remove(bench, outputs);
        }
    }
}

/// The double takes a while for each frame, so that there is something to interrupt.
fn double(bench: &Bench, workers: &str, video: &Path) -> Supervisor {
    let orders = Orders {
        frame_takes: 1,
        ..Orders::default()
    };
    let supervisor = bench.with_double(&orders);
    supervisor.args(["--workers", workers]).arg(video)
}

#[test]
fn killed() {
    let bench = Bench::new();
    let video = write_video(&bench);
    let run = || double(&bench, "2", &video);
    interrupt_at_any_moment(&bench, run, Signal::KILL, 50, &["a.csv", "a.run.json"]);
}

#[test]
fn stopped() {
    let bench = Bench::new();
    let video = write_video(&bench);
    let run = || double(&bench, "3", &video);
    interrupt_at_any_moment(&bench, run, Signal::INT, 50, &["a.csv", "a.run.json"]);
}

/// With extra outputs, and with the real worker, whose trackers remember frames.
#[test]
fn killed_with_everything_that_is_wanted() {
    let bench = pipelines::bench();
    let video = write_video(&bench);
    let run = || {
        let supervisor = PFLD.supervisor(&bench);
        let wanted = ["--hog", "--aligned", "--workers", "2"];
        supervisor.args(wanted).arg(&video)
    };
    let outputs = ["a.csv", "a.hog", "a.run.json", "a_aligned"];
    interrupt_at_any_moment(&bench, run, Signal::KILL, 12, &outputs);
}

/// OpenFace 3.0's networks in the real worker, with a box that follows the landmarks.
#[test]
fn openface3_killed_and_stopped() {
    for (signal, workers) in [(Signal::KILL, "2"), (Signal::INT, "3")] {
        let bench = pipelines::bench();
        let video = write_video(&bench);
        let run = || {
            let supervisor = OPENFACE3_FOLLOWING.supervisor(&bench);
            supervisor.args(["--workers", workers]).arg(&video)
        };
        interrupt_at_any_moment(&bench, run, signal, 8, &["a.csv", "a.run.json"]);
    }
}
