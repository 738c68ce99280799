//! Where tables go, what is never overwritten, and that nothing is left lying about.

use std::fs;

use faceau_tests::double::Orders;
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::write_numbered;

fn double(bench: &Bench) -> Supervisor {
    bench.with_double(&Orders::default()).args(["-w", "1"])
}

#[test]
fn a_table_that_exists_is_replaced_only_when_told_to() {
    let bench = Bench::new();
    let [a, b] = ["a.mp4", "b.mp4"].map(|name| bench.path(name));
    write_numbered(&a, 3);
    write_numbered(&b, 4);
    fs::write(bench.out().join("a.csv"), "precious").unwrap();
    let ended = double(&bench).args([&a, &b]).run().expect_code(1);
    ended.expect_line(&["error", "a.csv", "no run record", "--force"]);
    assert_eq!(bench.outputs(), ["a.csv", "b.csv", "b.run.json"]);
    let kept = fs::read_to_string(bench.out().join("a.csv")).unwrap();
    assert_eq!(kept, "precious");
    assert_eq!(bench.table("b.csv").rows.len(), 4);

    double(&bench)
        .args([&a, &b])
        .arg("--force")
        .run()
        .expect_code(0);
    assert_eq!(bench.table("a.csv").rows.len(), 3);
}

#[test]
fn a_place_that_cannot_be_written_is_said_before_any_work() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 3);
    fs::write(bench.path("file"), "").unwrap();
    fs::create_dir(bench.path("folder.csv")).unwrap();
    for place in ["file/b.csv", "folder.csv"] {
        let ended = double(&bench)
            .arg("-o")
            .arg(bench.path(place))
            .arg(&video)
            .run()
            .expect_code(1);
        ended.expect_line(&["error", place, "cannot be written"]);
    }
    let ended = double(&bench)
        .arg("--out-dir")
        .arg(bench.path("file"))
        .arg(&video)
        .run()
        .expect_code(1);
    ended.expect_line(&["error", "file/a.csv", "cannot be written"]);
    assert_eq!(bench.outputs(), [""; 0]);
}

#[test]
fn one_table_for_several_inputs_makes_no_sense() {
    let bench = Bench::new();
    let [a, b] = ["a.mp4", "b.mp4"].map(|name| bench.path(name));
    write_numbered(&a, 3);
    write_numbered(&b, 3);
    let ended = double(&bench)
        .args(["-o", "all.csv"])
        .args([&a, &b])
        .run()
        .expect_code(2);
    ended.expect_line(&["error", "--output", "--out-dir"]);
    assert_eq!(bench.outputs(), [""; 0]);
}

/// Nobody may be there to hear anything: the work is done all the same.
#[test]
fn closed_outputs_do_not_stop_the_work() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 100);
    for script in [
        r#"exec "$@" >&- 2>&-"#,
        r#"exec "$@" --progress json >&- 2>&-"#,
        r#"exec "$@" --progress bar >&- 2>&-"#,
        // A reader that is gone before the first word.
        r#""$@" --progress json --verbose 2>&1 | exec true"#,
    ] {
        let supervisor = double(&bench).arg(&video).through_shell(script);
        let ended = supervisor.run();
        assert!(ended.status.success(), "{script}: {ended:#?}");
        // The end of the last pipe is not the end of the supervisor.
        #[cfg(target_os = "linux")]
        faceau_tests::processes::expect_marked(&bench.mark(), 0);
        assert_eq!(bench.outputs(), ["a.csv", "a.run.json"], "{script}");
        assert_eq!(bench.table("a.csv").rows.len(), 100);
        for name in bench.outputs() {
            fs::remove_file(bench.out().join(name)).unwrap();
        }
    }
}

#[test]
fn quiet_says_only_errors_and_verbose_says_where_the_time_went() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 10);
    let quiet = double(&bench)
        .arg("--quiet")
        .arg(&video)
        .run()
        .expect_code(0);
    assert_eq!(quiet.stderr, "");
    assert!(quiet.stdout.is_empty());
    let again = double(&bench)
        .args(["--quiet", "--columns", "pose"])
        .arg(&video)
        .run()
        .expect_code(1);
    again.expect_line(&["error", "a.csv"]);
    assert_eq!(again.stderr.lines().count(), 1);
    let verbose = double(&bench)
        .args(["--verbose", "--force"])
        .arg(&video)
        .run()
        .expect_code(0);
    verbose.expect_line(&["decoding", "%"]);
    verbose.expect_line(&["supervisor", "%"]);
}

