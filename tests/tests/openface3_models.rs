//! The OpenFace 3.0 pipeline's model files, which nobody can list: how they are brought in, which of
//! them are asked for, what is made of them, and which are refused.

use std::fs;
use std::path::{Path, PathBuf};

use faceau_models::id;
use faceau_tests::openface3::{Export, path_of, write};
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::video::write_numbered;

fn bench(export: Export) -> (Bench, PathBuf) {
    let bench = Bench::new();
    write(&bench.models(), export);
    let video = bench.path("a.mp4");
    write_numbered(&video, 40);
    (bench, video)
}

/// Runs it and returns the table's bytes.
fn table(bench: &Bench, supervisor: Supervisor, video: &Path) -> Vec<u8> {
    supervisor
        .args(["--pipeline", "openface3", "--force"])
        .arg(video)
        .run()
        .expect_code(0);
    fs::read(bench.out().join("a.csv")).unwrap()
}

/// Without `--allow-unknown-models`.
fn strict(bench: &Bench, models: &Path) -> Supervisor {
    let supervisor = bench.bare().arg("--allow-sleep");
    supervisor.arg("--models").arg(models)
}

/// Runs it, which is refused with these words.
#[track_caller]
fn refused(supervisor: Supervisor, video: &Path, words: &[&str]) {
    let ended = supervisor.args(["--pipeline", "openface3", "--force"]);
    let ended = ended.arg(video).run().expect_code(3);
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

/// Ids of the models that the last run used.
fn used(bench: &Bench) -> Vec<String> {
    let models = bench.record("a").models.into_iter();
    models.map(|model| model.identity.id).collect()
}

fn import(bench: &Bench, from: &Path, to: &Path) {
    bench
        .bare()
        .args(["models", "import", "--trust"])
        .arg(from)
        .arg("--models")
        .arg(to)
        .run()
        .expect_code(0);
}

#[test]
fn files_that_nobody_lists_are_used_when_they_are_trusted() {
    let (bench, video) = bench(Export::Later);
    let unknown = strict(&bench, &bench.models());
    refused(unknown, &video, &["SHA-256"]);
    let allowed = table(&bench, bench.supervisor(), &video);

    let store = bench.path("store");
    import(&bench, &bench.models(), &store);
    assert!(table(&bench, strict(&bench, &store), &video) == allowed);
    for model in bench.record("a").models {
        assert!(!model.known, "{}", model.identity.id);
        assert_eq!(model.identity.sha256.len(), 64);
    }

    // Trusted is this content, not whatever has the name.
    let mtl = path_of(id::OPENFACE3_MTL);
    let place = [store.join("onnx").join(mtl), store.join(mtl)];
    let place = place.iter().find(|path| path.is_file()).unwrap();
    let mut other = fs::read(place).unwrap();
    // A field that readers skip.
    other.extend([0x32, 0x01, b'x']);
    fs::write(place, other).unwrap();
    let words = [mtl, "models import --trust"];
    refused(strict(&bench, &store), &video, &words);
}

/// Nothing that STAR gives out beside its last landmarks is kept, and these do not change.
#[test]
fn the_landmark_network_is_cut_down_to_what_is_used() {
    for export in [Export::First, Export::Later] {
        let (bench, video) = bench(export);
        let whole = table(&bench, bench.supervisor(), &video);
        let store = bench.path("store");
        import(&bench, &bench.models(), &store);
        assert!(table(&bench, strict(&bench, &store), &video) == whole);
        expect_cut(&bench, &store);
    }
}

/// The same with an untrained network of the real one's architecture.
#[test]
fn a_network_of_the_real_kind_is_cut_down_too() {
    let models = std::env::var_os("FACEAU_MODELS").map(|folder| PathBuf::from(folder).join("onnx"));
    let source = models.map(|folder| folder.join("star_landmark_98_random_small.onnx"));
    let Some(source) = source.filter(|path| path.is_file()) else {
        eprintln!("skipped: FACEAU_MODELS names no folder with an untrained STAR");
        return;
    };
    let (bench, video) = bench(Export::Later);
    let star = bench.models().join(path_of(id::OPENFACE3_STAR));
    fs::write(star, fs::read(source).unwrap()).unwrap();
    let whole = table(&bench, bench.supervisor(), &video);
    let store = bench.path("store");
    import(&bench, &bench.models(), &store);
    assert!(table(&bench, strict(&bench, &store), &video) == whole);
    expect_cut(&bench, &store);
}

/// The last run used what the store made of STAR, which is smaller.
#[track_caller]
fn expect_cut(bench: &Bench, store: &Path) {
    let models = bench.record("a").models;
    let star = models
        .iter()
        .find(|model| model.identity.id == id::OPENFACE3_STAR);
    let star = star.expect("it is used");
    let [cut] = &star.converted[..] else {
        panic!("{:?}", star.converted);
    };
    assert_ne!(*cut, star.identity.sha256);
    let made = fs::read_dir(store.join("converted")).unwrap();
    let made: Vec<PathBuf> = made.map(|entry| entry.unwrap().path()).collect();
    let name = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("openface3-star") && name.ends_with(".onnx")
    };
    let made = fs::metadata(made.iter().find(name).unwrap()).unwrap().len();
    let original = bench.models().join(path_of(id::OPENFACE3_STAR));
    assert!(made < fs::metadata(original).unwrap().len());
}

