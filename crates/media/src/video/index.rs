//! The frame index of a video: how many frames, when each is shown, in which shape, and where
//! decoding can begin.
//!
//! Normally the first picture and one pass over the packets tell it all. Where these do not tell
//! the truth (no presentation times, broken packets, pictures of several sizes), the video is
//! decoded once instead, which is the truth by definition.

use std::path::Path;

use super::super::bounds::check_frame;
use super::super::reading::{ClockZero, Reading};
use super::super::remark::{ClockJump, FrameSize, RateSource, Remark, VideoTrack};
use super::super::unreadable::{self, Unreadable};
use super::super::{Geometry, InputError};
use super::clock::{self, FrameTimes};
use super::container::Container;
use super::decoder::FrameStream;
use super::hardware::Decoder;
use super::orientation::{self, Orientation};
use super::packets::{Packets, order};
use super::shape::{PixelAspect, Shape};
use super::tracks;

/// Frames further apart than this are worth a remark, in seconds; where clocks may jump, they are
/// taken for a jump, as FFmpeg's own program does.
const LONG_GAP: f64 = 10.0;
/// But not in a video whose frames are all far apart.
const LONG_GAP_IN_STEPS: i64 = 10;

/// What is known of a video before its frames are read.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoIndex {
    /// When each frame is shown, as the table will say.
    pub times: FrameTimes,
    /// Time of each frame as the file says it, ascending: by these, pictures are recognised.
    pub stamps: Vec<i64>,
    /// Whether frames are recognised by their times; otherwise they are counted from the start
    /// and the file is only ever read from there.
    pub by_time: bool,
    /// Whether everything was decoded to make this index.
    pub was_counted: bool,
    /// Frames per second on average, as the file says.
    pub frame_rate: Option<f64>,
    /// Frames at which decoding can begin, ascending, beginning with 0.
    pub entry_points: Vec<usize>,
    /// Shapes of pictures, each with its first frame, ascending; never empty.
    pub shapes: Vec<(usize, Shape)>,
    /// What becomes of pixels that are not square.
    pub pixel_aspect: PixelAspect,
    /// What makes pictures upright.
    pub orientation: Orientation,
    /// Name of the video format.
    pub codec: String,
    /// The track's number among those of pictures, counted from 1.
    pub track: usize,
    /// Time of the first frame in seconds of the file's clock; `None` where it has none.
    pub start: Option<f64>,
    /// Where the file's clock jumps.
    pub jumps: Vec<ClockJump>,
    /// What the user should know.
    pub remarks: Vec<Remark>,
}

impl VideoIndex {
    /// The shape of frame `frame` (counted from 0).
    pub fn shape_of(&self, frame: usize) -> Shape {
        let after = self.shapes.partition_point(|&(first, _)| first <= frame);
        self.shapes[after.max(1) - 1].1
    }

    /// Size of frame `frame` (counted from 0) as it is analysed.
    pub fn size_of(&self, frame: usize) -> Geometry {
        orientation::upright(self.orientation, self.shape_of(frame).shown)
    }

    /// From which frame on pictures have which size, as analysed.
    pub fn sizes(&self) -> Vec<FrameSize> {
        let sizes = self.shapes.iter().map(|&(first, shape)| FrameSize {
            frame: first + 1,
            size: orientation::upright(self.orientation, shape.shown),
        });
        sizes.collect()
    }

    /// The size that holds every frame.
    pub fn largest(&self) -> Geometry {
        let sizes = self.sizes();
        let most = |side: fn(&Geometry) -> usize| sizes.iter().map(|s| side(&s.size)).max();
        Geometry {
            width: most(|size| size.width).unwrap_or(0),
            height: most(|size| size.height).unwrap_or(0),
        }
    }

    /// The frame that the file shows at `stamp`.
    pub(super) fn frame_at(&self, stamp: i64) -> Option<usize> {
        self.stamps.binary_search(&stamp).ok()
    }

    /// The last entry point at or before `frame`.
    pub(super) fn entry_before(&self, frame: usize) -> usize {
        match self.entry_points.partition_point(|&e| e <= frame) {
            0 => 0,
            after => self.entry_points[after - 1],
        }
    }
}

/// Makes the index from the first picture and the packets.
///
/// # Errors
/// When the file is no video, or has no frames.
pub fn from_packets(path: &Path, reading: &Reading) -> Result<VideoIndex, InputError> {
    let mut container = Container::open(path, reading.track)?;
    let mut outline = Outline::of(&container, path, reading)?;
    let packets = outline.read_packets(&mut container, path)?;
    let Some((stamps, entry_points)) = order(&packets.facts) else {
        return from_decoding(path, reading);
    };
    let shapes = vec![(0, outline.first)];
    let raw: Vec<Option<i64>> = stamps.iter().copied().map(Some).collect();
    let mut index = outline.into_index(path, reading, &raw, shapes)?;
    index.stamps = stamps;
    index.entry_points = entry_points;
    index.by_time = true;
    Ok(index)
}

