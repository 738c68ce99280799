//! What a journal holds that was written by an earlier run: read once, from its beginning to the
//! last whole block.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use serde::{Deserialize, Serialize};

use super::blocks::{self, Place};
use super::kind;
use super::records::PartHead;
use crate::identity::Identity;
use crate::plan::Segment;
use crate::task::TaskId;

/// How the input was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whether the frames were counted by decoding all of them.
    pub by_decoding: bool,
    /// Of each segment the first frame seen, the first that counts and the end.
    pub segments: Vec<[usize; 3]>,
}

impl Plan {
    /// These segments.
    pub fn of(segments: &[Segment], by_decoding: bool) -> Self {
        let numbers = |s: &Segment| [s.start, s.frames.start, s.frames.end];
        Self {
            by_decoding,
            segments: segments.iter().map(numbers).collect(),
        }
    }

    /// The first frame of a segment of which there is a result: that before the first which counts,
    /// unless tracking begins anew there.
    fn first_result(&self, segment: usize) -> Option<u64> {
        let [start, begin, _] = self.segments.get(segment)?;
        let lead_in = u64::from(start < begin);
        Some((*begin as u64).saturating_sub(lead_in))
    }
}

/// A part of a piece, and where it lies.
#[derive(Debug, Clone, Copy)]
pub struct KnownPart {
    /// Which frames it holds.
    pub head: PartHead,
    /// Where.
    pub place: Place,
}

/// What an earlier run has left.
#[derive(Debug, Default)]
pub struct Contents {
    /// What decided its results. `None` if not even that is whole.
    pub identity: Option<Identity>,
    /// Where the identity ends.
    pub identity_end: u64,
    /// How it cut the input.
    pub plan: Option<Plan>,
    /// Parts of whole pieces.
    pub parts: Vec<KnownPart>,
    /// What the networks ran on.
    pub engine: Option<String>,
    /// Whether outputs had begun to appear under their names.
    pub publishing: bool,
    /// Where the last whole block ends.
    pub end: u64,
}

impl Contents {
    /// Reads a journal whose header is right.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(file: &File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        let mut contents = Self {
            end: blocks::HEADER,
            identity_end: blocks::HEADER,
            ..Self::default()
        };
        let mut pieces = Pieces::default();
        let mut content = Vec::new();
        while let Some(place) = blocks::read(file, size, contents.end, &mut content)? {
            if !contents.take(place, &content, &mut pieces) {
                break;
            }
            contents.end = place.end();
        }
        contents.parts = pieces.known(contents.plan.as_ref());
        Ok(contents)
    }

    /// Whether there is something that a later run could go on with.
    pub fn is_worth_keeping(&self) -> bool {
        !self.parts.is_empty() || self.publishing
    }

    /// Takes the next block. `false` when it cannot stand here.
    fn take(&mut self, place: Place, content: &[u8], pieces: &mut Pieces) -> bool {
        match (place.kind(), &self.identity) {
            (kind::IDENTITY, None) => {
                self.identity = serde_json::from_slice(content).ok();
                self.identity_end = place.end();
                self.identity.is_some()
            }
            (kind::PLAN, Some(_)) if self.plan.is_none() => {
                self.plan = serde_json::from_slice(content).ok();
                self.plan.is_some()
            }
            (kind::PART, Some(_)) if self.plan.is_some() => match PartHead::of(content) {
                Ok(head) => {
                    pieces.take(KnownPart { head, place });
                    true
                }
                Err(_) => false,
            },
            (kind::ENGINE, Some(_)) => {
                self.engine = String::from_utf8(content.to_vec()).ok();
                self.engine.is_some()
            }
            (kind::PUBLISHING, Some(_)) => {
                self.publishing = true;
                true
            }
            _ => false,
        }
    }
}

/// Puts parts together. A piece that a crash has cut short is begun anew by the next run, so its
/// first parts may be there twice.
#[derive(Debug, Default)]
struct Pieces(BTreeMap<TaskId, Pieced>);

#[derive(Debug, Default)]
struct Pieced {
    whole: Vec<KnownPart>,
    begun: Vec<KnownPart>,
}

fn next_frame(parts: &[KnownPart]) -> Option<u64> {
    let last = parts.last()?.head;
    Some(last.first + u64::from(last.frames))
}

impl Pieces {
    fn take(&mut self, part: KnownPart) {
        let task = self.0.entry(part.head.task()).or_default();
        let first = part.head.first;
        if next_frame(&task.begun) != Some(first) {
            task.begun.clear();
            if next_frame(&task.whole).is_some_and(|next| next != first) {
                // It is known already, or does not follow; either way it is of no use.
                return;
            }
        }
        task.begun.push(part);
        if part.head.ends_piece() {
            task.whole.append(&mut task.begun);
        }
    }

    /// Parts of whole pieces in the order in which they can be merged: by their first frame, those
    /// of a segment before those of a run-on, which was only asked for because of them.
    fn known(self, plan: Option<&Plan>) -> Vec<KnownPart> {
        let Some(plan) = plan else {
            return Vec::new();
        };
        let mut known = Vec::new();
        for (task, pieced) in self.0 {
            let begins_right = match task {
                TaskId::RunOn(_) => true,
                TaskId::Segment(number) => {
                    pieced.whole.first().map(|part| part.head.first) == plan.first_result(number)
                }
            };
            if begins_right {
                known.extend(pieced.whole);
            }
        }
        known.sort_by_key(|part| {
            let of_run_on = matches!(part.head.task(), TaskId::RunOn(_));
            (part.head.first, of_run_on)
        });
        known
    }
}
