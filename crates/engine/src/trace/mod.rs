//! `--trace`: what every process did when, for the timeline of Perfetto or Chrome.
//!
//! The supervisor writes all of it: workers leave their times behind each frame's results, by a
//! clock that all processes share. So there is one file, nothing but the last frame is lost with a
//! worker, and without `--trace` there is nothing to switch off. (A layer for the `tracing` crate
//! stamps events when they are recorded, with the process that records them; these are of other
//! processes, and of the past.)

mod file;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use faceau_shared::protocol::WorkerReport;
use faceau_shared::timing::{self, FrameTiming, SpanOf};
use faceau_vision::stage::Stage;
use serde::Serialize;

use crate::events::{DecodeTimes, WorkerId};
use file::TraceFile;

/// The event loop's thread in the trace, and the only thread of a worker that is shown.
const MAIN_THREAD: u32 = 1;
/// The decoder of worker N is thread N plus this.
const FIRST_DECODER: u32 = 100;

/// The trace cannot be begun.
#[derive(Debug, thiserror::Error)]
#[error("the trace {} cannot be written: {cause}", path.display())]
pub struct TraceError {
    /// The file.
    path: PathBuf,
    /// Why not.
    cause: io::Error,
}

/// The trace of a whole call, or nothing where none is wanted.
#[derive(Debug)]
pub struct Trace(Option<Open>);

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: TraceFile,
    /// When the trace began, by the clock that all processes share.
    zero: u64,
    pid: u32,
    /// Workers and their decoders that have been introduced.
    introduced: BTreeSet<WorkerId>,
    failed: Option<io::Error>,
}

impl Trace {
    /// Begins a trace in the file `path`, if there is one to be.
    ///
    /// # Errors
    /// When the file cannot be written or is something else.
    pub fn begin(path: Option<&Path>) -> Result<Self, TraceError> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let file = TraceFile::create(path).map_err(|cause| TraceError {
            path: path.to_owned(),
            cause,
        })?;
        let mut open = Open {
            path: path.to_owned(),
            file,
            zero: timing::now(),
            pid: std::process::id(),
            introduced: BTreeSet::new(),
            failed: None,
        };
        let pid = open.pid;
        open.name_process(pid, &format!("supervisor ({pid})"), 0);
        open.name_thread(pid, MAIN_THREAD, "event loop");
        Ok(Self(Some(open)))
    }

    /// Whether anything is traced.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The event loop did `what` from the moment `began` until now.
    pub fn did(&mut self, what: &str, began: u64) {
        if let Some(open) = &mut self.0 {
            let place = (open.pid, MAIN_THREAD);
            open.span(place, what, "supervisor", began, timing::now(), None);
        }
    }

    /// The event loop dealt with a frame's result, from the moment `began` until now.
    pub fn took(&mut self, frame: u64, began: u64) {
        if let Some(open) = &mut self.0 {
            let place = (open.pid, MAIN_THREAD);
            open.span(
                place,
                "result",
                "supervisor",
                began,
                timing::now(),
                Some(frame),
            );
        }
    }

    /// A worker is about to get frames: its process and the start of it, if that is new.
    pub fn worker(&mut self, id: WorkerId, pid: u32, report: &WorkerReport) {
        let Some(open) = &mut self.0 else {
            return;
        };
        if !open.introduced.insert(id) {
            return;
        }
        let place = (pid, MAIN_THREAD);
        open.name_process(pid, &format!("worker {} ({pid})", id.0), id.0 + 1);
        open.name_thread(pid, MAIN_THREAD, "frames");
        let own = open.pid;
        open.name_thread(
            own,
            FIRST_DECODER + id.0,
            &format!("decoder of worker {}", id.0),
        );
        let began = (report.ready_at).saturating_sub((report.startup_ms * 1e6) as u64);
        open.span(place, "start-up", "worker", began, report.ready_at, None);
    }

    /// A frame has been decoded for a worker. Frames are counted from 1 here.
    pub fn decoded(&mut self, id: WorkerId, frame: u64, times: DecodeTimes) {
        if let Some(open) = &mut self.0 {
            let place = (open.pid, FIRST_DECODER + id.0);
            let (waits, began) = (times.waits_since, times.began);
            open.span(place, "wait for a slot", "wait", waits, began, Some(frame));
            open.span(place, "decode", "decoder", began, times.ended, Some(frame));
        }
    }

    /// A worker, process `pid` with the sessions of `report`, has analysed a frame.
    pub fn analysed(&mut self, pid: u32, report: &WorkerReport, frame: u64, timing: &FrameTiming) {
        let Some(open) = &mut self.0 else {
            return;
        };
        let place = (pid, MAIN_THREAD);
        let FrameTiming {
            received, waited, ..
        } = *timing;
        let some = Some(frame);
        let waits = received - waited;
        open.span(place, "wait for a frame", "wait", waits, received, some);
        open.span(place, "frame", "worker", received, timing.ended, some);
        for span in timing.spans() {
            let (name, category) = match span.of() {
                SpanOf::Stage(number) => (
                    Stage::ALL.get(number as usize).map(|stage| stage.name()),
                    "stage",
                ),
                SpanOf::Inference(number) => (
                    (report.sessions.get(number as usize)).map(|session| session.model.as_str()),
                    "inference",
                ),
            };
            let began = received + span.offset;
            let ended = began + span.nanos;
            open.span(place, name.unwrap_or("?"), category, began, ended, some);
        }
    }

    /// Writes what is there. When that fails, the trace ends there, and this says so once.
    pub fn flush(&mut self) -> Option<TraceError> {
        let open = self.0.as_mut()?;
        if open.failed.is_none() {
            open.failed = open.file.flush().err();
        }
        let cause = open.failed.take()?;
        let path = std::mem::take(&mut open.path);
        self.0 = None;
        Some(TraceError { path, cause })
    }
}

/// A span, or a name, in the Trace Event Format.
#[derive(Serialize)]
struct Event<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cat: &'a str,
    ph: &'a str,
    /// Microseconds since the trace began.
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: u32,
    tid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Args<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Args<'a> {
    Frame { frame: u64 },
    Name { name: &'a str },
    Order { sort_index: u32 },
}

impl Open {
    fn span(
        &mut self,
        (pid, tid): (u32, u32),
        name: &str,
        cat: &str,
        began: u64,
        ended: u64,
        frame: Option<u64>,
    ) {
        let began = began.max(self.zero);
        self.add(&Event {
            name,
            cat,
            ph: "X",
            ts: microseconds(began - self.zero),
            dur: Some(microseconds(ended.saturating_sub(began))),
            pid,
            tid,
            args: frame.map(|frame| Args::Frame { frame }),
        });
    }

    fn name_process(&mut self, pid: u32, name: &str, place: u32) {
        self.note("process_name", pid, MAIN_THREAD, Args::Name { name });
        let order = Args::Order { sort_index: place };
        self.note("process_sort_index", pid, MAIN_THREAD, order);
    }

    fn name_thread(&mut self, pid: u32, tid: u32, name: &str) {
        self.note("thread_name", pid, tid, Args::Name { name });
    }

    fn note(&mut self, name: &str, pid: u32, tid: u32, args: Args<'_>) {
        self.add(&Event {
            name,
            cat: "",
            ph: "M",
            ts: 0.0,
            dur: None,
            pid,
            tid,
            args: Some(args),
        });
    }

    fn add(&mut self, event: &Event<'_>) {
        if self.failed.is_none() {
            self.failed = self.file.add(event).err();
        }
    }
}

fn microseconds(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}
