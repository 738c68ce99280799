//! Patch experts: for every landmark, how well each position near it looks like that landmark.
//!
//! Experts come in three kinds: support vector regressors (SVR, for CLM), continuous conditional
//! neural fields (CCNF, for CLNF) and convolutional experts networks (CEN, for CE-CLM); the
//! shipped file formats of OpenFace are read. Which positions the landmarks should take given the
//! responses is not decided here.

mod component;
mod similarity;

pub use component::{ComponentIndex, ExpertKind};
pub use similarity::Similarity;

use crate::grey::GreyImage;
use crate::model_file::ModelFileError;

/// Side of the square patch that an expert looks at, in pixels of the reference size.
pub const SUPPORT: usize = 11;

/// The experts' files could not be turned into experts.
#[derive(Debug, thiserror::Error)]
pub enum PatchExpertsError {
    /// A file could not be got hold of.
    #[error("the patch expert file `{path}` could not be read")]
    File {
        /// Its path as the index gives it.
        path: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file is not what its format promises.
    #[error(transparent)]
    Format(#[from] ModelFileError),
}

/// When the search over initial rotations may stop at one that fits well: a likelihood l found in
/// view v counts as `weights[v] * l + biases[v]`, and is good enough above `cutoffs[v]`.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlyTermination {
    /// One factor per view.
    pub weights: Vec<f64>,
    /// One summand per view.
    pub biases: Vec<f64>,
    /// One threshold per view (to be exceeded strictly).
    pub cutoffs: Vec<f64>,
}

/// All patch experts of one model: by scale, view and landmark.
#[derive(Debug)]
pub struct PatchExperts {
    scales: Vec<f64>,
    early_termination: Option<EarlyTermination>,
}

/// Which responses are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Index of the scale, below `scales().len()`.
    pub scale: usize,
    /// Index of the view, from [`PatchExperts::view_for`].
    pub view: usize,
    /// Positions per side of each response map: odd, 3 or more.
    pub window: usize,
    /// Where the landmarks are now, in pixels of the frame: n x, then n y. Each is the centre of
    /// its own map.
    pub landmarks: &'a [f32],
    /// What takes a step in the reference (a step of one position in a map) to pixels of the
    /// frame: the inverse of [`Similarity::between`] the landmarks and the upright shape at the
    /// scale's size.
    pub image_from_reference: Similarity,
}

/// The buffers that [`PatchExperts::respond`] works in.
#[derive(Debug, Clone, Default)]
pub struct ResponseScratch {}

/// A response map for every landmark.
#[derive(Debug, Clone, Default)]
pub struct Responses {
    window: usize,
    visible: Vec<bool>,
    data: Vec<f32>,
}

impl Responses {
    /// Positions per side of a map, w.
    pub fn window(&self) -> usize {
        self.window
    }

    /// For every landmark whether it is visible in the view; those that are not have a map of
    /// zeros.
    pub fn visible(&self) -> &[bool] {
        &self.visible
    }

    /// The map of a landmark: w rows of w values, row after row.
    ///
    /// # Panics
    /// When there is no such landmark.
    #[inline]
    pub fn map(&self, landmark: usize) -> &[f32] {
        let size = self.window * self.window;
        &self.data[landmark * size..][..size]
    }
}

impl PatchExperts {
    /// Reads the experts that `index` names, asking `read` for the content of each file (paths
    /// are relative to the index).
    ///
    /// # Errors
    /// When `read` fails, or a file is not what its format promises, or files of different scales
    /// do not belong together.
    pub fn load<E>(
        index: &ComponentIndex,
        read: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
    ) -> Result<Self, PatchExpertsError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let _ = (index, read);
        todo!()
    }

    /// The reference size of each scale in pixels per millimetre of the shape model, q.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// Number of landmarks, n.
    pub fn landmarks(&self) -> usize {
        todo!()
    }

    /// Number of views at a scale.
    ///
    /// # Panics
    /// When there is no such scale.
    pub fn views(&self, scale: usize) -> usize {
        let _ = scale;
        todo!()
    }

    /// The view of a scale that is nearest to a head rotated by `euler` (angles about x, y and z
    /// in rad); the first of equally near ones.
    ///
    /// # Panics
    /// When there is no such scale.
    pub fn view_for(&self, scale: usize, euler: [f32; 3]) -> usize {
        let _ = (scale, euler);
        todo!()
    }

    /// Which of the n landmarks are visible in a view.
    ///
    /// # Panics
    /// When there is no such scale or view.
    pub fn visible(&self, scale: usize, view: usize) -> &[bool] {
        let _ = (scale, view);
        todo!()
    }

    /// How much each of the n landmarks' experts is to be trusted, relative to each other.
    ///
    /// # Panics
    /// When there is no such scale or view.
    pub fn confidences(&self, scale: usize, view: usize) -> &[f32] {
        let _ = (scale, view);
        todo!()
    }

    /// When to stop trying initial rotations, where the model says so.
    pub fn early_termination(&self) -> Option<&EarlyTermination> {
        self.early_termination.as_ref()
    }

    /// Computes the response maps that `request` asks for.
    ///
    /// # Panics
    /// When there is no such scale or view, the number of landmarks is another one, or the window
    /// is even or below 3.
    pub fn respond(
        &self,
        scratch: &mut ResponseScratch,
        grey: &GreyImage<'_>,
        request: &Request<'_>,
        responses: &mut Responses,
    ) {
        let _ = (scratch, grey, request, responses);
        todo!()
    }
}
