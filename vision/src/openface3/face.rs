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

/// Boxes beyond this many pixels are no faces, and numbers stay exact below it.
const LARGEST: f32 = 65536.0;
/// Stands for a box where none is known.
const NOWHERE: FaceBox = FaceBox {
    left: 0.0,
    top: 0.0,
    right: 0.0,
    bottom: 0.0,
};

/// A rectangle of whole pixels, right and bottom border excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelBox {
    /// First column.
    pub left: i64,
    /// First row.
    pub top: i64,
    /// The column after the last.
    pub right: i64,
    /// The row after the last.
    pub bottom: i64,
}

impl PixelBox {
    /// A detector's box with its borders cut to whole pixels; `None` when it is not finite or far
    /// larger than any frame.
    pub fn of_box(face: &FaceBox) -> Option<Self> {
        let borders = [face.left, face.top, face.right, face.bottom];
        if !borders.iter().all(|v| v.abs() < LARGEST) {
            return None;
        }
        let [left, top, right, bottom] = borders.map(|v| v as i64);
        Some(Self {
            left,
            top,
            right,
            bottom,
        })
    }

    /// What of it lies in `frame`; `None` when nothing does.
    pub fn within(self, frame: &BgrView<'_>) -> Option<Self> {
        let (width, height) = (frame.width() as i64, frame.height() as i64);
        let inside = Self {
            left: self.left.clamp(0, width),
            top: self.top.clamp(0, height),
            right: self.right.clamp(0, width),
            bottom: self.bottom.clamp(0, height),
        };
        (inside.width() > 0 && inside.height() > 0).then_some(inside)
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        usize::try_from(self.right - self.left).unwrap_or(0)
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        usize::try_from(self.bottom - self.top).unwrap_or(0)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_cut_towards_zero_and_to_the_frame() {
        let data = [0; 300];
        let frame = BgrView::new(&data, 10, 10, 30).unwrap();
        let face = FaceBox {
            left: -3.7,
            top: 2.9,
            right: 8.9,
            bottom: 70.0,
        };
        let pixels = PixelBox::of_box(&face).unwrap();
        let [left, top, right, bottom] = [-3, 2, 8, 70];
        let expected = PixelBox {
            left,
            top,
            right,
            bottom,
        };
        assert_eq!(pixels, expected);
        let inside = pixels.within(&frame).unwrap();
        assert_eq!((inside.left, inside.width(), inside.height()), (0, 8, 8));
        let beside = PixelBox {
            left: 10,
            right: 20,
            ..pixels
        };
        assert_eq!(beside.within(&frame), None);
        let odd = FaceBox {
            left: f32::NAN,
            ..face
        };
        assert_eq!(PixelBox::of_box(&odd), None);
        let huge = FaceBox { right: 1e9, ..face };
        assert_eq!(PixelBox::of_box(&huge), None);
    }
}
