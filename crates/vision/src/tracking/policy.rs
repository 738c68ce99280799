//! What a tracker does next: follow the face it has, look for it in the whole frame, or rest.
//!
//! Following is cheap and looking costs several times as much, so looking is rationed. The rules
//! are a plain function of what happened since the first frame, so that a video gives the same
//! result however often it is analysed; pixels and networks are not known here.

use super::face_box::FaceBox;
use crate::analysis::TrackerMemory;

/// A face whose box is shorter than this on its longer side, in pixels, cannot be followed.
const SMALLEST_SIDE: f32 = 16.0;
/// Nor can one longer than this many times the frame's longer side.
const LARGEST_SIDE: f32 = 2.0;
/// Nor one of which less than this share lies inside the frame.
const LEAST_VISIBLE: f32 = 0.25;
/// With less than this share inside the frame, a followed face is looked for again now and then.
const WELL_VISIBLE: f32 = 0.75;
/// So is one that has grown, or shrunk, by more than this factor since it was last looked for.
const LARGEST_CHANGE: f32 = 1.5;
/// "Now and then": at least this many frames after the last look.
const CONFIRMATION_PAUSE: u32 = 12;
/// Least overlap with the followed box for a detected face to count as the same one.
const SAME_FACE: f32 = 0.3;

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Expect the face here; should it not be, look for it in the same frame.
    Follow(FaceBox),
    /// Look for the followed face although nothing is known to be wrong, and should it not be
    /// found, expect it here all the same.
    Confirm(FaceBox),
    /// Look for a face, if possible where the last one was.
    Search(Option<FaceBox>),
    /// Do nothing with this frame.
    Rest,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// A face was found and validated.
    Found {
        /// Its box, as a detector would draw it.
        face: FaceBox,
        /// Whether the whole frame was looked at for it.
        looked: bool,
    },
    /// None was.
    NotFound,
}

/// The rules, and the little that they need to remember.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Look at least every this many frames; 0 for only when there is reason to.
    look_every: u32,
    /// Box of the last face found.
    face: Option<FaceBox>,
    /// Frames without a face since then (or since the beginning).
    failures: u32,
    /// Frames with a face since the whole frame was last looked at.
    since_look: u32,
    /// Longer side of the face's box at that time.
    side_at_look: f32,
}

impl Policy {
    /// Starts without a face. A face that is followed without trouble is looked for again every
    /// `look_every` frames; 0 means never.
    pub fn new(look_every: u32) -> Self {
        Self {
            look_every,
            face: None,
            failures: 0,
            since_look: 0,
            side_at_look: 0.0,
        }
    }

    /// Forgets everything but the settings.
    pub fn reset(&mut self) {
        *self = Self::new(self.look_every);
    }

    /// What it remembers beside the box of the last face found.
    pub fn memory(&self) -> TrackerMemory {
        let mut memory = TrackerMemory::default();
        memory.discrete[..2].copy_from_slice(&[self.face.is_some().into(), self.failures]);
        memory.rest[..2].copy_from_slice(&[self.since_look, self.side_at_look.to_bits()]);
        memory
    }

    /// Goes on from what another one remembered; `face` is the box of the last face found, which
    /// is not looked at when there was none.
    pub fn resume(&mut self, memory: &TrackerMemory, face: FaceBox) {
        self.face = (memory.discrete[0] != 0).then_some(face);
        self.failures = memory.discrete[1];
        self.since_look = memory.rest[0];
        self.side_at_look = f32::from_bits(memory.rest[1]);
    }

    /// What to do with the next frame, of `width` x `height` pixels.
    pub fn next_step(&self, width: usize, height: usize) -> Step {
        let Some(face) = self.face.filter(|_| self.failures == 0) else {
            return if is_due(self.failures) {
                Step::Search(self.face)
            } else {
                Step::Rest
            };
        };
        let frame = FaceBox {
            left: 0.0,
            top: 0.0,
            right: width as f32 - 1.0,
            bottom: height as f32 - 1.0,
        };
        let side = longer_side(&face);
        let visible = face.common_area(&frame) / face.area();
        let largest = LARGEST_SIDE * width.max(height) as f32;
        if !face.is_sound() || !(SMALLEST_SIDE..=largest).contains(&side) || visible < LEAST_VISIBLE
        {
            return Step::Search(Some(face));
        }
        let change = (side / self.side_at_look).max(self.side_at_look / side);
        let doubtful = visible < WELL_VISIBLE || change > LARGEST_CHANGE;
        let frames = self.since_look.saturating_add(1);
        let forced = self.look_every != 0 && frames >= self.look_every;
        if forced || doubtful && frames >= CONFIRMATION_PAUSE {
            Step::Confirm(face)
        } else {
            Step::Follow(face)
        }
    }

