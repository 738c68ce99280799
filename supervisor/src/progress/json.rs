//! Events for programs, one JSON object a line on stdout. `docs/progress.md` describes them.

use std::io::{self, Stdout, Write};

use faceau_events::Event;

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

    pub(super) fn write(&mut self, event: &Event) {
        let Some(out) = &mut self.out else {
            return;
        };
        let mut out = out.lock();
        let written = serde_json::to_string(event)
            .map_err(io::Error::from)
            .and_then(|line| writeln!(out, "{line}"))
            .and_then(|()| out.flush());
        if written.is_err() {
            self.out = None;
        }
    }
}
