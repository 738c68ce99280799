//! A job's results: kept, put in order, and written as far as they are final.
//!
//! Which results count is decided before they come here. What trackers need to go on from is kept
//! here, too, because it is a part of the results.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use faceau_events::FailedFrame;
use faceau_measure::{Faces, FrameIndex, FrameTime, Payload, Pipeline, Track};

use super::keeper::Keeper;
use super::merge::{Merger, Ordered};
use super::pieces::{Finding, Found, PieceLog, piece_of};
use super::policy::Task;
use crate::plan::Segment;
use crate::task::{RunOn, TaskId};
use faceau_media::Source;
use faceau_outputs::{ExtraOutputs, OutputError, OutputPaths, Table, TableDesign};

/// The results of a job so far.
pub(super) struct Results {
    pipeline: Arc<dyn Pipeline>,
    csv: PathBuf,
    segments: Vec<Segment>,
    merger: Merger,
    keeper: Option<Keeper>,
    written: Written,
    /// The last results of each task that is under way: what its tracker can go on from.
    memories: BTreeMap<TaskId, Payload>,
    /// Frames of the run-ons that are under way.
    run_ons: BTreeMap<u32, Range<usize>>,
    /// Results of run-ons that were known before the job began and have not come up yet.
    known: BTreeMap<u32, Vec<KnownResult>>,
    /// A run-on that has come up while known results were taken over and is not known.
    unknown: Option<RunOn>,
}

/// What has been written of the results, and what will be.
pub(super) struct Written {
    /// The indexed input.
    pub source: Source,
    /// The result so far.
    pub table: Table,
    /// The outputs beside the table, with all frames of `table`.
    pub extra: ExtraOutputs,
    /// Rows with success 1.
    pub successful: usize,
    /// Rows without an analysis.
    pub failed: Vec<FailedFrame>,
    /// Extra results of one frame.
    buffer: Vec<u8>,
    /// Stands for results where there are none: no face was ever found.
    nothing: Payload,
    pipeline: Arc<dyn Pipeline>,
}

/// A result that was known before the job began.
struct KnownResult {
    frame: usize,
    finding: Result<Payload, String>,
    extras: Vec<u8>,
}

impl Results {
    /// None yet.
    pub(super) fn new(
        source: Source,
        segments: Vec<Segment>,
        paths: &OutputPaths,
        design: &TableDesign,
    ) -> Result<Self, OutputError> {
        let on_disk = OutputError::on(&paths.csv);
        let folder = paths.workshop();
        let pipeline = design.pipeline();
        let mut nothing = Payload::new(pipeline.limits().record);
        pipeline.nothing(&mut nothing);
        let spools = || -> io::Result<_> {
            let keeper = (paths.extras().bytes() > 0).then(|| Keeper::create_in(folder));
            let table = Table::begin(design, folder, source.frame_rate())?;
            let merger = Merger::new(segments.clone(), Arc::clone(&pipeline), folder)?;
            Ok((keeper.transpose()?, table, merger))
        };
        let (keeper, table, merger) = spools().map_err(on_disk)?;
        Ok(Self {
            pipeline: Arc::clone(&pipeline),
            csv: paths.csv.clone(),
            merger,
            segments,
            keeper,
            written: Written {
                source,
                table,
                extra: ExtraOutputs::create(paths)?,
                successful: 0,
                failed: Vec::new(),
                buffer: Vec::new(),
                nothing,
                pipeline,
            },
            memories: BTreeMap::new(),
            run_ons: BTreeMap::new(),
            known: BTreeMap::new(),
            unknown: None,
        })
    }

    /// Takes over what `log` knows of this input. Returns what remains to be done.
    pub(super) fn begin(
        &mut self,
        log: &mut dyn PieceLog,
    ) -> Result<Vec<(TaskId, Task)>, OutputError> {
        let segments = self.segments.clone();
        let taken_over = log.begin(&segments, &self.pipeline.limits(), &mut |found| {
            self.take_over(found)
        });
        taken_over.map_err(OutputError::on(&self.csv))?;
        let tasks = segments.iter().enumerate().map(|(number, segment)| {
            let id = TaskId::Segment(number);
            let mut task = Task::new(segment.seen(), segment.frames.clone());
            let accepted = self.merger.accepted(number);
            if accepted > 0 {
                task.next = segment.frames.start + accepted;
                task.has_memory = self.memories.contains_key(&id);
            } else {
                // Its lead-in alone is no piece.
                self.memories.remove(&id);
            }
            (id, task)
        });
        Ok(tasks.collect())
    }

