//! The OpenFace 3.0 pipeline against what an independent implementation computed with the same
//! (untrained) networks on 20 frames of one video: with the detector's box on every frame, and with
//! the whole frame as the face.

mod common;

use std::path::{Path, PathBuf};

use common::{Data, read};
use faceau_inference::prepared::Prepared;
use faceau_inference::{ChooseOutputs, NetworkOptions, OnnxNetwork, OpenError};
use faceau_models::Sha256;
use faceau_vision::image::BgrView;
use faceau_vision::network::Network;
use faceau_vision::openface3::closure::{Bounds, Smoothing, eye_ratios, raw};
use faceau_vision::openface3::face::FaceFinder;
use faceau_vision::openface3::mtl::{self, Mtl};
use faceau_vision::openface3::star::{self, Star, StarCrop};
use faceau_vision::openface3::{Convention, LANDMARKS};
use faceau_vision::tracking::face_box::FaceBox;
use faceau_vision::tracking::pixel_box::PixelBox;
use npyz::Deserialize;

const FRAMES: usize = 20;
/// Of these the networks' inputs are known.
const WITH_INPUTS: [usize; 2] = [0, 10];
const MODES: [&str; 2] = ["detect", "full"];

fn array<T: Deserialize>(data: &Data, name: &str) -> Vec<T> {
    let path = data.reference.join("openface3").join(name);
    let bytes = read(&path);
    let file = npyz::NpyFile::new(&bytes[..]);
    let file = file.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.into_vec().unwrap()
}

fn open(data: &Data, file: &str, choose: ChooseOutputs) -> Result<OnnxNetwork, OpenError> {
    let options = NetworkOptions {
        name: file,
        choose: Some(choose),
        ..NetworkOptions::default()
    };
    let model = data.model(&format!("onnx/{file}"));
    OnnxNetwork::open(&data.library, &model, &options)
}

fn multi_task(data: &Data) -> Mtl<OnnxNetwork> {
    let file = "mtl_efficientnet_b0_random_small.onnx";
    Mtl::new(open(data, file, mtl::choose_outputs).unwrap())
}

fn landmarker(data: &Data, convention: Convention) -> Star<OnnxNetwork> {
    let file = "star_landmark_98_random_small.onnx";
    Star::new(open(data, file, star::choose_outputs).unwrap(), convention)
}

/// The box that the reference used in frame `number`.
fn reference_box(data: &Data, mode: &str, number: usize, frame: &BgrView<'_>) -> PixelBox {
    if mode == "full" {
        return PixelBox {
            left: 0,
            top: 0,
            right: frame.width() as i64,
            bottom: frame.height() as i64,
        };
    }
    let boxes = array::<i32>(data, "boxes_int.npy");
    let [left, top, right, bottom] = boxes.as_chunks::<4>().0[number].map(i64::from);
    PixelBox {
        left,
        top,
        right,
        bottom,
    }
}

fn png(path: &Path) -> (Vec<u8>, usize, usize) {
    let picture = image::open(path).unwrap().into_rgb8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut pixels = picture.into_raw();
    for pixel in pixels.as_chunks_mut::<3>().0 {
        pixel.reverse();
    }
    (pixels, width, height)
}

