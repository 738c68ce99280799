//! A worker's side of the pipeline: analyses frames and encodes what comes of them.

use faceau_measure::{Faces, FrameNumber, Limits, Payload, Track};
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::extras::Extras;
use faceau_vision::image::BgrView;
use faceau_vision::network::NetworkError;
use faceau_vision::pipeline::FrameAnalyser;
use faceau_vision::stage::StageClock;
use faceau_vision::tracking::LandmarkTracker;

use super::record;
use crate::definition::Analyser;

/// Follows one face and measures it.
pub(super) struct OneFace {
    analyser: FrameAnalyser<Box<dyn LandmarkTracker>>,
    has_eyes: bool,
    /// Of the frame analysed last.
    analysis: Box<FrameAnalysis>,
}

impl OneFace {
    pub(super) fn new(analyser: FrameAnalyser<Box<dyn LandmarkTracker>>, has_eyes: bool) -> Self {
        Self {
            has_eyes,
            analyser,
            analysis: Box::new(FrameAnalysis::nothing()),
        }
    }
}

impl Analyser for OneFace {
    fn limits(&self) -> Limits {
        record::limits(self.has_eyes)
    }

    fn begin_segment(&mut self) {
        self.analyser.begin_segment();
    }

    fn resume_after(&mut self, last: Faces<'_>) -> Result<(), &'static str> {
        let face = record::only(last).map_err(|error| error.0)?;
        let last = record::decode_state(face.state)?;
        self.analyser.resume_after(&last);
        Ok(())
    }

    fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        number: FrameNumber,
        out: &mut Payload,
    ) -> Result<(), NetworkError> {
        self.analyser
            .analyse(frame, number.get(), &mut self.analysis)?;
        record::encode(&self.analysis, Track(0), out);
        Ok(())
    }

    fn clock(&self) -> &StageClock {
        self.analyser.clock()
    }

    fn write_extras(&self, extras: Extras, out: &mut [u8]) {
        self.analyser.write_extras(extras, &self.analysis, out);
    }
}
