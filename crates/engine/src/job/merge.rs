//! Results back in the order of the video, and segments joined where their trackers agree.
//!
//! Segments are analysed side by side, so results of a later one arrive before those of an earlier
//! one is complete; they wait here. Where one segment ends and the next begins, both trackers have
//! seen the frame before: the earlier one as its last frame, the later one as the end of its
//! lead-in. If they agree there, the later one's results follow. If not, the earlier tracker runs
//! on, and its results count, until they do. Which frames count is thus a function of the video.
//! Where tracking begins anew, there is nothing to agree on.
//!
//! Whether trackers agree is asked of the pipeline. Their tracks, which each worker counts for itself,
//! get the numbers here that tables show.
//!
//! A frame that could not be analysed takes its place in the order, and is otherwise as if it had
//! not been there: trackers are compared by what they last knew.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use faceau_measure::{Payload, Pipeline, Track, TrackNumbers, match_tracks};

use super::keeper::{Keeper, Kept};
use super::pieces::Finding;
use crate::plan::Segment;
use crate::task::{RunOn, TaskId};

/// Frames that a tracker runs on before it is looked at again whether it must go further.
const RUN_ON_FRAMES: usize = 16;

/// Puts results in order.
pub struct Merger {
    pipeline: Arc<dyn Pipeline>,
    segments: Vec<Segment>,
    /// Results of each segment that have come, whether they wait or not.
    accepted: Vec<usize>,
    /// Where results wait.
    keeper: Keeper,
    /// Results that wait, by segment, from the segment's first frame on.
    parked: BTreeMap<usize, Vec<Parked>>,
    /// With what a segment's tracker enters it: its last results before the first frame.
    entries: BTreeMap<usize, Arc<Payload>>,
    /// The last results passed on.
    last: Arc<Payload>,
    /// Those whose turn has come, as they are read back.
    bytes: Vec<u8>,
    numbers: TrackNumbers,
    /// The numbers of the faces of the frame being passed on.
    tracks: Vec<Track>,
    /// Number of frames passed on.
    passed: usize,
    position: Position,
    run_ons: u32,
    request: Option<RunOn>,
}

/// Where the next result to be passed on comes from.
enum Position {
    /// From this segment.
    Within(usize),
    /// From this segment, if its tracker agrees with the one before.
    Before(usize),
    /// From a tracker that runs on into this segment.
    RunningOn {
        segment: usize,
        number: u32,
        frames: Range<usize>,
        results: Vec<Parked>,
    },
}

/// A result that waits, and its extras.
struct Parked {
    finding: ParkedFinding,
    extras: Option<Kept>,
}

enum ParkedFinding {
    /// Where the analysis is.
    Analysed(Kept),
    /// Why there is none.
    Failed(Box<str>),
}

/// A result whose turn has come.
enum Unparked {
    Analysed(Payload),
    Failed(Box<str>),
}

/// A result in the order of the video.
#[derive(Debug, Clone, Copy)]
pub struct Ordered<'a> {
    /// The frame, counted from 0.
    pub frame: usize,
    /// What came of it.
    pub finding: Finding<'a>,
    /// The number of each of its faces, in their order.
    pub tracks: &'a [Track],
    /// Where its extras are, if there are any.
    pub extras: Option<&'a Kept>,
}

impl Parked {
    fn new(finding: Finding<'_>, extras: Option<Kept>, keeper: &mut Keeper) -> io::Result<Self> {
        let finding = match finding {
            Finding::Analysed(faces) => ParkedFinding::Analysed(keeper.keep(faces.bytes())?),
            Finding::Failed(reason) => ParkedFinding::Failed(reason.into()),
        };
        Ok(Self { finding, extras })
    }

    fn unpark(
        &self,
        keeper: &Keeper,
        pipeline: &dyn Pipeline,
        bytes: &mut Vec<u8>,
    ) -> io::Result<Unparked> {
        Ok(match &self.finding {
            ParkedFinding::Analysed(kept) => {
                keeper.read(kept, bytes)?;
                let limits = pipeline.limits();
                let mut payload = Payload::new(limits.record);
                let read = payload.read(bytes, &limits);
                read.map_err(|bad| io::Error::new(io::ErrorKind::InvalidData, bad.0))?;
                Unparked::Analysed(payload)
            }
            ParkedFinding::Failed(reason) => Unparked::Failed(reason.clone()),
        })
    }
}