    /// Takes note of what came of the last step.
    pub fn record(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Found { face, looked } => {
                self.face = Some(face);
                self.failures = 0;
                if looked {
                    self.since_look = 0;
                    self.side_at_look = longer_side(&face);
                } else {
                    self.since_look = self.since_look.saturating_add(1);
                }
            }
            Outcome::NotFound => self.failures = self.failures.saturating_add(1),
        }
    }
}

/// Whether to look for a face after so many frames without one: every 2nd frame at first, every
/// 4th after a while, then every 12th.
fn is_due(failures: u32) -> bool {
    let pause = match failures {
        0..8 => 2,
        8..24 => 4,
        _ => 12,
    };
    failures.is_multiple_of(pause)
}

fn longer_side(face: &FaceBox) -> f32 {
    face.width().max(face.height())
}

/// Which of the detected `faces` (the best-scoring first) to take: the one that overlaps the last
/// known box most, or the best-scoring one when none does or there is no such box.
pub fn choose(faces: impl Iterator<Item = FaceBox>, last: Option<&FaceBox>) -> Option<FaceBox> {
    best_overlap(faces, last).map(|(face, _)| face)
}

/// Which of the detected `faces` is the one that is followed in the box `followed`, if any.
pub fn find_again(faces: impl Iterator<Item = FaceBox>, followed: &FaceBox) -> Option<FaceBox> {
    best_overlap(faces, Some(followed))
        .filter(|&(_, overlap)| overlap >= SAME_FACE)
        .map(|(face, _)| face)
}

