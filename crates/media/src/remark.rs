//! What was noticed about an input that can be analysed: assumed, repaired, left out, doubtful.
//!
//! Each remark is said once, by whoever shows it: as a sentence for people and with a code for
//! programs. What makes an input unusable is an [`InputError`](super::InputError).

use std::fmt;

use super::Geometry;
use super::video::{Hardware, Orientation, describe_orientation};

/// Something worth knowing about an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Remark {
    /// The picture was turned upright.
    Turned(Orientation),
    /// Pixels are not square; the picture is scaled to its shown shape.
    PixelsScaled {
        /// Width to height of one pixel.
        aspect: (u32, u32),
        /// Size as stored.
        stored: Geometry,
        /// Size as analysed, before it is turned upright.
        shown: Geometry,
    },
    /// Pixels are not square, and the user wants the picture as it is stored.
    PixelsLeft {
        /// Width to height of one pixel.
        aspect: (u32, u32),
        /// Size as stored and analysed.
        stored: Geometry,
    },
    /// The file gives pixels a shape that no camera has; they are taken as square.
    PixelsImplausible {
        /// Width to height of one pixel, as the file says.
        aspect: (u32, u32),
    },
    /// The picture changes its size on the way.
    SizeChanges(Vec<FrameSize>),
    /// There are several video tracks.
    SeveralTracks {
        /// All of them.
        tracks: Vec<VideoTrack>,
        /// The number of the one that is analysed.
        analysed: usize,
    },
    /// The file holds no times.
    NoTimes {
        /// Frames per second that times are made of.
        rate: f64,
        /// Who says so.
        source: RateSource,
    },
    /// The file's clock restarts or jumps; times go on evenly there.
    ClockJumps {
        /// Where, in order.
        jumps: Vec<ClockJump>,
        /// Seconds from the frame before to the one after each jump.
        step: f64,
    },
    /// Frames are unusually far apart, and the file's clock is believed.
    Gaps {
        /// How many gaps.
        count: usize,
        /// The longest: the frame after it (counted from 1).
        frame: usize,
        /// Its length in seconds.
        seconds: f64,
    },
    /// Some frames have no usable time of their own; they are spread between their neighbours.
    TimesFilled {
        /// How many.
        frames: usize,
    },
    /// The sound begins earlier or later than the picture.
    SoundOffset {
        /// Seconds from the first frame to the first sound; negative where sound begins first.
        seconds: f64,
        /// Time of the first frame on the file's clock, in seconds.
        start: f64,
    },
    /// There are fewer frames than the header says.
    CutShort {
        /// Frames that the header says.
        promised: i64,
        /// Frames found.
        found: usize,
    },
    /// Some places for frames are empty, as programs leave them that cannot keep up.
    EmptyFrames {
        /// Empty places.
        empty: usize,
        /// All places.
        places: usize,
    },
    /// Some data of the video cannot be decoded.
    Undecodable {
        /// Packets that gave an error.
        packets: usize,
        /// Frames that came out of the others.
        frames: usize,
    },
    /// Frames had to be counted by decoding everything.
    CountedByDecoding,
    /// About the images of a folder, or a single one.
    Images(String),
    /// Hardware decodes it.
    DecodedByHardware(Hardware),
    /// Software decodes it, though hardware would have been welcome.
    DecodedInSoftware {
        /// Why, as a subordinate clause.
        reason: String,
    },
}

/// From which frame on pictures have which size, upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSize {
    /// The first frame of this size, counted from 1.
    pub frame: usize,
    /// The size.
    pub size: Geometry,
}

/// A track of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoTrack {
    /// Its number among the file's video tracks, counted from 1.
    pub number: usize,
    /// Size of its pictures as the header says; 0 by 0 where it does not.
    pub size: Geometry,
}

/// A place where the file's clock does not go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockJump {
    /// The first frame behind it, counted from 1.
    pub frame: usize,
    /// By how many seconds the file's clock moved there; negative when it went back.
    pub seconds: f64,
}

/// Who says how many frames there are in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateSource {
    /// The user.
    User,
    /// The video stream itself.
    Stream,
    /// Nobody.
    Assumed,
}

/// How many places a sentence names before it only counts them.
const MOST_NAMED: usize = 4;

