//! What a job does about a disk that is full: not begin, or wait until there is room again.
//!
//! A job that has run out of room gives up what it has not finished and what others could use; all
//! that was found out is in its log, and once there is room it goes on from that.

use std::fs;
use std::io;
use std::time::Duration;

use faceau_pipelines::Extras;
use faceau_vision::analysis::AU_MODELS;

use super::outcome::JobError;
use super::run::Context;
use crate::events::Event;
use faceau_media::Source;
use faceau_outputs::{OutputError, OutputPaths};
use faceau_system::disk;

/// Bytes that a frame's results take in the journal, extras aside: measured with real faces, where
/// every second frame has histogram bins, and rounded up.
const JOURNAL_BYTES: u64 = 6_000;
/// Bytes of a number in a table with what separates it from the next, measured and rounded up.
const CELL_BYTES: u64 = 7;

/// How often it is looked whether there is room again.
const LOOK: Duration = Duration::from_millis(500);
/// What is written and removed again to find out whether the system lets us.
const PROBE: usize = 1 << 20;

/// Refuses to begin what the disk has no room for.
pub(super) fn demand_room(
    context: &Context<'_, '_>,
    source: &Source,
    paths: &OutputPaths,
) -> Result<(), OutputError> {
    let needed = needed(context, source.frame_index().frames, paths);
    match disk::free(paths.workshop()) {
        Some(free) if free < needed => Err(OutputError::NoRoom {
            path: paths.csv.clone(),
            needed,
            free,
        }),
        _ => Ok(()),
    }
}

/// Fails as a write would once only the reserve is left, so that a job stops in good order and
/// others still find some room.
pub(super) fn watch(paths: &OutputPaths) -> Result<(), OutputError> {
    match disk::free(paths.workshop()) {
        Some(free) if free < disk::RESERVE => Err(OutputError::on(&paths.csv)(
            io::ErrorKind::StorageFull.into(),
        )),
        _ => Ok(()),
    }
}

/// About how much the rest of a job takes, what is in its log being there already.
fn needed(context: &Context<'_, '_>, frames: usize, paths: &OutputPaths) -> u64 {
    let columns = context.table.columns();
    let whole = needed_for(frames, columns, paths.extras());
    whole.saturating_sub(context.log.bytes()) + disk::RESERVE
}

/// About how many bytes a job of `frames` frames takes on the disk at most, while it is worked on
/// and when it is done, if its table has `columns` columns.
fn needed_for(frames: usize, columns: usize, extras: Extras) -> u64 {
    // A row is there twice for a moment, and so are extras, which are in the journal, too.
    let row = 2 * CELL_BYTES * columns as u64;
    let scores = 8 * AU_MODELS as u64;
    let extras = 2 * extras.bytes() as u64;
    frames as u64 * (JOURNAL_BYTES + row + scores + extras)
}

/// After `error`, waits until a job of `frames` frames can go on. Returns the signal that came
/// first, if one did.
///
/// # Errors
/// When workers cannot be had any more.
pub fn wait_for_room(
    context: &mut Context<'_, '_>,
    paths: &OutputPaths,
    frames: usize,
    error: &OutputError,
) -> Result<Option<i32>, JobError> {
    let at_pause = disk::free(paths.workshop());
    let needed = wanted(at_pause, needed(context, frames, paths), error.is_quota());
    context
        .reporter
        .paused(&error.to_string(), needed, at_pause);
    loop {
        match context.next_event(LOOK) {
            Some(Event::Stop(stop)) => return Ok(Some(stop.cause)),
            Some(Event::Worker(id, event)) => context.hear_idle(id, event)?,
            // What decoders of the attempt before have still sent.
            Some(_) => {}
            None => {
                let room = match (disk::free(paths.workshop()), needed) {
                    (Some(free), Some(needed)) => free >= needed,
                    _ => probe(paths).is_ok(),
                };
                if room {
                    context.reporter.continued();
                    return Ok(None);
                }
            }
        }
        context.pool.tick(context.events.now())?;
    }
}

/// How much must be free to go on: what is needed, and more than there was when it did not do. With
/// a quota, or where the system does not say, only trying tells.
fn wanted(at_pause: Option<u64>, needed: u64, quota: bool) -> Option<u64> {
    let at_pause = at_pause.filter(|_| !quota)?;
    Some(if at_pause < needed {
        needed
    } else {
        at_pause + disk::RESERVE
    })
}

/// Whether the system lets us write.
fn probe(paths: &OutputPaths) -> io::Result<()> {
    let path = paths.workshop().join("probe");
    let written = fs::write(&path, vec![0; PROBE]);
    // It may not be there.
    let _ = fs::remove_file(&path);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_on_takes_more_room_than_there_was() {
        let mega = 1 << 20;
        assert_eq!(wanted(Some(3 * mega), 50 * mega, false), Some(50 * mega));
        let more = wanted(Some(80 * mega), 50 * mega, false);
        assert_eq!(more, Some(80 * mega + disk::RESERVE));
        assert_eq!(wanted(None, 50 * mega, false), None);
        assert_eq!(wanted(Some(80 * mega), 50 * mega, true), None);
    }

    #[test]
    fn more_results_need_more_room() {
        let plain = needed_for(1000, 714, Extras::default());
        assert!((14_000_000..20_000_000).contains(&plain), "{plain}");
        let extras = Extras {
            fhog: true,
            aligned_face: true,
        };
        assert!(needed_for(1000, 714, extras) > plain + 2 * 1000 * extras.bytes() as u64 - 1);
        assert!(needed_for(1000, 5, Extras::default()) < plain);
    }
}