fn largest_difference(ours: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(ours.len(), expected.len());
    let differences = ours.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

#[test]
fn inputs_of_the_networks_are_equal_to_the_bit() {
    let Some(data) = Data::find() else { return };
    let mut mtl = multi_task(&data);
    let mut star = landmarker(&data, Convention::AsTrained);
    for number in WITH_INPUTS {
        let path = data
            .reference
            .join(format!("openface3/frame_{number:03}.png"));
        let (pixels, width, height) = png(&path);
        let frame = BgrView::new(&pixels, width, height, 3 * width).unwrap();
        for mode in MODES {
            let face = reference_box(&data, mode, number, &frame);
            let dump = |name: &str| array::<f32>(&data, &format!("{name}_{mode}_{number:03}.npy"));
            let crop = StarCrop::of_box(face).unwrap();
            assert_eq!(crop.matrix()[..], dump("star_matrix"), "{mode} {number}");
            assert!(
                star.prepare(&frame, crop) == dump("star_input"),
                "STAR, {mode}, frame {number}"
            );
            let inside = face.within(&frame).unwrap();
            assert!(
                mtl.prepare(&frame, inside) == dump("mtl_input"),
                "MTL, {mode}, frame {number}"
            );
        }
    }
}

#[test]
fn ratings_landmarks_and_closures_agree() {
    let Some(data) = Data::find() else { return };
    let index = read(&data.reference.join("openface3/index.json"));
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    for mode in MODES {
        let Some(mut frames) = data.frames("default.wmv") else {
            return;
        };
        let mut mtl = multi_task(&data);
        let mut star = landmarker(&data, Convention::AsTrained);
        let as_facemirror = landmarker(&data, Convention::FaceMirror);
        let expected = |name: &str| array::<f32>(&data, &format!("small_{mode}_{name}.npy"));
        let (emotions, gaze) = (expected("emotion"), expected("gaze"));
        let (aus, norm) = (expected("au"), expected("star_norm"));
        let facemirror_px = expected("landmarks_px");
        let trained_px = expected("landmarks_px_halfpixel");
        let mut errors = [0.0_f32; 5];
        let mut pixels = Vec::new();
        for number in 0..FRAMES {
            assert!(frames.next_into(&mut pixels));
            let known = index["frame_bgr_sha256"][number].as_str().unwrap();
            assert_eq!(Sha256::of(&pixels).to_string(), known, "frame {number}");
            let frame = frames.view(&pixels);
            let face = reference_box(&data, mode, number, &frame);

            let ratings = mtl.rate(&frame, face.within(&frame).unwrap()).unwrap();
            let of_frame = |all: &[f32], n: usize| all[n * number..n * (number + 1)].to_vec();
            for (error, ours, all) in [
                (0, &ratings.emotions[..], &emotions),
                (1, &ratings.gaze[..], &gaze),
                (2, &ratings.aus[..], &aus),
            ] {
                let expected = of_frame(all, ours.len());
                errors[error] = errors[error].max(largest_difference(ours, &expected));
            }

            let crop = StarCrop::of_box(face).unwrap();
            let mut landmarks = [0.0; 2 * LANDMARKS];
            star.locate(&frame, crop, &mut landmarks).unwrap();
            let interleaved = |points: &[f32; 2 * LANDMARKS]| -> Vec<f32> {
                let point = |i: usize| [points[i], points[LANDMARKS + i]];
                (0..LANDMARKS).flat_map(point).collect()
            };
            let expected = of_frame(&trained_px, 2 * LANDMARKS);
            let error = largest_difference(&interleaved(&landmarks), &expected);
            errors[3] = errors[3].max(error);

            // Decoding alone, from the reference's own output.
            let points: [f32; 2 * LANDMARKS] = of_frame(&norm, 2 * LANDMARKS).try_into().unwrap();
            for (decoder, expected) in [(&as_facemirror, &facemirror_px), (&star, &trained_px)] {
                decoder.to_pixels(crop, &points, &mut landmarks);
                let expected = of_frame(expected, 2 * LANDMARKS);
                let error = largest_difference(&interleaved(&landmarks), &expected);
                errors[4] = errors[4].max(error);
            }
        }
        println!(
            "{mode}: logits within {}, gaze {}, AUs {}, landmarks {} px, decoding {} px",
            errors[0], errors[1], errors[2], errors[3], errors[4]
        );
        for (error, allowed) in errors.into_iter().zip([1e-2, 1e-2, 1e-3, 1e-2, 1e-2]) {
            assert!(error <= allowed, "{mode}: {errors:?}");
        }
    }
}

/// Points as the reference keeps them, x and y in turn, in our order.
fn split(points: &[f32]) -> [f32; 2 * LANDMARKS] {
    std::array::from_fn(|i| points[2 * (i % LANDMARKS) + i / LANDMARKS])
}

#[test]
fn eye_closures_agree_with_the_earlier_program() {
    let Some(data) = Data::find() else { return };
    let early = Bounds {
        open: 0.25,
        shut: 0.05,
    };
    let late = Bounds::of(Convention::FaceMirror);
    for (points, values) in [
        (
            "au45_synth_points",
            ["au45_synth_value", "au45_synth_value_early"],
        ),
        (
            "small_detect_landmarks_px",
            ["small_detect_au45", "small_detect_au45_early_thresholds"],
        ),
        (
            "small_full_landmarks_px",
            ["small_full_au45", "small_full_au45_early_thresholds"],
        ),
    ] {
        let points = array::<f32>(&data, &format!("{points}.npy"));
        let mut varied = false;
        for (bounds, values) in [late, early].into_iter().zip(values) {
            let expected = array::<f64>(&data, &format!("{values}.npy"));
            let mut smoothing = Smoothing::default();
            for (number, &expected) in expected.iter().enumerate() {
                let frame = split(&points[2 * LANDMARKS * number..2 * LANDMARKS * (number + 1)]);
                let ratios = eye_ratios(&frame, Convention::FaceMirror);
                let found = smoothing.push(raw(ratios, bounds)).unwrap();
                assert!(
                    (found - expected).abs() <= 1e-6,
                    "{values}, frame {number}: {found}, not {expected}"
                );
                varied |= expected > 0.1;
            }
        }
        assert!(varied || !values[0].starts_with("au45_synth"));
    }
    for mode in MODES {
        let points = array::<f32>(&data, &format!("small_{mode}_landmarks_px.npy"));
        let expected = array::<f64>(&data, &format!("small_{mode}_eye_ratio.npy"));
        for (number, expected) in expected.as_chunks::<2>().0.iter().enumerate() {
            let frame = split(&points[2 * LANDMARKS * number..2 * LANDMARKS * (number + 1)]);
            let found = eye_ratios(&frame, Convention::FaceMirror).map(Option::unwrap);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() <= 1e-6 * expected.max(1.0));
            }
        }
    }
}

