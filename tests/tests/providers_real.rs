//! Real providers, where the ONNX Runtime at hand was built with any but the processor:
//! `scripts/test --runtime openvino -p faceau-tests --test providers_real`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use faceau_conversion::convert;
use faceau_models::{Content, Conversion, Manifest, ResolvedSet, Store, id};
use faceau_tests::demo::Clip;
use faceau_tests::program::{Bench, Supervisor, binary};
use faceau_tests::video::write_numbered;
use serde_json::Value;

/// What the worker program says of its engine.
fn engine() -> Value {
    let output = Command::new(binary("faceau-worker"))
        .arg("--describe")
        .output()
        .unwrap();
    let description: Value = serde_json::from_slice(&output.stdout).unwrap();
    description["engine"]["Ok"].clone()
}

/// The first provider that is there beside the processor and needs no other device.
fn provider() -> Option<&'static str> {
    let engine = engine();
    let there = engine["providers"].as_array()?.iter();
    let there: Vec<&str> = there.filter_map(Value::as_str).collect();
    let found = ["coreml", "openvino"]
        .into_iter()
        .find(|name| there.contains(name));
    if found.is_none() {
        eprintln!("skipped: this ONNX Runtime has no provider to try, only {there:?}");
    }
    found
}

/// A program whose user has compiled nothing yet.
fn with_own_cache(bench: &Bench, supervisor: Supervisor) -> Supervisor {
    supervisor
        .env("ORT_DYLIB_PATH", engine()["path"].as_str().unwrap())
        .env("XDG_CACHE_HOME", bench.path("cache"))
        // Where the folder is on a Mac.
        .env("HOME", bench.path("home"))
}

/// The notes of what was found out below `folder`, and when each was written.
fn notes(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut files = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(notes(&path));
        } else if path.ends_with("mark.json") {
            let written = fs::metadata(&path).unwrap().modified().unwrap();
            files.insert(path, written);
        }
    }
    files
}

/// Gives the tests' models a detector that does something; their own is too simple for OpenVINO and
/// knows one size only.
fn take_demo_detector(bench: &Bench) -> Vec<u8> {
    let bytes = ResolvedSet::demo().read(id::RETINAFACE).unwrap();
    let path = bench.models().join("retinaface_mobilenet025_coreml.onnx");
    assert!(path.exists(), "it takes the place of {}", path.display());
    fs::write(&path, &bytes).unwrap();
    bytes
}

#[test]
fn a_network_on_a_provider_gives_the_cpus_table_and_is_tried_out_once() {
    let Some(provider) = provider() else { return };
    let bench = Bench::new();
    let clip = Clip::make(&bench, "a.mp4", &["--frames", "30", "--seed", "3"]);
    clip.measure(&bench)
        .arg("--provider=cpu")
        .run()
        .expect_code(0);
    let on_cpu = bench.table("a.csv");
    let run = |options: &[&str]| {
        with_own_cache(&bench, clip.measure(&bench))
            .args(["-v", "--force", "--workers=2", "--allow-sleep"])
            .args(options)
            .run()
            .expect_code(0)
    };
    let named = format!("--provider={provider}");
    run(&[&named]);
    let record = bench.record("a");
    for network in &record.networks {
        assert!(network.provider.starts_with(provider), "{network:?}");
        let graph = network.graph.as_ref().unwrap();
        assert!(graph.nodes > 0 && graph.nodes_on_cpu <= graph.nodes);
        assert!(graph.partitions > 0 || graph.nodes_on_cpu == graph.nodes);
    }
    let there = bench.table("a.csv");
    assert!(on_cpu.column("success").contains(&1.0));
    for column in ["success", "x_0", "y_67", "pose_Rx", "AU12_r"] {
        let (here, there) = (on_cpu.column(column), there.column(column));
        assert_eq!(here.len(), there.len());
        for (here, there) in here.iter().zip(&there) {
            assert!((here - there).abs() <= 0.1, "{column}: {here} and {there}");
        }
    }
    let first = notes(&bench.path(""));
    assert_eq!(first.len(), 2, "{first:?}");

    let second = run(&[&named]);
    second.expect_line(&["pfld on", "(known)"]);
    assert_eq!(notes(&bench.path("")), first, "nothing was compiled again");

    // The hybrid: one network there, one on the processor.
    let hybrid = format!("--provider-for=retinaface={provider}");
    run(&["--provider=cpu", &hybrid]);
    let places: Vec<String> = (bench.record("a").networks.into_iter())
        .map(|network| format!("{} {}", network.model, network.provider))
        .collect();
    assert_eq!(places.len(), 2);
    assert!(places[0].starts_with(&format!("retinaface {provider}")));
    assert_eq!(places[1], "pfld cpu");
}

#[test]
fn the_detector_runs_on_a_provider_in_its_fixed_sizes() {
    let Some(provider) = provider() else { return };
    let bench = Bench::new();
    let file = Manifest::embedded().file(id::RETINAFACE).unwrap();
    let bytes = take_demo_detector(&bench);
    let sized = convert(Conversion::FixedSizes, id::RETINAFACE, &bytes).unwrap();
    let sized: Vec<_> = (sized.into_iter())
        .map(|product| (product.variant, product.bytes))
        .collect();
    Store::locate(Some(&bench.models()))
        .keep_converted(file, Conversion::FixedSizes, Content::of(&bytes), &sized)
        .unwrap();
    let place_of = |name: &str, (width, height): (u32, u32)| {
        let folder = bench.path(name);
        fs::create_dir(&folder).unwrap();
        for number in 0..3 {
            let picture = image::GrayImage::from_pixel(width, height, image::Luma([90]));
            picture.save(folder.join(format!("{number}.png"))).unwrap();
        }
        with_own_cache(&bench, bench.supervisor())
            .arg(format!("--provider={provider}"))
            .arg(&folder)
            .run()
            .expect_code(0);
        let networks = bench.record(name).networks;
        let detector = networks.into_iter().find(|n| n.model == id::RETINAFACE);
        let detector = detector.unwrap();
        (detector.provider, detector.form, detector.graph.is_some())
    };
    let (place, form, has_graph) = place_of("usual", (1280, 960));
    assert!(place.starts_with(provider) && has_graph, "{place}");
    assert_eq!(form.as_deref(), Some("640x480"));
    // For any other size there is no file, and no secret.
    assert_eq!(place_of("unusual", (300, 200)), ("cpu".into(), None, false));
}

#[test]
fn doctor_compares_providers_with_the_processor() {
    let Some(provider) = provider() else { return };
    let bench = Bench::new();
    take_demo_detector(&bench);
    let video = bench.path("a.mp4");
    write_numbered(&video, 10);
    let doctor = ["doctor", "--json", "--providers", "--workers=1"];
    let ended = with_own_cache(&bench, bench.bare())
        .args(doctor)
        .arg("--models")
        .arg(bench.models())
        .arg("--allow-unknown-models")
        .run()
        .expect_code(0);
    let report: Value = serde_json::from_str(&ended.output()).unwrap();
    let rows = report["providers"].as_array().unwrap();
    assert!(rows.len() >= 2, "{rows:#?}");
    for row in rows {
        assert!(row["place"].as_str().unwrap().starts_with(provider));
        assert_eq!(row["usable"], true, "{row}");
        assert!(row["ms"].as_f64().unwrap() > 0.0 && row["cpu_ms"].as_f64().unwrap() > 0.0);
        assert!(row["difference"].as_f64().unwrap() <= 1.0);
        assert!(row["graph"]["nodes"].as_u64().unwrap() > 0);
    }
}
