//! When OpenFace's tracker searches near the last landmarks, when it looks for the face in the
//! whole frame, and what it then believes: its state machine, without images.
//!
//! Per frame: [`VideoPolicy::search`], then [`VideoPolicy::searched`] if it said so; then, if
//! [`VideoPolicy::should_look`], a detector's turn and [`VideoPolicy::found`] if it saw a face;
//! otherwise [`VideoPolicy::verdict`].

/// While a face that was found once is lost, the whole frame is looked at every this many frames.
const LOOK_EVERY: i32 = 2;
/// While none was ever found, every this many.
const FIRST_LOOK_EVERY: i32 = 6 * LOOK_EVERY;
/// After more failures than this, the face counts as never found.
const MOST_FAILURES: i32 = 100;

/// How wide to search near the last landmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchWidth {
    /// With the windows for tracking: the last frame's landmarks were right.
    Narrow,
    /// With the windows for a new face.
    Wide,
}

/// What the tracker remembers of the frames so far, apart from the face itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoPolicy {
    /// Whether there are landmarks to search near.
    pub initialised: bool,
    /// The validator's last verdict.
    pub is_face: bool,
    /// Frames without success since the last one with it, less one.
    pub failures: i32,
}

impl Default for VideoPolicy {
    fn default() -> Self {
        Self {
            initialised: false,
            is_face: false,
            failures: -1,
        }
    }
}

impl VideoPolicy {
    /// Whether, and how wide, to search near the last landmarks.
    pub fn search(&self) -> Option<SearchWidth> {
        self.initialised.then_some(match self.is_face {
            true => SearchWidth::Narrow,
            false => SearchWidth::Wide,
        })
    }

    /// Takes note of what the validator said to the result.
    pub fn searched(&mut self, is_face: bool) {
        self.is_face = is_face;
        self.failures = if is_face { -1 } else { self.failures + 1 };
    }

    /// Whether to look for a face in the whole frame.
    pub fn should_look(&self) -> bool {
        if self.initialised {
            !self.is_face && self.failures % LOOK_EVERY == 0
        } else {
            (self.failures + 1) % FIRST_LOOK_EVERY == 0
        }
    }

    /// Takes note that a face was seen, with what landmark detection in it returned and what the
    /// validator said. Returns whether the frame is a success; if not, the landmarks from before
    /// the look must be restored.
    ///
    /// A first face is believed even where the validator rejects it.
    pub fn found(&mut self, returned: bool, is_face: bool) -> bool {
        let believed = returned || !self.initialised;
        self.initialised = true;
        self.is_face = is_face;
        if believed {
            self.failures = -1;
        }
        believed
    }

