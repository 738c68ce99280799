//! Networks in other precisions: variants that users make are used when they are asked for and are
//! what their records say, and no result of one precision passes for one of another.

use std::fs;
use std::path::{Path, PathBuf};

use faceau_models::{Precision, id};
use faceau_tests::double::{Hold, Orders};
use faceau_tests::models::write_variants;
use faceau_tests::program::{Bench, Supervisor};
use faceau_tests::results::known;
use faceau_tests::video::write_numbered;
use rustix::process::Signal;

fn bench() -> (Bench, PathBuf) {
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    write_numbered(&video, 40);
    (bench, video)
}

fn pfld(supervisor: Supervisor, precision: &str, video: &Path) -> Supervisor {
    let supervisor = supervisor.args(["--pipeline", "pfld", "--precision", precision]);
    supervisor.arg(video)
}

#[test]
fn a_variant_is_used_and_named() {
    let (bench, video) = bench();
    let folder = write_variants(&bench.models(), Precision::Int8);
    let table = |precision: &str| {
        let run = pfld(bench.supervisor(), precision, &video).arg("--force");
        run.run().expect_code(0);
        fs::read(bench.out().join("a.csv")).unwrap()
    };
    let full = table("fp32");
    let record = bench.record("a");
    assert_eq!(record.options.result.precision, "fp32");
    assert!(
        record
            .models
            .iter()
            .all(|model| model.identity.variant.is_none())
    );

    assert!(table("int8") != full);
    let record = bench.record("a");
    assert_eq!(record.options.result.precision, "int8");
    for model in &record.models {
        let is_network = [id::RETINAFACE, id::PFLD].contains(&model.identity.id.as_str());
        assert_eq!(
            model.identity.variant.is_some(),
            is_network,
            "{}",
            model.identity.id
        );
        if let Some(variant) = &model.identity.variant {
            assert_eq!(variant.precision, "int8");
            let record = fs::read_to_string(folder.join(format!(
                "{}-int8-{}.toml",
                model.identity.id,
                &model.identity.sha256[..16]
            )));
            assert!(record.unwrap().contains(&variant.sha256));
        }
    }
    assert!(table("fp32") == full);
}

#[test]
fn a_variant_that_is_missing_or_altered_is_refused() {
    let (bench, video) = bench();
    let refused = |precision: &str, parts: &[&str]| {
        let ended = pfld(bench.supervisor(), precision, &video);
        let ended = ended.run().expect_code(3);
        ended.expect_line(&[&["error", "scripts/quantize"], parts].concat());
        assert_eq!(bench.outputs(), [""; 0]);
    };
    refused("int8", &["int8", "retinaface"]);
    let folder = write_variants(&bench.models(), Precision::Int8);
    refused("fp16", &["fp16", "retinaface"]);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "onnx") {
            fs::write(path, "altered").unwrap();
        }
    }
    refused("int8", &["is not what was made", "SHA-256"]);
    // Another original: what was made of the earlier one is none of its.
    let original = bench.models().join("retinaface_mobilenet025_coreml.onnx");
    let mut bytes = fs::read(&original).unwrap();
    // A field that readers skip.
    bytes.extend([0x32, 0x01, b'x']);
    fs::write(original, bytes).unwrap();
    refused("int8", &["there is no int8 variant", "retinaface"]);
}

#[test]
fn pipelines_without_networks_to_choose_say_so() {
    let (bench, video) = bench();
    let ended = bench
        .supervisor()
        .args(["--pipeline", "demo", "--precision", "fp16"])
        .arg(&video)
        .run()
        .expect_code(3);
    ended.expect_line(&["error", "--precision fp16", "demo"]);
}

#[test]
fn another_precision_is_other_work() {
    let (bench, video) = bench();
    write_variants(&bench.models(), Precision::Fp16);
    pfld(bench.supervisor(), "fp16", &video)
        .run()
        .expect_code(0);
    // What is finished is not replaced by another result,
    let other = pfld(bench.supervisor(), "fp32", &video)
        .run()
        .expect_code(1);
    other.expect_line(&["precision was fp16 and is fp32"]);
    bench.clear_outputs();

    // nor is unfinished work continued in another precision.
    write_numbered(&video, 600);
    let mut orders = Orders {
        hold: Some(Hold {
            from: 400,
            until: bench.path("gate"),
        }),
        ..Orders::default()
    };
    let json = ["--progress", "json", "--workers", "2"];
    let mut running = pfld(bench.with_double(&orders), "fp16", &video)
        .args(json)
        .start();
    running.wait_for_frames(350);
    running.signal(Signal::KILL);
    running.wait().expect_signal(Signal::KILL);
    orders.hold = None;
    let other = pfld(bench.with_double(&orders), "fp32", &video).run();
    let other = other.expect_code(1);
    other.expect_line(&["precision was fp16 and is fp32", "--restart"]);
    let same = pfld(bench.with_double(&orders), "fp16", &video).args(json);
    let same = same.run().expect_code(0);
    assert!(known(&same.events()) > 100);
}

/// What `scripts/quantize` calibrates on.
#[test]
fn inputs_of_networks_can_be_written_out() {
    let (bench, video) = bench();
    let folder = bench.path("inputs");
    fs::create_dir(&folder).unwrap();
    pfld(bench.supervisor(), "fp32", &video)
        .args(["--redetect", "1", "--workers", "1", "--dump-inputs"])
        .arg(&folder)
        .run()
        .expect_code(0);
    let names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for network in ["retinaface-", "pfld-"] {
        let count = names.iter().filter(|name| name.starts_with(network));
        assert!(count.count() >= 8, "{network}: {names:?}");
    }
}
