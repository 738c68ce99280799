//! Events for programs, one JSON object a line on stdout. `docs/progress.md` describes them.

use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Tick;
use super::ending::{Counts, Ending, InputEnd, Status};
use faceau_media::Geometry;

/// Version of the events: a reader must refuse another one. Adding a field or an event does not
/// change it; `docs/progress.md` has its history.
pub const FORMAT: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Start {
        format: u32,
        program: &'static str,
        version: &'static str,
        pid: u32,
        inputs: usize,
        workers: usize,
    },
    InputStart {
        input: usize,
        path: String,
        frames: usize,
        width: usize,
        height: usize,
    },
    Progress {
        input: usize,
        frames_done: usize,
        frames: usize,
        fps: f64,
        eta_seconds: Option<f64>,
        stage: &'static str,
    },
    Resumed {
        input: usize,
        frames: usize,
    },
    Paused {
        input: usize,
        reason: &'a str,
        needed: Option<u64>,
        free: Option<u64>,
    },
    Continued {
        input: usize,
    },
    Stopping {
        input: usize,
        seconds: Option<f64>,
    },
    Warning {
        path: Option<String>,
        code: Option<&'a str>,
        message: &'a str,
    },
    Error {
        message: &'a str,
    },
    InputEnd {
        input: usize,
        path: String,
        status: Status,
        outputs: Vec<String>,
        frames: usize,
        successful: usize,
        failed_frames: usize,
        seconds: f64,
        error: Option<&'a str>,
    },
    End {
        #[serde(flatten)]
        counts: Counts,
        exit_code: i32,
        summary: Option<String>,
    },
}

/// Writes events until nobody reads them.
pub(super) struct JsonStream {
    out: Option<Stdout>,
}

impl JsonStream {
    pub(super) fn stdout() -> Self {
        Self {
            out: Some(io::stdout()),
        }
    }

    pub(super) fn start(&mut self, inputs: usize, workers: usize) {
        self.write(&Line::Start {
            format: FORMAT,
            program: "faceau-supervisor",
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            inputs,
            workers,
        });
    }

    pub(super) fn input_start(
        &mut self,
        path: &Path,
        input: usize,
        frames: usize,
        geometry: Geometry,
    ) {
        self.write(&Line::InputStart {
            input,
            path: text(path),
            frames,
            width: geometry.width,
            height: geometry.height,
        });
    }

    pub(super) fn progress(
        &mut self,
        input: usize,
        tick: &Tick,
        frames: usize,
        fps: f64,
        eta: Option<f64>,
    ) {
        self.write(&Line::Progress {
            input,
            frames_done: tick.done,
            frames,
            fps,
            eta_seconds: eta,
            stage: tick.stage,
        });
    }

    pub(super) fn resumed(&mut self, input: usize, frames: usize) {
        self.write(&Line::Resumed { input, frames });
    }

    pub(super) fn paused(
        &mut self,
        input: usize,
        reason: &str,
        needed: Option<u64>,
        free: Option<u64>,
    ) {
        self.write(&Line::Paused {
            input,
            reason,
            needed,
            free,
        });
    }

    pub(super) fn continued(&mut self, input: usize) {
        self.write(&Line::Continued { input });
    }

    pub(super) fn stopping(&mut self, input: usize, seconds: Option<f64>) {
        self.write(&Line::Stopping { input, seconds });
    }

    pub(super) fn warning(&mut self, path: Option<&Path>, code: Option<&str>, message: &str) {
        self.write(&Line::Warning {
            path: path.map(text),
            code,
            message,
        });
    }

    pub(super) fn error(&mut self, message: &str) {
        self.write(&Line::Error { message });
    }

    pub(super) fn input_end(&mut self, path: &Path, input: usize, end: &InputEnd) {
        self.write(&Line::InputEnd {
            input,
            path: text(path),
            status: end.status,
            outputs: end.outputs.iter().map(|p: &PathBuf| text(p)).collect(),
            frames: end.frames,
            successful: end.successful,
            failed_frames: end.failed_frames,
            seconds: end.seconds,
            error: end.error.as_deref(),
        });
    }

    pub(super) fn end(&mut self, ending: &Ending) {
        self.write(&Line::End {
            counts: ending.counts,
            exit_code: ending.exit_code,
            summary: ending.summary.as_deref().map(text),
        });
    }

    fn write(&mut self, line: &Line<'_>) {
        let Some(out) = &mut self.out else {
            return;
        };
        let mut out = out.lock();
        let written = serde_json::to_string(line)
            .map_err(io::Error::from)
            .and_then(|line| writeln!(out, "{line}"))
            .and_then(|()| out.flush());
        if written.is_err() {
            self.out = None;
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
