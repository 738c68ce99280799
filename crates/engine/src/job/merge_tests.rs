//! Workers advance in any order, are lost, disagree: every frame passes once, in order.

use super::*;
use crate::job::keeper::Keeper;
use crate::job::testing::{self, Numbers};
use crate::plan::{ShortestSegment, Tracking, cut};
use faceau_media::FrameIndex;
use proptest::prelude::*;

const FRAMES: usize = 300;

/// Frames after which a fresh tracker is like one that has run since the first frame, by segment.
type Settling = Vec<usize>;

/// What a tracker that has seen the frames from `since` on makes of `frame`.
fn analysis(frame: usize, settled: bool) -> Payload {
    let place = frame as f32 + if settled { 1.0 } else { 6.0 };
    // Longer ones on every other frame.
    let values = vec![(frame % 251) as u8; if frame.is_multiple_of(2) { 600 } else { 60 }];
    testing::one(place, [0; 2], &values)
}

/// Extra results that belong to it.
fn extras(frame: usize, settled: bool) -> Vec<u8> {
    vec![(frame % 256) as u8, (frame / 256) as u8, settled.into()]
}

/// A job without processes: three workers that take tasks and deliver results one by one.
struct Simulation {
    merger: Merger,
    keeper: Keeper,
    segments: Vec<Segment>,
    settling: Settling,
    waiting: std::collections::VecDeque<(TaskId, Range<usize>)>,
    workers: [Option<(TaskId, Range<usize>, usize)>; 3],
    passed: Vec<usize>,
}

impl Simulation {
    fn new(settling: Settling) -> Self {
        let index = FrameIndex {
            frames: FRAMES,
            entry_points: (0..FRAMES).collect(),
            breaks: Vec::new(),
        };
        let segments = cut(&index, Tracking::Segmented, ShortestSegment::QUICK_START);
        Self {
            merger: Merger::new(segments.clone(), Arc::new(Numbers), &std::env::temp_dir())
                .unwrap(),
            keeper: Keeper::create_in(&std::env::temp_dir()).unwrap(),
            waiting: segments
                .iter()
                .enumerate()
                .map(|(number, s)| (TaskId::Segment(number), s.seen()))
                .collect(),
            segments,
            settling,
            workers: [None, None, None],
            passed: Vec::new(),
        }
    }

    /// Lets worker `pick` deliver one result, or take a task. Loses it if asked to.
    fn step(&mut self, pick: usize, lose: bool) {
        let Some((task, frames, next)) = self.workers[pick].take() else {
            if let Some((task, frames)) = self.waiting.pop_front() {
                let first = frames.start;
                self.workers[pick] = Some((task, frames, first));
            }
            return;
        };
        if lose {
            self.waiting.push_front((task, frames));
            return;
        }
        let settled = match task {
            TaskId::Segment(number) => {
                let start = self.segments[number].start;
                start == 0 || next >= start + self.settling[number % self.settling.len()]
            }
            TaskId::RunOn(_) => true,
        };
        let kept = self.keeper.keep(&extras(next, settled)).unwrap();
        let passed = &mut self.passed;
        let keeper = &self.keeper;
        let mut sink = |ordered: Ordered<'_>| {
            let frame = ordered.frame;
            let Finding::Analysed(faces) = ordered.finding else {
                panic!("frame {frame} was analysed");
            };
            let mut bytes = Vec::new();
            keeper.read(ordered.extras.unwrap(), &mut bytes).unwrap();
            // The extras are those of the tracker that counts.
            assert_eq!(bytes, extras(frame, true));
            let expected = analysis(frame, true);
            assert_eq!(faces.bytes(), expected.bytes());
            assert_eq!(ordered.tracks, [Track(0)]);
            passed.push(frame);
            Ok::<(), io::Error>(())
        };
        let result = analysis(next, settled);
        let finding = Finding::Analysed(result.faces());
        let accepted = (self.merger).accept(task, next, finding, Some(kept), &mut sink);
        accepted.unwrap();
        if let Some(run_on) = self.merger.take_request() {
            let last = run_on.after.faces().iter().next().unwrap();
            assert_eq!(testing::place(last), run_on.frames.start as f32);
            self.waiting
                .push_front((TaskId::RunOn(run_on.number), run_on.frames));
        }
        if next + 1 < frames.end {
            self.workers[pick] = Some((task, frames, next + 1));
        }
    }
}