/// The face with the largest overlap, the first among equals.
fn best_overlap(
    faces: impl Iterator<Item = FaceBox>,
    with: Option<&FaceBox>,
) -> Option<(FaceBox, f32)> {
    faces
        .map(|face| (face, with.map_or(0.0, |with| face.overlap(with))))
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f32, y: f32, side: f32) -> FaceBox {
        FaceBox::around((x, y), side, side)
    }

    fn found(face: FaceBox) -> Outcome {
        Outcome::Found {
            face,
            looked: false,
        }
    }

    fn looked(face: FaceBox) -> Outcome {
        Outcome::Found { face, looked: true }
    }

    fn next(policy: &Policy) -> Step {
        policy.next_step(640, 480)
    }

    #[test]
    fn the_first_frame_is_searched_and_a_found_face_followed() {
        let mut policy = Policy::new(0);
        assert_eq!(next(&policy), Step::Search(None));
        let face = square(300.0, 200.0, 150.0);
        policy.record(looked(face));
        for _ in 0..1000 {
            assert_eq!(next(&policy), Step::Follow(face));
            policy.record(found(face));
        }
        policy.reset();
        assert_eq!(next(&policy), Step::Search(None));
    }

    #[test]
    fn searching_becomes_rarer_the_longer_there_is_no_face() {
        let face = square(300.0, 200.0, 150.0);
        for seen in [None, Some(face)] {
            let mut policy = Policy::new(0);
            if let Some(face) = seen {
                policy.record(looked(face));
                // The frame on which it is lost is looked at too; that is in `Follow`.
                assert_eq!(next(&policy), Step::Follow(face));
                policy.record(Outcome::NotFound);
            }
            let lost = usize::from(seen.is_some());
            let mut searched = Vec::new();
            for frame in lost..100 {
                match next(&policy) {
                    Step::Search(near) => {
                        assert_eq!(near, seen);
                        searched.push(frame);
                    }
                    step => assert_eq!(step, Step::Rest),
                }
                policy.record(Outcome::NotFound);
            }
            let all = [0, 2, 4, 6, 8, 12, 16, 20, 24, 36, 48, 60, 72, 84, 96];
            assert_eq!(searched, all[lost..]);
        }
    }

    #[test]
    fn a_face_found_again_is_followed_and_the_next_loss_starts_afresh() {
        let face = square(300.0, 200.0, 150.0);
        let mut policy = Policy::new(0);
        for _ in 0..50 {
            policy.record(Outcome::NotFound);
        }
        policy.record(looked(face));
        assert_eq!(next(&policy), Step::Follow(face));
        policy.record(Outcome::NotFound);
        assert_eq!(next(&policy), Step::Rest);
        policy.record(Outcome::NotFound);
        assert_eq!(next(&policy), Step::Search(Some(face)));
    }

    #[test]
    fn looks_can_be_forced() {
        let face = square(300.0, 200.0, 150.0);
        let mut policy = Policy::new(5);
        let mut confirmed = Vec::new();
        for frame in 0..21 {
            let step = next(&policy);
            if step == Step::Confirm(face) {
                confirmed.push(frame);
            }
            let looks = !matches!(step, Step::Follow(_));
            policy.record(if looks { looked(face) } else { found(face) });
        }
        assert_eq!(confirmed, [5, 10, 15, 20]);
    }

    #[test]
    fn a_face_at_the_border_is_confirmed_now_and_then() {
        let inside = square(300.0, 200.0, 100.0);
        // A third of the box is out of the picture.
        let leaving = square(17.0, 200.0, 100.0);
        let mut policy = Policy::new(0);
        policy.record(looked(inside));
        let mut confirmed = Vec::new();
        for frame in 1..40 {
            let step = next(&policy);
            let looks = step == Step::Confirm(leaving);
            if looks {
                confirmed.push(frame);
            }
            policy.record(if looks {
                looked(leaving)
            } else {
                found(leaving)
            });
        }
        assert_eq!(confirmed, [12, 24, 36]);
    }

    #[test]
    fn a_face_out_of_all_proportion_is_searched_for() {
        let mut policy = Policy::new(0);
        policy.record(looked(square(300.0, 200.0, 150.0)));
        for face in [
            square(-80.0, 200.0, 150.0),
            square(300.0, 900.0, 150.0),
            square(300.0, 200.0, 8.0),
            square(300.0, 200.0, 1500.0),
            square(f32::NAN, 200.0, 150.0),
            square(300.0, f32::INFINITY, 150.0),
        ] {
            policy.record(found(face));
            assert!(
                matches!(next(&policy), Step::Search(Some(_))),
                "{face:?} is followed"
            );
        }
    }

    #[test]
    fn growth_since_the_last_look_is_confirmed_once() {
        let mut policy = Policy::new(0);
        policy.record(looked(square(300.0, 200.0, 100.0)));
        let grown = square(300.0, 200.0, 160.0);
        for _ in 0..11 {
            policy.record(found(grown));
        }
        assert_eq!(next(&policy), Step::Confirm(grown));
        policy.record(looked(grown));
        for _ in 0..100 {
            policy.record(found(grown));
            assert_eq!(next(&policy), Step::Follow(grown));
        }
    }

    #[test]
    fn the_face_that_was_followed_is_preferred() {
        let faces = [
            square(100.0, 100.0, 80.0),
            square(400.0, 100.0, 80.0),
            square(430.0, 100.0, 80.0),
        ];
        let choose = |last: Option<FaceBox>| choose(faces.into_iter(), last.as_ref());
        assert_eq!(choose(None), Some(faces[0]), "the best score");
        assert_eq!(choose(Some(square(425.0, 100.0, 80.0))), Some(faces[2]));
        assert_eq!(
            choose(Some(square(10.0, 400.0, 80.0))),
            Some(faces[0]),
            "no overlap"
        );
        assert_eq!(super::choose(std::iter::empty(), Some(&faces[0])), None);

        let find_again = |followed: FaceBox| find_again(faces.into_iter(), &followed);
        assert_eq!(find_again(square(390.0, 110.0, 80.0)), Some(faces[1]));
        assert_eq!(find_again(square(250.0, 100.0, 80.0)), None, "another face");
    }
}
