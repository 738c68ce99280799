//! What packets tell of frames without decoding any.

use ffmpeg_next as ffmpeg;

use super::container::Container;
use super::decoder::MOST_ERRORS_IN_A_ROW;

/// One packet, as far as the index is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PacketFacts {
    time: Option<i64>,
    is_entry: bool,
}

/// All packets of the picture track.
#[derive(Debug, Default)]
pub(super) struct Packets {
    /// Those that give a frame, in the file's order.
    pub facts: Vec<PacketFacts>,
    /// Number of those with content, also of those whose frame an edit list cuts out.
    pub filled: usize,
    /// Number of those without content: places where a frame could have been.
    pub empty: usize,
}

impl Packets {
    /// Reads all packets.
    pub(super) fn read(container: &mut Container) -> Self {
        let mut packets = Self::default();
        let mut errors = 0;
        let mut packet = ffmpeg::Packet::empty();
        while errors < MOST_ERRORS_IN_A_ROW {
            match container.read_packet(&mut packet) {
                Ok(()) => errors = 0,
                Err(ffmpeg::Error::Eof) => break,
                Err(_) => {
                    errors += 1;
                    continue;
                }
            }
            if packet.stream() != container.track {
                continue;
            }
            if packet.size() == 0 {
                packets.empty += 1;
                continue;
            }
            packets.filled += 1;
            if !is_discarded(&packet) {
                packets.facts.push(PacketFacts {
                    time: packet.pts(),
                    is_entry: packet.is_key(),
                });
            }
        }
        packets
    }

    /// How many places for frames are empty, of how many, in a file whose units of time are such
    /// places and whose header says `promised`. `None` when the file ends before the last place.
    pub(super) fn empty_places(&self, promised: usize) -> Option<(usize, usize)> {
        let mut times: Vec<i64> = self.facts.iter().filter_map(|facts| facts.time).collect();
        times.sort_unstable();
        let mut steps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let middle = steps.len() / 2;
        let step = match steps.is_empty() {
            true => 1,
            false => (*steps.select_nth_unstable(middle).1).max(1),
        };
        // The last frame fills as many places as the others do.
        let reached = usize::try_from(times.last().map_or(0, |last| last + step)).unwrap_or(0);
        let known = self.filled + self.empty;
        (known.max(reached) >= promised).then(|| {
            let places = promised.max(known);
            (places - self.filled, places)
        })
    }
}

/// Whether an edit list cuts the packet's frame out of the presentation.
fn is_discarded(packet: &ffmpeg::Packet) -> bool {
    use ffmpeg::packet::Ref;
    // SAFETY: the pointer is that of a live packet, and a plain field is read. (The safe wrapper
    // drops this flag, which it has no name for.)
    let flags = unsafe { (*packet.as_ptr()).flags };
    flags & ffmpeg::ffi::AV_PKT_FLAG_DISCARD != 0
}

/// A packet's time may lie so many usual steps before the latest time so far: pictures are stored in
/// another order than they are shown in, but not by more than this.
const MOST_REORDERED: i64 = 32;

/// Puts frames into the order shown: their times, and the numbers of those at which decoding can
/// begin. `None` when the packets do not tell: a frame without a time, two at the same time, or a
/// clock that goes back.
pub(super) fn order(facts: &[PacketFacts]) -> Option<(Vec<i64>, Vec<usize>)> {
    let stored = facts
        .iter()
        .map(|f| f.time.map(|time| (time, f.is_entry)))
        .collect::<Option<Vec<_>>>()?;
    let mut timed = stored.clone();
    timed.sort_unstable();
    let mut steps: Vec<i64> = timed.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    if steps.contains(&0) {
        return None;
    }
    if !steps.is_empty() {
        let middle = steps.len() / 2;
        let step = *steps.select_nth_unstable(middle).1;
        let mut latest = i64::MIN;
        for (time, _) in stored {
            if latest.saturating_sub(time) > step.saturating_mul(MOST_REORDERED) {
                return None;
            }
            latest = latest.max(time);
        }
    }
    let mut entry_points: Vec<usize> = timed
        .iter()
        .enumerate()
        .filter_map(|(number, (_, is_entry))| is_entry.then_some(number))
        .collect();
    if entry_points.first() != Some(&0) {
        entry_points.insert(0, 0);
    }
    Some((
        timed.into_iter().map(|(time, _)| time).collect(),
        entry_points,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(list: &[(Option<i64>, bool)]) -> Vec<PacketFacts> {
        list.iter()
            .map(|&(time, is_entry)| PacketFacts { time, is_entry })
            .collect()
    }

    #[test]
    fn frames_are_put_into_the_order_shown() {
        // I B B P in decoding order: I P B B.
        let packets = facts(&[
            (Some(0), true),
            (Some(30), false),
            (Some(10), false),
            (Some(20), false),
            (Some(40), true),
        ]);
        let (times, entries) = order(&packets).unwrap();
        assert_eq!(times, [0, 10, 20, 30, 40]);
        assert_eq!(entries, [0, 4]);
    }

    #[test]
    fn the_first_frame_is_always_an_entry_point() {
        let (_, entries) = order(&facts(&[(Some(0), false), (Some(1), true)])).unwrap();
        assert_eq!(entries, [0, 1]);
    }

    #[test]
    fn packets_that_do_not_tell_are_not_believed() {
        assert_eq!(order(&facts(&[(Some(0), true), (None, false)])), None);
        assert_eq!(order(&facts(&[(Some(5), true), (Some(5), false)])), None);
    }

    #[test]
    fn a_clock_that_restarts_is_not_believed() {
        let first = (0..60).map(|n| (Some(n * 40), n == 0));
        let second = (0..60).map(|n| (Some(n * 40 + 7), n == 0));
        let joined: Vec<_> = first.chain(second).collect();
        assert_eq!(order(&facts(&joined)), None);
    }

    #[test]
    fn places_without_a_frame_are_told_from_a_file_that_ends() {
        let packets = |times: &[i64], empty| Packets {
            facts: times
                .iter()
                .map(|&time| PacketFacts {
                    time: Some(time),
                    is_entry: true,
                })
                .collect(),
            filled: times.len(),
            empty,
        };
        // Empty packets, places that were jumped over, and a rate twice that of the frames.
        assert_eq!(packets(&[0, 1, 2, 5, 6], 2).empty_places(7), Some((2, 7)));
        assert_eq!(packets(&[0, 1, 2, 5, 6], 0).empty_places(7), Some((2, 7)));
        assert_eq!(packets(&[0, 2, 4, 6], 0).empty_places(8), Some((4, 8)));
        assert_eq!(packets(&[0, 1, 2, 3], 0).empty_places(8), None);
        assert_eq!(packets(&[], 0).empty_places(8), None);
    }
}
