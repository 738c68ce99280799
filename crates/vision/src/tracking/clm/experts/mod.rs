//! Patch experts: for every landmark, how well each position near it looks like that landmark.
//!
//! Experts come in three kinds: support vector regressors (SVR, for CLM), continuous conditional
//! neural fields (CCNF, for CLNF) and convolutional experts networks (CEN, for CE-CLM); the
//! shipped file formats of OpenFace are read. Which positions the landmarks should take given the
//! responses is not decided here.

pub mod area;
mod ccnf;
mod cen;
mod component;
mod patches;
mod similarity;
mod svr;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod views;

pub use component::{ComponentIndex, ExpertKind};
pub use similarity::Similarity;

use crate::grey::GreyImage;
use crate::model_file::ModelFileError;
use area::Area;
use ccnf::{CcnfExperts, CcnfScratch};
use cen::{CenExperts, CenScratch};
use svr::{SvrExperts, SvrScratch};
use views::Views;

/// Side of the square patch that an expert looks at, in pixels of the reference size.
pub const SUPPORT: usize = 11;
/// The most positions per side that a response map may have.
pub const MOST_WINDOW: usize = 63;

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

impl EarlyTermination {
    /// Reads the weights, then the biases, then the thresholds of all `views`.
    ///
    /// # Errors
    /// When the text holds other than three finite numbers per view.
    pub fn parse(text: &str, views: usize) -> Result<Self, ModelFileError> {
        let numbers: Result<Vec<f64>, _> = text.split_ascii_whitespace().map(str::parse).collect();
        match numbers {
            Ok(n) if n.len() == 3 * views && views > 0 && n.iter().all(|v| v.is_finite()) => {
                Ok(Self {
                    weights: n[..views].to_vec(),
                    biases: n[views..2 * views].to_vec(),
                    cutoffs: n[2 * views..].to_vec(),
                })
            }
            _ => Err(ModelFileError::new(
                "numbers for early termination",
                format!("expected three numbers for each of {views} views"),
            )),
        }
    }
}

/// The experts of one scale.
#[derive(Debug)]
enum Experts {
    Svr(SvrExperts),
    Ccnf(CcnfExperts),
    Cen(CenExperts),
}

#[derive(Debug)]
struct Scale {
    views: Views,
    /// Per view and landmark.
    confidences: Vec<Vec<f32>>,
    experts: Experts,
}

impl Scale {
    fn parse(kind: ExpertKind, bytes: &[u8], context: &str) -> Result<Self, ModelFileError> {
        let (views, confidences, experts) = match kind {
            ExpertKind::Svr => {
                let (views, confidences, experts) = SvrExperts::parse(bytes, context)?;
                (views, confidences, Experts::Svr(experts))
            }
            ExpertKind::Ccnf => {
                let (views, confidences, experts) = CcnfExperts::parse(bytes, context)?;
                (views, confidences, Experts::Ccnf(experts))
            }
            ExpertKind::Cen => {
                let (views, confidences, experts) = CenExperts::parse(bytes, context)?;
                (views, confidences, Experts::Cen(experts))
            }
        };
        Ok(Self {
            views,
            confidences,
            experts,
        })
    }
}

fn demand_end(remaining: usize, context: &str) -> Result<(), ModelFileError> {
    if remaining == 0 {
        Ok(())
    } else {
        Err(ModelFileError::new(
            context,
            "more follows where the end should be",
        ))
    }
}

/// All patch experts of one model: by scale, view and landmark.
#[derive(Debug)]
pub struct PatchExperts {
    sizes: Vec<f64>,
    scales: Vec<Scale>,
    early_termination: Option<EarlyTermination>,
}

/// Which responses are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Index of the scale, below `scales().len()`.
    pub scale: usize,
    /// Index of the view, from [`PatchExperts::view_for`].
    pub view: usize,
    /// Positions per side of each response map: odd, from 3 to [`MOST_WINDOW`].
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
pub struct ResponseScratch {
    area: Area,
    svr: SvrScratch,
    ccnf: CcnfScratch,
    cen: CenScratch,
}

/// A response map for every landmark.
#[derive(Debug, Clone, Default)]
pub struct Responses {
    window: usize,
    visible: Vec<bool>,
    data: Vec<f32>,
}

impl Responses {
    /// Maps that were made elsewhere: for every landmark whether it is visible, and its w·w
    /// values, row after row (zeros where it is not).
    ///
    /// # Panics
    /// When there are not as many values as that makes.
    pub fn new(window: usize, visible: Vec<bool>, data: Vec<f32>) -> Self {
        assert_eq!(data.len(), visible.len() * window * window);
        Self {
            window,
            visible,
            data,
        }
    }

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

