//! The ordered stage: AU values follow from the scores of all frames of a track.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use faceau_measure::{Face, FrameTime, LateValues, OrderedStage, Row, Track};
use faceau_vision::analysis::{FHOG_LEN, GEOMETRY_LEN};
use faceau_vision::au::models::AuModels;
use faceau_vision::au::temporal::{AuSeries, AuValues, ScoreLog, TemporalRecord, TemporalStage};
use faceau_vision::gaze::EYE_LANDMARKS;

use super::record::Values;

/// Bytes of the columns of gaze and eyes.
const EYE_BYTES: usize = 4 * (8 + 10 * EYE_LANDMARKS);

/// Takes faces in the order of the video.
#[derive(Debug)]
pub(super) struct Stage {
    models: Arc<AuModels>,
    has_eyes: bool,
    folder: PathBuf,
    tracks: BTreeMap<Track, TemporalStage>,
    fhog_bins: Box<[u16; FHOG_LEN]>,
    geometry_bins: Box<[u16; GEOMETRY_LEN]>,
}

impl Stage {
    /// Before the first frame; what must wait on disk goes to `folder`.
    pub(super) fn new(models: Arc<AuModels>, has_eyes: bool, folder: &Path) -> Self {
        Self {
            models,
            has_eyes,
            folder: folder.to_owned(),
            tracks: BTreeMap::new(),
            fhog_bins: Box::new([0; FHOG_LEN]),
            geometry_bins: Box::new([0; GEOMETRY_LEN]),
        }
    }

    /// What is remembered of a track, from its first frame on.
    fn track(&mut self, track: Track) -> io::Result<&mut TemporalStage> {
        use std::collections::btree_map::Entry;
        match self.tracks.entry(track) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let log = ScoreLog::in_file(tempfile::tempfile_in(&self.folder)?);
                Ok(new.insert(TemporalStage::new(Arc::clone(&self.models), log)))
            }
        }
    }
}

impl OrderedStage for Stage {
    fn push(
        &mut self,
        frame: FrameTime,
        track: Track,
        face: Face<'_>,
        row: &mut Row,
    ) -> io::Result<()> {
        let values = Values::of(face.values)
            .ok_or_else(|| io::Error::other("the values of a face are cut short"))?;
        let has_bins = values.bins(&mut self.fhog_bins, &mut self.geometry_bins);
        self.track(track)?;
        if let Some(temporal) = self.tracks.get_mut(&track) {
            // Its bins were checked when it came, so it is a record that can be.
            temporal.push(&TemporalRecord {
                success: values.au_success(),
                scores: &values.scores(),
                bins: has_bins.then_some((&*self.fhog_bins, &*self.geometry_bins)),
            })?;
        }
        row.whole(frame.index.number().get());
        row.whole(track.0.into());
        row.doubles(&[frame.seconds]);
        row.singles(&[values.confidence]);
        row.whole(values.success().into());
        if self.has_eyes {
            match values.eyes {
                Some(eyes) => row.singles_from(eyes),
                None => row.zeros(EYE_BYTES),
            }
        }
        row.singles_from(values.face);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<Box<dyn LateValues + '_>> {
        let series = self
            .tracks
            .iter_mut()
            .map(|(track, temporal)| Ok((*track, temporal.finish()?)));
        Ok(Box::new(Late(series.collect::<io::Result<_>>()?)))
    }
}

/// The AU values of each track, frame after frame.
struct Late<'a>(BTreeMap<Track, AuSeries<'a>>);

impl LateValues for Late<'_> {
    fn next(&mut self, track: Track, row: &mut Row) -> io::Result<()> {
        let ended = || io::Error::other("a row has no action units");
        let series = self.0.get_mut(&track).ok_or_else(ended)?;
        let AuValues {
            intensities,
            presences,
        } = series.next().ok_or_else(ended)??;
        row.doubles(&intensities);
        row.doubles(&presences);
        Ok(())
    }
}
