//! Patch experts against what OpenFace computes with the same model files on the same frames.

mod common;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use common::{Array, Dump, folder, largest_difference, openface_models, text};
use faceau_vision::grey::{GreyBuffer, Region};
use faceau_vision::image::BgrView;
use faceau_vision::shape::{ShapeModel, rotation_from_euler};
use faceau_vision::tracking::clm::experts::area::Area;
use faceau_vision::tracking::clm::experts::{
    ComponentIndex, PatchExperts, Request, ResponseScratch, Responses, Similarity,
};

/// What most maps differ by at most, relative to the largest response of the frame: OpenFace works
/// in single precision, and a filter's output is multiplied by up to 72 before the sigmoid.
const TOLERANCE: f64 = 3e-6;
/// What the others differ by at most, and how many they may be. Sampling positions are rounded to
/// 1/32 pixel. Where the last bit of a landmark or of the sampling matrix differs from OpenFace's
/// (which stores the latter as four numbers, each rounded on its own), some fall to the other side.
const TOLERANCE_ROUNDED: f64 = 1e-3;
const MOST_ROUNDED: f64 = 0.02;

/// The folder of the landmark models, and one of them with its shape model.
fn load(index: &str, experts_folder: Option<&Path>) -> Option<(PatchExperts, ShapeModel)> {
    let model = openface_models()?.join("LandmarkDetector/model");
    let index_path = model.join(index);
    let base = index_path.parent().unwrap();
    let index = ComponentIndex::parse(&text(&index_path)).unwrap();
    let experts = PatchExperts::load(&index, &mut |path| {
        let own = base.join(path);
        let name = own.file_name().unwrap();
        let replaced = experts_folder.map(|folder| folder.join(name));
        fs::read(replaced.filter(|path| path.exists()).unwrap_or(own))
    });
    let shape = ShapeModel::parse(&text(&base.join(&index.shape_model))).unwrap();
    Some((experts.unwrap(), shape))
}

/// Landmarks of the shape under some parameters, in single precision like OpenFace.
fn project(shape: &ShapeModel, global: [f32; 6], local: &[f32]) -> Vec<f32> {
    let n = shape.landmarks();
    let mut points = vec![0.0; 3 * n];
    shape.shape_3d(local, &mut points);
    let points: Vec<f32> = points.iter().map(|&v| v as f32).collect();
    let [scale, rx, ry, rz, tx, ty] = global;
    let rotation = rotation_from_euler([rx, ry, rz].map(f64::from));
    let mut landmarks = vec![0.0; 2 * n];
    for (axis, (values, shift)) in landmarks.chunks_exact_mut(n).zip([tx, ty]).enumerate() {
        let [a, b, c] = [0, 1, 2].map(|column| rotation[(axis, column)] as f32);
        for (i, value) in values.iter_mut().enumerate() {
            *value = scale * (a * points[i] + b * points[n + i] + c * points[2 * n + i]) + shift;
        }
    }
    landmarks
}

/// The responses of a model to a grey frame for the given parameters.
fn respond(
    (experts, shape): &(PatchExperts, ShapeModel),
    grey: &Array<u8>,
    (scale, view, window): (usize, usize, usize),
    global: [f32; 6],
    local: &[f32],
    map: Option<Similarity>,
) -> Responses {
    let landmarks = project(shape, global, local);
    let reference = [experts.scales()[scale] as f32, 0.0, 0.0, 0.0, 0.0, 0.0];
    let upright = project(shape, reference, local);
    let found = Similarity::between(&landmarks, &upright).inverse();
    if let Some(map) = map {
        let error = (found.c - map.c).abs().max((found.s - map.s).abs());
        assert!(error < 2e-6 * map.c.hypot(map.s), "{found:?} {map:?}");
    }
    let rotation = [global[1], global[2], global[3]];
    assert_eq!(experts.view_for(scale, rotation), view);
    let request = Request {
        scale,
        view,
        window,
        landmarks: &landmarks,
        image_from_reference: map.unwrap_or(found),
    };
    let pixels: Vec<u8> = grey.data.iter().flat_map(|&v| [v; 3]).collect();
    let (height, width) = (grey.shape[0], grey.shape[1]);
    let frame = BgrView::new(&pixels, width, height, 3 * width).unwrap();
    let mut buffer = GreyBuffer::default();
    let grey = buffer.convert(&frame, Region::around(&frame, &landmarks, 20.0));
    let mut responses = Responses::default();
    let mut scratch = ResponseScratch::default();
    experts.respond(&mut scratch, &grey, &request, &mut responses);
    responses
}

/// How the maps of many landmarks differ.
#[derive(Default)]
struct Errors {
    maps: usize,
    rounded: usize,
}