    fn map_mut(&mut self, landmark: usize) -> &mut [f32] {
        let size = self.window * self.window;
        &mut self.data[landmark * size..][..size]
    }

    fn reset(&mut self, window: usize, visible: &[bool]) {
        self.window = window;
        self.visible.clear();
        self.visible.extend_from_slice(visible);
        self.data.clear();
        self.data.resize(visible.len() * window * window, 0.0);
    }
}

impl Request<'_> {
    /// Where a landmark is.
    fn position(&self, landmark: usize) -> [f32; 2] {
        let n = self.landmarks.len() / 2;
        [self.landmarks[landmark], self.landmarks[n + landmark]]
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
        let mut get = |path: &str| {
            read(path).map_err(|error| PatchExpertsError::File {
                path: path.to_owned(),
                source: error.into(),
            })
        };
        let mut scales: Vec<Scale> = Vec::with_capacity(index.experts.len());
        for path in &index.experts {
            let context = format!("patch experts {path}");
            let scale = Scale::parse(index.kind, &get(path)?, &context)?;
            if scales
                .first()
                .is_some_and(|first| first.views.landmarks() != scale.views.landmarks())
            {
                let reason = "not for as many landmarks as the scales before";
                return Err(ModelFileError::new(context, reason).into());
            }
            scales.push(scale);
        }
        let Some(first) = scales.first() else {
            return Err(ModelFileError::new("patch experts", "there is no scale").into());
        };
        let early_termination = match &index.early_termination {
            Some(path) => {
                let bytes = get(path)?;
                let text = String::from_utf8_lossy(&bytes);
                Some(EarlyTermination::parse(&text, first.views.count())?)
            }
            None => None,
        };
        Ok(Self {
            sizes: scales.iter().map(|scale| scale.views.scale).collect(),
            scales,
            early_termination,
        })
    }

    /// The reference size of each scale in pixels per millimetre of the shape model, q.
    pub fn scales(&self) -> &[f64] {
        &self.sizes
    }

    /// Number of landmarks, n.
    pub fn landmarks(&self) -> usize {
        self.scales[0].views.landmarks()
    }

    /// Number of views at a scale.
    ///
    /// # Panics
    /// When there is no such scale.
    pub fn views(&self, scale: usize) -> usize {
        self.scales[scale].views.count()
    }

    /// The view of a scale that is nearest to a head rotated by `euler` (angles about x, y and z
    /// in rad); the first of equally near ones.
    ///
    /// # Panics
    /// When there is no such scale.
    pub fn view_for(&self, scale: usize, euler: [f32; 3]) -> usize {
        self.scales[scale].views.nearest(euler)
    }

    /// Which of the n landmarks are visible in a view.
    ///
    /// # Panics
    /// When there is no such scale or view.
    pub fn visible(&self, scale: usize, view: usize) -> &[bool] {
        &self.scales[scale].views.visible[view]
    }

    /// How much each of the n landmarks' experts is to be trusted, relative to each other.
    ///
    /// # Panics
    /// When there is no such scale or view.
    pub fn confidences(&self, scale: usize, view: usize) -> &[f32] {
        &self.scales[scale].confidences[view]
    }

    /// When to stop trying initial rotations, where the model says so.
    pub fn early_termination(&self) -> Option<&EarlyTermination> {
        self.early_termination.as_ref()
    }

    /// Computes the response maps that `request` asks for.
    ///
    /// # Panics
    /// When there is no such scale or view, the number of landmarks is another one, or the window
    /// is not what [`Request::window`] asks for.
    pub fn respond(
        &self,
        scratch: &mut ResponseScratch,
        grey: &GreyImage<'_>,
        request: &Request<'_>,
        responses: &mut Responses,
    ) {
        let &Request {
            scale,
            view,
            window,
            ..
        } = request;
        assert_eq!(request.landmarks.len(), 2 * self.landmarks());
        assert!(
            window % 2 == 1 && (3..=MOST_WINDOW).contains(&window),
            "a window of {window} positions"
        );
        let scale = &self.scales[scale];
        responses.reset(window, &scale.views.visible[view]);
        let ResponseScratch {
            area,
            svr,
            ccnf,
            cen,
        } = scratch;
        if let Experts::Cen(experts) = &scale.experts {
            experts.respond(grey, request, area, cen, responses);
            return;
        }
        for landmark in (0..self.landmarks()).filter(|&i| scale.views.visible[view][i]) {
            area.sample_for(grey, request, landmark);
            let map = responses.map_mut(landmark);
            match &scale.experts {
                Experts::Svr(experts) => experts.respond((view, landmark), area, svr, map),
                Experts::Ccnf(experts) => experts.respond((view, landmark), area, ccnf, map),
                // Handled above: pairs of landmarks go together there.
                Experts::Cen(_) => {}
            }
        }
    }
}
