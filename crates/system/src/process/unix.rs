//! Processes as POSIX knows them: groups and signals.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process, waitid,
};

use super::Request;

pub fn begin_group(command: &mut Command) {
    command.process_group(0);
}

pub fn ask_group(child: &Child, request: Request) {
    let signal = match request {
        Request::Kill => Signal::KILL,
        Request::Terminate => Signal::TERM,
        Request::Pause => Signal::STOP,
        Request::GoOn => Signal::CONT,
    };
    // It may have ended already; then there is nothing to do.
    let _ = kill_process_group(Pid::from_child(child), signal);
}

pub fn wait_for_end(pid: u32) {
    let Some(pid) = number(pid) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
}

pub fn is_alive(pid: u32) -> bool {
    number(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

pub fn describe_end_without_code(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => {
            let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
            format!("it was ended by signal {signal} ({name})")
        }
        None => "it ended".to_owned(),
    }
}

fn number(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}
