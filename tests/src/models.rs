//! A complete set of tiny models, made in code: every file that the `pfld` pipeline asks for, in
//! the formats of the real ones, with nobody's trained weights.
//!
//! Together they follow a bright disk (see [`crate::video`]) as if it were a face: the detector
//! says "there" as long as the frame is not black, the landmarker measures centre and size of
//! what is bright in its crop, the validator always agrees. So each number in a table really
//! depends on the pixels of its frame.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use faceau_models::{Content, Manifest, ModelFile, ModelSet, Precision, id};
use faceau_vision::analysis::LANDMARKS;
use faceau_vision::au::predictor::Output;
use faceau_vision::shape::ShapeModel;
use faceau_vision::testing::{predictor, shape_model_text, triangulation_text};

use crate::onnx::{Network, Size, idle};
use crate::video::{HEIGHT, WIDTH};

/// Modes of the shape model.
const MODES: usize = 34;
/// Radius of the landmarks' outline in units of the bright disk's.
pub const OUTLINE: f64 = 1.2;
/// Where the detector sees the face: centre of a prior with a side of 64 pixels, in pixels.
pub const DETECTED_AT: (f64, f64) = (72.0, 72.0);

/// Writes all files below `folder`.
pub fn write(folder: &Path) {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let all = Manifest::embedded().files_of(ModelSet::Pfld);
        all.map(|file| (file.path.clone(), content(file))).collect()
    });
    for (path, bytes) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Replaces the detector by one that never comes to an end on a frame with a face.
pub fn write_detector_that_hangs(folder: &Path) {
    let file = Manifest::embedded().file(id::RETINAFACE).unwrap();
    fs::write(folder.join(&file.path), detector(Some(i64::MAX))).unwrap();
}

fn content(file: &ModelFile) -> Vec<u8> {
    match file.id.as_str() {
        id::RETINAFACE => detector(None),
        id::PFLD => landmarker(1.0),
        id::VALIDATOR_68 => validator(),
        id::AU_PDM => shape_model_text(LANDMARKS, MODES).into_bytes(),
        id::AU_TRIANGLES => triangulation_text().into_bytes(),
        id::AU_VIDEO => b"predictors AU_all_best.txt\n".to_vec(),
        id::AU_VIDEO_PREDICTORS => predictor_list().into_bytes(),
        _ => au_model(file).unwrap_or_else(|| panic!("{} is not known to the tests", file.id)),
    }
}

/// What the path of a predictor says about it: action unit, presence or intensity, dynamic.
fn described(file: &ModelFile) -> Option<(u8, bool, bool)> {
    let (_, name) = file.path.split_once("/AU_predictors/")?;
    let (kind, name) = name.split_once("/AU_")?;
    let au = name.split('_').next()?.parse().ok()?;
    Some((au, kind == "svm_combined", name.contains("_dynamic")))
}

fn au_model(file: &ModelFile) -> Option<Vec<u8>> {
    let (au, presence, dynamic) = described(file)?;
    let output = if presence {
        Output::Presence {
            positive: 0.0,
            otherwise: 1.0,
        }
    } else {
        // Some intensities have their zero moved to a quantile, as in the real set.
        let cutoff = (dynamic && au % 2 == 1).then_some(0.3);
        Output::Intensity { cutoff }
    };
    let seed = u64::from(au) + if presence { 100 } else { 0 };
    Some(predictor(seed, output, dynamic).encode())
}

fn predictor_list() -> String {
    Manifest::embedded()
        .files_of(ModelSet::Pfld)
        .filter_map(|file| {
            let (au, ..) = described(file)?;
            let (_, name) = file.path.split_once("/AU_predictors/")?;
            // Backslashes and two digits, as the real list has them.
            Some(format!("{} AU{au:02}\n", name.replace('/', "\\")))
        })
        .collect()
}

/// Writes what stands for the networks in another precision, as `scripts/quantize` would: a detector
/// that is the same and a landmark network whose faces are a little larger. Returns the folder.
pub fn write_variants(folder: &Path, precision: Precision) -> PathBuf {
    let target = folder.join("precision");
    fs::create_dir_all(&target).unwrap();
    for (id, bytes) in [
        (id::RETINAFACE, detector(None)),
        (id::PFLD, landmarker(1.02)),
    ] {
        let file = Manifest::embedded().file(id).expect("it is listed");
        let source = Content::of(&fs::read(folder.join(&file.path)).unwrap());
        let result = Content::of(&bytes);
        let stem = format!("{id}-{precision}-{}", &source.sha256.to_string()[..16]);
        let of = |one: Content| format!("{{ size = {}, sha256 = \"{}\" }}", one.size, one.sha256);
        let record = format!(
            "source = {}\nfile = \"{stem}.onnx\"\nresult = {}\nmade = \"2026-11-21\"\n\
             tools = {{ onnx = \"1.0\" }}\ncalibration = []\n",
            of(source),
            of(result)
        );
        fs::write(target.join(format!("{stem}.onnx")), bytes).unwrap();
        fs::write(target.join(format!("{stem}.toml")), record).unwrap();
    }
    target
}

