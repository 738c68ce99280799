//! What the user, or a program in between, sees while work goes on.
//!
//! People get a bar and messages on stderr, programs a stream of JSON on stdout. A reader that goes
//! away never stops the work. What there is to see is in [`faceau_events`].

mod bar;
mod json;
mod plain;
mod summary;
mod tables;

use std::io::Write;

use faceau_events::{BatchSummary, Event, InputEnd, Observer, Paused, RunRecord, Stage};

use bar::Bar;
use faceau_system::disk;
use json::JsonStream;
use plain::printable;
pub use tables::{stages_text, workers_text};

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A bar for people.
    Bar,
    /// Events for programs.
    Json,
    /// Not at all.
    None,
}

/// How much is said beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Errors, warnings and where the outputs are.
    Normal,
    /// Also what workers remark, and where the time went.
    Verbose,
}

/// Shows what happens in one of the styles.
pub struct Progress {
    verbosity: Verbosity,
    /// Whether it is said where the time of each input went.
    profile: bool,
    bar: Option<Bar>,
    json: Option<JsonStream>,
    /// How many inputs there are.
    inputs: usize,
    /// The current input and its number of frames.
    path: String,
    frames: usize,
    /// Where the summary is written, once it is known.
    batch: Option<BatchSummary>,
}

impl Progress {
    /// Shows progress from the beginning. With `profile` it is said where the time of each input
    /// went.
    pub fn new(style: Style, verbosity: Verbosity, profile: bool) -> Self {
        Self {
            verbosity,
            profile: profile || verbosity == Verbosity::Verbose,
            bar: (style == Style::Bar).then(Bar::new),
            json: (style == Style::Json).then(JsonStream::stdout),
            inputs: 0,
            path: String::new(),
            frames: 0,
            batch: None,
        }
    }

    fn input_ended(&mut self, end: &InputEnd) {
        if let Some(bar) = &mut self.bar {
            bar.clear();
        }
        match &end.error {
            Some(error) => self.print(Verbosity::Quiet, &format!("error: {error}")),
            None => self.print(
                Verbosity::Normal,
                &format!(
                    "{}: {} ({} frames, face found in {}) -> {}",
                    end.path,
                    end.status.for_people(),
                    end.frames,
                    end.successful,
                    end.outputs.join(", ")
                ),
            ),
        }
    }

    fn paused(&self, paused: &Paused) {
        let numbers = match (paused.needed, paused.free) {
            (Some(needed), Some(free)) => format!(
                ": {} are needed and {} are free",
                disk::readable(needed),
                disk::readable(free)
            ),
            _ => String::new(),
        };
        let text = format!(
            "warning: {}: paused, because the disk is full{numbers}; make room and it goes on by \
             itself, or stop it and nothing is lost ({})",
            self.path, paused.reason
        );
        self.print(Verbosity::Quiet, &text);
    }

    fn stopping(&self, seconds: Option<f64>) {
        let how_long = match seconds {
            Some(seconds) => format!("about {:.0} s at most", seconds.ceil()),
            None => "a moment".to_owned(),
        };
        let text = format!(
            "stopping when what is being worked on is finished, in {how_long}; once more stops now"
        );
        self.print(Verbosity::Normal, &text);
    }

    fn print(&self, least: Verbosity, text: &str) {
        if self.verbosity < least {
            return;
        }
        let text = printable(text);
        let write = || {
            // Nobody may be there to read it.
            let _ = writeln!(std::io::stderr(), "{text}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Observer for Progress {
    fn event(&mut self, event: &Event) {
        // Before people, as a program may decide by it what they are told.
        if let Some(json) = &mut self.json {
            json.write(event);
        }
        match event {
            Event::Start(start) => self.inputs = start.inputs,
            Event::Stage(begins) => {
                self.path.clone_from(&begins.path);
                if begins.stage == Stage::Reading
                    && let Some(bar) = &mut self.bar
                {
                    bar.indexing(&begins.path);
                }
            }
            Event::InputStart(start) => {
                self.path.clone_from(&start.path);
                self.frames = start.frames;
                if let Some(bar) = &mut self.bar {
                    bar.started(&start.path, start.frames, start.input, self.inputs);
                }
            }
            Event::Progress(progress) => {
                if let Some(bar) = &mut self.bar {
                    bar.tick(progress.frames_done, progress.fps, progress.eta_seconds);
                }
            }
            Event::Resumed(resumed) => self.print(
                Verbosity::Normal,
                &format!(
                    "{}: goes on where an earlier run ended; {} of {} frames are known",
                    self.path, resumed.frames, self.frames
                ),
            ),
            Event::Paused(paused) => self.paused(paused),
            Event::Continued(_) => self.print(
                Verbosity::Normal,
                &format!("{}: there is room again, it goes on", self.path),
            ),
            Event::Stopping(stopping) => self.stopping(stopping.seconds),
            Event::Warning(warning) => {
                let about = match &warning.path {
                    Some(path) => format!("{path}: "),
                    None => String::new(),
                };
                self.print(
                    Verbosity::Normal,
                    &format!("warning: {about}{}", warning.message),
                );
            }
            Event::Error(error) => {
                if let Some(bar) = &mut self.bar {
                    bar.clear();
                }
                self.print(Verbosity::Quiet, &format!("error: {}", error.message));
            }
            Event::InputEnd(end) => self.input_ended(end),
            Event::End(end) => {
                if let Some(batch) = self.batch.take().filter(|batch| batch.inputs.len() > 1) {
                    let table = summary::table(&batch.inputs, end.summary.as_deref());
                    self.print(Verbosity::Normal, &table);
                }
            }
            _ => {}
        }
    }

    fn remark(&mut self, text: &str) {
        self.print(Verbosity::Verbose, text);
    }

    fn record(&mut self, record: &RunRecord) {
        if self.profile {
            for network in &record.networks {
                self.print(Verbosity::Verbose, &format!("network {network}"));
            }
            self.print(Verbosity::Quiet, &stages_text(&record.timing.stages));
            self.print(Verbosity::Quiet, &workers_text(&record.timing.workers));
        }
    }

    fn summary(&mut self, summary: &BatchSummary) {
        self.batch = Some(summary.clone());
    }
}
