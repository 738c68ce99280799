//! The frame index of a video: how many frames, when each is shown, where decoding can begin.
//!
//! Normally one pass over the packets tells it all without decoding anything. Where packets do
//! not tell (no presentation times, broken ones), the video is decoded once instead, which is the
//! truth by definition.

use std::path::Path;

use ffmpeg_next as ffmpeg;

use super::super::bounds::check_frame;
use super::super::{Geometry, InputError};
use super::container::Container;
use super::decoder::FrameStream;
use super::hardware::Decoder;
use super::orientation::Orientation;

/// A file that gives this many errors in a row has nothing more to say.
const MOST_ERRORS_IN_A_ROW: usize = 64;

/// What is known of a video before its frames are read.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoIndex {
    /// Presentation time of each frame in units of `time_base`, in the order shown.
    pub times: Vec<i64>,
    /// Seconds per unit of time: numerator, denominator.
    pub time_base: (i32, i32),
    /// Frames per second on average, as the file says.
    pub frame_rate: Option<f64>,
    /// Frames at which decoding can begin, ascending, beginning with 0.
    pub entry_points: Vec<usize>,
    /// Whether frames are recognised by their times; otherwise they are counted from the start
    /// and the file is only ever read from there.
    pub by_time: bool,
    /// Size of the pictures as stored.
    pub stored: Geometry,
    /// What makes them upright.
    pub orientation: Orientation,
    /// Name of the video format.
    pub codec: String,
    /// What the user should know, a line each.
    pub remarks: Vec<String>,
}

impl VideoIndex {
    /// Size of the frames once upright.
    pub fn upright_geometry(&self) -> Geometry {
        self.orientation.apply_to(self.stored)
    }

    /// Seconds from the first frame to frame `frame` (counted from 0).
    pub fn seconds(&self, frame: usize) -> f64 {
        let units = self.times[frame] - self.times[0];
        let (numerator, denominator) = self.time_base;
        // Multiplied first, so that times which are exact stay exact.
        (units as f64 * f64::from(numerator)) / f64::from(denominator)
    }

    /// The frame that is shown at `time`.
    pub(super) fn frame_at(&self, time: i64) -> Option<usize> {
        self.times.binary_search(&time).ok()
    }

    /// The last entry point at or before `frame`.
    pub(super) fn entry_before(&self, frame: usize) -> usize {
        match self.entry_points.partition_point(|&e| e <= frame) {
            0 => 0,
            after => self.entry_points[after - 1],
        }
    }
}

/// One packet, as far as the index is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PacketFacts {
    time: Option<i64>,
    is_entry: bool,
}

/// Makes the index from the packets.
///
/// # Errors
/// When the file is no video, or has no frames.
pub fn from_packets(path: &Path) -> Result<VideoIndex, InputError> {
    let mut container = Container::open(path)?;
    let mut index = describe_track(&container, path)?;
    let promised = container
        .input
        .stream(container.track)
        .map_or(0, |stream| stream.frames());
    let (facts, all_packets) = read_packets(&mut container);
    if facts.is_empty() {
        return Err(InputError::NoFrames { path: path.into() });
    }
    if promised > 0 && (all_packets as i64) < promised {
        index.remarks.push(format!(
            "the file promises {promised} frames but ends after {all_packets}; it may be cut short"
        ));
    }
    match order(&facts) {
        Some((times, entry_points)) => {
            index.times = times;
            index.entry_points = entry_points;
            Ok(index)
        }
        None => from_decoding(path),
    }
}

