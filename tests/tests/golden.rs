//! Tables and HOG files are, to the byte, what they were: their SHA-256 stand in `golden.txt`.
//!
//! What a network says depends on the kind of processor, because ONNX Runtime chooses its kernels by
//! it, and a drawn clip depends on the version of its encoder. So a line of that file names the
//! processor and the input's hash, and only what is known there is compared; what is not is said on
//! stderr, as a line to be added. That 1, 2 and 5 workers give the same bytes is compared everywhere.
//!
//! Cases on sample videos need `FACEAU_VIDEOS` and `FACEAU_MODELS`.

use std::fs;
use std::path::{Path, PathBuf};

use faceau_models::Sha256;
use faceau_tests::demo::Clip;
use faceau_tests::double::Orders;
use faceau_tests::pipelines;
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::{Picture, Recipe};

/// What is known: a processor, a case, and the hashes of its input, its table and its HOG file.
const KNOWN: &str = include_str!("golden.txt");

/// Stands for the hash of a file that a case does not make.
const NONE: &str = "-";

/// The kind of this processor, as far as ONNX Runtime's kernels and this program's own differ.
fn processor() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            return "x86_64-avx512";
        }
        if is_x86_feature_detected!("avx2") {
            return "x86_64-avx2";
        }
    }
    std::env::consts::ARCH
}

fn hash(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Sha256::of(&bytes).to_string()
}

/// Runs a case with 1, 2 and 5 workers and compares what it leaves with each other and with what is
/// known.
fn check(bench: &Bench, case: &str, video: &Path, with_hog: bool, run: impl Fn() -> Supervisor) {
    let mut first: Option<[String; 2]> = None;
    for workers in ["1", "2", "5"] {
        let csv = bench.out().join(format!("{case}-{workers}.csv"));
        let mut supervisor = run().args(["--workers", workers, "-o"]).arg(&csv);
        if with_hog {
            supervisor = supervisor.arg("--hog");
        }
        supervisor.arg(video).run().expect_code(0);
        let hog = match with_hog {
            true => hash(&csv.with_extension("hog")),
            false => NONE.to_owned(),
        };
        let found = [hash(&csv), hog];
        let first = first.get_or_insert_with(|| found.clone());
        assert_eq!(*first, found, "{case}: {workers} workers give other bytes");
    }
    let [table, hog] = first.expect("it was run");
    let (processor, input) = (processor(), hash(video));
    let known = KNOWN.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [p, c, i, table, hog] if [p, c, i] == [processor, case, &input] => {
                Some([table.to_owned(), hog.to_owned()])
            }
            _ => None,
        }
    });
    match known {
        Some(known) => assert_eq!(known, [table, hog], "{case}: other bytes than before"),
        None => eprintln!("not known: {processor} {case} {input} {table} {hog}"),
    }
}

/// The demo models on a drawn face that is away for a while.
#[test]
fn of_a_drawn_face() {
    let bench = Bench::new();
    let options = ["--size", "480x360", "--frames", "240", "--absent", "3-4"];
    let clip = Clip::make(&bench, "face.mp4", &options);
    check(&bench, "demo", &clip.video, true, || {
        bench
            .bare()
            .args(["--allow-sleep", "--pipeline", "demo", "--aligned"])
    });
    let faces = bench.out().join("demo-1_aligned");
    assert_eq!(fs::read_dir(faces).unwrap().count(), 240);
}

fn numbered(bench: &Bench) -> PathBuf {
    let video = bench.path("numbered.mp4");
    let picture = |number| match number {
        50..56 => Picture::black(),
        number => Picture::numbered(number),
    };
    Recipe::default().write(&video, (0..240).map(picture));
    video
}

/// Every pipeline that uses the engine, on tiny networks.
#[test]
fn of_tiny_networks() {
    let bench = pipelines::bench();
    let video = numbered(&bench);
    let names = ["pfld", "openface3", "following", "facemirror"];
    for (name, pipeline) in names.into_iter().zip(pipelines::ALL) {
        let case = format!("tiny-{name}");
        check(&bench, &case, &video, name == "pfld", || {
            pipeline.supervisor(&bench)
        });
    }
}

/// The worker double with either table.
#[test]
fn of_the_double() {
    let bench = pipelines::bench();
    let video = numbered(&bench);
    for (name, pipeline) in [
        ("double-pfld", pipelines::PFLD),
        ("double-openface3", pipelines::OPENFACE3),
        ("double-facemirror", pipelines::OPENFACE3_COMPATIBLE),
    ] {
        check(&bench, name, &video, name == "double-pfld", || {
            bench.with_double(&Orders::default()).args(pipeline.args)
        });
    }
}

/// Real models on sample videos.
#[test]
fn of_sample_videos() {
    let (Some(videos), Some(models)) = (
        std::env::var_os("FACEAU_VIDEOS"),
        std::env::var_os("FACEAU_MODELS"),
    ) else {
        eprintln!("skipped: FACEAU_VIDEOS and FACEAU_MODELS are not set; they name folders");
        return;
    };
    let bench = Bench::new();
    for (video, pipelines) in [
        ("changeLighting.wmv", &["openface-clnf", "pfld", "demo"][..]),
        ("noface_face.mov", &["pfld"]),
    ] {
        let path = Path::new(&videos).join(video);
        if !path.exists() {
            eprintln!("skipped: {} is not there", path.display());
            continue;
        }
        for pipeline in pipelines {
            check(&bench, &format!("{video}-{pipeline}"), &path, true, || {
                let bare = bench.bare().arg("--models").arg(&models);
                bare.args(["--allow-sleep", "--pipeline", pipeline])
            });
        }
    }
}
