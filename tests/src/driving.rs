//! Driving a real worker by hand: its process and the protocol, without a supervisor.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use bytemuck::Zeroable;
use faceau_models::{ModelSet, Store, UnknownModels, pin};
use faceau_shared::protocol::{
    Begin, Connection, FrameTask, FromWorker, Greeting, OpenFace3Setup, ProtocolError, Setup,
    ToWorker,
};
use faceau_shared::ring::{FreeSlot, Ring, RingLayout};
use faceau_shared::timing::FrameTiming;
use faceau_vision::analysis::FrameAnalysis;
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
        let setup = Setup {
            openface3: (set == ModelSet::Openface3).then_some(OpenFace3Setup {
                whole_frame: false,
                landmarks: true,
                as_facemirror: false,
            }),
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
        let layout = RingLayout::new(1, bytes, FrameAnalysis::BYTES + FrameTiming::BYTES).unwrap();
        let (ring, mut slots) = Ring::create(layout).unwrap();
        writer.send(&ToWorker::Attach(layout)).unwrap();
        writer.send_descriptor(ring.descriptor()).unwrap();
        worker.slot = slots.pop();
        worker.ring = Some(ring);
        Some(worker)
    }

    /// Has it analyse a frame, of number `number` counted from 1: as the first of all if that is
    /// 1, else after `last` or, without that, after the frame before.
    ///
    /// # Panics
    /// When it does not.
    pub fn analyse(
        &mut self,
        frame: &BgrView<'_>,
        number: u64,
        last: Option<&FrameAnalysis>,
    ) -> Box<FrameAnalysis> {
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
                queued.write_results(bytemuck::bytes_of(last));
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
        let mut analysis = Box::new(FrameAnalysis::zeroed());
        done.read_results(bytemuck::bytes_of_mut(&mut *analysis));
        self.slot = Some(done.release());
        // How long it took says nothing of the face.
        analysis.stage_nanos.fill(0);
        analysis
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