#[test]
fn the_face_is_the_detectors_best() {
    let Some(data) = Data::find() else { return };
    let Some(mut frames) = data.frames("default.wmv") else {
        return;
    };
    let faces = array::<f32>(&data, "top_face.npy");
    let mut finder = FaceFinder::every_frame(data.detector(), Convention::FaceMirror);
    let mut pixels = Vec::new();
    for (number, expected) in faces.as_chunks::<15>().0.iter().enumerate() {
        assert!(frames.next_into(&mut pixels));
        let found = finder.find(&frames.view(&pixels)).unwrap().unwrap();
        finder.record(true, None);
        let FaceBox {
            left,
            top,
            right,
            bottom,
        } = found.face;
        let error = largest_difference(&[left, top, right, bottom], &expected[..4]);
        assert!(error <= 1e-2, "frame {number}: off by {error} px");
        assert!((found.score - expected[4]).abs() <= 1e-5);
    }
}

#[test]
fn a_model_of_another_kind_is_refused_with_what_was_expected_and_found() {
    let Some(data) = Data::find() else { return };
    for (file, choose, parts) in [
        (
            "pfld_cunjian.onnx",
            star::choose_outputs as ChooseOutputs,
            ["[1, 3, 256, 256]", "?x3x112x112"],
        ),
        (
            "star_landmark_98_random_small.onnx",
            mtl::choose_outputs,
            ["[1, 3, 224, 224]", "1x3x256x256"],
        ),
    ] {
        let error = open(&data, file, choose).unwrap_err().to_string();
        for part in parts.into_iter().chain([file]) {
            assert!(error.contains(part), "{part} in: {error}");
        }
    }
}

/// Once prepared, a network gives the same results to the bit; what is broken is made anew, and what
/// cannot be is done without.
#[test]
fn a_prepared_network_is_the_same_network() {
    let Some(data) = Data::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("networks");
    let model = data.model("onnx/star_landmark_98_random_small.onnx");
    let digest = Sha256::of(&model).to_string();
    let input: Vec<f32> = (0..3 * 256 * 256)
        .map(|i| (i % 201) as f32 / 100.0 - 1.0)
        .collect();
    let answer = |folder: Option<&Path>| {
        let options = NetworkOptions {
            name: "star",
            choose: Some(star::choose_outputs),
            prepared: folder.map(|folder| Prepared {
                folder,
                digest: &digest,
            }),
            ..NetworkOptions::default()
        };
        let mut network = OnnxNetwork::open(&data.library, &model, &options).unwrap();
        let mut outputs = Vec::new();
        network
            .run(&[1, 3, 256, 256], &input, &mut outputs)
            .unwrap();
        (outputs, network.unprepared().map(str::to_owned))
    };
    let (plain, _) = answer(None);
    let kept = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&place).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_dir()).collect()
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(answer(Some(&place)), (plain.clone(), None)));
        }
    });
    let [first] = &kept()[..] else {
        panic!("{:?}", kept())
    };
    assert!(std::fs::metadata(first.join("weights.bin")).unwrap().len() > 1 << 20);

    std::fs::write(first.join("network.onnx"), "nonsense").unwrap();
    let (outputs, reason) = answer(Some(&place));
    assert_eq!(outputs, plain);
    assert!(reason.unwrap().contains("star-"));
    assert_eq!(answer(Some(&place)), (plain.clone(), None));

    // A form for another engine or model goes when a new one is made.
    let older = place.join("star-0123456789abcdef-1.0-x86_64");
    std::fs::create_dir(&older).unwrap();
    std::fs::remove_dir_all(first).unwrap();
    assert_eq!(answer(Some(&place)), (plain.clone(), None));
    assert_eq!(kept(), std::slice::from_ref(first));

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (outputs, reason) = answer(Some(&file.join("networks")));
    assert_eq!(outputs, plain);
    assert!(reason.is_some());
}
