//! Where the tests with real data find it, and how they read it.
//!
//! Three environment variables name folders: `FACEAU_MODELS` (model files), `FACEAU_REFERENCE`
//! (what OpenFace computed), `FACEAU_VIDEOS`. A test whose data is missing says so and passes.

#![allow(dead_code, reason = "each test program uses a part of this")]

use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use faceau_vision::au::mask::Triangulation;
use faceau_vision::au::models::AuModels;
use faceau_vision::shape::ShapeModel;
use npyz::{Deserialize, NpyFile};

/// A folder that an environment variable names; says so when it names none.
pub fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable);
    if folder.is_none() {
        eprintln!("skipped: {variable} is not set; it names a folder with data for this test");
    }
    folder.map(PathBuf::from)
}

/// The folder of OpenFace's own model files below `FACEAU_MODELS`.
pub fn openface_models() -> Option<PathBuf> {
    Some(folder("FACEAU_MODELS")?.join("OpenFaceModels/2.2.0/originals/lib/local"))
}

/// Reads a whole file.
pub fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a whole text file.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The 68-point shape model that belongs to the AU models.
pub fn face_shape_model(models: &Path) -> Arc<ShapeModel> {
    let path = models.join("FaceAnalyser/AU_predictors/In-the-wild_aligned_PDM_68.txt");
    Arc::new(ShapeModel::parse(&text(&path)).unwrap())
}

/// OpenFace's AU models for videos.
pub fn dynamic_au_models(models: &Path) -> Arc<AuModels> {
    let folder = models.join("FaceAnalyser/AU_predictors");
    let list = text(&folder.join("AU_all_best.txt"));
    let models = AuModels::load(&list, &mut |path| fs::read(folder.join(path)));
    Arc::new(models.unwrap())
}

/// The triangles of the face mask.
pub fn triangulation(models: &Path) -> Triangulation {
    let path = models.join("FaceAnalyser/AU_predictors/tris_68_full.txt");
    Triangulation::parse(&text(&path)).unwrap()
}

/// The AU columns of a CSV that OpenFace wrote, as printed, per frame: 17 intensities, then 18
/// presences, in the order of the models.
pub fn csv_aus(path: &Path, models: &AuModels) -> Vec<Vec<String>> {
    let content = text(path);
    let mut lines = content.lines().map(|line| line.split(", ").map(str::trim));
    let header: Vec<&str> = lines.next().unwrap().collect();
    let intensities = models.intensities().iter().map(|m| m.name() + "_r");
    let presences = models.presences().iter().map(|m| m.name() + "_c");
    let columns: Vec<usize> = intensities
        .chain(presences)
        .map(|name| {
            header
                .iter()
                .position(|&column| column == name)
                .expect(&name)
        })
        .collect();
    lines
        .map(|fields| {
            let fields: Vec<&str> = fields.collect();
            columns.iter().map(|&i| fields[i].to_owned()).collect()
        })
        .collect()
}

/// An array of any number of dimensions, row-major.
pub struct Array<T> {
    pub shape: Vec<usize>,
    pub data: Vec<T>,
}

impl<T: Deserialize> Array<T> {
    fn read(source: impl Read, name: &str) -> Self {
        let file = NpyFile::new(source).unwrap_or_else(|error| panic!("{name}: {error}"));
        let shape = file.shape().iter().map(|&n| n as usize).collect();
        let data = file
            .into_vec()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { shape, data }
    }
}

/// Intermediate values of the reference for one frame (0, 50 or 100) of `default.wmv`.
pub struct Dump {
    folder: PathBuf,
    frame: usize,
}

impl Dump {
    pub const FRAMES: [usize; 3] = [0, 50, 100];

    /// The dumps that a run with the CE-CLM model made of frames 0 and 50, or nothing when there
    /// is no reference data.
    pub fn ce_clm() -> Option<[Dump; 2]> {
        let folder = folder("FACEAU_REFERENCE")?.join("openface-ceclm/dumps");
        Some([0, 50].map(|frame| Dump {
            folder: folder.clone(),
            frame,
        }))
    }

    /// The dumps of all three frames, or nothing when there is no reference data.
    pub fn all() -> Option<[Dump; 3]> {
        let folder = folder("FACEAU_REFERENCE")?.join("openface-dumps");
        Some(Self::FRAMES.map(|frame| Dump {
            folder: folder.clone(),
            frame,
        }))
    }

