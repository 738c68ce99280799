//! Policy, staff and merger together in a world without processes in which anything can go wrong:
//! every frame is written once and in order, every job ends, and what is written does not depend on
//! what went wrong.

mod process;
mod world;

use super::*;
use crate::events::WorkerId;
use proptest::prelude::*;
use std::time::Duration;
use world::{End, FRAMES, World};

fn story() -> impl Strategy<Value = Vec<(u8, usize, u8)>> {
    // Most of the time, nothing goes wrong.
    let misdeed = prop_oneof![20 => Just(0_u8), 1 => 1_u8..7];
    proptest::collection::vec((0_u8..100, 0_usize..8, misdeed), 0..3000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_goes_wrong_the_same_is_written(
        story in story(),
        workers in 1_usize..5,
        settling in 0_usize..120,
        poisoned in proptest::collection::vec(0_usize..FRAMES, 0..3),
        failing in proptest::collection::vec(0_usize..FRAMES, 0..4),
    ) {
        let undisturbed = World::undisturbed(settling, &poisoned, &failing);
        prop_assert_eq!(&undisturbed.end, &Some(End::Complete));
        prop_assert_eq!(undisturbed.frames_written(), (0..FRAMES).collect::<Vec<_>>());
        for (frame, memory) in &undisturbed.written {
            let is_bad = poisoned.contains(frame) || failing.contains(frame);
            prop_assert_eq!(memory.is_none(), is_bad, "frame {}", frame);
        }

        let mut world = World::new(workers, settling, &poisoned, &failing);
        for step in story {
            if world.end.is_none() {
                world.step(step);
            }
        }
        world.finish();
        if world.end != Some(End::NoWorkers) {
            prop_assert_eq!(&world.end, &Some(End::Complete));
            prop_assert_eq!(&world.written, &undisturbed.written);
        }
        // Each worker lost was lost for a reason, and replaced once.
        prop_assert!(world.starts < 3000 / 20 + 100, "{} starts", world.starts);
    }

    #[test]
    fn a_stop_ends_a_job_soon_and_keeps_what_is_merged(
        story in story(),
        rest in story(),
        workers in 1_usize..5,
        stops in 1_u32..3,
    ) {
        let undisturbed = World::undisturbed(5, &[], &[]);
        let mut world = World::new(workers, 5, &[], &[]);
        for step in story {
            if world.end.is_none() {
                world.step(step);
            }
        }
        let (starts, since) = (world.starts, world.now);
        for _ in 0..stops {
            if world.end.is_none() {
                world.feed(Event::Stop, None);
            }
        }
        if stops == 2 {
            prop_assert!(world.end.is_some());
        }
        for step in rest {
            if world.end.is_none() {
                world.step(step);
            }
        }
        // Also when every worker hangs.
        for process in world.processes.values_mut() {
            process.hangs = true;
        }
        let mut rounds = 0;
        while world.end.is_none() && rounds < 100_000 {
            while world.receive() {}
            world.tick(Duration::from_millis(100));
            rounds += 1;
        }
        prop_assert!(world.end.is_some(), "still at work after {:?}", world.now - since);
        prop_assert_eq!(world.starts, starts, "a worker is started in vain");
        let count = world.written.len();
        prop_assert_eq!(&world.written[..], &undisturbed.written[..count]);
    }
}

#[test]
fn a_job_on_which_no_worker_lives_is_given_up() {
    let poisoned: Vec<usize> = (0..FRAMES).collect();
    let world = World::undisturbed(5, &poisoned, &[]);
    assert_eq!(world.end, Some(End::GivenUp));
    assert!(world.starts <= (MOST_ATTEMPTS * MOST_DEADLY + 1) as usize);
}

#[test]
fn frames_that_cannot_be_analysed_cost_no_worker() {
    let failing: Vec<usize> = (0..FRAMES).collect();
    let world = World::undisturbed(5, &[], &failing);
    assert_eq!(world.end, Some(End::Complete));
    assert_eq!(world.starts, 1);
    assert!(world.written.iter().all(|(_, memory)| memory.is_none()));
}

#[test]
fn workers_are_recycled_at_the_end_of_a_piece() {
    let undisturbed = World::undisturbed(5, &[], &[]);
    let mut world = World::new(1, 5, &[], &[]);
    world.policy.settings.recycle_after = Some(50);
    world.finish();
    assert_eq!(world.written, undisturbed.written);
    // Every segment is one piece here.
    assert_eq!(world.starts, world.segments.len());
}

#[test]
fn a_worker_with_too_much_memory_is_replaced() {
    let mut world = World::new(1, 5, &[], &[]);
    for _ in 0..30 {
        world.act(0, true, 0);
        world.act(0, false, 0);
        while world.receive() {}
    }
    let event = Event::Resident {
        worker: WorkerId(0),
        bytes: 2 << 30,
    };
    world.feed(event, None);
    world.finish();
    assert_eq!(world.end, Some(End::Complete));
    assert_eq!(world.starts, 2);
}
