//! Keeps the machine from falling asleep over a night's work.
//!
//! Both systems have a program that does it for as long as something else runs. Here that is this
//! process, however it ends: nothing is left that keeps a machine awake for nobody.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

/// While this lives, the machine does not go to sleep by itself.
#[derive(Debug)]
pub struct Awake {
    helper: Child,
}

impl Awake {
    /// Asks the system not to sleep.
    ///
    /// # Errors
    /// When the system's program for that cannot be run.
    pub fn hold() -> io::Result<Self> {
        let helper = helper()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl+C is for the supervisor, which may have much to finish.
            .process_group(0)
            .spawn()?;
        Ok(Self { helper })
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        drop(self.helper.stdin.take());
        // It may have ended by itself, where there is no such service.
        let _ = kill_process_group(Pid::from_child(&self.helper), Signal::KILL);
        let _ = self.helper.wait();
    }
}

/// Holds a lock while its own child runs, which ends when its standard input does: that is a pipe
/// that only this process holds open.
#[cfg(not(target_os = "macos"))]
fn helper() -> Command {
    let mut command = Command::new("systemd-inhibit");
    command
        .args(["--what=sleep:idle", "--mode=block", "--who=faceau"])
        .args(["--why=analysing videos", "cat"])
        .stdin(Stdio::piped());
    command
}

/// Watches this process by its number.
#[cfg(target_os = "macos")]
fn helper() -> Command {
    let mut command = Command::new("caffeinate");
    command
        .args(["-i", "-w", &std::process::id().to_string()])
        .stdin(Stdio::null());
    command
}
