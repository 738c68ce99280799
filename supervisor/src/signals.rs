//! Signals as events, and the end by signal.

use std::mem::MaybeUninit;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use faceau::Handle;
use faceau_engine::events::LAST_STOP;

/// How long it may take to clean up even then.
const LAST_GRACE: Duration = Duration::from_secs(2);

/// Turns Ctrl+C, SIGTERM, SIGHUP and Ctrl+Z into requests. The third of those that insist ends the
/// program also when nobody takes requests any more. Where the system refuses, signals end the
/// program as they always do.
pub fn watch(session: Handle) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGTSTP]) else {
        return;
    };
    // Under `nohup`, the end of the terminal is not to be the end of the work.
    if !is_ignored(SIGHUP) {
        let _ = signals.add_signal(SIGHUP);
    }
    let waiting = thread::Builder::new().name("signals".into());
    // Without the thread, handlers go with `signals`.
    let _ = waiting.spawn(move || {
        let mut stops = 0;
        for signal in signals.forever() {
            let is_heard = match signal {
                SIGTSTP => session.pause(pause_here),
                signal if insists(signal) => session.stop(signal),
                signal => session.stop_gently(signal),
            };
            stops += u32::from(signal != SIGTSTP && (stops == 0 || insists(signal)));
            if stops >= LAST_STOP || !is_heard {
                // The end of the process ends this wait. Workers go with the process.
                thread::park_timeout(LAST_GRACE);
                die_by(signal);
            }
        }
    });
}

/// Whether whoever started this program wants it not to hear this signal.
fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: with no new action given, the system only writes the present one into `action`,
    // which is of the right type and belongs to this function.
    let asked = unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: the system has written it, and before that it was all zeros, which is an action, too.
    let action = unsafe { action.assume_init() };
    asked == 0 && action.sa_sigaction == libc::SIG_IGN
}

/// Whether a signal that comes again means more than the first time. A terminal that is closed may
/// say so more than once; nobody insists by that.
pub fn insists(signal: i32) -> bool {
    signal != SIGHUP
}

/// Stops this process until somebody lets it go on.
pub fn pause_here() {
    // If the system refuses, the program simply goes on.
    let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
}

/// Ends the process the way the signal would have, so that a shell loop around it stops, too.
pub fn die_by(signal: i32) -> ! {
    // It returns only if the system refuses; then the conventional exit code has to do.
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    std::process::exit(128 + signal)
}
