//! The worker double; see `faceau_tests::double`. Started by the supervisor with the hidden option
//! `--worker-program`, it takes its orders from the environment.

// The real worker's own lifeline, so that what tests see of it is true of the real one.
#[path = "../../../worker/src/lifeline.rs"]
mod lifeline;
// As the real worker sees a slot.
#[path = "../../../worker/src/picture.rs"]
mod picture;

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use faceau_measure::{Limits, Payload, Track};
use faceau_models::ModelSet;
use faceau_pipelines::{Extras, Options, openface2, openface3, registry};
use faceau_shared::protocol::{
    Connection, Examination, FormTrial, FrameTask, FromWorker, GraphReport, Greeting,
    ProtocolError, SessionReport, ToWorker, Trial, Verdict, WorkerReport,
};
use faceau_shared::results::ResultLayout;
use faceau_shared::ring::WorkerRing;
use faceau_shared::timing;
use faceau_tests::double::{
    Fault, Hold, Misdeed, Orders, Start, TryOut, VARIABLE, measure, write_extras,
};
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::colour::TileBuffer;

use crate::picture::Picture;
use rustix::process::{Signal, getpid, kill_process};

fn main() {
    let orders = match std::env::var(VARIABLE) {
        Ok(orders) => serde_json::from_str(&orders).expect("the orders are clear"),
        Err(_) => Orders::default(),
    };
    match converse(&orders) {
        Ok(()) => {}
        Err(ProtocolError::Closed) => lifeline::end(),
        Err(error) => {
            eprintln!("the double understands nothing: {error}");
            std::process::exit(9);
        }
    }
}

fn converse(orders: &Orders) -> Result<(), ProtocolError> {
    let socket: OwnedFd = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut connection = Connection::new(UnixStream::from(socket))?;
    let mut greeting = Greeting::ours();
    match orders.start {
        Start::OtherBuild => greeting.build = "0.0.1-of-yesterday".to_owned(),
        Start::OtherProtocol => greeting.version += 1,
        Start::Noise => {
            connection.writer.stream().write_all(b"Hello, world!\n")?;
            hang();
        }
        _ => {}
    }
    greeting.write(connection.writer.stream())?;
    lifeline::watch(connection.reader.descriptor()?)?;
    let setup = match connection.reader.receive()? {
        ToWorker::Setup(setup) => setup,
        ToWorker::Examine(examination) => return examine(&mut connection, orders, &examination),
        other => panic!("the first message is {other:?}"),
    };
    match &orders.start {
        Start::Dies => {
            eprintln!("the models taste bad");
            std::process::exit(7);
        }
        Start::Refuses(reason) => {
            return connection.writer.send(&FromWorker::Refused(reason.clone()));
        }
        Start::Hangs => hang(),
        _ => {}
    }
    let pipeline = registry::of(setup.models.set).expect("there is such a pipeline");
    let options = Options::from_bytes(&setup.options).expect("the options are clear");
    let networks = pipeline.networks(&options);
    connection.writer.send(&FromWorker::Ready(WorkerReport {
        runtime: "worker double".to_owned(),
        sessions: (networks.into_iter())
            .map(|network| SessionReport {
                model: network.to_owned(),
                place: setup.places.get(network).cloned().unwrap_or("cpu".into()),
                form: String::new(),
                graph: None,
                open_ms: 0.0,
            })
            .collect(),
        startup_ms: 1.0,
        ready_at: timing::now(),
    }))?;
    if orders.ignores_sigterm {
        // What it sets, nobody looks at.
        signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::default())?;
    }
    if orders.has_child {
        Command::new("sleep")
            .arg("1000")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
    }
    let extras = Extras {
        fhog: setup.want_fhog,
        aligned_face: setup.want_aligned,
    };
    let pipeline = pipeline
        .pipeline(&setup.models, &options)
        .expect("the models are there");
    let measuring = Measuring {
        is_openface3: setup.models.set == ModelSet::Openface3,
        limits: pipeline.limits(),
        extras,
    };
    serve(&mut connection, orders, &measuring)
}

