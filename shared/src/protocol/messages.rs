//! What is said. Numbers of slots and frames go through here; pixels and results never do.

use std::collections::BTreeSet;

use faceau_models::ResolvedSet;
use serde::{Deserialize, Serialize};

use crate::ring::RingLayout;

/// From the supervisor to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// Once, first: which models to open and how. Answered by [`FromWorker::Ready`] or
    /// [`FromWorker::Refused`].
    Setup(Setup),
    /// Use this ring from now on. The region's descriptor follows on the socket.
    Attach(RingLayout),
    /// Analyse the frame in a slot.
    Frame(FrameTask),
    /// Finish and exit.
    Stop,
}

/// What a worker needs to open its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Where networks should run: `auto` or the name of a provider.
    pub provider: String,
    /// The pipeline, by its set of model files, each with the digest it must have.
    pub models: ResolvedSet,
    /// Look for the face in the whole frame every so many frames; 0 = only when needed.
    pub redetect_every: u32,
    /// What the OpenFace 3.0 pipeline is to do, where it is the one.
    pub openface3: Option<OpenFace3Setup>,
    /// Whether each frame's FHOG descriptor is wanted behind its analysis.
    pub want_fhog: bool,
    /// Whether each frame's aligned face is wanted behind these.
    pub want_aligned: bool,
    /// Whether it is to be said of each frame when which stage and which inference took place.
    pub want_spans: bool,
    /// Milliseconds that every inference takes at least, as on an accelerator that does one at a time
    /// in a process: a simulation, 0 for none.
    pub simulated_inference_ms: u16,
}

/// What the OpenFace 3.0 pipeline is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFace3Setup {
    /// The whole frame is the face, and nothing looks for one.
    pub whole_frame: bool,
    /// Landmarks are placed and the closure of the eyes is measured.
    pub landmarks: bool,
    /// Results are as FaceMirror's, not as the networks were trained.
    pub as_facemirror: bool,
}

/// What a tracker should know when it sees a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begin {
    /// What it knows from the frame before.
    GoOn,
    /// Nothing.
    Afresh,
    /// What another tracker knew after the frame before, whose analysis lies in the slot where the
    /// results will be.
    Resume,
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
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Bytes from one row of pixels to the next.
    pub stride: u32,
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
    /// What the numbers depend on: the engine, and which providers the networks run on.
    pub fn engine(&self) -> String {
        let providers = self
            .sessions
            .iter()
            .map(|session| session.provider.as_str());
        let providers: BTreeSet<&str> = providers.collect();
        let providers: Vec<&str> = providers.into_iter().collect();
        format!("{} on {}", self.runtime, providers.join(", "))
    }
}

/// One open network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionReport {
    /// Identifier of the model in the manifest.
    pub model: String,
    /// The provider it really runs on.
    pub provider: String,
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
