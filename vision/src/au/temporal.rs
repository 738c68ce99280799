//! The ordered stage: from the scores of single frames to the AU values of a video.
//!
//! Dynamic models subtract the running median of the video so far from the descriptor. They are
//! linear, so the score is the frame's base score less w·median, and descriptors need not be kept.
//! At the end of a video OpenFace scores the first 3000 successful frames again with the final
//! median; then intensities are shifted and smoothed and presences put to the vote (Baltrušaitis
//! et al. 2015; 2018). Frames must come in order, from the first on.

use std::sync::Arc;

use super::models::AuModels;
use super::postprocessing;
use super::predictor::Output;
use super::running_median::{BinError, RunningMedian};
use crate::analysis::{AU_MODELS, FHOG_LEN, FrameAnalysis, GEOMETRY_LEN, INTENSITIES, PRESENCES};

/// Successful frames that are scored again with the final median.
const RESCORED_FRAMES: usize = 3000;

/// Whether the running medians are updated on a frame, given its number counted from 1.
pub fn updates_medians(frame_number: u64) -> bool {
    !frame_number.is_multiple_of(2)
}

/// What the ordered stage needs to know about one frame.
#[derive(Debug, Clone, Copy)]
pub struct TemporalRecord<'a> {
    /// Whether the AU models were run on the frame.
    pub success: bool,
    /// Base scores of the 35 models; not looked at when the frame failed.
    pub scores: &'a [f64; AU_MODELS],
    /// Bins of the FHOG and of the geometry values, on successful frames on which the medians are
    /// updated.
    pub bins: Option<(&'a [u16; FHOG_LEN], &'a [u16; GEOMETRY_LEN])>,
}

impl<'a> From<&'a FrameAnalysis> for TemporalRecord<'a> {
    fn from(analysis: &'a FrameAnalysis) -> Self {
        Self {
            success: analysis.au_success != 0,
            scores: &analysis.scores,
            bins: (analysis.has_bins != 0)
                .then_some((&analysis.fhog_bins, &analysis.geometry_bins)),
        }
    }
}

/// A record that cannot be the next of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemporalError {
    /// The medians are updated on this frame, but its bins are missing.
    #[error("frame {frame_number} has no histogram bins")]
    NoBins {
        /// Number of the frame, counted from 1.
        frame_number: u64,
    },
    /// A bin does not exist.
    #[error("frame {frame_number} has an impossible histogram bin")]
    Bin {
        /// Number of the frame, counted from 1.
        frame_number: u64,
        /// Which one.
        source: BinError,
    },
}

/// AU values of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuValues {
    /// Intensities, 0 to 5, in the order of [`AuModels::intensities`].
    pub intensities: [f64; INTENSITIES],
    /// Presences, 0 or 1, in the order of [`AuModels::presences`].
    pub presences: [f64; PRESENCES],
}

/// AU values of all frames of a video, in order.
pub type AuSeries = Vec<AuValues>;

/// What is kept of a frame.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Base scores while the frame is to be scored again at the end; final ones otherwise.
    scores: [f64; AU_MODELS],
    success: bool,
    rescored: bool,
}

/// Takes the frames of a video in order and gives their AU values.
#[derive(Debug, Clone)]
pub struct TemporalStage {
    models: Arc<AuModels>,
    median: RunningMedian,
    /// w·median of every model, as long as the median has not changed since it was computed.
    median_terms: Option<[f64; AU_MODELS]>,
    frames: Vec<Frame>,
    successes: usize,
}

impl TemporalStage {
    /// Before the first frame.
    pub fn new(models: Arc<AuModels>) -> Self {
        Self {
            models,
            median: RunningMedian::new(),
            median_terms: None,
            frames: Vec::new(),
            successes: 0,
        }
    }

    /// Number of frames taken so far.
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// When the record cannot be right. The frame is not taken then.
    pub fn push(&mut self, record: &TemporalRecord<'_>) -> Result<(), TemporalError> {
        let frame_number = self.frames.len() as u64 + 1;
        if updates_medians(frame_number) {
            self.update_medians(record, frame_number)?;
        }
        let mut frame = Frame {
            scores: [0.0; AU_MODELS],
            success: record.success,
            rescored: false,
        };
        if record.success {
            frame.scores = *record.scores;
            frame.rescored = self.successes < RESCORED_FRAMES;
            self.successes += 1;
            if !frame.rescored {
                let terms = self.median_terms();
                self.subtract_median(&mut frame.scores, &terms);
            }
        }
        self.frames.push(frame);
        Ok(())
    }

