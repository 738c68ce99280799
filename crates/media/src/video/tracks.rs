//! Which tracks of pictures a file has, and which one is analysed.

use std::path::Path;

use ffmpeg_next as ffmpeg;

use ffmpeg::format::context::Input;
use ffmpeg::format::stream::Disposition;
use ffmpeg::media::Type;

use super::super::remark::{VideoTrack, write_tracks};
use super::super::unreadable::Unreadable;
use super::super::{Geometry, InputError};

/// The tracks of pictures, in the file's order, with their numbers among all tracks. The picture on
/// a record's cover is none.
fn of_pictures(input: &Input) -> Vec<(usize, VideoTrack)> {
    let pictures = input.streams().filter(|stream| {
        stream.parameters().medium() == Type::Video
            && !stream.disposition().contains(Disposition::ATTACHED_PIC)
    });
    let numbered = (1..).zip(pictures).map(|(number, stream)| {
        let track = VideoTrack {
            number,
            size: size_in_header(&stream),
        };
        (stream.index(), track)
    });
    numbered.collect()
}

/// All tracks of pictures.
pub(super) fn all(input: &Input) -> Vec<VideoTrack> {
    let tracks = of_pictures(input).into_iter();
    tracks.map(|(_, track)| track).collect()
}

/// Chooses the track `wanted`, counted from 1, or the one that FFmpeg takes for the main one.
/// Returns its number among all tracks of the file, and among those of pictures.
pub(super) fn choose(
    input: &Input,
    path: &Path,
    wanted: Option<usize>,
) -> Result<(usize, usize), InputError> {
    let tracks = of_pictures(input);
    let main = input.streams().best(Type::Video).map(|best| best.index());
    let chosen = match wanted {
        Some(wanted) => tracks.iter().find(|(_, track)| track.number == wanted),
        None => (tracks.iter().find(|(index, _)| Some(*index) == main)).or(tracks.first()),
    };
    match (chosen, wanted) {
        (Some((index, track)), _) => Ok((*index, track.number)),
        (None, Some(wanted)) if !tracks.is_empty() => {
            let mut there = String::new();
            let tracks: Vec<VideoTrack> = tracks.into_iter().map(|(_, track)| track).collect();
            // Writing into a string cannot fail.
            let _ = write_tracks(&mut there, &tracks);
            Err(InputError::NoSuchTrack {
                path: path.into(),
                wanted,
                there,
            })
        }
        (None, _) => Err(InputError::NoVideoTrack { path: path.into() }),
    }
}

/// Size of a track's pictures as its header says; 0 by 0 where it does not.
pub(super) fn size_in_header(stream: &ffmpeg::Stream<'_>) -> Geometry {
    let parameters = stream.parameters();
    // SAFETY: the pointer is that of live parameters, and plain fields are read. (The safe wrapper
    // does not have them.)
    let (width, height) = unsafe { ((*parameters.as_ptr()).width, (*parameters.as_ptr()).height) };
    Geometry {
        width: usize::try_from(width).unwrap_or(0),
        height: usize::try_from(height).unwrap_or(0),
    }
}

/// When the first track of sound begins, in seconds of the file's clock.
pub(super) fn sound_start(input: &Input) -> Option<f64> {
    let mut sound = input
        .streams()
        .filter(|stream| stream.parameters().medium() == Type::Audio);
    let stream = sound.next()?;
    let start = stream.start_time();
    (start != ffmpeg::ffi::AV_NOPTS_VALUE).then(|| start as f64 * f64::from(stream.time_base()))
}

/// Whether a track says of itself that its pictures are encrypted.
pub(super) fn check_encryption(stream: &ffmpeg::Stream<'_>, path: &Path) -> Result<(), InputError> {
    // SAFETY: the pointer is that of live parameters, and a plain field is read.
    let tag = unsafe { (*stream.parameters().as_ptr()).codec_tag };
    let says_tag = [*b"encv", *b"drmi"].contains(&tag.to_le_bytes());
    if says_tag || stream.metadata().get("enc_key_id").is_some() {
        return Err(Unreadable::Encrypted.error(path));
    }
    Ok(())
}
