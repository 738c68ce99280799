//! Where the face is: the whole frame, the detector's box on every frame, or a box that follows
//! the landmarks between detections.
//!
//! Boxes are the detector's; how the networks cut them out is their own business.

use super::relation::Relation;
use super::{Convention, LANDMARKS};
use crate::analysis::{FrameAnalysis, TrackerMemory};
use crate::image::BgrView;
use crate::network::{Network, NetworkError};
use crate::tracking::face_box::FaceBox;
use crate::tracking::policy::{self, Outcome, Policy, Step};
use crate::tracking::retinaface::RetinaFace;

/// Stands for a box where none is known.
const NOWHERE: FaceBox = FaceBox {
    left: 0.0,
    top: 0.0,
    right: 0.0,
    bottom: 0.0,
};

/// A face in a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Its box in pixels.
    pub face: FaceBox,
    /// The detector's score, 0 to 1.
    pub score: f32,
}

/// Finds the face of each frame, frame after frame.
#[derive(Debug)]
pub enum FaceFinder<N> {
    /// The frame is the face: for videos that were cropped or mirrored before.
    WholeFrame,
    /// The detector looks at every frame.
    EveryFrame {
        /// The detector.
        detector: RetinaFace<N>,
        /// As trained, the face nearest to the last one is taken; FaceMirror took the best-scoring
        /// one of each frame, whoever it was.
        convention: Convention,
        /// The last face.
        last: Option<FaceBox>,
        /// The face of this frame, until it is known what came of it.
        pending: Option<FaceBox>,
    },
    /// The detector looks now and then; in between, the box follows the landmarks.
    Follow {
        /// The detector.
        detector: RetinaFace<N>,
        /// When it looks.
        policy: Policy,
        /// Where the detector's box lay when it last looked.
        relation: Relation,
        /// What it scored then.
        score: f32,
        /// Where the face is expected next.
        next: FaceBox,
        /// What was found on this frame, until its landmarks are known.
        pending: Option<(Found, bool)>,
    },
}

impl<N: Network> FaceFinder<N> {
    /// Looks with `detector` on every frame.
    pub fn every_frame(detector: RetinaFace<N>, convention: Convention) -> Self {
        Self::EveryFrame {
            detector,
            convention,
            last: None,
            pending: None,
        }
    }

    /// Looks with `detector` every `look_every` frames and where there is reason to.
    pub fn follow(detector: RetinaFace<N>, look_every: u32) -> Self {
        Self::Follow {
            detector,
            policy: Policy::new(look_every),
            relation: Relation::default(),
            score: 0.0,
            next: NOWHERE,
            pending: None,
        }
    }

    /// Forgets the frames so far.
    pub fn reset(&mut self) {
        match self {
            Self::WholeFrame => {}
            Self::EveryFrame { last, pending, .. } => (*last, *pending) = (None, None),
            Self::Follow {
                policy,
                relation,
                score,
                next,
                pending,
                ..
            } => {
                policy.reset();
                (*relation, *score) = (Relation::default(), 0.0);
                (*next, *pending) = (NOWHERE, None);
            }
        }
    }

    /// The face of the next frame, if there is one. [`record`](Self::record) must follow.
    ///
    /// # Errors
    /// When the detector's network cannot be run.
    pub fn find(&mut self, frame: &BgrView<'_>) -> Result<Option<Found>, NetworkError> {
        match self {
            Self::WholeFrame => Ok(Some(Found {
                face: FaceBox {
                    left: 0.0,
                    top: 0.0,
                    right: frame.width() as f32,
                    bottom: frame.height() as f32,
                },
                score: 1.0,
            })),
            Self::EveryFrame {
                detector,
                convention,
                last,
                pending,
            } => {
                let near = last.filter(|_| *convention == Convention::AsTrained);
                let found = look(detector, frame, |faces| {
                    policy::choose(faces, near.as_ref())
                })?;
                *pending = found.map(|found| found.face);
                Ok(found)
            }
            Self::Follow {
                detector,
                policy,
                score,
                pending,
                ..
            } => {
                let mut looked = true;
                let found = match policy.next_step(frame.width(), frame.height()) {
                    Step::Rest => None,
                    Step::Follow(face) => {
                        looked = false;
                        Some(Found {
                            face,
                            score: *score,
                        })
                    }
                    // Nothing but the detector can tell that the face is gone, so what it says
                    // counts.
                    Step::Confirm(face) => {
                        look(detector, frame, |faces| policy::find_again(faces, &face))?
                    }
                    Step::Search(near) => look(detector, frame, |faces| {
                        policy::choose(faces, near.as_ref())
                    })?,
                };
                *pending = found.map(|found| (found, looked));
                Ok(found)
            }
        }
    }