impl Merger {
    /// Will put the frames of `segments` in order, which `pipeline` has made. Those that wait do so in
    /// a file in `folder`.
    ///
    /// # Errors
    /// When the system refuses the file.
    pub fn new(
        segments: Vec<Segment>,
        pipeline: Arc<dyn Pipeline>,
        folder: &Path,
    ) -> io::Result<Self> {
        Ok(Self {
            keeper: Keeper::create_in(folder)?,
            accepted: vec![0; segments.len()],
            segments,
            parked: BTreeMap::new(),
            entries: BTreeMap::new(),
            last: Arc::new(nothing(&*pipeline)),
            bytes: Vec::new(),
            numbers: TrackNumbers::default(),
            tracks: Vec::new(),
            pipeline,
            passed: 0,
            position: Position::Within(0),
            run_ons: 0,
            request: None,
        })
    }

    /// Whether all frames have been passed on.
    pub fn is_complete(&self) -> bool {
        self.segments
            .last()
            .is_none_or(|segment| self.passed == segment.frames.end)
    }

    /// Frames for which results have come, each counted once.
    pub fn frames_known(&self) -> usize {
        self.accepted.iter().sum()
    }

    /// Number of frames passed on, from the first one on.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// Results of a segment that have come.
    pub fn accepted(&self, segment: usize) -> usize {
        self.accepted[segment]
    }

    /// A run-on that is needed to go on, once.
    pub fn take_request(&mut self) -> Option<RunOn> {
        self.request.take()
    }

    /// How many times a tracker had to run on.
    pub fn run_ons(&self) -> u32 {
        self.run_ons
    }