    fn update_medians(
        &mut self,
        record: &TemporalRecord<'_>,
        frame_number: u64,
    ) -> Result<(), TemporalError> {
        if record.success {
            let (fhog, geometry) = record.bins.ok_or(TemporalError::NoBins { frame_number })?;
            let added = self.median.add(fhog, geometry);
            added.map_err(|source| TemporalError::Bin {
                frame_number,
                source,
            })?;
        }
        // While the histograms hold one frame, the median is the current frame's descriptor
        // itself, which on a failed frame is all zeros.
        self.median_terms = match (self.median.frames(), record.success) {
            (1, true) => Some(self.models.products_of(record.scores)),
            (1, false) => Some([0.0; AU_MODELS]),
            _ => None,
        };
        Ok(())
    }

    /// w·median of every model.
    fn median_terms(&mut self) -> [f64; AU_MODELS] {
        *self.median_terms.get_or_insert_with(|| {
            let (mut fhog, mut geometry) = ([0.0; FHOG_LEN], [0.0; GEOMETRY_LEN]);
            self.median.medians(&mut fhog, &mut geometry);
            self.models.products(&fhog, &geometry)
        })
    }

    fn subtract_median(&self, scores: &mut [f64; AU_MODELS], terms: &[f64; AU_MODELS]) {
        for ((score, term), model) in scores.iter_mut().zip(terms).zip(self.models.models()) {
            if model.dynamic {
                *score -= term;
            }
        }
    }

