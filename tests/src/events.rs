//! The progress events, read without passing anything over.

pub use faceau_events::{
    Counts, End, Error, ErrorCode, Event, InputEnd, InputStart, Paused, Progress, Resumed, Stage,
    StageBegins, Start, Status, Stopping, Warning, WarningCode,
};

/// Reads a line.
///
/// # Panics
/// When it is not an event, or has a field that is not documented.
pub fn parse(line: &str) -> Event {
    let event = crate::strict::parse(line);
    assert_ne!(event, Event::Other, "{line}");
    event
}