    /// Takes the result of `frame`, found as part of `task`, with its extras if there are any, and
    /// passes on to `sink` what can be passed on in order. The frames of one task must come in
    /// order; what has come already is passed over.
    ///
    /// For the frame before a segment's first, the result is what the segment's tracker knew last
    /// (see [`Found::finding`](super::pieces::Found::finding)); earlier ones are not looked at.
    pub fn accept<E: From<io::Error>>(
        &mut self,
        task: TaskId,
        frame: usize,
        finding: Finding<'_>,
        extras: Option<Kept>,
        sink: &mut impl FnMut(Ordered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match task {
            TaskId::Segment(number) => {
                let frames = &self.segments[number].frames;
                if frame + 1 == frames.start {
                    let entry = match finding {
                        Finding::Analysed(faces) => Arc::new(faces.into()),
                        Finding::Failed(_) => Arc::new(nothing(&*self.pipeline)),
                    };
                    self.entries.insert(number, entry);
                } else if frame != frames.start + self.accepted[number] || frame >= frames.end {
                    return Ok(());
                } else {
                    if matches!(self.position, Position::Within(within) if within == number)
                        && frame == self.passed
                    {
                        self.pass(finding, extras.as_ref(), sink)?;
                    } else {
                        let parked = Parked::new(finding, extras, &mut self.keeper)?;
                        self.parked.entry(number).or_default().push(parked);
                    }
                    self.accepted[number] += 1;
                }
            }
            TaskId::RunOn(number) => {
                let Position::RunningOn {
                    number: current,
                    frames,
                    results,
                    ..
                } = &mut self.position
                else {
                    return Ok(());
                };
                if *current != number || frame != frames.start + results.len() {
                    return Ok(());
                }
                results.push(Parked::new(finding, extras, &mut self.keeper)?);
            }
        }
        self.advance(sink)
    }

    fn pass<E>(
        &mut self,
        finding: Finding<'_>,
        extras: Option<&Kept>,
        sink: &mut impl FnMut(Ordered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.tracks.clear();
        if let Finding::Analysed(faces) = finding {
            let numbered = faces.iter().map(|face| self.numbers.number(face.track));
            self.tracks.extend(numbered);
        }
        sink(Ordered {
            frame: self.passed,
            finding,
            tracks: &self.tracks,
            extras,
        })?;
        self.passed += 1;
        if let Finding::Analysed(faces) = finding {
            // Nobody else has it, unless a run-on begins after it.
            Arc::make_mut(&mut self.last).copy_from(faces);
        }
        Ok(())
    }

    fn pass_unparked<E>(
        &mut self,
        result: &Unparked,
        extras: Option<&Kept>,
        sink: &mut impl FnMut(Ordered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match result {
            Unparked::Analysed(payload) => {
                self.pass(Finding::Analysed(payload.faces()), extras, sink)
            }
            Unparked::Failed(reason) => self.pass(Finding::Failed(reason), extras, sink),
        }
    }

    /// Passes on whatever can be passed on.
    fn advance<E: From<io::Error>>(
        &mut self,
        sink: &mut impl FnMut(Ordered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let moved = match self.position {
                Position::Within(number) => self.advance_within(number, sink)?,
                Position::Before(number) => self.try_to_join(number),
                Position::RunningOn { segment, .. } => self.advance_run_on(segment, sink)?,
            };
            if !moved {
                return Ok(());
            }
        }
    }

    /// Passes on waiting results of the segment; moves on at its end.
    fn advance_within<E: From<io::Error>>(
        &mut self,
        number: usize,
        sink: &mut impl FnMut(Ordered<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let frames = self.segments[number].frames.clone();
        while let Some((next, extras)) = self.parked_result(number, self.passed)? {
            self.pass_unparked(&next, extras.as_ref(), sink)?;
        }
        Ok(self.passed == frames.end && self.leave(number))
    }

    /// Forgets a segment that is complete. `false` after the last one.
    fn leave(&mut self, number: usize) -> bool {
        self.parked.remove(&number);
        self.entries.remove(&number);
        let next = number + 1;
        self.position = Position::Before(next);
        next < self.segments.len()
    }

    /// A result of a segment that waits. Its extras are given away: they are wanted once.
    fn parked_result(
        &mut self,
        number: usize,
        frame: usize,
    ) -> io::Result<Option<(Unparked, Option<Kept>)>> {
        let offset = frame - self.segments[number].frames.start;
        let parked = self.parked.get_mut(&number);
        let Some(waiting) = parked.and_then(|parked| parked.get_mut(offset)) else {
            return Ok(None);
        };
        let result = waiting.unpark(&self.keeper, &*self.pipeline, &mut self.bytes)?;
        Ok(Some((result, waiting.extras.take())))
    }

    /// Decides whether the segment can follow, as soon as its tracker has got there.
    fn try_to_join(&mut self, number: usize) -> bool {
        if self.segments[number].begins_anew() {
            // Whoever is first goes on as the first: nobody can tell whether it is the same face.
            self.position = Position::Within(number);
            return true;
        }
        let Some(entry) = self.entries.get(&number) else {
            return false;
        };
        match match_tracks(&*self.pipeline, self.last.faces(), entry.faces()) {
            Some(pairs) => {
                self.numbers.join(&pairs);
                self.position = Position::Within(number);
            }
            None => self.run_on_into(number),
        }
        true
    }

    /// Has the tracker of the last frame passed on go on into `segment`.
    fn run_on_into(&mut self, segment: usize) {
        let end = self.segments[segment].frames.end;
        let frames = self.passed..end.min(self.passed + RUN_ON_FRAMES);
        let number = self.run_ons;
        self.run_ons += 1;
        self.request = Some(RunOn {
            number,
            frames: frames.clone(),
            after: Arc::clone(&self.last),
        });
        self.position = Position::RunningOn {
            segment,
            number,
            frames,
            results: Vec::new(),
        };
    }

    /// Passes on the next result of a run-on once the segment's own is there to compare with.
    fn advance_run_on<E: From<io::Error>>(
        &mut self,
        number: usize,
        sink: &mut impl FnMut(Ordered<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        // The segment's own extras for these frames are not wanted and go here.
        let Some((own, _)) = self.parked_result(number, self.passed)? else {
            return Ok(false);
        };
        let Position::RunningOn {
            frames, results, ..
        } = &mut self.position
        else {
            return Ok(false);
        };
        let end = frames.end;
        let Some(waiting) = results.get_mut(self.passed - frames.start) else {
            return Ok(false);
        };
        let (result, extras) = (
            waiting.unpark(&self.keeper, &*self.pipeline, &mut self.bytes)?,
            waiting.extras.take(),
        );
        self.pass_unparked(&result, extras.as_ref(), sink)?;
        // Only analyses of the same frame can be compared.
        let both_agree = match (&result, &own) {
            (Unparked::Analysed(ours), Unparked::Analysed(own)) => {
                match_tracks(&*self.pipeline, ours.faces(), own.faces())
            }
            _ => None,
        };
        if let Some(pairs) = both_agree {
            self.numbers.join(&pairs);
            self.position = Position::Within(number);
        } else if self.passed == self.segments[number].frames.end {
            return Ok(self.leave(number));
        } else if self.passed == end {
            self.run_on_into(number);
        }
        Ok(true)
    }
}

/// The results of trackers that have seen nothing.
fn nothing(pipeline: &dyn Pipeline) -> Payload {
    let mut payload = Payload::new(pipeline.limits().record);
    pipeline.nothing(&mut payload);
    payload
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
