//! A worker's side of the pipeline: opens its networks, analyses frames, encodes what comes of them.

use faceau_measure::{Faces, FrameNumber, Limits, Payload, Track};
use faceau_models::id;
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::extras::Extras;
use faceau_vision::image::BgrView;
use faceau_vision::network::{Network, NetworkError};
use faceau_vision::openface3::face::FaceFinder;
use faceau_vision::openface3::mtl::Mtl;
use faceau_vision::openface3::star::Star;
use faceau_vision::openface3::{Convention, OpenFace3Analyser};
use faceau_vision::stage::StageClock;
use faceau_vision::tracking::retinaface::{RetinaFace, RetinaFaceOptions};

use super::record;
use crate::definition::Analyser;
use crate::open::{OpenError, OpenNetwork};
use crate::openface2::record::only;
use crate::options::Options;

/// Opens the networks; those that are not asked for are not opened.
pub(super) fn open(
    networks: &mut dyn OpenNetwork,
    options: &Options,
) -> Result<Box<dyn Analyser>, OpenError> {
    let wishes = options.openface3;
    let convention = match wishes.as_facemirror {
        true => Convention::FaceMirror,
        false => Convention::AsTrained,
    };
    let faces = if wishes.whole_frame {
        FaceFinder::WholeFrame
    } else {
        let network = networks.network_by_size(id::RETINAFACE)?;
        let mut look = RetinaFaceOptions::default();
        if wishes.as_facemirror {
            look.longest_side = usize::MAX;
        }
        let detector = RetinaFace::new(network, look);
        match options.redetect_every {
            1 => FaceFinder::every_frame(detector, convention),
            every => FaceFinder::follow(detector, every),
        }
    };
    let mtl = Mtl::new(networks.network(id::OPENFACE3_MTL)?);
    let star = match wishes.landmarks {
        true => Some(Star::new(networks.network(id::OPENFACE3_STAR)?, convention)),
        false => None,
    };
    Ok(Box::new(OneFace {
        analyser: OpenFace3Analyser::new(faces, mtl, star, convention),
        analysis: Box::new(FrameAnalysis::nothing()),
    }))
}

/// Follows one face and measures it.
struct OneFace {
    analyser: OpenFace3Analyser<Box<dyn Network>>,
    /// Of the frame analysed last.
    analysis: Box<FrameAnalysis>,
}

impl Analyser for OneFace {
    fn limits(&self) -> Limits {
        record::LIMITS
    }

    fn begin_segment(&mut self) {
        self.analyser.begin_segment();
    }

    fn resume_after(&mut self, last: Faces<'_>) -> Result<(), &'static str> {
        let face = only(last).map_err(|error| error.0)?;
        let last = record::decode_state(face.state)?;
        self.analyser.resume_after(&last);
        Ok(())
    }

    fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        _: FrameNumber,
        out: &mut Payload,
    ) -> Result<(), NetworkError> {
        self.analyser.analyse(frame, &mut self.analysis)?;
        record::encode(&self.analysis, Track(0), out);
        Ok(())
    }

    fn clock(&self) -> &StageClock {
        self.analyser.clock()
    }

    /// It makes none.
    fn write_extras(&self, extras: Extras, out: &mut [u8]) {
        out[..extras.bytes()].fill(0);
    }
}
