//! Driving a real worker by hand: its process and the protocol, without a supervisor.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use faceau_measure::{Limits, Payload, Pipeline};
use faceau_models::{ModelSet, Store, UnknownModels, pin};
use faceau_pipelines::{Options, registry};
use faceau_shared::protocol::{
    Begin, Connection, FrameTask, FromWorker, Greeting, ProtocolError, Setup, ToWorker,
};
use faceau_shared::results::ResultLayout;
use faceau_shared::ring::{FreeSlot, Ring, RingLayout};
use faceau_vision::image::BgrView;

use crate::program::binary;

/// A real worker that has greeted.
pub struct Worker {
    child: Child,
    /// This side of the conversation.
    pub connection: Connection,
    /// Its one slot, once it has a ring.
    slot: Option<FreeSlot>,
    ring: Option<Ring>,
    pipeline: Option<Arc<dyn Pipeline>>,
}

impl Worker {
    /// Starts one and hears its greeting.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(binary("faceau-worker"))
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut connection = Connection::new(ours).unwrap();
        Greeting::read_and_check(connection.reader.stream()).unwrap();
        Self {
            child,
            connection,
            slot: None,
            ring: None,
            pipeline: None,
        }
    }

    /// Starts one that has opened the pipeline `set` with the models of `store`, for frames of
    /// this size; `None` when its models are not all there.
    ///
    /// # Panics
    /// When they cannot be opened.
    pub fn with_pipeline(
        store: &Store,
        set: ModelSet,
        (width, height): (usize, usize),
    ) -> Option<Self> {
        let models = pin(&store.resolve(set).ok()?, UnknownModels::Allow).unwrap();
        let mut worker = Self::start();
        let options = Options::default();
        let definition = registry::of(set).unwrap();
        let pipeline = definition.pipeline(&models.set, &options).unwrap();
        let setup = Setup {
            options: options.to_bytes(),
            ..Setup::cpu(models.set)
        };
        let Connection { reader, writer } = &mut worker.connection;
        writer.send(&ToWorker::Setup(setup)).unwrap();
        loop {
            match reader.receive().unwrap() {
                FromWorker::Ready(_) => break,
                FromWorker::Log(_, text) => eprintln!("{text}"),
                other => panic!("{other:?}"),
            }
        }
        let bytes = RingLayout::frame_bytes(width, height);
        let results = ResultLayout::new(&pipeline.limits(), 0).bytes();
        let layout = RingLayout::new(1, bytes, results).unwrap();
        let (ring, mut slots) = Ring::create(layout).unwrap();
        writer.send(&ToWorker::Attach(layout)).unwrap();
        writer.send_descriptor(ring.descriptor()).unwrap();
        worker.slot = slots.pop();
        worker.ring = Some(ring);
        worker.pipeline = Some(pipeline);
        Some(worker)
    }

    /// Has it analyse a frame, of number `number` counted from 1: as the first of all if that is
    /// 1, else after `last` or, without that, after the frame before.
    ///
    /// # Panics
    /// When it does not.
    pub fn analyse(&mut self, frame: &BgrView<'_>, number: u64, last: Option<&Payload>) -> Payload {
        let stride = RingLayout::row_stride(frame.width());
        let mut filling = self.slot.take().expect("it is here between frames").fill();
        for (y, row) in filling.pixels().chunks_mut(stride).enumerate() {
            if y < frame.height() {
                row[..3 * frame.width()].copy_from_slice(frame.span(y, 0..frame.width()));
            }
        }
        let mut queued = filling.queue();
        let begin = match last {
            Some(last) => {
                queued.write_results(last.bytes());
                Begin::Resume
            }
            None if number == 1 => Begin::Afresh,
            None => Begin::GoOn,
        };
        let task = FrameTask {
            slot: queued.index(),
            frame: number,
            begin,
            width: frame.width() as u32,
            height: frame.height() as u32,
            stride: stride as u32,
            planes: None,
        };
        let busy = queued.dispatch();
        let Connection { reader, writer } = &mut self.connection;
        writer.send(&ToWorker::Frame(task)).unwrap();
        match reader.receive().unwrap() {
            FromWorker::Done { frame, .. } => assert_eq!(frame, number),
            other => panic!("{other:?}"),
        }
        let done = busy.done();
        let limits = self.limits();
        let mut bytes = vec![0; limits.payload_bytes()];
        done.read_results(&mut bytes);
        self.slot = Some(done.release());
        let mut payload = Payload::new(limits.record);
        payload.read(&bytes, &limits).unwrap();
        payload
    }

    fn limits(&self) -> Limits {
        self.pipeline.as_ref().expect("it has one").limits()
    }

    /// Whether each face of a frame was found.
    ///
    /// # Panics
    /// When it has no pipeline.
    pub fn is_successful(&self, payload: &Payload) -> bool {
        let pipeline = self.pipeline.as_ref().expect("it has one");
        let mut faces = payload.faces().iter();
        faces.all(|face| pipeline.is_successful(face))
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When the system does not tell.
    pub fn wait(mut self) -> ExitStatus {
        // It may say a last thing; the conversation must not end by this side.
        while !matches!(
            self.connection.reader.receive::<FromWorker>(),
            Err(ProtocolError::Closed | ProtocolError::Io(_))
        ) {}
        self.child.wait().unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
