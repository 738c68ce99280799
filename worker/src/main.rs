//! A worker: opens its sessions, loops over frames, answers.
//!
//! It is started by `faceau-supervisor` with one end of a socket as standard input. It knows
//! nothing of files of videos, of the order of the whole, or of other workers. When the supervisor
//! goes away, however that happens, so does the worker.
//!
//! With `--describe` it only says what it is and which engine it finds; `--simulate-accelerator` is
//! for measurements.

mod by_size;
mod description;
mod examination;
mod frames;
mod lifeline;
mod networks;
mod open_pipeline;
mod picture;
mod sessions;
mod simulation;
mod tap;
mod timed;
mod watch;

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Instant;

use faceau_pipelines::Extras;
use faceau_shared::protocol::{Connection, FromWorker, Greeting, ProtocolError, ToWorker};
use faceau_shared::timing;

use sessions::OpenedLater;
use timed::InferenceLog;
use watch::Watch;

fn main() -> ExitCode {
    let started = Instant::now();
    // Words that are no Unicode are none of these.
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match words.split_first() {
        Some((word, _)) if word == "--describe" => return description::print(),
        Some((word, rest)) if word == "--simulate-accelerator" => return simulation::run(rest),
        _ => {}
    }
    match converse(started) {
        Ok(()) => ExitCode::SUCCESS,
        Err(ProtocolError::Closed) => {
            lifeline::end();
            ExitCode::FAILURE
        }
        Err(error) => {
            // Standard error goes to the supervisor, which shows it as last words.
            eprintln!("faceau-worker is started by faceau-supervisor, not by hand: {error}");
            ExitCode::from(2)
        }
    }
}

/// Talks with the supervisor until it says stop or is gone.
fn converse(started: Instant) -> Result<(), ProtocolError> {
    let socket: OwnedFd = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut connection = Connection::new(UnixStream::from(socket))?;
    Greeting::ours().write(connection.writer.stream())?;
    lifeline::watch(connection.reader.descriptor()?)?;

    let setup = match connection.reader.receive()? {
        ToWorker::Setup(setup) => setup,
        ToWorker::Examine(examination) => return examination::run(&examination, &mut connection),
        _ => return Err(ProtocolError::Garbage("set-up was expected".into())),
    };
    let (inferences, opened_later) = (InferenceLog::default(), OpenedLater::default());
    let opened =
        match open_pipeline::open(&setup, &inferences, &opened_later, &mut |level, text| {
            connection.writer.send(&FromWorker::Log(level, text))
        }) {
            Ok(opened) => opened,
            Err(error) => {
                let reason = format!("{error:#}");
                return connection.writer.send(&FromWorker::Refused(reason));
            }
        };
    let (mut analyser, mut report) = opened;
    report.startup_ms = started.elapsed().as_secs_f64() * 1e3;
    report.ready_at = timing::now();
    connection.writer.send(&FromWorker::Ready(report))?;
    let extras = Extras {
        fhog: setup.want_fhog,
        aligned_face: setup.want_aligned,
    };
    let mut watch = Watch::start(inferences, setup.want_spans);
    let watch = &mut watch;
    frames::serve(
        &mut connection,
        &mut *analyser,
        extras,
        watch,
        &opened_later,
    )
}