/// Makes the index by decoding the whole video.
///
/// # Errors
/// When the file is no video, or not one frame can be decoded.
pub fn from_decoding(path: &Path) -> Result<VideoIndex, InputError> {
    let container = Container::open(path)?;
    let mut index = describe_track(&container, path)?;
    let frame_units = units_per_frame(&container, index.time_base);
    let mut stream = FrameStream::new(container, path, 1, Decoder::Software)?;
    let mut frame = ffmpeg::frame::Video::empty();
    while stream.next(&mut frame)? {
        let guessed = index.times.last().map_or(0, |last| last + frame_units);
        let time = match (frame.timestamp(), index.times.last()) {
            (Some(time), Some(&last)) if time <= last => guessed,
            (Some(time), _) => time,
            (None, _) => guessed,
        };
        index.times.push(time);
    }
    if index.times.is_empty() {
        return Err(InputError::NoFrames { path: path.into() });
    }
    index.entry_points = vec![0];
    index.by_time = false;
    index.remarks.push(
        "its packets do not tell its frames, so they were counted by decoding; it is analysed in \
         one piece by one worker"
            .to_owned(),
    );
    Ok(index)
}

fn describe_track(container: &Container, path: &Path) -> Result<VideoIndex, InputError> {
    container.check_frame(path)?;
    let decoder = container.decoder(path, 1, Decoder::Software)?;
    let stored = Geometry {
        width: decoder.width() as usize,
        height: decoder.height() as usize,
    };
    if stored.width == 0 || stored.height == 0 {
        return Err(InputError::NoFrames { path: path.into() });
    }
    check_frame(path, stored.width, stored.height)?;
    let stream = container
        .input
        .stream(container.track)
        .ok_or_else(|| InputError::NoVideoTrack { path: path.into() })?;
    let orientation = Orientation::of(&stream);
    let time_base = stream.time_base();
    let mut remarks = Vec::new();
    if let Some(done) = orientation.describe() {
        remarks.push(format!(
            "the picture is {done}, as the file says it should be shown"
        ));
    }
    Ok(VideoIndex {
        times: Vec::new(),
        time_base: (time_base.numerator(), time_base.denominator().max(1)),
        frame_rate: [stream.avg_frame_rate(), stream.rate()]
            .into_iter()
            .map(f64::from)
            .find(|rate| rate.is_finite() && *rate > 0.0),
        entry_points: Vec::new(),
        by_time: true,
        stored,
        orientation,
        codec: format!("{:?}", decoder.id()).to_lowercase(),
        remarks,
    })
}

/// Reads all packets. Returns the facts of those that give a frame, and the number of all.
fn read_packets(container: &mut Container) -> (Vec<PacketFacts>, usize) {
    let mut facts = Vec::new();
    let mut all = 0;
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
        if packet.stream() != container.track || packet.size() == 0 {
            continue;
        }
        all += 1;
        if !is_discarded(&packet) {
            facts.push(PacketFacts {
                time: packet.pts(),
                is_entry: packet.is_key(),
            });
        }
    }
    (facts, all)
}

/// Whether an edit list cuts the packet's frame out of the presentation.
fn is_discarded(packet: &ffmpeg::Packet) -> bool {
    use ffmpeg::packet::Ref;
    // SAFETY: the pointer is that of a live packet, and a plain field is read. (The safe wrapper
    // drops this flag, which it has no name for.)
    let flags = unsafe { (*packet.as_ptr()).flags };
    flags & ffmpeg::ffi::AV_PKT_FLAG_DISCARD != 0
}

/// Puts frames into the order shown. `None` when the packets do not tell: a frame without a time,
/// or two at the same time.
fn order(facts: &[PacketFacts]) -> Option<(Vec<i64>, Vec<usize>)> {
    let mut timed = facts
        .iter()
        .map(|f| f.time.map(|time| (time, f.is_entry)))
        .collect::<Option<Vec<_>>>()?;
    timed.sort_unstable();
    if timed.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
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

/// Length of a frame in units of time if the file's frame rate is right; at least 1.
fn units_per_frame(container: &Container, time_base: (i32, i32)) -> i64 {
    let rate = container
        .input
        .stream(container.track)
        .map_or(0.0, |stream| f64::from(stream.avg_frame_rate()));
    let rate = if rate > 0.0 { rate } else { 30.0 };
    let units = f64::from(time_base.1) / (rate * f64::from(time_base.0.max(1)));
    (units.round() as i64).max(1)
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
}
