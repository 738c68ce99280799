//! Where events go: the seam between the work and whoever looks on.

use crate::{BatchSummary, Event, RunRecord};

/// Looks on while work is done: a bar, a stream of JSON, a window, a test.
///
/// Called by the thread that does the work, which waits meanwhile. A closure that takes events is an
/// observer, too.
pub trait Observer {
    /// Something has happened.
    fn event(&mut self, event: &Event);

    /// Something was remarked that only those want to hear who look closely. It is not an event,
    /// and no program should read it.
    fn remark(&mut self, text: &str) {
        let _ = text;
    }

    /// The outputs of an input are about to be written, and this is their record.
    fn record(&mut self, record: &RunRecord) {
        let _ = record;
    }

    /// The batch is over, and this is how each input ended; the event that says so follows.
    fn summary(&mut self, summary: &BatchSummary) {
        let _ = summary;
    }
}

impl<F: FnMut(&Event)> Observer for F {
    fn event(&mut self, event: &Event) {
        self(event);
    }
}

/// Looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event) {}
}
