//! Loading ONNX Runtime and opening models, with the real engine.

mod common;

use std::path::PathBuf;

use common::{Data, engine, read};
use faceau_inference::{Library, NetworkOptions, OnnxNetwork, OpenError, Place, Provider, library};
use faceau_vision::network::{Network, Tensor};

#[test]
fn the_engine_is_loaded_once_and_says_which_it_is() {
    let Some(first) = engine() else { return };
    assert!(first.version().starts_with("1."), "{}", first.version());
    assert!(first.path().is_absolute() && first.path().is_file());
    let second = library::load().unwrap();
    assert_eq!(first.path(), second.path());
}

/// PFLD, a small network with one output and an open batch size.
fn model() -> Option<(Library, Vec<u8>)> {
    let Some(models) = std::env::var_os("FACEAU_MODELS") else {
        eprintln!("skipped: FACEAU_MODELS is not set; a model is needed");
        return None;
    };
    let library = engine()?;
    Some((
        library,
        read(&PathBuf::from(models).join("onnx/pfld_cunjian.onnx")),
    ))
}

fn options() -> NetworkOptions<'static> {
    NetworkOptions {
        name: "PFLD",
        ..NetworkOptions::default()
    }
}

#[test]
fn bytes_that_are_no_model_are_refused_by_name() {
    let Some((library, model)) = model() else {
        return;
    };
    for bytes in [&b""[..], b"not a model", &model[..model.len() / 2]] {
        let error = OnnxNetwork::open(&library, bytes, &options()).unwrap_err();
        assert!(matches!(error, OpenError::Model { .. }), "{error}");
        assert!(error.to_string().contains("PFLD"), "{error}");
    }
}

#[test]
fn an_output_that_is_not_there_is_refused_and_the_others_are_listed() {
    let Some((library, model)) = model() else {
        return;
    };
    let options = NetworkOptions {
        outputs: &["landmarks"],
        ..options()
    };
    let error = OnnxNetwork::open(&library, &model, &options).unwrap_err();
    assert!(matches!(error, OpenError::Unexpected { .. }), "{error}");
    assert!(error.to_string().contains("only output"), "{error}");
}

#[test]
fn an_input_of_the_wrong_shape_is_an_error_and_the_network_stays_usable() {
    let Some((library, model)) = model() else {
        return;
    };
    let mut network = OnnxNetwork::open(&library, &model, &options()).unwrap();
    let mut outputs = Vec::new();
    for (shape, length) in [
        (&[1, 3, 100, 112][..], 3 * 100 * 112),
        (&[1, 3, 112, 112], 5),
        (&[], 1),
        (&[0, 3, 112, 112], 0),
    ] {
        // An empty batch may be answered with an empty result; everything else is refused.
        let result = network.run(shape, &vec![0.5; length], &mut outputs);
        assert!(result.is_err() || length == 0, "{shape:?} was accepted");
        if let Err(error) = result {
            assert_eq!(error.network, "PFLD");
            assert!(!error.reason.is_empty());
        }
    }
    network
        .run(
            &[2, 3, 112, 112],
            &vec![0.5; 2 * 3 * 112 * 112],
            &mut outputs,
        )
        .unwrap();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].shape, [2, 136]);
    assert_eq!(outputs[0].data[..136], outputs[0].data[136..]);
}

#[test]
fn fixed_dimensions_are_fixed_and_change_no_result() {
    let Some((library, model)) = model() else {
        return;
    };
    let fixed = NetworkOptions {
        dimensions: &[("batch_size", 1)],
        ..options()
    };
    let mut fixed = OnnxNetwork::open(&library, &model, &fixed).unwrap();
    let mut open = OnnxNetwork::open(&library, &model, &options()).unwrap();
    let input: Vec<f32> = (0..3 * 112 * 112).map(|i| (i % 97) as f32 / 97.0).collect();
    let shape = [1, 3, 112, 112];
    let (mut a, mut b) = (Vec::new(), Vec::new());
    fixed.run(&shape, &input, &mut a).unwrap();
    open.run(&shape, &input, &mut b).unwrap();
    assert_eq!(a, b);
    let two = vec![0.5; 2 * 3 * 112 * 112];
    assert!(fixed.run(&[2, 3, 112, 112], &two, &mut a).is_err());
}

#[test]
fn results_are_the_same_on_another_thread() {
    let Some((library, model)) = model() else {
        return;
    };
    let mut network = OnnxNetwork::open(&library, &model, &options()).unwrap();
    let input: Vec<f32> = (0..3 * 112 * 112).map(|i| (i % 89) as f32 / 89.0).collect();
    let shape = [1, 3, 112, 112];
    let mut here: Vec<Tensor> = Vec::new();
    network.run(&shape, &input, &mut here).unwrap();
    let there = std::thread::spawn(move || {
        let mut outputs = Vec::new();
        network.run(&shape, &input, &mut outputs).unwrap();
        outputs
    });
    assert_eq!(here, there.join().unwrap());
}

#[test]
fn a_named_provider_is_used_or_refused_but_never_replaced() {
    let Some((library, model)) = model() else {
        return;
    };
    for provider in Provider::ALL {
        let options = NetworkOptions {
            place: Place::on(provider),
            ..options()
        };
        match OnnxNetwork::open(&library, &model, &options) {
            Ok(network) => {
                assert_eq!(network.place(), Place::on(provider));
                assert_eq!(network.graph().is_some(), provider != Provider::Cpu);
            }
            Err(error) => {
                assert_ne!(provider, Provider::Cpu, "{error}");
                assert!(matches!(error, OpenError::Provider { .. }), "{error}");
                let message = error.to_string();
                println!("{message}");
                assert!(message.contains(provider.name()), "{message}");
            }
        }
    }
}

#[test]
fn outputs_come_in_the_order_that_was_asked_for() {
    let Some(data) = Data::find() else { return };
    let file = "retinaface_mobilenet025_coreml.onnx";
    let input = vec![0.0; 3 * 64 * 96];
    let sides = |outputs: &[&str]| -> Vec<usize> {
        let mut results = Vec::new();
        let mut network = data.network(file, outputs);
        network.run(&[1, 3, 64, 96], &input, &mut results).unwrap();
        results.iter().map(|tensor| tensor.shape[2]).collect()
    };
    assert_eq!(sides(&["landms", "loc"]), [10, 4]);
    assert_eq!(sides(&["loc", "conf", "landms"]), [4, 2, 10]);
    assert_eq!(sides(&[]).len(), 3);
}
