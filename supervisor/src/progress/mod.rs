//! What the user, or a program in between, sees while work goes on.
//!
//! People get a bar on stderr, programs a stream of JSON on stdout. A reader that goes away never
//! stops the work.

mod bar;
mod ending;
mod json;
mod rate;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::disk;
use bar::Bar;
pub use ending::{Counts, Ending, InputEnd, Status};
use faceau_media::{Geometry, Remark};
pub use json::FORMAT;
use json::JsonStream;
use rate::Rate;

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

/// Where a job stands.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// Frames analysed.
    pub done: usize,
    /// What is being done.
    pub stage: &'static str,
}

/// Shows progress in one of the styles.
pub struct Progress {
    verbosity: Verbosity,
    bar: Option<Bar>,
    json: Option<JsonStream>,
    rate: Rate,
    frames: usize,
    number: usize,
    inputs: usize,
}

impl Progress {
    /// Shows progress of `inputs` inputs.
    pub fn new(style: Style, verbosity: Verbosity, inputs: usize, workers: usize) -> Self {
        let mut json = (style == Style::Json).then(JsonStream::stdout);
        if let Some(json) = &mut json {
            json.start(inputs, workers);
        }
        Self {
            verbosity,
            bar: (style == Style::Bar).then(Bar::new),
            json,
            rate: Rate::new(),
            frames: 0,
            number: 0,
            inputs,
        }
    }

    /// The next input is taken up and looked through.
    pub fn indexing(&mut self, path: &Path) {
        if let Some(bar) = &mut self.bar {
            bar.indexing(path);
        }
    }

    /// The next input's turn has come. Inputs are counted from 1.
    pub fn next_input(&mut self) {
        self.number += 1;
    }

    /// Frames of an input are about to be analysed.
    pub fn input_started(&mut self, path: &Path, frames: usize, geometry: Geometry) {
        self.frames = frames;
        self.rate = Rate::new();
        if let Some(bar) = &mut self.bar {
            bar.started(path, frames, self.number, self.inputs);
        }
        if let Some(json) = &mut self.json {
            json.input_start(path, self.number, frames, geometry);
        }
    }

    /// Shows where the current input stands. Called at most ten times a second.
    pub fn tick(&mut self, tick: &Tick) {
        self.rate.observe(tick.done);
        let left = self.frames.saturating_sub(tick.done);
        let (fps, eta) = (self.rate.frames_per_second(), self.rate.seconds_for(left));
        if let Some(bar) = &mut self.bar {
            bar.tick(tick.done, fps, eta);
        }
        if let Some(json) = &mut self.json {
            json.progress(self.number, tick, self.frames, fps, eta);
        }
    }

    /// An earlier run's work on the current input goes on: so many of its frames are known.
    pub fn resumed(&mut self, path: &Path, frames: usize) {
        self.rate = Rate::beginning_with(frames);
        if let Some(json) = &mut self.json {
            json.resumed(self.number, frames);
        }
        let text = format!(
            "{}: goes on where an earlier run ended; {frames} of {} frames are known",
            path.display(),
            self.frames
        );
        self.print(Verbosity::Normal, &text);
    }

    /// Work waits until the disk has room again, for `needed` bytes if that can be said.
    pub fn paused(&mut self, path: &Path, reason: &str, needed: Option<u64>, free: Option<u64>) {
        if let Some(json) = &mut self.json {
            json.paused(self.number, reason, needed, free);
        }
        let numbers = match (needed, free) {
            (Some(needed), Some(free)) => format!(
                ": {} are needed and {} are free",
                disk::readable(needed),
                disk::readable(free)
            ),
            _ => String::new(),
        };
        let text = format!(
            "warning: {}: paused, because the disk is full{numbers}; make room and it goes on by \
             itself, or stop it and nothing is lost ({reason})",
            path.display()
        );
        self.print(Verbosity::Quiet, &text);
    }

    /// The pause is over.
    pub fn continued(&mut self, path: &Path) {
        if let Some(json) = &mut self.json {
            json.continued(self.number);
        }
        let text = format!("{}: there is room again, it goes on", path.display());
        self.print(Verbosity::Normal, &text);
    }

    /// The program is being stopped. Pieces in flight are finished first, which takes `seconds` at
    /// most as far as can be told.
    pub fn stopping(&mut self, at_most: Option<Duration>) {
        let seconds = at_most.map(|time| time.as_secs_f64());
        if let Some(json) = &mut self.json {
            json.stopping(self.number, seconds);
        }
        let how_long = match seconds {
            Some(seconds) => format!("about {:.0} s at most", seconds.ceil()),
            None => "a moment".to_owned(),
        };
        let text = format!(
            "stopping when what is being worked on is finished, in {how_long}; once more stops now"
        );
        self.print(Verbosity::Normal, &text);
    }

    /// The current input has ended. `path` names it.
    pub fn input_ended(&mut self, path: &Path, end: &InputEnd) {
        if let Some(bar) = &mut self.bar {
            bar.clear();
        }
        if let Some(json) = &mut self.json {
            json.input_end(path, self.number, end);
        }
        match &end.error {
            Some(error) => self.print(Verbosity::Quiet, &format!("error: {error}")),
            None => {
                let written: Vec<String> = end
                    .outputs
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                self.print(
                    Verbosity::Normal,
                    &format!(
                        "{}: {} ({} frames, face found in {}) -> {}",
                        path.display(),
                        end.status.for_people(),
                        end.frames,
                        end.successful,
                        written.join(", ")
                    ),
                );
            }
        }
    }

    /// The batch has ended.
    pub fn ended(&mut self, ending: &Ending) {
        if let Some(json) = &mut self.json {
            json.end(ending);
        }
        if let Some(table) = &ending.table {
            self.print(Verbosity::Normal, table);
        }
    }

    /// Says what was noticed about an input.
    pub fn remark(&mut self, path: &Path, remark: &Remark) {
        self.warn_with_code(path, Some(remark.code()), &remark.to_string());
    }

    /// Warns of something about one input.
    pub fn warn(&mut self, path: &Path, text: &str) {
        self.warn_with_code(path, None, text);
    }

    fn warn_with_code(&mut self, path: &Path, code: Option<&str>, text: &str) {
        if let Some(json) = &mut self.json {
            json.warning(Some(path), code, text);
        }
        self.print(
            Verbosity::Normal,
            &format!("warning: {}: {text}", path.display()),
        );
    }

    /// Warns of something that concerns all inputs.
    pub fn warn_all(&mut self, text: &str) {
        if let Some(json) = &mut self.json {
            json.warning(None, None, text);
        }
        self.print(Verbosity::Normal, &format!("warning: {text}"));
    }

    /// Says an error that ends everything.
    pub fn error(&mut self, text: &str) {
        if let Some(bar) = &mut self.bar {
            bar.clear();
        }
        if let Some(json) = &mut self.json {
            json.error(text);
        }
        self.print(Verbosity::Quiet, &format!("error: {text}"));
    }

    /// Says something to those who want to know more.
    pub fn info(&mut self, text: &str) {
        self.print(Verbosity::Verbose, text);
    }

    /// Shows a table that the user asked for.
    pub fn table(&mut self, text: &str) {
        self.print(Verbosity::Quiet, text);
    }

    fn print(&self, least: Verbosity, text: &str) {
        if self.verbosity < least {
            return;
        }
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
