//! Running the supervisor as users do: a command line in, an exit and files out.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::DEADLINE;
use crate::double::{self, Orders};
use crate::events::{self, Event, Progress};
use crate::models;
use crate::record::{self, Record};
use crate::table::Table;

/// Marks a supervisor and everything it starts.
pub const MARK: &str = "FACEAU_TEST_MARK";

/// One of the programs, which lie beside the folder of the tests.
///
/// # Panics
/// When it has not been built.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its file");
    let path = test
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/<profile>/deps")
        .join(name);
    assert!(
        path.is_file(),
        "{} is missing: run scripts/test, which builds the programs before it tests them",
        path.display()
    );
    path
}

/// A folder of its own for one test, with tiny models and room for inputs and outputs. It goes
/// when the test ends.
#[derive(Debug)]
pub struct Bench {
    folder: TempDir,
}

impl Bench {
    /// Lays everything out.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let bench = Self { folder };
        models::write(&bench.models());
        fs::create_dir(bench.out()).unwrap();
        bench
    }

    /// A path in the test's folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The models' folder.
    pub fn models(&self) -> PathBuf {
        self.path("models")
    }

    /// The folder in which the supervisor runs, and where its outputs thus are.
    pub fn out(&self) -> PathBuf {
        self.path("out")
    }

    /// Names of the files in the output folder, sorted, without a batch's summary.
    pub fn outputs(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.out())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != "batch.json")
            .collect();
        names.sort();
        names
    }

    /// Empties the output folder, of unfinished work, too.
    pub fn clear_outputs(&self) {
        fs::remove_dir_all(self.out()).unwrap();
        fs::create_dir(self.out()).unwrap();
    }

    /// A table in the output folder.
    pub fn table(&self, name: &str) -> Table {
        Table::read(&self.out().join(name))
    }

    /// The run record of `stem` in the output folder.
    pub fn record(&self, stem: &str) -> Record {
        record::read(&self.out().join(format!("{stem}.run.json")))
    }

    /// What marks the processes of this test.
    pub fn mark(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// The supervisor with the real worker and the tiny models. It lets the machine sleep, so that
    /// it has no helper beside its workers.
    pub fn supervisor(&self) -> Supervisor {
        self.with_models().arg("--allow-sleep")
    }

    fn with_models(&self) -> Supervisor {
        self.bare()
            .arg("--models")
            .arg(self.models())
            .arg("--allow-unknown-models")
    }

    /// The supervisor with the worker double.
    pub fn with_double(&self, orders: &Orders) -> Supervisor {
        self.keeping_awake(orders).arg("--allow-sleep")
    }

    /// The same, but it keeps the machine from sleeping while it works, as it does for users.
    pub fn keeping_awake(&self, orders: &Orders) -> Supervisor {
        self.with_models()
            .arg("--worker-program")
            .arg(binary("faceau-test-worker"))
            .env(double::VARIABLE, serde_json::to_string(orders).unwrap())
    }

    /// The supervisor without any option.
    pub fn bare(&self) -> Supervisor {
        self.program("faceau-supervisor")
    }

    /// `models …`, as if the program's manifest were this one, with a user who has nothing yet.
    pub fn models_command(&self, manifest: &str) -> Supervisor {
        let path = self.path("manifest.toml");
        // Another of the test's programs may be reading it.
        let unfinished = tempfile::NamedTempFile::new_in(self.folder.path()).unwrap();
        fs::write(unfinished.path(), manifest).unwrap();
        unfinished.persist(&path).unwrap();
        self.program("faceau-test-models")
            .arg("models")
            .env("FACEAU_TEST_MANIFEST", path)
            .env("HOME", self.path("home"))
            .env("XDG_DATA_HOME", self.path("home/data"))
    }

    fn program(&self, name: &str) -> Supervisor {
        let mut command = Command::new(binary(name));
        command
            .current_dir(self.out())
            .env(MARK, self.mark())
            // Whatever the user has set up must not decide what a test finds.
            .env_remove("FACEAU_MODELS")
            .env_remove("FACEAU_MODELS_MIRROR")
            .env_remove("FACEAU_ACCEPT_LICENSE")
            .env_remove("OPENFACE_MODELS_DIR")
            .stdin(Stdio::null());
        Supervisor { command }
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

/// A supervisor that has not been started.
#[derive(Debug)]
pub struct Supervisor {
    command: Command,
}

impl Supervisor {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The same through a shell script that gets the command line as `"$@"`.
    pub fn through_shell(self, script: &str) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sh"]);
        command
            .arg(self.command.get_program())
            .args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = self.command.get_current_dir() {
            command.current_dir(folder);
        }
        command.stdin(Stdio::null());
        Self { command }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().wait()
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let hear_signals = || {
            for signal in [libc::SIGHUP, libc::SIGINT] {
                // SAFETY: allowed between fork and exec, and it touches nothing but the new process.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
            Ok(())
        };
        // Tests that run under `nohup`, or in the background of a script, would otherwise have
        // programs that rightly ignore SIGHUP or SIGINT.
        // SAFETY: the closure makes system calls that are allowed there, and nothing else.
        unsafe { self.command.pre_exec(hear_signals) };
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let stdout = child.stdout.take().expect("it is a pipe");
        let stderr = child.stderr.take().expect("it is a pipe");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    // Nobody reads any more: the pipe is closed here.
                    return;
                }
            }
        });
        let stderr = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = BufReader::new(stderr).read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Running {
            child,
            lines: Some(lines),
            stdout: Vec::new(),
            stderr: Some(stderr),
            started: Instant::now(),
        }
    }
}