/// How results are handed over.
struct Measuring {
    is_openface3: bool,
    limits: Limits,
    extras: Extras,
}

impl Measuring {
    fn encode(&self, analysis: &FrameAnalysis) -> Payload {
        let mut payload = Payload::new(self.limits.record);
        match self.is_openface3 {
            true => openface3::record::encode(analysis, Track(0), &mut payload),
            false => openface2::record::encode(analysis, Track(0), &mut payload),
        }
        payload
    }
}

/// Tries out what it is told to, with the results that it is told.
fn examine(
    connection: &mut Connection,
    orders: &Orders,
    examination: &Examination,
) -> Result<(), ProtocolError> {
    if let Some(file) = &orders.unfinished {
        let lines = examination.unfinished.iter();
        let lines: String = lines
            .map(|(station, reason)| format!("{station}: {reason}\n"))
            .collect();
        std::fs::write(file, lines)?;
    }
    for station in &examination.trials {
        let say = &mut connection.writer;
        say.send(&FromWorker::Examining(station.clone()))?;
        let try_out = orders.trials.get(&station.to_string());
        let torn = try_out == Some(&TryOut::Torn);
        let verdict = match try_out {
            None | Some(TryOut::Torn) => Verdict::Usable,
            Some(TryOut::Hangs) => hang(),
            Some(TryOut::Dies) => {
                eprintln!("the compiler fell over");
                crash()
            }
            Some(TryOut::Missing) => Verdict::Unavailable("it is not built in".into()),
            Some(TryOut::WrongNumbers) => Verdict::Refused("its numbers are wrong".into()),
        };
        say.send(&FromWorker::Examined(Trial {
            station: station.clone(),
            verdict,
            forms: vec![FormTrial {
                form: String::new(),
                graph: Some(GraphReport {
                    partitions: if torn { 17 } else { 1 },
                    nodes: 100,
                    nodes_on_cpu: if torn { 16 } else { 0 },
                }),
                difference: 0.25,
                difference_value: 0.001,
                open_ms: 10.0,
                ms: if torn { 9.0 } else { 1.0 },
                cpu_ms: 4.0,
                remembered: false,
            }],
        }))?;
    }
    match examination.trials.is_empty() {
        true => Ok(()),
        false => connection.reader.receive().map(|_: ToWorker| ()),
    }
}

fn serve(
    connection: &mut Connection,
    orders: &Orders,
    measuring: &Measuring,
) -> Result<(), ProtocolError> {
    let mut ring = None;
    let mut hoard = Vec::new();
    loop {
        match connection.reader.receive()? {
            ToWorker::Attach(layout) => {
                let descriptor = connection.reader.receive_descriptor()?;
                ring = Some(WorkerRing::attach(descriptor, layout).expect("the ring is sound"));
            }
            ToWorker::Frame(task) => {
                let ring = ring.as_mut().expect("a ring comes before frames");
                if orders.grows_by > 0 {
                    hoard.push(vec![1_u8; orders.grows_by]);
                }
                let answer = work(ring, &task, orders, measuring, connection)?;
                connection.writer.send(&answer)?;
            }
            ToWorker::Stop if orders.ignores_stop => {}
            ToWorker::Stop => return Ok(()),
            ToWorker::Setup(_) | ToWorker::Examine(_) => panic!("a second set-up"),
        }
    }
}