    /// The AU values of the frames taken so far, as if the video ended here. More frames may
    /// follow.
    pub fn finish(&mut self) -> AuSeries {
        let terms = self.median_terms();
        let success: Vec<bool> = self.frames.iter().map(|frame| frame.success).collect();
        let final_scores: Vec<[f64; AU_MODELS]> = self
            .frames
            .iter()
            .map(|frame| {
                let mut scores = frame.scores;
                if frame.rescored {
                    self.subtract_median(&mut scores, &terms);
                }
                scores
            })
            .collect();
        let mut series = vec![
            AuValues {
                intensities: [0.0; INTENSITIES],
                presences: [0.0; PRESENCES],
            };
            self.frames.len()
        ];
        for (k, model) in self.models.models().iter().enumerate() {
            let scores: Vec<f64> = final_scores.iter().map(|scores| scores[k]).collect();
            match model.output {
                Output::Intensity { cutoff } => {
                    let cutoff = cutoff.filter(|_| model.dynamic);
                    let values = postprocessing::intensities(&scores, &success, cutoff);
                    for (frame, value) in series.iter_mut().zip(values) {
                        frame.intensities[k] = value;
                    }
                }
                Output::Presence {
                    positive,
                    otherwise,
                } => {
                    let class = |(&score, &success): (&f64, &bool)| match success {
                        false => 0.0,
                        true if score > 0.0 => positive,
                        true => otherwise,
                    };
                    let classes: Vec<f64> = scores.iter().zip(&success).map(class).collect();
                    let values = postprocessing::presences(&classes);
                    for (frame, value) in series.iter_mut().zip(values) {
                        frame.presences[k - INTENSITIES] = value;
                    }
                }
            }
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::au::histogram::{FHOG_BINS, GEOMETRY_BINS};
    use crate::testing::{Sequence, au_models};

    type Descriptor = (Box<[f32; FHOG_LEN]>, [f64; GEOMETRY_LEN]);

    /// A video of random descriptors and its records.
    struct Video {
        descriptors: Vec<Option<Descriptor>>,
    }

    impl Video {
        /// Frames fail where `failed` says so, given their number counted from 1.
        fn new(frames: usize, failed: impl Fn(usize) -> bool) -> Self {
            let mut random = Sequence::new(4);
            let mut descriptor = || {
                let fhog = std::array::from_fn(|_| (0.2 + 0.2 * random.signed()) as f32);
                (
                    Box::new(fhog),
                    std::array::from_fn(|_| 20.0 * random.signed()),
                )
            };
            let descriptors = (1..=frames).map(|t| (!failed(t)).then(&mut descriptor));
            Self {
                descriptors: descriptors.collect(),
            }
        }

        fn feed(&self, stage: &mut TemporalStage, frames: std::ops::Range<usize>) {
            for descriptor in &self.descriptors[frames] {
                let Some((fhog, geometry)) = descriptor else {
                    stage.push(&FAILED).unwrap();
                    continue;
                };
                let scores = stage.models.base_scores(fhog, geometry);
                let bins = (
                    &std::array::from_fn(|i| FHOG_BINS.bin(fhog[i].into())),
                    &std::array::from_fn(|i| GEOMETRY_BINS.bin(geometry[i])),
                );
                let record = TemporalRecord {
                    success: true,
                    scores: &scores,
                    bins: updates_medians(stage.frames() as u64 + 1).then_some(bins),
                };
                stage.push(&record).unwrap();
            }
        }

        fn series(&self) -> AuSeries {
            let mut stage = TemporalStage::new(Arc::new(au_models()));
            self.feed(&mut stage, 0..self.descriptors.len());
            stage.finish()
        }
    }

    const FAILED: TemporalRecord<'_> = TemporalRecord {
        success: false,
        scores: &[0.0; AU_MODELS],
        bins: None,
    };

    #[test]
    fn stopping_early_is_a_shorter_video() {
        let video = Video::new(12, |t| t % 5 == 0);
        let mut stage = TemporalStage::new(Arc::new(au_models()));
        for frames in 0..12 {
            let shorter = Video {
                descriptors: video.descriptors[..frames].to_vec(),
            };
            assert_eq!(stage.finish(), shorter.series());
            video.feed(&mut stage, frames..frames + 1);
        }
        assert_eq!(stage.finish(), video.series());
    }

    #[test]
    fn a_single_frame_is_its_own_median() {
        let video = Video::new(1, |_| false);
        let models = au_models();
        let values = video.series()[0];
        let (fhog, geometry) = video.descriptors[0].as_ref().unwrap();
        let products = models.products(fhog, geometry);
        let base = models.base_scores(fhog, geometry);
        for (k, model) in models.models().iter().enumerate() {
            let score = base[k] - if model.dynamic { products[k] } else { 0.0 };
            match model.output {
                // One frame's quantile is the frame itself.
                Output::Intensity { cutoff: Some(_) } => assert_eq!(values.intensities[k], 0.0),
                Output::Intensity { cutoff: None } => {
                    assert!((values.intensities[k] - score.clamp(0.0, 5.0)).abs() < 1e-12);
                }
                Output::Presence {
                    positive,
                    otherwise,
                } => {
                    let class = if score > 0.0 { positive } else { otherwise };
                    assert_eq!(values.presences[k - INTENSITIES], class);
                }
            }
        }
    }

    #[test]
    fn the_median_depends_on_what_odd_frames_saw() {
        let terms = |failed: fn(usize) -> bool, frames: usize| {
            let video = Video::new(frames, failed);
            let mut stage = TemporalStage::new(Arc::new(au_models()));
            video.feed(&mut stage, 0..frames);
            (stage.median_terms(), video, stage.models)
        };
        // The second odd frame failed: the median of one frame is the current one, all zeros.
        let (zero, ..) = terms(|t| t == 3, 3);
        assert_eq!(zero, [0.0; AU_MODELS]);
        // Even frames change nothing.
        let (first, video, models) = terms(|_| false, 2);
        let (fhog, geometry) = video.descriptors[0].as_ref().unwrap();
        for (found, expected) in first.iter().zip(models.products(fhog, geometry)) {
            assert!((found - expected).abs() < 1e-11);
        }
        // No odd frame succeeded: FHOG medians are 0, geometry medians the lowest bin.
        let (none, _, models) = terms(|t| t % 2 == 1, 4);
        let lowest = [GEOMETRY_BINS.centre(0); GEOMETRY_LEN];
        assert_eq!(none, models.products(&[0.0_f64; FHOG_LEN], &lowest));
    }

    #[test]
    fn frames_beyond_the_first_thousands_keep_their_live_scores() {
        let video = Video::new(7, |_| false);
        let mut stage = TemporalStage::new(Arc::new(au_models()));
        stage.successes = RESCORED_FRAMES - 3;
        video.feed(&mut stage, 0..5);
        let live = stage.median_terms();
        let kept = stage.frames[4].scores;
        video.feed(&mut stage, 5..7);
        assert_ne!(stage.median_terms(), live);
        assert!(stage.frames[2].rescored && !stage.frames[3].rescored);
        let (fhog, geometry) = video.descriptors[4].as_ref().unwrap();
        let mut expected = stage.models.base_scores(fhog, geometry);
        stage.subtract_median(&mut expected, &live);
        assert_eq!(stage.frames[4].scores, kept);
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_record_that_cannot_be_right_is_refused() {
        let mut stage = TemporalStage::new(Arc::new(au_models()));
        let scores = [0.0; AU_MODELS];
        let mut record = TemporalRecord {
            success: true,
            scores: &scores,
            bins: None,
        };
        let refused = stage.push(&record);
        assert_eq!(refused, Err(TemporalError::NoBins { frame_number: 1 }));
        record.bins = Some((&[1000; FHOG_LEN], &[0; GEOMETRY_LEN]));
        assert!(matches!(
            stage.push(&record),
            Err(TemporalError::Bin { .. })
        ));
        assert_eq!(stage.frames(), 0);
        assert!(stage.finish().is_empty());
    }
}
