//! Running another program to its end, but not for ever.

use std::io;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Runs a program and returns what it printed. It is killed when it takes longer than `patience`.
///
/// # Errors
/// When it cannot be started, or took too long ([`io::ErrorKind::TimedOut`]).
pub fn run_within(command: &mut Command, patience: Duration) -> io::Result<Output> {
    run_watched(command, patience, patience, &mut |_| {})
}

/// The same, and calls `look` with the number of its process every now and then while it runs.
///
/// # Errors
/// As [`run_within`].
pub fn run_watched(
    command: &mut Command,
    patience: Duration,
    every: Duration,
    look: &mut dyn FnMut(u32),
) -> io::Result<Output> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (number, pid) = (child.id(), Pid::from_child(&child));
    let deadline = Instant::now() + patience;
    let (sender, ended) = channel();
    let waiting = thread::spawn(move || {
        // Nobody listens any more once patience has run out.
        let _ = sender.send(child.wait_with_output());
    });
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match ended.recv_timeout(every.min(left)) {
            Ok(output) => return output,
            Err(RecvTimeoutError::Timeout) if left > every => look(number),
            Err(RecvTimeoutError::Timeout) => {
                // It may have ended in this moment.
                let _ = kill_process(pid, Signal::KILL);
                let _ = waiting.join();
                let text = format!("it did not end within {} s", patience.as_secs_f64());
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("waiting for it failed"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_is_heard() {
        let output = run_within(
            Command::new("/bin/sh").args(["-c", "echo hello; exit 3"]),
            Duration::from_secs(60),
        );
        let output = output.unwrap();
        assert_eq!(
            (output.status.code(), &output.stdout[..]),
            (Some(3), &b"hello\n"[..])
        );
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        // `exec`, so that the shell leaves nobody behind who holds the pipe.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exec sleep 1000"]);
        let error = run_within(&mut command, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