/// What a killed run of the same output left behind is cleaned up by the next one; what belongs to
/// other outputs is not.
#[test]
fn leftovers_of_killed_runs_go() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 3);
    for folder in ["a.faceau-job", "b.faceau-job"] {
        let folder = bench.out().join(folder);
        fs::create_dir_all(folder.join("a_aligned")).unwrap();
        for name in ["a.csv", "a_aligned/frame_det_00_000001.bmp"] {
            fs::write(folder.join(name), "half").unwrap();
        }
        // Nobody holds it: no process has this number.
        fs::write(folder.join("lock"), "1073741822").unwrap();
        // All that there is of a journal when the power fails at once.
        fs::write(folder.join("journal"), "faceauJ").unwrap();
    }
    double(&bench).arg(&video).run().expect_code(0);
    assert_eq!(bench.outputs(), ["a.csv", "a.run.json", "b.faceau-job"]);
}

#[test]
fn what_is_no_file_is_left_alone_and_links_are_followed() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 3);
    let at = |name: &str| bench.out().join(name);
    let fifo = std::process::Command::new("mkfifo")
        .arg(at("p.csv"))
        .status();
    assert!(fifo.unwrap().success());
    fs::create_dir(at("data")).unwrap();
    symlink("data/t.csv", at("t.csv")).unwrap();
    let run = |arguments: &[&str]| double(&bench).args(arguments).arg(&video).run();

    // A pipe, a link to one, and what the system has beside them.
    symlink("p.csv", at("to-p.csv")).unwrap();
    for (output, word) in [
        ("p.csv", "a pipe"),
        ("to-p.csv", "a pipe"),
        ("/dev/null", "a device"),
        ("/dev/stdout", "-o -"),
    ] {
        for force in [&["-q"][..], &["-q", "--force"]] {
            let ended = run(&[&["-o", output], force].concat()).expect_code(1);
            ended.expect_line(&["error", output, word]);
        }
    }
    assert!(fs::metadata(at("p.csv")).unwrap().file_type().is_fifo());
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
    let ended = run(&["--summary", "p.csv"]).expect_code(2);
    ended.expect_line(&["error", "p.csv", "a pipe"]);

    // A link is followed, whether or not there is something yet.
    for _ in 0..2 {
        run(&["-o", "t.csv", "--force"]).expect_code(0);
        assert!(at("t.csv").is_symlink());
        assert_eq!(bench.table("data/t.csv").rows.len(), 3);
    }
    run(&["-o", "t.csv"])
        .expect_code(0)
        .expect_line(&["skipped"]);

    // What lies beside a table is not replaced either where it is no file.
    symlink("/dev/null", at("h.hog")).unwrap();
    let ended = run(&["-o", "h.csv", "--hog", "--force"]).expect_code(1);
    ended.expect_line(&["error", "h.hog", "left alone"]);
    assert!(at("h.hog").is_symlink());
}

#[test]
fn a_table_can_go_to_standard_output() {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 40);
    let run = |arguments: &[&str]| double(&bench).args(arguments).arg(&video).run();
    run(&[]).expect_code(0);
    let file = fs::read_to_string(bench.out().join("a.csv")).unwrap();
    let before = bench.outputs();
    // Whatever else is said is said elsewhere, and nothing is left behind.
    for arguments in [
        &["-o", "-"][..],
        &["-o", "-", "-v", "--profile", "--progress", "bar"],
    ] {
        let ended = run(arguments).expect_code(0);
        assert_eq!(ended.output(), file);
        ended.expect_line(&["a.mp4", "done", "40 frames"]);
        assert_eq!(bench.outputs(), before);
    }
    for other in [&["--progress", "json"][..], &["--hog"], &["--aligned"]] {
        let ended = run(&[&["-o", "-"], other].concat()).expect_code(2);
        assert!(ended.stderr.contains("standard output") || other[0] == "--progress");
    }
}
