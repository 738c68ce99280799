//! A bar on stderr, for people.

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plain::printable;

pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
        }
    }

    pub(super) fn indexing(&mut self, path: &str) {
        self.bar.reset();
        self.bar.unset_length();
        self.set_style("{prefix} {msg}");
        self.bar.set_prefix(name_of(path));
        self.bar.set_message("looking through the file");
        self.bar.tick();
    }

    pub(super) fn started(&mut self, path: &str, frames: usize, number: usize, inputs: usize) {
        self.set_style("{prefix} {wide_bar} {pos}/{len} frames, {msg}");
        let prefix = if inputs > 1 {
            format!("[{number}/{inputs}] {}", name_of(path))
        } else {
            name_of(path)
        };
        self.bar.set_prefix(prefix);
        self.bar.set_length(frames as u64);
        self.bar.set_message("starting workers");
        self.bar.set_position(0);
    }

    pub(super) fn tick(&mut self, done: usize, fps: f64, eta: Option<f64>) {
        if done > 0 {
            let eta = eta.map_or_else(|| "?".to_owned(), clock);
            self.bar.set_message(format!("{fps:.0}/s, {eta} left"));
        }
        self.bar.set_position(done as u64);
    }

    pub(super) fn clear(&mut self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn suspend(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    fn set_style(&self, template: &str) {
        // The templates are constants; should one be wrong, the default bar will do.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }
}

fn name_of(path: &str) -> String {
    let path = Path::new(path);
    let name = path.file_name().unwrap_or(path.as_os_str());
    printable(&name.to_string_lossy()).into_owned()
}

/// Seconds as `1:02:03` or `2:03`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_reads_like_a_clock() {
        assert_eq!(clock(0.2), "0:01");
        assert_eq!(clock(125.0), "2:05");
        assert_eq!(clock(3723.0), "1:02:03");
    }
}