    fn take_over(&mut self, found: &Found<'_>) -> io::Result<()> {
        if let Finding::Analysed(faces) = found.finding {
            check(&*self.pipeline, faces).map_err(|reason| {
                let text = format!("the journal cannot be read: {reason}");
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?;
        }
        if let TaskId::RunOn(number) = found.task {
            // Whether and when it comes up follows from the results of segments.
            let finding = match found.finding {
                Finding::Analysed(faces) => Ok(faces.into()),
                Finding::Failed(reason) => Err(reason.to_owned()),
            };
            self.known.entry(number).or_default().push(KnownResult {
                frame: found.frame,
                finding,
                extras: found.extras.to_vec(),
            });
            self.unknown = self.next_run_on()?;
            return Ok(());
        }
        self.merge(found)?;
        if let Finding::Analysed(faces) = found.finding {
            self.remember(found.task, faces);
        }
        self.forget_if_complete(found.task, found.frame);
        self.unknown = self.next_run_on()?;
        Ok(())
    }

    /// Takes the next result of a task, which was checked, and passes it on to `log`.
    pub(super) fn take(
        &mut self,
        task: TaskId,
        frame: usize,
        finding: Result<Faces<'_>, &str>,
        extras: &[u8],
        log: &mut dyn PieceLog,
    ) -> Result<(), OutputError> {
        let taken = self.try_to_take(task, frame, finding, extras, log);
        taken.map_err(OutputError::on(&self.csv))
    }

    fn try_to_take(
        &mut self,
        task: TaskId,
        frame: usize,
        finding: Result<Faces<'_>, &str>,
        extras: &[u8],
        log: &mut dyn PieceLog,
    ) -> io::Result<()> {
        let counted = self.counted(task);
        if frame < counted.start {
            // A lead-in: only what the tracker knows in the end matters.
            let reason = finding.map(|faces| self.remember(task, faces)).err();
            if frame + 1 == counted.start {
                let memory = self.memories.get(&task).cloned();
                let found = Found {
                    task,
                    frame,
                    finding: match &memory {
                        Some(memory) => Finding::Analysed(memory.faces()),
                        None => Finding::Failed(reason.unwrap_or_default()),
                    },
                    extras: &[],
                };
                log.found(&found)?;
                self.merge(&found)?;
            }
            return Ok(());
        }
        let found = Found {
            task,
            frame,
            finding: match finding {
                Ok(faces) => Finding::Analysed(faces),
                Err(reason) => Finding::Failed(reason),
            },
            extras,
        };
        log.found(&found)?;
        self.merge(&found)?;
        if let Ok(faces) = finding {
            self.remember(task, faces);
        }
        let piece = piece_of(&counted, frame);
        if piece.end == frame + 1 {
            log.piece_complete(task, piece)?;
        }
        self.forget_if_complete(task, frame);
        Ok(())
    }

    /// Puts a result in order and writes what has become final.
    fn merge(&mut self, found: &Found<'_>) -> io::Result<()> {
        let kept = match (&mut self.keeper, found.finding) {
            (Some(keeper), Finding::Analysed(_)) if !found.extras.is_empty() => {
                Some(keeper.keep(found.extras)?)
            }
            _ => None,
        };
        let (keeper, written) = (&self.keeper, &mut self.written);
        self.merger.accept(
            found.task,
            found.frame,
            found.finding,
            kept,
            &mut |ordered| written.push(&ordered, keeper.as_ref()),
        )
    }

    /// The frames of a task whose results count.
    fn counted(&self, task: TaskId) -> Range<usize> {
        match task {
            TaskId::Segment(number) => self.segments[number].frames.clone(),
            TaskId::RunOn(number) => self.run_ons.get(&number).cloned().unwrap_or_default(),
        }
    }

    fn remember(&mut self, task: TaskId, faces: Faces<'_>) {
        match self.memories.get_mut(&task) {
            Some(memory) => memory.copy_from(faces),
            None => drop(self.memories.insert(task, faces.into())),
        }
    }

    fn forget_if_complete(&mut self, task: TaskId, frame: usize) {
        if frame + 1 == self.counted(task).end {
            self.memories.remove(&task);
            if let TaskId::RunOn(number) = task {
                self.run_ons.remove(&number);
            }
        }
    }

    /// What the tracker of a task can go on from.
    pub(super) fn memory(&self, task: TaskId) -> Option<&Payload> {
        self.memories.get(&task)
    }

    /// A run-on that is needed to go on, once: its number and frames.
    pub(super) fn take_run_on(&mut self) -> Result<Option<(u32, Range<usize>)>, OutputError> {
        let run_on = self.next_run_on().map_err(OutputError::on(&self.csv))?;
        Ok(run_on.map(|run_on| {
            self.run_ons.insert(run_on.number, run_on.frames.clone());
            let task = TaskId::RunOn(run_on.number);
            self.memories.insert(task, (*run_on.after).clone());
            (run_on.number, run_on.frames)
        }))
    }

    /// The next run-on that is needed to go on and not known. Those that are known are merged.
    fn next_run_on(&mut self) -> io::Result<Option<RunOn>> {
        while let Some(run_on) = self.unknown.take().or_else(|| self.merger.take_request()) {
            let known = self
                .known
                .get(&run_on.number)
                .map_or(&[][..], Vec::as_slice);
            if !known
                .iter()
                .map(|result| result.frame)
                .eq(run_on.frames.clone())
            {
                return Ok(Some(run_on));
            }
            for result in self.known.remove(&run_on.number).unwrap_or_default() {
                self.merge(&Found {
                    task: TaskId::RunOn(run_on.number),
                    frame: result.frame,
                    finding: match &result.finding {
                        Ok(payload) => Finding::Analysed(payload.faces()),
                        Err(reason) => Finding::Failed(reason),
                    },
                    extras: &result.extras,
                })?;
            }
        }
        Ok(None)
    }

    /// Puts results in order.
    pub(super) fn merger(&self) -> &Merger {
        &self.merger
    }

    /// What has been written.
    pub(super) fn written(&self) -> &Written {
        &self.written
    }

    /// No more results come.
    pub(super) fn into_written(self) -> Written {
        self.written
    }
}

impl Written {
    /// Writes the next frame.
    fn push(&mut self, ordered: &Ordered<'_>, keeper: Option<&Keeper>) -> io::Result<()> {
        let frame = FrameIndex(ordered.frame);
        // A frame without results has one row, that of a face that was never found.
        let (faces, tracks) = match ordered.finding {
            Finding::Analysed(faces) => (faces, ordered.tracks),
            Finding::Failed(reason) => {
                self.failed.push(FailedFrame {
                    frame: frame.number().get(),
                    reason: reason.to_owned(),
                });
                (self.nothing.faces(), &[Track(0)][..])
            }
        };
        if let Some(keeper) = keeper {
            match ordered.extras {
                Some(kept) => keeper.read(kept, &mut self.buffer)?,
                None => self.buffer.clear(),
            }
        }
        let time = FrameTime {
            index: frame,
            seconds: self.source.seconds(ordered.frame),
        };
        for (place, (face, &track)) in faces.iter().zip(tracks).enumerate() {
            let success = self.pipeline.is_successful(face);
            self.successful += usize::from(success);
            if keeper.is_some() {
                let number = frame.number().get();
                self.extra.push(number, success, place, &self.buffer)?;
            }
            self.table.push(time, track, face)?;
        }
        self.table.end_frame();
        Ok(())
    }
}

/// Checks that faces from elsewhere can be measurements.
pub(super) fn check(pipeline: &dyn Pipeline, faces: Faces<'_>) -> Result<(), &'static str> {
    faces.iter().try_for_each(|face| pipeline.check(face))
}