proptest! {
    #[test]
    fn whatever_the_order_of_arrival(
        picks in proptest::collection::vec((0_usize..3, 0_u32..100), 0..2000),
        settling in proptest::collection::vec(0_usize..200, 1..6),
    ) {
        let mut simulation = Simulation::new(settling);
        let rest = (0..20_000).map(|i| (i % 3, 1));
        for (pick, luck) in picks.into_iter().chain(rest) {
            simulation.step(pick, luck == 0);
        }
        prop_assert!(simulation.merger.is_complete());
        prop_assert_eq!(&simulation.passed, &(0..FRAMES).collect::<Vec<_>>());
        prop_assert_eq!(simulation.merger.frames_known(), FRAMES);
    }
}

#[test]
fn trackers_that_agree_do_not_run_on() {
    let mut simulation = Simulation::new(vec![5]);
    for i in 0..2000 {
        simulation.step(i % 3, false);
    }
    assert!(simulation.merger.is_complete());
    assert_eq!(simulation.merger.run_ons(), 0);
}

#[test]
fn a_tracker_that_never_settles_is_run_over() {
    let mut simulation = Simulation::new(vec![usize::MAX / 2]);
    for i in 0..20_000 {
        simulation.step(i % 3, false);
    }
    assert!(simulation.merger.is_complete());
    assert!(simulation.merger.run_ons() > 0);
}

/// Two people whom each segment's worker counts in its own way keep their numbers through all joins,
/// and who comes later gets a new one.
#[test]
fn tracks_keep_their_numbers_through_joins() {
    let segment = |start: usize, frames: Range<usize>| Segment { start, frames };
    let segments = vec![segment(0, 0..10), segment(8, 10..20), segment(18, 20..30)];
    let folder = std::env::temp_dir();
    let mut merger = Merger::new(segments.clone(), Arc::new(Numbers), &folder).unwrap();
    // Who is there, by where they are: 100 and 200 always, 300 from frame 15 on.
    let payload = |segment: usize, frame: usize| {
        let mut payload = Payload::new(testing::LIMITS.record);
        let mut people = vec![100.0, 200.0];
        if frame >= 15 {
            people.push(300.0);
        }
        if segment == 1 {
            people.reverse();
        }
        for (number, place) in people.into_iter().enumerate() {
            let track = (number + 5 * segment) as u32;
            // Tracks are of one face from frame to frame.
            let track = match (segment, frame >= 15) {
                (1, false) => track + 1,
                _ => track,
            };
            testing::add(&mut payload, track, place, [0; 2], &[]);
        }
        payload
    };
    let mut seen: Vec<(usize, Vec<(u32, u32)>)> = Vec::new();
    for number in [2, 1, 0] {
        for frame in segments[number].seen() {
            let result = payload(number, frame);
            let mut sink = |ordered: Ordered<'_>| {
                let Finding::Analysed(faces) = ordered.finding else {
                    panic!("it was analysed");
                };
                let who = faces.iter().zip(ordered.tracks);
                let mut who: Vec<(u32, u32)> = who
                    .map(|(face, track)| (testing::place(face) as u32, track.0))
                    .collect();
                who.sort_unstable();
                seen.push((ordered.frame, who));
                Ok::<(), io::Error>(())
            };
            let finding = Finding::Analysed(result.faces());
            let task = TaskId::Segment(number);
            merger
                .accept(task, frame, finding, None, &mut sink)
                .unwrap();
        }
    }
    assert!(merger.is_complete() && merger.run_ons() == 0);
    for (frame, who) in seen {
        let expected = [(100, 0), (200, 1), (300, 2)];
        assert_eq!(
            who,
            expected[..if frame >= 15 { 3 } else { 2 }],
            "frame {frame}"
        );
    }
}