    /// Takes note of what came of the frame: its landmarks (x of all, then y) if it succeeded.
    pub fn record(&mut self, success: bool, landmarks: Option<&[f32; 2 * LANDMARKS]>) {
        match self {
            Self::WholeFrame => {}
            Self::EveryFrame { last, pending, .. } => {
                *last = pending.take().filter(|_| success).or(*last);
            }
            Self::Follow {
                policy,
                relation,
                score,
                next,
                pending,
                ..
            } => {
                let outcome = match (pending.take(), landmarks) {
                    (Some((found, looked)), Some(landmarks)) if success => {
                        let of_landmarks = FaceBox::of_landmarks(landmarks);
                        if looked {
                            *relation = Relation::between(&found.face, &of_landmarks);
                            *score = found.score;
                        }
                        *next = relation.face(&of_landmarks);
                        Outcome::Found {
                            face: *next,
                            looked,
                        }
                    }
                    _ => Outcome::NotFound,
                };
                policy.record(outcome);
            }
        }
    }

    /// What it remembers and an analysis does not say.
    pub fn memory(&self) -> TrackerMemory {
        match self {
            Self::WholeFrame => TrackerMemory::default(),
            Self::EveryFrame { last, .. } => {
                let mut memory = TrackerMemory::default();
                memory.discrete[0] = last.is_some().into();
                memory
            }
            Self::Follow {
                policy,
                relation,
                score,
                next,
                ..
            } => {
                let mut memory = policy.memory();
                memory.rest[2..6].copy_from_slice(&relation.to_array().map(f32::to_bits));
                memory.rest[6] = score.to_bits();
                let next = [next.left, next.top, next.right, next.bottom];
                memory.rest[7..11].copy_from_slice(&next.map(f32::to_bits));
                memory
            }
        }
    }

    /// Goes on where another finder of the same kind left off after the frame of which `analysis`
    /// is the last.
    pub fn resume(&mut self, analysis: &FrameAnalysis) {
        let face_box = |[left, top, right, bottom]: [f32; 4]| FaceBox {
            left,
            top,
            right,
            bottom,
        };
        let memory = &analysis.tracker;
        let rest = |i: usize| f32::from_bits(memory.rest[i]);
        match self {
            Self::WholeFrame => {}
            Self::EveryFrame { last, pending, .. } => {
                *last = (memory.discrete[0] != 0).then(|| face_box(analysis.openface3.face));
                *pending = None;
            }
            Self::Follow {
                policy,
                relation,
                score,
                next,
                pending,
                ..
            } => {
                *relation = Relation::from_array([2, 3, 4, 5].map(rest));
                *score = rest(6);
                *next = face_box([7, 8, 9, 10].map(rest));
                *pending = None;
                policy.resume(memory, *next);
            }
        }
    }
}

/// Has the detector look and picks one face.
fn look<N: Network>(
    detector: &mut RetinaFace<N>,
    frame: &BgrView<'_>,
    pick: impl FnOnce(&mut dyn Iterator<Item = FaceBox>) -> Option<FaceBox>,
) -> Result<Option<Found>, NetworkError> {
    let detections = detector.detect(frame)?;
    let face = pick(&mut detections.iter().map(|detection| detection.face));
    let chosen = face.and_then(|face| detections.iter().find(|d| d.face == face));
    Ok(chosen.map(|detection| Found {
        face: detection.face,
        score: detection.score,
    }))
}