/// RetinaFace's inputs and outputs: one prior of frames of [`WIDTH`] x [`HEIGHT`] holds a face
/// unless the frame is black. With `rounds`, it thinks about it that long.
fn detector(rounds: Option<i64>) -> Vec<u8> {
    let cells = |stride: usize| (WIDTH.div_ceil(stride), HEIGHT.div_ceil(stride));
    let priors: usize = [8, 16, 32]
        .map(|stride| 2 * cells(stride).0 * cells(stride).1)
        .iter()
        .sum();
    // The smaller box of a cell of stride 16.
    let at = |pixels: f64| (pixels / 16.0 - 0.5) as usize;
    let cell = at(DETECTED_AT.1) * cells(16).0 + at(DETECTED_AT.0);
    let hit = 2 * cells(8).0 * cells(8).1 + 2 * cell;
    let mut scores = vec![0.0; 2 * priors];
    scores[2 * hit + 1] = 0.99;

    let mut net = Network::new();
    let open = [
        Size::Fixed(1),
        Size::Fixed(3),
        Size::Open("height"),
        Size::Open("width"),
    ];
    let input = net.input("input", &open);
    // Pixels come with the channels' means (some 115) subtracted.
    let mean = net.apply("ReduceMean", &[&input]);
    let mean = net.reshape(&mean, &[1]);
    let black = net.number(110.0);
    let above = net.apply("Add", &[&mean, &black]);
    let (zero, one) = (net.number(0.0), net.number(1.0));
    let above = net.apply("Max", &[&above, &zero]);
    let mut gate = net.apply("Min", &[&above, &one]);
    if let Some(rounds) = rounds {
        gate = idle(&mut net, &gate, rounds);
    }
    let scores = net.constant(&[1, priors, 2], scores);
    let scores = net.apply("Mul", &[&scores, &gate]);
    let boxes = net.constant(&[1, priors, 4], vec![0.0; 4 * priors]);
    let points = net.constant(&[1, priors, 10], vec![0.0; 10 * priors]);
    for (name, width, from) in [
        ("loc", 4, boxes),
        ("conf", 2, scores),
        ("landms", 10, points),
    ] {
        let sizes = [Size::Fixed(1), Size::Fixed(priors), Size::Fixed(width)];
        net.output(name, &sizes, &from);
    }
    net.encode()
}

/// PFLD's input and output: the landmarks are the shape model's mean shape, laid around the
/// centre of gravity of what is bright, in proportion to how far that spreads. Where nothing is
/// bright, they lie far outside the frame, where no validator accepts them.
fn landmarker(grown: f32) -> Vec<u8> {
    const SIDE: usize = 112;
    let mut net = Network::new();
    let sizes = [
        Size::Open("batch_size"),
        Size::Fixed(3),
        Size::Fixed(SIDE),
        Size::Fixed(SIDE),
    ];
    let input = net.input("input", &sizes);
    let threshold = net.number(0.4);
    let above = net.apply("Sub", &[&input, &threshold]);
    let bright = net.apply("Relu", &[&above]);

    let positions: Vec<f32> = (0..SIDE).map(|i| (i as f32 + 0.5) / SIDE as f32).collect();
    let xs = net.constant(&[1, 1, 1, SIDE], positions.clone());
    let ys = net.constant(&[1, 1, SIDE, 1], positions);
    let sum = |net: &mut Network, values: &str| {
        let sum = net.apply("ReduceSum", &[values]);
        net.reshape(&sum, &[1, 1])
    };
    let total = sum(&mut net, &bright);
    let little = net.number(1e-3);
    let weight = net.apply("Add", &[&total, &little]);
    // Mean and mean square along one axis.
    let moments = |net: &mut Network, axis: &str| {
        let first = net.apply("Mul", &[&bright, axis]);
        let second = net.apply("Mul", &[&first, axis]);
        [first, second].map(|moment| {
            let moment = sum(net, &moment);
            net.apply("Div", &[&moment, &weight])
        })
    };
    let [x, xx] = moments(&mut net, &xs);
    let [y, yy] = moments(&mut net, &ys);
    let squares = net.apply("Add", &[&xx, &yy]);
    let (x2, y2) = (net.apply("Mul", &[&x, &x]), net.apply("Mul", &[&y, &y]));
    let squares = net.apply("Sub", &[&squares, &x2]);
    let squares = net.apply("Sub", &[&squares, &y2]);
    let variance = net.apply("Relu", &[&squares]);
    let spread = net.apply("Sqrt", &[&variance]);

    // 1 where nothing is bright, 0 where the disk is: its sum is above 1,000.
    let enough = net.number(0.01);
    let (zero, one) = (net.number(0.0), net.number(1.0));
    let light = net.apply("Mul", &[&total, &enough]);
    let dark = net.apply("Sub", &[&one, &light]);
    let dark = net.apply("Max", &[&dark, &zero]);

    // The radius of a disk is √2 times its spread.
    let unit = OUTLINE * std::f64::consts::SQRT_2;
    let shape = mean_shape().map(|value| (unit * value) as f32);
    let axis = |wanted: usize| (0..2 * LANDMARKS).map(move |i| f32::from(i % 2 == wanted));
    let width = 2 * LANDMARKS;
    let mut landmarks = net.constant(&[1, width], vec![0.0; width]);
    for (amount, direction) in [
        (&x, axis(0).collect()),
        (&y, axis(1).collect()),
        (&spread, shape.map(|value| grown * value).to_vec()),
        (&dark, vec![50.0; width]),
    ] {
        let direction: Vec<f32> = direction;
        let direction = net.constant(&[1, width], direction);
        let part = net.apply("Mul", &[amount, &direction]);
        landmarks = net.apply("Add", &[&landmarks, &part]);
    }
    let sizes = [Size::Open("batch_size"), Size::Fixed(width)];
    net.output("output", &sizes, &landmarks);
    net.encode()
}

