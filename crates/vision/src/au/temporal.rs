//! The ordered stage: from the scores of single frames to the AU values of a video.
//!
//! Dynamic models subtract the running median of the video so far from the descriptor. They are
//! linear, so the score is the frame's base score less w·median, and descriptors need not be kept.
//! At the end of a video OpenFace scores the first 3000 successful frames again with the final
//! median; then intensities are shifted and smoothed and presences put to the vote (Baltrušaitis
//! et al. 2015; 2018). Frames must come in order, from the first on.
//!
//! Memory does not grow with the video if the [`ScoreLog`] is in a file.

use std::io;
use std::sync::Arc;

use super::median_terms::MedianTerms;
use super::models::AuModels;
use super::postprocessing::{Smoother, quantile_rank, shifted};
use super::predictor::Output;
use super::rank::{PASSES, RankSearch};
use super::running_median::{BinError, RunningMedian};
pub use super::score_log::ScoreLog;
use super::score_log::{FrameScores, ScoreReader};
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
#[derive(Debug, thiserror::Error)]
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
    /// What is remembered of earlier frames cannot be written. The frame can be given once more.
    #[error("the scores of frames cannot be written: {0}")]
    Log(io::Error),
}

impl From<io::Error> for TemporalError {
    fn from(error: io::Error) -> Self {
        Self::Log(error)
    }
}

impl From<TemporalError> for io::Error {
    fn from(error: TemporalError) -> Self {
        match error {
            TemporalError::Log(error) => error,
            other => Self::other(other),
        }
    }
}

/// AU values of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuValues {
    /// Intensities, 0 to 5, in the order of [`AuModels::intensities`].
    pub intensities: [f64; INTENSITIES],
    /// Presences, 0 or 1, in the order of [`AuModels::presences`].
    pub presences: [f64; PRESENCES],
}

impl AuValues {
    /// Of a frame without a face.
    pub const NONE: Self = Self {
        intensities: [0.0; INTENSITIES],
        presences: [0.0; PRESENCES],
    };
}

/// Takes the frames of a video in order and gives their AU values.
#[derive(Debug)]
pub struct TemporalStage {
    models: Arc<AuModels>,
    median: RunningMedian,
    median_terms: MedianTerms,
    /// w·median of every model, as long as the median has not changed since it was computed.
    terms: Option<[f64; AU_MODELS]>,
    log: ScoreLog,
    successes: usize,
}

impl TemporalStage {
    /// Before the first frame. What has to be remembered of each goes into `log`, which is empty.
    pub fn new(models: Arc<AuModels>, log: ScoreLog) -> Self {
        Self {
            median_terms: MedianTerms::new(&models),
            models,
            median: RunningMedian::new(),
            terms: None,
            log,
            successes: 0,
        }
    }

    /// Number of frames taken so far.
    pub fn frames(&self) -> usize {
        self.log.frames()
    }

    /// Takes the next frame.
    ///
    /// # Errors
    /// When the record cannot be right. The frame is not taken then.
    pub fn push(&mut self, record: &TemporalRecord<'_>) -> Result<(), TemporalError> {
        self.log.make_room()?;
        let frame_number = self.log.frames() as u64 + 1;
        if updates_medians(frame_number) {
            self.update_medians(record, frame_number)?;
        }
        let mut frame = FrameScores {
            scores: [0.0; AU_MODELS],
            success: u32::from(record.success),
            rescored: 0,
        };
        if record.success {
            frame.scores = *record.scores;
            frame.rescored = u32::from(self.successes < RESCORED_FRAMES);
            self.successes += 1;
            if frame.rescored == 0 {
                let terms = self.median_terms();
                subtract_median(&self.models, &mut frame.scores, &terms);
            }
        }
        self.log.push(frame);
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
        self.terms = match (self.median.frames(), record.success) {
            (1, true) => Some(self.models.products_of(record.scores)),
            (1, false) => Some([0.0; AU_MODELS]),
            _ => None,
        };
        Ok(())
    }

