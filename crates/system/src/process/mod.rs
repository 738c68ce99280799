//! Starting and ending processes together with whatever they start.

#[cfg_attr(unix, path = "unix.rs")]
mod sys;

use std::process::{Child, Command, ExitStatus};

/// What a group of processes is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// End at once.
    Kill,
    /// End soon.
    Terminate,
    /// Stop where they are.
    Pause,
    /// Go on.
    GoOn,
}

/// Has a process begin a group of its own, which a Ctrl+C in the terminal does not reach.
pub fn begin_group(command: &mut Command) {
    sys::begin_group(command);
}

/// Asks something of the group that a child began, if any of it is left. The child must not have
/// been reaped: until then its number cannot be another's.
pub fn ask_group(child: &Child, request: Request) {
    sys::ask_group(child, request);
}

/// Waits until a child of this process has ended. It is not reaped by that, so its number is not
/// given to another meanwhile.
pub fn wait_for_end(pid: u32) {
    sys::wait_for_end(pid);
}

/// Whether there is a process of this number.
pub fn is_alive(pid: u32) -> bool {
    sys::is_alive(pid)
}

/// How a process ended, in a few words.
pub fn describe_end(status: ExitStatus) -> String {
    match status.code() {
        Some(0) => "it ended in the middle of its work".to_owned(),
        Some(code) => format!("it ended with exit code {code}"),
        None => sys::describe_end_without_code(status),
    }
}