/// Makes the index by decoding the whole video.
///
/// # Errors
/// When the file is no video, or not one frame can be decoded.
pub fn from_decoding(path: &Path, reading: &Reading) -> Result<VideoIndex, InputError> {
    let mut container = Container::open(path, reading.track)?;
    let mut outline = Outline::of(&container, path, reading)?;
    let packets = outline.read_packets(&mut container, path)?;
    let container = Container::open(path, reading.track)?;
    let mut stream = FrameStream::new(container, path, 1, Decoder::Software)?;
    let mut raw = Vec::new();
    let mut shapes: Vec<(usize, Shape)> = Vec::new();
    while stream.next()? {
        let shape = stream.shape(reading.pixel_aspect);
        if shapes.last().is_none_or(|&(_, last)| last != shape) {
            shapes.push((raw.len(), shape));
        }
        raw.push(stream.picture().timestamp());
    }
    if raw.is_empty() {
        return Err(no_frames(path));
    }
    if stream.bad() > 0 {
        outline.remarks.push(Remark::Undecodable {
            packets: stream.bad(),
            frames: raw.len(),
        });
    }
    // Where only the sizes had to be looked for, frames are found by their times as always.
    let told = (shapes.len() > 1)
        .then(|| order(&packets.facts))
        .flatten()
        .filter(|(stamps, _)| stamps.iter().copied().map(Some).eq(raw.iter().copied()));
    if told.is_none() {
        outline.remarks.push(Remark::CountedByDecoding);
    }
    let mut index = outline.into_index(path, reading, &raw, shapes)?;
    index.was_counted = true;
    (index.by_time, index.stamps, index.entry_points) = match told {
        Some((stamps, entry_points)) => (true, stamps, entry_points),
        None => (false, Vec::new(), vec![0]),
    };
    Ok(index)
}

/// What header and first picture say.
struct Outline {
    first: Shape,
    time_base: (i32, i32),
    /// Usual length of a frame in units of time, if the file's frame rate is right; at least 1.
    nominal_step: i64,
    /// Whether times in this kind of file are made up by FFmpeg, and what the pictures say of their
    /// rate then.
    without_times: bool,
    rate_in_pictures: Option<f64>,
    may_jump: bool,
    frame_rate: Option<f64>,
    orientation: Orientation,
    codec: String,
    track: usize,
    tracks: Vec<VideoTrack>,
    sound_start: Option<f64>,
    remarks: Vec<Remark>,
}

impl Outline {
    fn of(container: &Container, path: &Path, reading: &Reading) -> Result<Self, InputError> {
        container.check_frame(path)?;
        let stream = container.stream(path)?;
        let decoder = container.decoder(path, 1, Decoder::Software)?;
        let in_header = Geometry {
            width: decoder.width() as usize,
            height: decoder.height() as usize,
        };
        // The picture's own word counts, if there is one.
        let again = Container::open(path, reading.track)?;
        let mut pictures = FrameStream::new(again, path, 1, Decoder::Software)?;
        let found = pictures.next();
        if pictures.is_encrypted() {
            return Err(Unreadable::Encrypted.error(path));
        }
        let first = match found? {
            true => pictures.shape(reading.pixel_aspect),
            false => Shape::of(in_header, (1, 1), reading.pixel_aspect),
        };
        if first.stored.width == 0 || first.stored.height == 0 {
            return Err(no_frames(path));
        }
        let orientation = orientation::of_track(&stream);
        let time_base = stream.time_base();
        let time_base = (time_base.numerator(), time_base.denominator().max(1));
        let average = f64::from(stream.avg_frame_rate());
        let usual = if average > 0.0 { average } else { 30.0 };
        let mut remarks = Vec::new();
        if !orientation.is_upright() {
            remarks.push(Remark::Turned(orientation));
        }
        Ok(Self {
            first,
            time_base,
            nominal_step: clock::in_units(1.0 / usual, time_base).max(1),
            without_times: container.is_without_times(),
            rate_in_pictures: pictures.rate_in_pictures(),
            may_jump: container.may_jump(),
            frame_rate: [average, f64::from(stream.rate())]
                .into_iter()
                .find(|rate| rate.is_finite() && *rate > 0.0),
            orientation,
            codec: format!("{:?}", decoder.id()).to_lowercase(),
            track: container.track_number,
            tracks: tracks::all(&container.input),
            sound_start: tracks::sound_start(&container.input),
            remarks,
        })
    }

    /// Reads all packets, and notes how they differ from what the header says.
    fn read_packets(
        &mut self,
        container: &mut Container,
        path: &Path,
    ) -> Result<Packets, InputError> {
        let promised = container.stream(path)?.frames();
        let packets = Packets::read(container);
        if packets.facts.is_empty() {
            return Err(no_frames(path));
        }
        let places = usize::try_from(promised).unwrap_or(0);
        let empty = container
            .has_places()
            .then(|| packets.empty_places(places))
            .flatten();
        match empty {
            Some((0, _)) => {}
            Some((empty, places)) => self.remarks.push(Remark::EmptyFrames { empty, places }),
            None if packets.filled < places => self.remarks.push(Remark::CutShort {
                promised,
                found: packets.filled,
            }),
            None => {}
        }
        Ok(packets)
    }