/// The shape model's mean shape from the front, with an outline of radius 1 around the origin: x
/// and y of every landmark in turn.
pub fn mean_shape() -> [f64; 2 * LANDMARKS] {
    let model = ShapeModel::parse(&shape_model_text(LANDMARKS, MODES)).expect("it is whole");
    let mean = model.mean();
    let radius = (0..LANDMARKS)
        .map(|i| mean[i].hypot(mean[LANDMARKS + i]))
        .fold(0.0, f64::max);
    std::array::from_fn(|i| mean[(i % 2) * LANDMARKS + i / 2] / radius)
}

/// OpenFace's detection validator, as small as the format allows: one view, one pixel of one
/// triangle, a convolution that reduces the picture to one value, and 20 bins of which the first
/// wins whatever the value: certainty 0.975.
fn validator() -> Vec<u8> {
    const SIDE: usize = 60;
    const PIXELS: usize = SIDE * SIDE;
    let words = |words: &[i32]| -> Vec<u8> { words.iter().flat_map(|w| w.to_le_bytes()).collect() };
    let header = |rows: usize, cols: usize, code: i32| words(&[rows as i32, cols as i32, code]);
    let f64s = |rows: usize, cols: usize, data: &[f64]| {
        let data = data.iter().flat_map(|v| v.to_le_bytes());
        header(rows, cols, 6).into_iter().chain(data).collect()
    };
    let f32s = |rows: usize, cols: usize, data: &[f32]| -> Vec<u8> {
        let data = data.iter().flat_map(|v| v.to_le_bytes());
        header(rows, cols, 5).into_iter().chain(data).collect()
    };
    let i32s =
        |rows: usize, cols: usize, data: &[i32]| [header(rows, cols, 4), words(data)].concat();
    let (mut triangle_of, mut mask) = ([-1; PIXELS], [0; PIXELS]);
    (triangle_of[0], mask[0]) = (0, 1);
    let mut bins = [0.0; 20];
    bins[0] = 1.0;
    let parts: [Vec<u8>; 20] = [
        // A neural network; one view, seen from the front.
        words(&[3, 1]),
        f64s(3, 1, &[0.0; 3]),
        // Mean and deviation of the pixel.
        f64s(1, 1, &[0.0]),
        f64s(1, 1, &[1.0]),
        // Two layers: a convolution of one map into one,
        words(&[2, 0, 1, 1]),
        0.0_f32.to_le_bytes().to_vec(),
        f32s(SIDE, SIDE, &[0.0; PIXELS]),
        // and a fully connected one.
        words(&[2]),
        f32s(20, 1, &bins),
        f32s(1, 20, &[0.0; 20]),
        // The mesh: one pixel, the origin, reference landmarks, a triangle, where it is drawn.
        words(&[1]),
        [0.0_f64; 2].iter().flat_map(|v| v.to_le_bytes()).collect(),
        f64s(2 * LANDMARKS, 1, &[0.0; 2 * LANDMARKS]),
        i32s(1, 3, &[0, 1, 2]),
        i32s(SIDE, SIDE, &triangle_of),
        i32s(SIDE, SIDE, &mask),
        f64s(1, 3, &[0.5, 0.0, 0.0]),
        f64s(1, 3, &[0.5, 0.0, 0.0]),
        Vec::new(),
        Vec::new(),
    ];
    parts.concat()
}
