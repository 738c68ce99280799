//! What is told of the work while it is done: turns what happens into events for an [`Observer`].
//!
//! It knows which input has its turn and how fast frames come; it prints nothing.

mod rate;

use std::path::Path;
use std::time::Duration;

use faceau_events::{
    BatchSummary, Continued, EVENTS_FORMAT, End, Error, ErrorCode, Event, InputEnd, InputStart,
    Observer, PROGRAM, Paused, Progress, Resumed, RunRecord, Stage, StageBegins, Start, Stopping,
    Warning, WarningCode,
};
use faceau_media::{Geometry, Remark};

use rate::Rate;

/// Tells an observer of the work.
pub struct Reporter<'a> {
    observer: &'a mut dyn Observer,
    rate: Rate,
    /// Frames of the current input.
    frames: usize,
    /// The current input, counted from 1.
    number: usize,
    /// What is being done about it, since that was told.
    stage: Stage,
}

impl<'a> Reporter<'a> {
    /// Nothing has begun.
    pub fn new(observer: &'a mut dyn Observer) -> Self {
        Self {
            observer,
            rate: Rate::new(),
            frames: 0,
            number: 0,
            stage: Stage::Other,
        }
    }

    /// Work on the inputs with these paths begins.
    pub fn start<'p>(&mut self, paths: impl Iterator<Item = &'p Path>, workers: usize) {
        let mut start = Start::default();
        start.format = EVENTS_FORMAT;
        start.program = PROGRAM.into();
        start.version = env!("CARGO_PKG_VERSION").into();
        start.pid = std::process::id();
        start.paths = paths.map(text).collect();
        start.inputs = start.paths.len();
        start.workers = workers;
        self.observer.event(&Event::Start(start));
    }

    /// The next input's turn has come.
    pub fn next_input(&mut self) {
        self.number += 1;
        self.stage = Stage::Other;
    }

    /// Something new begins with the current input.
    pub fn stage_begins(&mut self, path: &Path, stage: Stage) {
        if std::mem::replace(&mut self.stage, stage) == stage {
            return;
        }
        let mut begins = StageBegins::default();
        begins.input = self.number;
        begins.path = text(path);
        begins.stage = stage;
        self.observer.event(&Event::Stage(begins));
    }

    /// Frames of an input are about to be analysed.
    pub fn input_started(&mut self, path: &Path, frames: usize, geometry: Geometry) {
        self.frames = frames;
        self.rate = Rate::new();
        let mut start = InputStart::default();
        start.input = self.number;
        start.path = text(path);
        start.frames = frames;
        start.width = geometry.width;
        start.height = geometry.height;
        self.observer.event(&Event::InputStart(start));
        self.stage_begins(path, Stage::Analysing);
    }

    /// Tells where the current input stands: so many frames have been analysed. Called at most ten
    /// times a second.
    pub fn tick(&mut self, done: usize, stage: Stage) {
        self.rate.observe(done);
        let mut progress = Progress::default();
        progress.input = self.number;
        progress.frames_done = done;
        progress.frames = self.frames;
        progress.fps = self.rate.frames_per_second();
        progress.eta_seconds = self.rate.seconds_for(self.frames.saturating_sub(done));
        progress.stage = stage;
        self.observer.event(&Event::Progress(progress));
    }

    /// An earlier run's work on the current input goes on: so many of its frames are known.
    pub fn resumed(&mut self, frames: usize) {
        self.rate = Rate::beginning_with(frames);
        let mut resumed = Resumed::default();
        resumed.input = self.number;
        resumed.frames = frames;
        self.observer.event(&Event::Resumed(resumed));
    }

    /// Work waits until the disk has room again, for `needed` bytes if that can be said.
    pub fn paused(&mut self, reason: &str, needed: Option<u64>, free: Option<u64>) {
        let mut paused = Paused::default();
        paused.input = self.number;
        paused.reason = reason.into();
        paused.needed = needed;
        paused.free = free;
        self.observer.event(&Event::Paused(paused));
    }

    /// The pause is over.
    pub fn continued(&mut self) {
        let mut continued = Continued::default();
        continued.input = self.number;
        self.observer.event(&Event::Continued(continued));
    }

    /// Somebody has asked for the end. Pieces in flight are finished first, which takes `at_most` as
    /// far as can be told.
    pub fn stopping(&mut self, at_most: Option<Duration>) {
        let mut stopping = Stopping::default();
        stopping.input = self.number;
        stopping.seconds = at_most.map(|time| time.as_secs_f64());
        self.observer.event(&Event::Stopping(stopping));
    }

    /// The current input has ended. `path` names it.
    pub fn input_ended(&mut self, path: &Path, end: &InputEnd) {
        let mut end = end.clone();
        end.input = self.number;
        end.path = text(path);
        self.observer.event(&Event::InputEnd(end));
    }

    /// The batch has ended.
    pub fn ended(&mut self, end: End) {
        self.observer.event(&Event::End(end));
    }

    /// How each input ended.
    pub fn summary(&mut self, summary: &BatchSummary) {
        self.observer.summary(summary);
    }

    /// The outputs of the current input are about to be written.
    pub fn record(&mut self, record: &RunRecord) {
        self.observer.record(record);
    }

    /// Says what was noticed about an input.
    pub fn noticed(&mut self, path: &Path, remark: &Remark) {
        let code = WarningCode::from(remark.code());
        self.warning(Some(path), code, &remark.to_string());
    }

    /// Warns of something about one input.
    pub fn warn(&mut self, path: &Path, code: WarningCode, message: &str) {
        self.warning(Some(path), code, message);
    }

    /// Warns of something that concerns all inputs.
    pub fn warn_all(&mut self, code: WarningCode, message: &str) {
        self.warning(None, code, message);
    }

    fn warning(&mut self, path: Option<&Path>, code: WarningCode, message: &str) {
        let mut warning = Warning::default();
        warning.code = code;
        warning.path = path.map(text);
        warning.message = message.into();
        self.observer.event(&Event::Warning(warning));
    }

    /// Says an error that ends everything.
    pub fn error(&mut self, code: ErrorCode, message: &str) {
        let mut error = Error::default();
        error.code = code;
        error.message = message.into();
        self.observer.event(&Event::Error(error));
    }

    /// Says something to those who want to know more.
    pub fn info(&mut self, message: &str) {
        self.observer.remark(message);
    }
}

/// A path as events and records say it.
pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
