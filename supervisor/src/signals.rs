//! Signals as events, and the end by signal.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::events::{Event, EventSender};

/// Turns Ctrl+C, SIGTERM and SIGHUP into events.
///
/// # Errors
/// When the system refuses handlers or the thread.
pub fn watch(events: &EventSender) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let events = events.clone();
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                if events.send(Event::Signal(signal)).is_err() {
                    return;
                }
            }
        })?;
    Ok(())
}

/// Ends the process the way the signal would have, so that a shell loop around it stops, too.
pub fn die_by(signal: i32) -> ! {
    // It returns only if the system refuses; then the conventional exit code has to do.
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    std::process::exit(128 + signal)
}
