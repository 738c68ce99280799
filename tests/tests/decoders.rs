//! `--decoder`: what no hardware here decodes is refused or decoded in software, and the run record says
//! which it was. That hardware gives the right pictures is not tested: machines that test have none.

use faceau_tests::double::Orders;
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::{Picture, Recipe};

const FRAMES: usize = 60;

fn prepare() -> (Bench, std::path::PathBuf) {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    Recipe::default().write(&video, (0..FRAMES).map(Picture::numbered));
    (bench, video)
}

fn double(bench: &Bench) -> Supervisor {
    bench.with_double(&Orders::default())
}

#[test]
fn hardware_of_another_system_is_refused() {
    let (bench, video) = prepare();
    let other = if cfg!(target_os = "macos") {
        "vaapi"
    } else {
        "videotoolbox"
    };
    let ended = double(&bench)
        .args(["--decoder", other])
        .arg(&video)
        .run()
        .expect_code(1);
    let expected = format!("a.mp4: {other} cannot decode it: ");
    assert!(ended.stderr.contains(&expected), "{ended:#?}");
    assert!(
        ended.stderr.contains("use --decoder software"),
        "{ended:#?}"
    );
    assert!(!bench.out().join("a.csv").exists());
}

#[test]
fn hardware_that_is_named_decodes_or_is_refused() {
    let (bench, video) = prepare();
    let own = if cfg!(target_os = "macos") {
        "videotoolbox"
    } else {
        "nvdec"
    };
    let ended = double(&bench).args(["--decoder", own]).arg(&video).run();
    if ended.status.success() {
        let record = bench.record("a");
        assert_eq!(record.input.decoder.as_deref(), Some(own));
        assert_eq!(record.frames.written, FRAMES);
    } else {
        let expected = format!("a.mp4: {own} cannot decode it: ");
        assert!(ended.stderr.contains(&expected), "{ended:#?}");
    }
}

#[test]
fn software_is_the_default_and_what_auto_falls_back_to() {
    let (bench, video) = prepare();
    double(&bench).arg(&video).run().expect_code(0);
    let record = bench.record("a");
    assert_eq!(record.input.decoder.as_deref(), Some("software"));
    assert_eq!(record.options.result.decoder, "software");
    assert_eq!(record.input.remarks, [""; 0]);
    let by_default = std::fs::read(bench.out().join("a.csv")).unwrap();

    // Not the same work: the result of an earlier run is not taken for it.
    let ended = double(&bench)
        .args(["--decoder", "auto"])
        .arg(&video)
        .run()
        .expect_code(1);
    assert!(ended.stderr.contains("decoder was software"), "{ended:#?}");
    double(&bench)
        .args(["--decoder", "auto", "--force"])
        .arg(&video)
        .run()
        .expect_code(0);
    let record = bench.record("a");
    assert_eq!(record.options.result.decoder, "auto");
    let [remark] = &record.input.remarks[..] else {
        panic!("{record:#?}");
    };
    if record.input.decoder.as_deref() == Some("software") {
        assert!(remark.starts_with("decoded in software"), "{remark}");
        assert_eq!(
            std::fs::read(bench.out().join("a.csv")).unwrap(),
            by_default
        );
    } else {
        assert!(remark.starts_with("decoded by"), "{remark}");
    }
}
