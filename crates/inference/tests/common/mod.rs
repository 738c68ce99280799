//! What the tests with real data share: finding it, decoding videos, opening the tracker.
#![allow(dead_code, reason = "each test program uses a part of this")]

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use faceau_inference::{Library, LibraryError, NetworkOptions, OnnxNetwork, library};
use faceau_vision::image::BgrView;
use faceau_vision::shape::ShapeModel;
use faceau_vision::tracking::pfld::Pfld;
use faceau_vision::tracking::pfld_tracker::{PfldTracker, PfldTrackerOptions};
use faceau_vision::tracking::retinaface::{RetinaFace, RetinaFaceOptions};
use faceau_vision::tracking::validator::Validator;

/// Where the real data lies, and the engine.
pub struct Data {
    pub models: PathBuf,
    pub reference: PathBuf,
    pub videos: PathBuf,
    pub library: Library,
}

impl Data {
    /// `None`, with a message that says why, when something is missing.
    pub fn find() -> Option<Self> {
        Some(Self {
            models: folder("FACEAU_MODELS", "model files are needed")?,
            reference: folder("FACEAU_REFERENCE", "reference results are needed")?,
            videos: folder("FACEAU_VIDEOS", "sample videos are needed")?,
            library: engine()?,
        })
    }

    pub fn network(&self, file: &str, outputs: &[&str]) -> OnnxNetwork {
        let options = NetworkOptions {
            name: file,
            outputs,
            ..NetworkOptions::default()
        };
        OnnxNetwork::open(
            &self.library,
            &self.model(&format!("onnx/{file}")),
            &options,
        )
        .unwrap()
    }

    pub fn detector(&self) -> RetinaFace<OnnxNetwork> {
        let outputs = RetinaFace::<OnnxNetwork>::OUTPUTS;
        let network = self.network("retinaface_mobilenet025_coreml.onnx", &outputs);
        RetinaFace::new(network, RetinaFaceOptions::default())
    }

    pub fn landmarker(&self) -> Pfld<OnnxNetwork> {
        let outputs = [Pfld::<OnnxNetwork>::OUTPUT];
        Pfld::new(self.network("pfld_cunjian.onnx", &outputs))
    }

    pub fn validator(&self) -> Validator {
        Validator::parse(
            &self.openface("LandmarkDetector/model/detection_validation/validator_cnn_68.txt"),
        )
        .unwrap()
    }

    pub fn shape_model(&self) -> ShapeModel {
        let text = self.openface("FaceAnalyser/AU_predictors/In-the-wild_aligned_PDM_68.txt");
        ShapeModel::parse(std::str::from_utf8(&text).unwrap()).unwrap()
    }

    pub fn tracker(&self, options: PfldTrackerOptions) -> PfldTracker<OnnxNetwork, OnnxNetwork> {
        PfldTracker::new(
            self.detector(),
            self.landmarker(),
            self.validator(),
            Arc::new(self.shape_model()),
            options,
        )
        .unwrap()
    }

    pub fn openface(&self, file: &str) -> Vec<u8> {
        self.model(&format!("OpenFaceModels/2.2.0/originals/lib/local/{file}"))
    }

    pub fn model(&self, file: &str) -> Vec<u8> {
        read(&self.models.join(file))
    }

    /// Decodes a video with the `ffmpeg` program; `None` with a message when there is none.
    pub fn frames(&self, video: &str) -> Option<Frames> {
        Frames::open(&self.videos.join(video))
    }
}

fn folder(variable: &str, why: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).filter(|value| !value.is_empty());
    if folder.is_none() {
        eprintln!("skipped: {variable} is not set; {why}");
    }
    folder.map(PathBuf::from)
}

/// ONNX Runtime; `None` with a message when it is not installed. Anything else that is wrong with
/// it is a failure.
pub fn engine() -> Option<Library> {
    match library::load() {
        Ok(library) => Some(library),
        Err(error @ LibraryError::NotFound { .. }) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// One array of an `.npz` file, flattened.
pub fn npz<T: npyz::Deserialize>(path: &Path, name: &str) -> Vec<T> {
    let mut archive =
        npyz::npz::NpzArchive::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let array = archive.by_name(name).unwrap();
    let array = array.unwrap_or_else(|| panic!("{} has no {name}", path.display()));
    array.into_vec().unwrap()
}

/// One column of a CSV file with a header line.
pub fn csv_column(path: &Path, name: &str) -> Vec<f64> {
    let text = String::from_utf8(read(path)).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let place = header.split(',').position(|n| n.trim() == name).unwrap();
    lines
        .map(|line| line.split(',').nth(place).unwrap().trim().parse().unwrap())
        .collect()
}

/// The frames of a video, one after the other.
pub struct Frames {
    decoder: Child,
    pixels: ChildStdout,
    pub width: usize,
    pub height: usize,
}

impl Frames {
    pub fn open(video: &Path) -> Option<Self> {
        let probe = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v:0"])
            .args(["-show_entries", "stream=width,height", "-of", "csv=p=0"])
            .arg(video)
            .output();
        let probe = match probe {
            Err(e) if e.kind() == ErrorKind::NotFound => {
                eprintln!(
                    "skipped: there is no ffmpeg to decode {} with",
                    video.display()
                );
                return None;
            }
            other => other.unwrap(),
        };
        let size = String::from_utf8(probe.stdout).unwrap();
        let mut sides = size.trim().split(',').map(|side| side.parse().unwrap());
        let (width, height) = (sides.next().unwrap(), sides.next().unwrap());
        let mut decoder = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(video)
            // OpenCV takes every video's colours for those of BT.601.
            .args(["-vf", "scale=in_color_matrix=bt601:flags=bicubic"])
            .args(["-f", "rawvideo", "-pix_fmt", "bgr24"])
            .args(["-fps_mode", "passthrough", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Some(Self {
            pixels: decoder.stdout.take().unwrap(),
            decoder,
            width,
            height,
        })
    }

    /// How the pixels of a frame are looked at.
    pub fn view<'a>(&self, pixels: &'a [u8]) -> BgrView<'a> {
        BgrView::new(pixels, self.width, self.height, 3 * self.width).unwrap()
    }

    /// Reads the next frame into `pixels`; false at the end.
    pub fn next_into(&mut self, pixels: &mut Vec<u8>) -> bool {
        pixels.resize(3 * self.width * self.height, 0);
        match self.pixels.read_exact(pixels) {
            Ok(()) => true,
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => {
                assert!(self.decoder.wait().unwrap().success());
                false
            }
            Err(e) => panic!("{e}"),
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // A test that fails half-way leaves the decoder waiting; errors mean that it has ended.
        let _ = self.decoder.kill();
        let _ = self.decoder.wait();
    }
}
