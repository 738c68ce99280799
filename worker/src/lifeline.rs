//! The end of the supervisor is the end of the worker, also in the middle of a frame.
//!
//! The main thread notices a closed socket when it next reads. Should it be stuck inside an
//! inference engine, this one does not wait for it. What the worker may have started goes, too.

use std::io;
use std::os::fd::OwnedFd;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpgrp, getpid, kill_process, kill_process_group};

/// Ends the process when the other side of `socket` is closed.
pub fn watch(socket: OwnedFd) -> io::Result<()> {
    thread::Builder::new()
        .name("lifeline".into())
        .spawn(move || {
            loop {
                // No events are asked for; a hang-up is always reported.
                let mut sockets = [PollFd::new(&socket, PollFlags::empty())];
                match poll(&mut sockets, None) {
                    Ok(_) if sockets[0].revents().contains(PollFlags::HUP) => break,
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    // Without a lifeline it is safer not to live on.
                    Err(_) => break,
                }
            }
            end();
        })?;
    Ok(())
}

/// Ends the process and what it has started, at once: an engine that hangs would hang in its
/// clean-up, too.
pub fn end() {
    // The supervisor gives each worker a group of its own. Started otherwise, it has no right to
    // end the others.
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
    let _ = kill_process(getpid(), Signal::KILL);
}
