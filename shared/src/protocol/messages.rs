//! What is said. Numbers of slots and frames go through here; pixels and results never do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use faceau_models::ResolvedSet;
use serde::{Deserialize, Serialize};

use super::{Examination, GraphReport, Station, Trial};
use crate::ring::RingLayout;

/// From the supervisor to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// Once, first: which models to open and how. Answered by [`FromWorker::Ready`] or
    /// [`FromWorker::Refused`].
    Setup(Setup),
    /// Once, instead of [`ToWorker::Setup`]: try networks out. Answered by [`FromWorker::Examining`]
    /// and [`FromWorker::Examined`] for each.
    Examine(Examination),
    /// Use this ring from now on. The region's descriptor follows on the socket.
    Attach(RingLayout),
    /// Analyse the frame in a slot.
    Frame(FrameTask),
    /// Finish and exit.
    Stop,
}

/// What a worker needs to open its sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// Where networks run that do not run on the processor: by the identifiers of their models,
    /// the names of the places.
    pub places: BTreeMap<String, String>,
    /// The pipeline, by its set of model files, each with the digest it must have.
    pub models: ResolvedSet,
    /// What the pipeline is told, in its own words.
    pub options: Vec<u8>,
    /// Folder into which the inputs of networks are written, for calibration.
    pub dump_inputs: Option<PathBuf>,
    /// Whether each frame's FHOG descriptor is wanted behind its payload.
    pub want_fhog: bool,
    /// Whether each frame's aligned face is wanted behind these.
    pub want_aligned: bool,
    /// Whether it is to be said of each frame when which stage and which inference took place.
    pub want_spans: bool,
    /// Milliseconds that every inference takes at least, as on an accelerator that does one at a time
    /// in a process: a simulation, 0 for none.
    pub simulated_inference_ms: u16,
}

impl Setup {
    /// These models on the processor, without any options.
    pub fn cpu(models: ResolvedSet) -> Self {
        Self {
            places: BTreeMap::new(),
            models,
            options: Vec::new(),
            dump_inputs: None,
            want_fhog: false,
            want_aligned: false,
            want_spans: false,
            simulated_inference_ms: 0,
        }
    }
}

/// What a tracker should know when it sees a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begin {
    /// What it knows from the frame before.
    GoOn,
    /// Nothing.
    Afresh,
    /// What another tracker knew after the frame before, whose payload lies in the slot where the
    /// results will be.
    Resume,
}

/// A picture as it was decoded, its planes one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotPlanes {
    /// The format's number.
    pub format: u16,
    /// Quarter turns clockwise that make it upright.
    pub quarter_turns: u8,
    /// Whether it is mirrored left-right first.
    pub flipped: bool,
}

/// One frame to analyse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameTask {
    /// Slot of the ring that holds the pixels.
    pub slot: u32,
    /// Frame number in the video, counted from 1.
    pub frame: u64,
    /// What the tracker should know when it sees the frame.
    pub begin: Begin,
    /// Width in pixels. 0 for a frame without any, whose image cannot be read: it fails, and what
    /// follows goes on as if it had not been there.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Bytes from one row of pixels to the next, where there are pixels.
    pub stride: u32,
    /// What lies there instead of pixels, if something does.
    pub planes: Option<SlotPlanes>,
}

/// From a worker to the supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The sessions are open.
    Ready(WorkerReport),
    /// The sessions cannot be opened, and trying again will not help.
    Refused(String),
    /// The results of this frame are in the slot.
    Done {
        /// The slot, which goes back to the supervisor with this message.
        slot: u32,
        /// The frame, to be sure both speak of the same.
        frame: u64,
    },
    /// The frame could not be analysed; the slot holds no results.
    FrameFailed {
        /// The slot, which goes back to the supervisor with this message.
        slot: u32,
        /// The frame.
        frame: u64,
        /// Why.
        reason: String,
    },
    /// A network was opened for the size of the frames that came, or is run without that.
    Opened(SessionReport),
    /// This network is being tried out on this place.
    Examining(Station),
    /// That is what was found.
    Examined(Trial),
    /// Something worth telling the user.
    Log(LogLevel, String),
}

/// What a worker found when it opened its sessions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// Inference engine with its version.
    pub runtime: String,
    /// One entry per network.
    pub sessions: Vec<SessionReport>,
    /// Milliseconds from the start of the process until it was ready.
    pub startup_ms: f64,
    /// When that was, by the clock of [`crate::timing::now`].
    pub ready_at: u64,
}

impl WorkerReport {
    /// What the numbers depend on: the engine, and where the networks run.
    pub fn engine(&self) -> String {
        let places = || self.sessions.iter().map(|session| session.place.as_str());
        let different: BTreeSet<&str> = places().collect();
        let places: Vec<String> = if different.len() > 1 {
            let sessions = self.sessions.iter();
            sessions
                .map(|session| format!("{} ({})", session.place, session.model))
                .collect()
        } else {
            different.into_iter().map(str::to_owned).collect()
        };
        format!("{} on {}", self.runtime, places.join(", "))
    }
}

/// One open network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    /// Identifier of the model in the manifest.
    pub model: String,
    /// Where it runs, as in `coreml/gpu`.
    pub place: String,
    /// The size of input that it was opened for, as in `640x480`; empty for a network of one size
    /// or any.
    pub form: String,
    /// How it is divided between its provider and the processor; not on the processor itself.
    pub graph: Option<GraphReport>,
    /// Milliseconds it took to open.
    pub open_ms: f64,
}

/// How urgent a worker's remark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogLevel {
    /// Shown unless the user asked for quiet.
    Warning,
    /// Shown with `-v`.
    Info,
}
