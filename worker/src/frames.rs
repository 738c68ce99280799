//! The loop over frames: take a slot, analyse what is in it, leave the results there, say so.

use faceau_measure::{BadPayload, FrameNumber, Payload};
use faceau_pipelines::{Analyser, Extras};
use faceau_shared::protocol::{Begin, Connection, FrameTask, FromWorker, ProtocolError, ToWorker};
use faceau_shared::results::ResultLayout;
use faceau_shared::ring::WorkerRing;
use faceau_vision::colour::TileBuffer;

use crate::picture::Picture;
use crate::sessions::{self, OpenedLater};
use crate::watch::Watch;

/// Analyses frames until the supervisor says stop or is gone.
pub fn serve(
    connection: &mut Connection,
    analyser: &mut dyn Analyser,
    extras: Extras,
    watch: &mut Watch,
    opened_later: &OpenedLater,
) -> Result<(), ProtocolError> {
    let mut ring = None;
    let mut tracking = Tracking {
        results: ResultLayout::new(&analyser.limits(), extras.bytes()),
        payload: Payload::new(analyser.limits().record),
        has_last: false,
        last: Payload::new(analyser.limits().record),
        tiles: TileBuffer::default(),
        extras,
        analyser,
    };
    loop {
        match connection.reader.receive()? {
            ToWorker::Attach(layout) => {
                let descriptor = connection.reader.receive_descriptor()?;
                let attached = WorkerRing::attach(descriptor, layout)
                    .map_err(|e| ProtocolError::Garbage(e.to_string()))?;
                ring = Some(attached);
            }
            ToWorker::Frame(task) => {
                watch.received();
                let ring = ring
                    .as_mut()
                    .ok_or_else(|| ProtocolError::Garbage("a frame without a ring".into()))?;
                let FrameTask { slot, frame, .. } = task;
                let answer = match analyse(ring, &mut tracking, &task, watch) {
                    Ok(()) => FromWorker::Done { slot, frame },
                    Err(reason) => FromWorker::FrameFailed {
                        slot,
                        frame,
                        reason,
                    },
                };
                for report in sessions::take_notes(opened_later) {
                    connection.writer.send(&FromWorker::Opened(report))?;
                }
                connection.writer.send(&answer)?;
                watch.answered();
            }
            ToWorker::Stop => return Ok(()),
            ToWorker::Setup(_) | ToWorker::Examine(_) => {
                return Err(ProtocolError::Garbage("a second set-up".into()));
            }
        }
    }
}

/// The pipeline, and what it can go on from when a frame fails.
struct Tracking<'a> {
    analyser: &'a mut dyn Analyser,
    results: ResultLayout,
    extras: Extras,
    /// Of the frame at hand.
    payload: Payload,
    /// Of the last frame that was analysed since tracking began, if there is one.
    last: Payload,
    has_last: bool,
    tiles: TileBuffer,
}

impl Tracking<'_> {
    /// Takes up what the frame begins with; `slot` holds what another tracker knew.
    fn begin(&mut self, begin: Begin, slot: &[u8]) -> Result<(), String> {
        match begin {
            Begin::GoOn => {}
            Begin::Afresh => {
                self.has_last = false;
                self.analyser.begin_segment();
            }
            Begin::Resume => {
                let limits = self.analyser.limits();
                let read = self.last.read(slot, &limits);
                let resumed = read
                    .map_err(|BadPayload(reason)| reason)
                    .and_then(|()| self.analyser.resume_after(self.last.faces()));
                self.has_last = resumed.is_ok();
                resumed.map_err(|reason| format!("it cannot go on: {reason}"))?;
            }
        }
        Ok(())
    }

    /// The last frame failed half-way: goes on as if it had not been there. The frames that follow
    /// may be waiting already, so the supervisor cannot say it.
    fn forget_failure(&mut self) {
        let resumed = self.has_last && self.analyser.resume_after(self.last.faces()).is_ok();
        if !resumed {
            self.analyser.begin_segment();
        }
    }
}

/// Analyses one frame: the pixels are read where they lie, and the results put beside them.
fn analyse(
    ring: &mut WorkerRing,
    tracking: &mut Tracking<'_>,
    task: &FrameTask,
    watch: &mut Watch,
) -> Result<(), String> {
    let mut slot = ring.take(task.slot).map_err(|e| e.to_string())?;
    let (pixels, results) = slot.split();
    let [payload, extras, timing] = (tracking.results)
        .split_mut(results)
        .ok_or("the slot has no room for the results")?;
    // Before anything can fail: what follows goes on from here, whatever becomes of this frame.
    tracking.begin(task.begin, payload)?;
    if task.width == 0 {
        return Err("it has no pixels".into());
    }
    let number = FrameNumber::new(task.frame).ok_or("frames count from 1")?;
    let picture = Picture::of(task, pixels, &mut tracking.tiles)?;
    let analysed = (tracking.analyser).analyse(&picture.view(), number, &mut tracking.payload);
    if let Err(error) = analysed {
        tracking.forget_failure();
        return Err(error.to_string());
    }
    let bytes = tracking.payload.bytes();
    payload[..bytes.len()].copy_from_slice(bytes);
    std::mem::swap(&mut tracking.payload, &mut tracking.last);
    tracking.has_last = true;
    tracking.analyser.write_extras(tracking.extras, extras);
    watch.ended(tracking.analyser.clock(), timing);
    Ok(())
}