    /// Number of the frame, counted from 0.
    pub fn frame(&self) -> usize {
        self.frame
    }

    /// The array called `name`.
    pub fn array<T: Deserialize>(&self, name: &str) -> Array<T> {
        let path = self.folder.join(format!("f{:04}_{name}.npy", self.frame));
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Array::read(BufReader::new(file), name)
    }

    /// Values that the index holds itself.
    pub fn value(&self, name: &str) -> serde_json::Value {
        let index: serde_json::Value =
            serde_json::from_str(&text(&self.folder.join("index.json"))).unwrap();
        index["frames"][self.frame.to_string()][name].clone()
    }

    /// 2-D landmarks: all x, then all y.
    pub fn landmarks(&self, name: &str) -> Vec<f32> {
        by_axis(&self.array(name).data, 2)
    }
}

/// Values of all 288 frames of `default.wmv`; the first dimension is the frame.
pub fn all_frames<T: Deserialize>(reference: &Path, name: &str) -> Array<T> {
    let path = reference.join("openface-dumps/default-all-frames.npz");
    let mut archive = npyz::npz::NpzArchive::open(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = archive.by_name(name).unwrap().expect(name);
    let shape = file.shape().iter().map(|&n| n as usize).collect();
    Array {
        shape,
        data: file.into_vec().unwrap(),
    }
}

/// Turns `x y x y ...` into `x x ... y y ...`, for any number of axes.
pub fn by_axis<T: Copy>(points: &[T], axes: usize) -> Vec<T> {
    (0..axes)
        .flat_map(|axis| points.iter().skip(axis).step_by(axes).copied())
        .collect()
}

/// The largest absolute difference between two sequences of the same length.
pub fn largest_difference<A, B>(ours: &[A], theirs: &[B]) -> f64
where
    A: Copy + Into<f64>,
    B: Copy + Into<f64>,
{
    assert_eq!(ours.len(), theirs.len());
    ours.iter()
        .zip(theirs)
        .map(|(&a, &b)| {
            let difference: f64 = (a.into() - b.into()).abs();
            if difference.is_nan() {
                f64::INFINITY
            } else {
                difference
            }
        })
        .fold(0.0, f64::max)
}

/// The words of a HOG file: per frame columns, rows, planes (integers), a flag, then the values.
pub fn hog_file(path: &Path) -> Vec<f32> {
    let bytes = bytes(path);
    let words = bytes.as_chunks::<4>().0.iter();
    words.map(|&word| f32::from_le_bytes(word)).collect()
}

/// All frames of a video as B, G, R pixels, decoded by the `ffmpeg` program; nothing, said aloud,
/// where there is none.
pub fn decode(video: &Path, width: usize, height: usize) -> Option<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    let pixels = |_, pixels: &[u8]| frames.push(pixels.to_vec());
    for_each_frame(video, width, height, pixels).map(|_| frames)
}

/// Decodes a video with the `ffmpeg` program, hands over each frame's number (from 0) and B, G, R
/// pixels, and returns their number; nothing, said aloud, where there is no such program.
pub fn for_each_frame(
    video: &Path,
    width: usize,
    height: usize,
    mut each: impl FnMut(usize, &[u8]),
) -> Option<usize> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(video);
    // Every frame once, whatever its time stamp says.
    command.args(["-fps_mode", "passthrough", "-f", "rawvideo"]);
    // OpenCV, and so OpenFace, takes every video's colours for those of BT.601.
    command.args(["-vf", "scale=in_color_matrix=bt601:flags=bicubic"]);
    command.args(["-pix_fmt", "bgr24", "-"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: there is no `ffmpeg` on the PATH to decode the video with");
            return None;
        }
        child => child.expect("ffmpeg runs"),
    };
    let mut output = BufReader::new(child.stdout.take().expect("the output is piped"));
    let mut pixels = vec![0; 3 * width * height];
    let mut count = 0;
    while output.read_exact(&mut pixels).is_ok() {
        each(count, &pixels);
        count += 1;
    }
    let status = child.wait().expect("ffmpeg ends");
    assert!(status.success(), "{}: {status}", video.display());
    Some(count)
}
