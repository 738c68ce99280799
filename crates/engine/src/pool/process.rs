//! One worker process and the threads that listen to it.

use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use faceau_shared::protocol::{
    Connection, FromWorker, Greeting, MessageReader, MessageWriter, ProtocolError, ToWorker,
};
use faceau_shared::timing;
use faceau_system::process::{self, Request};

use crate::events::{Event, EventSender, WorkerEvent, WorkerId};

/// A line of a worker's standard error is cut here.
const LONGEST_LINE: u64 = 4096;
/// How long is waited, once a worker's process has ended, until all that it said has been heard. It
/// is there already; only somebody else who holds the worker's end could use this time up.
const LAST_WORDS_TAKE: Duration = Duration::from_secs(1);

/// A running worker.
pub(super) struct Process {
    child: Child,
    writer: MessageWriter,
    reaped: bool,
}

impl Process {
    /// Starts `program` with its end of a new socket as standard input, in a process group of its
    /// own so that a Ctrl+C in the terminal reaches only the supervisor. Processor time spent on
    /// listening to it is added to `listening_nanos`.
    pub(super) fn start(
        id: WorkerId,
        program: &Path,
        events: &EventSender,
        listening_nanos: &Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(program);
        command
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        process::begin_group(&mut command);
        let mut child = command.spawn()?;
        // With the command goes this process's hold on the worker's end.
        drop(command);
        let Connection { reader, writer } = Connection::new(ours)?;
        let stderr = child.stderr.take();
        let pid = child.id();
        let started = Self {
            child,
            writer,
            reaped: false,
        };

        // Nothing is ever sent: the receiver hears when both listeners have dropped their senders.
        let (listener, all_heard) = mpsc::channel::<()>();
        let reader_of_stderr = listener.clone();
        let nanos = Arc::clone(listening_nanos);
        spawn("worker-listener", events, id, move |send| {
            listen(reader, send, &nanos);
            drop(listener);
        })?;
        if let Some(stderr) = stderr {
            spawn("worker-stderr", events, id, move |send| {
                read_lines(stderr, send);
                drop(reader_of_stderr);
            })?;
        }
        spawn("worker-watch", events, id, move |send| {
            // The zombie stays until `reap`, so that its number cannot be another's meanwhile.
            process::wait_for_end(pid);
            // Its end is the last that is heard of it: not before why it refused, or what it wrote
            // before it died.
            let _ = all_heard.recv_timeout(LAST_WORDS_TAKE);
            send(WorkerEvent::Ended);
        })?;
        Ok(started)
    }

    pub(super) fn say(&mut self, message: &ToWorker) -> Result<(), ProtocolError> {
        self.writer.send(message)
    }

    pub(super) fn writer(&mut self) -> &mut MessageWriter {
        &mut self.writer
    }

    /// The process's number, which is also that of its group.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process and whatever it started, at once.
    pub(super) fn kill(&mut self) {
        self.ask(Request::Kill);
    }

    /// Asks the process and whatever it started to end.
    pub(super) fn terminate(&mut self) {
        self.ask(Request::Terminate);
    }

    /// Stops the process and whatever it started where they are.
    pub(super) fn pause(&mut self) {
        self.ask(Request::Pause);
    }

    /// Lets them go on.
    pub(super) fn go_on(&mut self) {
        self.ask(Request::GoOn);
    }

    fn ask(&mut self, request: Request) {
        if !self.reaped {
            process::ask_group(&self.child, request);
        }
    }

    /// Removes the ended process from the system's table, and whatever it has left behind.
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        // As long as it is not reaped, its number, and so its group's, cannot be another's.
        self.kill();
        self.reaped = true;
        self.child.wait()
    }
}

/// Workers never outlive their supervisor, also when it gives up half-way.
impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.reap();
        }
    }
}

fn spawn(
    name: &str,
    events: &EventSender,
    id: WorkerId,
    run: impl FnOnce(&dyn Fn(WorkerEvent)) + Send + 'static,
) -> io::Result<()> {
    let events = events.clone();
    thread::Builder::new().name(name.into()).spawn(move || {
        run(&|event| {
            // Nobody listens any more when the program is ending.
            let _ = events.send(Event::Worker(id, event));
        });
    })?;
    Ok(())
}

/// Turns what the worker says into events, until it cannot be understood or is gone.
fn listen(mut reader: MessageReader, send: &dyn Fn(WorkerEvent), nanos: &AtomicU64) {
    let mut converse = || -> Result<(), ProtocolError> {
        Greeting::read_and_check(reader.stream())?;
        let mut booked = 0;
        loop {
            let message: FromWorker = reader.receive()?;
            send(WorkerEvent::Said(message));
            let spent = timing::processor_time();
            nanos.fetch_add(spent - booked, Ordering::Relaxed);
            booked = spent;
        }
    };
    if let Err(error) = converse() {
        send(WorkerEvent::Silent(error));
    }
}

fn read_lines(stderr: impl Read, send: &dyn Fn(WorkerEvent)) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match stderr
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                send(WorkerEvent::Wrote(text.trim_end().to_owned()));
            }
        }
    }
}