/// A supervisor at work. Dropped early, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Option<Receiver<(Instant, String)>>,
    stdout: Vec<(Instant, String)>,
    stderr: Option<JoinHandle<String>>,
    started: Instant,
}

impl Running {
    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads events until one is as wanted.
    ///
    /// # Panics
    /// When the program ends without it, or time runs out.
    pub fn wait_for(&mut self, what: &str, wanted: impl FnMut(&Event) -> bool) -> Event {
        self.wait_for_or_end(what, wanted).unwrap_or_else(|| {
            let _ = self.child.kill();
            let said = self.stderr.take().and_then(|thread| thread.join().ok());
            panic!("it ended before {what}: {:?} {said:?}", self.stdout);
        })
    }

    /// Reads events until one is as wanted. `None` when the program ends without it.
    ///
    /// # Panics
    /// When time runs out.
    pub fn wait_for_or_end(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&Event) -> bool,
    ) -> Option<Event> {
        loop {
            let left = DEADLINE.saturating_sub(self.started.elapsed());
            let lines = self.lines.as_ref().expect("events are read");
            match lines.recv_timeout(left) {
                Ok((when, line)) => {
                    let event = events::parse(&line);
                    self.stdout.push((when, line));
                    if wanted(&event) {
                        return Some(event);
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("still waiting for {what}"),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Waits until at least `frames` frames are done.
    pub fn wait_for_frames(&mut self, frames: usize) {
        self.wait_for(
            &format!("{frames} frames"),
            |event| matches!(event, Event::Progress(Progress { frames_done, .. }) if *frames_done >= frames),
        );
    }

    /// Closes the reading end of its standard output.
    pub fn stop_reading(&mut self) {
        self.lines = None;
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When time runs out.
    pub fn wait(mut self) -> Ended {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                break status;
            }
            if self.started.elapsed() > DEADLINE {
                let _ = self.child.kill();
                let said = self.stderr.take().and_then(|thread| thread.join().ok());
                panic!("it does not end: {said:?}");
            }
            thread::sleep(Duration::from_millis(3));
        };
        let took = self.started.elapsed();
        let mut stdout = std::mem::take(&mut self.stdout);
        if let Some(lines) = self.lines.take() {
            stdout.extend(lines);
        }
        let stderr = self.stderr.take().map(|thread| thread.join().unwrap());
        Ended {
            status,
            stdout,
            stderr: stderr.unwrap_or_default(),
            took,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run that is over.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Lines of its standard output, with the time each one came.
    pub stdout: Vec<(Instant, String)>,
    /// Its standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Ended {
    /// Makes sure that it ended with this exit code.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// Makes sure that it ended by this signal.
    #[track_caller]
    pub fn expect_signal(self, signal: Signal) -> Self {
        assert_eq!(self.status.signal(), Some(signal.as_raw()), "{self:#?}");
        self
    }

    /// Makes sure that exactly one line on standard error holds all of these, and returns it.
    #[track_caller]
    pub fn expect_line(&self, parts: &[&str]) -> &str {
        let has_all = |line: &&str| parts.iter().all(|part| line.contains(part));
        let found: Vec<&str> = self.stderr.lines().filter(has_all).collect();
        assert_eq!(found.len(), 1, "{parts:?} in {self:#?}");
        found[0]
    }

    /// All of its standard output.
    pub fn output(&self) -> String {
        let line = |(_, line): &(Instant, String)| format!("{line}\n");
        self.stdout.iter().map(line).collect()
    }

    /// Its lines of JSON.
    pub fn events(&self) -> Vec<Event> {
        let parse = |(_, line): &(Instant, String)| events::parse(line);
        self.stdout.iter().map(parse).collect()
    }
}