    /// Ends a frame on which no face was seen in the whole frame, or none was looked for. Returns
    /// whether it is a success.
    pub fn verdict(&mut self) -> bool {
        if !self.initialised {
            self.failures += 1;
        }
        if self.failures > MOST_FAILURES {
            self.initialised = false;
        }
        self.is_face
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays frames: per frame, what the validator says near the last landmarks, and what happens
    /// when a detector looks (`None` for no face, else what is returned; the validator agrees).
    /// Gives per frame: how the search was, whether a detector looked, and success.
    fn play(
        policy: &mut VideoPolicy,
        frames: impl IntoIterator<Item = (bool, Option<bool>)>,
    ) -> Vec<(Option<SearchWidth>, bool, bool)> {
        let frame = |(is_face, seen): (bool, Option<bool>)| {
            let search = policy.search();
            if search.is_some() {
                policy.searched(is_face);
            }
            let looks = policy.should_look();
            let success = match seen.filter(|_| looks) {
                Some(returned) => policy.found(returned, returned),
                None => policy.verdict(),
            };
            (search, looks, success)
        };
        frames.into_iter().map(frame).collect()
    }

    fn looks(frames: &[(Option<SearchWidth>, bool, bool)]) -> Vec<usize> {
        (0..frames.len()).filter(|&i| frames[i].1).collect()
    }

    #[test]
    fn a_first_face_is_believed_though_rejected_and_searched_widely_next() {
        let mut policy = VideoPolicy::default();
        let frames = play(
            &mut policy,
            [(false, Some(false)), (true, None), (true, None)],
        );
        let expected = [
            (None, true, true),
            (Some(SearchWidth::Wide), false, true),
            (Some(SearchWidth::Narrow), false, true),
        ];
        assert_eq!(frames, expected);
    }

    #[test]
    fn while_no_face_was_ever_found_every_twelfth_frame_is_looked_at() {
        let mut policy = VideoPolicy::default();
        let frames = play(&mut policy, [(false, None); 40]);
        assert_eq!(looks(&frames), [0, 12, 24, 36]);
        assert!(
            frames
                .iter()
                .all(|&(search, _, ok)| search.is_none() && !ok)
        );
        // The counter is the number of frames less one, also beyond the most failures.
        assert_eq!(policy.failures, 39);
        let more = play(&mut policy, [(false, None); 100]);
        assert_eq!(looks(&more), [8, 20, 32, 44, 56, 68, 80, 92]);
    }

    #[test]
    fn a_lost_face_is_looked_for_at_once_and_on_every_second_frame() {
        let mut policy = VideoPolicy::default();
        play(&mut policy, [(false, Some(true)), (true, None)]);
        let frames = play(&mut policy, [(false, None); 7]);
        assert_eq!(looks(&frames), [0, 2, 4, 6]);
        assert_eq!(frames[0].0, Some(SearchWidth::Narrow));
        assert!(
            frames[1..]
                .iter()
                .all(|f| f.0 == Some(SearchWidth::Wide) && !f.2)
        );
        // Found again by the search alone.
        assert_eq!(
            play(&mut policy, [(true, None)]),
            [(Some(SearchWidth::Wide), false, true)]
        );
        assert_eq!(policy.failures, -1);
    }

    #[test]
    fn a_rejected_second_look_is_a_failure_and_goes_on_counting() {
        let mut policy = VideoPolicy::default();
        play(&mut policy, [(false, Some(true))]);
        let frames = play(&mut policy, [(false, Some(false)); 5]);
        assert_eq!(looks(&frames), [0, 2, 4]);
        assert!(frames.iter().all(|&(_, _, ok)| !ok));
        assert_eq!(policy.failures, 4);
        assert_eq!(
            play(&mut policy, [(false, None), (false, Some(true))])[1],
            (Some(SearchWidth::Wide), true, true)
        );
        assert_eq!(policy.failures, -1);
    }

    #[test]
    fn after_a_hundred_failures_the_face_counts_as_never_found() {
        let mut policy = VideoPolicy::default();
        play(&mut policy, [(false, Some(true))]);
        let frames = play(&mut policy, [(false, None); 102]);
        assert!(!policy.initialised);
        assert!(
            frames
                .iter()
                .take(102)
                .all(|&(search, _, _)| search.is_some())
        );
        // 101 failures after frame 101; looks are due when one more makes a multiple of 12.
        let frames = play(&mut policy, [(false, None); 20]);
        assert_eq!(looks(&frames), [6, 18]);
        assert!(frames.iter().all(|&(search, _, _)| search.is_none()));
        // And then any face is believed again.
        let frames = play(&mut policy, [(false, Some(false)); 11]);
        assert_eq!(looks(&frames), [10]);
        assert!(frames[10].2);
    }

    #[test]
    fn what_is_returned_and_the_verdict_may_differ() {
        let mut policy = VideoPolicy::default();
        play(&mut policy, [(false, Some(true)), (false, None)]);
        policy.searched(false);
        policy.searched(false);
        assert!(policy.should_look());
        assert!(!policy.found(false, true), "as the last of several tried");
        assert_eq!(policy.search(), Some(SearchWidth::Narrow));
    }
}