impl Remark {
    /// A word for programs; it stays the same from version to version.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Turned(_) => "turned",
            Self::PixelsScaled { .. } => "pixels_scaled",
            Self::PixelsLeft { .. } => "pixels_left",
            Self::PixelsImplausible { .. } => "pixels_implausible",
            Self::SizeChanges(_) => "size_changes",
            Self::SeveralTracks { .. } => "several_tracks",
            Self::NoTimes { .. } => "no_times",
            Self::ClockJumps { .. } => "clock_jumps",
            Self::Gaps { .. } => "gaps",
            Self::TimesFilled { .. } => "times_filled",
            Self::SoundOffset { .. } => "sound_offset",
            Self::CutShort { .. } => "cut_short",
            Self::EmptyFrames { .. } => "empty_frames",
            Self::Undecodable { .. } => "undecodable",
            Self::CountedByDecoding => "counted_by_decoding",
            Self::Images(_) => "images",
            Self::DecodedByHardware(_) => "decoded_by_hardware",
            Self::DecodedInSoftware { .. } => "decoded_in_software",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turned(orientation) => write!(
                f,
                "the picture is {}, as the file says it should be shown",
                describe_orientation(*orientation).unwrap_or_default()
            ),
            Self::PixelsScaled {
                aspect: (w, h),
                stored,
                shown,
            } => write!(
                f,
                "its pixels are not square ({w}:{h}): pictures of {stored} are scaled to {shown}, \
                 as they are shown (OpenFace does not; --pixel-aspect stored does as OpenFace)"
            ),
            Self::PixelsLeft {
                aspect: (w, h),
                stored,
            } => write!(
                f,
                "its pixels are not square ({w}:{h}), and pictures of {stored} are analysed as \
                 they are stored, as --pixel-aspect stored asks: faces are out of proportion"
            ),
            Self::PixelsImplausible { aspect: (w, h) } => write!(
                f,
                "its pixels are said to be {w}:{h}, which cannot be; they are taken as square"
            ),
            Self::SizeChanges(sizes) => {
                f.write_str("the picture changes its size on the way: ")?;
                for (n, FrameSize { frame, size }) in sizes.iter().take(MOST_NAMED).enumerate() {
                    match n {
                        0 => write!(f, "{size}")?,
                        _ => write!(f, ", from frame {frame} on {size}")?,
                    }
                }
                if sizes.len() > MOST_NAMED {
                    write!(f, " and {} changes more", sizes.len() - MOST_NAMED)?;
                }
                f.write_str("; every frame is analysed in its own size, and tracking begins anew at each change")
            }
            Self::SeveralTracks { tracks, analysed } => {
                write!(f, "{} video tracks: ", tracks.len())?;
                write_tracks(f, tracks)?;
                write!(
                    f,
                    "; track {analysed} is analysed (--track N takes another)"
                )
            }
            Self::NoTimes { rate, source } => match source {
                RateSource::User => write!(
                    f,
                    "no times in the file; {rate} frames a second, as --fps says"
                ),
                RateSource::Stream => write!(
                    f,
                    "no times in the file; {} frames a second, as its pictures say (--fps N sets \
                     another rate)",
                    Rate(*rate)
                ),
                RateSource::Assumed => write!(
                    f,
                    "no times in the file; {} frames a second assumed (--fps N sets the right rate)",
                    Rate(*rate)
                ),
            },
            Self::ClockJumps { jumps, step } => {
                f.write_str("the file's clock jumps: ")?;
                for (n, jump) in jumps.iter().take(MOST_NAMED).enumerate() {
                    let comma = if n == 0 { "" } else { ", " };
                    write!(
                        f,
                        "{comma}at frame {} by {:+.3} s",
                        jump.frame, jump.seconds
                    )?;
                }
                if jumps.len() > MOST_NAMED {
                    write!(f, " and {} times more", jumps.len() - MOST_NAMED)?;
                }
                write!(f, "; times go on by {step:.3} s there")
            }
            Self::Gaps {
                count,
                frame,
                seconds,
            } => match count {
                1 => write!(f, "no frame for {seconds:.3} s before frame {frame}"),
                _ => write!(
                    f,
                    "{count} long gaps between frames, the longest of {seconds:.3} s before frame \
                     {frame}"
                ),
            },
            Self::TimesFilled { frames } => write!(
                f,
                "{frames} frame{} no usable time in the file; spread between {} neighbours",
                if *frames == 1 { " has" } else { "s have" },
                if *frames == 1 { "its" } else { "their" },
            ),
            Self::SoundOffset { seconds, start } => write!(
                f,
                "the sound begins {:.3} s {} the picture, whose first frame is at {start:.3} s of \
                 the file's clock; the table's times count from the first frame (--clock file: \
                 from the file's zero)",
                seconds.abs(),
                if *seconds < 0.0 { "before" } else { "after" },
            ),
            Self::CutShort { promised, found } => write!(
                f,
                "the file promises {promised} frames but ends after {found}; it may be cut short"
            ),
            Self::EmptyFrames { empty, places } => write!(
                f,
                "{empty} of {places} frames are empty (dropped while recording); they have no row, \
                 and the times of the others are right"
            ),
            Self::Undecodable { packets, frames } => write!(
                f,
                "{packets} of its pictures cannot be decoded (damaged or cut short); {frames} \
                 frames are analysed"
            ),
            Self::CountedByDecoding => f.write_str(
                "its packets do not tell its frames, so they were counted by decoding; it is \
                 analysed in one piece by one worker",
            ),
            Self::Images(text) => f.write_str(text),
            Self::DecodedByHardware(hardware) => write!(
                f,
                "decoded by {hardware}, whose pixels can differ a little from those of software"
            ),
            Self::DecodedInSoftware { reason } => write!(f, "decoded in software, {reason}"),
        }
    }
}

/// As in `1 (320 x 240), 2 (640 x 480)`.
pub(super) fn write_tracks(f: &mut impl fmt::Write, tracks: &[VideoTrack]) -> fmt::Result {
    for (n, track) in tracks.iter().enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        write!(f, "{comma}{} ({})", track.number, track.size)?;
    }
    Ok(())
}

/// A rate with as many decimals as it needs, at most three.
struct Rate(f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0 * 1000.0).round() / 1000.0;
        write!(f, "{rounded}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_counted() {
        let jump = |frame| ClockJump {
            frame,
            seconds: -1.5,
        };
        let text = Remark::ClockJumps {
            jumps: (2..12).map(jump).collect(),
            step: 0.04,
        }
        .to_string();
        assert!(
            text.contains("at frame 2 by -1.500 s, at frame 3"),
            "{text}"
        );
        assert!(text.contains("and 6 times more"), "{text}");
        assert!(!text.contains("frame 6"), "{text}");
    }

    #[test]
    fn rates_have_the_decimals_they_need() {
        assert_eq!(Rate(25.0).to_string(), "25");
        assert_eq!(Rate(30_000.0 / 1001.0).to_string(), "29.97");
    }
}