#[test]
fn models_that_no_column_needs_are_not_asked_for() {
    let (bench, video) = bench(Export::Later);
    let run = |args: &[&str]| bench.supervisor().args(args);
    let all = table(&bench, run(&["--columns", "gaze,emotion"]), &video);
    assert_eq!(used(&bench), [id::RETINAFACE, id::OPENFACE3_MTL]);
    fs::remove_file(bench.models().join(path_of(id::OPENFACE3_STAR))).unwrap();
    let without = table(&bench, run(&["--columns", "gaze,emotion"]), &video);
    assert!(without == all);
    table(&bench, run(&["--no-au45"]), &video);
    assert_eq!(used(&bench), [id::RETINAFACE, id::OPENFACE3_MTL]);
    for args in [
        &[][..],
        &["--columns", "aus"],
        &["--no-au45", "--columns", "landmarks2d"],
    ] {
        refused(run(args), &video, &[path_of(id::OPENFACE3_STAR)]);
    }
    fs::remove_file(bench.models().join(path_of(id::RETINAFACE))).unwrap();
    refused(run(&["--no-au45"]), &video, &[path_of(id::RETINAFACE)]);
    table(&bench, run(&["--no-au45", "--face", "whole-frame"]), &video);
    assert_eq!(used(&bench), [id::OPENFACE3_MTL]);
}

#[test]
fn landmarks_can_be_had_without_au45() {
    let (bench, video) = bench(Export::Later);
    let columns = ["--columns", "landmarks2d,aus"];
    table(&bench, bench.supervisor().args(columns), &video);
    let both = bench.table("a.csv");
    let without = bench.supervisor().args(columns).arg("--no-au45");
    table(&bench, without, &video);
    let landmarks = bench.table("a.csv");
    assert_eq!(both.column("x_17"), landmarks.column("x_17"));
    assert!(both.column("AU45_r").iter().all(|value| value.is_finite()));
    assert!(
        landmarks
            .column("AU45_r")
            .iter()
            .all(|value| value.is_nan())
    );
    let options = bench.record("a").options.result.openface3.unwrap();
    assert!(options.landmarks && !options.au45);
}

#[test]
fn both_styles_of_export_give_the_same_table() {
    let (bench, video) = bench(Export::Later);
    let later = table(&bench, bench.supervisor(), &video);
    write(&bench.models(), Export::First);
    assert!(table(&bench, bench.supervisor(), &video) == later);
}

#[test]
fn models_of_another_kind_are_refused_with_what_was_expected_and_found() {
    let (bench, video) = bench(Export::Later);
    let models = bench.models();
    let star = fs::read(models.join(path_of(id::OPENFACE3_STAR))).unwrap();
    fs::write(models.join(path_of(id::OPENFACE3_MTL)), star).unwrap();
    let words = [
        "mtl_efficientnet_b0_coreml.onnx",
        "[1, 3, 224, 224]",
        "1x3x256x256",
    ];
    refused(bench.supervisor(), &video, &words);
    assert_eq!(bench.outputs(), [""; 0]);
}
