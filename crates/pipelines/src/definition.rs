//! What a pipeline is: which files and networks it needs, how it is opened, what it knows.

use std::fmt;
use std::sync::Arc;

use faceau_measure::{Faces, FrameNumber, Limits, Payload, Pipeline, Schema};
use faceau_models::{ModelSet, ResolvedSet};
use faceau_vision::extras::Extras;
use faceau_vision::image::BgrView;
use faceau_vision::network::NetworkError;
use faceau_vision::stage::StageClock;

use crate::open::{OpenError, OpenNetwork};
use crate::options::Options;

/// A pipeline before it has models.
pub trait Definition: fmt::Debug + Sync {
    /// The model files that it needs; its name is theirs.
    fn set(&self) -> ModelSet;

    /// Files of its set that these options have no use for.
    fn unneeded_models(&self, _: &Options) -> Vec<&'static str> {
        Vec::new()
    }

    /// The networks that an engine runs for it, by the identifiers of their models.
    fn networks(&self, options: &Options) -> Vec<&'static str>;

    /// Whether a tracker that begins anew is soon like one that has run for long, so that segments
    /// may be short.
    fn settles_quickly(&self) -> bool;

    /// What users must know of its models before they look at a table.
    fn caution(&self) -> Option<&'static str> {
        None
    }

    /// Which extras it can make.
    fn extras(&self) -> Extras;

    /// All columns that it can fill, where nothing else is asked of its table.
    fn own_schema(&self) -> Schema;

    /// Reads what results need of the models.
    ///
    /// # Errors
    /// When a file cannot be read or makes no sense.
    fn pipeline(
        &self,
        models: &ResolvedSet,
        options: &Options,
    ) -> Result<Arc<dyn Pipeline>, OpenError>;

    /// Opens a worker's side.
    ///
    /// # Errors
    /// When a file or a network cannot be opened.
    fn analyser(
        &self,
        networks: &mut dyn OpenNetwork,
        options: &Options,
    ) -> Result<Box<dyn Analyser>, OpenError>;
}

/// A worker's side of a pipeline: looks at the frames of a segment, in order.
pub trait Analyser {
    /// How much a frame can hold, as the pipeline says elsewhere.
    fn limits(&self) -> Limits;

    /// Forgets the frames so far: the next is the first of a segment.
    fn begin_segment(&mut self);

    /// Goes on where another one with the same models and options left off: `last` is what it made
    /// of the frame before the next.
    ///
    /// # Errors
    /// When that is no state of this pipeline.
    fn resume_after(&mut self, last: Faces<'_>) -> Result<(), &'static str>;

    /// Analyses the next frame and overwrites all of `out`.
    ///
    /// # Errors
    /// When a network cannot be run; `out` means nothing then.
    fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        number: FrameNumber,
        out: &mut Payload,
    ) -> Result<(), NetworkError>;

    /// Where the time of the frame analysed last went.
    fn clock(&self) -> &StageClock;

    /// Writes the extras of the frame analysed last, face after face; zeros where there are none.
    ///
    /// # Panics
    /// When there is no room for them.
    fn write_extras(&self, extras: Extras, out: &mut [u8]);
}
