//! The outputs beside the table that need more of each frame than its numbers: the HOG file and
//! the aligned faces.

use std::io;
use std::path::PathBuf;

use faceau_pipelines::Extras;

use super::aligned::AlignedFaces;
use super::hog::HogFile;
use super::{OutputError, OutputPaths};

/// The extra outputs of a job while they are being written.
#[derive(Debug)]
pub struct ExtraOutputs {
    extras: Extras,
    /// Extras of a face of which there are none.
    zeros: Vec<u8>,
    hog: Option<HogFile>,
    faces: Option<AlignedFaces>,
}

impl ExtraOutputs {
    /// Begins those that `paths` name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(paths: &OutputPaths) -> Result<Self, OutputError> {
        let workshop = paths.workshop();
        let (hog, aligned) = (paths.hog.as_deref(), paths.aligned.as_deref());
        Ok(Self {
            extras: paths.extras(),
            zeros: vec![0; paths.extras().bytes()],
            hog: hog
                .map(|path| HogFile::create(path, workshop))
                .transpose()?,
            faces: aligned
                .map(|path| AlignedFaces::create(path, workshop))
                .transpose()?,
        })
    }

    /// Writes the extras of a face of frame `frame`, counted from 1; frames come in order. `bytes` are
    /// those of all its faces, of which this is the one at `place`; without any, zeros are written.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn push(
        &mut self,
        frame: u64,
        success: bool,
        place: usize,
        bytes: &[u8],
    ) -> io::Result<()> {
        let bytes = match bytes {
            [] => &self.zeros,
            bytes => self.extras.of_face(place, bytes),
        };
        let (fhog, face) = self.extras.split(bytes);
        if let Some(hog) = &mut self.hog {
            hog.push(success, fhog)?;
        }
        if let Some(faces) = &mut self.faces {
            faces.push(frame, face)?;
        }
        Ok(())
    }

    /// All frames are there: the outputs appear where `paths` say, which are the paths they were
    /// begun with, or their siblings for incomplete results. Returns where.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn finish(self, paths: &OutputPaths) -> Result<Vec<PathBuf>, OutputError> {
        let mut written = Vec::new();
        if let (Some(hog), Some(path)) = (self.hog, &paths.hog) {
            hog.finish(path)?;
            written.push(path.clone());
        }
        if let (Some(faces), Some(path)) = (self.faces, &paths.aligned) {
            faces.finish(path)?;
            written.push(path.clone());
        }
        Ok(written)
    }
}
