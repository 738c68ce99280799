//! Where networks run: what happens when a provider hangs, dies, is missing or gives wrong numbers
//! before work starts, and what users and run records are told of it.
//!
//! The providers here are stand-ins: the worker double plays what each of them does. Real ones are
//! in `providers_real.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use faceau_tests::double::{Orders, TryOut};
use faceau_tests::program::{Bench, Ended};
use faceau_tests::record::Record;
use faceau_tests::video::write_numbered;

fn orders(trials: &[(&str, TryOut)]) -> Orders {
    Orders {
        trials: trials
            .iter()
            .map(|(station, try_out)| ((*station).to_owned(), try_out.clone()))
            .collect(),
        ..Orders::default()
    }
}

/// Runs the double on a short video with `options`.
fn run(bench: &Bench, orders: &Orders, options: &[&str]) -> Ended {
    let video = bench.path("a.mp4");
    // Enough that nothing has to be said of how few there are.
    write_numbered(&video, 12);
    bench.with_double(orders).args(options).arg(&video).run()
}

/// Where each network ran.
fn places(record: &Record) -> BTreeMap<&str, &str> {
    let networks = record.networks.iter();
    networks
        .map(|network| (network.model.as_str(), network.provider.as_str()))
        .collect()
}

#[test]
fn a_place_that_works_is_used_and_recorded() {
    let bench = Bench::new();
    let options = [
        "--provider=cpu",
        "--provider-for=retinaface=coreml",
        "--coreml-units=gpu",
        "-v",
    ];
    let ended = run(&bench, &orders(&[]), &options).expect_code(0);
    ended.expect_line(&["trying out retinaface on coreml/gpu"]);
    ended.expect_line(&[
        "1 part, 0 of 100 operations left to the cpu",
        "0.25 of what",
    ]);
    let record = bench.record("a");
    let expected = [("pfld", "cpu"), ("retinaface", "coreml/gpu")];
    assert_eq!(places(&record), expected.into());
    assert_eq!(record.options.result.provider, "cpu");
    assert_eq!(record.options.result.provider_for["retinaface"], "coreml");
    assert_eq!(record.options.result.coreml_units.as_deref(), Some("gpu"));
    assert_eq!(record.warnings, [""; 0]);
}

#[test]
fn a_place_that_hangs_is_left_for_the_next_one_and_remembered() {
    let bench = Bench::new();
    let file = bench.path("unfinished");
    let orders = Orders {
        unfinished: Some(file.clone()),
        ..orders(&[
            ("retinaface on coreml", TryOut::Hangs),
            ("retinaface on coreml/gpu", TryOut::Dies),
        ])
    };
    let options = ["--provider=coreml", "--start-timeout=1"];
    let ended = run(&bench, &orders, &options).expect_code(0);
    ended.expect_line(&[
        "warning",
        "retinaface on coreml cannot be used",
        "coreml/gpu is tried instead",
        "not ready after 1 s",
    ]);
    ended.expect_line(&[
        "retinaface on coreml/gpu cannot be used",
        "coreml/cpu is tried instead",
        "the compiler fell over",
    ]);
    let record = bench.record("a");
    // The other network had not been tried yet, and is not to hang in turn.
    let expected = [("pfld", "coreml/cpu"), ("retinaface", "coreml/cpu")];
    assert_eq!(places(&record), expected.into());
    assert_eq!(record.warnings.len(), 4, "{:#?}", record.warnings);
    let remembered = fs::read_to_string(file).unwrap();
    for station in ["retinaface", "pfld"].map(|network| format!("{network} on coreml: ")) {
        assert!(remembered.contains(&station), "{remembered}");
    }
    #[cfg(target_os = "linux")]
    faceau_tests::processes::expect_marked(&bench.mark(), 0);
}

#[test]
fn a_named_provider_that_cannot_be_used_is_an_error() {
    for (try_out, word) in [
        (TryOut::Missing, "not built in"),
        (TryOut::WrongNumbers, "numbers are wrong"),
        (TryOut::Dies, "the compiler fell over"),
    ] {
        let bench = Bench::new();
        let orders = orders(&[("pfld on openvino", try_out)]);
        let ended = run(&bench, &orders, &["--provider=openvino"]).expect_code(3);
        ended.expect_line(&["error", word, "--provider-for pfld=cpu"]);
        assert_eq!(bench.outputs(), [""; 0]);
    }
}

#[test]
fn wrong_numbers_on_one_part_of_the_chip_say_nothing_of_the_others() {
    let bench = Bench::new();
    let orders = orders(&[("pfld on coreml", TryOut::WrongNumbers)]);
    let ended = run(&bench, &orders, &["--provider=coreml"]).expect_code(0);
    ended.expect_line(&["pfld on coreml cannot be used", "numbers are wrong"]);
    let record = bench.record("a");
    let expected = [("pfld", "coreml/gpu"), ("retinaface", "coreml")];
    assert_eq!(places(&record), expected.into());
}

#[test]
fn a_torn_network_is_used_but_not_without_advice() {
    let bench = Bench::new();
    let orders = orders(&[("retinaface on openvino", TryOut::Torn)]);
    let ended = run(&bench, &orders, &["--provider=openvino"]).expect_code(0);
    ended.expect_line(&["17 parts", "16 of 100", "--provider-for retinaface=cpu"]);
    assert_eq!(places(&bench.record("a"))["retinaface"], "openvino");
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_tried() {
    let bench = Bench::new();
    for (options, words) in [
        (
            &["--provider-for=nose=cpu"][..],
            &["nose", "retinaface, pfld"][..],
        ),
        (&["--provider=openvino", "--coreml-units=ane"], &["Core ML"]),
        (
            &["--provider-for=pfld=gpu"],
            &["unknown provider", "coreml"],
        ),
        (&["--provider-for=pfld"], &["NETWORK=NAME"]),
    ] {
        let ended = run(&bench, &Orders::default(), options).expect_code(2);
        for word in words {
            assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
        }
    }
}

#[test]
fn another_place_is_another_result() {
    let bench = Bench::new();
    run(&bench, &orders(&[]), &["--provider=cpu"]).expect_code(0);
    let again = ["--provider=cpu", "--provider-for=pfld=openvino"];
    let ended = run(&bench, &orders(&[]), &again).expect_code(1);
    ended.expect_line(&["provider_for"]);
    run(&bench, &orders(&[]), &[&again[..], &["--force"]].concat()).expect_code(0);
    // Done already: nothing is tried out for that.
    let hangs = orders(&[("pfld on openvino", TryOut::Hangs)]);
    run(&bench, &hangs, &again).expect_code(0);
}

#[test]
fn a_signal_ends_a_trial_that_hangs() {
    use rustix::process::Signal;
    let bench = Bench::new();
    let video = bench.path("a.mp4");
    // Enough that nothing has to be said of how few there are.
    write_numbered(&video, 12);
    let begun = bench.path("begun");
    let orders = Orders {
        unfinished: Some(begun.clone()),
        ..orders(&[("retinaface on openvino", TryOut::Hangs)])
    };
    let mut running = bench
        .with_double(&orders)
        .arg("--provider=openvino")
        .arg(&video)
        .start();
    while !begun.exists() {
        assert!(running.is_running());
        std::thread::sleep(Duration::from_millis(2));
    }
    running.signal(Signal::INT);
    let ended = running.wait();
    ended.expect_signal(Signal::INT);
    #[cfg(target_os = "linux")]
    faceau_tests::processes::expect_marked(&bench.mark(), 0);
}