    /// The index of a video of these shapes whose frames are shown at these times, as far as known.
    fn into_index(
        mut self,
        path: &Path,
        reading: &Reading,
        raw: &[Option<i64>],
        shapes: Vec<(usize, Shape)>,
    ) -> Result<VideoIndex, InputError> {
        for (_, shape) in &shapes {
            check_frame(path, shape.shown.width, shape.shown.height)?;
        }
        self.remarks
            .extend(about_pixels(&shapes, reading.pixel_aspect));
        if self.tracks.len() > 1 {
            self.remarks.push(Remark::SeveralTracks {
                tracks: std::mem::take(&mut self.tracks),
                analysed: self.track,
            });
        }
        let (times, start, jumps) = if self.without_times || raw.iter().all(Option::is_none) {
            (self.times_of_rate(reading, raw.len()), None, Vec::new())
        } else {
            let (times, jumps) = self.times_of_file(reading, raw);
            let start = clock::in_seconds(times.units[0], times.base);
            (times, Some(start), jumps)
        };
        let mut index = VideoIndex {
            times,
            stamps: Vec::new(),
            by_time: false,
            was_counted: false,
            frame_rate: self.frame_rate,
            entry_points: vec![0],
            shapes,
            pixel_aspect: reading.pixel_aspect,
            orientation: self.orientation,
            codec: self.codec,
            track: self.track,
            start,
            jumps,
            remarks: self.remarks,
        };
        let sizes = index.sizes();
        if sizes.windows(2).any(|pair| pair[0].size != pair[1].size) {
            index.remarks.push(Remark::SizeChanges(sizes));
        }
        Ok(index)
    }

    /// Times of a file that holds none.
    fn times_of_rate(&mut self, reading: &Reading, frames: usize) -> FrameTimes {
        let (rate, source) = match (reading.frame_rate, self.rate_in_pictures) {
            (Some(rate), _) => (rate, RateSource::User),
            (None, Some(rate)) => (rate, RateSource::Stream),
            (None, None) => (self.frame_rate.unwrap_or(25.0), RateSource::Assumed),
        };
        self.frame_rate = Some(rate);
        self.remarks.push(Remark::NoTimes { rate, source });
        FrameTimes::even(frames, rate)
    }

    /// Times as the file says them, mended where its clock does not go on.
    fn times_of_file(
        &mut self,
        reading: &Reading,
        raw: &[Option<i64>],
    ) -> (FrameTimes, Vec<ClockJump>) {
        let base = self.time_base;
        let long = clock::in_units(LONG_GAP, base).max(LONG_GAP_IN_STEPS * self.nominal_step);
        let repaired = clock::repair(raw, self.nominal_step, self.may_jump.then_some(long));
        let step = clock::in_seconds(repaired.step, base);
        let jumps = clock::described(&repaired.jumps, base);
        if !jumps.is_empty() {
            self.remarks.push(Remark::ClockJumps {
                jumps: jumps.clone(),
                step,
            });
        }
        if repaired.filled > 0 {
            self.remarks.push(Remark::TimesFilled {
                frames: repaired.filled,
            });
        }
        let long = long.max(LONG_GAP_IN_STEPS * repaired.step);
        if let Some((count, frame, units)) = clock::gaps(&repaired.units, long) {
            self.remarks.push(Remark::Gaps {
                count,
                frame: frame + 1,
                seconds: clock::in_seconds(units, base),
            });
        }
        let start = clock::in_seconds(repaired.units[0], base);
        if let Some(sound) = self.sound_start
            && (sound - start).abs() > step
        {
            self.remarks.push(Remark::SoundOffset {
                seconds: sound - start,
                start,
            });
        }
        let zero = match reading.clock {
            ClockZero::FirstFrame => repaired.units[0],
            ClockZero::File => 0,
        };
        let times = FrameTimes {
            units: repaired.units,
            base,
            zero,
        };
        (times, jumps)
    }
}

fn no_frames(path: &Path) -> InputError {
    unreadable::explained(path, InputError::NoFrames { path: path.into() })
}

/// What is to be said of pixels that are not square: of the first such pictures.
fn about_pixels(shapes: &[(usize, Shape)], wanted: PixelAspect) -> Option<Remark> {
    let (_, shape) = shapes.iter().find(|(_, shape)| !shape.is_square())?;
    let (aspect, stored) = (shape.pixel, shape.stored);
    Some(match wanted {
        _ if !shape.is_plausible() => Remark::PixelsImplausible { aspect },
        PixelAspect::Stored => Remark::PixelsLeft { aspect, stored },
        PixelAspect::Shown => Remark::PixelsScaled {
            aspect,
            stored,
            shown: shape.shown,
        },
    })
}