impl Errors {
    fn add(&mut self, name: &str, ours: &Responses, theirs: &[f32]) {
        let size = ours.window() * ours.window();
        let largest = f64::from(theirs.iter().fold(0.0_f32, |a, &b| a.max(b)));
        let (mut worst, mut worst_rounded) = (0.0_f64, 0.0_f64);
        for (landmark, theirs) in theirs.chunks_exact(size).enumerate() {
            let error = largest_difference(ours.map(landmark), theirs) / largest;
            self.maps += 1;
            if error > TOLERANCE {
                self.rounded += 1;
                worst_rounded = worst_rounded.max(error);
            } else {
                worst = worst.max(error);
            }
        }
        eprintln!("{name}: {worst:.1e}, with samples that fall elsewhere {worst_rounded:.1e}");
        assert!(
            worst_rounded < TOLERANCE_ROUNDED,
            "{name}: {worst_rounded:e}"
        );
    }

    fn check(&self) {
        eprintln!(
            "{} of {} maps have samples that fall elsewhere",
            self.rounded, self.maps
        );
        assert!((self.rounded as f64) < MOST_ROUNDED * self.maps as f64);
    }
}

fn six(values: &[f32]) -> [f32; 6] {
    values.try_into().unwrap()
}

#[test]
fn grey_is_opencvs() {
    let Some(dumps) = Dump::all() else { return };
    for dump in dumps {
        let (bgr, grey) = (
            dump.array::<u8>("frame_bgr"),
            dump.array::<u8>("frame_gray"),
        );
        let (height, width) = (grey.shape[0], grey.shape[1]);
        let frame = BgrView::new(&bgr.data, width, height, 3 * width).unwrap();
        let mut buffer = GreyBuffer::default();
        let image = buffer.convert(&frame, Region::whole(&frame));
        let ours: Vec<u8> = (0..height as i32)
            .flat_map(|y| (0..width as i32).map(move |x| (x, y)))
            .map(|(x, y)| image.sample(32 * x, 32 * y) as u8)
            .collect();
        assert!(ours == grey.data, "frame {}", dump.frame());
    }
}

#[test]
fn conditional_neural_fields_respond_as_openfaces() {
    let (Some(dumps), Some(model)) = (Dump::all(), load("clnf_general.txt", None)) else {
        return;
    };
    let (_, shape) = &model;
    let mut errors = Errors::default();
    for dump in dumps {
        let grey = dump.array::<u8>("frame_gray");
        let global = six(&dump.array::<f32>("init_params_global").data);
        let local = vec![0.0; shape.modes()];
        for scale in 0..3 {
            let number = |name: &str| {
                let value = dump.value(&format!("init_{name}"));
                value.as_u64().unwrap() as usize
            };
            let window = number(&format!("response_scale{scale}_window"));
            let view = number(&format!("view_scale{scale}"));
            let matrix = dump.array::<f32>(&format!("init_sim_ref_to_img_scale{scale}"));
            let map = Similarity {
                c: matrix.data[0],
                s: -matrix.data[1],
            };
            let at = (scale, view, window);
            let responses = respond(&model, &grey, at, global, &local, Some(map));
            let theirs = dump.array::<f32>(&format!("init_response_scale{scale}"));
            let name = format!("frame {}, scale {scale}", dump.frame());
            errors.add(&name, &responses, &theirs.data);
        }
    }
    errors.check();
}

/// The dumps of OpenFace running its CE-CLM model with other experts.
struct CenDumps {
    folder: PathBuf,
    index: serde_json::Value,
}

impl CenDumps {
    fn new() -> Option<Self> {
        let folder = folder("FACEAU_REFERENCE")?.join("openface-ceclm/dumps");
        let index = serde_json::from_str(&text(&folder.join("index.json"))).unwrap();
        Some(Self { folder, index })
    }

    fn model(&self) -> Option<(PatchExperts, ShapeModel)> {
        load(
            "cen_general.txt",
            Some(&folder("FACEAU_MODELS")?.join("cen-trained")),
        )
    }

    fn has(&self, frame: usize, name: &str) -> bool {
        !self.index["frames"][frame.to_string()][name].is_null()
    }

    fn number(&self, frame: usize, name: &str) -> usize {
        let value = &self.index["frames"][frame.to_string()][name];
        value.as_u64().unwrap() as usize
    }

    fn array<T: npyz::Deserialize>(&self, frame: usize, name: &str) -> Array<T> {
        let path = self.folder.join(format!("f{frame:04}_{name}.npy"));
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = npyz::NpyFile::new(BufReader::new(file)).unwrap();
        let shape = file.shape().iter().map(|&n| n as usize).collect();
        Array {
            shape,
            data: file.into_vec().unwrap(),
        }
    }
}

