//! Finding faces in a whole frame with MTCNN, the detector that OpenFace uses by default.
//!
//! A cascade of three networks (Zhang et al. 2016, "Joint face detection and alignment using
//! multitask cascaded convolutional networks"): the first is run over the frame in many sizes and
//! proposes boxes, the second and the third look at each that is left. The networks are small,
//! come in OpenFace's own format and are run without an inference engine. Which of several faces
//! matters is not decided here.

mod boxes;
mod network;
mod sampling;
#[cfg(test)]
mod tests;

use crate::image::BgrView;
use crate::model_file::{ModelFileError, ModelLoadError};
use crate::network::NetworkError;

use super::convnet::Maps;
use super::detection::{DetectedBox, FaceDetector};
use super::resample::Region;
use boxes::{Candidate, Correction, Overlap, Suppression};
pub use network::{Chain, Layer, Workspace};
use sampling::Sampler;

/// Faces smaller than this, in pixels, are not looked for.
const SMALLEST_FACE: f64 = 60.0;
/// From one size of the frame to the next smaller.
const SHRINKAGE: f64 = 0.709;
/// Side of the square that the first network looks at, in pixels of the shrunken frame.
const PROPOSAL_SIDE: usize = 12;
/// Pixels of the shrunken frame from one such square to the next.
const PROPOSAL_STEP: usize = 2;
/// Probability that a box needs to pass the first, second and third network.
const THRESHOLDS: [f32; 3] = [0.6, 0.7, 0.7];
/// Overlap above which proposals of one size count as the same.
const OVERLAP_IN_SIZE: f32 = 0.5;
/// Overlap above which boxes count as the same everywhere else.
const OVERLAP: f32 = 0.7;
/// Background, face, and the corrections of four borders: what every network says.
const OUTPUTS: usize = 6;

/// The three networks.
#[derive(Debug, Clone)]
pub struct MtcnnNetworks {
    proposal: Chain,
    refinement: Chain,
    output: Chain,
}

impl MtcnnNetworks {
    /// Side of the square images that the second network takes.
    pub const REFINEMENT_SIDE: usize = 24;
    /// Side of the square images that the third network takes.
    pub const OUTPUT_SIDE: usize = 48;

    /// Reads the networks that `index` (`MTCNN_detector.txt`) names, asking `read` for the content
    /// of each file. A line of the index holds `PNet`, `RNet` or `ONet` and a relative path.
    ///
    /// # Errors
    /// When `read` fails, when a file is no network of the right sizes, or when one is not named
    /// exactly once.
    pub fn load<E>(
        index: &str,
        read: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
    ) -> Result<Self, ModelLoadError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut open = |keyword, side, any_size| -> Result<Chain, ModelLoadError> {
            let path = path_of(index, keyword)?;
            let bytes = read(path).map_err(|error| ModelLoadError::File {
                path: path.to_owned(),
                source: error.into(),
            })?;
            Ok(Chain::parse(&bytes, path, side, OUTPUTS, any_size)?)
        };
        Ok(Self {
            proposal: open("PNet", PROPOSAL_SIDE, true)?,
            refinement: open("RNet", Self::REFINEMENT_SIDE, false)?,
            output: open("ONet", Self::OUTPUT_SIDE, false)?,
        })
    }

    /// P-Net, which is run over whole frames of any size.
    pub fn proposal(&self) -> &Chain {
        &self.proposal
    }

    /// R-Net, for images of 24 x 24.
    pub fn refinement(&self) -> &Chain {
        &self.refinement
    }

    /// O-Net, for images of 48 x 48.
    pub fn output(&self) -> &Chain {
        &self.output
    }
}

/// The path that the index gives for `keyword`.
fn path_of<'a>(index: &'a str, keyword: &str) -> Result<&'a str, ModelFileError> {
    let mut paths = index.lines().filter_map(|line| {
        let (word, path) = line.trim().split_once(char::is_whitespace)?;
        (word == keyword).then_some(path.trim())
    });
    match (paths.next(), paths.next()) {
        (Some(path), None) => Ok(path),
        (None, _) => Err(ModelFileError::new(
            "MTCNN index",
            format!("no line names {keyword}"),
        )),
        (Some(_), Some(_)) => Err(ModelFileError::new(
            "MTCNN index",
            format!("{keyword} is named twice"),
        )),
    }
}

/// The detector: the networks and the buffers they need.
#[derive(Debug)]
pub struct Mtcnn {
    networks: MtcnnNetworks,
    sampler: Sampler,
    workspace: Workspace,
    suppression: Suppression,
    candidates: Vec<Candidate>,
    faces: Vec<DetectedBox>,
}

impl Mtcnn {
    /// Makes a detector of its networks.
    pub fn new(networks: MtcnnNetworks) -> Self {
        Self {
            networks,
            sampler: Sampler::default(),
            workspace: Workspace::default(),
            suppression: Suppression::default(),
            candidates: Vec::new(),
            faces: Vec::new(),
        }
    }

    /// All faces of 60 pixels or more in `frame`, by falling probability.
    pub fn detect(&mut self, frame: &BgrView<'_>) -> &[DetectedBox] {
        self.candidates.clear();
        self.propose(frame);
        self.refine(frame);
        self.finish(frame);
        self.faces.clear();
        self.faces
            .extend(self.candidates.iter().map(Candidate::face));
        &self.faces
    }