fn work(
    ring: &mut WorkerRing,
    task: &FrameTask,
    orders: &Orders,
    measuring: &Measuring,
    connection: &mut Connection,
) -> Result<FromWorker, ProtocolError> {
    let FrameTask { slot, frame, .. } = *task;
    let mut taken = ring.take(slot).expect("the slot exists");
    let (pixels, results) = taken.split();
    if task.width == 0 {
        let reason = "no pixels".to_owned();
        return Ok(FromWorker::FrameFailed {
            slot,
            frame,
            reason,
        });
    }
    let mut tiles = TileBuffer::default();
    let picture = Picture::of(task, pixels, &mut tiles).expect("a frame");
    let extras = measuring.extras;
    let layout = ResultLayout::new(&measuring.limits, extras.bytes());
    let [room, behind, _] = layout.split_mut(results).expect("there is room");
    let mut analysis = FrameAnalysis::nothing();
    measure(&picture.view(), frame, &mut analysis);
    let mut put = |payload: &Payload| {
        let bytes = payload.bytes();
        let length = bytes.len().min(room.len());
        room[..length].copy_from_slice(&bytes[..length]);
    };
    let payload = measuring.encode(&analysis);
    put(&payload);
    write_extras(frame, analysis.success != 0, extras, behind);
    if orders.frame_takes > 0 {
        std::thread::sleep(Duration::from_millis(orders.frame_takes));
    }
    if let Some(Hold { from, until }) = &orders.hold
        && frame >= *from
    {
        while !until.exists() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    if orders.crash_from.is_some_and(|from| frame >= from) {
        crash();
    }
    let done = FromWorker::Done { slot, frame };
    let misdeed = orders.fault.as_ref().and_then(|fault| due(fault, frame));
    Ok(match misdeed {
        None => done,
        Some(Misdeed::Crash) => crash(),
        Some(Misdeed::AbortSupervisor) => {
            if let Some(supervisor) = rustix::process::getppid() {
                let _ = kill_process(supervisor, Signal::ABORT);
            }
            hang()
        }
        Some(Misdeed::Killed) => {
            let _ = kill_process(getpid(), Signal::KILL);
            hang()
        }
        Some(Misdeed::Leave) => std::process::exit(0),
        Some(Misdeed::Hang) => hang(),
        Some(Misdeed::Noise) => {
            connection.writer.stream().write_all(&[0xff; 64])?;
            done
        }
        Some(Misdeed::Bytes(bytes)) => {
            connection.writer.stream().write_all(&bytes)?;
            done
        }
        Some(Misdeed::WrongSlot) => FromWorker::Done {
            slot: slot + 100,
            frame,
        },
        Some(Misdeed::WrongFrame) => FromWorker::Done {
            slot,
            frame: frame + 1,
        },
        Some(Misdeed::Twice) => {
            connection.writer.send(&done)?;
            done
        }
        Some(Misdeed::Late(milliseconds)) => {
            std::thread::sleep(Duration::from_millis(milliseconds));
            done
        }
        Some(Misdeed::NotANumber) => {
            analysis.landmarks[5] = f32::NAN;
            analysis.openface3.has_landmarks = 1;
            analysis.openface3.landmarks[5] = f32::NAN;
            put(&measuring.encode(&analysis));
            done
        }
        Some(Misdeed::NoSuchBin) => {
            analysis.has_bins = 1;
            analysis.fhog_bins[11] = u16::MAX;
            put(&measuring.encode(&analysis));
            done
        }
        Some(Misdeed::TwoFaces) => {
            let mut payload = payload;
            payload.push(Track(1), |_| {}, |_| {});
            put(&payload);
            done
        }
        Some(Misdeed::TooLong) => {
            let mut payload = Payload::new(measuring.limits.record);
            let zeros = |bytes: &mut Vec<u8>| bytes.resize(bytes.len() + (1 << 16), 0);
            payload.push(Track(0), zeros, zeros);
            put(&payload);
            done
        }
        Some(Misdeed::NoDescriptor) => {
            extras.split_mut(behind).0.fill(0xff);
            done
        }
        Some(Misdeed::Fail(reason)) => FromWorker::FrameFailed {
            slot,
            frame,
            reason,
        },
    })
}

/// What is to be done wrong at this frame, if anything.
fn due(fault: &Fault, frame: u64) -> Option<Misdeed> {
    let first = |marker| File::create_new(marker).is_ok();
    (fault.frame == frame && fault.once.as_ref().is_none_or(first)).then(|| fault.misdeed.clone())
}

/// The end that a failed assertion inside a native library takes, without the core file.
fn crash() -> ! {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    std::process::abort()
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}