#[test]
fn areas_of_interest_are_openfaces() {
    let Some(dumps) = CenDumps::new() else { return };
    for frame in [0, 50] {
        let grey = dumps.array::<u8>(frame, "frame_gray");
        let pixels: Vec<u8> = grey.data.iter().flat_map(|&v| [v; 3]).collect();
        let (height, width) = (grey.shape[0], grey.shape[1]);
        let view = BgrView::new(&pixels, width, height, 3 * width).unwrap();
        let mut buffer = GreyBuffer::default();
        let grey = buffer.convert(&view, Region::whole(&view));
        for landmark in [0, 30, 36, 48] {
            for scale in [0, 3] {
                let name = format!("cmp_lm{landmark}_scale{scale}");
                let window = dumps.number(frame, &format!("{name}_window"));
                let warp = dumps.array::<f32>(frame, &format!("{name}_warp")).data;
                let expected = dumps.array::<f32>(frame, &format!("{name}_area"));
                // The corner is stored; the landmark, from which it was computed, is not.
                let (a, b) = (warp[0], warp[3]);
                let middle = (expected.shape[0] - 1) as f32 / 2.0;
                let x = warp[2] + a * middle - b * middle;
                let y = warp[5] + b * middle + a * middle;
                let mut area = Area::default();
                area.sample(&grey, [x, y], Similarity { c: a, s: b }, window);
                assert!(area.values() == expected.data, "frame {frame}, {name}");
            }
        }
    }
}

#[test]
fn expert_networks_respond_as_openfaces() {
    let Some(dumps) = CenDumps::new() else { return };
    let Some(model) = dumps.model() else { return };
    let (_, shape) = &model;
    let fits = ["init", "start", "track"];
    let at_scales = fits
        .iter()
        .flat_map(|fit| (0..4).map(move |s| format!("{fit}_scale{s}")));
    let hypotheses = (1..=10).map(|i| format!("hyp{i}_start"));
    let names: Vec<String> = at_scales.chain(hypotheses).collect();
    let mut errors = Errors::default();
    let mut compared = 0;
    for frame in [0, 50] {
        let grey = dumps.array::<u8>(frame, "frame_gray");
        for name in &names {
            if !dumps.has(frame, &format!("{name}_response")) {
                continue;
            }
            compared += 1;
            let global = dumps.array::<f32>(frame, &format!("{name}_params_global_in"));
            let global = six(&global.data);
            let local = dumps
                .array::<f32>(frame, &format!("{name}_params_local_in"))
                .data;
            assert_eq!(local.len(), shape.modes());
            let matrix = dumps
                .array::<f32>(frame, &format!("{name}_sim_ref_to_img"))
                .data;
            let map = Similarity {
                c: matrix[0],
                s: -matrix[1],
            };
            let number = |what: &str| dumps.number(frame, &format!("{name}_{what}"));
            let at = (number("scale"), number("view"), number("window"));
            let responses = respond(&model, &grey, at, global, &local, Some(map));
            let present = dumps.array::<i32>(frame, &format!("{name}_response_present"));
            let present: Vec<bool> = present.data.iter().map(|&flag| flag != 0).collect();
            assert_eq!(responses.visible(), present, "{name}");
            let theirs = dumps.array::<f32>(frame, &format!("{name}_response"));
            errors.add(&format!("frame {frame}, {name}"), &responses, &theirs.data);
        }
    }
    assert!(compared >= 30, "only {compared} were compared");
    errors.check();
}

#[test]
fn all_shipped_experts_are_read() {
    let shipped = [
        ("clm_general.txt", vec![0.25, 0.35, 0.5], 68),
        ("clnf_general.txt", vec![0.25, 0.35, 0.5], 68),
        ("model_inner/clnf_inner.txt", vec![1.0], 51),
        ("model_eye/clnf_left_synth.txt", vec![1.0, 1.5], 28),
        ("model_eye/clnf_right_synth.txt", vec![1.0, 1.5], 28),
    ];
    for (index, scales, landmarks) in shipped {
        let Some((experts, shape)) = load(index, None) else {
            return;
        };
        assert_eq!(experts.scales(), scales, "{index}");
        assert_eq!(experts.landmarks(), landmarks, "{index}");
        assert_eq!(shape.landmarks(), landmarks, "{index}");
        assert!(experts.early_termination().is_none());
    }
    let Some((experts, _)) = CenDumps::new().and_then(|dumps| dumps.model()) else {
        return;
    };
    assert_eq!(experts.scales(), [0.25, 0.35, 0.5, 1.0]);
    let early = experts.early_termination().unwrap();
    assert_eq!(
        (early.weights[2], early.biases[3], early.cutoffs[6]),
        (1.054, -0.370, -0.200)
    );
}