    /// First stage: boxes from the frame in many sizes.
    fn propose(&mut self, frame: &BgrView<'_>) {
        for scale in pyramid(frame.width(), frame.height()) {
            let shrunken = |side: usize| (side as f64 * scale).ceil() as usize;
            let size = (shrunken(frame.width()), shrunken(frame.height()));
            let whole = Region::whole(frame);
            self.sampler
                .sample(frame, whole, size, &mut self.workspace.maps);
            self.networks.proposal.run(&mut self.workspace);
            let first = self.candidates.len();
            collect_proposals(&self.workspace.maps, scale, &mut self.candidates);
            self.suppression
                .run(&mut self.candidates, first, OVERLAP_IN_SIZE, Overlap::Union);
        }
        self.suppression
            .run(&mut self.candidates, 0, OVERLAP, Overlap::Union);
        for candidate in &mut self.candidates {
            candidate.correct(0);
            candidate.square();
        }
    }

    /// Second stage: a closer look at what was proposed.
    fn refine(&mut self, frame: &BgrView<'_>) {
        self.rate(frame, MtcnnNetworks::REFINEMENT_SIDE, THRESHOLDS[1]);
        self.suppression
            .run(&mut self.candidates, 0, OVERLAP, Overlap::Union);
        for candidate in &mut self.candidates {
            candidate.correct(0);
            candidate.square();
        }
    }

    /// Third stage: the final box.
    fn finish(&mut self, frame: &BgrView<'_>) {
        self.rate(frame, MtcnnNetworks::OUTPUT_SIDE, THRESHOLDS[2]);
        for candidate in &mut self.candidates {
            candidate.correct(1);
        }
        self.candidates.retain(Candidate::is_sound);
        self.suppression
            .run(&mut self.candidates, 0, OVERLAP, Overlap::Smaller);
    }

    /// Shows each candidate to the network that takes images of `side` x `side`, and keeps those
    /// that reach `threshold`, with what that network says of them.
    fn rate(&mut self, frame: &BgrView<'_>, side: usize, threshold: f32) {
        let network = if side == MtcnnNetworks::OUTPUT_SIDE {
            &self.networks.output
        } else {
            &self.networks.refinement
        };
        let (sampler, workspace) = (&mut self.sampler, &mut self.workspace);
        self.candidates.retain_mut(|candidate| {
            let Some(region) = candidate.crop(frame.width(), frame.height()) else {
                return false;
            };
            sampler.sample(frame, region, (side, side), &mut workspace.maps);
            network.run(workspace);
            let verdict = &workspace.maps.data;
            candidate.score = probability(verdict[0], verdict[1]);
            candidate.correction = correction(verdict, 1, 0);
            candidate.score >= threshold
        });
    }
}

impl FaceDetector for Mtcnn {
    fn faces(&mut self, frame: &BgrView<'_>) -> Result<&[DetectedBox], NetworkError> {
        Ok(self.detect(frame))
    }
}

/// The sizes in which a frame is looked at, as shares of its own, the largest first: in the first
/// the smallest face fills the first network's square, in the last the shorter side of the frame
/// does.
fn pyramid(width: usize, height: usize) -> impl Iterator<Item = f64> {
    let sizes = ((SMALLEST_FACE / width.min(height) as f64).ln() / SHRINKAGE.ln()).floor() + 1.0;
    // Less than nothing for small frames, and for those without pixels: the logarithm of infinity.
    let count = sizes.max(0.0) as i32;
    let first = PROPOSAL_SIDE as f64 / SMALLEST_FACE;
    (0..count).map(move |i| first * SHRINKAGE.powi(i))
}

/// Boxes for all positions of the first network's output that show a face, column by column.
fn collect_proposals(maps: &Maps, scale: f64, candidates: &mut Vec<Candidate>) {
    let size = maps.height * maps.width;
    // Of most positions it suffices to know that the face's output is too small.
    let least = (THRESHOLDS[0] / (1.0 - THRESHOLDS[0])).ln() - 1e-3;
    for x in 0..maps.width {
        for y in 0..maps.height {
            let at = y * maps.width + x;
            let (background, face) = (maps.data[at], maps.data[size + at]);
            if face - background < least {
                continue;
            }
            let score = coarse_probability(background, face);
            if score >= THRESHOLDS[0] {
                let start = |i: usize| ((PROPOSAL_STEP * i + 1) as f64 / scale).trunc() as f32;
                let end =
                    |i: usize| ((PROPOSAL_STEP * i + PROPOSAL_SIDE) as f64 / scale).trunc() as f32;
                candidates.push(Candidate {
                    left: start(x),
                    top: start(y),
                    width: end(x) - start(x),
                    height: end(y) - start(y),
                    score,
                    correction: correction(&maps.data, size, at),
                });
            }
        }
    }
}

/// The corrections at position `at` of output maps of `size` values.
fn correction(maps: &[f32], size: usize, at: usize) -> Correction {
    std::array::from_fn(|i| maps[(2 + i) * size + at])
}

/// Softmax of two outputs of the second or third network. In double precision: faces come so close
/// to 1 that only the last digits say which box is the best.
fn probability(background: f32, face: f32) -> f32 {
    (1.0 / (1.0 + f64::from(background - face).exp())) as f32
}

/// Softmax of two outputs of the first network. OpenFace does this in single precision, where a
/// sure face is 1 exactly; which of several such boxes suppresses the others follows from their
/// order.
fn coarse_probability(background: f32, face: f32) -> f32 {
    1.0 / (1.0 + (background - face).exp())
}