    /// w·median of every model.
    fn median_terms(&mut self) -> [f64; AU_MODELS] {
        *self
            .terms
            .get_or_insert_with(|| self.median_terms.update(&self.models, &mut self.median))
    }

    /// The AU values of the frames taken so far, as if the video ended here. More frames may
    /// follow.
    ///
    /// # Errors
    /// When what was remembered of the frames cannot be read back.
    pub fn finish(&mut self) -> io::Result<AuSeries<'_>> {
        let terms = self.median_terms();
        let offsets = self.offsets(&terms)?;
        Ok(AuSeries {
            models: &self.models,
            terms,
            offsets,
            frames: self.log.read(),
            smoother: Smoother::new(self.log.frames()),
        })
    }

    /// What is subtracted from each model's scores: the value at its quantile of the successful
    /// frames, where it has one, else 0.
    fn offsets(&self, terms: &[f64; AU_MODELS]) -> io::Result<[f64; AU_MODELS]> {
        let mut offsets = [0.0; AU_MODELS];
        if self.successes == 0 {
            return Ok(offsets);
        }
        let mut searches: Vec<(usize, RankSearch)> = Vec::new();
        for (k, model) in self.models.models().iter().enumerate() {
            if let Output::Intensity {
                cutoff: Some(cutoff),
            } = model.output
                && model.dynamic
            {
                let rank = quantile_rank(self.successes as u64, cutoff);
                searches.push((k, RankSearch::new(rank)));
            }
        }
        for _ in 0..PASSES {
            for frame in self.log.read() {
                let frame = frame?;
                if frame.success == 1 {
                    let scores = final_scores(&self.models, &frame, terms);
                    for (k, search) in &mut searches {
                        search.show(scores[*k]);
                    }
                }
            }
            for (_, search) in &mut searches {
                search.end_pass();
            }
        }
        for (k, search) in searches {
            offsets[k] = search.value();
        }
        Ok(offsets)
    }
}

fn subtract_median(models: &AuModels, scores: &mut [f64; AU_MODELS], terms: &[f64; AU_MODELS]) {
    for ((score, term), model) in scores.iter_mut().zip(terms).zip(models.models()) {
        if model.dynamic {
            *score -= term;
        }
    }
}

fn final_scores(
    models: &AuModels,
    frame: &FrameScores,
    terms: &[f64; AU_MODELS],
) -> [f64; AU_MODELS] {
    let mut scores = frame.scores;
    if frame.rescored == 1 {
        subtract_median(models, &mut scores, terms);
    }
    scores
}

/// The AU values of a video's frames, in order.
#[derive(Debug)]
pub struct AuSeries<'a> {
    models: &'a AuModels,
    terms: [f64; AU_MODELS],
    offsets: [f64; AU_MODELS],
    frames: ScoreReader<'a>,
    smoother: Smoother,
}

impl AuSeries<'_> {
    /// A frame's values before they are smoothed. Those of failed frames are 0.
    fn values_of(&self, frame: &FrameScores) -> AuValues {
        let mut values = AuValues::NONE;
        if frame.success == 0 {
            return values;
        }
        let scores = final_scores(self.models, frame, &self.terms);
        for (k, model) in self.models.models().iter().enumerate() {
            match model.output {
                Output::Intensity { .. } => {
                    values.intensities[k] = shifted(scores[k], self.offsets[k]);
                }
                Output::Presence {
                    positive,
                    otherwise,
                } => {
                    let class = if scores[k] > 0.0 { positive } else { otherwise };
                    values.presences[k - INTENSITIES] = class;
                }
            }
        }
        values
    }
}

impl Iterator for AuSeries<'_> {
    type Item = io::Result<AuValues>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.smoother.wants_more() {
            let frame = match self.frames.next()? {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error)),
            };
            let values = self.values_of(&frame);
            self.smoother.take(values);
        }
        self.smoother.give().map(Ok)
    }
}

#[cfg(test)]
#[path = "temporal_tests.rs"]
mod tests;
