//! The loop over frames: take a slot, analyse what is in it, leave the results there, say so.

use faceau_shared::protocol::{Begin, Connection, FrameTask, FromWorker, ProtocolError, ToWorker};
use faceau_shared::ring::WorkerRing;
use faceau_shared::timing::FrameTiming;
use faceau_vision::analysis::FrameAnalysis;
use faceau_vision::colour::TileBuffer;
use faceau_vision::extras::Extras;

use crate::picture::Picture;
use crate::pipeline::Pipeline;
use crate::sessions::{self, OpenedLater};
use crate::watch::Watch;

/// Analyses frames until the supervisor says stop or is gone.
pub fn serve(
    connection: &mut Connection,
    pipeline: &mut Pipeline,
    extras: Extras,
    watch: &mut Watch,
    opened_later: &OpenedLater,
) -> Result<(), ProtocolError> {
    let mut ring = None;
    let mut tracking = Tracking {
        pipeline,
        last: None,
        tiles: TileBuffer::default(),
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
                let answer = match analyse(ring, &mut tracking, extras, &task, watch) {
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
    pipeline: &'a mut Pipeline,
    /// The last analysis since tracking began.
    last: Option<Box<FrameAnalysis>>,
    tiles: TileBuffer,
}

impl Tracking<'_> {
    fn begin(&mut self, begin: Begin, analysis: &FrameAnalysis) {
        match begin {
            Begin::GoOn => {}
            Begin::Afresh => {
                self.last = None;
                self.pipeline.begin_segment();
            }
            Begin::Resume => {
                self.remember(analysis);
                self.pipeline.resume_after(analysis);
            }
        }
    }

    fn remember(&mut self, analysis: &FrameAnalysis) {
        match &mut self.last {
            Some(last) => **last = *analysis,
            None => self.last = Some(Box::new(*analysis)),
        }
    }

    /// The last frame failed half-way: goes on as if it had not been there. The frames that follow
    /// may be waiting already, so the supervisor cannot say it.
    fn forget_failure(&mut self) {
        match &self.last {
            Some(last) => self.pipeline.resume_after(last),
            None => self.pipeline.begin_segment(),
        }
    }
}

/// Analyses one frame in place: the pixels are read and the results written where they lie.
fn analyse(
    ring: &mut WorkerRing,
    tracking: &mut Tracking<'_>,
    extras: Extras,
    task: &FrameTask,
    watch: &mut Watch,
) -> Result<(), String> {
    let mut slot = ring.take(task.slot).map_err(|e| e.to_string())?;
    let (pixels, results) = slot.split();
    let (results, behind) = results
        .split_at_mut_checked(FrameAnalysis::BYTES)
        .filter(|(_, behind)| behind.len() >= extras.bytes() + FrameTiming::BYTES)
        .ok_or("the slot has no room for the results")?;
    let analysis = bytemuck::try_from_bytes_mut(results)
        .map_err(|e| format!("the slot is not aligned: {e}"))?;
    // Before anything can fail: what follows goes on from here, whatever becomes of this frame.
    tracking.begin(task.begin, analysis);
    if task.width == 0 {
        return Err("it has no pixels".into());
    }
    let picture = Picture::of(task, pixels, &mut tracking.tiles)?;
    let analysed = (tracking.pipeline).analyse(&picture.view(), task.frame, analysis);
    if let Err(error) = analysed {
        tracking.forget_failure();
        return Err(error.to_string());
    }
    tracking.remember(analysis);
    let (behind, timing) = behind.split_at_mut(extras.bytes());
    tracking.pipeline.write_extras(extras, analysis, behind);
    watch.ended(tracking.pipeline.clock(), timing);
    Ok(())
}
